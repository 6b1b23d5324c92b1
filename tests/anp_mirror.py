"""Establishments put in the mirror of ANP's lists, for tests that start from one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from app.data.models import AnpList, AnpListed
from app.domain import ListKind


def put(
    connection: Connection,
    kind: ListKind,
    cnpj: str,
    *,
    at: datetime,
    vanished: bool = False,
    **fields: str,
) -> None:
    """One establishment of a list taken `at`, made when there is none; `fields` are the columns that matter."""
    number = connection.execute(select(AnpList.id).where(AnpList.kind == kind.value)).scalar()
    if number is None:
        taken: dict[str, Any] = {
            "kind": kind.value,
            "taken_at": at,
            "confirmed_at": at,
            "source": "lista.csv",
            "sha256": "0" * 64,
            "actor": "maria",
            "machine": "PC-01",
            "rows": 1,
            "rejected": [],
        }
        number = connection.execute(insert(AnpList).values(taken).returning(AnpList.id)).scalar_one()
    texts = [c.name for c in AnpListed.__table__.columns if c.name not in ("vanished_list_id", "last_seen_at")]
    row = {**dict.fromkeys(texts, ""), **fields, "kind": kind.value, "cnpj": cnpj}
    left: dict[str, Any] = {"vanished_list_id": number, "last_seen_at": at} if vanished else {}
    connection.execute(insert(AnpListed).values({**row, **left}))
