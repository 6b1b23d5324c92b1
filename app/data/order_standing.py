"""What the order gate must know of a company and its buyers, in as few looks as can be: every order waits for it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, func, select

from app.data import blocks, zone
from app.data.exemption import exempt_documents
from app.data.models import Company, Consultation, Customer, OrderCheck, OverdueRelease
from app.domain import ActiveBlock, AnpOutcome, Authority, Document, DocumentKind
from app.policies import AnpKind, OrderKind
from app.rules.order_gate import Buyer, LastAnswer
from app.rules.overdue import Release
from app.settings.snapshot import Snapshot


@dataclass(frozen=True)
class Seller:
    """The company that sells; `zone` is the one (IANA) in which its days begin."""

    name: str
    active: bool
    zone: str


@dataclass(frozen=True)
class OrderStanding:
    """Who sells, the buyer as the rules see it and ANP's newest answer about it.

    `customer_id` and `uf` are of the registration about which ANP is asked, None and "" when no customer has the
    document.
    """

    seller: Seller
    buyer: Buyer
    last: LastAnswer | None
    customer_id: int | None
    uf: str


@dataclass(frozen=True)
class PreviousCheck:
    """The check of the sale that an order or invoice came from, and what a person released of it."""

    kind: OrderKind
    company_id: int
    document: str
    release: Release | None


class _Registration(NamedTuple):
    """One customer that has the document; `consultation_id` is of its last answer, None when no longer kept."""

    id: int
    uf: str
    active: bool
    blocked: bool
    anp_kind: str
    anp_at: datetime | None
    anp_status: str
    anp_by_list: bool
    anp_brand: str
    consultation_id: int | None


_c, _t = Customer, Consultation
# Every order runs these, and building a statement costs ten times as much as running it.
_PREVIOUS = select(OrderCheck.kind, OrderCheck.company_id, OrderCheck.document).where(
    OrderCheck.id == bindparam("check_id")
)
_RELEASE = (
    select(OverdueRelease.instalments, OverdueRelease.sold_as)
    .where(OverdueRelease.check_id == bindparam("check_id"))
    .with_for_update()
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
_SELLER = (Company.name, Company.active, Company.uf, zone.OF_COMPANY)
_ONE_SELLER = select(*_SELLER).where(Company.id == bindparam("company_id"))
# The seller in every row: one row for each registration of the documents, or one without any.
_SEEN = (
    select(
        *_SELLER,
        _c.document,
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
    .select_from(Company)
    .outerjoin(_c, _c.document.in_(bindparam("documents", expanding=True)))
    .where(Company.id == bindparam("company_id"))
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
    found = connection.execute(_ONE_SELLER, {"company_id": company_id}).first()
    return None if found is None else _seller(found)


def previous(connection: Connection, check_id: int) -> PreviousCheck | None:
    """A check as the one that comes after it sees it, or None when there is no such check.

    Of two sales that came from it the second waits until the first is decided: one release serves one of them.
    """
    found = connection.execute(_PREVIOUS, {"check_id": check_id}).first()
    if found is None:
        return None
    released = connection.execute(_RELEASE, {"check_id": check_id}).first()
    release = None if released is None else Release(check_id, frozenset(released.instalments), released.sold_as)
    return PreviousCheck(OrderKind(found.kind), found.company_id, found.document, release)


def look(
    connection: Connection, company_id: int, documents: Iterable[Document], snapshot: Snapshot
) -> dict[Document, OrderStanding] | None:
    """The standing of each document now, None when there is no such company; of the settings, only the exempt entities
    are looked at.

    A document may be registered more than once, by UF and inscription. The blocks of all of them count. It is inactive
    only when no registration is active. ANP is asked about the first that is a reseller, active ones before others.
    """
    wanted = {document.key: document for document in documents}
    rows = connection.execute(_SEEN, {"company_id": company_id, "documents": list(wanted)}).all()
    if not rows:
        return None
    sells = _seller(rows[0])
    registered: defaultdict[str, list[_Registration]] = defaultdict(list)
    for row in rows:
        key, *registration = row[len(_SELLER) :]
        if key is not None:
            registered[key].append(_Registration(*registration))
    entities = exempt_documents(connection, snapshot)
    return {
        document: _standing(connection, document, sells, registered.get(key, []), entities.get(key))
        for key, document in wanted.items()
    }


def _standing(
    connection: Connection, document: Document, sells: Seller, registered: list[_Registration], exempt_as: str | None
) -> OrderStanding:
    if not registered:
        # As it would be registered: a person is no reseller.
        kind = AnpKind.NONE if document.kind is DocumentKind.CPF else AnpKind.AUTOMOTIVE
        buyer = Buyer(None, kind, (), exempt_as)
        return OrderStanding(sells, buyer, _nobodys_answer(connection, document), None, "")
    asked = next((one for one in registered if one.anp_kind != AnpKind.NONE.value), registered[0])
    held: list[ActiveBlock] = []
    for one in registered:
        if one.blocked:
            held += blocks.active(connection, one.id)
    last = None
    if asked.anp_at is not None:
        last = LastAnswer(
            AnpOutcome(asked.anp_status), asked.anp_brand, asked.anp_at, asked.consultation_id, asked.anp_by_list
        )
    active = any(one.active for one in registered)
    buyer = Buyer(active, AnpKind(asked.anp_kind), tuple(held), exempt_as)
    return OrderStanding(sells, buyer, last, asked.id, asked.uf)


def _seller(row: Any) -> Seller:
    name, active, uf, of_branch = row[: len(_SELLER)]
    return Seller(name, active, zone.company_zone(of_branch, uf))


def _nobodys_answer(connection: Connection, document: Document) -> LastAnswer | None:
    found = connection.execute(_NOBODYS, {"document": document.key}).first()
    if found is None:
        return None
    brand = str((found.registration or {}).get("brand", ""))
    return LastAnswer(AnpOutcome(found.verdict), brand, found.known_at, found.id, found.listed_at is not None)
