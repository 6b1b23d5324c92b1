"""The database itself: migrations, what is told when it does not open, moments, transactions, several programs."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from psycopg.sql import SQL, Identifier, Literal
from sqlalchemy import Connection, func, insert, inspect, make_url, select, text
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, StatementError

from app.data import audit, records
from app.data.bulk import insert_rows
from app.data.database import Database, DatabaseUnavailable, database_secret, database_url
from app.data.models import AuditEntry, Base, Lease
from app.data.quoted_rows import forget_rows
from app.domain import FailureKind
from app.policies import DatabaseKind, SslMode
from app.settings.catalog import DATABASE_KIND, DATABASE_NAME, DATABASE_PORT, DATABASE_SSL, DATABASE_USER, SERVER
from app.settings.setting import Setting
from app.settings.snapshot import Kept, Snapshot
from app.tables import REGIONS, TABLES
from tests.app.sentences import is_sentence
from tests.postgresql import Server

MIGRATION_LOCK = 7_263_500_125
ROOT = Path(__file__).parents[3]
NOW = datetime(2026, 11, 21, 18, 40, 5, 123456, tzinfo=UTC)


def audit_entry(at: Any, actor: str = "maria") -> dict[str, Any]:
    empty = dict.fromkeys(("machine", "subject", "what", "old", "new"), "")
    return {**empty, "at": at, "actor": actor, "company_id": 0}


def entries(database: Database) -> int:
    with database.reading() as connection:
        return int(connection.execute(select(func.count()).select_from(AuditEntry)).scalar_one())


_SECRET = "segredo"
_ROW = {"name": "sefaz", "owner": _SECRET, "until": NOW}


def _twice(connection: Connection) -> None:
    connection.execute(insert(Lease), [_ROW, _ROW])


def _without_a_column(connection: Connection) -> None:  # of which PostgreSQL repeats the whole row
    connection.execute(insert(Lease).values(_ROW | {"until": None}))


def _many_at_once(connection: Connection) -> None:  # PostgreSQL's COPY, which the driver is asked for
    insert_rows(connection, Lease, ["name", "owner", "until"], [("sefaz", _SECRET, NOW), ("anp", _SECRET, None)])


def _because_of_another(connection: Connection) -> None:
    try:
        _without_a_column(connection)
    except DBAPIError:
        connection.execute(text("SELECT no_such_column"))  # refused in what was already refused


@pytest.mark.parametrize("write", [_twice, _without_a_column, _many_at_once, _because_of_another])
def test_an_error_does_not_repeat_what_was_written(database: Database, write: Callable[[Connection], None]) -> None:
    with pytest.raises(DBAPIError) as refused, database.writing() as connection:
        write(connection)
    told = "".join(traceback.format_exception(refused.value, chain=True))
    assert _SECRET not in told
    assert type(refused.value.orig).__name__ in str(refused.value)


def test_an_error_says_what_it_said_but_for_the_row(postgresql_url: str) -> None:
    with closing(Database(postgresql_url)) as database:
        with pytest.raises(IntegrityError) as refused, database.writing() as connection:
            _without_a_column(connection)
        said = str(refused.value.orig)
        with pytest.raises(DataError) as odd, database.reading() as connection:
            connection.execute(text("SELECT CAST(:given AS integer)"), {"given": 'a"b'})
    assert said == 'null value in column "until" of relation "lease" violates not-null constraint'
    assert str(refused.value).startswith(f"(psycopg.errors.NotNullViolation) {said}\n[SQL: INSERT INTO lease")
    assert str(odd.value.orig) == 'invalid input syntax for type integer: "…"'


def test_an_error_of_the_driver_takes_the_rows_out_of_the_one_that_led_to_it_too(postgresql_url: str) -> None:
    address = make_url(postgresql_url).set(drivername="postgresql").render_as_string(hide_password=False)
    with closing(psycopg.connect(address)) as connection:
        connection.execute("CREATE TEMP TABLE kept (name text, at date NOT NULL)")
        with pytest.raises(psycopg.Error) as refused:
            try:
                connection.execute("INSERT INTO kept VALUES (%s, NULL)", [_SECRET])
            except psycopg.Error:
                connection.execute("SELECT 1")  # refused in what was already refused
    assert _SECRET in "".join(traceback.format_exception(refused.value))
    forget_rows(refused.value)
    assert _SECRET not in "".join(traceback.format_exception(refused.value))


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database with nothing in it."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'vazio.sqlite'}"
    return str(request.getfixturevalue("empty_postgresql_url"))


@pytest.fixture
def empty(empty_url: str) -> Iterator[Database]:
    opened = Database(empty_url)
    yield opened
    opened.close()


# --- Migrations ------------------------------------------------------------------------------------------


def test_the_migrations_make_what_the_models_say(database: Database) -> None:
    with database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, Base.metadata) == []


def test_indexes_are_the_same_to_the_condition(empty: Database) -> None:
    empty.migrate()
    migrated = _indexes(empty)
    with empty.writing() as connection:
        Base.metadata.drop_all(connection)
        Base.metadata.create_all(connection)
    assert _indexes(empty) == migrated
    assert any("sefaz_automatic" in index for index in migrated)


def _indexes(database: Database) -> set[str]:
    found = (
        "SELECT sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
        if database.is_sqlite
        else "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
    )
    with database.reading() as connection:
        return {" ".join(str(sql).split()) for sql in connection.execute(text(found)).scalars()}


def test_texts_fit_their_columns() -> None:
    columns = {mapper.class_.__name__: mapper.columns for mapper in Base.registry.mappers}
    for table in TABLES.values():
        for field in table.fields:
            limit, width = (
                getattr(field.kind, "maximum", None),
                getattr(columns[table.model][field.column].type, "length", None),
            )
            assert not (limit and width) or limit <= width, f"{table.key}.{field.name}"


def test_a_new_database_begins_with_the_region_of_the_factory(empty: Database) -> None:
    empty.migrate()
    with empty.reading() as connection:
        assert records.titles(connection, REGIONS) == {1: "1 · Geral"}
    with empty.writing() as connection:
        assert records.add(connection, REGIONS, {"nome": "Sul"}, Snapshot(), "maria") == 2


_MIGRATE = """
import sys
from app.data.database import Database
database = Database(sys.argv[1])
if "espera" in sys.argv:
    print("pronto", flush=True)
    sys.stdin.readline()
database.migrate()
database.close()
print("alembic" in sys.modules)
"""


def test_migrating_again_does_nothing_and_does_not_even_import_alembic(empty_url: str) -> None:
    def imported_alembic() -> str:
        command = [sys.executable, "-W", "error", "-c", _MIGRATE, empty_url]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()

    assert imported_alembic() == "True"
    assert imported_alembic() == "False"


def test_a_file_made_at_once_is_as_the_migrations_make_it(ready_schema: None, sqlite_url: str, tmp_path: Path) -> None:
    file = tmp_path / "de uma vez.sqlite"
    with closing(Database(f"sqlite:///{file}")) as database:
        database.migrate()
        database.migrate()
    at_once, migrated = (sqlite3.connect(name) for name in (file, make_url(sqlite_url).database or ""))
    with closing(at_once), closing(migrated):
        assert list(at_once.iterdump()) == list(migrated.iterdump())


def test_several_programs_may_migrate_at_once(empty_url: str, empty: Database) -> None:
    programs = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", _MIGRATE, empty_url, "espera"],
            cwd=ROOT,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for _ in range(2)
    ]
    for program in programs:
        assert program.stdout is not None
        assert program.stdout.readline() == "pronto\n"
    for program in programs:
        assert program.stdin is not None
        program.stdin.write("\n")
        program.stdin.flush()
    errors = [program.communicate(timeout=60)[1] for program in programs]
    assert [program.returncode for program in programs] == [0, 0], errors
    with empty.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM alembic_version")).scalar_one() == 1
        assert len(records.every(connection, REGIONS)) == 1


def test_a_program_waits_while_another_migrates_the_server(empty_postgresql_url: str) -> None:
    database, other = Database(empty_postgresql_url), Database(empty_postgresql_url)
    thread = threading.Thread(target=database.migrate)
    waiting = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
    try:
        with other.writing() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK})
            thread.start()
            deadline = time.monotonic() + 30
            while not connection.execute(waiting).scalar_one():
                assert time.monotonic() < deadline
                assert thread.is_alive()
            assert inspect(connection).get_table_names() == []
        thread.join()
        with other.reading() as connection:
            assert "customer" in inspect(connection).get_table_names()
    finally:
        thread.join()
        database.close()
        other.close()


def test_a_migration_that_fails_leaves_nothing(empty: Database) -> None:
    with empty.writing() as connection:
        connection.execute(text("CREATE TABLE lease (x INTEGER)"))  # in the way of the migration
    with pytest.raises(Exception, match="lease"):
        empty.migrate()
    with empty.reading() as connection:
        assert inspect(connection).get_table_names() == ["lease"]


def test_a_database_of_a_newer_program_is_refused_and_left_alone(database: Database) -> None:
    with database.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseUnavailable) as refused:
        database.migrate()
    failure = refused.value.failure
    assert failure.kind is FailureKind.CONFIGURATION
    assert "9999" in failure.what
    assert "Atualize o programa" in failure.todo
    assert is_sentence(failure.sentence)
    with database.reading() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one() == "9999"


# --- When it does not open -------------------------------------------------------------------------------


def unavailable(database: Database) -> DatabaseUnavailable:
    try:
        with pytest.raises(DatabaseUnavailable) as refused:
            database.migrate()
    finally:
        database.close()
    assert is_sentence(refused.value.failure.sentence), refused.value.failure.sentence
    return refused.value


def test_a_damaged_file(tmp_path: Path) -> None:
    file = tmp_path / "dados.db"
    file.write_bytes(b"isto nao e um banco de dados" * 200)
    failure = unavailable(Database(f"sqlite:///{file}")).failure
    assert failure.kind is FailureKind.CONFIGURATION
    assert str(file) in failure.what
    assert "danificado" in failure.cause
    assert "cópia de segurança" in failure.todo


def test_a_file_damaged_in_the_middle(sqlite_url: str) -> None:
    file = Path(str(make_url(sqlite_url).database))
    content = bytearray(file.read_bytes())
    content[100:4096] = b"\xff" * (4096 - 100)  # the page of the list of tables
    file.write_bytes(content)
    assert "danificado" in unavailable(Database(sqlite_url)).failure.cause


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    failure = unavailable(Database(f"sqlite:///{tmp_path / 'nada' / 'dados.db'}")).failure
    assert "permissão" in failure.todo


def settings(**values: Any) -> Snapshot:
    by_name: dict[str, Setting[Any]] = {
        "kind": DATABASE_KIND,
        "host": SERVER,
        "port": DATABASE_PORT,
        "name": DATABASE_NAME,
        "user": DATABASE_USER,
        "ssl": DATABASE_SSL,
    }
    return Snapshot({(by_name[name], 0): Kept(value) for name, value in values.items()})


def test_where_the_data_is_by_the_settings(tmp_path: Path) -> None:
    file = tmp_path / "a b%c.db"
    assert database_url(settings(), file, None).database == str(file)
    server = settings(kind=DatabaseKind.SERVER, host="::1", port=5433, name="loja", user="caixa", ssl=SslMode.REQUIRE)
    url = database_url(server, file, "p@ss/ word")
    assert (url.host, url.port, url.database, url.username, url.password) == (
        "::1",
        5433,
        "loja",
        "caixa",
        "p@ss/ word",
    )
    assert url.query["sslmode"] == "require"
    kept = [str(url.query[name]) for name in ("keepalives_idle", "keepalives_interval", "keepalives_count")]
    idle, interval, count = map(int, kept)
    assert idle + interval * count <= 60
    assert "p@ss" not in str(url)
    assert database_secret(server) == "banco/caixa@::1:5433/loja"
    assert Database(url).label == "loja em ::1"
    assert Database(database_url(settings(), file, None)).label == "arquivo local"


def _server(port: int, password: str | None, **more: Any) -> Database:
    chosen = settings(**{"kind": DatabaseKind.SERVER, "port": port, "user": "com_senha", "name": "loja", **more})
    return Database(database_url(chosen, Path("nenhum"), password))


def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    failure = unavailable(_server(1, "S3gredo")).failure
    assert failure.kind is FailureKind.NETWORK
    assert "127.0.0.1:1" in failure.what
    assert "S3gredo" not in repr(failure)


@pytest.fixture
def strict_port(postgresql_server: Server) -> int:
    """The port of the server, which asks user com_senha, and no other, for a password."""
    with psycopg.connect(host="127.0.0.1", port=postgresql_server.port, user="app", dbname="postgres") as connection:
        found = connection.execute("SHOW hba_file").fetchone()
        assert found is not None
        hba = Path(found[0])
        rules = hba.read_text("utf-8")
        if "com_senha" not in rules:
            connection.execute(
                SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(Identifier("com_senha"), Literal("certa"))
            )
            hba.write_text(f"host all com_senha 127.0.0.1/32 scram-sha-256\n{rules}", "utf-8")
            connection.execute("SELECT pg_reload_conf()")
            connection.commit()
            time.sleep(0.2)
    return postgresql_server.port


@pytest.mark.parametrize("password", ["S3gredo", None])
def test_a_wrong_or_missing_password_is_not_repeated(strict_port: int, password: str | None) -> None:
    refused = unavailable(_server(strict_port, password, name="postgres"))
    assert "senha" in refused.failure.todo
    assert "S3gredo" not in repr(refused.failure) + str(refused) + repr(refused)
    assert "password" in refused.failure.details


def test_a_database_that_does_not_exist(strict_port: int) -> None:
    assert "“loja”" in unavailable(_server(strict_port, "certa")).failure.what


# --- Moments ---------------------------------------------------------------------------------------------


def test_a_moment_without_zone_is_refused(database: Database) -> None:
    naive = datetime(2026, 11, 21, 18, 40)  # noqa: DTZ001  # what is refused
    with pytest.raises(StatementError, match="naive"), database.writing() as connection:
        connection.execute(insert(AuditEntry).values(audit_entry(naive)))
    assert entries(database) == 0


@pytest.mark.parametrize("offset", [-3, 0, 5])
def test_moments_come_back_in_utc_to_the_microsecond(database: Database, offset: int) -> None:
    local = NOW.astimezone(timezone(timedelta(hours=offset)))
    with database.writing() as connection:
        connection.execute(insert(AuditEntry).values(audit_entry(local)))
    with database.reading() as connection:
        (entry,) = audit.latest(connection)
        assert connection.execute(select(func.count()).where(AuditEntry.at == local)).scalar_one() == 1
    assert entry.at == NOW
    assert entry.at.tzinfo is UTC or entry.at.utcoffset() == timedelta(0)


# --- Transactions ----------------------------------------------------------------------------------------


class Interrupted(Exception):
    """Something else went wrong inside the transaction."""


def test_all_of_a_transaction_or_nothing(database: Database) -> None:
    with pytest.raises(Interrupted), database.writing() as connection:
        connection.execute(insert(AuditEntry).values(audit_entry(NOW)))
        connection.execute(insert(Lease).values(name="sefaz", owner="PC-01", until=NOW))
        raise Interrupted
    assert entries(database) == 0
    with database.reading() as connection:
        assert connection.execute(select(Lease.name)).first() is None


def test_a_whole_reading_sees_one_moment(database: Database) -> None:
    second = Database(database.engine.url)
    count = select(func.count()).select_from(AuditEntry)
    try:
        with database.reading() as connection:
            before = connection.execute(count).scalar_one()
            with second.writing() as other:
                other.execute(insert(AuditEntry).values(audit_entry(NOW)))
            assert connection.execute(count).scalar_one() == before
        assert entries(database) == before + 1
        # And the connection, given back, does not keep the rule for a writer.
        with database.writing() as connection:
            before = connection.execute(count).scalar_one()
            if not database.is_sqlite:
                with second.writing() as other:
                    other.execute(insert(AuditEntry).values(audit_entry(NOW)))
                assert connection.execute(count).scalar_one() == before + 1
    finally:
        second.close()


def test_after_sleep_no_connection_from_before_is_used(postgresql_url: str) -> None:
    asked = database_url(settings(kind=DatabaseKind.SERVER), Path("nenhum"), None).query
    database = Database(make_url(postgresql_url).update_query_dict(asked | {"sslmode": "prefer"}))

    def served_by() -> int:
        with database.reading() as connection:
            return int(connection.execute(text("SELECT pg_backend_pid()")).scalar_one())

    with database.reading() as connection:
        driver: Any = connection.connection.driver_connection
        assert driver.info.get_parameters()["tcp_user_timeout"] == "60000"
    first = served_by()
    assert served_by() == first
    database.renew()
    assert served_by() != first
    database.close()


def test_writers_wait_for_each_other_instead_of_failing(database: Database) -> None:
    """Each reads and then writes, which fails at once in SQLite unless the lock is taken at the start."""
    second = Database(database.engine.url)
    start = threading.Barrier(4)
    errors: list[Exception] = []

    def write(mine: Database, name: str) -> None:
        start.wait()
        try:
            for _ in range(10):
                with mine.writing() as connection:
                    connection.execute(select(func.count()).select_from(AuditEntry)).scalar_one()
                    time.sleep(0.001)
                    connection.execute(insert(AuditEntry).values(audit_entry(NOW, name)))
        except Exception as error:  # noqa: BLE001  # whatever it is, the test tells it
            errors.append(error)

    threads = [threading.Thread(target=write, args=(d, f"t{i}")) for i, d in enumerate((database, second) * 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    second.close()
    assert errors == []
    assert entries(database) == 40


def test_references_are_kept_by_the_database_too(database: Database) -> None:
    with pytest.raises(StatementError, match=r"(?i)foreign key"), database.writing() as connection:
        connection.execute(text("INSERT INTO branch VALUES (1, 99, 'x', 'x', 'SP', 'x', true)"))
