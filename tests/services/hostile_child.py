"""A process of the program that a test starts to kill: `python -m tests.services.hostile_child MODO PASTA URL QUANTOS`.

Mode `consultar` asks about the customers one after another; `gravar` kills the process itself in the middle of the
transaction that records the first; `servico` works as the service, once.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import NoReturn

import keyring

from app.data import customers, decisions
from app.data.database import Database
from app.domain import Origin, Request
from app.folders import Folders
from app.settings.machine import MachineStore
from app.settings.repository import SettingsRepository
from services.demo.memory_keyring import MemoryKeyring
from services.sefaz.automatic import AutomaticSefaz
from services.sefaz.consultation import SefazConsultation


def main(mode: str, folder: Path, url: str, wanted: int) -> None:
    backend = MemoryKeyring()
    name, _, password = (folder / "segredo.txt").read_text("utf-8").partition("\n")
    backend.entries["Retaguarda", name] = password
    keyring.set_keyring(backend)
    database = Database(url)
    consultation = SefazConsultation(database, Folders(folder, folder))
    snapshot = SettingsRepository(MachineStore(folder / "maquina.json"), database).load()
    if mode == "servico":
        AutomaticSefaz(database, consultation, owner="PC-02/1").step(snapshot)
    if mode == "gravar":
        decisions.carry_out = _die
    for customer in range(1, wanted + 1):
        with database.reading() as connection:
            subject = customers.subject(connection, customer)
        assert subject is not None
        request = Request(subject.document, subject.uf, Origin.OPERATOR, f"pid {os.getpid()}", True, customer)
        result = consultation.run(request, snapshot)
        sys.stdout.write(f"{result.consultation_id}\n")
        sys.stdout.flush()
    consultation.close()
    database.close()


def _die(*_arguments: object, **_options: object) -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
