"""The whole example in a folder of its own: data, certificate, settings and a SEFAZ on loopback.

Nothing of it can reach real data: its own SQLite file, its own settings of the computer, a keyring in memory, and
addresses that all lead to this computer.
"""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keyring

from app.data import records
from app.folders import Folders
from app.policies import BrandKind, UserProfile
from app.settings.catalog import SEFAZ_AUTOMATIC, SEFAZ_BRANCH, SEFAZ_ENTITY, SEFAZ_INTERVAL, SEFAZ_USER
from app.settings.snapshot import GENERAL_COMPANY, SettingKey
from app.tables import BRANCHES, BRANDS, COMPANIES, CUSTOMERS, ENTITIES, REGIONS, USERS, Table
from services.backoffice import Backoffice, open_backoffice
from services.demo import example
from services.demo.ca import DemoAuthority
from services.demo.memory_keyring import MemoryKeyring
from services.demo.sefaz import DemoSefaz
from services.installation import install_certificate

if TYPE_CHECKING:
    from sqlalchemy import Connection

READ_TIMEOUT_S = 3.0
"""How long the demonstration waits for an answer: one of its customers never gets one."""

_ACTOR = "demonstração"
_BRAND_KINDS = {"Bandeira branca": BrandKind.WHITE}


@dataclass(frozen=True)
class Demonstration:
    """A folder ready to be opened by the window or by a command, and the SEFAZ that answers it."""

    folders: Folders
    sefaz: DemoSefaz


@contextmanager
def demonstration(*, automatic: bool = True) -> Iterator[Demonstration]:
    """Build the example; everything is stopped and the folder removed at the end.

    `automatic`: whether the service consults on its own as soon as it starts.
    """
    before = keyring.get_keyring()
    with tempfile.TemporaryDirectory(prefix="retaguarda-demo-", ignore_cleanup_errors=True) as name:
        keyring.set_keyring(MemoryKeyring())
        try:
            authority = DemoAuthority.create()
            with DemoSefaz(authority, scenarios=example.scenarios(), taxpayers=example.taxpayers()) as sefaz:
                folders = Folders(Path(name), Path(name))
                folders.additional_ca_file.write_bytes(authority.ca_pem)
                folders.endpoints_file.write_text(sefaz.endpoints_override(), encoding="utf-8")
                _fill(folders, authority, automatic=automatic)
                yield Demonstration(folders, sefaz)
        finally:
            keyring.set_keyring(before)


def open_demonstration(folders: Folders) -> Backoffice:
    """The program open on the example."""
    return open_backoffice(folders, is_demo=True, read_timeout=READ_TIMEOUT_S)


def _fill(folders: Folders, authority: DemoAuthority, *, automatic: bool) -> None:
    backoffice = open_demonstration(folders)
    try:
        with backoffice.database.writing() as connection:
            company, branch, user, entity = _add_records(connection, backoffice)
        head_office = example.COMPANY.branches[0]
        password = secrets.token_urlsafe(16)
        install_certificate(
            backoffice.database,
            branch,
            authority.issue_pfx(head_office.cnpj, example.COMPANY.name.upper(), password),
            password,
            actor=_ACTOR,
            now=datetime.now(UTC),
        )
        draft: dict[SettingKey, Any] = {
            (SEFAZ_BRANCH, GENERAL_COMPANY): branch,
            (SEFAZ_USER, GENERAL_COMPANY): user,
            (SEFAZ_INTERVAL, GENERAL_COMPANY): 2,
            (SEFAZ_AUTOMATIC, GENERAL_COMPANY): automatic,
            (SEFAZ_ENTITY, company): entity,
        }
        backoffice.settings.save(draft, backoffice.settings.load(), _ACTOR)
    finally:
        backoffice.close()


def _add_records(connection: Connection, backoffice: Backoffice) -> tuple[int, int, int, int]:
    """Keep every row; the numbers of the company, its head office, the service's user and the head office's entity."""
    snapshot = backoffice.settings.load()

    def add(table: Table, **values: Any) -> int:
        return records.add(connection, table, values, snapshot, _ACTOR)

    head_office = example.COMPANY.branches[0]
    company = add(COMPANIES, cnpj=head_office.cnpj, nome=example.COMPANY.name, uf=head_office.uf)
    branches = [
        add(BRANCHES, empresa=company, cnpj=branch.cnpj, nome=branch.name, uf=branch.uf)
        for branch in example.COMPANY.branches
    ]
    entity = add(ENTITIES, nome=head_office.name, documento=head_office.cnpj)
    users = {
        user.login: add(
            USERS,
            login=user.login,
            nome=user.name,
            perfil=UserProfile.SUPERVISOR if "Supervisor" in user.name else UserProfile.OPERATOR,
        )
        for user in example.USERS
    }
    brands = {
        brand.name: add(
            BRANDS,
            nome=brand.name,
            tipo=_BRAND_KINDS.get(brand.name, BrandKind.COMPETITOR),
            nomes_anp=brand.anp_names,
        )
        for brand in example.BRANDS
    }
    regions = {str(record.values["nome"]): record.id for record in records.every(connection, REGIONS)}
    for region in example.REGIONS:
        if region not in regions:
            regions[region] = add(REGIONS, nome=region)
    for customer in example.CUSTOMERS:
        add(
            CUSTOMERS,
            documento=customer.document.key,
            ie=customer.ie,
            nome=customer.name,
            fantasia=customer.trade_name,
            uf=customer.uf,
            cidade=customer.city,
            logradouro=f"{customer.street}, {customer.number}",
            bairro=customer.district,
            cep=customer.cep,
            bandeira=brands.get(customer.brand),
            regiao=regions[customer.region],
            consulta_automatica=customer.automatic,
            acao_sefaz=customer.action,
        )
    return company, branches[0], users["servico"], entity
