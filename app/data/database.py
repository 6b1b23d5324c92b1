"""The database: one engine, reading and writing transactions, and the schema brought up to date.

SQLite in a file of the data folder, or PostgreSQL through psycopg.
"""

from __future__ import annotations

import math
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Dialect, Engine, ExceptionContext, create_engine, event, make_url, text
from sqlalchemy.exc import DBAPIError, InterfaceError, InvalidatePoolError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from sqlalchemy.pool import ConnectionPoolEntry

from app.data.quoted_rows import forget_rows
from app.data.server_refusal import explain, message_of, refusal_of
from app.domain import Failure, FailureKind
from app.policies import DatabaseKind
from app.settings.catalog import DATABASE_KIND, DATABASE_NAME, DATABASE_PORT, DATABASE_SSL, DATABASE_USER, SERVER
from app.settings.snapshot import Snapshot

MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK_PATIENCE_S = 15
_RESTED_S = 0.25
_RESTS_SINCE = "retaguarda.descansa_desde"
_ALONE_PATIENCE_S = 5  # whoever has the file open keeps it open
_MIGRATION_LOCK = 7_263_500_125  # any number of our own; the same on every machine


_NOTICES_SILENCE = {
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "60000",
}
"""A server that went away while it was asked (the computer slept, a cable came out) is noticed in a minute: by the
systems' own measure it takes two hours. In seconds, the last in milliseconds (libpq, where the system has it)."""

NO_ANSWER = (OperationalError, InterfaceError, NoConnectionFree)
"""What is raised when the database does not answer: it is tried again, for nothing is wrong with what was asked."""


class DatabaseUnavailable(Exception):
    """The database cannot be opened; `failure` explains it to the operator."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.what)
        self.failure = failure


def database_secret(snapshot: Snapshot) -> str:
    """The keyring entry of the PostgreSQL password for the server, port and user of these settings."""
    return f"banco/{snapshot[DATABASE_USER]}@{snapshot[SERVER]}:{snapshot[DATABASE_PORT]}/{snapshot[DATABASE_NAME]}"


def database_url(snapshot: Snapshot, file: Path, password: str | None) -> URL:
    """Where the data is, by this computer's settings."""
    if snapshot[DATABASE_KIND] is DatabaseKind.FILE:
        return URL.create("sqlite", database=str(file))
    return URL.create(
        "postgresql+psycopg",
        username=snapshot[DATABASE_USER],
        password=password,
        host=snapshot[SERVER],
        port=snapshot[DATABASE_PORT],
        database=snapshot[DATABASE_NAME],
        query={
            "sslmode": snapshot[DATABASE_SSL].value,
            "connect_timeout": "10",
            "application_name": "Retaguarda",
            **_NOTICES_SILENCE,
        },
    )


class Database:
    """An open database. Connections are taken and given back inside one function, by whichever thread calls it."""

    def __init__(self, url: URL | str, *, alone: bool = False) -> None:
        """With `alone`, connecting fails when anybody else has the file open, and nobody else can open it meanwhile."""
        self.is_sqlite = make_url(url).get_backend_name() == "sqlite"
        # What was written, people's data, is not to be repeated by an error, which is logged.
        self.engine: Engine = create_engine(url, hide_parameters=True)
        event.listen(self.engine, "handle_error", _forget_rows)
        if self.is_sqlite:
            event.listen(self.engine, "connect", partial(_prepare_sqlite, alone=alone))
            event.listen(self.engine, "begin", _begin_sqlite)
        else:
            event.listen(self.engine, "checkin", _note_rest)
            event.listen(self.engine, "checkout", partial(_ping_rested, self.engine.dialect))
        # PostgreSQL's default would show each query of one reading the data of another moment.
        self._reader = (
            self.engine if self.is_sqlite else self.engine.execution_options(isolation_level="REPEATABLE READ")
        )
        self._writer = self.engine.execution_options(writing=True)
        self._single = self._writer if self.is_sqlite else self.engine.execution_options(isolation_level="AUTOCOMMIT")

    @property
    def label(self) -> str:
        """How the status bar names it."""
        url = self.engine.url
        return "arquivo local" if self.is_sqlite else f"{url.database} em {url.host}"

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One consistent view of the data."""
        with self._reader.begin() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction: everything inside is kept together, or nothing is."""
        with self._writer.begin() as connection:
            yield connection

    @contextmanager
    def single_statements(self) -> Iterator[Connection]:
        """For who reads a little, writes one row and is waited for: in PostgreSQL each statement is a transaction
        of its own, without the two turns at the server that begin and end one. In SQLite it is as `writing`.
        """
        with self._single.begin() as connection:
            yield connection

    def close(self) -> None:
        """Give every connection back to the system."""
        self.engine.dispose()

    def renew(self) -> None:
        """Open new connections from now on; those in use go on until they are given back. Called when the computer
        slept: a server has long forgotten it, and nothing says so to who asks it something."""
        if not self.is_sqlite:
            self.engine.dispose()

    def migrate(self) -> None:
        """Bring the schema to this program's version; nothing is imported or done when it is there already.

        Raises DatabaseUnavailable when the database does not open, or belongs to a newer program.
        """
        try:
            with self.reading() as connection:
                found = _schema_version(connection)
        except DBAPIError as error:
            raise DatabaseUnavailable(self._explain(error)) from error
        known = schema_versions()
        if found == known[-1]:
            return
        if found is not None and found not in known:
            raise DatabaseUnavailable(
                Failure(
                    FailureKind.CONFIGURATION,
                    f"O banco de dados é de uma versão mais nova do programa (esquema {found}).",
                    "Outro computador já foi atualizado.",
                    "Atualize o programa neste computador.",
                )
            )
        with self.writing() as connection:
            if not self.is_sqlite:
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATION_LOCK})
            _upgrade(connection)

    def _explain(self, error: DBAPIError) -> Failure:
        url = self.engine.url
        if self.is_sqlite:
            details = str(error.orig).strip()
            broken = "malformed" in details or "not a database" in details
            return Failure(
                FailureKind.CONFIGURATION,
                f"O arquivo de dados não pôde ser aberto: {url.database}.",
                "O arquivo está danificado." if broken else "A pasta pode estar sem permissão ou o disco cheio.",
                "Restaure a última cópia de segurança do arquivo."
                if broken
                else "Confira a permissão da pasta e o espaço em disco.",
                details,
            )
        message = message_of(error.orig or error)
        explained = explain(refusal_of(message), url, message)
        return Failure(
            explained.kind,
            f"Não foi possível entrar no banco “{url.database}” em {url.host}:{url.port}.",
            explained.what,
            f"{explained.todo} Em Balcão › Integração, “Testar conexão” verifica passo a passo.",
            explained.details,
        )


def schema_versions() -> list[str]:
    """The versions of the schema that this program knows, oldest first; the last is its own."""
    return sorted(path.name[:4] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def _schema_version(connection: Connection) -> str | None:
    from sqlalchemy import inspect

    if not inspect(connection).has_table("alembic_version"):
        return None
    row = connection.execute(text("SELECT version_num FROM alembic_version")).first()
    return None if row is None else str(row[0])


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _forget_rows(context: ExceptionContext) -> None:
    error, wrapped = context.original_exception, context.sqlalchemy_exception
    said = str(error)
    forget_rows(error)
    if wrapped is not None:  # it has said the same already
        wrapped.args = (wrapped.args[0].replace(said, str(error)), *wrapped.args[1:])


def _note_rest(_connection: Any, record: ConnectionPoolEntry) -> None:
    record.info[_RESTS_SINCE] = time.monotonic()


def _ping_rested(dialect: Dialect, connection: Any, record: ConnectionPoolEntry, _proxy: Any) -> None:
    """Try a connection that the server may have closed while nobody used it; one in constant use is not worth it.

    What SQLAlchemy's own `pool_pre_ping` does at every use costs as much as a query.
    """
    if time.monotonic() - record.info.get(_RESTS_SINCE, math.inf) < _RESTED_S:
        return
    try:
        dialect.do_ping(connection)
    except dialect.loaded_dbapi.Error as error:
        raise InvalidatePoolError from error


def _prepare_sqlite(connection: sqlite3.Connection, record: Any, *, alone: bool) -> None:
    if alone:  # must come before the file is first read
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
    # The driver's own transaction handling would take the write lock too late; see `_begin_sqlite`.
    connection.isolation_level = None
    # With the log (WAL), NORMAL loses nothing when the program is killed; a power cut may take the last moments, whole
    # transactions at a time, and waiting for the disk at each one would hold every consultation for milliseconds.
    patience_s = _ALONE_PATIENCE_S if alone else _LOCK_PATIENCE_S
    for pragma in (f"busy_timeout = {patience_s * 1000}", "synchronous = NORMAL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")
    _keep_log(connection, patience_s)


def _keep_log(connection: sqlite3.Connection, patience_s: float) -> None:
    """Turn the log on. SQLite does not wait when another program is turning it on in the same new file; this does."""
    deadline = time.monotonic() + patience_s
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that reads first and writes later fails at once when another machine wrote in between;
    # taking the write lock at the start waits for its turn instead.
    writing = connection.get_execution_options().get("writing", False)
    driver: Any = connection.connection.driver_connection  # SQLAlchemy's own execute costs ten times as much
    driver.execute("BEGIN IMMEDIATE" if writing else "BEGIN")
