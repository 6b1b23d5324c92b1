"""What UFs said that they do not offer (265, 410: the consultation; 262: by CPF), so as not to ask them in vain."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from app.data.models import UfGap
from app.uf import Missing

REMEMBERED = timedelta(days=30)
"""How long a UF is taken at its word."""


@dataclass(frozen=True)
class Gap:
    """What one UF lacks, as it said itself (`c_stat`, `x_motivo`) at `address`, and until when that is believed."""

    uf: str
    missing: Missing
    address: str
    c_stat: str
    x_motivo: str
    learnt_at: datetime
    until: datetime


def learn(
    connection: Connection, uf: str, missing: Missing, *, address: str, c_stat: str, x_motivo: str, now: datetime
) -> None:
    """Remember for 30 days what the UF has just said that it lacks."""
    g = UfGap
    values = {"address": address, "c_stat": c_stat, "x_motivo": x_motivo, "learnt_at": now, "until": now + REMEMBERED}
    known_already = update(g).where(g.uf == uf, g.missing == missing.value).values(values)
    if connection.execute(known_already).rowcount:
        return
    with suppress(IntegrityError), connection.begin_nested():  # another machine may learn it at the same moment
        connection.execute(insert(g).values(uf=uf, missing=missing.value, **values))


def forget(connection: Connection, uf: str, missing: Missing) -> None:
    """Ask that UF again from now on."""
    connection.execute(delete(UfGap).where(UfGap.uf == uf, UfGap.missing == missing.value))


def known(connection: Connection, now: datetime) -> list[Gap]:
    """What is believed at `now`, by UF."""
    g = UfGap
    columns = (g.uf, g.missing, g.address, g.c_stat, g.x_motivo, g.learnt_at, g.until)
    found: Any = connection.execute(select(*columns).where(g.until > now).order_by(g.uf, g.missing))
    return [Gap(uf, Missing(missing), *rest) for uf, missing, *rest in found]
