"""The command line as a script uses it: on each kind of database, beside a SEFAZ on loopback with mutual TLS."""

from __future__ import annotations

import gettext
import io
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url

import main
from app import secrets
from app.data.database import database_secret
from app.policies import DatabaseKind
from app.settings.catalog import DATABASE_KIND, DATABASE_NAME, DATABASE_PORT, DATABASE_USER
from app.settings.machine import MachineStore
from app.settings.repository import SettingsRepository
from services.demo.ca import DemoAuthority
from services.demo.sefaz import DemoSefaz

CNPJ = "11222333000181"
PASSWORD = "senha do arquivo"


@dataclass(frozen=True)
class Outcome:
    """How a command ended and what it wrote."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Outcome]


@pytest.fixture(autouse=True)
def no_catalogue(monkeypatch: pytest.MonkeyPatch) -> None:
    """argparse looks on the disk for a translation of each word of its own, hundreds of times for one command."""
    monkeypatch.setattr(gettext, "find", lambda *which, **how: [] if how.get("all") else None)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs one command line in this process; `stdin` is what comes through a pipe."""

    def run_command(*arguments: object, stdin: str | bytes = "") -> Outcome:
        given = stdin if isinstance(stdin, bytes) else stdin.encode()
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(given), encoding="ascii"))
        capsys.readouterr()
        status = main.main([str(argument) for argument in arguments])
        written = capsys.readouterr()
        return Outcome(status, written.out, written.err)

    return run_command


@pytest.fixture
def file_machine(data_folder: Path, sqlite_url: str) -> Path:
    """The data folder of a machine that keeps its data in a file."""
    shutil.copy(make_url(sqlite_url).database or "", data_folder / "retaguarda.db")
    return data_folder


@pytest.fixture
def server_machine(data_folder: Path, postgresql_url: str) -> Path:
    """The data folder of a machine that keeps its data in PostgreSQL."""
    url = make_url(postgresql_url)
    store = MachineStore(data_folder / "maquina.json")
    store.save(
        {
            DATABASE_KIND: DatabaseKind.SERVER,
            DATABASE_PORT: url.port,
            DATABASE_NAME: url.database,
            DATABASE_USER: url.username,
        }
    )
    secrets.write(database_secret(SettingsRepository(store, None).load()), "não conferida por este servidor")
    return data_folder


@pytest.fixture(params=["file", "server"])
def machine(request: pytest.FixtureRequest) -> Path:
    """The data folder of a machine; the test runs once with each kind of database."""
    folder: Path = request.getfixturevalue(f"{request.param}_machine")
    return folder


@pytest.fixture(scope="session")
def authority() -> DemoAuthority:
    return DemoAuthority.create()


@pytest.fixture(scope="session")
def pfx(authority: DemoAuthority, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The A1 file of the company."""
    file = tmp_path_factory.mktemp("a1") / "empresa.pfx"
    file.write_bytes(authority.issue_pfx(CNPJ, "DISTRIBUIDORA MODELO LTDA", PASSWORD))
    return file


@pytest.fixture
def sefaz(authority: DemoAuthority) -> Iterator[DemoSefaz]:
    """Every authorizer; documents not told about are enabled."""
    with DemoSefaz(authority, varied=False, slow_ms=500) as server:
        yield server


def set_up(run: Run, folder: Path, sefaz: DemoSefaz, authority: DemoAuthority, pfx: Path) -> None:
    """A machine set up by script alone, as the founder asks; only the SEFAZ is another."""
    (folder / "ac_adicionais.pem").write_bytes(authority.ca_pem)
    (folder / "sefaz_enderecos.toml").write_text(sefaz.endpoints_override(), encoding="utf-8")
    for arguments, stdin in (
        (("cadastros", "empresas", "incluir", f"cnpj={CNPJ}", "nome=Distribuidora Modelo", "uf=SP"), ""),
        (("cadastros", "filiais", "incluir", "empresa=1", f"cnpj={CNPJ}", "nome=Matriz", "uf=SP"), ""),
        (("certificado", "instalar", "--filial", "1", pfx), PASSWORD + "\n"),
        (("config", "gravar", "sefaz.filial=1"), ""),
    ):
        outcome = run(*arguments, stdin=stdin)
        assert outcome.status == 0, outcome.err


@pytest.fixture
def ready(run: Run, file_machine: Path, sefaz: DemoSefaz, authority: DemoAuthority, pfx: Path) -> Path:
    """Ready to consult, with the data in a file."""
    set_up(run, file_machine, sefaz, authority, pfx)
    return file_machine


@pytest.fixture
def ready_on_both(run: Run, machine: Path, sefaz: DemoSefaz, authority: DemoAuthority, pfx: Path) -> Path:
    """Ready to consult, on each kind of database."""
    set_up(run, machine, sefaz, authority, pfx)
    return machine
