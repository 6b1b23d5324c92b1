"""Which database this is, so that what was made for one means nothing in another."""

from __future__ import annotations

from sqlalchemy import Connection, select

from app.data.models import DatabaseIdentity

_IDENTITY = select(DatabaseIdentity.value)


def identity(connection: Connection) -> str:
    """The database's own name: 32 hexadecimal digits, drawn when it was made."""
    return str(connection.execute(_IDENTITY).scalar_one())
