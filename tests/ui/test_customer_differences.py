"""What an answer changed, and the registration beside it, in the panel of one customer, with a SEFAZ on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from app.data import audit, records
from app.tables import CUSTOMERS
from services.demo.scenarios import Scenario
from tests.ui.demo_office import DemoOffice, demo_office
from tests.ui.office import enter
from tests.ui.window import settle, until
from ui.customer_history_model import RESULT
from ui.customers_page import CustomersPage

SITUATION, CONSULTATIONS, DIFFERENCES = range(3)
RENAMED = "Comércio de Combustíveis Porto Claro Ltda"
REPLACED = "Posto Aroeira Ltda"
SUBSTITUTE = "Posto Terra Roxa do Norte Ltda"
WITHOUT_IE = "Posto Cambará Ltda"
AGREEING = "Posto Serra Azul Ltda"


@pytest.fixture
def demo(qtbot: QtBot) -> Iterator[DemoOffice]:
    with demo_office(qtbot) as demo:
        yield demo


@pytest.fixture
def page(qtbot: QtBot, demo: DemoOffice) -> CustomersPage:
    page = CustomersPage(demo.office)
    enter(qtbot, page)
    return page


def select(qtbot: QtBot, page: CustomersPage, name: str) -> int:
    rows = [page.model.index(row, 0).data() for row in range(page.model.rowCount())]
    page.table.selectRow(rows.index(name))
    until(qtbot, lambda: page.panel.row is not None and page.panel.row.name == name)
    settle(qtbot)
    assert page.panel.customer_id is not None
    return page.panel.customer_id


def consult(qtbot: QtBot, page: CustomersPage) -> None:
    before = page.panel._history.rowCount()
    with qtbot.waitSignal(page.progress.ended, timeout=15_000):
        page.panel.consult_button.click()
    until(qtbot, lambda: page.panel._history.rowCount() == before + 1)
    settle(qtbot)


def texts(page: CustomersPage) -> str:
    return "\n".join(label.text() for label in page.panel.findChildren(QLabel) if label.isVisibleTo(page))


def title(page: CustomersPage) -> str:
    return page.panel._tabs.tabText(DIFFERENCES)


def choose(page: CustomersPage, *fields: str) -> None:
    for difference, box in page.panel.differences.boxes.items():
        box.setChecked(difference.field in fields)


def registered(demo: DemoOffice, customer: int) -> dict[str, Any]:
    with demo.office.backoffice.database.reading() as connection:
        return dict(records.get(connection, CUSTOMERS, customer).values)


def change(demo: DemoOffice, customer: int, **given: Any) -> None:
    with demo.office.backoffice.database.writing() as connection:
        records.change(connection, CUSTOMERS, customer, given, "joao")


def test_what_the_second_answer_changed_is_said_where_the_operator_looks_first(
    qtbot: QtBot, demo: DemoOffice, page: CustomersPage
) -> None:
    select(qtbot, page, RENAMED)
    consult(qtbot, page)
    assert "mudaram" not in texts(page)
    assert title(page) == "Divergências"
    consult(qtbot, page)
    until(qtbot, lambda: "razão social, endereço, regime de apuração e credenciamento mudaram." in texts(page))
    assert page.panel._history.index(0, RESULT).data() == "Habilitado · mudou"
    assert page.panel._history.index(1, RESULT).data() == "Habilitado"
    assert "razão social, endereço" in page.panel._history.index(0, RESULT).data(Qt.ItemDataRole.ToolTipRole)
    (link,) = [b for b in page.panel.findChildren(QPushButton) if b.text().startswith("Ver o que mudou")]
    link.click()
    until(qtbot, lambda: "Mudou · antes: Avenida do Cais".casefold() in texts(page).casefold())
    assert page.panel._tabs.currentIndex() == CONSULTATIONS


def test_the_chosen_fields_are_taken_over(qtbot: QtBot, demo: DemoOffice, page: CustomersPage) -> None:
    customer = select(qtbot, page, RENAMED)
    consult(qtbot, page)
    consult(qtbot, page)
    page.panel._tabs.setCurrentIndex(DIFFERENCES)
    view = page.panel.differences
    assert title(page) == "Divergências (4)"
    assert [difference.field for difference in view.boxes] == ["nome", "logradouro", "complemento", "bairro"]
    assert not view.update_button.isEnabled()
    choose(page, "logradouro", "bairro")
    assert view.update_button.text() == "Atualizar cadastro (2)"
    QTest.mouseClick(view.update_button, Qt.MouseButton.LeftButton)
    assert not view.update_button.isEnabled()
    until(qtbot, lambda: title(page) == "Divergências (2)")
    until(qtbot, lambda: view.message.isVisibleTo(page))
    assert view.message.text() == "2 campos atualizados: Endereço e Bairro."
    kept = registered(demo, customer)
    assert (kept["logradouro"], kept["bairro"]) == ("AVENIDA DAS PALMEIRAS, 1200", "DISTRITO INDUSTRIAL")
    assert kept["nome"] == RENAMED
    with demo.office.backoffice.database.reading() as connection:
        newest = audit.latest(connection, f"clientes/{customer}")[:2]
    assert {entry.what.rpartition(": ")[2] for entry in newest} == {"Endereço", "Bairro"}
    assert page.panel.row is not None
    assert page.panel.row.verdict is not None
    select(qtbot, page, AGREEING)
    assert not view.message.isVisibleTo(page)


def test_all_are_marked_at_once_from_the_keyboard(qtbot: QtBot, demo: DemoOffice, page: CustomersPage) -> None:
    customer = select(qtbot, page, RENAMED)
    consult(qtbot, page)
    consult(qtbot, page)
    page.panel._tabs.setCurrentIndex(DIFFERENCES)
    view = page.panel.differences
    last = list(view.boxes.values())[-1]
    assert [last.nextInFocusChain(), view.all_box.nextInFocusChain()] == [view.all_box, view.update_button]
    QTest.keyClick(view.all_box, Qt.Key.Key_Space)
    assert len(view.chosen) == 4
    QTest.keyClick(next(iter(view.boxes.values())), Qt.Key.Key_Space)
    assert not view.all_box.isChecked()
    QTest.keyClick(view.all_box, Qt.Key.Key_Space)
    view.update_button.setFocus()
    QTest.keyClick(view.update_button, Qt.Key.Key_Space)
    assert view.isAncestorOf(page.focusWidget())
    until(qtbot, lambda: title(page) == "Divergências")
    until(qtbot, lambda: "O cadastro confere com o que a SEFAZ informa." in texts(page))
    assert registered(demo, customer)["nome"].endswith("E CONVENIENCIA LTDA")


def test_a_registration_that_changed_meanwhile_is_not_overwritten(
    qtbot: QtBot, demo: DemoOffice, page: CustomersPage
) -> None:
    customer = select(qtbot, page, RENAMED)
    consult(qtbot, page)
    consult(qtbot, page)
    page.panel._tabs.setCurrentIndex(DIFFERENCES)
    change(demo, customer, nome="Posto Rebatizado", bairro="Outro")
    choose(page, "nome", "logradouro")
    page.panel.differences.update_button.click()
    until(qtbot, lambda: "O cadastro mudou desde que foi comparado (Nome): nada foi alterado." in texts(page))
    kept = registered(demo, customer)
    assert (kept["nome"], kept["logradouro"]) == ("Posto Rebatizado", "Avenida do Cais, 310")
    until(qtbot, lambda: page.panel.row is not None and page.panel.row.name == "Posto Rebatizado")
    assert "Posto Rebatizado" in {difference.here for difference in page.panel.differences.boxes}


def test_a_replaced_inscription_is_taken_over_and_consulted_again(
    qtbot: QtBot, demo: DemoOffice, page: CustomersPage
) -> None:
    customer = select(qtbot, page, REPLACED)
    old = registered(demo, customer)["ie"]
    consult(qtbot, page)
    until(qtbot, lambda: f"A inscrição {old} foi substituída pela" in texts(page))
    page.panel._tabs.setCurrentIndex(DIFFERENCES)
    (difference,) = page.panel.differences.boxes
    assert (difference.field, difference.here) == ("ie", old)
    until(qtbot, lambda: difference.remark in texts(page))
    choose(page, "ie")
    page.panel.differences.update_button.click()
    until(qtbot, lambda: "precisa ser consultado de novo" in texts(page))
    assert registered(demo, customer)["ie"] == difference.there
    until(qtbot, lambda: page.panel.row is not None and page.panel.row.verdict is None)
    consult(qtbot, page)
    assert page.panel.row is not None
    assert page.panel.row.verdict is not None
    assert page.panel.row.verdict.label == "Habilitado"


def test_an_address_of_another_uf_is_only_shown(qtbot: QtBot, demo: DemoOffice, page: CustomersPage) -> None:
    select(qtbot, page, SUBSTITUTE)
    consult(qtbot, page)
    until(qtbot, lambda: "de contribuinte de SC (como um substituto tributário), está habilitada." in texts(page))
    page.panel._tabs.setCurrentIndex(DIFFERENCES)
    view = page.panel.differences
    assert title(page) == "Divergências (4)"
    assert view.boxes == {}
    assert not view.update_button.isVisibleTo(page)
    until(qtbot, lambda: "JOINVILLE" in texts(page))
    until(qtbot, lambda: texts(page).count("O endereço fica em SC e o cadastro é de PR") == 1)


def test_nothing_is_compared_without_knowing_whose_inscription_it_is(
    qtbot: QtBot, demo: DemoOffice, page: CustomersPage
) -> None:
    select(qtbot, page, WITHOUT_IE)
    page.panel._tabs.setCurrentIndex(DIFFERENCES)
    until(qtbot, lambda: "A SEFAZ ainda não respondeu sobre o documento e a UF deste cadastro." in texts(page))
    consult(qtbot, page)
    until(qtbot, lambda: "Não se sabe qual inscrição da resposta" in texts(page))
    assert page.panel.differences.boxes == {}


def test_a_failure_later_leaves_the_last_answer_to_compare_with(
    qtbot: QtBot, demo: DemoOffice, page: CustomersPage
) -> None:
    customer = select(qtbot, page, AGREEING)
    consult(qtbot, page)
    assert title(page) == "Divergências"
    change(demo, customer, nome="Posto Serra Verde Ltda", cep="13010151")
    document = registered(demo, customer)["documento"]
    demo.sefaz.scenarios[document] = Scenario.HTML_PAGE
    consult(qtbot, page)
    assert title(page) == "Divergências (2)"
    page.panel._tabs.setCurrentIndex(DIFFERENCES)
    assert "A última tentativa falhou" not in texts(page)
    assert {(d.here, d.there) for d in page.panel.differences.boxes} == {
        ("Posto Serra Verde Ltda", "POSTO SERRA AZUL LTDA"),
        ("13010-151", "13010-150"),
    }


def test_what_does_not_fit_is_said_and_cannot_be_chosen(qtbot: QtBot, demo: DemoOffice, page: CustomersPage) -> None:
    customer = select(qtbot, page, AGREEING)
    document = registered(demo, customer)["documento"]
    (known,) = demo.sefaz._taxpayers[document]
    assert known.ender is not None
    demo.sefaz._taxpayers[document] = (replace(known, ender=replace(known.ender, xLgr="RUA " + "COMPRIDA " * 28)),)
    consult(qtbot, page)
    page.panel._tabs.setCurrentIndex(DIFFERENCES)
    assert title(page) == "Divergências (1)"
    assert page.panel.differences.boxes == {}
    until(qtbot, lambda: "Não cabe no cadastro. O texto tem 261 caracteres e o limite é 150" in texts(page))
