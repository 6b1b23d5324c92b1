"""What counters were answered to their writes: the same write sent again is answered and not made again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, delete, func, insert, select, tuple_

from app.data.models import IdempotentAnswer

KEPT_FOR = timedelta(hours=48)
"""How long an answer is kept: whoever repeats a write later makes it anew."""

_FORGOTTEN_AT_ONCE = 200


@dataclass(frozen=True)
class KeptAnswer:
    """What was answered; `request_sha256` tells whether the same thing was asked."""

    request_sha256: str
    status: int
    body: bytes


_t = IdempotentAnswer
# Built once: every write of a counter runs them.
_OLD = (
    select(_t.counter_id, _t.key)
    .where(_t.at <= bindparam("until", type_=_t.at.type))
    .limit(_FORGOTTEN_AT_ONCE)
    .with_for_update(skip_locked=True)
)
_FORGET = delete(_t).where(tuple_(_t.counter_id, _t.key).in_(_OLD))
_FIND = select(_t.request_sha256, _t.status, _t.body).where(
    _t.counter_id == bindparam("counter"), _t.key == bindparam("its_key")
)
_KEEP = insert(_t)


def find(connection: Connection, counter_id: int, key: str, now: datetime) -> KeptAnswer | None:
    """What the counter was answered under that key, or None; then no other transaction uses the key until this one
    ends. Answers kept for too long are forgotten first."""
    if connection.dialect.name == "postgresql":  # in SQLite a writing transaction is alone anyway
        lock = func.pg_advisory_xact_lock(counter_id, func.hashtext(key))
        connection.execute(select(lock))
    connection.execute(_FORGET, {"until": now - KEPT_FOR})
    found = connection.execute(_FIND, {"counter": counter_id, "its_key": key}).first()
    return None if found is None else KeptAnswer(found.request_sha256, found.status, bytes(found.body))


def keep(connection: Connection, counter_id: int, key: str, answer: KeptAnswer, now: datetime) -> None:
    """Keep what is being answered, in the transaction of the write."""
    connection.execute(
        _KEEP,
        {
            "counter_id": counter_id,
            "key": key,
            "request_sha256": answer.request_sha256,
            "status": answer.status,
            "body": answer.body,
            "at": now,
        },
    )
