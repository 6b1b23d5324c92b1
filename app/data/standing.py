"""What a consultation must know before it is made, in one look: it runs before every query, and each look costs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, ScalarSelect, and_, bindparam, literal, select

from app.data import certificates, customers, pace
from app.data.customers import Subject
from app.data.models import AuthorizerPace, BranchCertificate, Customer, UfGap
from app.rules.pacing import Pace
from app.uf import Missing


@dataclass(frozen=True)
class Standing:
    """The customer (None when there is none), the branch's certificate, and how it stands with the authorizer.

    `unserved_until` and `no_cpf_until` are until when the UF is believed not to serve at all, or not by CPF.
    """

    subject: Subject | None
    fingerprint: str | None
    pace: Pace
    unserved_until: datetime | None
    no_cpf_until: datetime | None


def _gap(missing: Missing) -> ScalarSelect[datetime]:
    g = UfGap
    at_hand = and_(g.uf == bindparam("uf"), g.address == bindparam("address"), g.until > bindparam("now"))
    return select(g.until).where(at_hand, g.missing == missing.value).scalar_subquery()


_ONE_ROW = select(literal(1).label("one")).subquery()
_STANDING = (
    select(
        BranchCertificate.fingerprint,
        _gap(Missing.SERVICE),
        _gap(Missing.CPF),
        *pace.COLUMNS,
        *customers.SUBJECT_COLUMNS,
    )
    .select_from(_ONE_ROW)
    .outerjoin(BranchCertificate, certificates.OF_BRANCH)
    .outerjoin(
        AuthorizerPace,
        and_(
            AuthorizerPace.certificate_cnpj == BranchCertificate.cnpj,
            AuthorizerPace.authorizer == bindparam("authorizer"),
        ),
    )
    .outerjoin(Customer, Customer.id == bindparam("customer_id"))
)


def look(
    connection: Connection,
    *,
    customer_id: int | None,
    branch_id: int,
    authorizer: str,
    uf: str,
    address: str,
    now: datetime,
) -> Standing:
    """The standing of this customer, branch and authorizer at this moment; `address` is the UF's in force."""
    names = {
        "customer_id": customer_id,
        "branch_id": branch_id,
        "authorizer": authorizer,
        "uf": uf,
        "address": address,
        "now": now,
    }
    found: Any = connection.execute(_STANDING, names).one()
    fingerprint, unserved_until, no_cpf_until, *columns = found
    paced, subject = columns[: len(pace.COLUMNS)], columns[len(pace.COLUMNS) :]
    return Standing(
        customers.subject_of(subject) if subject[0] is not None else None,
        fingerprint,
        pace.pace_of(paced) if paced[0] is not None else Pace(),
        unserved_until,
        no_cpf_until,
    )
