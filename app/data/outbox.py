"""The outbox: every message to a customer, written with what it tells of, reserved by who sends it, and its outcome.

A message changes its state here and nowhere else, and only forward (see `rules.outbox.BEFORE`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, exists, func, insert, or_, select, update

from app.data.models import Customer, ServiceOrderEvent, WhatsAppMessage
from app.policies import ServiceOrderStage
from app.rules.outbox import BEFORE, DAY, PAIR_INTERVAL, RESENDABLE, MessageState, Waiting

RESERVATION = timedelta(minutes=2)
"""Longer than a call to the API takes at most: whoever still has a message after it was ended in the middle."""

_t = WhatsAppMessage
_LEFT = tuple(
    state.value for state in (MessageState.ACCEPTED, MessageState.DELIVERED, MessageState.READ, MessageState.UNCERTAIN)
)


@dataclass(frozen=True)
class NewMessage:
    """What a message says and to whom. A test has no event, company, order, stage or customer.

    `destination` is E.164 digits, "" when there is none; `unique_key` goes with it to the API.
    """

    destination: str
    template: str
    language: str
    parameters: tuple[str, ...]
    unique_key: str
    event_id: int | None = None
    company_id: int | None = None
    order_number: str = ""
    stage: ServiceOrderStage | None = None
    customer_id: int | None = None
    customer_name: str = ""
    expires_at: datetime | None = None


@dataclass(frozen=True)
class Outgoing:
    """A message reserved: only who reserved it may send it. `attempts` counts this one."""

    id: int
    company_id: int | None
    order_number: str
    customer_id: int | None
    destination: str
    template: str
    language: str
    parameters: tuple[str, ...]
    unique_key: str
    attempts: int


# --- writing ---


def add(connection: Connection, message: NewMessage, state: MessageState, reason: str, now: datetime) -> int:
    """Write a message and return its number."""
    values = {
        **_content(message),
        "created_at": now,
        "state": state.value,
        "state_at": now,
        "reason": reason,
        "attempts": 0,
        "external_id": "",
        "wa_id": "",
        "error_detail": "",
        "reserved_by": "",
    }
    return int(connection.execute(insert(_t).values(values).returning(_t.id)).scalar_one())


def queue_again(connection: Connection, message_id: int, message: NewMessage, now: datetime) -> bool:
    """Put one that is over back in the queue, written anew, by a person's order. False when it may not be."""
    values = {
        **_content(message),
        "state": MessageState.PENDING.value,
        "state_at": now,
        "reason": "",
        "attempts": 0,
        "next_at": None,
        "external_id": "",
        "wa_id": "",
        "error_code": None,
        "error_detail": "",
    }
    resendable = [state.value for state in RESENDABLE]
    changed = connection.execute(update(_t).where(_t.id == message_id, _t.state.in_(resendable)).values(values))
    return bool(changed.rowcount)


def replace_older(connection: Connection, company_id: int, order_number: str, now: datetime) -> None:
    """Cancel what waits of an order of which there are newer news."""
    _settle(
        connection,
        MessageState.PENDING,
        MessageState.CANCELLED,
        "A ordem andou antes de esta mensagem sair: vai só a mais nova.",
        now,
        _t.company_id == company_id,
        _t.order_number == order_number,
    )


def _content(message: NewMessage) -> dict[str, Any]:
    stage = message.stage.value if message.stage else ""
    return {**vars(message), "stage": stage, "parameters": list(message.parameters)}


# --- sending ---


def waiting(connection: Connection, after_id: int, limit: int) -> list[Waiting]:
    """The queue in the order in which it leaves, from that number on."""
    columns = (_t.id, _t.company_id, _t.destination, _t.template, _t.next_at, _t.reason)
    statement = (
        select(*columns).where(_t.state == MessageState.PENDING.value, _t.id > after_id).order_by(_t.id).limit(limit)
    )
    return [Waiting(*row) for row in connection.execute(statement)]


def companies_waiting(connection: Connection) -> list[int]:
    """The companies with messages in the queue."""
    statement = (
        select(_t.company_id).where(_t.state == MessageState.PENDING.value, _t.company_id.is_not(None)).distinct()
    )
    return sorted(int(company) for company in connection.execute(statement).scalars() if company is not None)


def unsettled(connection: Connection) -> dict[MessageState, int]:
    """How many messages are in each state about which somebody, or this program, has something to do."""
    states = [state.value for state in (MessageState.PENDING, MessageState.SENDING, MessageState.UNCERTAIN)]
    statement = select(_t.state, func.count()).where(_t.state.in_(states)).group_by(_t.state)
    return {MessageState(state): number for state, number in connection.execute(statement)}


def reserve(connection: Connection, message_id: int, owner: str, now: datetime) -> Outgoing | None:
    """Take a message out of the queue to send it; None when another has it or it is there no more."""
    row = connection.execute(
        select(_t.id)
        .where(_t.id == message_id, _t.state == MessageState.PENDING.value)
        .with_for_update(skip_locked=True)
    ).first()
    if row is None:
        return None
    values = {
        "state": MessageState.SENDING.value,
        "state_at": now,
        "reason": "",
        "attempts": _t.attempts + 1,
        "next_at": None,
        "reserved_by": owner,
        "reserved_until": now + RESERVATION,
    }
    columns = (
        _t.id,
        _t.company_id,
        _t.order_number,
        _t.customer_id,
        _t.destination,
        _t.template,
        _t.language,
        _t.parameters,
        _t.unique_key,
        _t.attempts,
    )
    found = connection.execute(update(_t).where(_t.id == message_id).values(values).returning(*columns)).one()
    return Outgoing(**{**found._mapping, "parameters": tuple(found.parameters)})


def advance(
    connection: Connection, message_id: int, state: MessageState, reason: str, now: datetime, **columns: Any
) -> bool:
    """Tell what became of a message. False, and nothing changes, when that would be a step back: confirmations come
    twice and out of order. `columns` are what else is learnt, by column."""
    values = {"state": state.value, "state_at": now, "reason": reason, "reserved_until": None, **columns}
    before = [each.value for each in BEFORE[state]]
    changed = connection.execute(update(_t).where(_t.id == message_id, _t.state.in_(before)).values(values))
    return bool(changed.rowcount)


# --- what has left ---


def day_ends(connection: Connection, limit: int, now: datetime) -> datetime | None:
    """Until when no more may leave, as `limit` have in 24 hours; None while it has not been reached."""
    newest = (
        select(_t.state_at)
        .where(_t.state_at > now - DAY, _t.state.in_(_LEFT))
        .order_by(_t.state_at.desc())
        .offset(limit - 1)
        .limit(1)
    )
    found = connection.execute(newest).scalar()
    return None if found is None else found + DAY


def people_lately(connection: Connection, now: datetime) -> dict[str, datetime]:
    """Who has just been written to, and when."""
    statement = (
        select(_t.destination, func.max(_t.state_at))
        .where(_t.state_at > now - PAIR_INTERVAL, _t.attempts > 0)
        .group_by(_t.destination)
    )
    return dict(connection.execute(statement).all())


# --- what time does to messages ---


def tidy(connection: Connection, now: datetime) -> None:
    """Settle what can wait no more: one whose sending was ended in the middle is uncertain; what is no longer valid, or
    no longer wanted by who would receive it, is left aside."""
    pending, failed, ignored = MessageState.PENDING, MessageState.FAILED, MessageState.IGNORED
    ended = "O programa foi encerrado durante o envio: não sabemos se o WhatsApp recebeu."
    _settle(connection, MessageState.SENDING, MessageState.UNCERTAIN, ended, now, _t.reserved_until <= now)
    late = _t.expires_at <= now
    tried = "A validade acabou antes de o WhatsApp aceitar a mensagem."
    _settle(connection, pending, failed, tried, now, late, _t.attempts > 0)
    _settle(connection, pending, ignored, "A validade acabou antes de a mensagem sair.", now, late)
    unwilling = exists().where(Customer.id == _t.customer_id, or_(~Customer.whatsapp_consent, ~Customer.active))
    withdrawn = "O cliente deixou de aceitar mensagens, ou foi inativado."
    _settle(connection, pending, ignored, withdrawn, now, unwilling)


def erase(connection: Connection, before: datetime) -> None:
    """Erase the messages that were over then, and the events of which there is no message: both name people."""
    over = [state.value for state in MessageState if state.is_over]
    connection.execute(delete(_t).where(_t.state_at < before, _t.state.in_(over)))
    told = select(_t.event_id).where(_t.event_id.is_not(None))
    e = ServiceOrderEvent
    connection.execute(delete(e).where(e.received_at < before, e.id.not_in(told)))


def _settle(
    connection: Connection,
    before: MessageState,
    after: MessageState,
    reason: str,
    now: datetime,
    *which: ColumnElement[bool],
) -> None:
    assert before in BEFORE[after]
    values = {"state": after.value, "state_at": now, "reason": reason, "reserved_until": None}
    connection.execute(update(_t).where(_t.state == before.value, *which).values(values))
