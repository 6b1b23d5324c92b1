"""The outbox as screens read it: found and filtered, and one message whole."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, or_, select

from app.data import outbox_gate
from app.data.folding import folded_column
from app.data.models import Company, ServiceOrderEvent, WhatsAppMessage
from app.data.search import every_word
from app.policies import ServiceOrderStage
from app.rules.outbox import MessageState, Waiting
from app.settings.snapshot import Snapshot


@dataclass(frozen=True)
class MessageRow:
    """One message as lists show it. A test is of no service order (`stage` None, `order_number` "").

    `destination` is E.164 digits, "" when the customer has no mobile; `reason` says why it is in its state.
    """

    id: int
    created_at: datetime
    state: MessageState
    state_at: datetime
    customer_id: int | None
    customer_name: str
    destination: str
    company_id: int | None
    company: str
    order_number: str
    stage: ServiceOrderStage | None
    reason: str
    attempts: int
    next_at: datetime | None
    expires_at: datetime | None
    template: str


@dataclass(frozen=True)
class FullMessage:
    """One message whole. `occurred_at` is of the event that it tells of, None for a test; `wa_id` is the number by
    which WhatsApp knows the customer; the error is the one that the API gave last."""

    row: MessageRow
    language: str
    parameters: tuple[str, ...]
    external_id: str
    wa_id: str
    error_code: int | None
    error_detail: str
    occurred_at: datetime | None


@dataclass(frozen=True)
class MessageQuery:
    """What the list shows: words of the customer, order or number; some states, one company, from a moment on, or all.

    Without `states` every message is shown.
    """

    text: str = ""
    states: frozenset[MessageState] = frozenset()
    company_id: int | None = None
    since: datetime | None = None


_PHONE = re.compile(r"\s*\+?(?:[\s()-]*[0-9]){3,}[\s-]*")
"""A telephone number, or a piece of one, as people write it."""

_t = WhatsAppMessage
_ROW = (
    _t.id,
    _t.created_at,
    _t.state,
    _t.state_at,
    _t.customer_id,
    _t.customer_name,
    _t.destination,
    _t.company_id,
    Company.name,
    _t.order_number,
    _t.stage,
    _t.reason,
    _t.attempts,
    _t.next_at,
    _t.expires_at,
    _t.template,
)


def page(connection: Connection, query: MessageQuery, offset: int, limit: int) -> list[MessageRow]:
    """The newest first, from `offset` on, at most `limit`."""
    statement = _joined(select(*_ROW)).where(*_wanted(query)).order_by(_t.id.desc()).offset(offset).limit(limit)
    return [_row(found) for found in connection.execute(statement)]


def count(connection: Connection, query: MessageQuery) -> int:
    """How many messages the list shows."""
    return int(connection.execute(select(func.count()).select_from(_t).where(*_wanted(query))).scalar_one())


def get(connection: Connection, message_id: int) -> FullMessage | None:
    """One message whole, or None."""
    more = (
        _t.language,
        _t.parameters,
        _t.external_id,
        _t.wa_id,
        _t.error_code,
        _t.error_detail,
        ServiceOrderEvent.occurred_at,
    )
    statement = _joined(select(*_ROW, *more)).outerjoin(ServiceOrderEvent, ServiceOrderEvent.id == _t.event_id)
    found: Any = connection.execute(statement.where(_t.id == message_id)).first()
    if found is None:
        return None
    language, parameters, external_id, wa_id, code, detail, occurred_at = found[len(_ROW) :]
    return FullMessage(
        _row(found[: len(_ROW)]),
        language,
        tuple(parameters),
        external_id,
        wa_id,
        code,
        detail,
        occurred_at,
    )


def explained(
    connection: Connection, rows: Sequence[MessageRow], snapshot: Snapshot, now: datetime
) -> list[MessageRow]:
    """The same rows, with what holds those of the queue as their reason."""
    queue = [
        Waiting(row.id, row.company_id, row.destination, row.template, row.next_at, row.reason)
        for row in rows
        if row.state is MessageState.PENDING
    ]
    if not queue:
        return list(rows)
    held = outbox_gate.holds(connection, snapshot, queue, now)
    return [replace(row, reason=held[row.id].why) if row.id in held else row for row in rows]


def _joined(statement: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    return statement.select_from(_t).outerjoin(Company, Company.id == _t.company_id)


def _wanted(query: MessageQuery) -> list[ColumnElement[bool]]:
    name = folded_column(_t.customer_name + " " + _t.order_number)
    wanted = every_word(query.text, name=name, document=_t.destination)
    if _PHONE.fullmatch(query.text):  # its parts say too little: "(27)" alone is no word to look for
        wanted = [or_(and_(*wanted), _t.destination.contains(re.sub(r"\D", "", query.text)))]
    if query.states:
        wanted.append(_t.state.in_(state.value for state in query.states))
    if query.company_id is not None:
        wanted.append(_t.company_id == query.company_id)
    if query.since is not None:
        wanted.append(_t.created_at >= query.since)
    return wanted


def _row(found: Any) -> MessageRow:
    id_, created_at, state, state_at, customer_id, name, destination, company_id, company, order, stage, *rest = found
    reason, attempts, next_at, expires_at, template = rest
    return MessageRow(
        id_,
        created_at,
        MessageState(state),
        state_at,
        customer_id,
        name,
        destination,
        company_id,
        company or "",
        order,
        ServiceOrderStage(stage) if stage else None,
        reason,
        attempts,
        next_at,
        expires_at,
        template,
    )
