"""Users' passwords: set by whoever administers them, asked when a person releases a sale. Kept by argon2id only."""

from __future__ import annotations

import secrets
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from math import ceil
from typing import TYPE_CHECKING

from app.data import audit, login_attempts, records, user_passwords
from app.data.database import Database
from app.data.identity import identity
from app.data.user_passwords import Account
from app.kinds import InvalidValue
from app.tables import USERS

if TYPE_CHECKING:
    from argon2 import PasswordHasher

SHORTEST = 8
LONGEST = 128
"""How many characters a password has."""


# The least that OWASP advises (Password Storage Cheat Sheet): every attempt makes one, before it may have to wait.
_DIGEST_COST = {"time_cost": 2, "memory_cost": 19 * 1024, "parallelism": 1}


class WrongPassword(Exception):
    """The login and the password do not belong together; which of them is wrong is never told."""


class MustWait(Exception):
    """Too many wrong passwords: none is looked at for `wait_s` seconds."""

    def __init__(self, wait_s: int) -> None:
        super().__init__(wait_s)
        self.wait_s = wait_s


@dataclass(frozen=True)
class _Hashing:
    """The hasher with the parameters that argon2-cffi advises, and a hash of nobody's, made with the same."""

    hasher: PasswordHasher
    nobodys: str


def set_password(database: Database, user_id: int, password: str, *, actor: str, now: datetime) -> None:
    """Give a user a password, in the place of any other.

    Raises InvalidValue for a password that is too short, too long or the login itself, and RecordNotFound.
    """
    with database.reading() as connection:
        user = records.get(connection, USERS, user_id)
    login = user.values["login"]
    normal = _normal(password)
    if len(normal) < SHORTEST:
        raise InvalidValue(f"A senha tem {len(normal)} caracteres: use pelo menos {SHORTEST}.")
    if len(normal) > LONGEST:
        raise InvalidValue(f"A senha tem {len(normal)} caracteres e o limite é {LONGEST}.")
    if normal.casefold() == login.casefold():
        raise InvalidValue("A senha não pode ser o próprio login: escolha outra.")
    kept = _hashing().hasher.hash(_bytes(normal))
    digest = _login_digest(database, login)
    with database.writing() as connection:
        before = user_passwords.change(connection, user_id)
        user_passwords.put(connection, user_id, kept, by=actor, at=now)
        login_attempts.forgive(connection, digest)
        audit.record(
            connection,
            actor=actor,
            subject=f"{USERS.key}/{user_id}",
            what=f"usuário {login}: senha {'definida' if before is None else 'trocada'}",
            old="",
            new="",
            at=now,
        )


def check_password(database: Database, login: str, password: str, now: datetime) -> Account:
    """The active user of that login and password, after a time that does not depend on which is wrong.

    Raises WrongPassword, and MustWait, with the password not looked at, after three wrong ones in a row: 30 seconds,
    twice that after each one more, at most 15 minutes; a day without any forgets them. A login that nobody has waits
    as any other.
    """
    from argon2.exceptions import VerificationError

    digest = _login_digest(database, login)
    with database.writing() as connection:
        until = login_attempts.count(connection, digest, now)
        account = user_passwords.account(connection, login.strip()) if login.isprintable() else None
    if until is not None:
        raise MustWait(ceil((until - now).total_seconds()))
    hashing, given = _hashing(), _bytes(_normal(password))
    kept = account.hash if account is not None and account.active and account.hash else hashing.nobodys
    try:
        hashing.hasher.verify(kept, given)
    except VerificationError:
        raise WrongPassword from None
    assert account is not None, "nobody knows the password of nobody's"
    better = hashing.hasher.hash(given) if hashing.hasher.check_needs_rehash(kept) else None
    with database.writing() as connection:
        login_attempts.forgive(connection, digest)
        if better is not None:
            user_passwords.improve(connection, account.user_id, better)
    return account


def _login_digest(database: Database, login: str) -> str:
    """What stands for a login where attempts are counted: a password typed in its place could not be tried out."""
    from argon2.low_level import Type, hash_secret_raw

    with database.reading() as connection:
        salt = bytes.fromhex(identity(connection))
    return hash_secret_raw(_bytes(login.strip()), salt, hash_len=32, type=Type.ID, **_DIGEST_COST).hex()


def _normal(password: str) -> str:
    """The same characters, however a keyboard composes their accents."""
    return unicodedata.normalize("NFKC", password)


def _bytes(normal: str) -> bytes:
    return normal.encode(errors="surrogatepass")  # a password may be halves of characters; it is only wrong then


@cache
def _hashing() -> _Hashing:
    from argon2 import PasswordHasher

    hasher = PasswordHasher()
    return _Hashing(hasher, hasher.hash(secrets.token_hex()))
