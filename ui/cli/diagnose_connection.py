"""`diagnostico banco`, `integracao` and `internet`: why the database, the counters' service or the internet is not
reached."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from app.policies import DatabaseKind
from app.settings.catalog import DATABASE_KIND, INTEGRATION_PORT
from ui.cli.output import Status, write, write_json
from ui.cli.problems import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from services.check_list import CheckReport

_JSON = """\
Com --json a resposta é um objeto, sempre com as mesmas chaves:
  teste, alvo, em (data e hora ISO 8601), resultado, resumo (uma frase), passos, na ordem, e para_copiar (lista de
  {nome, texto}: a linha ou o comando que resolve); cada passo tem
    passo        %s
    resultado    ok, atencao, falha ou nao_feito (o resultado do teste é o pior dos passos feitos)
    encontrado   o que foi visto, em uma frase
    duracao_ms   inteiro, ou null
    dados        lista de {nome, valor}
    falha        null, ou {classe, o_que_aconteceu, causa_provavel, o_que_fazer, detalhes}
Termina com 0 quando nenhum passo falha, e com 1 quando algum falha.
"""
_DATABASE_STEPS = """\
endereco, dns, tcp, postgresql, criptografia, pg_hba, senha, banco, versao, codificacao, esquema,
                 permissoes, latencia ou relogio"""
_SERVICE_STEPS = "endereco, dns, porta, tcp, protocolo, saude ou alcance"
_INTERNET_STEPS = "proxy, dns, tcp ou tls"


def add(subjects: Any) -> None:
    """Declare them under `diagnostico`."""
    database = subjects.add_parser(
        "banco",
        help="a conexão com o PostgreSQL",
        description="Entra no banco das configurações deste computador e diz em que passo para. Nada é criado.",
        epilog=_JSON % _DATABASE_STEPS,
    )
    service = subjects.add_parser(
        "integracao",
        help="o serviço de integração e a porta dele",
        description="Procura o serviço de integração onde dizem as configurações deste computador.",
        epilog=_JSON % _SERVICE_STEPS,
    )
    internet = subjects.add_parser(
        "internet",
        help="a saída para a internet: o proxy usado e as autoridades em que se confia",
        description="Vai até a ANP, no endereço de fábrica, pelo proxy das configurações deste computador. Nada é "
        "consultado.",
        epilog=_JSON % _INTERNET_STEPS,
    )
    for parser, run in ((database, _run_database), (service, _run_service), (internet, _run_internet)):
        parser.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="responde em JSON")
        parser.set_defaults(run=run)


def _run_database(options: argparse.Namespace) -> Status:
    from app import secrets
    from app.data.database import database_secret, database_url
    from app.folders import find_folders
    from app.settings.machine import MachineStore
    from app.settings.repository import SettingsRepository
    from services.database_check.check import check_database

    folders = find_folders()
    snapshot = SettingsRepository(MachineStore(folders.machine_file), None).load()
    if snapshot[DATABASE_KIND] is not DatabaseKind.SERVER:
        raise Refused(
            "Os dados deste computador ficam em um arquivo local: não há conexão a testar. Escolha “Servidor "
            "PostgreSQL” em Balcão › Integração."
        )
    url = database_url(snapshot, folders.database_file, secrets.read(database_secret(snapshot)))
    return _told(check_database(url, _never, integration_port=snapshot[INTEGRATION_PORT]), options)


def _run_service(options: argparse.Namespace) -> Status:
    from app.folders import find_folders
    from app.settings.machine import MachineStore
    from app.settings.repository import SettingsRepository
    from services.service_check import check_service

    snapshot = SettingsRepository(MachineStore(find_folders().machine_file), None).load()
    return _told(check_service(snapshot, _never), options)


def _run_internet(options: argparse.Namespace) -> Status:
    from app.folders import find_folders
    from app.settings.machine import MachineStore
    from app.settings.repository import SettingsRepository
    from services.internet_check import check_internet

    folders = find_folders()
    snapshot = SettingsRepository(MachineStore(folders.machine_file), None).load()
    return _told(check_internet(snapshot, folders, _never), options)


def _told(reports: Iterator[CheckReport], options: argparse.Namespace) -> Status:
    from services.check_list import as_document, as_text

    *_, report = reports
    if options.json:
        write_json(as_document(report))
    else:
        write(as_text(report).rstrip())
    return Status.DONE if report.failed is None else Status.REFUSED


def _never() -> bool:
    """Ctrl+C ends the command by itself."""
    return False
