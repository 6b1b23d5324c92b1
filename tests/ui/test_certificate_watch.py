"""The watch over the certificates: each mark said once, on this run and on the next, also by a service alone."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.data import certificates, records
from app.data.database import Database
from app.settings.catalog import SEFAZ_BRANCH
from app.settings.snapshot import Snapshot
from app.tables import BRANCHES
from services.certificate_warnings import certificate_warnings
from tests.certificates import certificate_until
from tests.ui.office import open_office
from tests.ui.window import opened, settle, until
from ui import pages, tasks
from ui.certificate_watch import CertificateWatch
from ui.office import Office
from ui.remembered import Remembered

ENDS = datetime(2027, 1, 23, 17, 5, tzinfo=UTC)


@pytest.fixture
def office(qapp: QApplication) -> Iterator[Office]:
    with open_office(with_branch=True) as opened:
        install(opened.backoffice.database)
        yield opened


def install(database: Database, branch: int = 1, fingerprint: str = "f1", ends: datetime = ENDS) -> None:
    with database.writing() as connection:
        certificates.replace(connection, certificate_until(ends, branch_id=branch, fingerprint=fingerprint))


def add_branch(database: Database, cnpj: str, name: str) -> int:
    with database.writing() as connection:
        given = {"empresa": 1, "cnpj": cnpj, "nome": name, "uf": "GO"}
        return records.add(connection, BRANCHES, given, Snapshot(), "maria")


class Program:
    """One run of the program whose clock a test moves; what it says is in `said`."""

    def __init__(self, office: Office, told_by: str = "janela") -> None:
        self.now = ENDS
        self.said: list[str] = []
        self._watch = CertificateWatch(office.backoffice, Remembered(office.folders), told_by, clock=lambda: self.now)
        self._watch.passed.connect(self.said.append)

    def look(self, days_before_the_end: float) -> list[str]:
        """What is said at that moment."""
        self.said.clear()
        self.now = ENDS - timedelta(days=days_before_the_end)
        self._watch.look()
        assert tasks.wait_all(15_000)
        return list(self.said)


def test_each_mark_is_said_once_also_after_a_restart_and_written_to_the_log(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    program = Program(office)
    assert program.look(60.1) == []
    (first,) = program.look(59.9)
    assert "59 dias" in first
    assert program.look(59.8) == []
    again = Program(office)
    assert again.look(45) == []
    said = [len(again.look(days)) for days in (30, 29, 15, 7, 6, 1, 0.5, 0, -1, -30)]
    assert said == [1, 0, 1, 1, 0, 1, 0, 1, 0, 0]
    assert len(caplog.messages) == 6
    assert caplog.messages[0] == first
    assert "venceu em" in caplog.messages[-1]


def test_a_new_certificate_has_marks_of_its_own(office: Office) -> None:
    program = Program(office)
    assert len(program.look(10)) == 1
    install(office.backoffice.database, fingerprint="f2")
    assert len(program.look(10)) == 1
    assert program.look(9) == []


def test_what_the_service_without_window_said_does_not_silence_the_window(office: Office) -> None:
    assert len(Program(office, "servico").look(10)) == 1
    assert len(Program(office, "janela").look(10)) == 1
    assert Program(office, "servico").look(10) == []


def test_that_which_consults_is_said_first_and_every_active_branch_by_name(office: Office) -> None:
    backoffice, now = office.backoffice, datetime.now(UTC)
    other = add_branch(backoffice.database, "11222333000262", "Filial Norte")
    closed = add_branch(backoffice.database, "11222333000343", "Filial fechada")
    for branch, days in ((1, 5), (other, 10), (closed, 2)):
        install(backoffice.database, branch, f"f{branch}", now + timedelta(days=days))
    with backoffice.database.writing() as connection:
        records.set_active(connection, BRANCHES, closed, False, "maria")
    backoffice.settings.save({(SEFAZ_BRANCH, 0): other}, backoffice.settings.load(), "maria")
    first, second = certificate_warnings(backoffice.database, backoffice.settings, now)
    assert "Filial Norte, de POSTO MODELO LTDA, usado nas consultas à SEFAZ, vence em" in first.sentence
    assert "Matriz, de POSTO MODELO LTDA, vence em" in second.sentence


def test_the_window_says_it_once_and_its_notice_opens_the_certificates(qtbot: QtBot) -> None:
    with open_office(with_branch=True) as office:
        install(office.backoffice.database, ends=datetime.now(UTC) + timedelta(days=5))
    with opened(qtbot) as program:
        until(qtbot, lambda: program._notices is not None and bool(program._notices.latest))
        settle(qtbot)
        assert program._notices is not None
        (notice,) = program._notices.latest
        assert notice.page == pages.CERTIFICATES
        assert "1 · Matriz" in notice.sentence
    with opened(qtbot) as program:
        settle(qtbot)
        assert program._notices is not None
        assert list(program._notices.latest) == []
