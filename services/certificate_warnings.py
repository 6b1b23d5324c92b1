"""Which installed certificates have passed a mark on the way to their end, and what is said of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from app.data import certificates, records
from app.rules.certificate_age import mark, warning
from app.settings.catalog import SEFAZ_BRANCH
from app.tables import BRANCHES

if TYPE_CHECKING:
    from app.data.database import Database
    from app.settings.repository import SettingsRepository


@dataclass(frozen=True)
class CertificateWarning:
    """What is to be said once: `key` is the same for the same certificate at the same mark, on every run."""

    key: str
    sentence: str


def certificate_warnings(database: Database, settings: SettingsRepository, now: datetime) -> list[CertificateWarning]:
    """One for each certificate of an active branch that has passed a mark; first that which consults SEFAZ.

    Raises DatabaseUnavailable.
    """
    consults = settings.load()[SEFAZ_BRANCH]
    with database.reading() as connection:
        branches = {branch.id: branch.title for branch in records.every(connection, BRANCHES, only_active=True)}
        installed = certificates.all_installed(connection)
    installed.sort(key=lambda certificate: certificate.branch_id != consults)
    return [
        CertificateWarning(
            f"{certificate.fingerprint}/{passed}",
            warning(certificate, branches[branch], now, consults=branch == consults),
        )
        for certificate in installed
        if (branch := certificate.branch_id) in branches and (passed := mark(certificate, now)) is not None
    ]
