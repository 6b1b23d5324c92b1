"""Customers as lists and the service see them: search, page, one whole, who is due."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    case,
    func,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.orm import InstrumentedAttribute

from app.data.models import Brand, Customer
from app.data.search import bare_document
from app.documents import from_key
from app.domain import AnpOutcome, Authority, Document, SefazAction, Verdict
from app.kinds import folded
from app.policies import AnpKind


class Situation(Enum):
    """The filter chips of the customers page."""

    BLOCKED = "bloqueados"
    NOT_ENABLED = "nao_habilitados"
    NEVER = "sem_consulta"
    ANP_IRREGULAR = "irregulares_anp"
    ANP_NEVER = "sem_consulta_anp"
    FAILED = "com_falha"
    INACTIVE = "inativos"

    @property
    def label(self) -> str:
        """The word on the chip."""
        return {
            Situation.BLOCKED: "Bloqueados",
            Situation.NOT_ENABLED: "Não habilitados",
            Situation.NEVER: "Sem consulta à SEFAZ",
            Situation.ANP_IRREGULAR: "Irregulares na ANP",
            Situation.ANP_NEVER: "Sem consulta à ANP",
            Situation.FAILED: "Com falha",
            Situation.INACTIVE: "Inativos",
        }[self]

    @property
    def narrows(self) -> bool:
        """Whether it says which customers the others are looked for among, instead of being added up."""
        return self is Situation.INACTIVE


class Order(Enum):
    """What the list may be sorted by."""

    NAME = "nome"
    DOCUMENT = "documento"
    UF = "uf"
    SITUATION = "situacao"
    ANP = "anp"
    BLOCKED = "bloqueio"
    CONSULTED = "consulta"


@dataclass(frozen=True)
class Query:
    """What the list shows. Without INACTIVE only active customers; situations are added up (any of them)."""

    text: str = ""
    situations: frozenset[Situation] = frozenset()
    uf: str = ""
    order: Order = Order.NAME
    descending: bool = False


@dataclass(frozen=True)
class CustomerRow:
    """One line of the list. `verdict` is the last answer's, `outcome` the last consultation's (it may be a failure).

    `anp_status` and `anp_outcome` are the same of ANP, `anp_brand` the brand as that answer wrote it, and
    `anp_consulted` whether ANP can be asked at all (see `models.Customer`).
    """

    id: int
    document: Document
    ie: str
    name: str
    uf: str
    city: str
    brand: str
    active: bool
    blocked: bool
    verdict: Verdict | None
    answered_at: datetime | None
    outcome: Verdict | None
    tried_at: datetime | None
    anp_kind: AnpKind
    anp_consulted: bool
    anp_status: AnpOutcome | None
    anp_at: datetime | None
    anp_outcome: AnpOutcome | None
    anp_tried_at: datetime | None
    anp_brand: str

    @property
    def consulted_at(self) -> datetime | None:
        """The last consultation of either authority, answered or failed."""
        return max((at for at in (self.tried_at, self.anp_tried_at) if at is not None), default=None)


@dataclass(frozen=True)
class Subject:
    """What a consultation must know of a customer."""

    id: int
    document: Document
    ie: str
    name: str
    uf: str
    action: SefazAction
    active: bool
    blocked: bool
    anp_kind: AnpKind
    anp_at: datetime | None
    brand_id: int | None


_ROW = (
    Customer.id,
    Customer.document,
    Customer.ie,
    Customer.name,
    Customer.uf,
    Customer.city,
    func.coalesce(Brand.name, ""),
    Customer.active,
    Customer.blocked,
    Customer.sefaz_verdict,
    Customer.sefaz_at,
    Customer.sefaz_outcome,
    Customer.sefaz_tried_at,
    Customer.anp_kind,
    Customer.anp_consulted,
    Customer.anp_status,
    Customer.anp_at,
    Customer.anp_outcome,
    Customer.anp_tried_at,
    Customer.anp_brand,
)
SUBJECT_COLUMNS = (
    Customer.id,
    Customer.document,
    Customer.ie,
    Customer.name,
    Customer.uf,
    Customer.sefaz_action,
    Customer.active,
    Customer.blocked,
    Customer.anp_kind,
    Customer.anp_at,
    Customer.brand_id,
)
"""What `subject_of` reads."""
# Every consultation runs these, and building a statement costs ten times as much as running it.
_SUBJECT_BY_ID = select(*SUBJECT_COLUMNS).where(Customer.id == bindparam("customer_id"))
_NOTE_SEFAZ = (
    update(Customer)
    .where(
        Customer.id == bindparam("asked_id"),
        Customer.document == bindparam("asked_document"),
        Customer.uf == bindparam("asked_uf"),
        Customer.ie == bindparam("asked_ie"),
    )
    .returning(*SUBJECT_COLUMNS)
)
_ASKED_OF_ANP = (Customer.id == bindparam("asked_id"), Customer.document == bindparam("asked_document"))
_NOTE_ANP_FAILURE = update(Customer).where(*_ASKED_OF_ANP).returning(*SUBJECT_COLUMNS)
_IS_NEWS = or_(Customer.anp_at.is_(None), Customer.anp_at <= bindparam("known_at", type_=Customer.anp_at.type))


def _if_news(column: InstrumentedAttribute[Any], name: str) -> Any:
    return case((_IS_NEWS, bindparam(name, type_=column.type)), else_=column)


_NOTE_ANP_ANSWER = (
    update(Customer)
    .where(*_ASKED_OF_ANP)
    .values(
        anp_tried_at=bindparam("tried_at"),
        anp_outcome=bindparam("outcome"),
        anp_retry_at=bindparam("retry_at"),
        anp_at=_if_news(Customer.anp_at, "known_at"),
        anp_status=_if_news(Customer.anp_status, "outcome"),
        anp_by_list=_if_news(Customer.anp_by_list, "by_list"),
        anp_brand=_if_news(Customer.anp_brand, "brand"),
    )
    .returning(*SUBJECT_COLUMNS)
)
# The later of both; a comparison with null is not true.
_CONSULTED_AT = case(
    (or_(Customer.anp_tried_at.is_(None), Customer.sefaz_tried_at >= Customer.anp_tried_at), Customer.sefaz_tried_at),
    else_=Customer.anp_tried_at,
)
_IRREGULAR = tuple(
    outcome.value for outcome in (AnpOutcome.REVOKED, AnpOutcome.REVOCATION, AnpOutcome.CANDIDATE, AnpOutcome.NOT_FOUND)
)
_ORDER: dict[Order, Any] = {
    Order.NAME: Customer.search_text,  # begins with the name, without accents and case
    Order.DOCUMENT: Customer.document,
    Order.UF: Customer.uf,
    Order.SITUATION: Customer.sefaz_verdict,
    Order.ANP: Customer.anp_status,
    Order.BLOCKED: Customer.blocked,
    Order.CONSULTED: _CONSULTED_AT,
}


def page(connection: Connection, query: Query, offset: int, limit: int) -> list[CustomerRow]:
    """The lines from `offset` on, at most `limit`."""
    column = _ORDER[query.order]
    ordered = column.desc() if query.descending else column.asc()
    if query.order is Order.CONSULTED:
        # The only column that may be null; saying so of the others would keep PostgreSQL from using their index.
        ordered = ordered.nulls_last() if query.descending else ordered.nulls_first()
    statement = (
        _where(select(*_ROW).outerjoin(Brand, Brand.id == Customer.brand_id), query)
        .order_by(ordered, Customer.id)
        .offset(offset)
        .limit(limit)
    )
    return [_row(row) for row in connection.execute(statement)]


def count(connection: Connection, query: Query) -> int:
    """How many lines there are."""
    return int(connection.execute(_where(select(func.count()).select_from(Customer), query)).scalar_one())


def row(connection: Connection, customer_id: int) -> CustomerRow | None:
    """One line, or None."""
    statement = select(*_ROW).outerjoin(Brand, Brand.id == Customer.brand_id).where(Customer.id == customer_id)
    found = connection.execute(statement).first()
    return None if found is None else _row(found)


def rows(connection: Connection, customer_ids: Collection[int]) -> list[CustomerRow]:
    """The lines of these customers, in no particular order; those that no longer exist are left out."""
    statement = select(*_ROW).outerjoin(Brand, Brand.id == Customer.brand_id).where(Customer.id.in_(customer_ids))
    return [_row(found) for found in connection.execute(statement)]


def subject(connection: Connection, customer_id: int) -> Subject | None:
    """What a consultation must know of one customer, or None."""
    found = connection.execute(_SUBJECT_BY_ID, {"customer_id": customer_id}).first()
    return None if found is None else subject_of(found)


def by_document(connection: Connection, document: Document, uf: str) -> list[Subject]:
    """The customers with this document in this UF."""
    c = Customer
    rows = connection.execute(select(*SUBJECT_COLUMNS).where(c.document == document.key, c.uf == uf).order_by(c.id))
    return [subject_of(found) for found in rows]


def all_by_document(connection: Connection, document: Document) -> list[Subject]:
    """The customers with this document in any UF, the active ones first."""
    c = Customer
    rows = connection.execute(
        select(*SUBJECT_COLUMNS).where(c.document == document.key).order_by(c.active.desc(), c.id)
    )
    return [subject_of(found) for found in rows]


def next_due(
    connection: Connection,
    *,
    answered_before: datetime,
    now: datetime,
    ufs: Collection[str],
    no_cpf: Collection[str] = (),
    limit: int = 1,
) -> list[Subject]:
    """The customers of these UFs whose turn at SEFAZ it is: never answered first, then the longest ago; none told to
    wait.

    A customer whose data the authority refused waits until the registration is edited; one with a CPF in a UF of
    `no_cpf`, unless it has an inscrição estadual to be asked by.
    """
    values = {"answered_before": answered_before, "now": now, "ufs": sorted(ufs), "no_cpf": sorted(no_cpf)}
    return _longest_ago(connection, Authority.SEFAZ, values, limit)


def next_due_anp(connection: Connection, *, answered_before: datetime, now: datetime, limit: int = 1) -> list[Subject]:
    """The customers whose turn at ANP it is: never answered first, then the longest ago; none told to wait."""
    return _longest_ago(connection, Authority.ANP, {"answered_before": answered_before, "now": now}, limit)


def set_aside(connection: Connection, authority: Authority, customer_id: int, until: datetime) -> None:
    """Let the authority's service pass the customer over until a moment, whatever the reason."""
    column = {Authority.SEFAZ: Customer.sefaz_retry_at, Authority.ANP: Customer.anp_retry_at}[authority]
    connection.execute(update(Customer).where(Customer.id == customer_id).values({column: until}))


def _longest_ago(connection: Connection, authority: Authority, values: dict[str, Any], limit: int) -> list[Subject]:
    due: list[Subject] = []
    for look in _due_looks(authority, _is_sqlite(connection), not_by_cpf=bool(values.get("no_cpf"))):
        if len(due) < limit:
            due += [subject_of(row) for row in connection.execute(look, {**values, "limit": limit - len(due)})]
    return due


@cache
def _due_looks(authority: Authority, sqlite: bool, *, not_by_cpf: bool) -> tuple[Select[*tuple[Any, ...]], ...]:
    """Those never answered, and the others: each a walk along the index. One look with OR, or with NULLS FIRST, would
    sort a million rows. With `not_by_cpf` some UFs take no CPF; that is left out where none does, as it costs."""
    c = Customer
    now: BindParameter[Any] = bindparam("now")
    # The condition of the index is written out, not bound: SQLite uses a partial index only when the text is the same.
    if authority is Authority.ANP:
        answered_at, indexed = c.anp_at, "active = 1 AND anp_consulted = 1" if sqlite else "active AND anp_consulted"
        may_be_asked: tuple[ColumnElement[bool], ...] = (or_(c.anp_retry_at.is_(None), c.anp_retry_at <= now),)
    else:
        answered_at = c.sefaz_at
        indexed = "active = 1 AND sefaz_automatic = 1" if sqlite else "active AND sefaz_automatic"
        may_be_asked = (
            or_(c.sefaz_retry_at.is_(None), c.sefaz_retry_at <= now),
            c.sefaz_outcome != Verdict.DATA_ERROR.value,
            c.uf.in_(bindparam("ufs", expanding=True)),
        )
        if not_by_cpf:
            may_be_asked += (
                or_(
                    c.uf.not_in(bindparam("no_cpf", expanding=True)),
                    func.length(c.document) != 11,
                    c.document.startswith("IE "),
                    c.ie.not_in(("", "ISENTO")),
                ),
            )
    return tuple(
        select(*SUBJECT_COLUMNS)
        .where(literal_column(indexed), *may_be_asked, when)
        .order_by(answered_at, c.id)
        .limit(bindparam("limit"))
        for when in (answered_at.is_(None), answered_at < bindparam("answered_before"))
    )


def _is_sqlite(connection: Connection) -> bool:
    return connection.dialect.name == "sqlite"


def note_sefaz(
    connection: Connection, asked: Subject, verdict: Verdict, at: datetime, retry_at: datetime | None
) -> Subject | None:
    """Repeat the newest consultation of SEFAZ on the customer, held until the transaction ends, and return it as it is.

    A failure changes only the moment of the try and of the next. None, and nothing noted, when the customer is gone
    or its document, UF or inscription is no longer what was asked about.
    """
    values: dict[str, Any] = {"sefaz_tried_at": at, "sefaz_outcome": verdict.value, "sefaz_retry_at": retry_at}
    if verdict is not Verdict.FAILURE:
        values |= {"sefaz_at": at, "sefaz_verdict": verdict.value}
    same = {"asked_id": asked.id, "asked_document": asked.document.key, "asked_uf": asked.uf, "asked_ie": asked.ie}
    found = connection.execute(_NOTE_SEFAZ, {**same, **values}).first()
    return None if found is None else subject_of(found)


def note_anp(
    connection: Connection,
    asked: Subject,
    outcome: AnpOutcome,
    brand: str,
    at: datetime,
    retry_at: datetime | None,
    *,
    listed_at: datetime | None = None,
) -> Subject | None:
    """Repeat the newest consultation of ANP on the customer, held until the transaction ends, and return it as it is.

    `brand` is ANP's own word. `listed_at` is the moment of ANP's published list when the list answered; the answer is
    then of that moment, and one already there that is newer stays. A failure changes only the moment of the try and of
    the next. None, and nothing noted, when the customer is gone or its document is no longer what
    was asked about.
    """
    same = {"asked_id": asked.id, "asked_document": asked.document.key}
    if outcome.is_answer:
        told: dict[str, Any] = {"tried_at": at, "outcome": outcome.value, "brand": brand}
        told |= {"known_at": listed_at or at, "by_list": listed_at is not None}
        found = connection.execute(_NOTE_ANP_ANSWER, {**same, **told, "retry_at": retry_at}).first()
    else:
        tried = {"anp_tried_at": at, "anp_outcome": outcome.value, "anp_retry_at": retry_at}
        found = connection.execute(_NOTE_ANP_FAILURE, {**same, **tried}).first()
    return None if found is None else subject_of(found)


def _where(statement: Select[*tuple[Any, ...]], query: Query) -> Select[*tuple[Any, ...]]:
    wanted: list[Any] = []
    for word in folded(query.text).split():
        bare = bare_document(word)
        has_text = Customer.search_text.contains(word, autoescape=True)
        wanted.append(or_(has_text, Customer.search_text.contains(bare, autoescape=True)) if bare else has_text)
    any_of: list[Any] = []
    for situation in query.situations - {Situation.INACTIVE}:
        match situation:
            case Situation.BLOCKED:
                any_of.append(Customer.blocked)
            case Situation.NOT_ENABLED:
                not_enabled = (Verdict.DISABLED.value, Verdict.NOT_TAXPAYER.value)
                any_of.append(Customer.sefaz_verdict.in_(not_enabled))
            case Situation.NEVER:
                any_of.append(Customer.sefaz_tried_at.is_(None))
            case Situation.ANP_IRREGULAR:
                any_of.append(Customer.anp_status.in_(_IRREGULAR))
            case Situation.ANP_NEVER:
                any_of.append(and_(Customer.anp_consulted, Customer.anp_tried_at.is_(None)))
            case Situation.FAILED:
                any_of.append(Customer.sefaz_outcome == Verdict.FAILURE.value)
                any_of.append(Customer.anp_outcome == AnpOutcome.FAILURE.value)
    if any_of:
        wanted.append(or_(*any_of))
    if query.uf:
        wanted.append(Customer.uf == query.uf)
    wanted.append(~Customer.active if Situation.INACTIVE in query.situations else Customer.active)
    return statement.where(and_(*wanted))


def _row(found: Any) -> CustomerRow:
    id_, document, ie, name, uf, city, brand, active, blocked, verdict, at, outcome, tried, *anp = found
    kind, consulted, anp_status, anp_at, anp_outcome, anp_tried, anp_brand = anp
    return CustomerRow(
        id_,
        from_key(document),
        ie,
        name,
        uf,
        city,
        brand,
        active,
        blocked,
        Verdict(verdict) if verdict else None,
        at,
        Verdict(outcome) if outcome else None,
        tried,
        AnpKind(kind),
        consulted,
        AnpOutcome(anp_status) if anp_status else None,
        anp_at,
        AnpOutcome(anp_outcome) if anp_outcome else None,
        anp_tried,
        anp_brand,
    )


def subject_of(found: Any) -> Subject:
    """The subject in a row of SUBJECT_COLUMNS."""
    id_, document, ie, name, uf, action, active, blocked, anp_kind, anp_at, brand_id = found
    return Subject(
        id_, from_key(document), ie, name, uf, SefazAction(action), active, blocked, AnpKind(anp_kind), anp_at, brand_id
    )
