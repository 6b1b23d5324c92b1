"""Why customers are blocked: a set of reasons, each with who raised it, when, by which consultation, and who lifted it.

`customer.blocked` repeats "has an active reason" and is kept true here, in the same transaction.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, bindparam, exists, insert, select, update

from app.data.models import BlockReason, Customer
from app.domain import ActiveBlock, BlockOrigin


@dataclass(frozen=True)
class PastBlock:
    """One reason, active or lifted (`lifted_at` is then set)."""

    id: int
    origin: BlockOrigin
    reason: str
    raised_at: datetime
    raised_by: str
    consultation_id: int | None
    lifted_at: datetime | None
    lifted_by: str
    lift_reason: str
    lift_consultation_id: int | None


_t = BlockReason
# Built once: every consultation runs it.
_ACTIVE = (
    select(_t.id, _t.origin, _t.reason, _t.raised_at, _t.raised_by, _t.consultation_id)
    .where(_t.customer_id == bindparam("customer_id"), _t.lifted_at.is_(None))
    .order_by(_t.id)
)

_EVERY_ACTIVE = (
    select(_t.customer_id, _t.id, _t.origin, _t.reason, _t.raised_at, _t.raised_by, _t.consultation_id)
    .where(_t.lifted_at.is_(None))
    .order_by(_t.id)
)


def active(connection: Connection, customer_id: int) -> tuple[ActiveBlock, ...]:
    """The reasons in force, oldest first."""
    rows = connection.execute(_ACTIVE, {"customer_id": customer_id})
    return tuple(ActiveBlock(row[0], BlockOrigin(row[1]), *row[2:]) for row in rows)


def active_between(connection: Connection, first_id: int, last_id: int) -> dict[int, tuple[ActiveBlock, ...]]:
    """The reasons in force, oldest first, of each customer from one number to another; who has none is left out."""
    return _by_customer(connection, _EVERY_ACTIVE.where(_t.customer_id.between(first_id, last_id)))


def active_of_all(connection: Connection) -> dict[int, tuple[ActiveBlock, ...]]:
    """The reasons in force, oldest first, of every customer that has any."""
    return _by_customer(connection, _EVERY_ACTIVE)


def _by_customer(connection: Connection, statement: Select[*tuple[Any, ...]]) -> dict[int, tuple[ActiveBlock, ...]]:
    found: defaultdict[int, list[ActiveBlock]] = defaultdict(list)
    for row in connection.execute(statement):
        found[row[0]].append(ActiveBlock(row[1], BlockOrigin(row[2]), *row[3:]))
    return {customer_id: tuple(held) for customer_id, held in found.items()}


def history(connection: Connection, customer_id: int) -> list[PastBlock]:
    """Every reason there ever was, newest first."""
    rows = connection.execute(
        select(
            _t.id,
            _t.origin,
            _t.reason,
            _t.raised_at,
            _t.raised_by,
            _t.consultation_id,
            _t.lifted_at,
            _t.lifted_by,
            _t.lift_reason,
            _t.lift_consultation_id,
        )
        .where(_t.customer_id == customer_id)
        .order_by(_t.id.desc())
    )
    return [_past(row) for row in rows]


def add(
    connection: Connection,
    customer_id: int,
    origin: BlockOrigin,
    reason: str,
    *,
    by: str,
    at: datetime,
    consultation_id: int | None = None,
) -> None:
    """Block the customer for one more reason."""
    connection.execute(
        insert(BlockReason).values(
            customer_id=customer_id,
            origin=origin.value,
            reason=reason,
            raised_at=at,
            raised_by=by,
            consultation_id=consultation_id,
        )
    )
    connection.execute(update(Customer).where(Customer.id == customer_id).values(blocked=True))


def lift(
    connection: Connection,
    customer_id: int,
    reason_ids: Iterable[int],
    *,
    why: str,
    by: str,
    at: datetime,
    consultation_id: int | None = None,
) -> None:
    """Take reasons away; the customer is free when none is left. Reasons lifted meanwhile are left as they are."""
    connection.execute(
        update(BlockReason)
        .where(
            BlockReason.id.in_(list(reason_ids)),
            BlockReason.customer_id == customer_id,
            BlockReason.lifted_at.is_(None),
        )
        .values(lifted_at=at, lifted_by=by, lift_reason=why, lift_consultation_id=consultation_id)
    )
    still = exists().where(BlockReason.customer_id == customer_id, BlockReason.lifted_at.is_(None))
    connection.execute(update(Customer).where(Customer.id == customer_id).values(blocked=still))


def _past(row: Any) -> PastBlock:
    return PastBlock(row[0], BlockOrigin(row[1]), *row[2:])
