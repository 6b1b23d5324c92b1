"""What counters tell of service orders: each event kept once, with the message that it means to the customer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import IntegrityError

from app.data import outbox
from app.data.models import Company, Customer, ServiceOrderEvent, WhatsAppMessage
from app.data.outbox import NewMessage
from app.documents import from_key
from app.domain import Document
from app.policies import ServiceOrderStage
from app.rules.outbox import MessageState, Person, newness, parameters, recipient, stale
from app.settings.catalog import (
    WHATSAPP_COLLAPSE,
    WHATSAPP_EXPIRY,
    WHATSAPP_FIELDS,
    WHATSAPP_LANGUAGE,
    WHATSAPP_ORDERS,
    WHATSAPP_TEMPLATE,
)
from app.settings.snapshot import Snapshot


@dataclass(frozen=True)
class ServiceOrderNews:
    """What happened to a service order. `version` counts how often the same stage of the same order was told.

    `situation` is the order's situation in the counter's own words, "" for those of the stage. `counter_id` is who
    tells, None for the program itself.
    """

    company_id: int
    order_number: str
    stage: ServiceOrderStage
    version: int
    document: Document
    situation: str
    occurred_at: datetime
    counter_id: int | None = None


@dataclass(frozen=True)
class RecordedEvent:
    """An event as it is kept; `repeated` when it already was, and nothing was written now.

    `message_id` and `state` are of its message, None when there is none; `reason` says why it is in its state.
    """

    event_id: int
    repeated: bool
    message_id: int | None = None
    state: MessageState | None = None
    reason: str = ""


_e = ServiceOrderEvent


def record_event(connection: Connection, news: ServiceOrderNews, snapshot: Snapshot, now: datetime) -> RecordedEvent:
    """Keep an event and its message, in the caller's transaction; the same event told again changes nothing.

    There is no message where the company's are switched off or the stage has no template. The company must exist.
    """
    kept = _kept(connection, news)
    if kept is not None:
        return kept
    who = recipient(_people(connection, news.document)).person
    event = {
        **vars(news),
        "stage": news.stage.value,
        "document": news.document.key,
        "customer_id": who.id if who else None,
        "received_at": now,
    }
    try:
        with connection.begin_nested():
            event_id = int(connection.execute(insert(_e).values(event).returning(_e.id)).scalar_one())
    except IntegrityError:  # told twice at once: the other has just been kept
        kept = _kept(connection, news)
        if kept is None:
            raise
        return kept
    profile = snapshot.for_company(news.company_id)
    if not profile[WHATSAPP_ORDERS] or not profile[WHATSAPP_TEMPLATE[news.stage]]:
        return RecordedEvent(event_id, repeated=False)
    return _write_message(connection, event_id, news, profile, now)


def composed(
    connection: Connection,
    event_id: int,
    news: ServiceOrderNews,
    profile: Snapshot,
    *,
    valid_from: datetime,
) -> tuple[NewMessage, str]:
    """The message of an event by the company's `profile`, and why nobody can receive it, "" when somebody can."""
    who = recipient(_people(connection, news.document))
    name = who.person.name if who.person else ""
    fields = profile[WHATSAPP_FIELDS[news.stage]]
    company = connection.execute(select(Company.name).where(Company.id == news.company_id)).scalar_one()
    message = NewMessage(
        destination=who.destination,
        template=profile[WHATSAPP_TEMPLATE[news.stage]],
        language=profile[WHATSAPP_LANGUAGE],
        parameters=parameters(
            fields,
            customer=name,
            order=news.order_number,
            company=company,
            situation=news.situation or news.stage.label,
        ),
        unique_key=f"os:{news.company_id}:{news.order_number}:{news.stage.value}:{news.version}",
        event_id=event_id,
        company_id=news.company_id,
        order_number=news.order_number,
        stage=news.stage,
        customer_id=who.person.id if who.person else None,
        customer_name=name,
        expires_at=valid_from + timedelta(hours=profile[WHATSAPP_EXPIRY]),
    )
    return message, who.why


def event(connection: Connection, event_id: int) -> ServiceOrderNews:
    """One event, as it was told."""
    columns = (
        _e.company_id,
        _e.order_number,
        _e.stage,
        _e.version,
        _e.document,
        _e.situation,
        _e.occurred_at,
        _e.counter_id,
    )
    found: Any = connection.execute(select(*columns).where(_e.id == event_id)).one()
    told = {**found._mapping, "stage": ServiceOrderStage(found.stage), "document": from_key(found.document)}
    return ServiceOrderNews(**told)


def _write_message(
    connection: Connection, event_id: int, news: ServiceOrderNews, profile: Snapshot, now: datetime
) -> RecordedEvent:
    # A counter whose clock is ahead gains no time by it.
    valid_from = min(news.occurred_at, now)
    message, reason = composed(connection, event_id, news, profile, valid_from=valid_from)
    switched = profile.effective(WHATSAPP_ORDERS).kept
    if not reason and message.expires_at is not None:
        reason = stale(
            news.occurred_at, activated_at=switched.at if switched else None, expires_at=message.expires_at, now=now
        )
    if not reason and profile[WHATSAPP_COLLAPSE]:
        if _has_newer(connection, news):
            reason = "Já há notícia mais nova desta ordem."
        else:
            outbox.replace_older(connection, news.company_id, news.order_number, now)
    state = MessageState.IGNORED if reason else MessageState.PENDING
    return RecordedEvent(event_id, False, outbox.add(connection, message, state, reason, now), state, reason)


def _kept(connection: Connection, news: ServiceOrderNews) -> RecordedEvent | None:
    m = WhatsAppMessage
    found = connection.execute(
        select(_e.id, m.id, m.state, m.reason)
        .select_from(_e)
        .outerjoin(m, m.event_id == _e.id)
        .where(
            _e.company_id == news.company_id,
            _e.order_number == news.order_number,
            _e.stage == news.stage.value,
            _e.version == news.version,
        )
    ).first()
    if found is None:
        return None
    event_id, message_id, state, reason = found
    return RecordedEvent(event_id, True, message_id, MessageState(state) if state else None, reason or "")


def _has_newer(connection: Connection, news: ServiceOrderNews) -> bool:
    others = connection.execute(
        select(_e.stage, _e.occurred_at, _e.version).where(
            _e.company_id == news.company_id, _e.order_number == news.order_number
        )
    )
    this = newness(news.stage, news.occurred_at, news.version)
    return any(newness(ServiceOrderStage(stage), at, version) > this for stage, at, version in others)


def _people(connection: Connection, document: Document) -> list[Person]:
    c = Customer
    found = connection.execute(
        select(c.id, c.name, c.mobile, c.phone, c.whatsapp_consent, c.active).where(c.document == document.key)
    )
    return [Person(*row) for row in found]
