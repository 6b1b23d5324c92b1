"""Adding, changing, deactivating and importing rows, through the widgets that a person uses."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMessageBox, QPushButton
from pytestqt.qtbot import QtBot

from app.data import records
from app.tables import BRANDS, COMPANIES, CUSTOMERS, TABLES, USERS, Table
from services.passwords import check_password
from tests.ui.office import CNPJ, enter, open_office
from tests.ui.window import settle
from ui.import_customers import ImportCustomers
from ui.office import Office
from ui.record_form import RecordForm
from ui.tables_page import TablesPage
from ui.user_password import UserPasswordDialog


@pytest.fixture
def office(qapp: QApplication) -> Iterator[Office]:
    with open_office(with_branch=True) as opened:
        yield opened


@pytest.fixture
def page(qtbot: QtBot, office: Office) -> TablesPage:
    page = TablesPage(office)
    enter(qtbot, page)
    return page


def choose(qtbot: QtBot, page: TablesPage, table: Table) -> None:
    page.tables.setCurrentRow(list(TABLES).index(table.key))
    settle(qtbot)


def form_of(page: TablesPage) -> RecordForm:
    (form,) = page.findChildren(RecordForm)
    return form


def every(office: Office, table: Table) -> list[records.Record]:
    with office.backoffice.database.reading() as connection:
        return records.every(connection, table)


def click(qtbot: QtBot, button: QPushButton) -> None:
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    settle(qtbot)


def answer(text: str) -> None:
    """Press that button of the question about to be asked."""

    def press() -> None:
        question = QApplication.activeModalWidget()
        assert isinstance(question, QMessageBox)
        next(button for button in question.buttons() if button.text() == text).click()

    QTimer.singleShot(50, press)


def cells(page: TablesPage, column: int) -> list[str]:
    model = page.view.model()
    return [model.index(row, column).data() for row in range(model.rowCount())]


@pytest.mark.parametrize("table", TABLES.values(), ids=list(TABLES))
def test_every_table_has_its_list_and_form(qtbot: QtBot, page: TablesPage, table: Table) -> None:
    choose(qtbot, page, table)
    click(qtbot, page.add_button)
    form = form_of(page)
    assert set(form.editors) == {field.name for field in table.fields}
    for field in table.fields:
        assert all(widget.accessibleName() for widget in form.editors[field.name].fields), field.name
    assert not form.is_changed
    form.save()
    assert any(editor.error for editor in form.editors.values())
    form.give_up()


def test_a_row_is_added_and_changed(qtbot: QtBot, page: TablesPage, office: Office) -> None:
    choose(qtbot, page, COMPANIES)
    changed = []
    office.tables_changed.connect(lambda: changed.append(True))
    click(qtbot, page.add_button)
    form = form_of(page)
    form.editors["cnpj"].set_text("11.222.333/0002-62")
    form.editors["nome"].set_text("Outra")
    click(qtbot, form.save_button)
    assert form.editors["uf"].error
    assert page.unsaved() == ["Incluir empresa"]
    form.editors["uf"].set_text("GO")
    click(qtbot, form.save_button)
    assert [record.values["nome"] for record in every(office, COMPANIES)] == ["Posto Modelo", "Outra"]
    assert changed
    assert page.unsaved() == []
    assert cells(page, 2) == ["Posto Modelo", "Outra"]
    assert page.view.currentIndex().row() == 1

    click(qtbot, page.edit_button)
    form = form_of(page)
    form.editors["nome"].set_text("Outra ainda")
    click(qtbot, form.save_button)
    assert every(office, COMPANIES)[1].values["nome"] == "Outra ainda"


def test_a_refused_row_keeps_the_form_and_what_was_typed(qtbot: QtBot, page: TablesPage) -> None:
    choose(qtbot, page, COMPANIES)
    click(qtbot, page.add_button)
    form = form_of(page)
    for name, text in (("cnpj", CNPJ), ("nome", "Repetida"), ("uf", "SP")):
        form.editors[name].set_text(text)
    click(qtbot, form.save_button)
    assert form.isVisible()
    assert "Já existe" in form.editors["cnpj"].error
    assert form.editors["nome"].text() == "Repetida"
    answer("Continuar editando")
    form.reject()
    assert form.isVisible()
    answer("Descartar")
    form.reject()
    assert page.unsaved() == []


def test_the_zone_follows_the_uf_until_a_person_chooses_it(qtbot: QtBot, page: TablesPage) -> None:
    page.show_argument("filiais")
    settle(qtbot)
    form = form_of(page)
    assert form.editors["uf"].text() == ""
    combo = form.editors["uf"].field
    combo.setCurrentIndex(combo.findData("AM"))  # type: ignore[attr-defined]  # the list of UFs is a combo
    assert form.editors["fuso"].text() == "America/Manaus"
    zones = form.editors["fuso"].field
    zones.setCurrentIndex(zones.findData("America/Rio_Branco"))  # type: ignore[attr-defined]  # so is that of zones
    combo.setCurrentIndex(combo.findData("SP"))  # type: ignore[attr-defined]  # a combo, as above
    assert form.editors["fuso"].text() == "America/Rio_Branco"
    form.give_up()


def test_deactivating_asks_and_reactivating_does_not(qtbot: QtBot, page: TablesPage, office: Office) -> None:
    with office.backoffice.database.writing() as connection:
        values = records.parse(BRANDS, {"nome": "Branca", "tipo": "branca"})
        records.add(connection, BRANDS, values, office.snapshot, "maria")
    choose(qtbot, page, BRANDS)
    page.view.selectRow(0)
    answer("Voltar")
    click(qtbot, page.activity_button)
    assert every(office, BRANDS)[0].active
    answer("Desativar")
    click(qtbot, page.activity_button)
    assert not every(office, BRANDS)[0].active
    assert cells(page, 0) == []
    assert page.inactive.text() == "Inativos (1)"
    click(qtbot, page.inactive)
    page.view.selectRow(0)
    click(qtbot, page.activity_button)
    assert every(office, BRANDS)[0].active


def test_search_and_empty_states(qtbot: QtBot, page: TablesPage) -> None:
    choose(qtbot, page, COMPANIES)
    page.search.setText("modelo 11222333")
    qtbot.waitUntil(lambda: not page.search._pause.isActive())
    assert cells(page, 0) == ["1"]
    page.search.setText("nada disso")
    qtbot.waitUntil(lambda: not page.search._pause.isActive())
    assert page._way_out.text() == "Limpar a busca"
    click(qtbot, page._way_out)
    choose(qtbot, page, BRANDS)
    assert page._way_out.text() == "Incluir bandeira"
    click(qtbot, page._way_out)
    form_of(page).give_up()


def test_customers_are_paged_and_imported(qtbot: QtBot, page: TablesPage, office: Office, tmp_path: Path) -> None:
    choose(qtbot, page, CUSTOMERS)
    file = tmp_path / "clientes.csv"
    file.write_text(f"documento;nome;uf\n{CNPJ};Posto Água;SP\n123;Curto;SP\n", encoding="cp1252")
    customers = []
    office.customers_changed.connect(lambda: customers.append(True))
    click(qtbot, page.import_button)
    (dialog,) = page.findChildren(ImportCustomers)
    dialog.path.setText(str(tmp_path / "nenhum.csv"))
    click(qtbot, dialog.start)
    assert "não existe" in dialog.error.text()
    dialog.path.setText(str(file))
    click(qtbot, dialog.start)
    assert dialog.summary.text() == "1 cliente incluído, 0 já cadastrados, 1 linha recusada."
    assert dialog.lines.toPlainText().startswith("Linha 3: Documento:")
    assert customers
    settle(qtbot)
    assert cells(page, 1) == ["Posto Água"]
    dialog.reject()

    page.show_argument(("clientes", 1))
    settle(qtbot)
    form = form_of(page)
    assert form.editors["documento"].text() == "11.222.333/0001-81"
    form.give_up()


def test_a_user_gets_a_password_by_the_keyboard_alone(qtbot: QtBot, page: TablesPage, office: Office) -> None:
    with office.backoffice.database.writing() as connection:
        values = records.parse(USERS, {"login": "ana", "nome": "Ana", "perfil": "Operador"})
        records.add(connection, USERS, values, office.snapshot, "maria")
    choose(qtbot, page, USERS)
    page.view.selectRow(0)
    click(qtbot, page.password_button)
    (dialog,) = page.findChildren(UserPasswordDialog)
    assert dialog.state.text() == "Ainda não tem senha."
    assert dialog.focusWidget() is dialog.password

    def enter_both(one: str, other: str) -> None:
        for field, text in ((dialog.password, one), (dialog.again, other)):
            field.clear()
            QTest.keyClicks(field, text)
        QTest.keyClick(dialog.again, Qt.Key.Key_Return)
        settle(qtbot)

    for one, other, word in (
        ("", "", "Digite"),
        ("girassol", "girasol", "diferentes"),
        ("curta", "curta", "pelo menos 8"),
    ):
        enter_both(one, other)
        assert dialog.isVisible()
        assert word in dialog.error.text()
    enter_both("girassol", "girassol")
    assert page.findChildren(UserPasswordDialog) == []
    now = datetime.now(UTC)
    assert check_password(office.backoffice.database, "ana", "girassol", now).name == "Ana"

    click(qtbot, page.password_button)
    (dialog,) = page.findChildren(UserPasswordDialog)
    assert dialog.state.text().startswith("A senha atual foi definida em ")
    dialog.reject()


def test_saving_everything_and_giving_everything_up(qtbot: QtBot, page: TablesPage, office: Office) -> None:
    page.show_argument("regioes")
    settle(qtbot)
    form_of(page).editors["nome"].set_text("Norte")
    kept: list[bool] = []
    page.save_all(kept.append)
    settle(qtbot)
    assert kept == [True]
    page.show_argument("regioes")
    settle(qtbot)
    form_of(page).editors["nome"].set_text("Norte")
    page.save_all(kept.append)
    settle(qtbot)
    assert kept == [True, False]
    page.discard_all()
    assert page.unsaved() == []
