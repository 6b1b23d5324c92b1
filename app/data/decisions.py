"""What was decided about customers, done: reasons raised and lifted, brands, and the audit of it; of one or of many."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, exists, update

from app.data.bulk import insert_rows
from app.data.models import AuditEntry, BlockReason, Customer
from app.domain import Decision

_AT_ONCE = 10_000  # customers in one statement; both databases allow more
_LIFT = (
    update(BlockReason)
    .where(
        BlockReason.id == bindparam("reason_id"),
        BlockReason.customer_id == bindparam("of_customer"),
        BlockReason.lifted_at.is_(None),
    )
    .values(
        lifted_at=bindparam("at"),
        lifted_by=bindparam("by"),
        lift_reason=bindparam("why"),
        lift_consultation_id=bindparam("consultation"),
    )
)


@dataclass(frozen=True)
class Decided:
    """A decision about one customer by the consultation with that number, or by a credit analysis, and what was found
    there."""

    customer_id: int
    decision: Decision
    reason: str
    consultation_id: int | None
    analysis_id: int | None = None


def carry_out(connection: Connection, decided: Sequence[Decided], *, by: str, at: datetime) -> None:
    """Change these customers as decided, each once, with an entry in the audit for each.

    Reasons lifted meanwhile are left as they are; who has none left is free.
    """
    insert_rows(
        connection,
        BlockReason,
        ("customer_id", "origin", "reason", "raised_at", "raised_by", "consultation_id", "lifted_by", "lift_reason"),
        (
            (one.customer_id, origin.value, reason, at, by, one.consultation_id, "", "")
            for one in decided
            for origin, reason in one.decision.add
        ),
    )
    lifted = [
        {
            "reason_id": reason_id,
            "of_customer": one.customer_id,
            "at": at,
            "by": by,
            "why": one.reason,
            "consultation": one.consultation_id,
        }
        for one in decided
        for reason_id in one.decision.lift
    ]
    if lifted:
        connection.execute(_LIFT, lifted)
    touched = (one.customer_id for one in decided if one.decision.add or one.decision.lift)
    still = exists().where(BlockReason.customer_id == Customer.id, BlockReason.lifted_at.is_(None))
    for ids in batches(touched):
        connection.execute(update(Customer).where(Customer.id.in_(ids)).values(blocked=still))
    for brand_id in {one.decision.brand_id for one in decided} - {None}:
        for ids in batches(one.customer_id for one in decided if one.decision.brand_id == brand_id):
            connection.execute(update(Customer).where(Customer.id.in_(ids)).values(brand_id=brand_id))
    machine = platform.node()
    insert_rows(
        connection,
        AuditEntry,
        ("at", "actor", "machine", "subject", "what", "company_id", "old", "new"),
        ((at, by, machine, f"clientes/{one.customer_id}", _what(one), 0, "", one.decision.why) for one in decided),
    )


def batches(ids: Iterable[int]) -> Iterator[list[int]]:
    """The numbers in lots that one statement may name."""
    every = list(ids)
    for start in range(0, len(every), _AT_ONCE):
        yield every[start : start + _AT_ONCE]


def _what(one: Decided) -> str:
    what = "bloqueio" if one.decision.add or one.decision.lift else "bandeira"
    if one.analysis_id is not None:
        return f"cliente {one.customer_id}: {what} pela análise de crédito {one.analysis_id}"
    return f"cliente {one.customer_id}: {what} pela consulta {one.consultation_id}"
