"""Sales that a person let go on in spite of overdue store credit: one release a check, for one sale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from app.data.models import OverdueRelease, User


@dataclass(frozen=True)
class Released:
    """Who released a check, when, where and why; the instalments are numbers of those that were overdue."""

    check_id: int
    at: datetime
    login: str
    name: str
    reason: str
    counter_id: int | None
    machine: str
    instalments: tuple[int, ...]


_t = OverdueRelease


def record(
    connection: Connection,
    check_id: int,
    user_id: int,
    reason: str,
    instalments: Sequence[int],
    *,
    counter_id: int | None,
    machine: str,
    at: datetime,
) -> None:
    """Keep one release. Raises sqlalchemy's IntegrityError when the check has one already."""
    connection.execute(
        insert(_t).values(
            check_id=check_id,
            at=at,
            user_id=user_id,
            reason=reason,
            counter_id=counter_id,
            machine=machine,
            instalments=list(instalments),
        )
    )


def spend(connection: Connection, check_id: int, reference: str) -> None:
    """The release of a check has served the sale of that reference, "" for one without, and serves no other."""
    connection.execute(update(_t).where(_t.check_id == check_id).values(sold_as=reference))


def of_check(connection: Connection, check_id: int) -> Released | None:
    """The release of a check, or None."""
    found = connection.execute(
        select(_t.check_id, _t.at, User.login, User.name, _t.reason, _t.counter_id, _t.machine, _t.instalments)
        .join(User, User.id == _t.user_id)
        .where(_t.check_id == check_id)
    ).first()
    return None if found is None else Released(*found[:-1], tuple(found[-1]))
