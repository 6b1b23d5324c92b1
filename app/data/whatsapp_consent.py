"""Takes a customer's consent to messages away, when WhatsApp says that the person took it away there."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, update

from app.data import audit
from app.data.models import Customer
from app.portuguese import day


def withdraw(connection: Connection, customer_id: int, now: datetime) -> None:
    """From now on the customer gets no messages; nothing is done to one that already gets none."""
    note = f"Recusou no WhatsApp em {day(now)}"
    c = Customer
    changed = connection.execute(
        update(c).where(c.id == customer_id, c.whatsapp_consent).values(whatsapp_consent=False, consent_note=note)
    )
    if changed.rowcount:
        audit.record(
            connection,
            actor="WhatsApp",
            subject=f"clientes/{customer_id}",
            what="Aceita mensagens pelo WhatsApp",
            old="sim",
            new=f"não. {note}",
            at=now,
        )
