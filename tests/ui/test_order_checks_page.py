"""The orders evaluated, on a real database: listed, filtered, whole at the side, and evaluated from the screen."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from app.credit_analysis import AnalysisOutcome, CreditReport
from app.data import credit_analyses, instalments, manual_blocks, order_checks, records
from app.data.instalments import Told
from app.data.order_checks import CheckQuery
from app.documents import parse_document
from app.domain import CreditFinding
from app.policies import InstalmentSituation, OrderKind, OrderOperation, OverdueAction
from app.rules.order_gate import OrderQuestion
from app.settings.catalog import (
    ANP_ONLINE,
    ANP_ORDER_CONSULT,
    ANP_URL,
    CREDIT_ALLOWED,
    CREDIT_MANAGER,
    OVERDUE_ACTION,
    OVERDUE_PRE_SALE,
)
from app.settings.snapshot import SettingKey, Snapshot
from app.tables import CREDIT_MANAGERS, CUSTOMERS, USERS, Provider
from services.demo.ca import DemoAuthority
from services.demo.example import made_up_cnpj
from services.demo.loopback import Ending, LoopbackServer, Reply, Request
from services.order_gate import OrderGate
from services.passwords import set_password
from tests.ui.office import enter, open_office
from tests.ui.window import settle, until
from ui import pages
from ui.credit_report_dialog import CreditReportDialog
from ui.list_page import LIST, NO_RESULTS, NOTHING_YET
from ui.office import Office
from ui.order_check_model import Column
from ui.order_checks_page import OrderChecksPage
from ui.release_sale import ReleaseSaleDialog

AURORA, BLOCKED, NOBODY = (made_up_cnpj(f"{number:08}") for number in (1, 2, 3))


@pytest.fixture
def office(qapp: QApplication) -> Iterator[Office]:
    """Two customers, of which one is blocked; ANP is not consulted."""
    with open_office(with_branch=True) as opened:
        with opened.backoffice.database.writing() as connection:
            for document, name in ((AURORA, "Posto Aurora"), (BLOCKED, "Posto Ímpar")):
                values = {"documento": document, "nome": name, "uf": "SP"}
                records.add(connection, CUSTOMERS, values, Snapshot(), "maria")
            manual_blocks.block(connection, 2, "Cheque devolvido", actor="joão", at=datetime.now(UTC))
        yield opened


@pytest.fixture
def page(qtbot: QtBot, office: Office) -> OrderChecksPage:
    made = OrderChecksPage(office)
    enter(qtbot, made)
    return made


@dataclass
class SlowAnp:
    """An ANP that answers once told to, or never."""

    silent: bool = False
    asked: threading.Event = field(default_factory=threading.Event)

    def handle(self, request: Request) -> Reply:
        self.asked.set()
        if self.silent:
            return Reply(ending=Ending.HANG)
        row = {"cnpj": AURORA, "razaoSocial": "POSTO", "autorizacao": "PR/SP0001234", "distribuidora": "VIBRA"}
        filters = {"numeroPagina": 1, "tamanhoPagina": 5000, "totalPagina": 1, "totalRegistro": 1}
        body = {"status": 200, "title": "Dados", "succeeded": True, "data": [row], "searchPageFilter": filters}
        return Reply(json.dumps(body).encode(), content_type="application/json; charset=utf-8")


@pytest.fixture
def anp(office: Office) -> Iterator[SlowAnp]:
    """Orders consult this ANP."""
    answers, authority = SlowAnp(), DemoAuthority.create()
    office.folders.additional_ca_file.write_bytes(authority.ca_pem)
    server = LoopbackServer(authority.server_context(require_client=False), answers.handle)
    server.start()
    address = f"https://localhost:{server.port}/v1/combustivel"
    values: dict[SettingKey, Any] = {(ANP_ONLINE, 0): True, (ANP_ORDER_CONSULT, 0): True, (ANP_URL, 0): address}
    office.settings.save(values, office.settings.load(), "maria")
    yield answers
    server.stop()


def check(office: Office, document: str, operation: OrderOperation = OrderOperation.INCLUSION) -> None:
    gate = OrderGate(office.backoffice.database, office.backoffice.anp)
    gate.check(OrderQuestion(parse_document(document), 1, OrderKind.ORDER, operation, "maria"), office.settings.load())


def listed(page: OrderChecksPage, column: Column = Column.CUSTOMER) -> list[str]:
    return [page.model.index(row, column).data() for row in range(page.model.rowCount())]


def kept(office: Office) -> int:
    with office.backoffice.database.reading() as connection:
        return order_checks.count(connection, CheckQuery())


def test_before_the_first_the_next_step_is_a_button(qtbot: QtBot, office: Office, page: OrderChecksPage) -> None:
    assert page._places.currentIndex() == NOTHING_YET
    (button,) = [b for b in page.findChildren(QPushButton) if b.text() == "Ver as regras do pedido"]
    with qtbot.waitSignal(office.open_page) as asked:
        button.click()
    assert asked.args == [pages.PROFILES, ANP_ORDER_CONSULT]


def test_without_a_company_the_screen_says_what_is_missing(qtbot: QtBot, qapp: QApplication) -> None:
    with open_office() as office:
        page = OrderChecksPage(office)
        enter(qtbot, page)
        until(qtbot, page.simulator._no_company.isVisible)
        assert not page.simulator.start.isEnabled()


def test_checks_are_listed_filtered_and_whole_at_the_side(qtbot: QtBot, office: Office, page: OrderChecksPage) -> None:
    check(office, AURORA)
    check(office, BLOCKED, OrderOperation.CHANGE)
    check(office, NOBODY)
    page.refresh()
    until(qtbot, lambda: listed(page) == ["(sem cadastro)", "Posto Ímpar", "Posto Aurora"])
    assert page._places.currentIndex() == LIST
    assert listed(page, Column.ANSWER) == ["Permitido", "Recusado", "Permitido"]
    assert listed(page, Column.ACT)[1] == "Alteração do pedido"
    assert listed(page, Column.WHY)[1].endswith("(Manual): Cheque devolvido.")

    page.table.selectRow(1)
    said = ("Recusado: alteração do pedido", "Bloqueio do cliente: Manual", ANP_ORDER_CONSULT.label, "4 horas", "maria")
    until(qtbot, lambda: all(words in page.view.text for words in said))
    with qtbot.waitSignal(office.open_page) as asked:
        page.view._customer.click()
    assert asked.args == [pages.CUSTOMERS, 2]

    page._answer.setCurrentIndex(2)
    until(qtbot, lambda: listed(page) == ["Posto Ímpar"])
    page._search.setText("aurora")
    until(qtbot, lambda: page._places.currentIndex() == NO_RESULTS)
    page._clear.click()
    until(qtbot, lambda: len(listed(page)) == 3)
    page._period.setCurrentIndex(1)
    page._company.setCurrentIndex(1)
    until(qtbot, lambda: page.model.query.company_id == 1 and page.model.query.since is not None)
    settle(qtbot)
    assert len(listed(page)) == 3


def test_an_order_is_evaluated_by_the_keyboard_alone(qtbot: QtBot, office: Office, page: OrderChecksPage) -> None:
    simulator = page.simulator
    until(qtbot, lambda: simulator.start.isEnabled())
    simulator.document.setFocus()
    QTest.keyClicks(simulator.document, "11222333000182")
    QTest.keyClick(simulator.document, Qt.Key.Key_Return)
    assert "dígitos verificadores não conferem" in simulator.sentence
    assert kept(office) == 0
    simulator.document.clear()
    QTest.keyClicks(simulator.document, BLOCKED)
    QTest.keyClick(simulator.document, Qt.Key.Key_Return)
    until(qtbot, lambda: simulator.sentence.startswith("Recusado"))
    assert simulator.sentence.endswith("(Manual): Cheque devolvido.")
    until(qtbot, lambda: "Recusado: inclusão do pedido" in page.view.text)
    until(qtbot, lambda: listed(page) == ["Posto Ímpar"])
    until(qtbot, lambda: [index.row() for index in page.table.selectionModel().selectedRows()] == [0])


def test_a_pre_sale_with_overdue_credit_is_released_by_the_keyboard_alone(
    qtbot: QtBot, office: Office, page: OrderChecksPage
) -> None:
    database, now = office.backoffice.database, datetime.now(UTC)
    values: dict[SettingKey, Any] = {(OVERDUE_PRE_SALE, 0): True, (OVERDUE_ACTION, 0): OverdueAction.RELEASE}
    office.settings.save(values, office.settings.load(), "maria")
    due = (now - timedelta(days=20)).date()
    late = Told("P1", parse_document(AURORA), "C1", due, Decimal("350.50"), Decimal("100"), InstalmentSituation.OPEN)
    with database.writing() as connection:
        instalments.receive(connection, 1, [late], now)
        rui = {"login": "rui", "nome": "Rui", "liberar": "sim"}
        user_id = records.add(connection, USERS, records.parse(USERS, rui), Snapshot(), "maria")
    set_password(database, user_id, "girassol", actor="maria", now=now)
    question = OrderQuestion(
        parse_document(AURORA), 1, OrderKind.PRE_SALE, OrderOperation.INCLUSION, "maria", reference="PV 77"
    )
    OrderGate(database, office.backoffice.anp).check(question, office.settings.load())
    page.refresh()
    until(qtbot, lambda: listed(page, Column.ACT) == ["Inclusão da pré-venda PV 77"])
    assert listed(page, Column.ANSWER) == ["Recusado"]

    page.table.selectRow(0)
    until(qtbot, lambda: "1 parcela, R$ 250,50 sem multa nem juros" in page.view.text)
    page.view.release_button.setFocus()
    QTest.keyClick(page.view.release_button, Qt.Key.Key_Space)
    (dialog,) = page.findChildren(ReleaseSaleDialog)
    QTest.keyClicks(dialog.login, "rui")
    QTest.keyClicks(dialog.password, "tulipa")
    QTest.keyClick(dialog.password, Qt.Key.Key_Return)
    until(qtbot, dialog.error.isVisible)
    assert dialog.error.text().startswith("Escreva o motivo")
    QTest.keyClicks(dialog.reason, "Paga hoje")
    dialog.confirm.click()
    until(qtbot, dialog.failure.isVisible)
    assert "não conferem" in dialog.failure.accessibleDescription()
    assert dialog.focusWidget() is dialog.password
    QTest.keyClicks(dialog.password, "girassol")
    QTest.keyClick(dialog.password, Qt.Key.Key_Return)
    until(qtbot, lambda: "Liberado por Rui (rui)" in page.view.text and "Motivo: Paga hoje" in page.view.text)
    until(qtbot, lambda: listed(page, Column.ANSWER) == ["Liberado"])
    assert not page.view.release_button.isVisible()

    check(office, AURORA)
    page._answer.setCurrentIndex(page._answer.findText("Que pedem liberação"))
    until(qtbot, lambda: page.model.query.release_needed and len(listed(page)) == 1)
    page._kind.setCurrentIndex(page._kind.findText("Pedido"))
    until(qtbot, lambda: page._places.currentIndex() == NO_RESULTS)


def test_an_order_is_followed_to_the_sale_that_it_came_from(
    qtbot: QtBot, office: Office, page: OrderChecksPage
) -> None:
    gate, document = OrderGate(office.backoffice.database, office.backoffice.anp), parse_document(AURORA)
    budget = OrderQuestion(document, 1, OrderKind.BUDGET, OrderOperation.INCLUSION, "maria")
    first = gate.check(budget, office.settings.load()).check_id
    order = OrderQuestion(document, 1, OrderKind.ORDER, OrderOperation.INCLUSION, "maria", previous_id=first)
    gate.check(order, office.settings.load())
    page.refresh()
    until(qtbot, lambda: len(listed(page)) == 2)
    page.table.selectRow(0)
    until(qtbot, page.view._previous.isVisible)
    page.view._previous.click()
    until(qtbot, lambda: "Permitido: inclusão do orçamento (DAV)" in page.view.text)
    assert [index.row() for index in page.table.selectionModel().selectedRows()] == [1]


def test_an_order_is_followed_to_its_credit_analysis_and_one_of_tests_wears_the_red_band(
    qtbot: QtBot, office: Office, page: OrderChecksPage
) -> None:
    with office.backoffice.database.writing() as connection:
        given = {"nome": "Birô", "provedor": Provider.SERASA}
        manager = records.add(connection, CREDIT_MANAGERS, given, Snapshot(), "maria")
    values: dict[SettingKey, Any] = {(CREDIT_ALLOWED, 0): True, (CREDIT_MANAGER, 0): manager}
    office.settings.save(values, office.settings.load(), "maria")
    check(office, AURORA)
    page.refresh()
    until(qtbot, lambda: listed(page) == ["Posto Aurora"])
    page.table.selectRow(0)
    until(qtbot, lambda: "Pendente de análise de crédito: a nº 1" in page.view.text)
    until(qtbot, lambda: "Birô · Homologação" in page.view.text)
    assert not page.view.banner.isVisible()

    report = CreditReport(AURORA, score=800, negatives=())
    now = datetime.now(UTC)
    with office.backoffice.database.writing() as connection:
        assert credit_analyses.reserve(connection, 1, "serviço", now)
        finding = CreditFinding(parse_document(AURORA), "", AnalysisOutcome.APPROVED, "", now, 900, report=report)
        assert credit_analyses.settle(connection, 1, finding, None)
    check(office, AURORA)
    page.refresh()
    until(qtbot, lambda: len(listed(page)) == 2)
    page.table.selectRow(0)
    until(qtbot, page.view.banner.isVisible)
    assert page.view.banner.sentences.startswith("Homologação")
    said = ("De Homologação, nunca aprova", "Aprovada", "Birô · Homologação")
    until(qtbot, lambda: all(words in page.view.text for words in said))
    (link,) = [button for button in page.view.findChildren(QPushButton) if button.text().startswith("Análise de")]
    link.click()
    (dialog,) = page.findChildren(CreditReportDialog)
    until(qtbot, lambda: dialog.isVisible() and "800" in dialog.view.text)
    dialog.close()


def test_an_evaluation_that_asks_anp_is_shown_with_its_consultation(
    qtbot: QtBot, office: Office, anp: SlowAnp, page: OrderChecksPage
) -> None:
    until(qtbot, lambda: page.simulator.start.isEnabled())
    page.simulator.document.setText(AURORA)
    with qtbot.waitSignal(office.customers_changed, timeout=15_000):
        page.simulator.start.click()
    assert page.simulator.sentence.startswith("Permitido")
    said = ("consultada para este pedido", "VIBRA: não está na Tabela de Bandeiras")
    until(qtbot, lambda: all(words in page.view.text for words in said))
    with qtbot.waitSignal(office.open_page) as asked:
        page.view._consultation.click()
    assert asked.args == [pages.CONSULTATIONS, 1]


@pytest.mark.parametrize("how", ["button", "window"])
def test_a_wait_for_anp_may_be_given_up(
    qtbot: QtBot, office: Office, anp: SlowAnp, page: OrderChecksPage, how: str
) -> None:
    anp.silent = True
    simulator = page.simulator
    until(qtbot, lambda: simulator.start.isEnabled())
    simulator.document.setText(AURORA)
    simulator.start.click()
    assert simulator.running
    assert simulator.cancel.isVisible()
    until(qtbot, anp.asked.is_set)
    if how == "button":
        simulator.cancel.click()
    else:
        page.hide()
    until(qtbot, lambda: not simulator.running)
    if how == "button":
        assert simulator.sentence == "Cancelada Nada foi decidido nem registrado."
    assert kept(office) == 0
