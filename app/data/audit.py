"""The audit: who changed what, from what to what, when and on which computer. Written in the change's transaction."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select

from app.data.models import AuditEntry


@dataclass(frozen=True)
class Entry:
    """One change; `subject` is a setting's key, or a table and row such as "filiais/2"."""

    id: int
    at: datetime
    actor: str
    machine: str
    subject: str
    what: str
    company_id: int
    old: str
    new: str


def record(
    connection: Connection,
    *,
    actor: str,
    subject: str,
    what: str,
    old: str,
    new: str,
    at: datetime,
    company_id: int = 0,
) -> None:
    """Add one entry."""
    connection.execute(
        insert(AuditEntry).values(
            at=at,
            actor=actor,
            machine=platform.node(),
            subject=subject,
            what=what[:200],
            company_id=company_id,
            old=old,
            new=new,
        )
    )


def latest(connection: Connection, subject: str = "", limit: int = 500) -> list[Entry]:
    """The newest entries first; only those of `subject` (a key, or a table as "filiais/") when it is given."""
    table = AuditEntry
    query = select(
        table.id,
        table.at,
        table.actor,
        table.machine,
        table.subject,
        table.what,
        table.company_id,
        table.old,
        table.new,
    )
    if subject:
        query = query.where(
            table.subject.startswith(subject, autoescape=True) if subject.endswith("/") else table.subject == subject
        )
    return [Entry(*row) for row in connection.execute(query.order_by(table.id.desc()).limit(limit))]
