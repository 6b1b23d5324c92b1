"""Users' passwords as argon2id keeps them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, insert, select, update

from app.data.models import User, UserPassword


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
    """Set the password, the first or another."""
    values = {"hash": hash_, "changed_at": at, "changed_by": by}
    if not connection.execute(update(_t).where(_t.user_id == user_id).values(values)).rowcount:
        connection.execute(insert(_t).values(user_id=user_id, **values))


def improve(connection: Connection, user_id: int, better_hash: str) -> None:
    """Keep the same password as argon2 now advises."""
    connection.execute(update(_t).where(_t.user_id == user_id).values(hash=better_hash))
