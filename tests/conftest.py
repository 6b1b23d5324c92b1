"""What every test gets: data of its own, a keyring in memory, real databases, and a look at the threads left behind."""

from __future__ import annotations

import gc
import os
import shutil
import socket
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

# Before the first import of Qt, which reads them once.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
if os.environ.get("LC_ALL") in ("C", "POSIX"):  # of which it warns
    os.environ["LC_ALL"] = "C.UTF-8"

import certifi
import keyring
import keyring.backends.fail
import pytest
from hypothesis import settings
from pytestqt.qtbot import QtBot

from services.demo.memory_keyring import MemoryKeyring
from tests.postgresql import PostgreSQLMissing, Server, running_server
from tests.quick_passwords import make_passwords_quick
from tests.threads import living_threads

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from sqlalchemy import Connection

    from app.data.database import Database

# The servers of the tests are on this computer, by whatever proxy it goes out.
for _name in [name for name in os.environ if name.lower().endswith("_proxy")]:
    del os.environ[_name]

# The same cases at every run, and no limit of time on a noisy machine: a run that fails must fail again.
# `pytest --hypothesis-profile explorar` looks for cases that nobody thought of.
settings.register_profile("repetir", deadline=None, derandomize=True)
settings.register_profile("explorar", deadline=None, max_examples=1000)
settings.load_profile("repetir")

# Nobody waits for what does not come: on a loaded machine, all of this may pass before what does.
_PATIENCE_MS = 30_000
for _wait in (QtBot.waitUntil, QtBot.waitSignal, QtBot.waitSignals):
    assert _wait.__kwdefaults__ is not None
    _wait.__kwdefaults__["timeout"] = _PATIENCE_MS

_THREAD_GRACE_S = 15.0
_END = "-----END CERTIFICATE-----"
_database_numbers = count(1)


def pytest_collection_finish() -> None:
    """What was imported and collected stays to the end: the collector of garbage need not look through it each time."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def no_thread_left() -> Iterator[None]:
    """A test ends its threads; one still running a moment later is a failure."""
    before = living_threads()
    yield
    deadline = time.monotonic() + _THREAD_GRACE_S
    while left := {number: name for number, name in living_threads().items() if number not in before}:
        if time.monotonic() > deadline:
            pytest.fail(f"O teste deixou threads vivas: {', '.join(sorted(left.values()))}")
        time.sleep(0.005)


@pytest.fixture(autouse=True)
def data_folder(no_thread_left: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder in the place of the user's data folder."""
    folder = tmp_path / "dados"
    folder.mkdir()
    monkeypatch.setenv("RETAGUARDA_DADOS", str(folder))
    return folder


@pytest.fixture(autouse=True)
def no_name_of_elsewhere(no_thread_left: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only this computer's name is known, at once: what a network says of any other, and when, is not the tests'."""
    resolve = socket.getaddrinfo

    def known(
        host: Any, port: Any, family: int = 0, type: int = 0, proto: int = 0, flags: int = 0
    ) -> list[tuple[Any, ...]]:
        here = host in (None, "", "localhost", b"localhost")
        return list(resolve(host, port, family, type, proto, flags if here else flags | socket.AI_NUMERICHOST))

    monkeypatch.setattr(socket, "getaddrinfo", known)


@pytest.fixture(autouse=True)
def memory_keyring(no_thread_left: None) -> Iterator[MemoryKeyring]:
    """Stands in for the system's keyring, which no test in this process may touch, not even between tests."""
    backend = MemoryKeyring()
    keyring.set_keyring(backend)
    yield backend
    keyring.set_keyring(keyring.backends.fail.Keyring())  # type: ignore[no-untyped-call]  # keyring left it bare


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[Server]:
    """A real PostgreSQL server, started when the first test asks for it."""
    try:
        # Counters are told of what no older transaction can still change: the server has none of its own.
        with running_server("autovacuum=off") as server:
            yield server
    except PostgreSQLMissing as missing:
        pytest.fail(str(missing))


@pytest.fixture(scope="session")
def _postgresql_model(postgresql_server: Server) -> str:
    """A migrated database, from which the databases of the tests are copied."""
    postgresql_server.create("modelo")
    _migrate(postgresql_server.url("modelo"))
    return "modelo"


@pytest.fixture
def postgresql_url(postgresql_server: Server, _postgresql_model: str) -> Iterator[str]:
    """The SQLAlchemy address of a migrated PostgreSQL database of this test's own."""
    name = f"teste_{next(_database_numbers)}"
    postgresql_server.create(name, _postgresql_model)
    yield postgresql_server.url(name)
    postgresql_server.drop(name)


@pytest.fixture
def empty_postgresql_url(postgresql_server: Server) -> Iterator[str]:
    """The SQLAlchemy address of an empty PostgreSQL database of this test's own."""
    name = f"teste_{next(_database_numbers)}"
    postgresql_server.create(name)
    yield postgresql_server.url(name)
    postgresql_server.drop(name)


@pytest.fixture(scope="session")
def _sqlite_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file, from which the files of the tests are copied."""
    file = tmp_path_factory.mktemp("modelo") / "modelo.sqlite"
    _migrate(f"sqlite:///{file}")
    return file


@pytest.fixture
def sqlite_url(tmp_path: Path, _sqlite_model: Path) -> str:
    """The SQLAlchemy address of a migrated SQLite file of this test's own."""
    file = tmp_path / "teste.sqlite"
    shutil.copy(_sqlite_model, file)
    return f"sqlite:///{file}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The SQLAlchemy address of a migrated database; the test runs once with each kind."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A migrated database, open; the test runs once with each kind."""
    from app.data.database import Database

    opened = Database(database_url)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def _sqlite_schema(_sqlite_model: Path) -> list[str]:
    """The statements that make of an empty file what the migrations make of it."""
    with closing(sqlite3.connect(_sqlite_model)) as model:
        return [line for line in model.iterdump() if line not in ("BEGIN TRANSACTION;", "COMMIT;")]


@pytest.fixture
def ready_schema(_sqlite_schema: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty file gets all its tables at once, in a tenth of the time that the migrations take.

    For tests that open programs on folders without one, and are not about migrating.
    """
    from sqlalchemy import inspect

    from app.data import database

    migrate = database._upgrade

    def made(connection: Connection) -> None:
        if connection.dialect.name != "sqlite" or inspect(connection).get_table_names():
            migrate(connection)
            return
        for statement in _sqlite_schema:
            connection.exec_driver_sql(statement)

    monkeypatch.setattr(database, "_upgrade", made)


@pytest.fixture
def quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """argon2id does the least of work for passwords and logins, in tests that are not about how hard they are to guess.

    With what is advised, each one set or tried takes a tenth of a second of every processor.
    """
    make_passwords_quick(monkeypatch)


@pytest.fixture(scope="session")
def _one_authority(tmp_path_factory: pytest.TempPathFactory) -> str:
    bundle = Path(certifi.where()).read_text("utf-8")
    file = tmp_path_factory.mktemp("autoridades") / "uma.pem"
    file.write_text(bundle[: bundle.index(_END) + len(_END)] + "\n", encoding="utf-8")
    return str(file)


@pytest.fixture
def few_authorities(_one_authority: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Clients trust one public authority besides those of the test.

    Reading the hundreds that every installation trusts takes most of the time in which a test consults.
    """
    from services import certificate

    monkeypatch.setattr(certifi, "where", lambda: _one_authority)
    monkeypatch.setattr(certificate, "icp_brasil", lambda: iter(()))


@pytest.fixture(scope="session")
def _rsa_key() -> RSAPrivateKey:
    from services.demo import ca

    return ca._new_key()


@pytest.fixture
def quick_keys(_rsa_key: RSAPrivateKey, monkeypatch: pytest.MonkeyPatch) -> None:
    """All that the authority of the demonstration issues has the same key: a new one takes a tenth of a second."""
    from services.demo import ca

    monkeypatch.setattr(ca, "_new_key", lambda: _rsa_key)


def _migrate(url: str) -> None:
    from app.data.database import Database

    database = Database(url)
    database.migrate()
    database.close()
