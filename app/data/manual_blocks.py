"""Blocks raised and lifted by a person: the reason given, the change and its audit in the caller's transaction."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection

from app.data import audit, blocks
from app.domain import BlockOrigin
from app.kinds import InvalidValue, Text

REASON = Text(300, required=True)


def block(connection: Connection, customer_id: int, reason: str, *, actor: str, at: datetime) -> None:
    """Block the customer by hand. Raises InvalidValue when the reason says nothing or too much."""
    written = _checked(reason)
    blocks.add(connection, customer_id, BlockOrigin.MANUAL, written, by=actor, at=at)
    audit.record(
        connection,
        actor=actor,
        subject=f"clientes/{customer_id}",
        what=f"cliente {customer_id}: bloqueado manualmente",
        old="",
        new=written,
        at=at,
    )


def release(
    connection: Connection,
    customer_id: int,
    reason_ids: Collection[int],
    why: str,
    *,
    actor: str,
    at: datetime,
) -> int:
    """Lift some of the customer's active reasons, of any origin, and return how many still were active.

    Raises InvalidValue when `why` says nothing or too much.
    """
    written = _checked(why)
    chosen = [reason for reason in blocks.active(connection, customer_id) if reason.id in reason_ids]
    blocks.lift(connection, customer_id, [reason.id for reason in chosen], why=written, by=actor, at=at)
    for reason in chosen:
        audit.record(
            connection,
            actor=actor,
            subject=f"clientes/{customer_id}",
            what=f"cliente {customer_id}: bloqueio retirado manualmente ({reason.origin.label})",
            old=reason.reason,
            new=written,
            at=at,
        )
    return len(chosen)


def _checked(text: str) -> str:
    if not text.strip():
        raise InvalidValue("Escreva o motivo: ele fica no histórico do cliente e na auditoria.")
    return REASON.parse(text)
