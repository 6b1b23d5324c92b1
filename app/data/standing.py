"""What a consultation must know before it is made, in one look: it runs before every query, and each look costs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, literal, select

from app.data import certificates, customers, history
from app.data.customers import Subject
from app.data.models import Customer


@dataclass(frozen=True)
class Standing:
    """The customer (None when there is none), the branch's certificate, and the authorizer's last 656."""

    subject: Subject | None
    fingerprint: str | None
    last_limit_at: datetime | None


_ONE_ROW = select(literal(1).label("one")).subquery()
_STANDING = (
    select(certificates.FINGERPRINT.scalar_subquery(), history.LAST_LIMIT.scalar_subquery(), *customers.SUBJECT_COLUMNS)
    .select_from(_ONE_ROW)
    .outerjoin(Customer, Customer.id == bindparam("customer_id"))
)


def look(connection: Connection, *, customer_id: int | None, branch_id: int, authorizer: str) -> Standing:
    """The standing of this customer, branch and authorizer at this moment."""
    names = {"customer_id": customer_id, "branch_id": branch_id, "authorizer": authorizer}
    found: Any = connection.execute(_STANDING, names).one()
    fingerprint, last_limit_at, *columns = found
    return Standing(customers.subject_of(columns) if columns[0] is not None else None, fingerprint, last_limit_at)
