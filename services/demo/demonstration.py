"""The whole example in a folder of its own: data, certificate, settings, and a SEFAZ and an ANP on loopback.

Nothing of it can reach real data: its own SQLite file, its own settings of the computer, a keyring in memory, and
addresses that all lead to this computer.
"""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keyring

from app.data import records
from app.data.mirror import take_list
from app.domain import ListKind
from app.folders import Folders
from app.policies import (
    AnpKind,
    AnpStatus,
    BrandKind,
    CustomerAction,
    MissingBrandAction,
    OrderAction,
    ServiceAction,
    UserProfile,
)
from app.settings.catalog import (
    ANP_CUSTOMER,
    ANP_CUSTOMER_NO_BRAND,
    ANP_LIST_AUTOMOTIVE,
    ANP_LIST_DISTRIBUTORS,
    ANP_LIST_GLP,
    ANP_ONLINE,
    ANP_ORDER,
    ANP_ORDER_CONSULT,
    ANP_ORDER_NO_BRAND,
    ANP_SERVICE_ACTION,
    ANP_SERVICE_INTERVAL,
    ANP_SERVICE_USER,
    ANP_UPDATE_BRAND,
    ANP_URL,
    ANP_URL_SECONDARY,
    SEFAZ_AUTOMATIC,
    SEFAZ_BRANCH,
    SEFAZ_ENTITY,
    SEFAZ_INTERVAL,
    SEFAZ_USER,
)
from app.settings.setting import Setting
from app.settings.snapshot import GENERAL_COMPANY, SettingKey
from app.tables import BRANCHES, BRANDS, COMPANIES, CUSTOMERS, ENTITIES, REGIONS, USERS, Table
from services.backoffice import Backoffice, open_backoffice
from services.demo import anp_lists, example
from services.demo.anp import AnpPath, DemoAnp
from services.demo.ca import DemoAuthority
from services.demo.memory_keyring import MemoryKeyring
from services.demo.only_here import only_here
from services.demo.sefaz import DemoSefaz
from services.installation import install_certificate

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from app.domain import AnpRegistration

READ_TIMEOUT_S = 5.0
"""How long the demonstration waits for an answer: one of its customers never gets one."""

_ACTOR = "demonstração"
_ANP_LEFT_ALONE_S = 10
_CERTIFICATE_ENDS_IN = timedelta(days=12)
_BRAND_KINDS = {"Bandeira branca": BrandKind.WHITE}


@dataclass(frozen=True)
class Demonstration:
    """A folder ready to be opened by the window or by a command, and the SEFAZ and the ANP that answer it."""

    folders: Folders
    sefaz: DemoSefaz
    anp: DemoAnp


@contextmanager
def demonstration(*, automatic: bool = True, mirror: bool = False, resellers: int = 200) -> Iterator[Demonstration]:
    """Build the example; everything is stopped and the folder removed at the end. Until then this process reaches no
    other computer: also where somebody gives it the address of a real authority.

    `automatic`: whether the service of SEFAZ consults on its own as soon as it starts; that of ANP does unless its
    thread is paused, since its only switch forbids every consultation. `resellers`: how many ANP lists.
    `mirror`: whether yesterday's lists have been taken already; today's are published.
    """
    before = keyring.get_keyring()
    with only_here(), tempfile.TemporaryDirectory(prefix="retaguarda-demo-", ignore_cleanup_errors=True) as name:
        keyring.set_keyring(MemoryKeyring())
        try:
            authority = DemoAuthority.create()
            yesterday = anp_lists.resellers(resellers, known=example.anp_register(AnpKind.AUTOMOTIVE))
            with (
                DemoSefaz(
                    authority, ufs=example.ufs(), scenarios=example.scenarios(), taxpayers=example.taxpayers()
                ) as sefaz,
                _anp(authority, yesterday) as anp,
            ):
                folders = Folders(Path(name), Path(name))
                folders.demonstration_file.touch()
                folders.additional_ca_file.write_bytes(authority.ca_pem)
                folders.endpoints_file.write_text(sefaz.endpoints_override(), encoding="utf-8")
                backoffice = open_demonstration(folders)
                try:
                    _fill(backoffice, authority, anp, automatic=automatic)
                    if mirror:
                        _take_lists(backoffice, yesterday, anp)
                finally:
                    backoffice.close()
                yield Demonstration(folders, sefaz, anp)
        finally:
            keyring.set_keyring(before)


def open_demonstration(folders: Folders) -> Backoffice:
    """The program open on the example."""
    return open_backoffice(folders, read_timeout=READ_TIMEOUT_S)


def _anp(authority: DemoAuthority, yesterday: list[AnpRegistration]) -> DemoAnp:
    """ANP as it is today: some resellers came, some left and some are not what they were yesterday."""
    few = min(len(yesterday) // 40, 30)
    customers = example.anp_scenarios()
    today = anp_lists.mutated(
        yesterday, new=few, vanished=few, brands=few, names=few // 2, addresses=few // 2, kept=customers
    )
    return DemoAnp(
        authority,
        resellers=today,
        gas=anp_lists.gas_resellers(known=example.anp_register(AnpKind.GLP)),
        distributors=anp_lists.distributors([example.distributor()]),
        scenarios=customers,
        faults={(AnpPath.FUEL, cnpj): fault for cnpj, fault in example.anp_faults().items()},
        retry_after_s=_ANP_LEFT_ALONE_S,
    )


def _take_lists(backoffice: Backoffice, yesterday: list[AnpRegistration], anp: DemoAnp) -> None:
    files = {
        ListKind.AUTOMOTIVE: (anp_lists.automotive_csv(yesterday), ANP_LIST_AUTOMOTIVE),
        ListKind.GLP: (anp.file(ListKind.GLP), ANP_LIST_GLP),
        ListKind.DISTRIBUTOR: (anp.file(ListKind.DISTRIBUTOR), ANP_LIST_DISTRIBUTORS),
    }
    snapshot = backoffice.settings.load()
    taken_at = datetime.now(UTC) - timedelta(days=1)
    for kind, (data, address) in files.items():
        take_list(backoffice.database, data, kind, source=snapshot[address], taken_at=taken_at, actor=_ACTOR)


def _fill(backoffice: Backoffice, authority: DemoAuthority, anp: DemoAnp, *, automatic: bool) -> None:
    with backoffice.database.writing() as connection:
        company, branch, user, entity = _add_records(connection, backoffice)
    now = datetime.now(UTC)
    head_office = example.COMPANY.branches[0]
    password = secrets.token_urlsafe(16)
    install_certificate(
        backoffice.database,
        branch,
        authority.issue_pfx(
            head_office.cnpj, example.COMPANY.name.upper(), password, not_after=now + _CERTIFICATE_ENDS_IN
        ),
        password,
        actor=_ACTOR,
        now=now,
    )
    draft: dict[SettingKey, Any] = {
        (SEFAZ_BRANCH, GENERAL_COMPANY): branch,
        (SEFAZ_USER, GENERAL_COMPANY): user,
        (SEFAZ_INTERVAL, GENERAL_COMPANY): 2,
        (SEFAZ_AUTOMATIC, GENERAL_COMPANY): automatic,
        (SEFAZ_ENTITY, company): entity,
        **{(setting, GENERAL_COMPANY): value for setting, value in _anp_settings(anp, user).items()},
    }
    backoffice.settings.save(draft, backoffice.settings.load(), _ACTOR)


def _anp_settings(anp: DemoAnp, user: int) -> dict[Setting[Any], Any]:
    """Everything at the demonstration's ANP, and profiles under which only an updated registration may buy."""
    bad = [status for status in AnpStatus if status is not AnpStatus.UPDATED]
    return {
        ANP_URL: anp.address(AnpPath.FUEL),
        ANP_URL_SECONDARY: anp.address(AnpPath.MAP),
        ANP_LIST_AUTOMOTIVE: anp.address(AnpPath.AUTOMOTIVE_LIST),
        ANP_LIST_GLP: anp.address(AnpPath.GLP_LIST),
        ANP_LIST_DISTRIBUTORS: anp.address(AnpPath.DISTRIBUTOR_LIST),
        ANP_ONLINE: True,
        ANP_UPDATE_BRAND: True,
        ANP_CUSTOMER[AnpStatus.UPDATED]: CustomerAction.UNBLOCK,
        **{ANP_CUSTOMER[status]: CustomerAction.BLOCK for status in bad},
        ANP_CUSTOMER_NO_BRAND: MissingBrandAction.BLOCK,
        ANP_ORDER_CONSULT: True,
        **{ANP_ORDER[status]: OrderAction.REFUSE for status in bad},
        ANP_ORDER_NO_BRAND: OrderAction.REFUSE,
        ANP_SERVICE_USER: user,
        ANP_SERVICE_INTERVAL: 2,
        ANP_SERVICE_ACTION: ServiceAction.CONSULT_AND_BLOCK,
    }


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
            cadastro_anp=customer.anp_kind,
            bandeira=brands.get(customer.brand),
            regiao=regions[customer.region],
            consulta_automatica=customer.automatic,
            acao_sefaz=customer.action,
        )
    return company, branches[0], users["servico"], entity
