"""Every consultation ever made, with what was asked, what came back and what was decided."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, update

from app.data.models import BlockReason, Consultation, Customer
from app.data.search import every_word
from app.documents import from_key
from app.domain import (
    AnpFinding,
    AnpOutcome,
    AnpRegistration,
    AnpSource,
    Authority,
    Decision,
    Document,
    Failure,
    FailureKind,
    Finding,
    Inscription,
    Origin,
    Outcome,
    SefazFinding,
    Verdict,
    outcome_of,
)


@dataclass(frozen=True)
class HistoryRow:
    """One consultation as lists show it. `customer` is "" for a document that is not a customer's."""

    id: int
    authority: Authority
    customer_id: int | None
    customer: str
    document: Document
    uf: str
    origin: Origin
    user: str
    asked_at: datetime
    duration_ms: int
    verdict: Outcome
    reason: str
    decision: str
    applied: bool
    c_stat: str
    source: AnpSource | None

    @property
    def failed(self) -> bool:
        """Whether nobody answered."""
        return self.verdict in (Verdict.FAILURE, AnpOutcome.FAILURE)

    @property
    def decided(self) -> str:
        """The decision alone: most repeat the reason, which is already said beside them."""
        return " ".join(self.decision.replace(self.reason, " ").split()) if self.reason else self.decision


@dataclass(frozen=True)
class HistoryQuery:
    """What the list shows: words of the customer or document; one authority, one outcome, one origin, or all."""

    text: str = ""
    authority: Authority | None = None
    verdict: Outcome | None = None
    origin: Origin | None = None


@dataclass(frozen=True)
class FullConsultation:
    """One consultation whole, with all that the authority said and both raw messages.

    `x_motivo` and `inscriptions` are SEFAZ's; `registration` and the moments of ANP's list are ANP's (see AnpFinding).
    """

    row: HistoryRow
    machine: str
    x_motivo: str
    inscriptions: tuple[Inscription, ...]
    registration: AnpRegistration | None
    listed_at: datetime | None
    listed_until: datetime | None
    failure: Failure | None
    authorizer: str
    certificate_cnpj: str
    request: bytes = field(repr=False)
    response: bytes = field(repr=False)


_t = Consultation
_ROW = (
    _t.id,
    _t.authority,
    _t.customer_id,
    Customer.name,
    _t.document,
    _t.uf,
    _t.origin,
    _t.user_name,
    _t.asked_at,
    _t.duration_ms,
    _t.verdict,
    _t.reason,
    _t.decision,
    _t.applied,
    _t.c_stat,
    _t.source,
)
# Every consultation runs these, and building a statement costs ten times as much as running it.
_RECORD = insert(_t).returning(_t.id)


def record(
    connection: Connection,
    finding: Finding,
    decision: Decision,
    *,
    authority: Authority,
    customer_id: int | None,
    origin: Origin,
    user: str,
    machine: str,
    applied: bool,
) -> int:
    """Keep one consultation and return its number."""
    values = columns_of(
        finding,
        decision,
        authority=authority,
        customer_id=customer_id,
        origin=origin,
        user=user,
        machine=machine,
        applied=applied,
    )
    return int(connection.execute(_RECORD, values).scalar_one())


def columns_of(
    finding: Finding,
    decision: Decision,
    *,
    authority: Authority,
    customer_id: int | None,
    origin: Origin,
    user: str,
    machine: str,
    applied: bool,
) -> dict[str, Any]:
    """The columns that keep one consultation, but for its number."""
    failure = finding.failure
    withheld_by = finding.withheld_by
    return {
        "authority": authority.value,
        "customer_id": customer_id,
        "document": finding.document.key,
        "uf": finding.uf,
        "origin": origin.value,
        "user_name": user,
        "machine": machine,
        "asked_at": finding.asked_at,
        "duration_ms": finding.duration_ms,
        "verdict": finding.verdict.value,
        "reason": finding.reason,
        "applied": applied,
        "decision": decision.why,
        "failure_kind": "" if withheld_by is None else withheld_by.value,
        "failure": None if failure is None else {**asdict(failure), "kind": failure.kind.value},
        "authorizer": finding.authorizer,
        "request": finding.request,
        "response": finding.response,
        **_own_columns(finding),
    }


def prune(connection: Connection, customer_ids: Collection[int], authority: Authority, keep: int) -> None:
    """Forget these customers' consultations of an authority, but for the `keep` newest of each.

    The reasons of blocks stay, with their words; only their link to a forgotten consultation goes.
    """
    newest_first = func.row_number().over(partition_by=_t.customer_id, order_by=_t.id.desc())
    ranked = (
        select(_t.id, newest_first.label("place"))
        .where(_t.customer_id.in_(customer_ids), _t.authority == authority.value)
        .subquery()
    )
    gone = connection.execute(select(ranked.c.id).where(ranked.c.place > keep)).scalars().all()
    if not gone:
        return
    for link in (BlockReason.consultation_id, BlockReason.lift_consultation_id):
        connection.execute(
            update(BlockReason).where(BlockReason.customer_id.in_(customer_ids), link.in_(gone)).values({link: None})
        )
    connection.execute(delete(_t).where(_t.id.in_(gone)))


def latest(
    connection: Connection,
    *,
    customer_id: int | None = None,
    authority: Authority | None = None,
    verdict: Outcome | None = None,
    limit: int = 500,
) -> list[HistoryRow]:
    """The newest consultations first, of one customer or of all, of one authority or of all."""
    statement = select(*_ROW).outerjoin(Customer, Customer.id == _t.customer_id)
    if authority is not None:
        statement = statement.where(_t.authority == authority.value)
    if customer_id is not None:
        statement = statement.where(_t.customer_id == customer_id)
    if verdict is not None:
        statement = statement.where(_t.verdict == verdict.value)
    return [_row(found) for found in connection.execute(statement.order_by(_t.id.desc()).limit(limit))]


def last_answer_at(connection: Connection, authorizer: str) -> datetime | None:
    """When that authorizer of SEFAZ last answered about anybody; None when it never did."""
    answered = (_t.authority == Authority.SEFAZ.value, _t.authorizer == authorizer, _t.failure_kind == "")
    return connection.execute(select(_t.asked_at).where(*answered).order_by(_t.id.desc()).limit(1)).scalar()


def page(connection: Connection, query: HistoryQuery, offset: int, limit: int) -> list[HistoryRow]:
    """The newest first, from `offset` on, at most `limit`."""
    statement = select(*_ROW).outerjoin(Customer, Customer.id == _t.customer_id).where(*_wanted(query))
    return [_row(found) for found in connection.execute(statement.order_by(_t.id.desc()).offset(offset).limit(limit))]


def count(connection: Connection, query: HistoryQuery) -> int:
    """How many consultations the list shows."""
    statement = select(func.count()).select_from(_t)
    if query.text:
        statement = statement.outerjoin(Customer, Customer.id == _t.customer_id)
    return int(connection.execute(statement.where(*_wanted(query))).scalar_one())


def get(connection: Connection, consultation_id: int) -> FullConsultation | None:
    """One consultation whole, or None."""
    more = (
        _t.machine,
        _t.x_motivo,
        _t.inscriptions,
        _t.registration,
        _t.listed_at,
        _t.listed_until,
        _t.failure,
        _t.authorizer,
        _t.certificate_cnpj,
    )
    found: Any = connection.execute(
        select(*_ROW, *more, _t.request, _t.response)
        .outerjoin(Customer, Customer.id == _t.customer_id)
        .where(_t.id == consultation_id)
    ).first()
    if found is None:
        return None
    machine, x_motivo, inscriptions, registration, listed_at, listed_until, failure, *rest = found[len(_ROW) :]
    return FullConsultation(
        _row(found[: len(_ROW)]),
        machine,
        x_motivo,
        tuple(Inscription.from_layout(fields) for fields in inscriptions),
        None if registration is None else AnpRegistration.from_fields(registration),
        listed_at,
        listed_until,
        None if failure is None else Failure(**{**failure, "kind": FailureKind(failure["kind"])}),
        *rest,
    )


def newest_sefaz_answer(
    connection: Connection, customer_id: int, document: Document, uf: str
) -> FullConsultation | None:
    """The last that SEFAZ answered about this customer with this document in this UF, or None."""
    return _newest(
        connection,
        _t.customer_id == customer_id,
        _t.document == document.key,
        _t.uf == uf,
        _t.authority == Authority.SEFAZ.value,
    )


def answer_before(connection: Connection, consultation: HistoryRow) -> FullConsultation | None:
    """The answer that came before this one about the same customer, or the same document where it is nobody's.

    Of the same document always and, of SEFAZ, of the same UF: what was answered about another registration says nothing
    of this one.
    """
    whose = _t.customer_id.is_(None) if consultation.customer_id is None else _t.customer_id == consultation.customer_id
    same_uf = (_t.uf == consultation.uf,) if consultation.authority is Authority.SEFAZ else ()
    return _newest(
        connection,
        whose,
        _t.document == consultation.document.key,
        *same_uf,
        _t.authority == consultation.authority.value,
        _t.id < consultation.id,
    )


def _newest(connection: Connection, *wanted: ColumnElement[bool]) -> FullConsultation | None:
    """The newest of the wanted ones that says something about the customer: neither a failure nor invalid data."""
    silent = (Verdict.FAILURE.value, Verdict.DATA_ERROR.value)
    statement = select(_t.id).where(*wanted, _t.verdict.not_in(silent)).order_by(_t.id.desc()).limit(1)
    found = connection.execute(statement).scalar()
    return None if found is None else get(connection, found)


def _wanted(query: HistoryQuery) -> list[ColumnElement[bool]]:
    wanted = every_word(query.text, name=Customer.search_text, document=_t.document)
    if query.authority is not None:
        wanted.append(_t.authority == query.authority.value)
    if query.verdict is not None:
        wanted.append(_t.verdict == query.verdict.value)
    if query.origin is not None:
        wanted.append(_t.origin == query.origin.value)
    return wanted


def _row(found: Any) -> HistoryRow:
    id_, kept_authority, customer_id, name, document, uf, origin, user, at, ms, verdict, *rest = found
    reason, decision, applied, c_stat, source = rest
    authority = Authority(kept_authority)
    return HistoryRow(
        id_,
        authority,
        customer_id,
        name or "",
        from_key(document),
        uf,
        Origin(origin),
        user,
        at,
        ms,
        outcome_of(authority, verdict),
        reason,
        decision,
        applied,
        c_stat,
        AnpSource(source) if source else None,
    )


def _own_columns(finding: Finding) -> dict[str, Any]:
    """The columns that are of one authority only."""
    sefaz = finding if isinstance(finding, SefazFinding) else None
    anp = finding if isinstance(finding, AnpFinding) else None
    return {
        "c_stat": sefaz.c_stat if sefaz else "",
        "x_motivo": sefaz.x_motivo if sefaz else "",
        "inscriptions": [inscription.as_layout() for inscription in sefaz.inscriptions] if sefaz else [],
        "certificate_cnpj": sefaz.certificate_cnpj if sefaz else "",
        "source": anp.source.value if anp and anp.source else "",
        "registration": anp.registration.as_fields() if anp and anp.registration else None,
        "listed_at": anp.listed_at if anp else None,
        "listed_until": anp.listed_until if anp else None,
    }
