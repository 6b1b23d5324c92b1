"""The counters (balcões) that may talk to the integration service, and the tokens by which it knows them."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, insert, or_, select, update

from app.data import audit, records
from app.data.models import Counter as _Row
from app.kinds import InvalidValue, Text
from app.tables import COMPANIES

TOKEN_PREFIX = "rtg_"
"""How every token begins, so that one left in a file or a message is recognised."""

NAME = Text(80, required=True)
"""The kind of a counter's name."""

_TOKEN_BYTES = 32
_HINT_LENGTH = 4
_ADDRESS_LENGTH = 64
_VERSION_LENGTH = 60


@dataclass(frozen=True)
class Counter:
    """A counter as it is kept. `company_id` is the only company that it may speak for, None for every one.

    `token_hint` is the end of its token. `last_version` is what it says of itself in User-Agent.
    """

    id: int
    name: str
    company_id: int | None
    token_hint: str
    created_at: datetime
    created_by: str
    revoked_at: datetime | None
    revoked_by: str
    last_seen_at: datetime | None
    last_address: str
    last_version: str

    @property
    def revoked(self) -> bool:
        """Whether its token is worth nothing any more."""
        return self.revoked_at is not None


@dataclass(frozen=True)
class Caller:
    """A counter whose token was accepted: who asks, and for which company (None: every one)."""

    id: int
    name: str
    company_id: int | None


@dataclass(frozen=True)
class Sighting:
    """The last time that a counter was heard, from where, and what it says of itself."""

    counter_id: int
    at: datetime
    address: str
    version: str


class CounterNotFound(LookupError):
    """There is no such counter; the message is for the operator."""


_COLUMNS = (
    _Row.id,
    _Row.name,
    _Row.company_id,
    _Row.token_hint,
    _Row.created_at,
    _Row.created_by,
    _Row.revoked_at,
    _Row.revoked_by,
    _Row.last_seen_at,
    _Row.last_address,
    _Row.last_version,
)
_WORKING = select(_Row.token_hash, _Row.id, _Row.name, _Row.company_id).where(_Row.revoked_at.is_(None))


def token_hash(token: str) -> str:
    """What is kept of a token. One SHA-256 is enough: 32 random bytes cannot be guessed, unlike a person's password."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


def add(connection: Connection, name: str, company_id: int | None, actor: str, now: datetime) -> tuple[int, str]:
    """Let a counter in: its number, and the token that is told this once. One that was revoked comes back by its name.

    Raises InvalidValue.
    """
    records.wait_turn(connection, COMPANIES)  # the twin of a counter let in at the same moment is seen too
    name = NAME.parse(name)
    if company_id is not None and records.find(connection, COMPANIES, company_id) is None:
        raise InvalidValue(f"Não existe o código {company_id} em {COMPANIES.label}.")
    twin = next((known for known in every(connection) if known.name.casefold() == name.casefold()), None)
    if twin is not None and not twin.revoked:
        raise InvalidValue(f"Já existe o balcão {twin.id} · {twin.name}. Revogue-o antes, ou escolha outro nome.")
    token = TOKEN_PREFIX + secrets.token_urlsafe(_TOKEN_BYTES)
    values = {
        "name": name,
        "company_id": company_id,
        "token_hash": token_hash(token),
        "token_hint": token[-_HINT_LENGTH:],
        "created_at": now,
        "created_by": actor,
        "revoked_at": None,
        "revoked_by": "",
    }
    if twin is None:
        result = connection.execute(insert(_Row).values(values).returning(_Row.id))
        number = int(result.scalar_one())
    else:
        number = twin.id
        connection.execute(update(_Row).where(_Row.id == number).values(values))
    company = "todas as empresas" if company_id is None else f"empresa {company_id}"
    what = "incluído" if twin is None else "incluído de novo"
    _audit(connection, number, actor, now, what, "", f"{name}, {company}, token que termina em {values['token_hint']}")
    return number, token


def revoke(connection: Connection, counter_id: int, actor: str, now: datetime) -> Counter:
    """Make its token worth nothing, and return the counter as it is now. Raises CounterNotFound."""
    counter = get(connection, counter_id)
    revoked = connection.execute(
        update(_Row).where(_Row.id == counter_id, _Row.revoked_at.is_(None)).values(revoked_at=now, revoked_by=actor)
    )
    if revoked.rowcount:
        _audit(connection, counter_id, actor, now, "revogado", counter.name, "")
    return get(connection, counter_id)


def get(connection: Connection, counter_id: int) -> Counter:
    """The counter. Raises CounterNotFound."""
    row = connection.execute(select(*_COLUMNS).where(_Row.id == counter_id)).first()
    if row is None:
        raise CounterNotFound(f"Não existe o balcão {counter_id}.")
    return Counter(*row)


def every(connection: Connection) -> list[Counter]:
    """All counters by name, revoked ones too."""
    return [Counter(*row) for row in connection.execute(select(*_COLUMNS).order_by(func.lower(_Row.name), _Row.id))]


def working(connection: Connection) -> dict[str, Caller]:
    """Those whose token is accepted, by its hash."""
    return {row[0]: Caller(*row[1:]) for row in connection.execute(_WORKING)}


def note_seen(connection: Connection, sightings: Iterable[Sighting]) -> None:
    """Keep when each was last heard. Another computer may have heard one later: that stands."""
    for seen in sightings:
        connection.execute(
            update(_Row)
            .where(_Row.id == seen.counter_id, or_(_Row.last_seen_at.is_(None), _Row.last_seen_at < seen.at))
            .values(
                last_seen_at=seen.at,
                last_address=seen.address[:_ADDRESS_LENGTH],
                last_version=seen.version[:_VERSION_LENGTH],
            )
        )


def _audit(connection: Connection, number: int, actor: str, now: datetime, what: str, old: str, new: str) -> None:
    audit.record(connection, actor=actor, subject=f"balcoes/{number}", what=f"Balcão: {what}", old=old, new=new, at=now)
