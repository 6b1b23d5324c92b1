"""Store credit (crediário) as counters and the ERP told it: instalments by document, and when they were last told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, bindparam, exists, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import aliased

from app.data.models import Company, InstalmentLoad
from app.data.models import Instalment as InstalmentRow
from app.domain import Document
from app.kinds import InvalidValue, Text
from app.policies import InstalmentSituation, OverdueCompanies
from app.rules.overdue import Credit, Instalment

EXTERNAL_ID = Text(60, required=True)
CONTRACT = Text(60)


@dataclass(frozen=True)
class Told:
    """One instalment as a counter or the ERP tells it: amounts in reais, to the cent and not negative."""

    external_id: str
    document: Document
    contract: str
    due_on: date
    amount: Decimal
    paid: Decimal
    situation: InstalmentSituation


_t, _l = InstalmentRow, InstalmentLoad
_COLUMNS = (
    _t.id,
    _t.company_id,
    _t.external_id,
    _t.contract,
    _t.due_on,
    _t.amount_cents,
    _t.paid_cents,
    _t.situation,
)
_OF_DOCUMENTS = _t.document.in_(bindparam("documents", expanding=True))
_IS_OPEN = _t.situation == InstalmentSituation.OPEN.value
_OPEN = select(*_COLUMNS).where(_t.document == bindparam("document"), _IS_OPEN).order_by(_t.due_on, _t.id)
_own = aliased(InstalmentLoad)
_TOLD_HERE = select(_l.received_at).where(_l.company_id == bindparam("company_id"))
_TOLD_ANYWHERE = (
    select(func.min(_l.received_at))
    .join(Company, Company.id == _l.company_id)
    .where(Company.active, exists().where(_own.company_id == bindparam("company_id")))
    .correlate(None)
)


def _credit(told_at: Select[datetime], *conditions: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    """When the instalments were told, in every row, and what may be overdue of them: one row at least."""
    return (
        select(told_at.scalar_subquery(), _t.document, *_COLUMNS)
        .select_from(Company)
        .outerjoin(_t, and_(_OF_DOCUMENTS, _IS_OPEN, _t.due_on < bindparam("today"), *conditions))
        .where(Company.id == bindparam("company_id"))
    )


# Every budget and pre-sale runs one of these, and building a statement costs ten times as much as running it.
_CREDIT = {
    OverdueCompanies.OWN: _credit(_TOLD_HERE, _t.company_id == bindparam("company_id")),
    OverdueCompanies.ALL: _credit(_TOLD_ANYWHERE),
}


def receive(connection: Connection, company_id: int, told: Sequence[Told], at: datetime) -> None:
    """Keep instalments of a company as they are now, over what was known of each; with none, nothing has changed.

    Raises InvalidValue, with nothing kept, for a number that is empty, too long or told twice, and for an amount that
    is negative or not of whole cents.
    """
    rows = sorted((_row(company_id, one, at) for one in told), key=lambda row: str(row["external_id"]))
    for before, after in pairwise(rows):
        if before["external_id"] == after["external_id"]:
            raise InvalidValue(f"A parcela {before['external_id']} veio duas vezes: envie cada uma uma vez só.")
    upsert, upsert_load = _UPSERTS[connection.dialect.name]
    if rows:
        connection.execute(upsert, rows)
    connection.execute(upsert_load, {"company_id": company_id, "received_at": at})


def open_ones(connection: Connection, document: Document) -> tuple[Instalment, ...]:
    """What a document has open in any company, overdue or not, the oldest first."""
    return _instalments(connection.execute(_OPEN, {"document": document.key}))


def credit(
    connection: Connection,
    documents: Iterable[Document],
    company_id: int,
    companies: OverdueCompanies,
    today: date,
) -> dict[Document, Credit]:
    """What is known of the store credit of each document when a company, which must be there, asks.

    With every company's instalments counting, it is known since the oldest of their last loads, as long as the company
    itself was told once; one that never was is taken for one without store credit.
    """
    wanted = {document.key: document for document in documents}
    asked = {"documents": list(wanted), "today": today, "company_id": company_id}
    rows = connection.execute(_CREDIT[companies], asked).all()
    told_at = rows[0][0]
    owed: defaultdict[str, list[Any]] = defaultdict(list)
    for _, key, *instalment in rows:
        owed[key].append(instalment)
    return {document: Credit(today, told_at, _instalments(owed.get(key, ()))) for key, document in wanted.items()}


def _instalments(found: Any) -> tuple[Instalment, ...]:
    return tuple(
        Instalment(
            id_,
            company_id,
            external_id,
            contract,
            due_on,
            Decimal(amount).scaleb(-2),
            Decimal(paid).scaleb(-2),
            InstalmentSituation(situation),
        )
        for id_, company_id, external_id, contract, due_on, amount, paid, situation in found
    )


def _row(company_id: int, told: Told, at: datetime) -> dict[str, Any]:
    return {
        "company_id": company_id,
        "external_id": EXTERNAL_ID.parse(told.external_id),
        "document": told.document.key,
        "contract": CONTRACT.parse(told.contract),
        "due_on": told.due_on,
        "amount_cents": _cents(told.amount),
        "paid_cents": _cents(told.paid),
        "situation": told.situation.value,
        "updated_at": at,
    }


def _cents(amount: Decimal) -> int:
    cents = amount.scaleb(2)
    if not cents.is_finite() or cents < 0 or cents != cents.to_integral_value():
        raise InvalidValue(f"“{amount}” não é um valor em reais e centavos.")
    return int(cents)


def _upserts(insert: Any) -> tuple[Any, Any]:
    """The statements that put a row in the place of what was there; each database has its own words for it."""
    rows = insert(_t)
    told = [c.name for c in _t.__table__.columns if c.name not in ("id", "company_id", "external_id")]
    load = insert(_l)
    return (
        rows.on_conflict_do_update(
            index_elements=[_t.company_id, _t.external_id], set_={name: rows.excluded[name] for name in told}
        ),
        load.on_conflict_do_update(index_elements=[_l.company_id], set_={"received_at": load.excluded.received_at}),
    )


_UPSERTS = {"postgresql": _upserts(postgresql.insert), "sqlite": _upserts(sqlite.insert)}
