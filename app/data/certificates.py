"""The certificate in use by each branch. The password of its key is in the keyring, never here."""

from __future__ import annotations

from dataclasses import fields

from sqlalchemy import Connection, bindparam, delete, insert, select

from app.data.models import BranchCertificate
from app.domain import Certificate

_COLUMNS = [getattr(BranchCertificate, field.name) for field in fields(Certificate)]
# Built once: every consultation runs it.
_FINGERPRINT = select(BranchCertificate.fingerprint).where(BranchCertificate.branch_id == bindparam("branch_id"))


def for_branch(connection: Connection, branch_id: int) -> Certificate | None:
    """The certificate of one branch, or None."""
    row = connection.execute(select(*_COLUMNS).where(BranchCertificate.branch_id == branch_id)).first()
    return None if row is None else Certificate(*row)


def all_installed(connection: Connection) -> list[Certificate]:
    """Every installed certificate, the first to end first."""
    rows = connection.execute(select(*_COLUMNS).order_by(BranchCertificate.not_after))
    return [Certificate(*row) for row in rows]


def replace(connection: Connection, certificate: Certificate) -> None:
    """Make this the certificate of its branch."""
    connection.execute(delete(BranchCertificate).where(BranchCertificate.branch_id == certificate.branch_id))
    connection.execute(
        insert(BranchCertificate).values({f.name: getattr(certificate, f.name) for f in fields(Certificate)})
    )


def fingerprint(connection: Connection, branch_id: int) -> str | None:
    """Which certificate the branch has now, told without reading it whole; None when it has none."""
    return connection.execute(_FINGERPRINT, {"branch_id": branch_id}).scalar()
