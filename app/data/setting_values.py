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


_t = SettingValue
# Built once: every order reads the settings anew.
_EVERY = select(_t.key, _t.company_id, _t.value, _t.changed_at, _t.changed_by)


def load(connection: Connection) -> list[StoredValue]:
    """Every stored value."""
    return [StoredValue(*row) for row in connection.execute(_EVERY).all()]


def store(connection: Connection, key: str, company_id: int, value: str | None, actor: str, at: datetime) -> None:
    """Keep one value; None forgets it."""
    connection.execute(delete(SettingValue).where(SettingValue.key == key, SettingValue.company_id == company_id))
    if value is not None:
        connection.execute(
            insert(SettingValue).values(key=key, company_id=company_id, value=value, changed_at=at, changed_by=actor)
        )
