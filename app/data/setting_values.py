"""The stored texts of the settings that differ from their defaults."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from app.data.models import SettingValue


@dataclass(frozen=True)
class StoredValue:
    """One row: company 0 is the general value."""

    key: str
    company_id: int
    value: str
    changed_at: datetime
    changed_by: str


def load(connection: Connection) -> list[StoredValue]:
    """Every stored value."""
    table = SettingValue
    rows = connection.execute(select(table.key, table.company_id, table.value, table.changed_at, table.changed_by))
    return [StoredValue(*row) for row in rows]


def store(connection: Connection, key: str, company_id: int, value: str | None, actor: str, at: datetime) -> None:
    """Keep one value; None forgets it."""
    connection.execute(delete(SettingValue).where(SettingValue.key == key, SettingValue.company_id == company_id))
    if value is not None:
        connection.execute(
            insert(SettingValue).values(key=key, company_id=company_id, value=value, changed_at=at, changed_by=actor)
        )
