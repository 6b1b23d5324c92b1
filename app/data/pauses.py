"""Hosts that asked to be left alone for a while (Retry-After): shared by all machines, and kept through a restart."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from app.data.models import AuthorityPause


def until(connection: Connection, hosts: Collection[str], now: datetime) -> dict[str, datetime]:
    """The moments, after `now`, before which these hosts are not to be asked."""
    p = AuthorityPause
    found = connection.execute(select(p.host, p.until).where(p.host.in_(sorted(hosts)), p.until > now))
    return {row.host: row.until for row in found}


def keep(connection: Connection, host: str, moment: datetime) -> None:
    """Leave the host alone until then."""
    values = {"until": moment}
    if not connection.execute(update(AuthorityPause).where(AuthorityPause.host == host).values(values)).rowcount:
        connection.execute(insert(AuthorityPause).values(host=host, **values))
