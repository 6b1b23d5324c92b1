"""In which time zone the days of the business begin."""

from __future__ import annotations

from sqlalchemy import Connection, select

from app.data.models import Branch, Company
from app.uf import UFS

OFFICIAL = "America/Sao_Paulo"
"""The official time of Brasília, where no branch says another."""

OF_COMPANY = (
    select(Branch.zone)
    .where(Branch.company_id == Company.id, Branch.active)
    .order_by(Branch.id)
    .limit(1)
    .correlate(Company)
    .scalar_subquery()
    .label("zone")
)
"""The zone of a company's first active branch, as a column of a look at companies; NULL when it has none."""


def branch_zone(connection: Connection, branch_id: int | None) -> str:
    """The zone (IANA) of that branch while it is active; else of the first active one."""
    b = Branch
    found = connection.execute(select(b.zone).where(b.active).order_by(b.id != (branch_id or 0), b.id).limit(1))
    return str(found.scalar() or OFFICIAL)


def company_zone(of_branch: str | None, uf: str) -> str:
    """The zone (IANA) in which a company sells: that of its branch (see OF_COMPANY), else of the capital of its UF."""
    return of_branch or (UFS[uf].zone if uf in UFS else OFFICIAL)
