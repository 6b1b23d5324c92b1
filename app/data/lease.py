"""Which machine runs a service: one row a service, taken and renewed by a conditional UPDATE by the server's clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from app.data.models import Lease

DURATION = timedelta(minutes=2)
"""Longer than the longest consultation (15 s to connect, 45 s to begin, 45 s to end), during which nobody renews it."""


@dataclass(frozen=True)
class Holder:
    """Who has it and until when."""

    owner: str
    until: datetime


def take(connection: Connection, name: str, owner: str, now: datetime) -> bool:
    """Take or renew the lease; False when another owner still holds it. PostgreSQL's own clock decides there."""
    moment = _now(connection, now)
    values = {"owner": owner, "until": moment + DURATION}
    renewed = connection.execute(
        update(Lease).where(Lease.name == name, or_(Lease.owner == owner, Lease.until <= moment)).values(values)
    )
    if renewed.rowcount:
        return True
    if holder(connection, name) is not None:
        return False
    try:
        with connection.begin_nested():
            connection.execute(insert(Lease).values(name=name, **values))
    except IntegrityError:
        return False
    return True


def release(connection: Connection, name: str, owner: str, now: datetime) -> None:
    """Give it back, so that another machine need not wait."""
    connection.execute(
        update(Lease).where(Lease.name == name, Lease.owner == owner).values(until=_now(connection, now))
    )


def holder(connection: Connection, name: str) -> Holder | None:
    """Who holds or last held it."""
    row = connection.execute(select(Lease.owner, Lease.until).where(Lease.name == name)).first()
    return None if row is None else Holder(*row)


def held_by_another(connection: Connection, name: str, owner: str, now: datetime) -> Holder | None:
    """Who else holds it at this moment, or None when it is free or one's own."""
    found = holder(connection, name)
    return found if found is not None and found.owner != owner and found.until > _now(connection, now) else None


def _now(connection: Connection, now: datetime) -> datetime:
    if connection.dialect.name == "sqlite":
        return now
    server: datetime = connection.execute(select(func.now())).scalar_one()
    return server
