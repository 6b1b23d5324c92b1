"""A SEFAZ in a process of its own and a back office ready to consult it, for the measures of consultations."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import keyring

from app import secrets
from app.data import certificates, records
from app.domain import SefazAction
from app.folders import Folders
from app.settings.catalog import SEFAZ_BRANCH
from app.settings.machine import MachineStore
from app.settings.setting import Setting
from app.settings.snapshot import Snapshot
from app.tables import BRANCHES, COMPANIES, CUSTOMERS
from services.backoffice import Backoffice, open_backoffice
from services.demo.example import made_up_cnpj
from services.demo.memory_keyring import MemoryKeyring
from services.installation import install_certificate
from tests.bench.report import MeasureFailed

ROOT = Path(__file__).resolve().parents[2]
ACTOR = "medida"


@dataclass(frozen=True)
class DemoPlace:
    """An open back office, the numbers of its customers, and the address of the SEFAZ's service of SP."""

    backoffice: Backoffice
    customers: list[int]
    url: str

    @property
    def key(self) -> tuple[str, str]:
        """The keyring entry of the certificate's key, for another process: that has a keyring of its own."""
        branch = self.backoffice.settings.load()[SEFAZ_BRANCH]
        assert branch is not None
        with self.backoffice.database.reading() as connection:
            certificate = certificates.for_branch(connection, branch)
        assert certificate is not None
        return certificate.secret_name, secrets.read(certificate.secret_name) or ""


@contextmanager
def demo_place(customers: int, here: Mapping[Setting[Any], Any] | None = None) -> Iterator[DemoPlace]:
    """That many customers of SP, all enabled at the SEFAZ, in a SQLite file as the program sets it.

    `here` are settings of this computer, which may name a PostgreSQL server that trusts whoever comes.
    """
    folder = Path(tempfile.mkdtemp(prefix="retaguarda-bench-"))
    kept = keyring.get_keyring()
    keyring.set_keyring(MemoryKeyring())
    command = [sys.executable, "-m", "services.demo.sefaz", "--pasta", str(folder), "--sempre-habilitado"]
    try:
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
            try:
                assert server.stdout is not None
                ready = server.stdout.readline()
                if not ready:
                    raise MeasureFailed("a SEFAZ de demonstração não iniciou")
                MachineStore(Folders(folder, folder).machine_file).save(here or {})
                yield from _opened(folder, json.loads(ready)["url"], customers)
            finally:
                server.terminate()
    finally:
        keyring.set_keyring(kept)
        shutil.rmtree(folder)


def _opened(folder: Path, url: str, customers: int) -> Iterator[DemoPlace]:
    folders = Folders(folder, folder)
    (folder / "ac.pem").rename(folders.additional_ca_file)
    backoffice = open_backoffice(folders)
    try:
        cnpj = "11222333000181"
        with backoffice.database.writing() as connection:
            company = records.add(
                connection, COMPANIES, {"cnpj": cnpj, "nome": "Modelo", "uf": "SP"}, Snapshot(), ACTOR
            )
            branch = {"empresa": company, "cnpj": cnpj, "nome": "Matriz", "uf": "SP"}
            branch_id = records.add(connection, BRANCHES, branch, Snapshot(), ACTOR)
        pfx = (folder / "cliente.pfx").read_bytes()
        install_certificate(backoffice.database, branch_id, pfx, "demonstracao", actor=ACTOR, now=datetime.now(UTC))
        backoffice.settings.save({(SEFAZ_BRANCH, 0): branch_id}, backoffice.settings.load(), ACTOR)
        # In a process of its own, so that what is measured in this one does not find the memory that this took.
        with get_context("spawn").Pool(1) as pool:
            numbers = pool.apply(_add_customers, (folders, customers))
        yield DemoPlace(backoffice, numbers, f"{url}/SP/cadconsultacadastro4")
    finally:
        backoffice.close()


def _add_customers(folders: Folders, count: int) -> list[int]:
    keyring.set_keyring(MemoryKeyring())
    backoffice = open_backoffice(folders)
    try:
        with backoffice.database.writing() as connection:
            return [records.add(connection, CUSTOMERS, _customer(n), Snapshot(), ACTOR) for n in range(count)]
    finally:
        backoffice.close()


def _customer(number: int) -> dict[str, object]:
    return {
        "documento": made_up_cnpj(f"{number + 1:08}"),
        "nome": f"Posto {number}",
        "uf": "SP",
        "acao_sefaz": SefazAction.BLOCK_UNBLOCK,
    }
