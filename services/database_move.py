"""Moving this computer's data from the local file to a PostgreSQL server, and going back to the file.

Nothing is ever half moved. The file is held by this process alone from before the first row is read until this
computer's settings name the server; there everything is one transaction. A program killed before these settings are
replaced leaves the computer on its file, as it was, and one killed after leaves it on the server, with everything.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from sqlalchemy import URL, Connection, Table, text
from sqlalchemy.exc import DBAPIError

from app import secrets
from app.data import audit, credit_analyses, transfer, transfer_check
from app.data.database import Database, DatabaseUnavailable, database_secret, database_url
from app.data.models import AuditEntry
from app.data.table_names import TABLE_NAMES
from app.data.transfer import NotCarried, Sum
from app.domain import Failure, FailureKind
from app.folders import Folders
from app.policies import DatabaseKind
from app.portuguese import counted, listed, number
from app.settings.catalog import DATABASE_KIND, DATABASE_NAME, DATABASE_PORT, DATABASE_USER, SERVER
from app.settings.former_place import PLACE, FormerPlace, Move, Values, only_place
from app.settings.machine import MachineStore
from app.settings.setting import Setting
from app.settings.snapshot import GENERAL_COMPANY, Kept, Snapshot
from services.check_list import CheckReport
from services.database_check.check import check_database
from services.database_check.steps import identifier
from services.waited_socket import GiveUp

log = logging.getLogger(__name__)

# A server that goes away in mid-copy is noticed within a minute, not when the system gives the connection up.
_WATCHED = {
    "keepalives_idle": "10",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "45000",
}
_TOLD_OCCUPANTS = 3


class NotMoved(Exception):
    """The data stays where it is and this computer goes on using it; `failure` says why."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.what)
        self.failure = failure


class NotLetIn(NotMoved):
    """The test of the connection found what stands in the way; `report` has its steps and the ways out."""

    def __init__(self, report: CheckReport, failure: Failure) -> None:
        super().__init__(failure)
        self.report = report


class Step(Enum):
    """What a move is doing."""

    ENTERING = "Entrando no servidor"
    CHECKING = "Conferindo os dados deste computador"
    CREATING = "Criando as tabelas no servidor"
    COPYING = "Copiando"
    VERIFYING = "Conferindo o que chegou"
    KEEPING = "Gravando no servidor"
    SWITCHING = "Passando este computador para o servidor"


@dataclass(frozen=True)
class Progress:
    """How far a move is; `table` is the name that people read, "" where it is of none. Every row counts twice: copied
    and read back. Without `total` it is not known."""

    step: Step
    table: str = ""
    done: int = 0
    total: int | None = None

    @property
    def sentence(self) -> str:
        """What is being done, in a few words."""
        return f"{self.step.value}: {self.table}" if self.table else self.step.value


Told = Callable[[Progress], None]


@dataclass(frozen=True)
class Ready:
    """What a look at both sides found: the server takes the data, and so many rows by table would be carried."""

    server: str
    rows: Mapping[str, int]

    @property
    def total(self) -> int:
        """How many rows there are to carry."""
        return sum(self.rows.values())


@dataclass(frozen=True)
class Moved:
    """A move that was made: the rows by the name of their table, and where they are."""

    place: str
    rows: Mapping[str, int]


def server_place(values: Values) -> Snapshot:
    """The settings of a server, as those of a computer that uses it."""
    kept: dict[Any, Kept] = {(setting, GENERAL_COMPANY): Kept(value) for setting, value in values.items()}
    return Snapshot(kept | {(DATABASE_KIND, GENERAL_COMPANY): Kept(DatabaseKind.SERVER)})


def place_words(snapshot: Snapshot) -> str:
    """Where the data is by these settings, in a few words."""
    if snapshot[DATABASE_KIND] is DatabaseKind.FILE:
        return "arquivo neste computador"
    server = f"{snapshot[SERVER]}:{snapshot[DATABASE_PORT]}"
    return f"banco {snapshot[DATABASE_NAME]} em {server}, usuário {snapshot[DATABASE_USER]}"


def look(folders: Folders, place: Snapshot, password: str | None, given_up: GiveUp) -> Ready:
    """Whether the data of this computer can be moved to the server of `place`. Nothing is changed anywhere.

    `password` is None for the one that the keyring has. Raises NotMoved, DatabaseUnavailable (of the file),
    MachineFileError or SecretsUnavailable.
    """
    former = _former_when_movable(folders)
    url = _url(folders, place, password)
    server = _enter(url, given_up)
    with closing(_file(folders)) as source, closing(Database(url)) as target:
        source.migrate()
        with source.reading() as here:
            rows = _sound_rows(here)
        with _explained(place), target.reading() as there:
            if _has_tables(there, place):
                _refuse_occupied(there, place, former)
    return Ready(server, {TABLE_NAMES[name]: count for name, count in rows.items()})


def move_to_server(
    folders: Folders,
    place: Snapshot,
    password: str | None,
    *,
    actor: str,
    now: datetime,
    told: Told,
    given_up: GiveUp,
) -> Moved:
    """Move everything to the server of `place` and let this computer use it. Nobody else may have the file open.

    `password` is None for the one that the keyring has; a typed one is kept there first. `given_up` is looked at until
    everything is ready to be kept there. Raises what `look` does; then everything is as it was.
    """
    machine = MachineStore(folders.machine_file)
    _former_when_movable(folders)
    told(Progress(Step.ENTERING))
    url = _url(folders, place, password)
    _enter(url, given_up)
    with (
        closing(_file(folders, alone=True)) as source,
        closing(Database(url)) as target,
        _password_kept(place, password),
        _alone(source) as here,
    ):
        former = _former_when_movable(folders)  # another process may have moved it before this one had the file
        told(Progress(Step.CHECKING))
        rows = _sound_rows(here)
        total = sum(rows.values())
        told(Progress(Step.CREATING))
        with _explained(place):
            with target.reading() as there:
                _has_tables(there, place)
            target.migrate()
            with target.writing() as there:
                transfer.hold(there)
                _refuse_occupied(there, place, former)
                sums = _carry(here, there, total, told, given_up)
                audit.record(
                    there,
                    actor=actor,
                    subject=DATABASE_KIND.key,
                    what=DATABASE_KIND.label,
                    old=place_words(Snapshot()),
                    new=f"{place_words(place)}; {counted(total, 'registro', 'registros')}",
                    at=now,
                )
                sums[AuditEntry.__tablename__] = transfer.sum_of(there, AuditEntry)
                wanted = {setting: kept.value for (setting, _), kept in place.values.items()}
                FormerPlace(folders.move_file).save(Move(only_place(machine.load()), wanted, transfer.digest(sums)))
                _refuse_given_up(given_up)
                told(Progress(Step.KEEPING, "", 2 * total, 2 * total))
        told(Progress(Step.SWITCHING, "", 2 * total, 2 * total))
        machine.save(_without_place(machine.load()) | wanted)
    return Moved(place_words(place), {TABLE_NAMES[name]: count for name, count in rows.items()})


def undoable(folders: Folders) -> Move | None:
    """The move that brought this computer to where its data is, when it can be undone. Raises MachineFileError."""
    move = FormerPlace(folders.move_file).load()
    return move if move is not None and move.is_in_force(MachineStore(folders.machine_file).load()) else None


def move_back(folders: Folders, *, actor: str, now: datetime) -> str:
    """Let this computer use its file again, as it was when it was moved; where the data is now, in words.

    What was written on the server since stays there. The credit analyses that waited in the queue are cancelled: on the
    server they may have been made, and each costs money. Raises NotMoved, DatabaseUnavailable or MachineFileError; then
    nothing has changed.
    """
    move = undoable(folders)
    if move is None:
        raise _refusal(
            "Não há mudança a desfazer: este computador não passou do arquivo para o servidor em uso.",
            "",
            "Para usar outro banco, mude Balcão › Integração.",
        )
    if not folders.database_file.exists():
        raise _refusal(
            f"O arquivo com os dados de antes não existe mais ({folders.database_file}).",
            "Ele foi apagado ou levado para outro lugar.",
            "Devolva o arquivo a essa pasta e tente de novo; até lá, este computador continua no servidor.",
        )
    machine = MachineStore(folders.machine_file)
    there = Snapshot({(setting, GENERAL_COMPANY): Kept(value) for setting, value in move.after.items()})
    former = place_words(Snapshot())
    with closing(_file(folders)) as database:
        database.migrate()
        with database.writing() as connection:
            audit.record(
                connection,
                actor=actor,
                subject=DATABASE_KIND.key,
                what=DATABASE_KIND.label,
                old=place_words(there),
                new=former,
                at=now,
            )
            credit_analyses.cancel_all(connection)
            machine.save(_without_place(machine.load()) | dict(move.before))
    return former


def _without_place(machine: Values) -> dict[Setting[Any], Any]:
    return {setting: value for setting, value in machine.items() if setting not in PLACE}


# --- the two sides ---


def _file(folders: Folders, *, alone: bool = False) -> Database:
    return Database(database_url(Snapshot(), folders.database_file, None), alone=alone)


def _url(folders: Folders, place: Snapshot, password: str | None) -> URL:
    given = password if password is not None else secrets.read(database_secret(place))
    return database_url(place, folders.database_file, given).update_query_dict(_WATCHED)


def _enter(url: URL, given_up: GiveUp) -> str:
    """Test the connection; what came of it, in a sentence. Raises NotLetIn, or NotMoved when it was given up."""
    *_, report = check_database(url, given_up)
    _refuse_given_up(given_up)
    if report.failed is not None and report.failed.failure is not None:
        raise NotLetIn(report, report.failed.failure)
    return report.sentence


def _former_when_movable(folders: Folders) -> Move | None:
    """The last move. Raises NotMoved where there is no file of real data to move."""
    if folders.demonstration_file.exists():
        raise _refusal(
            "Os dados da demonstração são inventados e não mudam para um servidor.",
            "",
            "Abra o programa sem a demonstração para mudar os dados de verdade.",
        )
    machine = MachineStore(folders.machine_file).load()
    if machine.get(DATABASE_KIND, DATABASE_KIND.default) is DatabaseKind.SERVER:
        raise _refusal(
            "Este computador já usa um servidor PostgreSQL.",
            "",
            "Só os dados do arquivo local mudam para um servidor; para usar outro banco, mude Balcão › Integração.",
        )
    return FormerPlace(folders.move_file).load()


@contextmanager
def _alone(source: Database) -> Iterator[Connection]:
    """The file, at this program's schema, with nobody else reading or writing it."""
    try:
        source.migrate()  # from its first look on, the file is this process's alone
    except DatabaseUnavailable as error:
        refused = getattr(error.__cause__, "orig", None)
        if getattr(refused, "sqlite_errorcode", None) != sqlite3.SQLITE_BUSY:
            raise
        raise _refusal(
            "O arquivo de dados está aberto em outro programa.",
            "A janela do Retaguarda, o serviço do Windows, o comando “servico” ou outro está em uso neste computador.",
            "Encerre-o e tente de novo; o serviço do Windows, em services.msc ou com “net stop Retaguarda”.",
        ) from error
    with source.writing() as connection:
        yield connection


@contextmanager
def _password_kept(place: Snapshot, password: str | None) -> Iterator[None]:
    """The password typed is in the keyring; what was there comes back when the move is not made."""
    name = database_secret(place)
    former = None if password is None else secrets.read(name)
    if password is None or password == former:
        yield
        return
    secrets.write(name, password)
    try:
        yield
    except BaseException:
        try:
            if former is None:
                secrets.delete(name)
            else:
                secrets.write(name, former)
        except secrets.SecretsUnavailable:
            log.warning("A senha de um banco que não chegou a ser usado ficou no cofre do sistema.")
        raise


# --- what stands in the way ---


def _sound_rows(here: Connection) -> dict[str, int]:
    """How many rows each table of the file has. Raises NotMoved where a server would not take them all."""
    try:
        found = transfer_check.misfits(here, transfer.CARRIED)
        rows = transfer.counts(here)
    except DBAPIError as error:
        raise NotMoved(transfer.damaged("O arquivo local não pôde ser lido até o fim.", error)) from error
    if found:
        many = "; pode haver mais" if len(found) == transfer_check.MOST else ""
        raise NotMoved(
            Failure(
                FailureKind.CONFIGURATION,
                f"O servidor não aceita {counted(len(found), 'valor', 'valores')} deste arquivo{many}. {found[0]}",
                "O arquivo local não confere o tamanho nem o tipo do que guarda; o PostgreSQL confere.",
                "Corrija o que está nos detalhes e tente de novo." if len(found) > 1 else "Corrija e tente de novo.",
                "\n".join(found),
            )
        )
    return rows


def _has_tables(there: Connection, place: Snapshot) -> bool:
    """Whether the server has our tables already. Raises NotMoved when its database does not keep every letter."""
    encoding, version_table = there.execute(
        text("SELECT current_setting('server_encoding'), to_regclass('alembic_version')")
    ).one()
    if encoding != "UTF8":
        name, user = identifier(place[DATABASE_NAME]), identifier(place[DATABASE_USER])
        raise _refusal(
            f"O banco “{place[DATABASE_NAME]}” guarda textos em {encoding}, e o programa precisa de UTF8.",
            "O banco foi criado com outra codificação.",
            f"Peça ao administrador: CREATE DATABASE {name} OWNER {user} ENCODING 'UTF8' TEMPLATE template0;",
        )
    return version_table is not None


def _refuse_occupied(there: Connection, place: Snapshot, former: Move | None) -> None:
    """Raise NotMoved when the server has data of ours, unless it is a copy of this computer's that nobody used.

    Such a copy is left by a program killed between keeping everything there and using it.
    """
    try:
        found = transfer.occupants(there)
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", "") not in ("42P01", "42703"):  # tables or columns of an older schema
            raise
        raise _refusal(
            f"O banco “{place[DATABASE_NAME]}” tem tabelas de uma versão anterior do Retaguarda.",
            "Outro computador já usou este banco.",
            "Peça ao administrador um banco vazio.",
        ) from error
    if not found:
        return
    if former is not None and former.is_in_force({s: kept.value for (s, _), kept in place.values.items()}):
        unused = transfer.digest(transfer.read_back(there, lambda table, rows: None))
        if unused == former.digest:
            return
    most = sorted(found.items(), key=lambda item: -item[1])
    told = [f"{TABLE_NAMES[name]} ({number(rows)})" for name, rows in most[:_TOLD_OCCUPANTS]]
    raise _refusal(
        f"O banco “{place[DATABASE_NAME]}” já tem dados do Retaguarda: {listed(told)}.",
        "Outro computador já o usa, ou uma mudança anterior já foi feita para ele.",
        "Para usar os dados que estão lá, escolha o servidor em Balcão › Integração, sem mudar os deste computador. "
        "Para levar os deste computador, peça ao administrador um banco vazio.",
    )


def _refuse_given_up(given_up: GiveUp) -> None:
    if given_up():
        raise NotMoved(
            Failure(
                FailureKind.CANCELLED,
                "A mudança foi cancelada. Este computador continua no arquivo local e nada ficou no servidor.",
                "",
                "Comece de novo quando quiser.",
            )
        )


def _refusal(what: str, cause: str, todo: str) -> NotMoved:
    return NotMoved(Failure(FailureKind.CONFIGURATION, what, cause, todo))


# --- the work ---


def _carry(here: Connection, there: Connection, rows: int, told: Told, given_up: GiveUp) -> dict[str, Sum]:
    """Copy the `rows` that there are and compare; what each table has. Raises NotMoved when something else arrived."""
    done = 0

    def reporting(step: Step) -> transfer.Progress:
        def report(table: Table, more: int) -> None:
            nonlocal done
            _refuse_given_up(given_up)
            done += more
            told(Progress(step, TABLE_NAMES[table.name], done, 2 * rows))

        return report

    sent = transfer.carry(here, there, reporting(Step.COPYING))
    arrived = transfer.read_back(there, reporting(Step.VERIFYING))
    if different := transfer.differences(sent, arrived):
        raise NotMoved(
            Failure(
                FailureKind.INTERNAL,
                f"O que chegou ao servidor não é igual ao que foi enviado. {different[0]} Nada foi mudado.",
                "O servidor alterou os dados ao guardá-los.",
                "Tente de novo; se repetir, mande os detalhes ao suporte.",
                "\n".join(different),
            )
        )
    return arrived


@contextmanager
def _explained(place: Snapshot) -> Iterator[None]:
    """What the server refused, or that it went away, said to a person."""
    try:
        yield
    except NotCarried as refused:
        raise NotMoved(refused.failure) from refused
    except DBAPIError as error:
        raise NotMoved(_failure_of(error, place)) from error


def _failure_of(error: DBAPIError, place: Snapshot) -> Failure:
    state = getattr(error.orig, "sqlstate", None)
    diagnosis: Any = getattr(error.orig, "diag", None)
    details = f"SQLSTATE {state}: {getattr(diagnosis, 'message_primary', '') or ''}" if state else str(error.orig)
    stays = "Este computador continua no arquivo local."
    match state:
        case None | "57P01" | "57P02" | "57P03" | "08006":
            return Failure(
                FailureKind.NETWORK,
                f"A conexão com {place[SERVER]} caiu durante a mudança. {stays}",
                "O servidor foi reiniciado ou desligado, ou a rede falhou.",
                "Confira o servidor e a rede e tente de novo.",
                details,
            )
        case "53100":
            return Failure(
                FailureKind.CONFIGURATION,
                f"O disco do servidor {place[SERVER]} encheu durante a cópia. {stays}",
                "Falta espaço no disco em que o PostgreSQL guarda os dados.",
                "Peça ao administrador do servidor que libere espaço e tente de novo.",
                details,
            )
        case "42501" | "25006":
            return Failure(
                FailureKind.CONFIGURATION,
                f"O servidor não deixa o usuário “{place[DATABASE_USER]}” gravar. {stays}",
                "Falta permissão nas tabelas ou no banco.",
                "Peça ao administrador que dê a ele o banco: ALTER DATABASE … OWNER TO …;",
                details,
            )
    return Failure(
        FailureKind.CONFIGURATION,
        f"O servidor recusou a cópia. {stays}",
        "",
        "Mostre os detalhes ao administrador do servidor.",
        details,
    )
