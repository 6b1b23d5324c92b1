"""`config`: read, write, export and import settings."""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.kinds import InvalidValue
from app.settings.catalog import ALL, BY_KEY, PAGES
from app.settings.draft import RESTORE
from app.settings.repository import SettingsRepository
from app.settings.setting import Setting
from app.settings.snapshot import GENERAL_COMPANY, Snapshot
from app.tables import COMPANIES
from ui.cli.office import ask_secret, opened, read_file, write_file
from ui.cli.output import Status, note, write, write_json, write_table
from ui.cli.portuguese import UsageError, positive
from ui.cli.problems import Refused

if TYPE_CHECKING:
    from app.settings.exchange import Change


def add(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser("config", help="lista, lê, grava, exporta e importa configurações")
    actions = parser.add_subparsers(title="ações", metavar="AÇÃO", dest="acao", required=True)
    listing = actions.add_parser("listar", help="mostra todas as configurações, com o valor e de onde ele vem")
    listing.set_defaults(run=run_list)
    listing.add_argument("--pagina", choices=[page.key for page in PAGES], help="só as de uma das telas")
    reading = actions.add_parser("ler", help="mostra o valor de uma configuração")
    reading.set_defaults(run=run_read)
    reading.add_argument("chave", metavar="CHAVE")
    writing = actions.add_parser(
        "gravar",
        help="grava uma ou mais configurações: todas ou nenhuma",
        description="Grava todos os valores ou, se algum for recusado, nenhum.",
        epilog="Exemplo: config gravar sefaz.automatica=sim sefaz.periodicidade=30",
    )
    writing.set_defaults(run=run_write)
    writing.add_argument("valores", metavar="CHAVE=VALOR", nargs="*", help="ou CHAVE VALOR, para uma só")
    writing.add_argument(
        "--restaurar",
        metavar="CHAVE",
        action="append",
        default=[],
        help="volta ao padrão ou, com --empresa, ao valor geral; pode ser repetido",
    )
    for action in (listing, reading, writing):
        action.add_argument("--empresa", metavar="N", type=positive, help="os valores dessa empresa")
    exporting = actions.add_parser("exportar", help="escreve em JSON as configurações gravadas; nunca senhas")
    exporting.set_defaults(run=run_export)
    exporting.add_argument("arquivo", metavar="ARQUIVO", nargs="?", default="-", help="- ou nada: a saída padrão")
    exporting.add_argument("--maquina", action="store_true", help="inclui as configurações deste computador")
    importing = actions.add_parser(
        "importar",
        help="lê um arquivo exportado: mostra o que muda e grava tudo ou nada",
        description="O que não está no arquivo não muda.",
    )
    importing.set_defaults(run=run_import)
    importing.add_argument("arquivo", metavar="ARQUIVO", type=Path)
    importing.add_argument("--simular", action="store_true", help="só mostra o que mudaria")
    for action in (listing, reading, writing, importing):
        action.add_argument("--json", action="store_true", help="responde em JSON")
    for name, whose, run in (
        ("senha-banco", "do PostgreSQL", run_database_password),
        ("senha-proxy", "do proxy", run_proxy_password),
    ):
        password = actions.add_parser(
            name,
            help=f"guarda no cofre do sistema a senha {whose} das configurações deste computador",
            description="A senha é perguntada; quando a entrada não é um terminal, é a primeira linha dela.",
        )
        password.set_defaults(run=run)
        password.add_argument("--remover", action="store_true", help="apaga a senha guardada")


def run_list(options: argparse.Namespace) -> Status:
    """List settings in the order of the screens."""
    wanted = next((page.settings for page in PAGES if page.key == options.pagina), ALL)
    with _settings(wanted, options.empresa) as (settings, _):
        snapshot = _seen_by(options.empresa, settings.load())
    if options.json:
        write_json([_as_document(setting, snapshot) for setting in wanted])
    else:
        headers = ("Chave", "Valor", "Origem", "Configuração")
        write_table(headers, [_line(setting, snapshot) for setting in wanted])
    return Status.DONE


def run_read(options: argparse.Namespace) -> Status:
    """Print one value as it is written, so that a script may use it."""
    setting = _setting(options.chave)
    with _settings([setting], options.empresa) as (settings, _):
        snapshot = _seen_by(options.empresa, settings.load())
    if options.json:
        write_json(_as_document(setting, snapshot))
    else:
        write(setting.kind.dump(snapshot[setting]))
    return Status.DONE


def run_write(options: argparse.Namespace) -> Status:
    """Save all the values, or none."""
    company = options.empresa or GENERAL_COMPANY
    draft = {(setting, company): value for setting, value in _given(options).items()}
    with _settings([setting for setting, _ in draft], options.empresa) as (settings, actor):
        before = settings.load()
        after = settings.save(draft, before, actor).for_company(company)
    if options.json:
        write_json([_as_document(setting, after) for setting, _ in draft])
    else:
        for setting, _ in draft:
            effective = after.effective(setting)
            write(f"{setting.key}: {setting.kind.show(effective.value)} ({effective.source.value})")
    return Status.DONE


def run_export(options: argparse.Namespace) -> Status:
    """Write the kept values."""
    from app.settings import exchange

    with opened() as office:
        text = exchange.export(office.settings.load(), machine=options.maquina)
    if options.arquivo == "-":
        write(text.rstrip("\n"))
    else:
        write_file(Path(options.arquivo), text.encode())
        note(f"Configurações gravadas em {options.arquivo}.")
    return Status.DONE


def run_import(options: argparse.Namespace) -> Status:
    """Say what changes, then keep everything or nothing."""
    from app.settings import exchange

    try:
        text = read_file(options.arquivo).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refused(f"O arquivo {options.arquivo} não está em UTF-8.") from error
    draft = exchange.read(text)
    with opened() as office:
        before = office.settings.load()
        found = exchange.changes(draft, before)
        if not options.json:
            for change in found:
                write(change.sentence)
        if not options.simular:
            office.settings.save({(c.setting, c.company): c.new for c in found}, before, office.actor)
    if options.json:
        write_json({"gravado": not options.simular, "mudancas": [_change_document(change) for change in found]})
    elif not found:
        note("O arquivo não muda nada: todos os valores já são estes.")
    else:
        note("Nada foi gravado: era só para mostrar." if options.simular else f"{len(found)} valores gravados.")
    return Status.DONE


def run_database_password(options: argparse.Namespace) -> Status:
    """Keep the password of PostgreSQL in the keyring, for the server, port, user and database of this computer."""
    from app.data.database import database_secret

    name = database_secret(_local_settings().load())
    return _keep_password(name, name.removeprefix("banco/"), options)


def run_proxy_password(options: argparse.Namespace) -> Status:
    """Keep the password of the proxy in the keyring, for the server, port and user of this computer."""
    from app.network_profile import NetworkProfile

    profile = NetworkProfile.of(_local_settings().load())
    if not profile.has_password:
        raise Refused(
            "As configurações deste computador não têm um proxy com usuário. Grave antes rede.proxy=endereco, "
            "rede.proxy_servidor, rede.proxy_porta e rede.proxy_usuario."
        )
    return _keep_password(profile.secret, profile.secret.removeprefix("proxy/"), options)


def _keep_password(name: str, whose: str, options: argparse.Namespace) -> Status:
    from app import secrets

    if options.remover:
        secrets.delete(name)
        note("Senha apagada do cofre do sistema.")
    else:
        secrets.write(name, ask_secret(f"Senha de {whose}: "))
        note("Senha guardada no cofre do sistema.")
    return Status.DONE


def _local_settings() -> SettingsRepository:
    from app.folders import find_folders
    from app.settings.machine import MachineStore

    return SettingsRepository(MachineStore(find_folders().machine_file), None)


@contextmanager
def _settings(wanted: Sequence[Setting[Any]], company: int | None) -> Iterator[tuple[SettingsRepository, str]]:
    """The settings and who is using them. Raises RecordNotFound when there is no such company.

    When the database does not open, this computer's own are still reached: changing them is what repairs it.
    """
    from app.data import records
    from app.data.database import DatabaseUnavailable
    from app.folders import find_folders
    from app.secrets import SecretsUnavailable
    from services.backoffice import open_backoffice

    backoffice = None
    try:
        backoffice = open_backoffice(find_folders())
    except (DatabaseUnavailable, SecretsUnavailable) as error:
        if not all(setting.is_machine for setting in wanted):
            raise
        note(f"Só as configurações deste computador estão ao alcance, porque o banco não abriu. {error}")
    if backoffice is None:
        yield _local_settings(), ""
        return
    try:
        if company is not None:
            with backoffice.database.reading() as connection:
                records.get(connection, COMPANIES, company)
        yield backoffice.settings, backoffice.actor
    finally:
        backoffice.close()


def _seen_by(company: int | None, snapshot: Snapshot) -> Snapshot:
    return snapshot.for_company(company or GENERAL_COMPANY)


def _setting(key: str) -> Setting[Any]:
    setting = BY_KEY.get(key)
    if setting is None:
        near = difflib.get_close_matches(key, BY_KEY, n=3)
        hint = f"Seria {' ou '.join(near)}?" if near else "Veja as chaves com “config listar”."
        raise UsageError(f"Não existe a configuração “{key}”. {hint}")
    return setting


def _given(options: argparse.Namespace) -> dict[Setting[Any], Any]:
    """What is to be kept, by setting. Raises UsageError with a sentence for each value that cannot be read."""
    texts: list[str] = options.valores
    pairs = [(texts[0], texts[1])] if len(texts) == 2 and "=" not in texts[0] else [_pair(text) for text in texts]
    draft: dict[Setting[Any], Any] = {}
    errors: dict[str, str] = {}
    for key, text in pairs:
        setting = _setting(key)
        if setting in draft:
            errors[key] = "foi informada duas vezes."
        try:
            draft[setting] = setting.kind.parse(text)
        except InvalidValue as error:
            errors[key] = str(error)
    for key in options.restaurar:
        setting = _setting(key)
        if setting in draft:
            errors[key] = "ou se grava, ou se restaura."
        draft[setting] = RESTORE
    if errors:
        raise UsageError("\n".join(f"{key}: {error}" for key, error in errors.items()), errors=errors)
    if not draft:
        raise UsageError("Falta o que gravar: CHAVE=VALOR, ou --restaurar CHAVE.")
    return draft


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals:
        raise UsageError(f"“{text}” não está na forma CHAVE=VALOR.")
    return key, value


def _as_document(setting: Setting[Any], snapshot: Snapshot) -> dict[str, Any]:
    effective = snapshot.effective(setting)
    return {
        "chave": setting.key,
        "rotulo": setting.label,
        "valor": setting.kind.plain(effective.value),
        "padrao": setting.kind.plain(setting.default),
        "origem": effective.source.value,
        "escopos": [scope.value for scope in setting.scopes],
        "ajuda": f"{setting.help} {setting.effect} Exemplo: {setting.example}",
    }


def _change_document(change: Change) -> dict[str, Any]:
    return {
        "chave": change.setting.key,
        "empresa": change.company,
        "de": change.setting.kind.plain(change.old),
        "origem": change.source.value,
        "para": change.setting.kind.plain(change.new),
    }


def _line(setting: Setting[Any], snapshot: Snapshot) -> list[str]:
    effective = snapshot.effective(setting)
    return [setting.key, setting.kind.show(effective.value), effective.source.value, setting.label]
