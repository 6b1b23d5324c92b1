"""The counters on their page: who is at work, a token shown once and really accepted, and one revoked at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMessageBox, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from app.data import counters
from app.data.counters import Sighting
from app.settings.catalog import INTEGRATION_ACTIVE, INTEGRATION_PORT
from services.integration.server import ServerPhase
from tests.ui.counters import free_port, keep, status_of, wait_for
from tests.ui.office import enter, open_office
from tests.ui.window import settle
from ui import pages
from ui.counter_model import Column
from ui.counters_page import CountersPage
from ui.new_counter import NewCounter
from ui.office import Office
from ui.status_delegate import STATUS_ROLE

Opened = Callable[[], CountersPage]


@pytest.fixture
def office(qtbot: QtBot) -> Iterator[Office]:
    with open_office(with_branch=True) as opened:
        yield opened
        opened.desk.close()


@pytest.fixture
def page(qtbot: QtBot, office: Office) -> CountersPage:
    made = CountersPage(office)
    enter(qtbot, made)
    return made


def let_in(office: Office, name: str, company: int | None = None, *, seen: timedelta | None = None) -> tuple[int, str]:
    now = datetime.now(UTC)
    with office.backoffice.database.writing() as connection:
        number, token = counters.add(connection, name, company, "maria", now - timedelta(days=1))
        if seen is not None:
            counters.note_seen(connection, [Sighting(number, now - seen, "192.168.0.31", "Balcao/1.2")])
    return number, token


def again(qtbot: QtBot, page: CountersPage) -> None:
    page.entered()
    settle(qtbot)


def column(page: CountersPage, which: Column) -> list[str]:
    return [str(page.model.index(line, which).data()) for line in range(page.model.rowCount())]


def form(page: CountersPage) -> NewCounter:
    return next(dialog for dialog in page.findChildren(NewCounter) if dialog.isVisible())


def answer(page: CountersPage, label: str) -> None:
    box = next(box for box in page.findChildren(QMessageBox) if box.isVisible())
    next(button for button in box.findChildren(QPushButton) if button.text() == label).click()


def test_who_is_at_work_is_told_in_words_and_counted(qtbot: QtBot, office: Office, page: CountersPage) -> None:
    let_in(office, "Caixa 1", seen=timedelta(seconds=20))
    let_in(office, "Caixa 2", 1, seen=timedelta(minutes=50))
    let_in(office, "Caixa 3")
    again(qtbot, page)
    assert column(page, Column.PRESENCE) == ["Online", "Ausente", "Nunca entrou"]
    assert column(page, Column.SEEN) == ["agora mesmo", "há 50 minutos", "nunca"]
    assert column(page, Column.ADDRESS) == ["192.168.0.31", "192.168.0.31", "—"]
    assert column(page, Column.VERSION) == ["Balcao/1.2", "Balcao/1.2", "—"]
    assert column(page, Column.COMPANY) == ["todas", "1 · Posto Modelo", "todas"]
    assert page.count.text() == "1 de 3 balcões online"
    assert page.model.index(0, Column.PRESENCE).data(STATUS_ROLE).look.word == "Online"


def test_without_counters_the_page_says_what_to_do(qtbot: QtBot, page: CountersPage) -> None:
    assert page.stack.currentIndex() == 1
    assert page.count.text() == ""
    next(b for b in page.stack.findChildren(QPushButton) if b.text() == "Incluir balcão…").click()
    qtbot.waitUntil(form(page).name.hasFocus)


def test_a_counter_is_let_in_by_the_keyboard_and_its_token_is_accepted(
    qtbot: QtBot, office: Office, page: CountersPage
) -> None:
    keep(office, {INTEGRATION_PORT: free_port(), INTEGRATION_ACTIVE: True})
    office.desk.open()
    wait_for(qtbot, office, ServerPhase.RUNNING)
    assert office.desk.state.address in page.service.text()
    QTest.keyClick(page, Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
    dialog = form(page)
    QTest.keyClicks(dialog.name, "Caixa 1")
    QTest.keyClick(dialog.name, Qt.Key.Key_Return)
    settle(qtbot)
    token = dialog.token.text()
    assert token.startswith(counters.TOKEN_PREFIX)
    assert status_of(office.desk.state.address, "/v1/balcao", token) == 200
    dialog.copy.click()
    data = QGuiApplication.clipboard().mimeData()
    assert data.text() == token
    assert data.data("x-kde-passwordManagerHint").data() == b"secret"
    dialog.reject()
    assert not dialog.isVisible()
    assert column(page, Column.NAME) == ["Caixa 1"]
    assert page.selected is not None, "the new one is chosen"
    assert page.focusWidget() is page.view
    assert column(page, Column.TOKEN) == [f"…{token[-4:]}"]
    assert not any(token in str(page.model.index(0, each).data()) for each in Column)


def test_a_token_that_was_not_copied_is_not_lost_by_one_key(qtbot: QtBot, office: Office, page: CountersPage) -> None:
    page.add_counter()
    dialog = form(page)
    QTest.keyClicks(dialog.name, "Caixa 1")
    dialog.accept()
    settle(qtbot)
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert dialog.isVisible()
    assert "ainda não foi copiado" in dialog.state.text()
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()


def test_a_name_that_is_taken_or_missing_is_refused_under_its_field(
    qtbot: QtBot, office: Office, page: CountersPage
) -> None:
    let_in(office, "Caixa 1")
    page.add_counter()
    dialog = form(page)
    for typed, sentence in (("", "não pode ficar vazio"), ("caixa 1", "Já existe o balcão")):
        dialog.name.setText(typed)
        dialog.accept()
        settle(qtbot)
        assert sentence in dialog.errors[dialog.name].text()
        assert sentence in dialog.name.accessibleDescription()
    dialog.name.setText("Caixa 2")
    dialog.accept()
    settle(qtbot)
    assert "Caixa 2" in dialog.said.text()
    dialog.copy.click()
    dialog.reject()


def test_a_revoked_counter_is_shut_out_at_the_next_request(qtbot: QtBot, office: Office, page: CountersPage) -> None:
    keep(office, {INTEGRATION_PORT: free_port(), INTEGRATION_ACTIVE: True})
    office.desk.open()
    wait_for(qtbot, office, ServerPhase.RUNNING)
    _, token = let_in(office, "Caixa 1")
    again(qtbot, page)
    url = office.desk.state.address
    office.desk.forget_counters()
    assert status_of(url, "/v1/balcao", token) == 200
    page.view.selectRow(0)
    page.revoke_button.click()
    answer(page, "Voltar")
    settle(qtbot)
    assert status_of(url, "/v1/balcao", token) == 200
    page.revoke_button.click()
    answer(page, "Revogar")
    settle(qtbot)
    assert status_of(url, "/v1/balcao", token) == 401
    assert page.stack.currentIndex() == 2, "all were revoked"
    page.show_revoked.click()
    assert column(page, Column.PRESENCE) == ["Revogado"]


def test_a_revoked_counter_comes_back_with_another_token(qtbot: QtBot, office: Office, page: CountersPage) -> None:
    number, token = let_in(office, "Caixa 1")
    with office.backoffice.database.writing() as connection:
        counters.revoke(connection, number, "maria", datetime.now(UTC))
    again(qtbot, page)
    page.show_revoked.click()
    page.view.selectRow(0)
    assert not page.revoke_button.isEnabled()
    page.again_button.click()
    dialog = form(page)
    assert dialog.name.text() == "Caixa 1"
    dialog.accept()
    settle(qtbot)
    assert dialog.token.text() not in ("", token)
    dialog.copy.click()
    dialog.reject()
    assert column(page, Column.PRESENCE) == ["Nunca entrou"]


def test_reading_again_keeps_the_counter_that_was_chosen(qtbot: QtBot, office: Office, page: CountersPage) -> None:
    let_in(office, "Caixa 2")
    again(qtbot, page)
    page.view.selectRow(0)
    let_in(office, "Caixa 1")
    again(qtbot, page)
    assert column(page, Column.NAME) == ["Caixa 1", "Caixa 2"]
    assert page.selected is not None
    assert page.selected.name == "Caixa 2"


def test_the_page_leads_to_where_the_service_is_begun(qtbot: QtBot, office: Office, page: CountersPage) -> None:
    assert "parado neste computador" in page.service.text()
    with qtbot.waitSignal(office.open_page) as opened:
        page.settings.click()
    assert opened.args == [pages.INTEGRATION, INTEGRATION_ACTIVE]


def test_all_of_it_is_reached_by_tab(qtbot: QtBot, office: Office, page: CountersPage) -> None:
    let_in(office, "Caixa 1")
    again(qtbot, page)
    page.view.selectRow(0)
    page.activateWindow()
    page.settings.setFocus()
    passed: list[QWidget] = []
    while (focused := QApplication.focusWidget()) is not None and focused not in passed:
        passed.append(focused)
        QTest.keyClick(focused, Qt.Key.Key_Tab)
    assert passed == [page.settings, page.add_button, page.revoke_button, page.view]
