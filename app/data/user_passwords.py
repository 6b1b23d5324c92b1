"""Users' passwords as argon2id keeps them, and the wrong ones tried, counted before they are looked at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, insert, or_, select, update

from app.data.models import User, UserPassword

_FREE_FAILURES = 2  # after the third wrong password in a row the user waits
_FIRST_WAIT_S = 30
_LONGEST_WAIT_S = 15 * 60


@dataclass(frozen=True)
class Account:
    """A user who may be asked for a password; `hash` is None for one who has none. A repr never shows it."""

    user_id: int
    login: str
    name: str
    active: bool
    may_release: bool
    hash: str | None

    def __repr__(self) -> str:
        return f"Account({self.user_id}, {self.login!r})"


@dataclass(frozen=True)
class PasswordChange:
    """When a user's password was last set, and by whom."""

    at: datetime
    by: str


_t = UserPassword
_ACCOUNT = (
    select(User.id, User.login, User.name, User.active, User.may_release, _t.hash)
    .outerjoin(_t, _t.user_id == User.id)
    .where(User.login == bindparam("login"))
)


def account(connection: Connection, login: str) -> Account | None:
    """The user with that login, or None."""
    found = connection.execute(_ACCOUNT, {"login": login}).first()
    return None if found is None else Account(*found)


def change(connection: Connection, user_id: int) -> PasswordChange | None:
    """When the user's password was last set, None when there is none."""
    found = connection.execute(select(_t.changed_at, _t.changed_by).where(_t.user_id == user_id)).first()
    return None if found is None else PasswordChange(*found)


def put(connection: Connection, user_id: int, hash_: str, *, by: str, at: datetime) -> None:
    """Set the password, the first or another; what was tried before is forgotten."""
    values = {"hash": hash_, "changed_at": at, "changed_by": by, "failures": 0, "retry_at": None}
    if not connection.execute(update(_t).where(_t.user_id == user_id).values(values)).rowcount:
        connection.execute(insert(_t).values(user_id=user_id, **values))


def count_attempt(connection: Connection, user_id: int, now: datetime) -> datetime | None:
    """Count one more attempt as if it failed, unless the user must wait: then until when is returned.

    Counted first and forgiven when right (see `forgive`), so that attempts made at once cannot all be free.
    """
    counted = connection.execute(
        update(_t)
        .where(_t.user_id == user_id, or_(_t.retry_at.is_(None), _t.retry_at <= now))
        .values(failures=_t.failures + 1)
        .returning(_t.failures)
    ).scalar()
    if counted is None:
        return connection.execute(select(_t.retry_at).where(_t.user_id == user_id)).scalar()
    if counted > _FREE_FAILURES:
        wait_s = min(_FIRST_WAIT_S * 2 ** (counted - _FREE_FAILURES - 1), _LONGEST_WAIT_S)
        connection.execute(update(_t).where(_t.user_id == user_id).values(retry_at=now + timedelta(seconds=wait_s)))
    return None


def forgive(connection: Connection, user_id: int, better_hash: str | None = None) -> None:
    """The password was right: forget the wrong ones; `better_hash` is the same password kept as argon2 now advises."""
    values = {"failures": 0, "retry_at": None} | ({} if better_hash is None else {"hash": better_hash})
    connection.execute(update(_t).where(_t.user_id == user_id).values(values))
