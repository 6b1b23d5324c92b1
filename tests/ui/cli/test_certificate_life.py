"""The certificate's end on the command line: refused without a connection, said by the service, and counted in days."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from sqlalchemy import update

from app.data.database import Database
from app.data.models import BranchCertificate
from services.demo.example import made_up_cnpj
from services.demo.sefaz import DemoSefaz
from tests.ui.cli.conftest import Run

DOCUMENT = made_up_cnpj("00000001")


def ending(folder: Path, left: timedelta) -> None:
    """Make the installed certificate end so long from now."""
    database = Database(f"sqlite:///{folder / 'retaguarda.db'}")
    with database.writing() as connection:
        connection.execute(update(BranchCertificate).values(not_after=datetime.now(UTC) + left))
    database.close()


def test_an_expired_one_is_refused_before_any_connection(run: Run, ready: Path, sefaz: DemoSefaz) -> None:
    ending(ready, -timedelta(hours=1))
    outcome = run("consultar", "--documento", DOCUMENT, "--uf", "SP", "--json")
    assert outcome.status != 0
    assert "venceu em" in outcome.out + outcome.err
    assert (sefaz.requests, sefaz.handshakes) == (0, 0)


@pytest.mark.parametrize(
    ("left", "words"),
    [(timedelta(days=40), "daqui a 39 dias"), (timedelta(hours=30), "daqui a 29 horas"), (-timedelta(1), "venceu em")],
)
def test_the_service_says_once_that_it_ends(
    qapp: QApplication, run: Run, ready: Path, sefaz: DemoSefaz, left: timedelta, words: str
) -> None:
    run("config", "gravar", "sefaz.automatica=sim", "sefaz.intervalo=0")
    ending(ready, left)
    (said,) = [line for line in run("servico", "--uma-vez").err.splitlines() if "Certificado digital:" in line]
    assert words in said
    assert "1 · Matriz" in said
    assert "Certificado digital:" not in run("servico", "--uma-vez").err


@pytest.mark.parametrize(("left", "days"), [(59.9, 59), (0.5, 0), (-0.5, -1)])
def test_the_days_left_are_whole_days_and_negative_after_the_end(run: Run, ready: Path, left: float, days: int) -> None:
    ending(ready, timedelta(days=left))
    (shown,) = run("certificado", "mostrar", "--json").json
    assert shown["dias"] == days
