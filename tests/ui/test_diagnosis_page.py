"""The diagnosis of SEFAZ as the operator sees it: the grid, one UF whole, the report, and giving up."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import shiboken6
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QLabel, QPushButton
from pytestqt.qtbot import QtBot

from app.data import pace
from app.documents import parse_document
from app.domain import DocumentKind, Origin, Request
from app.rules.pacing import Pace
from app.uf import UFS
from services.check_list import Outcome
from services.demo.scenarios import Scenario
from tests.ui.demo_office import DemoOffice, demo_office
from tests.ui.office import enter
from tests.ui.window import settle, until
from ui import pages
from ui.consultations_page import ConsultationsPage
from ui.diagnosis_page import DiagnosisPage


@pytest.fixture
def demo(qtbot: QtBot) -> Iterator[DemoOffice]:
    with demo_office(qtbot) as opened:
        yield opened


@pytest.fixture
def page(qtbot: QtBot, demo: DemoOffice) -> DiagnosisPage:
    page = DiagnosisPage(demo.office)
    enter(qtbot, page)
    until(qtbot, lambda: page.uf != "")
    return page


def press(qtbot: QtBot, page: DiagnosisPage, button: QPushButton) -> None:
    """Press it and wait for the diagnosis to end."""
    assert button.isEnabled()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    until(qtbot, lambda: not page.work.running)
    settle(qtbot)


def row(page: DiagnosisPage, uf: str) -> list[str]:
    model = page.model
    return [model.index(list(UFS).index(uf), column).data() or "" for column in range(model.columnCount())]


def choose(page: DiagnosisPage, uf: str) -> None:
    page.table.selectRow(list(UFS).index(uf))


def texts(page: DiagnosisPage) -> str:
    """All that the side panel says."""
    return "\n".join(label.text() for label in page.view.findChildren(QLabel) if label.isVisibleTo(page.view))


def test_before_the_first_time_it_says_what_to_do(page: DiagnosisPage) -> None:
    assert page.uf == "SP"
    assert page.model.rowCount() == 27
    assert page.empty_button.isVisible() and page.empty_button.text() == "Diagnosticar SP"
    assert not page.copy_button.isEnabled() and not page.save_button.isEnabled()


def test_a_wider_window_gives_its_room_to_what_was_found(qtbot: QtBot, page: DiagnosisPage) -> None:
    page.resize(900, 600)
    until(qtbot, lambda: page.table.horizontalHeader().length() == page.table.viewport().width())
    grid = page.table.width()
    page.resize(1400, 600)
    until(qtbot, lambda: page._side.width() > 700)
    assert page.table.width() == grid


def test_one_uf_is_diagnosed_and_shown_whole(qtbot: QtBot, page: DiagnosisPage, demo: DemoOffice) -> None:
    changed: list[bool] = []
    demo.office.customers_changed.connect(lambda: changed.append(True))
    press(qtbot, page, page.one_button)
    assert row(page, "SP") == ["SP", "OK", "OK", "OK", "OK", "OK", "OK", "OK", "111"]
    assert row(page, "GO") == ["GO", *[""] * 8]
    assert page.view.isVisible() and page.view.failure.isHidden()
    until(qtbot, lambda: "TLS 1.2 com ECDHE-RSA-AES256-GCM-SHA384" in texts(page))
    assert changed
    opened: list[tuple[str, object]] = []
    demo.office.open_page.connect(lambda key, argument: opened.append((key, argument)))
    page.view.open_button.click()
    assert opened == [(pages.CONSULTATIONS, page.model.reports["SP"].consultation_id)]


def test_a_failure_is_explained_at_the_side(qtbot: QtBot, page: DiagnosisPage, demo: DemoOffice) -> None:
    demo.sefaz.ufs["SP"] = Scenario.REQUESTER_REFUSED
    press(qtbot, page, page.one_button)
    assert row(page, "SP")[-1] == "257"
    assert page.model.reports["SP"].outcome is Outcome.FAILED
    assert page.view.failure.isVisible()
    for words in ("Causa provável:", "O que fazer:", "No passo “Resposta (cStat)”"):
        until(qtbot, lambda words=words: words in texts(page))  # type: ignore[misc]


def test_all_ufs_in_one_go(qtbot: QtBot, page: DiagnosisPage, demo: DemoOffice) -> None:
    demo.sefaz.ufs.update({"GO": Scenario.HTTP_503, "AL": Scenario.OTHER_UF})
    press(qtbot, page, page.all_button)
    assert all(report.finished for report in page.model.reports.values())
    assert page.model.reports.keys() == UFS.keys()
    assert row(page, "GO")[5:] == ["Falha", "OK", "–", "–"]
    assert row(page, "MA") == ["MA", *["–"] * 8]
    asked = len(demo.sefaz.seen)
    choose(page, "AL")
    press(qtbot, page, page.one_button)
    assert len(demo.sefaz.seen) == asked
    assert page.view.retry_button.isVisible()
    del demo.sefaz.ufs["AL"]
    press(qtbot, page, page.view.retry_button)
    assert len(demo.sefaz.seen) == asked + 1
    assert row(page, "AL")[-1] == "259"
    assert page.view.retry_button.isHidden()


def test_the_connection_alone_asks_nothing(qtbot: QtBot, page: DiagnosisPage, demo: DemoOffice) -> None:
    page.connection_only.setChecked(True)
    press(qtbot, page, page.one_button)
    assert row(page, "SP") == ["SP", "OK", "OK", "OK", "OK", "–", "–", "–", "–"]
    assert demo.sefaz.seen == []


def test_in_a_freeze_the_page_says_until_when(qtbot: QtBot, page: DiagnosisPage, demo: DemoOffice) -> None:
    backoffice = demo.office.backoffice
    certificate = backoffice.sefaz.certificate(demo.office.snapshot)
    assert certificate is not None
    with backoffice.database.writing() as connection:
        pace.held(connection, certificate.cnpj, "SP")
        frozen = Pace(frozen_until=datetime.now(UTC) + timedelta(hours=1))
        pace.keep(connection, certificate.cnpj, "SP", frozen)
    press(qtbot, page, page.one_button)
    until(qtbot, lambda: "consumo indevido: nova consulta só depois de" in texts(page))
    assert demo.sefaz.handshakes == 0


def test_it_can_be_given_up_and_the_rest_stays_usable(qtbot: QtBot, page: DiagnosisPage, demo: DemoOffice) -> None:
    demo.sefaz.ufs.update(dict.fromkeys(UFS, Scenario.TIMEOUT))
    page.all_button.click()
    until(qtbot, lambda: demo.sefaz.requests > 0)
    assert not page.all_button.isEnabled() and not page.one_button.isEnabled()
    choose(page, "RS")
    page.work.cancel_button.click()
    until(qtbot, lambda: not page.work.running)
    settle(qtbot)
    assert page.all_button.isEnabled()
    assert page.model.reports.keys() == UFS.keys()
    assert all(report.finished and report.c_stat == "" for report in page.model.reports.values())


def test_closing_the_page_in_mid_work_is_fine(qtbot: QtBot, demo: DemoOffice) -> None:
    demo.sefaz.ufs["SP"] = Scenario.TIMEOUT
    page = DiagnosisPage(demo.office)
    page.show()
    page.show_argument("SP")
    until(qtbot, lambda: demo.sefaz.requests > 0)
    page.deleteLater()
    until(qtbot, lambda: not shiboken6.isValid(page))
    settle(qtbot)
    assert demo.sefaz.requests == 1


def test_the_report_is_copied_and_saved_without_secrets(
    qtbot: QtBot, page: DiagnosisPage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    press(qtbot, page, page.one_button)
    page.copy_button.click()
    assert (page.told.isVisible(), page.told.text()) == (True, "Relatório copiado.")
    text = QGuiApplication.clipboard().text()
    assert text.startswith("Diagnóstico da SEFAZ · ")
    assert "SP · São Paulo · OK" in text
    assert "PRIVATE KEY" not in text
    file = tmp_path / "relatorio.txt"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_arguments: (str(file), ""))
    page.save_button.click()
    until(qtbot, lambda: page.told.text() == "Relatório salvo: relatorio.txt")
    assert file.read_text("utf-8") == text
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_arguments: (str(tmp_path / "nada" / "a.txt"), ""))
    page.save_button.click()
    until(qtbot, page.failure.isVisible)
    settle(qtbot)
    assert not page.told.isVisible()


def test_it_is_opened_for_a_uf_which_is_then_diagnosed(qtbot: QtBot, page: DiagnosisPage, demo: DemoOffice) -> None:
    page.show_argument("RS")
    until(qtbot, lambda: not page.work.running)
    settle(qtbot)
    assert page.uf == "RS"
    assert [query.uf for query in demo.sefaz.seen] == ["RS"]


def test_a_failed_consultation_leads_to_the_diagnosis(qtbot: QtBot, demo: DemoOffice) -> None:
    backoffice = demo.office.backoffice
    demo.sefaz.ufs["SP"] = Scenario.HTTP_503
    document = parse_document("11222333000181", DocumentKind.CNPJ)
    result = backoffice.sefaz.run(Request(document, "SP", Origin.OPERATOR, "maria", apply=False), demo.office.snapshot)
    page = ConsultationsPage(demo.office)
    enter(qtbot, page)
    page.show_argument(result.consultation_id)
    until(qtbot, page.result.diagnose_button.isVisible)
    opened: list[tuple[str, object]] = []
    demo.office.open_page.connect(lambda key, argument: opened.append((key, argument)))
    page.result.diagnose_button.click()
    assert opened == [(pages.DIAGNOSIS, "SP")]
    settle(qtbot)


def test_the_page_to_consult_by_hand_is_offered_where_no_program_may(
    qtbot: QtBot, page: DiagnosisPage, demo: DemoOffice
) -> None:
    page.show_argument("MA")
    until(qtbot, lambda: not page.work.running)
    settle(qtbot)
    assert page.view.public_page.isVisible()
    assert page.view.retry_button.isHidden()
