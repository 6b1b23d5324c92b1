"""A CNPJ with letters, and an inscription with a wrong digit, typed in the window as people type them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QLineEdit, QRadioButton, QWidget
from pytestqt.qtbot import QtBot

from app.data import records
from app.documents import parse_cnpj
from app.domain import Document, DocumentKind
from app.settings.snapshot import Snapshot
from app.tables import CUSTOMERS, TABLES
from services.demo.example import made_up_cnpj
from tests.ui.demo_office import DemoOffice, demo_office
from tests.ui.office import enter, open_office
from tests.ui.window import settle, until
from ui.customer_model import Column
from ui.customers_page import CustomersPage
from ui.document_dialog import DocumentDialog
from ui.office import Office
from ui.record_form import RecordForm
from ui.tables_page import TablesPage

LETTERS = made_up_cnpj("ABCDEFGH", "IJKL")
MASKED = str(parse_cnpj(LETTERS)).lower()
WRONG = "O dígito verificador da inscrição não confere para SP: confira."


@pytest.fixture
def office(qtbot: QtBot) -> Iterator[Office]:
    with open_office(with_branch=True) as office:
        yield office


@pytest.fixture
def demo(qtbot: QtBot) -> Iterator[DemoOffice]:
    with demo_office(qtbot) as demo:
        yield demo


def new_customer(qtbot: QtBot, office: Office) -> RecordForm:
    page = TablesPage(office)
    enter(qtbot, page)
    page.tables.setCurrentRow(list(TABLES).index(CUSTOMERS.key))
    settle(qtbot)
    QTest.mouseClick(page.add_button, Qt.MouseButton.LeftButton)
    settle(qtbot)
    (form,) = page.findChildren(RecordForm)
    return form


def write(form: RecordForm, **texts: str) -> None:
    for name, text in texts.items():
        field = form.editors[name].field
        if isinstance(field, QLineEdit):
            field.clear()
            QTest.keyClicks(field, text)
        else:
            form.editors[name].set_text(text)
            form.editors[name].changed.emit()


def words(widget: QWidget) -> str:
    return "\n".join(label.text() for label in widget.findChildren(QLabel) if label.isVisibleTo(widget))


def test_the_form_keeps_it_bare_and_doubts_an_inscription_without_refusing_it(qtbot: QtBot, office: Office) -> None:
    form = new_customer(qtbot, office)
    write(form, documento=MASKED, nome="Posto", uf="SP", ie="110.042.490.115")
    ie = form.editors["ie"]
    assert WRONG in words(ie.widget)
    assert ie.field.accessibleDescription() == WRONG
    assert ie.error == ""
    write(form, ie="110.042.490.114")
    assert WRONG not in words(ie.widget)
    write(form, ie="110.042.490.115")
    form.save()
    settle(qtbot)
    with office.backoffice.database.reading() as connection:
        (kept,) = records.every(connection, CUSTOMERS)
    assert (kept.values["documento"], kept.values["ie"]) == (LETTERS, "110042490115")


def test_a_refusal_comes_before_a_doubt_and_goes_when_it_is_mended(qtbot: QtBot, office: Office) -> None:
    form = new_customer(qtbot, office)
    write(form, documento=MASKED, nome="Posto", uf="SP", ie="1")
    form.save()
    settle(qtbot)
    ie = form.editors["ie"]
    assert "2 a 14 dígitos" in ie.error
    write(form, ie="110042490115")
    assert (ie.error, ie.doubt) == ("", WRONG)
    form.give_up()


def test_the_customers_page_finds_it_however_it_is_typed(qtbot: QtBot, office: Office) -> None:
    with office.backoffice.database.writing() as connection:
        for document, name in ((LETTERS, "Posto A"), (made_up_cnpj("1A2B3C4D"), "Posto B")):
            values = records.parse(CUSTOMERS, {"documento": document, "nome": name, "uf": "SP"})
            records.add(connection, CUSTOMERS, values, Snapshot(), "maria")
    page = CustomersPage(office)
    enter(qtbot, page)
    for typed in (LETTERS, LETTERS.lower(), MASKED, "ab.cde.fgh", "ijkl"):
        page._search.setText(typed)
        until(qtbot, lambda: page.model.query.text == page._search.text())
        settle(qtbot)
        shown = [page.model.index(row, Column.NAME).data() for row in range(page.model.rowCount())]
        assert shown == ["Posto A"], typed


def test_the_document_dialog_asks_sefaz_and_shows_its_mask(qtbot: QtBot, demo: DemoOffice) -> None:
    dialog = DocumentDialog(demo.office)
    qtbot.addWidget(dialog)
    dialog.show()
    QTest.keyClicks(dialog._document, MASKED)
    with qtbot.waitSignal(demo.office.finished_one, timeout=15_000):
        dialog._ask()
    assert demo.sefaz.seen[-1].document == Document(DocumentKind.CNPJ, LETTERS)
    until(qtbot, lambda: str(parse_cnpj(LETTERS)) in words(dialog))


def test_the_document_dialog_doubts_an_inscription_and_asks_all_the_same(qtbot: QtBot, demo: DemoOffice) -> None:
    dialog = DocumentDialog(demo.office)
    qtbot.addWidget(dialog)
    dialog.show()
    next(choice for choice in dialog.findChildren(QRadioButton) if choice.text() == "Inscrição estadual").click()
    QTest.keyClicks(dialog._document, "110.042.490.115")
    with qtbot.waitSignal(demo.office.finished_one, timeout=15_000):
        dialog._ask()
    until(qtbot, lambda: WRONG in words(dialog))
    assert demo.sefaz.seen[-1].document == Document(DocumentKind.IE, "110042490115")
