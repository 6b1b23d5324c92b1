"""Gerenciadoras that are not asked for now, in one environment: all machines respect it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from app.data.models import CreditPause
from app.policies import Environment


@dataclass(frozen=True)
class Pause:
    """One pause in force; without `until` it ends when a person mends what is wrong."""

    manager_id: int
    environment: Environment
    until: datetime | None
    why: str


_t = CreditPause


def in_force(connection: Connection, now: datetime) -> list[Pause]:
    """What is not asked at this moment."""
    statement = select(_t.manager_id, _t.environment, _t.until, _t.why).where(or_(_t.until.is_(None), _t.until > now))
    return [Pause(row[0], Environment(row[1]), row[2], row[3]) for row in connection.execute(statement).all()]


def hold(connection: Connection, pause: Pause) -> None:
    """Do not ask it until then, whatever was said before."""
    keys = {"manager_id": pause.manager_id, "environment": pause.environment.value}
    values = {"until": pause.until, "why": pause.why}
    with suppress(IntegrityError), connection.begin_nested():  # there is one
        connection.execute(insert(_t).values(**keys, **values))
        return
    which = (_t.manager_id == pause.manager_id, _t.environment == pause.environment.value)
    connection.execute(update(_t).where(*which).values(values))


def resume(connection: Connection, manager_id: int, environment: Environment | None = None) -> bool:
    """A person says that it is asked again, in one environment or in both, whatever it was held for. False when nothing
    was held."""
    return bool(connection.execute(delete(_t).where(*_of(manager_id, environment))).rowcount)


def mended(connection: Connection, manager_id: int, environment: Environment | None = None) -> None:
    """A person has just mended what may have been wrong (credentials, address, mapping): what waited for that is over.
    One that asked to be left alone still is."""
    connection.execute(delete(_t).where(*_of(manager_id, environment), _t.until.is_(None)))


def _of(manager_id: int, environment: Environment | None) -> list[ColumnElement[bool]]:
    which = [_t.manager_id == manager_id]
    if environment is not None:
        which.append(_t.environment == environment.value)
    return which
