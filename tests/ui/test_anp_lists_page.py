"""ANP's lists on the screen: downloaded and imported for real, what changed in them, and every customer checked."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QMessageBox, QPushButton
from pytestqt.qtbot import QtBot

from app.data.customers import Situation
from app.data.mirror import ListTaken
from app.domain import ListKind
from services.demo import anp_lists
from services.demo.anp import AnpPath, DemoAnp
from services.demo.anp_scenarios import AnpScenario
from services.demo.demonstration import demonstration, open_demonstration
from tests.ui.office import enter
from tests.ui.window import settle, until
from ui import pages, tasks
from ui.anp_list_card import AnpListCard
from ui.anp_lists_page import AnpListsPage
from ui.check_report import CheckReportDialog
from ui.import_anp_list import ImportAnpList
from ui.long_work import LongWork
from ui.office import Office
from ui.rejected_lines import RejectedLines
from ui.window_app import WindowProgram

D = TypeVar("D", bound=QDialog)
YESTERDAY = datetime.now(UTC).replace(microsecond=500_000) - timedelta(days=1, seconds=1)


@dataclass(frozen=True)
class Place:
    """The page, and the ANP that its lists come from."""

    page: AnpListsPage
    office: Office
    anp: DemoAnp


@contextmanager
def opened(qtbot: QtBot, *, mirror: bool) -> Iterator[Place]:
    with demonstration(automatic=False, mirror=mirror) as demo:
        backoffice = open_demonstration(demo.folders)
        try:
            office = Office.opened(backoffice, [], backoffice.settings.load())
            page = AnpListsPage(office)
            enter(qtbot, page)
            yield Place(page, office, demo.anp)
            page.hide()
            tasks.cancel_all()
            assert tasks.wait_all(15_000)
        finally:
            backoffice.close()


@pytest.fixture
def place(qtbot: QtBot) -> Iterator[Place]:
    """Yesterday's lists are kept, today's are published."""
    with opened(qtbot, mirror=True) as found:
        yield found


@pytest.fixture
def new_place(qtbot: QtBot) -> Iterator[Place]:
    """No list was ever taken."""
    with opened(qtbot, mirror=False) as found:
        yield found


def press(button: QPushButton) -> None:
    assert button.isEnabled()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def dialog_of(qtbot: QtBot, page: AnpListsPage, kind: type[D]) -> D:
    until(qtbot, lambda: page.findChild(kind) is not None)
    found = page.findChild(kind)
    assert found is not None
    return found


def idle(qtbot: QtBot, page: AnpListsPage) -> None:
    """Wait until the work begun ended and what it brought is shown."""
    until(qtbot, page.download_all.isEnabled)
    settle(qtbot)


def answer(text: str) -> list[str]:
    """Press that button of the question about to be asked; its words come in the list."""
    said: list[str] = []
    timer = QTimer()
    timer.setInterval(20)

    def choose() -> None:
        question = QApplication.activeModalWidget()
        if isinstance(question, QMessageBox):
            timer.stop()
            said.append(f"{question.text()} {question.informativeText()}")
            next(button for button in question.buttons() if button.text() == text).click()

    timer.timeout.connect(choose)
    timer.start()
    return said


def shown(page: AnpListsPage) -> list[tuple[str, str]]:
    """What changed and the customer, row by row."""
    model = page.view.model()
    return [(model.index(row, 2).data(), model.index(row, 5).data()) for row in range(model.rowCount())]


def test_the_first_lists_are_downloaded_all_three(qtbot: QtBot, new_place: Place) -> None:
    page = new_place.page
    assert page.stack.currentWidget() is page.no_list
    assert not page.check_button.isEnabled()
    assert page.cards[ListKind.GLP].age.text() == "sem lista"
    press(page.first_download)
    assert not page.first_download.isEnabled()
    idle(qtbot, page)
    until(qtbot, lambda: page.stack.currentWidget() is page.no_changes)
    assert page.said.text().count("Primeira lista guardada") == 3
    assert page.check_button.isEnabled()
    card = page.cards[ListKind.AUTOMOTIVE]
    assert card.age.text() == "agora mesmo"
    assert card.facts["Linhas"].text().endswith("estabelecimentos")
    assert "automotivos" in card.accessibleName()


def test_a_new_list_shows_what_changed_our_customers_first(qtbot: QtBot, place: Place) -> None:
    page, office = place.page, place.office
    press(page.cards[ListKind.AUTOMOTIVE].download_button)
    idle(qtbot, page)
    assert "saíram" in page.said.text()
    until(qtbot, lambda: bool(shown(page)))
    assert page.only_ours.isChecked()
    assert all(customer for _, customer in shown(page))
    ours = len(shown(page))
    assert page.count.text() == f"{ours} diferenças"

    page.change_filter.setCurrentIndex(page.change_filter.findData("saiu"))
    until(qtbot, lambda: {what for what, _ in shown(page)} == {"Saiu da lista"})
    page.view.selectRow(0)
    with qtbot.waitSignal(office.open_page) as asked:
        press(page.customer_button)
    assert asked.args is not None
    key, customer_id = asked.args
    assert (key, f"{customer_id} · ") == (pages.CUSTOMERS, shown(page)[0][1].split("· ")[0] + "· ")

    page.list_filter.setCurrentIndex(page.list_filter.findData(ListKind.GLP.value))
    until(qtbot, lambda: page.stack.currentWidget() is page.none_found)
    press(page.show_all)
    until(qtbot, lambda: len(shown(page)) > ours)
    assert any(not customer for _, customer in shown(page))
    page.search.setText("nenhum posto se chama assim")
    until(qtbot, lambda: page.stack.currentWidget() is page.none_found)
    press(page.show_all)
    until(qtbot, lambda: page.stack.currentWidget() is page.view)


def test_the_same_list_again_is_only_confirmed(qtbot: QtBot, place: Place) -> None:
    page = place.page
    card = page.cards[ListKind.GLP]
    assert card.age.text() == "há 1 dia"
    press(card.download_button)
    idle(qtbot, page)
    assert "Nada mudou" in page.said.text()
    until(qtbot, lambda: card.age.text() == "agora mesmo")


def test_a_list_that_does_not_come_is_a_failure_explained(qtbot: QtBot, place: Place) -> None:
    page = place.page
    place.anp.down.add(AnpPath.AUTOMOTIVE_LIST)
    press(page.download_all)
    until(qtbot, page.failure.isVisible)
    assert "503" in page.failure.accessibleDescription() + page.failure.accessibleName()
    idle(qtbot, page)
    assert "combustíveis automotivos: não foi atualizada" in page.said.text()
    lists = {AnpPath.AUTOMOTIVE_LIST, AnpPath.GLP_LIST, AnpPath.DISTRIBUTOR_LIST}
    assert {asked.path for asked in place.anp.seen} == lists  # one that fails keeps no other from being renewed
    place.anp.down.clear()
    press(page.cards[ListKind.AUTOMOTIVE].download_button)
    idle(qtbot, page)
    assert page.failure.isHidden()


def test_a_download_is_cancelled(qtbot: QtBot, place: Place) -> None:
    page = place.page
    place.anp.faults[AnpPath.AUTOMOTIVE_LIST, ""] = AnpScenario.TIMEOUT
    press(page.download_all)
    until(qtbot, lambda: bool(place.anp.seen))
    assert page.work.isVisible()
    press(page.work.cancel_button)
    idle(qtbot, page)
    assert page.said.text().startswith("Cancelado")
    assert page.failure.isHidden()


def test_leaving_in_mid_download_does_not_wait_for_it(qtbot: QtBot) -> None:
    with demonstration(automatic=False) as demo:
        demo.anp.faults[AnpPath.AUTOMOTIVE_LIST, ""] = AnpScenario.TIMEOUT
        program = WindowProgram(demo.folders, first_page=pages.ANP_LISTS)
        program.start()
        try:
            until(qtbot, lambda: program.office is not None and program.office.database is not None)
            settle(qtbot)
            page = program.window.page
            assert isinstance(page, AnpListsPage)
            press(page.download_all)
            until(qtbot, lambda: any(asked.path is AnpPath.AUTOMOTIVE_LIST for asked in demo.anp.seen))
        finally:
            started = time.monotonic()
            with qtbot.waitSignal(program.finished, timeout=1):
                program.quit()
            program.window.deleteLater()
        assert time.monotonic() - started < 10


def test_a_list_is_imported_from_a_file_of_its_own_date(qtbot: QtBot, new_place: Place, tmp_path: Path) -> None:
    page = new_place.page
    rows = anp_lists.resellers(30)
    good = anp_lists.automotive_csv(rows)
    file = tmp_path / "postos.csv"
    file.write_bytes(good + b"so;isto\r\n")
    os.utime(file, (YESTERDAY.timestamp(), YESTERDAY.timestamp()))
    press(page.cards[ListKind.AUTOMOTIVE].import_button)
    dialog = dialog_of(qtbot, page, ImportAnpList)
    assert not dialog.confirm.isEnabled()
    dialog.path.setText(str(tmp_path / "outro.csv"))
    assert "não existe" in dialog.hint.text()
    assert not dialog.confirm.isEnabled()
    dialog.path.setText(str(file))
    assert dialog.taken_at == YESTERDAY.replace(microsecond=0)
    press(dialog.confirm)
    idle(qtbot, page)
    assert "1 linha recusada" in page.said.text()
    card = page.cards[ListKind.AUTOMOTIVE]
    until(qtbot, lambda: card.facts["Linhas"].text() == "30 estabelecimentos")
    assert card.age.text() == "há 1 dia"
    assert card.rejected.isVisible()
    assert card.rejected.window() is page.window()
    press(card.rejected)
    lines = dialog_of(qtbot, page, RejectedLines)
    assert lines.lines.toPlainText().startswith("Linha 32:")
    lines.reject()


def test_what_is_no_list_is_refused_in_words(qtbot: QtBot, new_place: Place, tmp_path: Path) -> None:
    page = new_place.page
    file = tmp_path / "glp.csv"
    file.write_bytes(anp_lists.gas_csv(anp_lists.gas_resellers(5)))
    page.import_file(ListKind.AUTOMOTIVE, file, YESTERDAY)
    until(qtbot, page.failure.isVisible)
    assert "Confira o arquivo" in page.failure.accessibleDescription()
    idle(qtbot, page)
    file.unlink()
    page.import_file(ListKind.GLP, file, YESTERDAY)
    until(qtbot, lambda: "não existe" in page.failure.accessibleDescription())
    idle(qtbot, page)
    assert page.stack.currentWidget() is page.no_list


def test_a_smaller_list_is_taken_only_when_a_person_says_so(qtbot: QtBot, place: Place) -> None:
    page, card = place.page, place.page.cards[ListKind.GLP]
    place.anp.publish(ListKind.GLP, anp_lists.gas_resellers(50))
    said = answer("Recusar")
    press(card.download_button)
    idle(qtbot, page)
    assert "incompleta" in said[0]
    assert page.failure.isVisible()
    answer("Aceitar a lista menor")
    press(card.download_button)
    idle(qtbot, page)
    assert page.failure.isHidden()
    until(qtbot, lambda: card.facts["Linhas"].text() == "50 estabelecimentos")


def test_every_customer_is_checked_and_the_profiles_applied(qtbot: QtBot, place: Place) -> None:
    page, office = place.page, place.office
    press(page.download_all)
    idle(qtbot, page)
    asked = answer("Só conferir")
    with qtbot.waitSignal(office.customers_changed):
        press(page.check_button)
    assert "lista de" in asked[0]
    report = dialog_of(qtbot, page, CheckReportDialog)
    assert report.blocked_button.isHidden()
    customer, _, until_day, _ = (report.table.item(0, column) for column in range(4))
    assert customer is not None
    assert until_day is not None
    assert until_day.text() == f"{YESTERDAY.astimezone():%d/%m/%Y}"
    with qtbot.waitSignal(office.open_page) as opened_page:
        press(report.open_button)
    assert opened_page.args == [pages.CUSTOMERS, int(customer.text().split(" · ")[0])]
    until(qtbot, lambda: page.findChild(CheckReportDialog) is None)
    idle(qtbot, page)

    answer("Conferir e aplicar")
    press(page.check_button)
    report = dialog_of(qtbot, page, CheckReportDialog)
    assert "bloqueado" in page.said.text()
    with qtbot.waitSignal(office.open_page) as opened_page:
        press(report.blocked_button)
    assert opened_page.args == [pages.CUSTOMERS, Situation.BLOCKED]
    idle(qtbot, page)


def test_going_back_checks_nobody(qtbot: QtBot, place: Place) -> None:
    said = answer("Voltar")
    press(place.page.check_button)
    assert said
    assert not place.page.work.running


def test_the_age_of_a_list_says_whether_it_may_answer(qtbot: QtBot) -> None:
    card = AnpListCard(ListKind.GLP)
    qtbot.addWidget(card)
    now = datetime.now(UTC)
    taken = ListTaken(1, ListKind.GLP, now - timedelta(days=9), now - timedelta(days=4), "lista.csv", 1, 0)
    for days, tone, word in (
        (5, "ok", "até completar 5 dias"),
        (3, "atencao", "não responde mais"),
        (0, "neutro", "nunca"),
    ):
        card.show_list(taken, days, now)
        assert card.age.property("tone") == tone
        assert word in card.age.toolTip()
        assert card.age.text() == "há 4 dias"


def test_long_work_tells_how_far_it_is(qtbot: QtBot) -> None:
    strip = LongWork()
    qtbot.addWidget(strip)
    got: list[int] = []
    strip.start(
        "Contando",
        lambda progress, cancelled: progress(3, 4) or 7,  # type: ignore[func-returns-value]
        got.append,
        lambda error: pytest.fail(str(error)),
        measure=lambda number, total: f"{number} de {total}",
    )
    until(qtbot, lambda: got == [7])
    assert strip.sentence == "Contando 3 de 4"
    assert strip.isHidden()
    assert not strip.cancelled
