"""The customers page over a real database, and consulting through the real service and a SEFAZ on loopback."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QPlainTextEdit, QPushButton, QRadioButton
from pytestqt.qtbot import QtBot
from sqlalchemy import insert

from app.data import audit, blocks, instalments, records
from app.data.customers import Situation
from app.data.instalments import Told
from app.data.models import Customer
from app.documents import parse_document
from app.domain import Authority, BlockOrigin, Verdict
from app.policies import InstalmentSituation
from app.settings.snapshot import Snapshot
from app.tables import CUSTOMERS
from services.demo import example
from services.demo.scenarios import Scenario
from tests.consultations import note
from tests.ui.demo_office import DemoOffice, demo_office
from tests.ui.office import enter, open_office
from tests.ui.window import settle, until
from ui.block_dialogs import BlockDialog, ReleaseDialog
from ui.consult_button import Choice, Whom
from ui.customer_history_model import RESULT
from ui.customer_model import Column
from ui.customers_page import CustomersPage
from ui.document_dialog import DocumentDialog
from ui.import_customers import ImportCustomers
from ui.list_page import LIST, NO_RESULTS, NOTHING_YET
from ui.office import Office
from ui.paged_model import BLOCK

ROWS = (
    ("11222333000181", "Posto Água Limpa", "Campinas", "SP"),
    (example.made_up_cnpj("AB12CD34"), "Posto Zebu", "Uberaba", "MG"),
    ("52998224725", "Antônio das Flores", "Rio Verde", "GO"),
)


@pytest.fixture
def office(qtbot: QtBot) -> Iterator[Office]:
    with open_office() as office:
        yield office


@pytest.fixture
def demo(qtbot: QtBot) -> Iterator[DemoOffice]:
    with demo_office(qtbot) as demo:
        yield demo


def _add(office: Office, rows: Sequence[tuple[str, str, str, str]] = ROWS) -> list[int]:
    with office.backoffice.database.writing() as connection:
        return [
            records.add(
                connection,
                CUSTOMERS,
                records.parse(CUSTOMERS, {"documento": document, "nome": name, "cidade": city, "uf": uf}),
                Snapshot(),
                "maria",
            )
            for document, name, city, uf in rows
        ]


def _page(qtbot: QtBot, office: Office) -> CustomersPage:
    page = CustomersPage(office)
    enter(qtbot, page)
    return page


def _names(page: CustomersPage) -> list[str]:
    return [page.model.index(row, Column.NAME).data() for row in range(page.model.rowCount())]


def _line(page: CustomersPage, name: str) -> int:
    return _names(page).index(name)


def _cell(page: CustomersPage, name: str, column: Column) -> str:
    return str(page.model.index(_line(page, name), column).data())


def test_what_a_customer_owes_of_store_credit_is_in_its_situation(qtbot: QtBot) -> None:
    with open_office(with_branch=True) as office:
        _add(office)
        page = _page(qtbot, office)
        _select(qtbot, page, "Posto Água Limpa")
        until(qtbot, lambda: "Livre" in _said(page))
        assert "Crediário" not in _said(page)  # nobody ever told any instalment

        now = datetime.now(UTC)
        told = [
            Told(
                f"P{days}",
                parse_document(ROWS[0][0]),
                "C7",
                (now - timedelta(days=days)).date(),
                Decimal("100.50"),
                Decimal(0),
                InstalmentSituation.OPEN,
            )
            for days in (*range(10, 17), -30)
        ]
        with office.backoffice.database.writing() as connection:
            instalments.receive(connection, 1, told, now)
        office.customers_changed.emit()
        until(qtbot, lambda: "7 parcelas vencidas, R$ 703,50" in _said(page))
        # One day less where it is still yesterday, one more when the day ends meanwhile.
        assert re.search("há 1[567] dias: parcela P16, contrato C7, empresa 1 · Posto Modelo[.]", _said(page))
        assert "E mais 2 parcelas vencidas." in _said(page)
        assert "1 parcela a vencer." in _said(page)
        _select(qtbot, page, "Posto Zebu")
        until(qtbot, lambda: "Não há parcelas em aberto." in _said(page))


def _said(page: CustomersPage) -> str:
    return "\n".join(label.text() for label in page.panel.findChildren(QLabel) if label.isVisibleTo(page))


def _select(qtbot: QtBot, page: CustomersPage, name: str) -> None:
    page.table.selectRow(_line(page, name))
    until(qtbot, lambda: page.panel.row is not None and page.panel.row.name == name)
    settle(qtbot)


def _search(qtbot: QtBot, page: CustomersPage, text: str) -> None:
    page._search.setText(text)
    until(qtbot, lambda: page.model.query.text == text)
    settle(qtbot)


def _button(page: CustomersPage, text: str) -> QPushButton:
    """The button of the place shown instead of the list."""
    (button,) = [b for b in page._places.findChildren(QPushButton) if b.text() == text and b.isVisible()]
    return button


def _texts(page: CustomersPage) -> str:
    return "\n".join(label.text() for label in page.panel.findChildren(QLabel) if label.isVisibleTo(page))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("agua limpa", ["Posto Água Limpa"]),
        ("11.222.333/0001-81", ["Posto Água Limpa"]),
        ("ab.12c.d34", ["Posto Zebu"]),
        ("529.982.247-25", ["Antônio das Flores"]),
        ("rio verde", ["Antônio das Flores"]),
        ("posto", ["Posto Água Limpa", "Posto Zebu"]),
    ],
)
def test_search_as_you_type(qtbot: QtBot, office: Office, text: str, found: list[str]) -> None:
    _add(office)
    page = _page(qtbot, office)
    _search(qtbot, page, text)
    assert _names(page) == found
    assert page._count.text() == f"{len(found)} de 3 clientes"


def test_filters_add_up_and_the_way_back_is_offered(qtbot: QtBot, office: Office) -> None:
    first, second, _ = _add(office)
    with office.backoffice.database.writing() as connection:
        blocks.add(connection, first, BlockOrigin.MANUAL, "Cheque", by="maria", at=datetime.now(UTC))
        note(connection, second, Verdict.DISABLED, datetime.now(UTC), None)
    page = _page(qtbot, office)
    assert page._count.text() == "3 clientes"
    page.show_argument(Situation.BLOCKED)
    settle(qtbot)
    assert _names(page) == ["Posto Água Limpa"]
    page._chips[Situation.NOT_ENABLED].click()
    settle(qtbot)
    assert _names(page) == ["Posto Água Limpa", "Posto Zebu"]
    page._uf.setCurrentIndex(page._uf.findData("GO"))
    settle(qtbot)
    assert page._places.currentIndex() == NO_RESULTS
    _button(page, "Limpar filtros").click()
    settle(qtbot)
    assert page._places.currentIndex() == LIST
    assert len(_names(page)) == 3


def test_without_customers_the_next_step_is_a_button(qtbot: QtBot, office: Office) -> None:
    page = _page(qtbot, office)
    assert page._places.currentIndex() == NOTHING_YET
    with qtbot.waitSignal(office.open_page) as asked:
        _button(page, "Incluir cliente").click()
    assert asked.args == ["tabelas", "clientes"]
    _button(page, "Importar CSV…").click()
    (dialog,) = page.findChildren(ImportCustomers)
    dialog.close()


def test_the_list_has_the_whole_page_until_a_customer_is_selected(qtbot: QtBot, office: Office) -> None:
    _add(office)
    page = _page(qtbot, office)
    page.resize(1100 - 196, 600)  # the page of the smallest useful window
    assert not page.panel.isVisible()
    header = page.table.horizontalHeader()
    for column in (Column.UF, Column.CONSULTED, Column.DOCUMENT):
        right = header.sectionViewportPosition(column) + header.sectionSize(column)
        assert right <= page.table.viewport().width()
    _select(qtbot, page, "Posto Zebu")
    assert page.panel.isVisible()


def test_the_header_sorts_in_the_database_and_says_how(qtbot: QtBot, office: Office) -> None:
    _add(office)
    page = _page(qtbot, office)
    header = page.table.horizontalHeader()
    assert _names(page) == ["Antônio das Flores", "Posto Água Limpa", "Posto Zebu"]
    header.setSortIndicator(Column.UF, Qt.SortOrder.DescendingOrder)
    header.sectionClicked.emit(Column.UF)
    settle(qtbot)
    assert _names(page) == ["Posto Água Limpa", "Posto Zebu", "Antônio das Flores"]
    header.setSortIndicator(Column.BRAND, Qt.SortOrder.AscendingOrder)
    header.sectionClicked.emit(Column.BRAND)
    assert header.sortIndicatorSection() == Column.UF


def test_only_what_is_looked_at_is_read(qtbot: QtBot, office: Office) -> None:
    number = 5_000
    rows = [
        {
            "document": f"{n:014d}",
            "name": f"Posto {n:05d}",
            "uf": "SP",
            "sefaz_action": "nao_faz_nada",
            "search_text": f"posto {n:05d}",
        }
        for n in range(number)
    ]
    with office.backoffice.database.writing() as connection:
        connection.execute(insert(Customer), rows)
    page = _page(qtbot, office)
    assert page.model.rowCount() == number
    assert page.model.row(0) is not None
    assert page.model.row(number // 2) is None
    page.table.scrollToBottom()
    until(qtbot, lambda: page.model.row(number - 1) is not None)
    assert page.model.index(number - 1, Column.NAME).data() == "Posto 04999"
    assert page.model.row(number // 2) is None
    assert len(page.model._blocks) <= 4 < number // BLOCK
    page.table.selectAll()
    until(qtbot, lambda: "5.000 clientes selecionados" in _texts(page))


def test_blocking_and_releasing_by_hand_are_told_everywhere(qtbot: QtBot, office: Office) -> None:
    first, *_ = _add(office)
    page = _page(qtbot, office)
    _select(qtbot, page, "Posto Água Limpa")
    assert not page.panel._release.isEnabled()
    page.panel._block.click()
    dialog = page.findChild(BlockDialog)
    assert dialog is not None
    assert not dialog._confirm.isEnabled()
    editor = dialog.findChild(QPlainTextEdit)
    assert editor is not None
    editor.setPlainText("Cheque devolvido")
    dialog._confirm.click()
    until(qtbot, lambda: _cell(page, "Posto Água Limpa", Column.BLOCK) == "Bloqueado")
    until(qtbot, lambda: page.panel._release.isEnabled() and "Cheque devolvido" in _texts(page))

    page.panel._release.click()
    release = page.findChild(ReleaseDialog)
    assert release is not None
    editor = release.findChild(QPlainTextEdit)
    assert editor is not None
    editor.setPlainText("Pago em dinheiro")
    release._confirm.click()
    until(qtbot, lambda: _cell(page, "Posto Água Limpa", Column.BLOCK) == "Livre")
    until(qtbot, lambda: "Pago em dinheiro" in _texts(page))
    with office.backoffice.database.reading() as connection:
        entries = audit.latest(connection, f"clientes/{first}")
    assert [(entry.actor, entry.new) for entry in entries[:2]] == [
        (office.actor, "Pago em dinheiro"),
        (office.actor, "Cheque devolvido"),
    ]


def test_the_selected_customer_stays_selected_when_it_moves(qtbot: QtBot, office: Office) -> None:
    _, zebu, _ = _add(office)
    page = _page(qtbot, office)
    _select(qtbot, page, "Posto Zebu")
    with office.backoffice.database.writing() as connection:
        records.change(connection, CUSTOMERS, zebu, {"nome": "Aroeira Zebu"}, "maria")
        customers_before = _names(page)
    office.customers_changed.emit()
    until(qtbot, lambda: _names(page)[0] != customers_before[0] or "Aroeira Zebu" in _names(page))
    settle(qtbot)
    assert [index.row() for index in page.table.selectionModel().selectedRows()] == [_line(page, "Aroeira Zebu")]
    assert page.panel.customer_id == zebu


def test_a_customer_that_left_the_filter_can_still_be_consulted_alone(qtbot: QtBot, office: Office) -> None:
    first, *_ = _add(office)
    page = _page(qtbot, office)
    _select(qtbot, page, "Posto Água Limpa")
    _search(qtbot, page, "zebu")
    assert page.panel.customer_id == first
    page._consult(Choice(Whom.SEFAZ, apply=False))
    assert [request.customer_id for request in page.progress._open] == [first]


def test_the_keyboard_is_enough(qtbot: QtBot, office: Office) -> None:
    _add(office)
    page = _page(qtbot, office)
    page.activateWindow()
    page.table.setFocus()
    QTest.keyClick(page.table, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    until(qtbot, page._search.hasFocus)
    QTest.keyClicks(page._search, "zebu")
    QTest.keyClick(page._search, Qt.Key.Key_Return)
    settle(qtbot)
    until(qtbot, page.table.hasFocus)
    QTest.keyClick(page.table, Qt.Key.Key_Down)
    until(qtbot, lambda: page.panel.row is not None and page.panel.row.name == "Posto Zebu")
    QTest.keyClick(page.table, Qt.Key.Key_Return)
    until(qtbot, lambda: page.panel.consult_button._button.hasFocus())
    for _ in range(3):
        QTest.keyClick(page.focusWidget(), Qt.Key.Key_Tab)
    assert not page.panel.consult_button.isAncestorOf(page.focusWidget())


def test_several_that_left_the_filter_are_not_counted_as_selected(qtbot: QtBot, office: Office) -> None:
    _add(office)
    page = _page(qtbot, office)
    page.table.selectAll()
    until(qtbot, lambda: "clientes selecionados" in _texts(page))
    page._search.setText("ninguém com este nome")
    until(qtbot, lambda: not page.panel.isVisibleTo(page))


def test_several_are_consulted_and_the_profile_applied(qtbot: QtBot, demo: DemoOffice) -> None:
    page = _page(qtbot, demo.office)
    wanted = ["Posto Serra Azul Ltda", "Posto Mirante do Tietê Ltda", "Posto Maré Mansa Ltda"]
    for name in wanted:
        page.table.selectionModel().select(
            page.model.index(_line(page, name), 0),
            page.table.selectionModel().SelectionFlag.Select | page.table.selectionModel().SelectionFlag.Rows,
        )
    until(qtbot, lambda: "3 clientes selecionados" in _texts(page))
    with qtbot.waitSignal(page.progress.ended, timeout=15_000):
        page._consult(Choice(Whom.SEFAZ, apply=True))
        assert page.progress._cancel.isVisibleTo(page)
    assert page.progress.sentence == "3 consultados na SEFAZ: 1 habilitado, 1 não habilitado (bloqueado), 1 falha."
    until(qtbot, lambda: _cell(page, wanted[1], Column.BLOCK) == "Bloqueado")
    settle(qtbot)
    assert _cell(page, wanted[0], Column.SEFAZ) == "Habilitado"
    assert _cell(page, wanted[2], Column.SEFAZ) == "Falha na consulta"
    assert _cell(page, wanted[2], Column.BLOCK) == "Livre"
    page.table.clearSelection()
    _select(qtbot, page, wanted[1])
    # The last of the consultations is told a moment later, and the panel then reads the customer once more.
    until(qtbot, lambda: "não está habilitada" in _texts(page) and "Bloqueado · SEFAZ" in _texts(page))


def test_what_changed_since_the_answer_before_is_marked(qtbot: QtBot, demo: DemoOffice) -> None:
    name = "Posto Serra Azul Ltda"
    page = _page(qtbot, demo.office)
    _select(qtbot, page, name)
    document = page.panel.row.document.value if page.panel.row is not None else ""
    for scenario in (Scenario.ENABLED, Scenario.DISABLED):
        demo.sefaz.scenarios[document] = scenario
        with qtbot.waitSignal(page.progress.ended, timeout=15_000):
            page.panel.consult_button.click()
    until(qtbot, lambda: page.panel._history.rowCount() == 2)
    assert page.panel._history.index(0, RESULT).data() == "Não habilitado · era habilitado"
    page.panel._tabs.setCurrentIndex(1)
    until(qtbot, lambda: "Mudou · antes: 1 · habilitado" in _texts(page))
    said = _texts(page)
    assert "Antes: habilitado" in said
    assert "0 · não habilitado" in said
    assert "cSit" in said


def test_a_failed_try_stands_beside_the_last_answer(qtbot: QtBot, demo: DemoOffice) -> None:
    name = "Posto Serra Azul Ltda"
    page = _page(qtbot, demo.office)
    _select(qtbot, page, name)
    document = page.panel.row.document.value if page.panel.row is not None else ""
    for scenario in (Scenario.ENABLED, Scenario.HTML_PAGE):
        demo.sefaz.scenarios[document] = scenario
        with qtbot.waitSignal(page.progress.ended, timeout=15_000):
            page.panel.consult_button.click()
    until(qtbot, lambda: _cell(page, name, Column.SEFAZ) == "Habilitado · última tentativa falhou")
    until(qtbot, lambda: "A última tentativa falhou" in _texts(page))
    assert "continuam como estavam" in _texts(page)


def test_cancelling_ends_at_once_and_keeps_what_was_done(qtbot: QtBot, demo: DemoOffice) -> None:
    page = _page(qtbot, demo.office)
    for customer in example.CUSTOMERS[1:]:
        demo.sefaz.scenarios[customer.document.value] = Scenario.TIMEOUT
    page.table.selectAll()
    until(qtbot, lambda: "40 clientes selecionados" in _texts(page))
    page._consult(Choice(Whom.SEFAZ, apply=False))
    until(qtbot, lambda: bool(demo.sefaz.seen))
    with qtbot.waitSignal(page.progress.ended, timeout=4_000):
        page.progress._cancel.click()
    assert "não foram consultados" in page.progress.sentence
    assert not page.progress._failure.isVisibleTo(page)


def test_what_cannot_be_asked_says_why_and_what_to_do(qtbot: QtBot, office: Office) -> None:
    _add(office)
    office.service_of(Authority.SEFAZ).start()
    try:
        page = _page(qtbot, office)
        _select(qtbot, page, "Posto Zebu")
        with qtbot.waitSignal(page.progress.ended, timeout=15_000):
            page.panel.consult_button.click()
        assert page.progress.sentence == "Nenhuma consulta foi feita. 1 não foi consultado."
        failure = page.progress._failure
        assert failure.isVisibleTo(page)
        assert "Nenhuma filial" in failure.accessibleName()
    finally:
        office.service_of(Authority.SEFAZ).stop()


def test_a_document_that_nobody_registered(qtbot: QtBot, demo: DemoOffice) -> None:
    page = _page(qtbot, demo.office)
    page._open_document_dialog()
    dialog = page.findChild(DocumentDialog)
    assert dialog is not None
    dialog._document.setText("123")
    dialog._consult.click()
    assert "3 caracteres" in dialog._error.text()
    dialog._document.setText(example.made_up_cnpj("12345678"))
    dialog._consult.click()
    until(qtbot, lambda: dialog._result.consultation_id is not None)
    settle(qtbot)
    said = "\n".join(label.text() for label in dialog._result.findChildren(QLabel))
    assert "nenhum cliente foi alterado" in said
    assert [choice.text() for choice in dialog.findChildren(QRadioButton) if choice.isEnabled()][:1] == ["SEFAZ"]
    dialog.close()


def test_the_last_way_of_consulting_is_remembered(qtbot: QtBot, office: Office) -> None:
    _add(office)
    page = _page(qtbot, office)
    _select(qtbot, page, "Posto Zebu")
    assert page.panel.consult_button.choice == Choice(Whom.SEFAZ, apply=False)
    page.panel.consult_button._actions[Choice(Whom.SEFAZ, apply=True)].trigger()
    assert all(request.apply for request in page.progress._open)
    again = CustomersPage(office)
    qtbot.addWidget(again)
    assert again.panel.consult_button.choice == Choice(Whom.SEFAZ, apply=True)


def test_everything_that_takes_the_focus_has_a_name(qtbot: QtBot, office: Office) -> None:
    _add(office)
    page = _page(qtbot, office)
    _select(qtbot, page, "Posto Zebu")
    for button in page.findChildren(QPushButton):
        assert button.text() or button.accessibleName()
    for widget in (page.table, page._search, page._uf, page.panel._history_table):
        assert widget.accessibleName()
