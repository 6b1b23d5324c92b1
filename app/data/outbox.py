"""The outbox: every message to a customer, written with what it tells of, reserved by who sends it, and its outcome.

A message changes its state here and nowhere else, and only forward (see `rules.outbox.BEFORE`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, update

from app.data.models import WhatsAppMessage
from app.policies import ServiceOrderStage
from app.rules.outbox import MessageState

_t = WhatsAppMessage


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


def add(connection: Connection, message: NewMessage, state: MessageState, reason: str, now: datetime) -> int:
    """Write a message and return its number."""
    values = {
        **vars(message),
        "stage": message.stage.value if message.stage else "",
        "parameters": list(message.parameters),
        "created_at": now,
        "state": state.value,
        "state_at": now,
        "reason": reason,
        "attempts": 0,
        "next_at": None,
        "external_id": "",
        "wa_id": "",
        "error_code": None,
        "error_detail": "",
        "reserved_by": "",
        "reserved_until": None,
    }
    return int(connection.execute(insert(_t).values(values).returning(_t.id)).scalar_one())


def replace_older(connection: Connection, company_id: int, order_number: str, now: datetime) -> None:
    """Cancel what waits of an order of which there are newer news."""
    values: dict[str, Any] = {
        "state": MessageState.CANCELLED.value,
        "state_at": now,
        "reason": "A ordem andou antes de esta mensagem sair: vai só a mais nova.",
    }
    connection.execute(
        update(_t)
        .where(
            _t.company_id == company_id,
            _t.order_number == order_number,
            _t.state == MessageState.PENDING.value,
        )
        .values(values)
    )
