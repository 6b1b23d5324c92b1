"""In which time zone the days of the business begin."""

from __future__ import annotations

from sqlalchemy import Connection, select

from app.data.models import Branch

OFFICIAL = "America/Sao_Paulo"
"""The official time of Brasília, where no branch says another."""


def branch_zone(connection: Connection, branch_id: int | None) -> str:
    """The zone (IANA) of that branch while it is active; else of the first active one."""
    b = Branch
    found = connection.execute(select(b.zone).where(b.active).order_by(b.id != (branch_id or 0), b.id).limit(1))
    return str(found.scalar() or OFFICIAL)
