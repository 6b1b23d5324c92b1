"""Credit analyses as lists show them: each with the last day on which it is good for the company that asked for it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from app.credit_analysis import AnalysisState
from app.data import credit_analyses, zone
from app.data.credit_analyses import AnalysisQuery, AnalysisRow
from app.data.models import Company
from app.rules.credit_analysis import good_until
from app.settings.catalog import CREDIT_DAYS
from app.settings.snapshot import Snapshot


@dataclass(frozen=True)
class ListedAnalysis:
    """One analysis of a list. `good_until` is None while there is no answer; `expired` once that day is over."""

    row: AnalysisRow
    good_until: date | None
    expired: bool

    @property
    def id(self) -> int:
        """Its number."""
        return self.row.id


def page(
    connection: Connection, query: AnalysisQuery, offset: int, limit: int, snapshot: Snapshot, now: datetime
) -> list[ListedAnalysis]:
    """The newest first, from `offset` on, at most `limit`."""
    return listed(connection, credit_analyses.page(connection, query, offset, limit), snapshot, now)


def listed(
    connection: Connection, rows: Sequence[AnalysisRow], snapshot: Snapshot, now: datetime
) -> list[ListedAnalysis]:
    """The same analyses with the validity that their companies' settings give them today."""
    zones = zones_of(connection, {row.company_id for row in rows})
    return [_listed(row, snapshot.for_company(row.company_id)[CREDIT_DAYS], zones[row.company_id], now) for row in rows]


def zones_of(connection: Connection, companies: Iterable[int]) -> dict[int, str]:
    """The zone (IANA) of each of those companies."""
    statement = select(Company.id, zone.OF_COMPANY, Company.uf).where(Company.id.in_(sorted(companies)))
    return {id_: zone.company_zone(of_branch, uf) for id_, of_branch, uf in connection.execute(statement).all()}


def _listed(row: AnalysisRow, days: int, place: str, now: datetime) -> ListedAnalysis:
    if row.state is not AnalysisState.ANSWERED or row.consulted_at is None:
        return ListedAnalysis(row, None, expired=False)
    last = good_until(row.consulted_at, days, place)
    return ListedAnalysis(row, last, expired=now.astimezone(ZoneInfo(place)).date() > last)
