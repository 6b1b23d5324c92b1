"""A consultation noted on a customer, for tests that start from one."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from app.data import customers
from app.domain import Verdict


def note(connection: Connection, customer_id: int, verdict: Verdict, at: datetime, retry_at: datetime | None) -> None:
    """As if that customer had just been consulted."""
    asked = customers.subject(connection, customer_id)
    assert asked is not None
    assert customers.note_sefaz(connection, asked, verdict, at, retry_at) is not None
