"""What counters tell of service orders: each event kept once, with the message that it means to the customer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import IntegrityError

from app.data import outbox
from app.data.models import Company, Customer, ServiceOrderEvent, WhatsAppMessage
from app.domain import Document
from app.policies import ServiceOrderStage
from app.rules.outbox import MessageState, Person, Recipient, latest_first, parameters, recipient, stale
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


def record_event(connection: Connection, news: ServiceOrderNews, snapshot: Snapshot, now: datetime) -> RecordedEvent:
    """Keep an event and its message, in the caller's transaction; the same event told again changes nothing.

    There is no message where the company's are switched off or the stage has no template. The company must exist.
    """
    kept = _kept(connection, news)
    if kept is not None:
        return kept
    who = recipient(_people(connection, news.document))
    event = {
        "company_id": news.company_id,
        "order_number": news.order_number,
        "stage": news.stage.value,
        "version": news.version,
        "document": news.document.key,
        "customer_id": who.person.id if who.person else None,
        "situation": news.situation,
        "occurred_at": news.occurred_at,
        "received_at": now,
        "counter_id": news.counter_id,
    }
    adding = insert(ServiceOrderEvent).values(event).returning(ServiceOrderEvent.id)
    try:
        with connection.begin_nested():
            event_id = int(connection.execute(adding).scalar_one())
    except IntegrityError:  # told twice at once: the other has just been kept
        kept = _kept(connection, news)
        if kept is None:
            raise
        return kept
    profile = snapshot.for_company(news.company_id)
    if not profile[WHATSAPP_ORDERS] or not profile[WHATSAPP_TEMPLATE[news.stage]]:
        return RecordedEvent(event_id, repeated=False)
    return _write_message(connection, event_id, news, who, profile, now)


def _write_message(
    connection: Connection, event_id: int, news: ServiceOrderNews, who: Recipient, profile: Snapshot, now: datetime
) -> RecordedEvent:
    activated = profile.effective(WHATSAPP_ORDERS).kept
    expires_at = min(news.occurred_at, now) + timedelta(hours=profile[WHATSAPP_EXPIRY])
    reason = who.why or stale(
        news.occurred_at, activated_at=activated.at if activated else None, expires_at=expires_at, now=now
    )
    if not reason and profile[WHATSAPP_COLLAPSE]:
        if _has_newer(connection, news):
            reason = "Já há notícia mais nova desta ordem."
        else:
            outbox.replace_older(connection, news.company_id, news.order_number, now)
    state = MessageState.IGNORED if reason else MessageState.PENDING
    name = who.person.name if who.person else ""
    fields = profile[WHATSAPP_FIELDS[news.stage]]
    message_id = outbox.add(
        connection,
        outbox.NewMessage(
            event_id=event_id,
            company_id=news.company_id,
            order_number=news.order_number,
            stage=news.stage,
            customer_id=who.person.id if who.person else None,
            customer_name=name,
            destination=who.destination,
            template=profile[WHATSAPP_TEMPLATE[news.stage]],
            language=profile[WHATSAPP_LANGUAGE],
            parameters=parameters(
                fields,
                customer=name,
                order=news.order_number,
                company=_company_name(connection, news.company_id),
                situation=news.situation or news.stage.label,
            ),
            unique_key=f"os:{news.company_id}:{news.order_number}:{news.stage.value}:{news.version}",
            expires_at=expires_at,
        ),
        state,
        reason,
        now,
    )
    return RecordedEvent(event_id, False, message_id, state, reason)


def _kept(connection: Connection, news: ServiceOrderNews) -> RecordedEvent | None:
    e, m = ServiceOrderEvent, WhatsAppMessage
    found = connection.execute(
        select(e.id, m.id, m.state, m.reason)
        .select_from(e)
        .outerjoin(m, m.event_id == e.id)
        .where(
            e.company_id == news.company_id,
            e.order_number == news.order_number,
            e.stage == news.stage.value,
            e.version == news.version,
        )
    ).first()
    if found is None:
        return None
    event_id, message_id, state, reason = found
    return RecordedEvent(event_id, True, message_id, MessageState(state) if state else None, reason or "")


def _has_newer(connection: Connection, news: ServiceOrderNews) -> bool:
    e = ServiceOrderEvent
    others = connection.execute(
        select(e.stage, e.occurred_at, e.version).where(
            e.company_id == news.company_id, e.order_number == news.order_number
        )
    )
    this = latest_first(news.stage, news.occurred_at, news.version)
    return any(latest_first(ServiceOrderStage(stage), at, version) > this for stage, at, version in others)


def _people(connection: Connection, document: Document) -> list[Person]:
    c = Customer
    found = connection.execute(
        select(c.id, c.name, c.mobile, c.phone, c.whatsapp_consent, c.active).where(c.document == document.key)
    )
    return [Person(*row) for row in found]


def _company_name(connection: Connection, company_id: int) -> str:
    return str(connection.execute(select(Company.name).where(Company.id == company_id)).scalar_one())
