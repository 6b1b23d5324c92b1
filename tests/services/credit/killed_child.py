"""A program that a test starts to kill: `python -m tests.services.credit.killed_child PASTA URL`.

It makes the next credit analysis of the queue, with the credentials that the test left in `segredo.txt`.
"""

from __future__ import annotations

import sys
from pathlib import Path

import keyring

from app.data.database import Database
from app.folders import Folders
from app.settings.machine import MachineStore
from app.settings.repository import SettingsRepository
from services.credit.automatic import AutomaticCredit
from services.credit.consultation import CreditConsultation
from services.demo.memory_keyring import MemoryKeyring


def main(folder: Path, url: str) -> None:
    backend = MemoryKeyring()
    name, _, password = (folder / "segredo.txt").read_text("utf-8").partition("\n")
    backend.entries["Retaguarda", name] = password
    keyring.set_keyring(backend)
    database = Database(url)
    consultation = CreditConsultation(database, Folders(folder, folder))
    snapshot = SettingsRepository(MachineStore(folder / "maquina.json"), database).load()
    step = AutomaticCredit(database, consultation, owner="PC-02/1").step(snapshot)
    assert step.request is not None, step
    consultation.run(step.request, snapshot)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
