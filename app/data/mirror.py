"""The mirror of the lists that ANP publishes: what each one changed, and who is in them now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, select

from app.data.models import AnpList, AnpListed
from app.domain import AnpRegistration, ListKind
from app.rules.anp_mirror import Listed


@dataclass(frozen=True)
class ListTaken:
    """One list taken whole. `taken_at` is the moment it represents, `confirmed_at` the last at which ANP still
    published the same; `rejected` counts the lines that could not be read."""

    id: int
    kind: ListKind
    taken_at: datetime
    confirmed_at: datetime
    source: str
    rows: int
    rejected: int


_LIST = (AnpList.id, AnpList.kind, AnpList.taken_at, AnpList.confirmed_at, AnpList.source, AnpList.rows)
_CURRENT = (
    select(*_LIST, AnpList.rejected).where(AnpList.kind == bindparam("kind")).order_by(AnpList.id.desc()).limit(1)
)
_REGISTRATION = (
    AnpListed.cnpj,
    AnpListed.name,
    AnpListed.situation,
    AnpListed.authorization,
    AnpListed.published,
    AnpListed.brand,
    AnpListed.brand_since,
    AnpListed.simp_code,
    AnpListed.street,
    AnpListed.complement,
    AnpListed.district,
    AnpListed.postal_code,
    AnpListed.city,
    AnpListed.uf,
    AnpListed.reseller_class,
)
_ONE = (
    select(
        AnpListed.vanished_list_id,
        AnpList.taken_at,
        AnpListed.last_seen_at,
        select(func.max(AnpList.id)).where(AnpList.kind == bindparam("kind")).scalar_subquery(),
        *_REGISTRATION,
    )
    .outerjoin(AnpList, AnpList.id == AnpListed.vanished_list_id)
    .where(AnpListed.kind == bindparam("kind"), AnpListed.cnpj == bindparam("cnpj"))
)


def current(connection: Connection, kind: ListKind) -> ListTaken | None:
    """The newest list of that kind, or None when none was ever taken."""
    found = connection.execute(_CURRENT, {"kind": kind.value}).first()
    return None if found is None else _taken(found)


def find(connection: Connection, kind: ListKind, cnpj: str) -> Listed | None:
    """The establishment with this CNPJ, present or gone; None when no list ever had it."""
    found: Any = connection.execute(_ONE, {"kind": kind.value, "cnpj": cnpj}).first()
    if found is None:
        return None
    vanished_list_id, vanished_at, last_seen_at, newest, *fields = found
    registration = AnpRegistration(*fields)
    if vanished_list_id is None:
        return Listed(registration)
    return Listed(registration, vanished_at, last_seen_at, newest > vanished_list_id)


def _taken(found: Any) -> ListTaken:
    id_, kind, taken_at, confirmed_at, source, rows, rejected = found
    return ListTaken(id_, ListKind(kind), taken_at, confirmed_at, source, rows, len(rejected))
