"""The whole example in a folder of its own: data, certificate, settings; SEFAZ, ANP, WhatsApp and the gerenciadoras of
credit analyses on loopback.

Nothing of it can reach real data: its own SQLite file, its own settings of the computer, a keyring in memory, and
addresses that all lead to this computer.
"""

from __future__ import annotations

import secrets
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keyring

from app import secrets as app_secrets
from app.data import counters, instalments, records
from app.data.instalments import Told
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
    OverdueAction,
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
    INTEGRATION_ACTIVE,
    INTEGRATION_PORT,
    OVERDUE_ACTION,
    OVERDUE_BUDGET,
    OVERDUE_MINIMUM,
    OVERDUE_PRE_SALE,
    SEFAZ_AUTOMATIC,
    SEFAZ_BRANCH,
    SEFAZ_ENTITY,
    SEFAZ_INTERVAL,
    SEFAZ_USER,
    WHATSAPP_HOURS,
    WHATSAPP_NUMBER,
    WHATSAPP_ORDERS,
    WHATSAPP_TEMPLATE,
    WHATSAPP_URL,
)
from app.settings.setting import Setting
from app.settings.snapshot import GENERAL_COMPANY, SettingKey
from app.tables import BRANCHES, BRANDS, COMPANIES, CUSTOMERS, ENTITIES, REGIONS, USERS, Table
from app.working_hours import ALWAYS
from services.backoffice import Backoffice, open_backoffice
from services.demo import anp_lists, example, store_credit
from services.demo.anp import AnpPath, DemoAnp
from services.demo.ca import DemoAuthority
from services.demo.credit_example import Gerenciadoras, add_analyses, gerenciadoras
from services.demo.memory_keyring import MemoryKeyring
from services.demo.only_here import only_here
from services.demo.sefaz import DemoSefaz
from services.demo.whatsapp import NUMBER_ID as WHATSAPP_NUMBER_ID
from services.demo.whatsapp import TOKEN as WHATSAPP_TOKEN
from services.demo.whatsapp import DemoWhatsApp, Fault
from services.installation import install_certificate
from services.passwords import set_password
from services.whatsapp.account import token_secret

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from app.domain import AnpRegistration

READ_TIMEOUT_S = 5.0
"""How long the demonstration waits for an answer: one of its customers never gets one."""

SUPERVISOR_PASSWORD = "demonstracao"
"""With it the supervisor of the example releases a sale."""

_ACTOR = "demonstração"
_ANP_LEFT_ALONE_S = 10
_CERTIFICATE_ENDS_IN = timedelta(days=12)
_BRAND_KINDS = {"Bandeira branca": BrandKind.WHITE}


@dataclass(frozen=True)
class Demonstration:
    """A folder ready to be opened by the window or by a command, and who answers it.

    `counter_port` is where its service of the counters listens, and `counter_token` that of the one counter.
    """

    folders: Folders
    sefaz: DemoSefaz
    anp: DemoAnp
    whatsapp: DemoWhatsApp
    managers: Gerenciadoras
    counter_port: int
    counter_token: str


@contextmanager
def demonstration(
    *,
    automatic: bool = True,
    mirror: bool = False,
    resellers: int = 200,
    counters: bool = False,
    analyses: bool = False,
) -> Iterator[Demonstration]:
    """Build the example; everything is stopped and the folder removed at the end. Until then this process reaches no
    other computer: also where somebody gives it the address of a real authority.

    `automatic`: whether the service of SEFAZ consults on its own as soon as it starts; that of ANP does unless its
    thread is paused, since its only switch forbids every consultation. `resellers`: how many ANP lists.
    `mirror`: whether yesterday's lists have been taken already; today's are published. `counters`: whether the counters
    are served as soon as it is opened. `analyses`: whether orders need a credit analysis, which most customers have.
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
                DemoWhatsApp(authority, always=_unreached()) as whatsapp,
                gerenciadoras(authority) as managers,
            ):
                folders = Folders(Path(name), Path(name))
                folders.demonstration_file.touch()
                folders.additional_ca_file.write_bytes(authority.ca_pem)
                folders.endpoints_file.write_text(sefaz.endpoints_override(), encoding="utf-8")
                backoffice = open_demonstration(folders)
                port = _free_port()
                try:
                    company = _fill(backoffice, authority, anp, automatic=automatic)
                    token = _open_counter(backoffice, company, whatsapp, port, served=counters)
                    if mirror:
                        _take_lists(backoffice, yesterday, anp)
                    if analyses:
                        add_analyses(backoffice, company, managers)
                finally:
                    backoffice.close()
                yield Demonstration(folders, sefaz, anp, whatsapp, managers, port, token)
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


def _fill(backoffice: Backoffice, authority: DemoAuthority, anp: DemoAnp, *, automatic: bool) -> int:
    """Everything but the counter's; the number of the company."""
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
    return company


def _open_counter(backoffice: Backoffice, company: int, whatsapp: DemoWhatsApp, port: int, *, served: bool) -> str:
    """Store credit, a supervisor who may release, the account of WhatsApp, and a counter, whose token is returned."""
    now = datetime.now(UTC)
    today = now.astimezone().date()
    customers = {customer.code: customer for customer in example.CUSTOMERS}
    told = [
        Told(
            instalment.contract,
            customers[instalment.customer].document,
            instalment.contract.partition("/")[0],
            instalment.due_on(today),
            instalment.amount,
            instalment.paid,
            instalment.situation,
        )
        for instalment in store_credit.INSTALMENTS
    ]
    with backoffice.database.writing() as connection:
        instalments.receive(connection, company, told, now)
        _, token = counters.add(connection, "Balcão 1", company, _ACTOR, now)
        supervisor = next(user.id for user in records.every(connection, USERS) if user.values["liberar"])
    set_password(backoffice.database, supervisor, SUPERVISOR_PASSWORD, actor=_ACTOR, now=now)
    app_secrets.write(token_secret(WHATSAPP_NUMBER_ID), WHATSAPP_TOKEN)
    draft: dict[SettingKey, Any] = {
        (setting, GENERAL_COMPANY): value for setting, value in _counter_settings(whatsapp, port, served=served).items()
    }
    backoffice.settings.save(draft, backoffice.settings.load(), _ACTOR)
    return token


def _unreached() -> dict[str, Fault]:
    """Who has no WhatsApp, by number."""
    return {f"55{mobile.number}": Fault(code=131026) for mobile in store_credit.MOBILES if not mobile.reached}


def _counter_settings(whatsapp: DemoWhatsApp, port: int, *, served: bool) -> dict[Setting[Any], Any]:
    """Overdue credit stops a sale until somebody releases it, and messages leave at any hour."""
    return {
        INTEGRATION_ACTIVE: served,
        INTEGRATION_PORT: port,
        OVERDUE_BUDGET: True,
        OVERDUE_PRE_SALE: True,
        OVERDUE_MINIMUM: Decimal("10.00"),
        OVERDUE_ACTION: OverdueAction.RELEASE,
        WHATSAPP_ORDERS: True,
        WHATSAPP_URL: whatsapp.address,
        WHATSAPP_NUMBER: WHATSAPP_NUMBER_ID,
        WHATSAPP_HOURS: ALWAYS,
        **{template: f"os_{stage.value}" for stage, template in WHATSAPP_TEMPLATE.items()},
    }


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


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
    mobiles = {mobile.customer: mobile for mobile in store_credit.MOBILES}
    for customer in example.CUSTOMERS:
        mobile = mobiles.get(customer.code)
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
            celular="" if mobile is None else f"55{mobile.number}",
            aceita_whatsapp=mobile is not None and bool(mobile.consent),
            aceite="" if mobile is None else mobile.consent,
            cadastro_anp=customer.anp_kind,
            bandeira=brands.get(customer.brand),
            regiao=regions[customer.region],
            consulta_automatica=customer.automatic,
            acao_sefaz=customer.action,
        )
    return company, branches[0], users["servico"], entity
