"""What one customer owes of store credit (crediário), in every company, as a person looks at it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from app.data import instalments, zone
from app.data.models import Company, InstalmentLoad
from app.domain import Document
from app.rules.overdue import Instalment
from app.settings.catalog import OVERDUE_GRACE
from app.settings.snapshot import Snapshot


@dataclass(frozen=True)
class Owed:
    """One instalment that is still to be paid; `days_overdue` is 0 while it is not overdue, by the company's grace."""

    instalment: Instalment
    company: str
    days_overdue: int


@dataclass(frozen=True)
class CustomerCredit:
    """What is owed, the oldest first. `received_at` is the oldest of the companies' last loads, None when no active
    company was ever told its instalments: then nothing is known."""

    owed: tuple[Owed, ...]
    received_at: datetime | None

    @property
    def overdue(self) -> tuple[Owed, ...]:
        """Those that are overdue."""
        return tuple(each for each in self.owed if each.days_overdue)


_COMPANIES = select(
    Company.id, Company.name, Company.uf, Company.active, zone.OF_COMPANY, InstalmentLoad.received_at
).outerjoin(InstalmentLoad, InstalmentLoad.company_id == Company.id)


def look(connection: Connection, document: Document, snapshot: Snapshot, now: datetime) -> CustomerCredit:
    """What a document owes now, on the calendar date of each company that sold."""
    companies = {row.id: row for row in connection.execute(_COMPANIES)}
    received = [row.received_at for row in companies.values() if row.active and row.received_at is not None]
    owed = []
    for each in instalments.open_ones(connection, document):
        if each.balance <= 0:
            continue
        company = companies[each.company_id]
        today = now.astimezone(ZoneInfo(zone.company_zone(company.zone, company.uf))).date()
        grace = snapshot.for_company(each.company_id)[OVERDUE_GRACE]
        owed.append(Owed(each, f"{company.id} · {company.name}", each.days_overdue(today, grace)))
    return CustomerCredit(tuple(owed), min(received, default=None))
