"""The certificate in use by each branch, and its key on each station. Passwords are in the keyrings, never here.

A keyring belongs to one user of one computer, so each station that consults installs the PFX once and has a key of its
own, encrypted with a password of its own. Where the computer has a vault of its own, the computer is the station.
"""

from __future__ import annotations

import getpass
import platform
from collections.abc import Sequence
from dataclasses import fields
from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, and_, bindparam, delete, func, insert, select, update

from app.data.models import BranchCertificate, CertificateKey
from app.domain import Certificate
from app.installation import VaultPlace, find_installation

KEY_PASSWORD = "certificado/"
"""How the name begins under which a keyring has the password of a certificate's key."""

_OF_STATION = ("key_pem", "secret_name")
_OF_BRANCH = tuple(field.name for field in fields(Certificate) if field.name not in _OF_STATION)
OF_BRANCH = BranchCertificate.branch_id == bindparam("branch_id")
"""The certificate of the branch `branch_id`."""
_FINGERPRINT = select(BranchCertificate.fingerprint).where(OF_BRANCH)


def this_station() -> str:
    """Who keeps the secrets of this program: the user of the computer, or the computer."""
    return computer_station() if find_installation().vault is VaultPlace.COMPUTER else user_station()


@cache
def user_station() -> str:
    """The keyring of this user of this computer."""
    return f"{getpass.getuser()}@{platform.node()}"


@cache
def computer_station() -> str:
    """The vault of this computer. No user has an empty name."""
    return f"@{platform.node()}"


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


def give_keys(
    connection: Connection, source: str, target: str, secret_names: Sequence[str], *, replacing: bool
) -> None:
    """Let the station `target` have the keys of `source` whose passwords have these names, which it has by now.

    A branch of which it has a key keeps it, unless `replacing`. What `source` has stays.
    """
    k = CertificateKey
    given = select(k.branch_id, k.key_pem, k.secret_name).where(k.station == source, k.secret_name.in_(secret_names))
    had = set(connection.scalars(select(k.branch_id).where(k.station == target)))
    for branch_id, key_pem, secret_name in connection.execute(given).all():
        if branch_id in had:
            if not replacing:
                continue
            connection.execute(delete(k).where(k.branch_id == branch_id, k.station == target))
        row = {"branch_id": branch_id, "station": target, "key_pem": key_pem, "secret_name": secret_name}
        connection.execute(insert(k).values(row))


def _select() -> Select[*tuple[Any, ...]]:
    key = and_(CertificateKey.branch_id == BranchCertificate.branch_id, CertificateKey.station == this_station())
    columns = {
        **{name: getattr(BranchCertificate, name) for name in _OF_BRANCH},
        "key_pem": func.coalesce(CertificateKey.key_pem, b""),
        "secret_name": func.coalesce(CertificateKey.secret_name, ""),
    }
    return select(*(columns[field.name] for field in fields(Certificate))).outerjoin(CertificateKey, key)
