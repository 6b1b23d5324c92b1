"""How each certificate stands with each authorizer: kept through a restart and shared by all machines."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, and_, bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError

from app.data.models import AuthorizerPace
from app.rules.pacing import Limits, Pace, Turn, called, turn

_p = AuthorizerPace
COLUMNS = tuple(getattr(_p, field.name) for field in fields(Pace))
"""What `pace_of` reads."""
# Every consultation runs these, and building a statement costs ten times as much as running it.
_KEY = and_(_p.certificate_cnpj == bindparam("cnpj"), _p.authorizer == bindparam("of"))
_READ = select(*COLUMNS).where(_KEY)
_LOCK = _READ.with_for_update()
_KEEP = update(_p).where(_KEY)


def read(connection: Connection, certificate_cnpj: str, authorizer: str) -> Pace:
    """The pace of that certificate ("" where none is presented) at that authorizer."""
    found = connection.execute(_READ, {"cnpj": certificate_cnpj, "of": authorizer}).first()
    return Pace() if found is None else pace_of(found)


def all_of(connection: Connection, certificate_cnpj: str) -> dict[str, Pace]:
    """The paces of one certificate, by authorizer."""
    found = connection.execute(select(_p.authorizer, *COLUMNS).where(_p.certificate_cnpj == certificate_cnpj))
    return {authorizer: pace_of(columns) for authorizer, *columns in found}


def held(connection: Connection, certificate_cnpj: str, authorizer: str) -> Pace:
    """As `read`, and no other machine changes it before this transaction ends."""
    key = {"cnpj": certificate_cnpj, "of": authorizer}
    found = connection.execute(_LOCK, key).first()
    if found is None:
        with suppress(IntegrityError), connection.begin_nested():  # another machine may put it there first
            connection.execute(
                insert(_p).values(certificate_cnpj=certificate_cnpj, authorizer=authorizer, **_columns(Pace()))
            )
        found = connection.execute(_LOCK, key).one()
    return pace_of(found)


def keep(connection: Connection, certificate_cnpj: str, authorizer: str, pace: Pace) -> None:
    """Keep the new pace, of which `held` gave the old one in this transaction."""
    connection.execute(_KEEP, {"cnpj": certificate_cnpj, "of": authorizer, **_columns(pace)})


def reserve(
    connection: Connection,
    certificate_cnpj: str,
    authorizer: str,
    *,
    fingerprint: str,
    limits: Limits,
    now: datetime,
    jitter: float,
) -> Turn:
    """Count a call made now if it may be made now: then the turn is not later than `now`; else when it may be.

    Of two machines that ask at once, one gets the turn and the other the next one.
    """
    pace = held(connection, certificate_cnpj, authorizer).of(fingerprint)
    found = turn(pace, limits, now)
    if found.at <= now:
        keep(connection, certificate_cnpj, authorizer, called(pace, limits, now, jitter))
    return found


def pace_of(found: Any) -> Pace:
    """The pace in a row of COLUMNS."""
    calls, *rest = found
    return Pace(tuple(datetime.fromisoformat(call) for call in calls), *rest)


def _columns(pace: Pace) -> dict[str, Any]:
    return {**vars(pace), "calls": [call.astimezone(UTC).isoformat() for call in pace.calls]}
