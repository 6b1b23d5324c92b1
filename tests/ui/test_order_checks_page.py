"""The orders evaluated, on a real database: listed, filtered, whole at the side, and evaluated from the screen."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from app.data import manual_blocks, order_checks, records
from app.data.order_checks import CheckQuery
from app.documents import parse_document
from app.policies import OrderKind, OrderOperation
from app.rules.order_gate import OrderQuestion
from app.settings.catalog import ANP_ONLINE, ANP_ORDER_CONSULT, ANP_URL
from app.settings.snapshot import SettingKey, Snapshot
from app.tables import CUSTOMERS
from services.demo.ca import DemoAuthority
from services.demo.example import made_up_cnpj
from services.demo.loopback import Ending, LoopbackServer, Reply, Request
from services.order_gate import OrderGate
from tests.ui.office import enter, open_office
from tests.ui.window import settle, until
from ui import pages
from ui.list_page import LIST, NO_RESULTS, NOTHING_YET
from ui.office import Office
from ui.order_check_model import Column
from ui.order_checks_page import OrderChecksPage

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
