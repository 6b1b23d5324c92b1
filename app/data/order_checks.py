"""Every answer of the order gate, with all that it looked at: what was asked, by whom, the rules and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, exists, func, select

from app.data import releases
from app.data.models import Company, Consultation, Counter, Customer, OrderCheck, OverdueRelease
from app.data.numbered_rows import insert_numbered
from app.data.releases import Released
from app.data.search import every_word
from app.documents import from_key
from app.domain import Document
from app.policies import OrderKind, OrderOperation
from app.rules.credit_order import AnalysisTold
from app.rules.order_gate import OrderDecision, OrderQuestion
from app.rules.overdue import Overdue


@dataclass(frozen=True)
class CheckRow:
    """One check as lists show it. `customer` is "" for a document that is not a customer's, `counter` for a check that
    the program itself made; `reference` is the number of the document at the counter.

    With `release_needed` it was refused, and a person may release it or did: then it is `released`.
    """

    id: int
    at: datetime
    actor: str
    company_id: int
    company: str
    document: Document
    customer_id: int | None
    customer: str
    kind: OrderKind
    operation: OrderOperation
    allowed: bool
    reasons: tuple[str, ...]
    counter: str
    reference: str
    release_needed: bool
    released: bool


@dataclass(frozen=True)
class FullCheck:
    """One check whole; `inputs` is what was looked at, as it was then (see services.order_gate).

    `consultation_kept` tells whether the consultation can still be read: only the newest of each customer are kept.
    `previous_id` is the check of the sale that this one came from; `release` is who released this one.
    """

    row: CheckRow
    machine: str
    rules: tuple[str, ...]
    inputs: dict[str, Any]
    consultation_id: int | None
    consultation_kept: bool
    counter_id: int | None
    previous_id: int | None
    release: Released | None

    @property
    def overdue(self) -> Overdue | None:
        """The overdue store credit that was found, None when it was not checked or could not be."""
        # Checks of older programs looked at no store credit.
        fields = (self.inputs.get("crediario") or {}).get("vencido")
        return None if fields is None else Overdue.from_fields(fields)

    @property
    def analysis(self) -> AnalysisTold | None:
        """How the buyer's credit analysis stood, None when it was not verified."""
        # Checks of older programs looked at none.
        fields = self.inputs.get("analise_credito")
        return None if fields is None else AnalysisTold.from_fields(fields)


@dataclass(frozen=True)
class NewCheck:
    """An answer of the gate to keep; `inputs` is as in FullCheck."""

    question: OrderQuestion
    decision: OrderDecision
    customer_id: int | None
    inputs: dict[str, Any]
    consultation_id: int | None


@dataclass(frozen=True)
class CheckQuery:
    """What the list shows: words of the customer or document; one answer, one company, from a moment on, one kind, or
    all; only what a person had to release, or not only."""

    text: str = ""
    allowed: bool | None = None
    company_id: int | None = None
    since: datetime | None = None
    kind: OrderKind | None = None
    release_needed: bool = False


_t = OrderCheck
_ROW = (
    _t.id,
    _t.at,
    _t.actor,
    _t.company_id,
    Company.name,
    _t.document,
    _t.customer_id,
    Customer.name,
    _t.kind,
    _t.operation,
    _t.allowed,
    _t.reasons,
    Counter.name,
    _t.reference,
    _t.release_needed,
    OverdueRelease.id.is_not(None),
)


def record(connection: Connection, checks: Sequence[NewCheck], machine: str, at: datetime) -> list[int]:
    """Keep answers that the gate gave on this computer, and return the number of each, in the same order."""
    values = [
        {
            "at": at,
            "actor": check.question.actor,
            "machine": machine,
            "company_id": check.question.company_id,
            "document": check.question.document.key,
            "customer_id": check.customer_id,
            "kind": check.question.kind.value,
            "operation": check.question.operation.value,
            "allowed": check.decision.allowed,
            "reasons": list(check.decision.reasons),
            "rules": list(check.decision.rules),
            "inputs": check.inputs,
            "consultation_id": check.consultation_id,
            "counter_id": check.question.counter_id,
            "reference": check.question.reference,
            "previous_id": check.question.previous_id,
            "release_needed": check.decision.release_needed,
        }
        for check in checks
    ]
    return insert_numbered(connection, OrderCheck, values)


def page(connection: Connection, query: CheckQuery, offset: int, limit: int) -> list[CheckRow]:
    """The newest first, from `offset` on, at most `limit`."""
    statement = _joined(select(*_ROW)).where(*_wanted(query)).order_by(_t.id.desc()).offset(offset).limit(limit)
    return [_row(found) for found in connection.execute(statement)]


def count(connection: Connection, query: CheckQuery) -> int:
    """How many checks the list shows."""
    statement = select(func.count()).select_from(_t)
    if query.text:
        statement = statement.outerjoin(Customer, Customer.id == _t.customer_id)
    return int(connection.execute(statement.where(*_wanted(query))).scalar_one())


def get(connection: Connection, check_id: int) -> FullCheck | None:
    """One check whole, or None."""
    kept_too = exists().where(Consultation.id == _t.consultation_id)
    more = (_t.machine, _t.rules, _t.inputs, _t.consultation_id, kept_too, _t.counter_id, _t.previous_id)
    found: Any = connection.execute(_joined(select(*_ROW, *more)).where(_t.id == check_id)).first()
    if found is None:
        return None
    row = _row(found[: len(_ROW)])
    machine, rules, inputs, consultation_id, kept, counter_id, previous_id = found[len(_ROW) :]
    release = releases.of_check(connection, check_id) if row.released else None
    return FullCheck(row, machine, tuple(rules), inputs, consultation_id, kept, counter_id, previous_id, release)


def _joined(statement: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    return (
        statement.select_from(_t)
        .join(Company, Company.id == _t.company_id)
        .outerjoin(Customer, Customer.id == _t.customer_id)
        .outerjoin(Counter, Counter.id == _t.counter_id)
        .outerjoin(OverdueRelease, OverdueRelease.check_id == _t.id)
    )


def _wanted(query: CheckQuery) -> list[ColumnElement[bool]]:
    wanted = every_word(query.text, name=Customer.search_text, document=_t.document)
    if query.allowed is not None:
        wanted.append(_t.allowed.is_(query.allowed))
    if query.company_id is not None:
        wanted.append(_t.company_id == query.company_id)
    if query.since is not None:
        wanted.append(_t.at >= query.since)
    if query.kind is not None:
        wanted.append(_t.kind == query.kind.value)
    if query.release_needed:
        wanted.append(_t.release_needed.is_(True))
    return wanted


def _row(found: Any) -> CheckRow:
    id_, at, actor, company_id, company, document, customer_id, customer, kind, operation, *answer = found
    allowed, reasons, counter, reference, release_needed, released = answer
    return CheckRow(
        id_,
        at,
        actor,
        company_id,
        company,
        from_key(document),
        customer_id,
        customer or "",
        OrderKind(kind),
        OrderOperation(operation),
        allowed,
        tuple(reasons),
        counter or "",
        reference,
        release_needed,
        released,
    )
