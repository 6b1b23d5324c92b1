"""The audit: who changed what, from what to what, when and on which computer. Written in the change's transaction."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, insert, select

from app.data.folding import folded_column
from app.data.models import AuditEntry
from app.kinds import folded


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


@dataclass(frozen=True)
class AuditQuery:
    """What the list of changes shows: words found anywhere in an entry, and one kind of subject.

    `subject` is "" for all, "/" for every setting, a table as "filiais/", or a whole subject as "filiais/2".
    """

    text: str = ""
    subject: str = ""


_t = AuditEntry
_ROW = (_t.id, _t.at, _t.actor, _t.machine, _t.subject, _t.what, _t.company_id, _t.old, _t.new)


def page(connection: Connection, query: AuditQuery, offset: int, limit: int) -> list[Entry]:
    """The entries from `offset` on, the newest first, at most `limit`."""
    statement = _where(select(*_ROW), query).order_by(_t.id.desc()).offset(offset).limit(limit)
    return [Entry(*row) for row in connection.execute(statement)]


def count(connection: Connection, query: AuditQuery) -> int:
    """How many entries there are."""
    return int(connection.execute(_where(select(func.count()).select_from(_t), query)).scalar_one())


def latest(connection: Connection, subject: str = "", limit: int = 500) -> list[Entry]:
    """The newest entries first; only those of `subject` (as in `AuditQuery`) when it is given."""
    return page(connection, AuditQuery(subject=subject), 0, limit)


def _where(statement: Select[*tuple[Any, ...]], query: AuditQuery) -> Select[*tuple[Any, ...]]:
    if query.subject == "/":
        statement = statement.where(~_t.subject.contains("/"))
    elif query.subject.endswith("/"):
        statement = statement.where(_t.subject.startswith(query.subject, autoescape=True))
    elif query.subject:
        statement = statement.where(_t.subject == query.subject)
    words = folded(query.text).split()
    if words:
        everything = folded_column(_t.what + " " + _t.actor + " " + _t.machine + " " + _t.old + " " + _t.new)
        statement = statement.where(*(everything.contains(word, autoescape=True) for word in words))
    return statement
