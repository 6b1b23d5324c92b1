"""What the order gate must know of a document, in one look at each table: every order waits for it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, func, select

from app.data import blocks, zone
from app.data.exemption import exempting_entity
from app.data.models import Company, Consultation, Customer, OrderCheck, OverdueRelease
from app.domain import ActiveBlock, AnpOutcome, Authority, Document, DocumentKind
from app.policies import AnpKind, OrderKind
from app.rules.order_gate import Buyer, LastAnswer
from app.rules.overdue import Release
from app.settings.snapshot import Snapshot


@dataclass(frozen=True)
class OrderStanding:
    """The buyer as the rules see it and ANP's newest answer about it; `customer_id` and `uf` are of the registration
    about which ANP is asked, None and "" when no customer has the document."""

    buyer: Buyer
    last: LastAnswer | None
    customer_id: int | None
    uf: str


@dataclass(frozen=True)
class Seller:
    """The company that sells; `zone` is the one (IANA) in which its days begin."""

    name: str
    active: bool
    zone: str


@dataclass(frozen=True)
class PreviousCheck:
    """The check of the sale that an order or invoice came from, and what a person released of it."""

    kind: OrderKind
    company_id: int
    document: str
    release: Release | None


_c, _t = Customer, Consultation
# Every order runs these, and building a statement costs ten times as much as running it.
_COMPANY = select(Company.name, Company.active, Company.uf, zone.OF_COMPANY).where(
    Company.id == bindparam("company_id")
)
_PREVIOUS = (
    select(OrderCheck.kind, OrderCheck.company_id, OrderCheck.document, OverdueRelease.instalments)
    .outerjoin(OverdueRelease, OverdueRelease.check_id == OrderCheck.id)
    .where(OrderCheck.id == bindparam("check_id"))
)
_KNOWN_AT = func.coalesce(_t.listed_at, _t.asked_at)
_NUMBER = (
    select(_t.id)
    .where(_t.customer_id == _c.id, _t.authority == Authority.ANP.value, _c.anp_at == _KNOWN_AT)
    .order_by(_t.id.desc())
    .limit(1)
    .correlate(_c)
    .scalar_subquery()
)
_REGISTERED = (
    select(
        _c.id,
        _c.uf,
        _c.active,
        _c.blocked,
        _c.anp_kind,
        _c.anp_at,
        _c.anp_status,
        _c.anp_by_list,
        _c.anp_brand,
        _NUMBER,
    )
    .where(_c.document == bindparam("document"))
    .order_by(_c.active.desc(), _c.id)
)
_NOBODYS = (
    select(_t.id, _KNOWN_AT.label("known_at"), _t.verdict, _t.registration, _t.listed_at)
    .where(
        _t.document == bindparam("document"),
        _t.customer_id.is_(None),
        _t.authority == Authority.ANP.value,
        _t.verdict != AnpOutcome.FAILURE.value,
    )
    .order_by(_KNOWN_AT.desc(), _t.id.desc())
    .limit(1)
)


def seller(connection: Connection, company_id: int) -> Seller | None:
    """The company that sells, or None when there is no such company."""
    found = connection.execute(_COMPANY, {"company_id": company_id}).first()
    return None if found is None else Seller(found.name, found.active, zone.company_zone(found.zone, found.uf))


def previous(connection: Connection, check_id: int) -> PreviousCheck | None:
    """A check as the one that comes after it sees it, or None when there is no such check."""
    found = connection.execute(_PREVIOUS, {"check_id": check_id}).first()
    if found is None:
        return None
    release = None if found.instalments is None else Release(check_id, frozenset(found.instalments))
    return PreviousCheck(OrderKind(found.kind), found.company_id, found.document, release)


def look(connection: Connection, document: Document, snapshot: Snapshot) -> OrderStanding:
    """The standing of a document now; of the settings, only the exempt entities are looked at.

    A document may be registered more than once, by UF and inscription. The blocks of all of them count. It is inactive
    only when no registration is active. ANP is asked about the first that is a reseller, active ones before others.
    """
    registered = connection.execute(_REGISTERED, {"document": document.key}).all()
    exempt_as = exempting_entity(connection, document, snapshot)
    if not registered:
        # As it would be registered: a person is no reseller.
        kind = AnpKind.NONE if document.kind is DocumentKind.CPF else AnpKind.AUTOMOTIVE
        buyer = Buyer(None, kind, (), exempt_as)
        return OrderStanding(buyer, _nobodys_answer(connection, document), None, "")
    asked = next((row for row in registered if row.anp_kind != AnpKind.NONE.value), registered[0])
    held: list[ActiveBlock] = []
    for row in registered:
        if row.blocked:
            held += blocks.active(connection, row.id)
    last = None
    if asked.anp_at is not None:
        last = LastAnswer(AnpOutcome(asked.anp_status), asked.anp_brand, asked.anp_at, asked[-1], asked.anp_by_list)
    active = any(row.active for row in registered)
    return OrderStanding(Buyer(active, AnpKind(asked.anp_kind), tuple(held), exempt_as), last, asked.id, asked.uf)


def _nobodys_answer(connection: Connection, document: Document) -> LastAnswer | None:
    found = connection.execute(_NOBODYS, {"document": document.key}).first()
    if found is None:
        return None
    brand = str((found.registration or {}).get("brand", ""))
    return LastAnswer(AnpOutcome(found.verdict), brand, found.known_at, found.id, found.listed_at is not None)
