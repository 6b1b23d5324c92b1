"""Installing a branch's certificate: the file is opened, the key's password kept in the keyring, then the row written.

In this order nothing is ever half-saved: a row always has its password, and a password without a row is taken away.
"""

from __future__ import annotations

import logging
from datetime import datetime
from typing import TYPE_CHECKING

from app import secrets
from app.data import audit, certificates, records
from app.documents import parse_cnpj
from app.domain import Certificate
from app.portuguese import day
from app.tables import BRANCHES
from services.pfx import open_pfx

if TYPE_CHECKING:
    from app.data.database import Database

log = logging.getLogger(__name__)


def install_certificate(
    database: Database, branch_id: int, pfx: bytes, password: str, *, actor: str, now: datetime
) -> Certificate:
    """Make the certificate in the file's bytes the one of that branch, in place of any other, and audit it.

    `now` is aware. Takes 50 to 200 ms and holds the interpreter meanwhile, so never in the window's own thread.
    Raises RecordNotFound, CertificateRefused, or SecretsUnavailable; then nothing has changed.
    """
    with database.reading() as connection:
        branch = records.get(connection, BRANCHES, branch_id)
    certificate, key_password = open_pfx(
        pfx, password, branch_id=branch_id, branch_cnpj=str(branch.values["cnpj"]), now=now
    )
    secrets.write(certificate.secret_name, key_password)
    try:
        with database.writing() as connection:
            replaced = certificates.for_branch(connection, branch_id)
            certificates.replace(connection, certificate)
            audit.record(
                connection,
                actor=actor,
                subject=f"{BRANCHES.key}/{branch_id}",
                what=f"Certificado digital da filial {branch.title}",
                old="" if replaced is None else described(replaced),
                new=described(certificate),
                at=now,
            )
    except BaseException:
        secrets.delete(certificate.secret_name)
        raise
    if replaced is not None and replaced.has_key:
        _forget(replaced)
    return certificate


def _forget(replaced: Certificate) -> None:
    # The new certificate is in force already: a keyring that closes now leaves only a password that opens nothing.
    try:
        secrets.delete(replaced.secret_name)
    except secrets.SecretsUnavailable:
        log.warning("A senha do certificado substituído (série %s) ficou no cofre do sistema.", replaced.serial)


def described(certificate: Certificate) -> str:
    """The certificate in one line, as the audit keeps it."""
    return (
        f"{certificate.holder}, CNPJ {parse_cnpj(certificate.cnpj)}, emitido por {certificate.issuer}, válido de "
        f"{day(certificate.not_before)} a {day(certificate.not_after)}, "
        f"série {certificate.serial}"
    )
