"""`consultas`: the receipt and the raw messages of what `consultar` asked."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.data import history
from app.data.history import FullConsultation
from app.folders import find_folders
from app.receipt import DEMONSTRATION
from services.backoffice import open_backoffice
from services.demo.example import made_up_cnpj
from services.demo.scenarios import Scenario
from services.demo.sefaz import DemoSefaz
from services.receipt import receipt_of
from tests.ui import receipts
from tests.ui.cli.conftest import Run

DOCUMENT = made_up_cnpj("10203040")
MAIN = Path(__file__).parents[3] / "main.py"


def consulted(run: Run) -> FullConsultation:
    number = run("consultar", "--documento", DOCUMENT, "--uf", "SP", "--json").json["consulta_id"]
    office = open_backoffice(find_folders())
    try:
        with office.database.reading() as connection:
            found = history.get(connection, number)
    finally:
        office.close()
    assert found is not None
    return found


@pytest.mark.parametrize("which", ["pedido", "resposta"])
def test_the_raw_messages_are_the_bytes_kept(run: Run, ready_on_both: Path, tmp_path: Path, which: str) -> None:
    made = consulted(run)
    outcome = run("consultas", "xml", made.row.id, f"--{which}", "--saida", tmp_path / "m.xml", "--json")
    kept = made.request if which == "pedido" else made.response
    assert outcome.status == 0
    assert outcome.json == {"arquivo": str(tmp_path / "m.xml"), "bytes": len(kept)}
    assert (tmp_path / "m.xml").read_bytes() == kept


def test_the_receipt(run: Run, ready_on_both: Path, tmp_path: Path, qapp: object) -> None:
    made = consulted(run)
    file = tmp_path / "comprovante.pdf"
    outcome = run("consultas", "comprovante", made.row.id, "--saida", file)
    assert (outcome.status, outcome.out) == (0, f"{file}\n")
    carried = receipts.streams(file.read_bytes())
    assert [hashlib.sha256(made.response).digest()] == [
        hashlib.sha256(each).digest() for each in carried if each == made.response
    ]


def test_the_receipt_of_made_up_data_is_marked_whoever_opens_it(run: Run, ready: Path) -> None:
    number = consulted(run).row.id
    for mark in ("", DEMONSTRATION):
        office = open_backoffice(find_folders())
        try:
            receipt = receipt_of(office, number, datetime.now(UTC))
        finally:
            office.close()
        assert receipt is not None
        assert receipt.mark == mark
        find_folders().demonstration_file.touch()


def test_the_receipt_needs_no_screen(run: Run, ready: Path, tmp_path: Path) -> None:
    number = consulted(run).row.id
    file = tmp_path / "comprovante.pdf"
    bare = {name: value for name, value in os.environ.items() if name not in ("QT_QPA_PLATFORM", "DISPLAY")}
    command = [sys.executable, str(MAIN), "consultas", "comprovante", str(number), "--saida", str(file)]
    ended = subprocess.run(command, env=bare, capture_output=True, check=False, timeout=300)
    assert ended.returncode == 0, ended.stderr.decode()
    assert receipts.pages(file.read_bytes()) >= 1


def test_what_is_not_there_is_told(run: Run, ready: Path, sefaz: DemoSefaz, tmp_path: Path) -> None:
    sefaz.scenarios[DOCUMENT] = Scenario.RESET
    made = consulted(run)
    nothing = run("consultas", "xml", made.row.id, "--resposta", "--saida", tmp_path / "r.xml")
    assert nothing.status == 1
    assert "não tem resposta" in nothing.err
    for action in (("comprovante",), ("xml", "--pedido")):
        unknown = run("consultas", *action, "99", "--saida", tmp_path / "x")
        assert unknown.status == 1
        assert "Não existe a consulta 99" in unknown.err
    assert not (tmp_path / "x").exists()


def test_a_file_that_cannot_be_written_is_an_error_of_use(run: Run, ready: Path, tmp_path: Path) -> None:
    made = consulted(run)
    outcome = run("consultas", "xml", made.row.id, "--pedido", "--saida", tmp_path / "nada" / "p.xml")
    assert outcome.status == 2
    assert "não existe" in outcome.err
