"""What leaves the outbox now, what waits and why: the queue against the settings, the pauses and the limits."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from app.data import outbox, whatsapp_pauses, zone
from app.data.models import Company
from app.data.whatsapp_pauses import Pause, PauseKind
from app.portuguese import exact
from app.rules.outbox import PAIR_INTERVAL, Gate, Hold, Waiting, hold
from app.settings.catalog import WHATSAPP_DAILY, WHATSAPP_HOURS, WHATSAPP_NUMBER, WHATSAPP_ORDERS
from app.settings.snapshot import Snapshot

_PAGE = 200


@dataclass(frozen=True)
class Queue:
    """The queue at one moment: the first message that may leave, or what holds the one that leaves next."""

    ready: Waiting | None
    held: Hold | None


def look(connection: Connection, snapshot: Snapshot, now: datetime, mute: Collection[str] = ()) -> Queue:
    """What may leave now. When nothing may, `held` is what ends first; what waits for a person comes last.

    `mute` has the senders (Phone Number IDs) by which this computer cannot send, as it has no token of theirs.
    """
    current = gate(connection, snapshot, now, mute)
    everywhere = [current.companies.get(company, current.daily) for company in outbox.companies_waiting(connection)]
    held = [each for each in everywhere if each is not None]
    if len(held) == len(everywhere):  # a night's queue need not be read at every look
        return Queue(None, min(held, key=_end, default=None))
    first: Hold | None = None
    after_id = 0
    while page := outbox.waiting(connection, after_id, _PAGE):
        for message in page:
            found = hold(message, current, now)
            if found is None:
                return Queue(message, None)
            first = found if first is None else min(first, found, key=_end)
        after_id = page[-1].id
    return Queue(None, first)


def holds(connection: Connection, snapshot: Snapshot, messages: Collection[Waiting], now: datetime) -> dict[int, Hold]:
    """What holds each of these messages of the queue, by number; those that may leave now are left out."""
    current = gate(connection, snapshot, now)
    found = {message.id: hold(message, current, now) for message in messages}
    return {number: held for number, held in found.items() if held is not None}


def gate(connection: Connection, snapshot: Snapshot, now: datetime, mute: Collection[str] = ()) -> Gate:
    """What holds messages now; `mute` as in `look`."""
    pauses = whatsapp_pauses.in_force(connection, now)
    companies = {company: snapshot.for_company(company) for company in outbox.companies_waiting(connection)}
    zones = _zones(connection, companies)
    held = {company: _company_hold(of, pauses, zones[company], mute, now) for company, of in companies.items()}
    ends = outbox.day_ends(connection, snapshot[WHATSAPP_DAILY], now)
    limit = f"O limite de {snapshot[WHATSAPP_DAILY]} mensagens em 24 horas foi atingido."
    return Gate(
        companies={company: why for company, why in held.items() if why is not None},
        templates={
            (company, pause.subject.name): Hold(pause.reason, pause.until)
            for company, of in companies.items()
            for pause in pauses
            if pause.subject.kind is PauseKind.TEMPLATE and pause.subject.number_id == of[WHATSAPP_NUMBER]
        },
        people=_people(connection, pauses, now),
        daily=None if ends is None else Hold(limit, ends),
    )


def _company_hold(
    profile: Snapshot, pauses: Collection[Pause], zone_name: str, mute: Collection[str], now: datetime
) -> Hold | None:
    number = profile[WHATSAPP_NUMBER]
    if not profile[WHATSAPP_ORDERS]:
        return Hold("As mensagens de ordem de serviço estão desligadas para esta empresa.")
    if not number:
        return Hold("Falta a identificação do número (Phone Number ID) nas configurações do WhatsApp.")
    if number in mute:
        return Hold(f"Falta o token do número {number} neste computador: informe-o em Balcão › Integração › WhatsApp.")
    for pause in pauses:
        if pause.subject.kind is PauseKind.CHANNEL and pause.subject.number_id == number:
            return Hold(pause.reason, pause.until)
    hours = profile[WHATSAPP_HOURS]
    local = now.astimezone(ZoneInfo(zone_name))
    if hours.contains(local):
        return None
    opening = hours.next_opening(local).astimezone(UTC)
    return Hold(f"Fora do horário permitido: sai a partir de {exact(opening)}.", opening)


def _people(connection: Connection, pauses: Collection[Pause], now: datetime) -> dict[str, Hold]:
    lately = outbox.people_lately(connection, now)
    found = {
        destination: Hold("O cliente acaba de receber outra mensagem.", at + PAIR_INTERVAL)
        for destination, at in lately.items()
    }
    paused = {
        pause.subject.name: Hold(pause.reason, pause.until)
        for pause in pauses
        if pause.subject.kind is PauseKind.PERSON
    }
    return found | paused


def _zones(connection: Connection, companies: Mapping[int, Snapshot]) -> dict[int, str]:
    rows = connection.execute(select(Company.id, zone.OF_COMPANY, Company.uf).where(Company.id.in_(companies)))
    return {company: zone.company_zone(of_branch, uf) for company, of_branch, uf in rows}


def _end(held: Hold) -> tuple[bool, datetime]:
    return held.until is None, held.until or datetime.max.replace(tzinfo=UTC)
