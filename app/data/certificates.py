"""The certificate in use by each branch, and its key on each station. Passwords are in the keyrings, never here.

A keyring belongs to one user of one computer, so each station that consults installs the PFX once and has a key of its
own, encrypted with a password of its own.
"""

from __future__ import annotations

import getpass
import platform
from dataclasses import fields
from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, and_, bindparam, delete, func, insert, select, update

from app.data.models import BranchCertificate, CertificateKey
from app.domain import Certificate

_OF_STATION = ("key_pem", "secret_name")
_OF_BRANCH = tuple(field.name for field in fields(Certificate) if field.name not in _OF_STATION)
OF_BRANCH = BranchCertificate.branch_id == bindparam("branch_id")
"""The certificate of the branch `branch_id`."""
_FINGERPRINT = select(BranchCertificate.fingerprint).where(OF_BRANCH)


@cache
def this_station() -> str:
    """Who keeps a keyring here: the user and the computer."""
    return f"{getpass.getuser()}@{platform.node()}"


def for_branch(connection: Connection, branch_id: int) -> Certificate | None:
    """The certificate of one branch with this station's key, or None."""
    row = connection.execute(_select().where(BranchCertificate.branch_id == branch_id)).first()
    return None if row is None else Certificate(*row)


def all_installed(connection: Connection) -> list[Certificate]:
    """Every installed certificate, the first to end first."""
    return [Certificate(*row) for row in connection.execute(_select().order_by(BranchCertificate.not_after))]


def fingerprint(connection: Connection, branch_id: int) -> str | None:
    """Which certificate the branch has now, told without reading it whole; None when it has none."""
    return connection.execute(_FINGERPRINT, {"branch_id": branch_id}).scalar()


def presented(connection: Connection, branch_id: int) -> tuple[str, str] | None:
    """The CNPJ and the fingerprint of the branch's certificate, told without reading it whole; None without one."""
    b = BranchCertificate
    found = connection.execute(select(b.cnpj, b.fingerprint).where(OF_BRANCH), {"branch_id": branch_id}).first()
    return None if found is None else (found.cnpj, found.fingerprint)


def replace(connection: Connection, certificate: Certificate) -> None:
    """Make this the certificate of its branch, with its key on this station.

    The keys of other stations are kept while they are of the same certificate.
    """
    branch_id, station = certificate.branch_id, this_station()
    known = fingerprint(connection, branch_id)
    useless = CertificateKey.branch_id == branch_id
    if known == certificate.fingerprint:
        useless = and_(useless, CertificateKey.station == station)
    connection.execute(delete(CertificateKey).where(useless))
    row = {name: getattr(certificate, name) for name in _OF_BRANCH}
    if known is None:
        connection.execute(insert(BranchCertificate).values(row))
    else:
        connection.execute(update(BranchCertificate).where(BranchCertificate.branch_id == branch_id).values(row))
    key = {name: getattr(certificate, name) for name in _OF_STATION}
    connection.execute(insert(CertificateKey).values(branch_id=branch_id, station=station, **key))


def _select() -> Select[*tuple[Any, ...]]:
    key = and_(CertificateKey.branch_id == BranchCertificate.branch_id, CertificateKey.station == this_station())
    columns = {
        **{name: getattr(BranchCertificate, name) for name in _OF_BRANCH},
        "key_pem": func.coalesce(CertificateKey.key_pem, b""),
        "secret_name": func.coalesce(CertificateKey.secret_name, ""),
    }
    return select(*(columns[field.name] for field in fields(Certificate))).outerjoin(CertificateKey, key)
