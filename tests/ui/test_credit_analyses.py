"""The credit analyses of a customer, on a real database: the list, each result, its errors, and asking for another."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from app.credit_analysis import AnalysisState, CreditReport
from app.data import credit_analyses, credit_managers, credit_pauses, records
from app.data.credit_analyses import AnalysisQuery, FullAnalysis
from app.data.credit_pauses import Pause
from app.documents import parse_document
from app.domain import Authority, Origin, Phase
from app.policies import CreditConsultation, Environment
from app.portuguese import exact
from app.settings.catalog import CREDIT_ALLOWED, CREDIT_DAYS, CREDIT_ENVIRONMENT, CREDIT_FORM
from app.tables import CREDIT_MANAGERS, CUSTOMERS, ManagerEnvironment
from services.credit import credentials
from services.credit.credentials import Credentials
from tests.services.credit.scripted import ScriptedProvider
from tests.ui import receipts
from tests.ui.credit_office import AURORA, BAD, BUSY, GOOD, HIDDEN, REFUSED, SILENT, CreditOffice, credit_office
from tests.ui.office import enter
from tests.ui.window import settle, until
from ui import credit_list_paper
from ui.ask_credit_analysis import AskCreditAnalysis
from ui.credit_analyses_tab import CreditAnalysesTab
from ui.credit_analysis_model import OF_CUSTOMER, Column
from ui.credit_report_view import CreditReportView
from ui.customers_page import CustomersPage

CONSULTATIONS, CREDIT = 1, 1


@pytest.fixture
def credit(qapp: QApplication) -> Iterator[CreditOffice]:
    with credit_office() as made:
        yield made


def open_tab(qtbot: QtBot, credit: CreditOffice, document: str = AURORA) -> CreditAnalysesTab:
    """The customer's tab, as a person gets to it."""
    page = CustomersPage(credit.office)
    enter(qtbot, page)
    page.show_argument(credit.customers[document])
    until(qtbot, lambda: page.panel.row is not None)
    page.panel._tabs.setCurrentIndex(CONSULTATIONS)
    page.panel.consultations.choose(CREDIT)
    settle(qtbot)
    return page.panel.analyses


def cell(tab: CreditAnalysesTab, number: int, column: Column) -> str:
    (row,) = tab.model.positions(lambda listed: listed.id == number)
    return str(tab.model.index(row, OF_CUSTOMER.index(column)).data())


def select(qtbot: QtBot, tab: CreditAnalysesTab, number: int) -> None:
    (row,) = tab.model.positions(lambda listed: listed.id == number)
    tab.table.selectRow(row)


def report(qtbot: QtBot, credit: CreditOffice, number: int) -> CreditReportView:
    view = CreditReportView(credit.office)
    qtbot.addWidget(view)
    view.resize(380, 600)
    view.show()
    with qtbot.waitSignal(view.shown):
        view.show_analysis(number)
    settle(qtbot)  # what is new in it is laid out
    return view


def ask(qtbot: QtBot, tab: CreditAnalysesTab) -> AskCreditAnalysis:
    until(qtbot, tab.ask_button.isEnabled)
    QTest.mouseClick(tab.ask_button, Qt.MouseButton.LeftButton)
    (dialog,) = (found for found in tab.findChildren(AskCreditAnalysis) if found.isVisible())
    return dialog


def kept(credit: CreditOffice) -> list[FullAnalysis]:
    """Every analysis, the newest first."""
    with credit.office.backoffice.database.reading() as connection:
        rows = credit_analyses.page(connection, AnalysisQuery(), 0, 50)
        found = [credit_analyses.get(connection, row.id) for row in rows]
    return [full for full in found if full is not None]


# --- the list ---


def test_each_analysis_has_its_line_with_everything_that_the_original_screen_shows(
    qtbot: QtBot, credit: CreditOffice
) -> None:
    old = datetime.now(UTC) - timedelta(days=200)
    first = credit.ask(at=old)
    credit.answer(first, GOOD, at=old)
    second = credit.ask(manual=False)
    credit.answer(second, BAD)
    third = credit.ask()
    credit.fail(third, REFUSED)
    fourth = credit.ask(environment=Environment.TEST)
    fifth = credit.ask()
    credit.fail(fifth, BUSY, retry=True)
    tab = open_tab(qtbot, credit)

    headings = [tab.model.headerData(n, Qt.Orientation.Horizontal) for n in range(tab.model.columnCount())]
    assert headings == [
        "ID",
        "Data Inclusão",
        "Data Consulta",
        "Status",
        "Resultado",
        "Consulta Manual",
        "Usuário",
        "Validade",
        "Ambiente",
    ]
    assert [str(tab.model.index(row, 0).data()) for row in range(5)] == [
        str(number) for number in (fifth, fourth, third, second, first)
    ]
    assert cell(tab, first, Column.ASKED) == cell(tab, first, Column.CONSULTED) == exact(old)
    assert cell(tab, first, Column.OUTCOME) == "Aprovada"
    assert cell(tab, first, Column.VALIDITY).startswith("venceu em ")
    assert cell(tab, second, Column.OUTCOME) == "Reprovada"
    assert cell(tab, second, Column.MANUAL) == "Não"
    assert cell(tab, third, Column.MANUAL) == "Sim"
    assert (cell(tab, third, Column.STATE), cell(tab, third, Column.OUTCOME)) == ("Falhou", "Falha na consulta")
    assert cell(tab, third, Column.VALIDITY) == ""
    assert (cell(tab, fourth, Column.STATE), cell(tab, fourth, Column.CONSULTED)) == ("Na fila", "")
    assert cell(tab, fourth, Column.ENVIRONMENT) == "Homologação"
    assert cell(tab, fifth, Column.STATE) == "Na fila · última tentativa falhou"
    assert cell(tab, fifth, Column.USER) == "maria"


def test_the_validity_is_that_of_the_company_that_asked_as_its_settings_are_now(
    qtbot: QtBot, credit: CreditOffice
) -> None:
    ten_days_ago = datetime.now(UTC) - timedelta(days=10)
    mine, other = credit.ask(at=ten_days_ago), credit.ask(company=2, environment=Environment.TEST, at=ten_days_ago)
    for number in (mine, other):
        credit.answer(number, GOOD, at=ten_days_ago)
    tab = open_tab(qtbot, credit)
    assert not cell(tab, mine, Column.VALIDITY).startswith("venceu")
    credit.set({(CREDIT_DAYS, 2): 5})
    until(qtbot, lambda: cell(tab, other, Column.VALIDITY).startswith("venceu em"))
    assert not cell(tab, mine, Column.VALIDITY).startswith("venceu")


def test_result_and_errors_are_offered_only_where_there_are_any(qtbot: QtBot, credit: CreditOffice) -> None:
    answered = credit.ask()
    credit.answer(answered, GOOD)
    failed = credit.ask()
    credit.fail(failed, REFUSED)
    again = credit.ask()
    credit.fail(again, BUSY, retry=True)
    fresh = credit.ask(environment=Environment.TEST)
    tab = open_tab(qtbot, credit)
    for number, opens, errors in ((answered, True, False), (failed, False, True), (again, False, True)):
        select(qtbot, tab, number)
        assert (tab.open_button.isEnabled(), tab.errors_button.isEnabled()) == (opens, errors)
    select(qtbot, tab, fresh)
    assert not tab.open_button.isEnabled()
    assert not tab.errors_button.isEnabled()

    select(qtbot, tab, failed)
    QTest.mouseClick(tab.errors_button, Qt.MouseButton.LeftButton)
    dialog = tab._dialog
    assert dialog is not None
    until(qtbot, lambda: "O documento está sob proteção legal." in dialog.view.text)
    assert dialog.windowTitle() == f"Análise de crédito nº {failed}"


def test_the_keyboard_is_enough_to_read_a_result(qtbot: QtBot, credit: CreditOffice) -> None:
    number = credit.ask()
    credit.answer(number, GOOD)
    tab = open_tab(qtbot, credit)
    tab.window().activateWindow()
    tab.ask_button.setFocus()
    until(qtbot, tab.ask_button.hasFocus)
    for _ in range(3):
        QTest.keyClick(tab.window().focusWidget(), Qt.Key.Key_Tab)
    until(qtbot, tab.table.hasFocus)
    QTest.keyClick(tab.table, Qt.Key.Key_Return)
    dialog = tab._dialog
    assert dialog is not None
    until(qtbot, lambda: "742" in dialog.view.text)
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    until(qtbot, lambda: not dialog.isVisible())


def test_what_another_computer_answers_appears_while_it_is_waited_for(qtbot: QtBot, credit: CreditOffice) -> None:
    number = credit.ask()
    tab = open_tab(qtbot, credit)
    assert cell(tab, number, Column.STATE) == "Na fila"
    tab._look_again.setInterval(20)
    credit.answer(number, GOOD)
    until(qtbot, lambda: cell(tab, number, Column.OUTCOME) == "Aprovada")


def test_what_was_asked_before_the_customer_was_registered_is_in_its_list(qtbot: QtBot, credit: CreditOffice) -> None:
    del credit.customers[SILENT]
    number = credit.ask(SILENT)
    with credit.office.backoffice.database.reading() as connection:
        found = records.every(connection, CUSTOMERS)
    credit.customers[SILENT] = found[-1].id
    tab = open_tab(qtbot, credit, SILENT)
    assert cell(tab, number, Column.STATE) == "Na fila"


def test_the_list_is_saved_as_a_pdf_with_a_line_each(
    qtbot: QtBot, credit: CreditOffice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        number = credit.ask(environment=Environment.TEST)
        credit.answer(number, BAD)
    tab = open_tab(qtbot, credit)
    assert tab.print_button.isEnabled()
    tab.output.save_to(tmp_path / "lista.pdf")
    until(qtbot, lambda: tab.output._said.text() == "Lista salva: lista.pdf")
    assert receipts.title((tmp_path / "lista.pdf").read_bytes()) == "Análises de crédito"

    monkeypatch.setattr(credit_list_paper, "MOST", 2)
    paper = tab.output._reader()()
    assert "3 análises; aqui as 2 mais novas" in paper.html
    assert paper.html.count("Reprovada") == 2
    assert "nunca aprovam um pedido" in paper.html
    assert "Posto Aurora" in paper.html


# --- the result ---


def test_a_person_reads_the_result(qtbot: QtBot, credit: CreditOffice) -> None:
    number = credit.ask()
    credit.answer(number, BAD)
    view = report(qtbot, credit, number)
    said = view.text
    for words in (
        "Reprovada: Posto Aurora",
        "O score é 310, abaixo do mínimo de 500.",
        "Confira os sócios antes de vender a prazo.",
        "POSTO AURORA LTDA · Ativa",
        "R$ 1.204,55",
        "03/02/2025 · R$ 204,55 · Distribuidora <b>Alfa</b> · Duplicata · contrato A-17",
        "e mais 1",
        "R$ 1.539,17",
        f"Análise nº {number}, pedida em",
        "no cadastro do cliente, por maria, para a empresa 1 · Posto Modelo.",
        "Serasa da Matriz",
        "Vale até ",
    ):
        assert words in said, words
    assert not view.banner.isVisibleTo(view)
    creditor = next(label for label in view.findChildren(QLabel) if "Alfa" in label.text())
    assert creditor.textFormat() is Qt.TextFormat.PlainText


def test_nothing_of_a_report_is_wider_than_the_side_of_a_list(qtbot: QtBot, credit: CreditOffice) -> None:
    number = credit.ask()
    credit.answer(number, BAD)
    view = report(qtbot, credit, number)
    view.fold.setChecked(True)
    content = view.widget()
    assert content is not None
    assert content.minimumSizeHint().width() <= 340


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (GOOD, "Não consta nenhum registro negativo."),
        (HIDDEN, "Parte dos registros não foi mostrada pela gerenciadora."),
        (CreditReport(AURORA), "A resposta não diz se há registros negativos."),
    ],
    ids=("nada consta", "suprimido", "não diz"),
)
def test_what_is_not_told_is_not_taken_for_good(
    qtbot: QtBot, credit: CreditOffice, given: CreditReport, said: str
) -> None:
    number = credit.ask()
    credit.answer(number, given)
    assert said in report(qtbot, credit, number).text


def test_a_result_of_homologacao_wears_a_red_banner(qtbot: QtBot, credit: CreditOffice) -> None:
    number = credit.ask(environment=Environment.TEST)
    credit.answer(number, GOOD)
    view = report(qtbot, credit, number)
    assert view.banner.isVisibleTo(view)
    assert view.banner.property("tone") == "bloqueio"
    assert "nunca aprova um pedido" in view.banner.sentences
    tab = open_tab(qtbot, credit)
    assert tab.banner.isVisibleTo(tab)
    assert tab.banner.property("tone") == "bloqueio"


def test_the_raw_answer_is_behind_details_and_can_be_copied(qtbot: QtBot, credit: CreditOffice) -> None:
    number = credit.ask()
    credit.answer(number, GOOD, raw=b'{"a":"\xc3\xa7"}')
    view = report(qtbot, credit, number)
    assert not view.raw.isVisibleTo(view)
    view.fold.click()
    assert view.raw.isVisibleTo(view)
    view.raw._copy.click()
    assert QGuiApplication.clipboard().text() == '{\n  "a": "ç"\n}'


def test_that_the_raw_answer_was_erased_is_told(qtbot: QtBot, credit: CreditOffice) -> None:
    number = credit.ask()
    credit.answer(number, GOOD)
    with credit.office.backoffice.database.writing() as connection:
        credit_analyses.erase_raw(connection, datetime.now(UTC) + timedelta(days=1))
    view = report(qtbot, credit, number)
    assert not view.fold.isVisibleTo(view)
    assert "é guardada por 90 dias e já foi apagada" in view.text
    assert "742" in view.text


def test_what_waits_for_a_gerenciadora_on_hold_says_why(qtbot: QtBot, credit: CreditOffice) -> None:
    number = credit.ask()
    assert "Será feita na próxima verificação da fila." in report(qtbot, credit, number).text
    with credit.office.backoffice.database.writing() as connection:
        credit_pauses.hold(connection, Pause(1, Environment.PRODUCTION, None, "A senha foi recusada."))
    said = report(qtbot, credit, number).text
    assert "A gerenciadora Serasa da Matriz está suspensa até que alguém retome. A senha foi recusada." in said


# --- asking for another ---


def test_asking_says_whom_and_whence_and_puts_it_in_the_queue(qtbot: QtBot, credit: CreditOffice) -> None:
    credit.set({(CREDIT_ENVIRONMENT, 2): Environment.TEST})
    tab = open_tab(qtbot, credit)
    dialog = ask(qtbot, tab)
    assert dialog.company.currentText() == "1 · Posto Modelo"
    assert dialog.manager.text() == "Serasa da Matriz · vem do geral"
    assert dialog.environment.text() == "Produção · vem do geral"
    assert dialog.cost.isVisibleTo(dialog)
    assert not dialog.banner.isVisibleTo(dialog)
    dialog.company.setCurrentIndex(1)
    assert dialog.environment.text() == "Homologação · desta empresa"
    assert dialog.banner.isVisibleTo(dialog)
    assert not dialog.cost.isVisibleTo(dialog)
    dialog.company.setCurrentIndex(0)
    QTest.keyClick(dialog.confirm, Qt.Key.Key_Space)
    until(qtbot, lambda: tab._said.isVisibleTo(tab))
    (asked,) = kept(credit)
    assert tab._said.text() == f"A análise nº {asked.row.id} foi pedida e está na fila."
    assert (asked.row.manual, asked.row.origin, asked.row.user) == (True, Origin.OPERATOR, credit.office.actor)
    assert (asked.row.company_id, asked.row.environment) == (1, Environment.PRODUCTION)
    assert asked.row.customer_id == credit.customers[AURORA]
    assert not asked.row.urgent
    until(qtbot, lambda: tab.model.rowCount() == 1)
    settle(qtbot)
    assert f"Nº {asked.row.id}: Na fila" in tab._summary.text()


def test_an_urgent_one_is_made_at_once_by_the_service_of_this_computer(qtbot: QtBot, credit: CreditOffice) -> None:
    office = credit.office
    provider = ScriptedProvider(GOOD)
    office.backoffice.credit._provider_of = lambda _provider, _folders: provider
    with office.backoffice.database.reading() as connection:
        manager = credit_managers.get(connection, 1)
    assert manager is not None
    credentials.keep(manager, Environment.PRODUCTION, Credentials("usuario", "segredo"))
    service = office.service_of(Authority.CREDIT)
    service.start()
    try:
        until(qtbot, lambda: office.states[Authority.CREDIT].phase is Phase.IDLE)
        tab = open_tab(qtbot, credit)
        tab._look_again.stop()  # it is told, and need not look
        dialog = ask(qtbot, tab)
        dialog.urgent.setChecked(True)
        QTest.keyClick(dialog.confirm, Qt.Key.Key_Space)
        until(qtbot, lambda: tab.model.rowCount() == 1 and cell(tab, 1, Column.OUTCOME) == "Aprovada")
        settle(qtbot)
        assert tab.open_button.isEnabled()
    finally:
        service.stop()
    assert [str(document) for document in provider.asked] == [str(parse_document(AURORA))]


def test_one_that_waits_is_not_asked_for_twice_but_may_become_urgent(qtbot: QtBot, credit: CreditOffice) -> None:
    number = credit.ask(manual=False)
    tab = open_tab(qtbot, credit)
    dialog = ask(qtbot, tab)
    assert f"A análise nº {number} deste documento já está na fila" in dialog.known.text()
    assert not dialog.confirm.isEnabled()
    dialog.urgent.setChecked(True)
    QTest.keyClick(dialog.confirm, Qt.Key.Key_Space)
    until(qtbot, lambda: tab._said.text() == f"A análise nº {number} já estava na fila, e deixou de esperar.")
    (only,) = kept(credit)
    assert only.row.urgent


def test_one_that_is_still_good_is_told_before_another_is_charged(qtbot: QtBot, credit: CreditOffice) -> None:
    number = credit.ask()
    credit.answer(number, BAD)
    tab = open_tab(qtbot, credit)
    dialog = ask(qtbot, tab)
    assert f"A análise nº {number} ainda vale, até " in dialog.known.text()
    assert "está reprovada pelas regras desta empresa. O score é 310" in dialog.known.text()
    assert dialog.confirm.text() == "Pedir outra"
    QTest.keyClick(dialog.confirm, Qt.Key.Key_Space)
    until(qtbot, lambda: len(kept(credit)) == 2)
    assert [full.row.state for full in kept(credit)] == [AnalysisState.QUEUED, AnalysisState.ANSWERED]


def test_the_forma_de_consulta_takes_the_button_away_and_says_so(qtbot: QtBot, credit: CreditOffice) -> None:
    tab = open_tab(qtbot, credit)
    until(qtbot, tab.ask_button.isEnabled)
    credit.set({(CREDIT_FORM, 0): CreditConsultation.PENDING_ORDERS})
    until(qtbot, lambda: not tab.ask_button.isEnabled())
    why = "A Forma de Consulta só permite análises de pedidos com consulta pendente."
    assert why in tab._why.text()
    assert tab._why.isVisibleTo(tab)
    assert why in tab.ask_button.accessibleDescription()
    with qtbot.waitSignal(credit.office.open_page) as asked:
        tab._settings.click()
    assert asked.args == ["perfis", CREDIT_ALLOWED]


def test_a_company_that_may_not_ask_says_why_and_another_may(qtbot: QtBot, credit: CreditOffice) -> None:
    credit.set({(CREDIT_ALLOWED, 1): False})
    tab = open_tab(qtbot, credit)
    dialog = ask(qtbot, tab)
    assert dialog.company.currentText() == "2 · Loja Dois"
    assert dialog.confirm.isEnabled()
    dialog.company.setCurrentIndex(0)
    assert not dialog.confirm.isEnabled()
    assert "está desligado para esta empresa" in dialog.failure.accessibleName()


def test_what_was_told_to_the_person_is_what_is_asked(qtbot: QtBot, credit: CreditOffice) -> None:
    tab = open_tab(qtbot, credit)
    dialog = ask(qtbot, tab)
    with credit.office.backoffice.database.writing() as connection:  # at another computer
        records.change(connection, CREDIT_MANAGERS, 1, {"ambiente": ManagerEnvironment.TEST}, "joão")
    QTest.keyClick(dialog.confirm, Qt.Key.Key_Space)
    until(qtbot, lambda: "mudou enquanto esta janela estava aberta" in dialog.failure.accessibleName())
    assert kept(credit) == []


def test_an_inactive_customer_is_not_asked_about(qtbot: QtBot, credit: CreditOffice) -> None:
    with credit.office.backoffice.database.writing() as connection:
        records.set_active(connection, CUSTOMERS, credit.customers[SILENT], False, "maria")
    tab = open_tab(qtbot, credit, SILENT)
    assert not tab.ask_button.isEnabled()
    assert "O cliente está inativo" in tab._why.text()
