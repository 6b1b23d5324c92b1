"""The addresses of SEFAZ: what is changed here, what is refused, and the warning before asking too fast."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QMessageBox, QPushButton
from pytestqt.qtbot import QtBot

from app.data import audit
from app.uf import UFS
from services.sefaz.endpoints import load_endpoints
from tests.ui.office import enter, open_office
from tests.ui.window import settle
from ui.endpoints_page import EndpointsPage
from ui.office import Office


@pytest.fixture
def office(qapp: QApplication) -> Iterator[Office]:
    with open_office() as opened:
        yield opened


@pytest.fixture
def page(qtbot: QtBot, office: Office) -> EndpointsPage:
    page = EndpointsPage(office)
    enter(qtbot, page)
    page.view.selectRow(list(UFS).index("SP"))
    return page


def write(qtbot: QtBot, page: EndpointsPage, key: str, text: str) -> None:
    field = page.form.editors[key].field
    edit = field if isinstance(field, QLineEdit) else field.findChild(QLineEdit)
    assert isinstance(edit, QLineEdit)
    edit.selectAll()
    QTest.keyClicks(edit, text)


def press(qtbot: QtBot, button: QPushButton) -> None:
    assert button.isEnabled()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    settle(qtbot)


def answer(text: str) -> list[str]:
    """Press that button of the question about to be asked; its words come in the list."""
    said: list[str] = []

    def choose() -> None:
        question = QApplication.activeModalWidget()
        assert isinstance(question, QMessageBox)
        said.append(f"{question.text()} {question.informativeText()}")
        next(button for button in question.buttons() if button.text() == text).click()

    QTimer.singleShot(50, choose)
    return said


def row(page: EndpointsPage, uf: str) -> list[str]:
    model = page.model
    return [model.index(list(UFS).index(uf), column).data() for column in range(model.columnCount())]


def test_all_ufs_are_listed_as_shipped(page: EndpointsPage) -> None:
    assert page.model.rowCount() == 27
    assert row(page, "MA")[:3] == ["MA", "SVAN", "Sem serviço"]
    assert not page.save_button.isEnabled()
    assert not page.restore_button.isEnabled()


def test_a_change_is_kept_marked_audited_and_taken_back(qtbot: QtBot, page: EndpointsPage, office: Office) -> None:
    write(qtbot, page, "producao", "https://nova.example/ws")
    write(qtbot, page, "intervalo_s", "4,5")
    assert page.unsaved() == ["Endereço de SP"]
    press(qtbot, page.save_button)
    kept = load_endpoints(office.folders.endpoints_file)["SP"]
    assert (kept.production, kept.interval_s) == ("https://nova.example/ws", 4.5)
    assert row(page, "SP")[0] == "● SP"
    assert row(page, "SP")[4] == "● 4,5 s"
    assert page.unsaved() == []
    with office.backoffice.database.reading() as connection:
        assert len(audit.latest(connection, "enderecos/SP")) == 2
    press(qtbot, page.restore_button)
    assert load_endpoints(office.folders.endpoints_file) == load_endpoints(None)
    assert row(page, "SP")[0] == "SP"


def test_what_makes_no_sense_is_said_under_its_field(qtbot: QtBot, page: EndpointsPage, office: Office) -> None:
    write(qtbot, page, "producao", "http://nova.example")
    write(qtbot, page, "intervalo_s", "logo")
    page.save()
    assert "https://" in page.form.editors["producao"].error
    assert "segundos" in page.form.editors["intervalo_s"].error
    assert not office.folders.endpoints_file.exists()
    page.discard_all()
    assert page.form.editors["producao"].error == ""
    write(qtbot, page, "producao", "https://nova.example/ws?wsdl")
    press(qtbot, page.save_button)
    assert page.failure.isVisible()
    assert not office.folders.endpoints_file.exists()


def test_asking_faster_is_kept_only_after_the_warning(qtbot: QtBot, page: EndpointsPage, office: Office) -> None:
    write(qtbot, page, "por_minuto", "0")
    said = answer("Voltar")
    press(qtbot, page.save_button)
    assert "656" in said[0]
    assert "emissão de notas" in said[0]
    assert not office.folders.endpoints_file.exists()
    answer("Assumir o risco e salvar")
    press(qtbot, page.save_button)
    assert load_endpoints(office.folders.endpoints_file)["SP"].per_minute == 0
    assert row(page, "SP")[5] == "● sem limite"


def test_choosing_another_uf_does_not_lose_what_was_typed(qtbot: QtBot, page: EndpointsPage) -> None:
    write(qtbot, page, "fonte", "telefone")
    answer("Continuar editando")
    page.view.selectRow(0)
    assert page.form.uf == "SP"
    assert page.view.currentIndex().row() == list(UFS).index("SP")
    assert page.form.editors["fonte"].text() == "telefone"
    answer("Descartar")
    page.view.selectRow(0)
    assert page.form.uf == "AC"
