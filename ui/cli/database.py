"""`banco`: where the data is, moving it from the local file to PostgreSQL, and going back."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from app.kinds import InvalidValue
from app.policies import DatabaseKind
from app.settings.catalog import DATABASE_KIND, DATABASE_NAME, DATABASE_PORT, DATABASE_SSL, DATABASE_USER, SERVER
from ui.cli.office import ask_secret
from ui.cli.output import Status, note, write, write_json, write_table
from ui.cli.portuguese import UsageError

if TYPE_CHECKING:
    from sqlalchemy import URL

    from app.folders import Folders
    from app.settings.setting import Setting
    from app.settings.snapshot import Snapshot
    from services.database_move import Progress

_MOVING = """\
O endereço é postgresql://USUARIO@SERVIDOR:PORTA/BANCO, com ?sslmode=disable, prefer, require ou verify-full; o que
faltar é o de fábrica. A senha não vai nele, onde outros a veriam: vale a do cofre do sistema ou, sem ela, a que for
digitada (a primeira linha da entrada, quando não é um terminal; vazia onde o servidor não pede senha).

O banco precisa existir e estar vazio. Tudo é copiado em uma transação, lido de volta e comparado; só então este
computador passa a usar o servidor. Interrompido antes disso, ele continua no arquivo, como estava.
Feche antes a janela e o comando “servico” neste computador.
"""
_GOING_BACK = """\
O arquivo local volta a ser usado como estava no momento da mudança. O que foi gravado no servidor desde então
continua lá e não vem para o arquivo. As análises de crédito que esperavam na fila são canceladas: no servidor elas
podem ter sido feitas, e cobradas.
"""


def add(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser("banco", help="diz onde os dados estão, e os muda do arquivo local para o PostgreSQL")
    actions = parser.add_subparsers(title="ações", metavar="AÇÃO", dest="acao", required=True)
    where = actions.add_parser("onde", help="diz onde este computador guarda os dados")
    where.set_defaults(run=run_where)
    moving = actions.add_parser(
        "migrar", help="copia tudo do arquivo local para o PostgreSQL e passa a usá-lo", epilog=_MOVING
    )
    moving.set_defaults(run=run_move)
    moving.add_argument("--para", metavar="URL", required=True, help="o banco de destino")
    moving.add_argument("--perguntar-senha", action="store_true", help="pergunta a senha também quando há uma guardada")
    moving.add_argument("--simular", action="store_true", help="só confere os dois lados: nada é criado nem copiado")
    back = actions.add_parser("voltar", help="desfaz a mudança: volta a usar o arquivo local", epilog=_GOING_BACK)
    back.set_defaults(run=run_back)
    for action in (where, moving, back):
        action.add_argument("--json", action="store_true", help="responde em JSON")


def run_where(options: argparse.Namespace) -> Status:
    """Say where the data is and whether a move can be undone."""
    from app.folders import find_folders
    from services.database_move import place_words, undoable

    folders = find_folders()
    local = _local(folders)
    on_server = local[DATABASE_KIND] is DatabaseKind.SERVER
    can_go_back = undoable(folders) is not None
    if options.json:
        file = None if on_server else str(folders.database_file)
        write_json({"onde": place_words(local), "servidor": on_server, "arquivo": file, "pode_voltar": can_go_back})
        return Status.DONE
    write(place_words(local) if on_server else f"{place_words(local)}: {folders.database_file}")
    if can_go_back:
        note("A mudança do arquivo local para este servidor pode ser desfeita: banco voltar.")
    return Status.DONE


def run_move(options: argparse.Namespace) -> Status:
    """Move everything, or say why not; with --simular only look."""
    import getpass

    from app import secrets
    from app.data.database import database_secret
    from app.folders import find_folders
    from services.database_move import look, move_to_server

    folders, place = find_folders(), _place(options.para)
    password = None
    if options.perguntar_senha or secrets.read(database_secret(place)) is None:
        password = ask_secret(f"Senha de {place[DATABASE_USER]} em {place[SERVER]}: ") or None
    if options.simular:
        ready = look(folders, place, password, lambda: False)
        _show(options, ready.rows, {"mudou": False, "servidor": ready.server}, f"Tudo pronto. {ready.server}")
        return Status.DONE
    moved = move_to_server(
        folders,
        place,
        password,
        actor=getpass.getuser(),
        now=datetime.now(UTC),
        told=_Steps().tell,
        given_up=lambda: False,
    )
    sentence = (
        f"Este computador agora usa o {moved.place}. O arquivo local ficou como estava; para voltar a ele: banco voltar"
    )
    _show(options, moved.rows, {"mudou": True, "onde": moved.place}, sentence)
    return Status.DONE


def run_back(options: argparse.Namespace) -> Status:
    """Use the file again."""
    import getpass

    from app.folders import find_folders
    from services.database_move import move_back

    place = move_back(find_folders(), actor=getpass.getuser(), now=datetime.now(UTC))
    if options.json:
        write_json({"onde": place})
    else:
        write(f"Os dados voltaram a ser os do {place}. O que foi gravado no servidor desde a mudança continua lá.")
    return Status.DONE


class _Steps:
    """Says each step once, on the standard error."""

    def __init__(self) -> None:
        self._said = ""

    def tell(self, progress: Progress) -> None:
        if progress.step.value != self._said:
            self._said = progress.step.value
            note(f"{self._said}…")


def _show(options: argparse.Namespace, rows: Any, document: dict[str, Any], sentence: str) -> None:
    if options.json:
        tables = [{"tabela": name, "registros": count} for name, count in rows.items()]
        write_json(document | {"registros": sum(rows.values()), "tabelas": tables})
        return
    write_table(("Tabela", "Registros"), [(name, str(count)) for name, count in rows.items() if count])
    write()
    write(sentence)


def _local(folders: Folders) -> Snapshot:
    from app.settings.machine import MachineStore
    from app.settings.repository import SettingsRepository

    return SettingsRepository(MachineStore(folders.machine_file), None).load()


def _place(text: str) -> Snapshot:
    """The server of an address, each part as the settings take it. Raises UsageError."""
    from services.database_move import server_place

    url = _url(text)
    if url.password is not None:
        raise UsageError(
            "A senha não vai no endereço, onde outros a veriam: tire-a de lá. Ela é perguntada, ou vem na entrada."
        )
    unknown = sorted(set(url.query) - {"sslmode"})
    if unknown:
        raise UsageError(f"O endereço tem o que o programa não usa: {', '.join(unknown)}. Só sslmode é aceito.")
    given: dict[Setting[Any], Any] = {
        SERVER: url.host,
        DATABASE_PORT: url.port,
        DATABASE_NAME: url.database,
        DATABASE_USER: url.username,
        DATABASE_SSL: url.query.get("sslmode"),
    }
    values: dict[Setting[Any], Any] = {}
    for setting, value in given.items():
        if value:
            try:
                values[setting] = setting.kind.parse(str(value))
            except InvalidValue as error:
                raise UsageError(f"{setting.label}: {error}") from error
    return server_place(values)


def _url(text: str) -> URL:
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        url = make_url(text)
    except (ArgumentError, ValueError) as error:
        raise UsageError(_NOT_URL) from error
    if url.drivername not in ("postgresql", "postgres"):
        raise UsageError(_NOT_URL)
    return url


_NOT_URL = "O endereço não foi entendido. Escreva postgresql://usuario@servidor:5432/banco."
