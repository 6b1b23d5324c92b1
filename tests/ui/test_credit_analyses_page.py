"""The credit analyses of every customer, on a real database: found and filtered, each whole, and what can be done."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QMessageBox, QPushButton
from pytestqt.qtbot import QtBot
from sqlalchemy.exc import OperationalError

from app.credit_analysis import AnalysisOutcome, AnalysisState
from app.data import credit_analyses, credit_managers, credit_pauses, records
from app.data.credit_analyses import AnalysisRow
from app.data.credit_pauses import Pause
from app.domain import Authority, FailureKind, Phase
from app.policies import Environment
from app.settings.catalog import CREDIT_ALLOWED, CREDIT_DAYS
from app.tables import CREDIT_MANAGERS
from services.credit import credentials
from services.credit.credentials import Credentials
from tests.services.credit.scripted import ScriptedProvider, failed
from tests.ui import receipts
from tests.ui.credit_office import AURORA, BAD, BUSY, GOOD, HIDDEN, REFUSED, SILENT, CreditOffice, credit_office
from tests.ui.office import enter, open_office
from tests.ui.window import settle, until
from ui import live_journal_page, pages
from ui.credit_access import CreditAccessDialog
from ui.credit_analyses_page import CreditAnalysesPage
from ui.credit_analysis_model import OF_ALL, Column
from ui.list_page import FAILED, LIST, NO_RESULTS, NOTHING_YET

WHY = "A gerenciadora não aceitou as credenciais."


@pytest.fixture
def credit(qapp: QApplication) -> Iterator[CreditOffice]:
    with credit_office() as made:
        yield made


def opened(qtbot: QtBot, credit: CreditOffice) -> CreditAnalysesPage:
    page = CreditAnalysesPage(credit.office)
    enter(qtbot, page)
    return page


def numbers(page: CreditAnalysesPage) -> list[int]:
    return [int(page.model.index(row, 0).data()) for row in range(page.model.rowCount())]


def cell(page: CreditAnalysesPage, number: int, column: Column) -> str:
    (row,) = page.model.positions(lambda listed: listed.id == number)
    return str(page.model.index(row, OF_ALL.index(column)).data())


def choose(qtbot: QtBot, box: QComboBox, text: str) -> None:
    box.setCurrentIndex(box.findText(text))
    settle(qtbot)


def select(qtbot: QtBot, page: CreditAnalysesPage, number: int) -> None:
    (row,) = page.model.positions(lambda listed: listed.id == number)
    page.table.selectRow(row)
    until(qtbot, lambda: page._shown is not None and page._shown.row.id == number)


def kept(credit: CreditOffice, number: int) -> AnalysisRow:
    with credit.office.backoffice.database.reading() as connection:
        found = credit_analyses.get(connection, number)
    assert found is not None
    return found.row


def hold(credit: CreditOffice, environment: Environment, until_when: datetime | None) -> None:
    with credit.office.backoffice.database.writing() as connection:
        credit_pauses.hold(connection, Pause(1, environment, until_when, WHY))


def held(credit: CreditOffice) -> list[Environment]:
    with credit.office.backoffice.database.reading() as connection:
        return [pause.environment for pause in credit_pauses.in_force(connection, datetime.now(UTC))]


def button(page: CreditAnalysesPage, name: str) -> QPushButton:
    (found,) = (one for one in page.queue._buttons if one.accessibleName() == name)
    return found


# --- the list ---


def test_the_list_is_searched_and_filtered_and_says_what_to_do_when_nothing_is_left(
    qtbot: QtBot, credit: CreditOffice
) -> None:
    approved, refused = credit.ask(), credit.ask(SILENT)
    failing, testing = (credit.ask(document, environment=Environment.TEST) for document in (SILENT, AURORA))
    credit.answer(approved, GOOD)
    credit.answer(refused, BAD)
    credit.fail(failing, REFUSED)
    credit.answer(testing, HIDDEN)
    other = credit.ask(company=2)
    page = opened(qtbot, credit)
    assert numbers(page) == [other, testing, failing, refused, approved]
    assert page._count.text() == "5 análises"
    assert (cell(page, failing, Column.CUSTOMER), cell(page, failing, Column.STATE)) == ("Posto Ímpar", "Falhou")
    assert cell(page, testing, Column.ENVIRONMENT) == "Homologação"
    assert cell(page, other, Column.COMPANY) == "2 · Loja Dois"

    for box, text, expected in (
        (page._state, "Na fila", [other]),
        (page._state, "Falhou", [failing]),
        (page._outcome, "Aprovada", [approved]),
        (page._outcome, "Reprovada", [refused]),
        (page._outcome, "Falha na consulta", [failing]),
        (page._environment, "Homologação", [testing, failing]),
        (page._company, "2 · Loja Dois", [other]),
    ):
        choose(qtbot, box, text)
        assert numbers(page) == expected, text
        page.clear_filters()
        settle(qtbot)
    assert len(numbers(page)) == 5

    page._search.setText("impar")
    QTest.keyClick(page._search, Qt.Key.Key_Return)
    settle(qtbot)
    assert numbers(page) == [failing, refused]
    choose(qtbot, page._state, "Cancelada")
    assert page._places.currentIndex() == NO_RESULTS
    page.clear_filters()
    settle(qtbot)
    assert page._places.currentIndex() == LIST


def test_it_is_opened_for_one_analysis_or_for_those_of_one_kind(qtbot: QtBot, credit: CreditOffice) -> None:
    first, second = credit.ask(), credit.ask(SILENT)
    credit.answer(first, GOOD)
    page = opened(qtbot, credit)
    page.show_argument(first)
    until(qtbot, lambda: page._shown is not None and page._shown.row.id == first)
    page.show_argument(AnalysisState.QUEUED)
    settle(qtbot)
    assert numbers(page) == [second]
    page.show_argument(AnalysisOutcome.APPROVED)
    settle(qtbot)
    assert numbers(page) == [first]


def test_where_nobody_asked_for_any_it_says_how_to_begin(qtbot: QtBot) -> None:
    with open_office(with_branch=True) as office:
        page = CreditAnalysesPage(office)
        enter(qtbot, page)
        assert page._places.currentIndex() == NOTHING_YET
        assert not page.queue.force.isEnabled()
        assert not page.print_button.isEnabled()
        asked: list[tuple[str, object]] = []
        office.open_page.connect(lambda key, argument: asked.append((key, argument)))
        empty = page._places.widget(NOTHING_YET)
        assert empty is not None
        for one in empty.findChildren(QPushButton):
            QTest.mouseClick(one, Qt.MouseButton.LeftButton)
        assert asked == [(pages.TABLES, CREDIT_MANAGERS.key), (pages.PROFILES, CREDIT_ALLOWED)]


def test_the_list_is_printed_as_it_is_filtered(qtbot: QtBot, credit: CreditOffice, tmp_path: Path) -> None:
    credit.answer(credit.ask(), GOOD)
    credit.answer(credit.ask(SILENT), BAD)
    page = opened(qtbot, credit)
    assert page.print_button.isEnabled()
    choose(qtbot, page._outcome, "Reprovada")
    paper = page.output._reader()()
    assert "1 análise" in paper.html
    assert "Posto Ímpar" in paper.html
    assert "Posto Aurora" not in paper.html
    assert "Com os filtros escolhidos" in paper.html
    page.output.save_to(tmp_path / "lista.pdf")
    until(qtbot, lambda: page.output._said.text() == "Lista salva: lista.pdf")
    assert receipts.title((tmp_path / "lista.pdf").read_bytes()) == "Análises de crédito"


def test_a_reading_that_failed_is_explained_until_one_succeeds(
    qtbot: QtBot, credit: CreditOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_answer(*_args: object) -> None:
        raise OperationalError("", {}, Exception("sem resposta"))

    credit.ask()
    page = opened(qtbot, credit)
    with monkeypatch.context() as broken:
        broken.setattr(credit_pauses, "in_force", no_answer)
        page.refresh()
        until(qtbot, lambda: page._places.currentIndex() == FAILED)
    page.refresh()
    until(qtbot, lambda: page._places.currentIndex() == LIST)
    assert not page.refusal.isVisible()


# --- one of them ---


def test_a_failure_is_whole_at_the_side(qtbot: QtBot, credit: CreditOffice) -> None:
    number = credit.ask()
    credit.fail(number, REFUSED)
    page = opened(qtbot, credit)
    select(qtbot, page, number)
    for sentence in (REFUSED.what, REFUSED.cause, REFUSED.todo):
        assert sentence in page.view.text
    assert page._actions.isHidden()


def test_the_buttons_are_of_the_analysis_at_the_side(qtbot: QtBot, credit: CreditOffice) -> None:
    answered, waiting = credit.ask(), credit.ask(SILENT)
    credit.answer(answered, GOOD)
    page = opened(qtbot, credit)
    select(qtbot, page, waiting)
    page.force.setFocus()
    page.show_argument(answered)
    assert page._actions.isHidden()  # at once, and not when the other one was read
    assert page.table.hasFocus()
    until(qtbot, lambda: page._shown is not None and page._shown.row.id == answered)
    assert page._actions.isHidden()


def test_the_customer_is_one_step_away(qtbot: QtBot, credit: CreditOffice) -> None:
    number = credit.ask()
    page = opened(qtbot, credit)
    select(qtbot, page, number)
    with qtbot.waitSignal(credit.office.open_page) as wanted:
        QTest.mouseClick(page.view._customer, Qt.MouseButton.LeftButton)
    assert wanted.args == [pages.CUSTOMERS, credit.customers[AURORA]]


def test_what_other_computers_do_is_seen_without_asking(
    qtbot: QtBot, credit: CreditOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_journal_page, "_LOOK_AGAIN_MS", 20)
    number = credit.ask()
    page = opened(qtbot, credit)
    select(qtbot, page, number)
    assert page._actions.isVisible()
    page.force.setFocus()
    credit.answer(number, GOOD)
    until(qtbot, lambda: "Aprovada" in page.view.text)
    assert cell(page, number, Column.STATE) == "Respondida"
    assert page._actions.isHidden()
    assert page.table.hasFocus()  # and not whatever comes after a button that went away
    another = credit.ask(SILENT)
    hold(credit, Environment.PRODUCTION, None)
    until(qtbot, lambda: numbers(page) == [another, number] and WHY in page.queue.text)
    page.hide()
    assert not page._look_again.isActive()


def test_what_is_being_read_is_left_alone_while_nothing_changes(qtbot: QtBot, credit: CreditOffice) -> None:
    number = credit.ask()
    credit.fail(number, BUSY, retry=True)
    page = opened(qtbot, credit)
    select(qtbot, page, number)
    shown: list[object] = []
    page.view.shown.connect(shown.append)
    page.refresh()
    settle(qtbot)
    assert shown == []
    credit.set({(CREDIT_DAYS, 0): 5})  # how long each is good is another now
    until(qtbot, lambda: len(shown) == 1)


# --- what can be done ---


def test_one_is_forced_by_the_keyboard_alone(qtbot: QtBot, credit: CreditOffice) -> None:
    waiting, other = credit.ask(), credit.ask(SILENT)
    credit.fail(waiting, BUSY, retry=True)
    hold(credit, Environment.PRODUCTION, None)
    page = opened(qtbot, credit)
    QTest.keyClick(page._search, Qt.Key.Key_Return)
    assert page.table.hasFocus()
    QTest.keyClick(page.table, Qt.Key.Key_Down)
    until(qtbot, lambda: page._shown is not None and page._shown.row.id == waiting)
    QTest.keyClick(page.table, Qt.Key.Key_Tab)
    assert page.force.hasFocus()
    QTest.keyClick(page.force, Qt.Key.Key_Space)
    until(qtbot, lambda: kept(credit, waiting).urgent)
    settle(qtbot)
    assert kept(credit, waiting).next_at <= datetime.now(UTC)
    assert not kept(credit, other).urgent
    assert held(credit) == []
    assert page.said.text() == f"A análise nº {waiting} será feita assim que o serviço puder."
    assert "suspensa" not in page.view.text
    assert page.force.hasFocus()


def test_all_are_forced_but_one_that_a_gerenciadora_asked_to_leave_alone_stays_held(
    qtbot: QtBot, credit: CreditOffice
) -> None:
    asked = [credit.ask(), credit.ask(SILENT)]
    hold(credit, Environment.PRODUCTION, datetime.now(UTC) + timedelta(hours=1))
    page = opened(qtbot, credit)
    assert "2 análises na fila" in page.queue.text
    QTest.mouseClick(page.queue.force, Qt.MouseButton.LeftButton)
    until(qtbot, lambda: all(kept(credit, number).urgent for number in asked))
    settle(qtbot)
    assert "As 2 análises da fila" in page.said.text()
    assert held(credit) == [Environment.PRODUCTION]


def test_what_another_computer_has_taken_is_not_said_to_be_forced(qtbot: QtBot, credit: CreditOffice) -> None:
    number = credit.ask()
    page = opened(qtbot, credit)
    select(qtbot, page, number)
    credit.answer(number, GOOD)
    QTest.mouseClick(page.force, Qt.MouseButton.LeftButton)
    until(qtbot, lambda: "já não está na fila" in page.said.text())
    until(qtbot, lambda: "Aprovada" in page.view.text)


@pytest.mark.parametrize("yes", [True, False])
def test_one_leaves_the_queue_after_a_question(qtbot: QtBot, credit: CreditOffice, yes: bool) -> None:
    number = credit.ask()
    page = opened(qtbot, credit)
    select(qtbot, page, number)
    page.cancel.setFocus()
    QTest.keyClick(page.cancel, Qt.Key.Key_Space)
    (box,) = page.findChildren(QMessageBox)
    assert "Posto Aurora" in box.text()
    wanted = "Cancelar a análise" if yes else "Voltar"
    (pressed,) = (one for one in box.buttons() if one.text() == wanted)
    QTest.mouseClick(pressed, Qt.MouseButton.LeftButton)
    settle(qtbot)
    assert kept(credit, number).state is (AnalysisState.CANCELLED if yes else AnalysisState.QUEUED)
    assert page.said.text() == (f"A análise nº {number} foi cancelada." if yes else "")
    assert page._actions.isHidden() is yes


def test_a_held_gerenciadora_says_why_and_until_when_and_is_resumed(qtbot: QtBot, credit: CreditOffice) -> None:
    credit.ask()
    credit.ask(SILENT)
    hold(credit, Environment.PRODUCTION, None)
    hold(credit, Environment.TEST, datetime.now(UTC) + timedelta(minutes=30))
    page = opened(qtbot, credit)
    said = page.queue.text
    assert f"Serasa da Matriz em Produção: suspensa até alguém retomar. {WHY} 2 análises esperam por ela." in said
    assert "Serasa da Matriz em Homologação: suspensa até " in said
    assert "Nenhuma análise espera por ela." in said
    assert page.queue._scroll.verticalScrollBar().maximum() == 0  # there is room for both
    resume = button(page, "Retomar Serasa da Matriz em Produção")
    page.queue.refresh()
    settle(qtbot)
    assert button(page, "Retomar Serasa da Matriz em Produção") is resume
    resume.setFocus()
    credit.ask(company=2, environment=Environment.TEST)
    page.queue.refresh()
    until(qtbot, lambda: "1 análise espera por ela." in page.queue.text)
    resume = button(page, "Retomar Serasa da Matriz em Produção")
    assert resume.hasFocus()  # another button, in the place of the one that had the keyboard
    QTest.keyClick(resume, Qt.Key.Key_Space)
    until(qtbot, lambda: "em Produção" not in page.queue.text)
    assert held(credit) == [Environment.TEST]
    assert page.queue.force.hasFocus()


def test_many_held_gerenciadoras_leave_room_for_the_list(qtbot: QtBot, credit: CreditOffice) -> None:
    office = credit.office
    with office.backoffice.database.writing() as connection:
        for name in ("SPC", "Outra"):
            given = records.parse(CREDIT_MANAGERS, {"nome": name, "provedor": "spc"})
            records.add(connection, CREDIT_MANAGERS, given, office.snapshot, "maria")
        for manager in (1, 2, 3):
            for environment in Environment:
                credit_pauses.hold(connection, Pause(manager, environment, None, " ".join([WHY] * 3)))
    page = CreditAnalysesPage(office)
    qtbot.addWidget(page)
    page.resize(814, 547)  # in the smallest window
    page.show()
    page.entered()
    settle(qtbot)
    assert len(page.queue._buttons) == 12
    assert page.minimumSizeHint().height() <= page.height()
    last = button(page, "Retomar Serasa da Matriz em Homologação")
    assert last.visibleRegion().isEmpty()
    button(page, "Credenciais de Serasa da Matriz em Homologação").setFocus()
    QTest.keyClick(page.focusWidget(), Qt.Key.Key_Tab)
    until(qtbot, lambda: last.hasFocus() and last.visibleRegion().boundingRect() == last.rect())


def test_what_waits_for_a_company_that_asks_no_more_is_told(qtbot: QtBot, credit: CreditOffice) -> None:
    credit.ask(company=2)
    credit.ask(SILENT)
    page = opened(qtbot, credit)
    assert "desligado" not in page.queue.text
    credit.set({(CREDIT_ALLOWED, 2): False})
    until(qtbot, lambda: "1 análise espera: “Permite Consulta a Gerenciadora” está desligado" in page.queue.text)
    assert "para a empresa 2 · Loja Dois." in page.queue.text
    with qtbot.waitSignal(credit.office.open_page) as wanted:
        QTest.mouseClick(button(page, "Abrir as configurações de 2 · Loja Dois"), Qt.MouseButton.LeftButton)
    assert wanted.args == [pages.PROFILES, CREDIT_ALLOWED]


def test_the_credentials_of_a_held_gerenciadora_are_one_step_away(qtbot: QtBot, credit: CreditOffice) -> None:
    hold(credit, Environment.PRODUCTION, None)
    page = opened(qtbot, credit)
    QTest.mouseClick(button(page, "Credenciais de Serasa da Matriz em Produção"), Qt.MouseButton.LeftButton)
    settle(qtbot)
    (dialog,) = page.queue.findChildren(CreditAccessDialog)
    assert set(dialog.cards) == set(Environment)
    dialog.reject()


# --- with the service at work ---


def test_the_list_follows_the_service_and_resuming_has_it_ask_again(qtbot: QtBot, credit: CreditOffice) -> None:
    office = credit.office
    provider = ScriptedProvider(said=failed(FailureKind.REQUESTER))
    office.backoffice.credit._provider_of = lambda _provider, _folders: provider
    with office.backoffice.database.reading() as connection:
        manager = credit_managers.get(connection, 1)
    assert manager is not None
    credentials.keep(manager, Environment.PRODUCTION, Credentials("usuario", "segredo"))
    number = credit.ask()
    page = opened(qtbot, credit)
    select(qtbot, page, number)
    service = office.service_of(Authority.CREDIT)
    service.start()
    try:
        until(qtbot, lambda: "suspensa até alguém retomar. Falhou: " in page.queue.text)
        until(qtbot, lambda: service.state.phase is Phase.ATTENTION)
        assert "1 análise espera por ela." in page.queue.text
        until(qtbot, lambda: "está suspensa até que alguém retome" in page.view.text)
        provider.said = GOOD
        button(page, "Retomar Serasa da Matriz em Produção").click()
        until(qtbot, lambda: "Aprovada" in page.view.text)
        until(qtbot, lambda: cell(page, number, Column.STATE) == "Respondida")
        until(qtbot, lambda: "suspensa" not in page.queue.text)
        assert len(provider.asked) == 2
    finally:
        service.stop()
