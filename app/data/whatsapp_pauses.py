"""What is not sent by WhatsApp for now: a whole sender, one of its templates or one person. All machines respect it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from sqlalchemy import Connection, and_, delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from app.data import audit
from app.data.models import WhatsAppPause
from app.phone import shown_phone


class PauseKind(Enum):
    """What a pause holds."""

    CHANNEL = "canal"
    TEMPLATE = "modelo"
    PERSON = "numero"


@dataclass(frozen=True)
class Subject:
    """Whose messages are held. `number_id` is the sender's Phone Number ID; `name` the template or the E.164 digits."""

    kind: PauseKind
    number_id: str = ""
    name: str = ""

    @property
    def key(self) -> str:
        """The text kept in the database."""
        return ":".join(part for part in (self.kind.value, self.number_id, self.name) if part)

    @property
    def label(self) -> str:
        """The words shown to the operator."""
        return {
            PauseKind.CHANNEL: f"Todas as mensagens do número {self.number_id}",
            PauseKind.TEMPLATE: f"Modelo {self.name}",
            PauseKind.PERSON: f"Mensagens para {shown_phone(self.name)}",
        }[self.kind]


def channel(number_id: str) -> Subject:
    """Everything that this sender sends."""
    return Subject(PauseKind.CHANNEL, number_id)


def template(number_id: str, name: str) -> Subject:
    """One template of this sender."""
    return Subject(PauseKind.TEMPLATE, number_id, name)


def person(destination: str) -> Subject:
    """What goes to one person."""
    return Subject(PauseKind.PERSON, name=destination)


@dataclass(frozen=True)
class Pause:
    """One pause in force; without `until` it ends when a person resumes."""

    subject: Subject
    until: datetime | None
    reason: str
    error_code: int | None
    since: datetime


_t = WhatsAppPause


def in_force(connection: Connection, now: datetime) -> list[Pause]:
    """What is held at this moment, those that wait for a person first."""
    statement = (
        select(_t.what, _t.until, _t.reason, _t.error_code, _t.since)
        .where(or_(_t.until.is_(None), _t.until > now))
        .order_by(_t.until.is_not(None), _t.what)
    )
    return [Pause(_subject(row.what), *row[1:]) for row in connection.execute(statement)]


def hold(
    connection: Connection, subject: Subject, until: datetime | None, reason: str, error_code: int | None, now: datetime
) -> None:
    """Send nothing of it until then, or, without `until`, until a person resumes. One that waits for a person stays."""
    values = {"until": until, "reason": reason, "error_code": error_code, "since": now}
    with suppress(IntegrityError), connection.begin_nested():  # there is one, of another machine perhaps
        connection.execute(insert(_t).values(what=subject.key, **values))
        return
    replaced = _t.what == subject.key if until is None else and_(_t.what == subject.key, _t.until.is_not(None))
    connection.execute(update(_t).where(replaced).values(values))


def resume(connection: Connection, subject: Subject, *, actor: str, now: datetime) -> bool:
    """Send again, by a person's order, kept in the audit. False when nothing was held."""
    found = connection.execute(delete(_t).where(_t.what == subject.key).returning(_t.reason)).first()
    if found is None:
        return False
    audit.record(
        connection,
        actor=actor,
        subject="whatsapp/pausa",
        what=f"pausa: {subject.label}",
        old=found.reason,
        new="retomado",
        at=now,
    )
    return True


def forget_ended(connection: Connection, now: datetime) -> None:
    """Erase the pauses that ended by themselves: they name people."""
    connection.execute(delete(_t).where(_t.until <= now))


def _subject(key: str) -> Subject:
    kind, _, rest = key.partition(":")
    if kind == PauseKind.PERSON.value:
        return person(rest)
    number_id, _, name = rest.partition(":")
    return Subject(PauseKind(kind), number_id, name)
