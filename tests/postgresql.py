"""A real PostgreSQL server for the tests: started in a temporary folder, gone with the process that started it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import cast

import psycopg
from psycopg.sql import SQL, Identifier

# Kept out of the way of speed: nothing here must survive a power failure.
_OPTIONS = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c listen_addresses=127.0.0.1"

# Between being found free and being listened on, a port may be taken by any program.
_ATTEMPTS = 3

# Waits for the end of its standard input, which comes when the tests end, however they end; then stops and removes all.
_GUARDIAN = """
import shutil, subprocess, sys
sys.stdin.read()
subprocess.run(sys.argv[2:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
shutil.rmtree(sys.argv[1], ignore_errors=True)
"""


class PostgreSQLMissing(Exception):
    """The server's programs are not on this machine; the message says how to bring them."""


@dataclass(frozen=True)
class Server:
    """A running server that trusts user `app`, its owner, on 127.0.0.1. `data` is the folder of its data.

    `control` is the start of a command line of pg_ctl about it.
    """

    port: int
    data: Path
    control: tuple[str, ...]

    def url(self, database: str) -> str:
        """SQLAlchemy's address of `database`."""
        return f"postgresql+psycopg://app@127.0.0.1:{self.port}/{database}"

    def create(self, database: str, template: str = "template1") -> None:
        """A new database, a copy of `template`, which nobody may be using meanwhile."""
        with self._connected() as connection:
            # Copying the files takes half the time of writing them to the log; before version 15 there was no choice.
            copied = SQL(" STRATEGY FILE_COPY" if connection.info.server_version >= 150_000 else "")
            model = Identifier(template)
            connection.execute(SQL("CREATE DATABASE {} TEMPLATE {}{}").format(Identifier(database), model, copied))

    def drop(self, database: str) -> None:
        """Remove `database`; psycopg.errors.ObjectInUse after 5 s when a connection to it was left open."""
        with self._connected() as connection:
            connection.execute(SQL("DROP DATABASE {}").format(Identifier(database)))

    def own(self, file: Path) -> None:
        """Make a file of the data folder the server's own, as it wants its keys."""
        file.chmod(0o600)
        shutil.chown(file, self.data.stat().st_uid, self.data.stat().st_gid)

    def reload(self) -> None:
        """Read the configuration again; it is in force for every later connection."""
        with self._connected() as connection:
            before = _loaded_at(connection)
            connection.execute("SELECT pg_reload_conf()")
        while True:
            with self._connected() as connection:
                if _loaded_at(connection) != before:
                    return

    def _connected(self) -> psycopg.Connection:
        return psycopg.connect(host="127.0.0.1", port=self.port, user="app", dbname="postgres", autocommit=True)


def _loaded_at(connection: psycopg.Connection) -> datetime:
    row = connection.execute("SELECT pg_conf_load_time()").fetchone()
    assert row is not None
    return cast("datetime", row[0])


@contextmanager
def running_server(*settings: str) -> Iterator[Server]:
    """Start a server on a free port (about 1 s) and stop it at the end, also when the tests are killed.

    `settings` are parameters of its own, "max_connections=5".
    """
    folder = Path(tempfile.mkdtemp(prefix="retaguarda-pg-"))
    prefix: list[str] = []
    if hasattr(os, "geteuid") and os.geteuid() == 0:  # PostgreSQL refuses to run as root
        shutil.chown(folder, "postgres")
        prefix = ["runuser", "-u", "postgres", "--"]
    data = str(folder / "data")
    control = [*prefix, _program("pg_ctl"), "-D", data]
    guardian = subprocess.Popen(
        [sys.executable, "-c", _GUARDIAN, str(folder), *control, "-m", "immediate", "stop"],
        stdin=subprocess.PIPE,
        cwd=folder.parent,
        start_new_session=True,
    )
    try:
        initdb = [_program("initdb"), "-D", data, "-U", "app", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
        _run([*prefix, *initdb], folder)
        options = " ".join((_OPTIONS, *(f"-c {setting}" for setting in settings)))
        sockets = "" if os.name == "nt" else f" -k {folder}"
        for attempt in range(_ATTEMPTS):
            port = _free_port()
            try:
                _run(
                    [*control, "-w", "-l", str(folder / "log"), "-o", f"-p {port}{sockets} {options}", "start"], folder
                )
                break
            except RuntimeError:
                if attempt == _ATTEMPTS - 1:
                    raise
        yield Server(port, folder / "data", tuple(control))
    finally:
        guardian.communicate()


def _program(name: str) -> str:
    """The path of one of the server's programs; Debian keeps them out of PATH."""
    found = shutil.which(name)
    candidates = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: float(path.parts[-3]))
    if found is None and not candidates:
        raise PostgreSQLMissing(
            f"Estes testes usam um PostgreSQL de verdade e o programa “{name}” não foi encontrado. "
            "Instale o pacote postgresql (python3 dev.py setup faz isso no Debian)."
        )
    return found or str(candidates[-1])


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _run(command: list[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        log = folder / "log"
        details = done.stdout + done.stderr + (log.read_text(errors="replace") if log.exists() else "")
        raise RuntimeError(f"O PostgreSQL dos testes não iniciou: {details}")
