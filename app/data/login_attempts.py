"""Passwords tried, by login: counted before they are looked at, alike whether anybody has that login or not.

A login is kept as a digest, for a person may type a password in its place (see services.passwords). What is left alone
for a day is forgotten, and of very many logins those tried longest ago.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, delete, insert, select, text, update

from app.data.models import LoginAttempt

FORGOTTEN_AFTER = timedelta(days=1)
MOST = 10_000
"""How many logins are remembered."""

_FREE_FAILURES = 2  # after the third wrong password in a row the login waits
_FIRST_WAIT_S = 30
_LONGEST_WAIT_S = 15 * 60

_t = LoginAttempt
_FORGET = delete(_t).where(_t.at <= bindparam("until", type_=_t.at.type))
_FIND = select(_t.failures, _t.retry_at).where(_t.login_digest == bindparam("its_digest"))


def count(connection: Connection, login_digest: str, now: datetime) -> datetime | None:
    """Count one more attempt as if it failed, unless the login must wait: then until when is returned.

    Counted first and forgiven when right (see `forgive`), so that attempts made at once cannot all be free.
    """
    if connection.dialect.name == "postgresql":  # in SQLite a writing transaction is alone anyway
        connection.execute(text(f"LOCK TABLE {_t.__tablename__} IN SHARE ROW EXCLUSIVE MODE"))
    connection.execute(_FORGET, {"until": now - FORGOTTEN_AFTER})
    found = connection.execute(_FIND, {"its_digest": login_digest}).first()
    if found is not None and found.retry_at is not None and found.retry_at > now:
        until: datetime = found.retry_at
        return until
    failures = 1 if found is None else found.failures + 1
    values = {"at": now, "failures": failures, "retry_at": _retry_at(failures, now)}
    if found is None:
        _make_room(connection)
        connection.execute(insert(_t).values(login_digest=login_digest, **values))
    else:
        connection.execute(update(_t).where(_t.login_digest == login_digest).values(values))
    return None


def forgive(connection: Connection, login_digest: str) -> None:
    """The password was right, or is another now: forget the wrong ones."""
    connection.execute(delete(_t).where(_t.login_digest == login_digest))


def _retry_at(failures: int, now: datetime) -> datetime | None:
    if failures <= _FREE_FAILURES:
        return None
    doubled = min(failures - _FREE_FAILURES - 1, _LONGEST_WAIT_S.bit_length())
    return now + timedelta(seconds=min(_FIRST_WAIT_S * 2**doubled, _LONGEST_WAIT_S))


def _make_room(connection: Connection) -> None:
    kept = select(_t.login_digest).order_by(_t.at.desc(), _t.login_digest).limit(MOST - 1)
    connection.execute(delete(_t).where(_t.login_digest.not_in(kept)))
