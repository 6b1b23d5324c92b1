"""The brands that ANP names and the table lacks: accepted, associated, created and filled from the distributors."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TypeVar

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QPushButton
from pytestqt.qtbot import QtBot

from app.data import records
from app.domain import ListKind
from app.policies import BrandKind
from app.settings.snapshot import Snapshot
from app.tables import BRANDS
from services.demo.example import made_up_cnpj
from tests.anp_mirror import put
from tests.ui.office import enter, open_office
from tests.ui.window import settle, until
from ui import pages
from ui.brand_dialogs import AssociateBrand, CreateBrands
from ui.brand_inbox_page import BrandInboxPage
from ui.office import Office
from ui.record_form import RecordForm

D = TypeVar("D", bound=QDialog)
AT = datetime(2026, 11, 20, 9, tzinfo=UTC)


@pytest.fixture
def office(qapp: QApplication) -> Iterator[Office]:
    with open_office() as opened:
        yield opened


def fill(office: Office) -> None:
    """Three names: one almost that of a brand, one like none, and none at all; and two distributors."""
    with office.backoffice.database.writing() as connection:
        for name, kind in (("Cedro", BrandKind.COMPETITOR), ("Branca", BrandKind.WHITE)):
            values = {"nome": name, "tipo": kind, "nomes_anp": (name,)}
            records.add(connection, BRANDS, values, Snapshot(), "maria")
        shown = ["CEDRO DISTRIBUIDORA S.A."] * 3 + ["JACARANDA"] * 2 + ["BANDEIRA BRANCA"]
        for number, brand in enumerate(shown):
            put(connection, ListKind.AUTOMOTIVE, made_up_cnpj(f"{number:08d}"), at=AT, brand=brand)
        for number, short_name in enumerate(["JACARANDA", "AROEIRA"], 50):
            cnpj = made_up_cnpj(f"{number:08d}")
            put(connection, ListKind.DISTRIBUTOR, cnpj, at=AT, short_name=short_name, situation="AUTORIZADA")


def names(page: BrandInboxPage) -> list[str]:
    return [row.seen.name for row in page.model.rows]


def brands(office: Office) -> dict[str, tuple[str, ...]]:
    with office.backoffice.database.reading() as connection:
        return {r.values["nome"]: r.values["nomes_anp"] for r in records.every(connection, BRANDS)}


def choose(page: BrandInboxPage, name: str) -> None:
    page.view.selectRow(names(page).index(name))


def opened(page: BrandInboxPage, kind: type[D]) -> D:
    found = page.findChild(kind)
    assert found is not None
    return found


def press(button: QPushButton) -> None:
    assert button.isEnabled()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def test_nothing_seen_says_what_to_do_next(qtbot: QtBot, office: Office) -> None:
    page = BrandInboxPage(office)
    enter(qtbot, page)
    assert page.stack.currentWidget() is page.no_list
    with qtbot.waitSignal(office.open_page) as asked:
        press(page.open_lists)
    assert asked.args == [pages.ANP_LISTS, None]
    press(page.fill_button)
    until(qtbot, lambda: page.findChild(CreateBrands) is not None)
    dialog = opened(page, CreateBrands)
    assert [proposal.name for proposal in dialog.chosen] == ["Bandeira branca"]
    dialog.reject()


def test_a_suggestion_is_accepted_in_its_row_and_above_the_list(qtbot: QtBot, office: Office) -> None:
    fill(office)
    page = BrandInboxPage(office)
    enter(qtbot, page)
    assert names(page) == ["CEDRO DISTRIBUIDORA S.A.", "JACARANDA", "BANDEIRA BRANCA"]
    assert page.count.text() == "3 nomes"
    told: list[bool] = []
    office.tables_changed.connect(lambda: told.append(True))
    assert page.model.index(0, 3).data() == "Cedro · 100 %"
    row = page.view.indexWidget(page.model.index(0, 5))
    assert isinstance(row, QPushButton)
    press(row)
    until(qtbot, lambda: names(page) == ["JACARANDA", "BANDEIRA BRANCA"])
    assert told == [True]
    assert "Cedro" in page.said.text()
    assert brands(office)["Cedro"] == ("Cedro", "CEDRO DISTRIBUIDORA S.A.")
    choose(page, "JACARANDA")
    assert not page.accept_button.isEnabled()
    choose(page, "BANDEIRA BRANCA")
    press(page.accept_button)
    until(qtbot, lambda: names(page) == ["JACARANDA"])
    assert brands(office)["Branca"] == ("Branca", "BANDEIRA BRANCA")


def test_a_name_is_given_to_a_brand_found_by_typing(qtbot: QtBot, office: Office) -> None:
    fill(office)
    page = BrandInboxPage(office)
    enter(qtbot, page)
    choose(page, "JACARANDA")
    press(page.associate_button)
    dialog = opened(page, AssociateBrand)
    assert dialog.brand_id is None
    assert not dialog.confirm.isEnabled()
    QTest.keyClicks(dialog.search, "bran")
    assert dialog.list.currentItem().text().startswith("Branca")
    QTest.keyClicks(dialog.search, "x")
    assert not dialog.confirm.isEnabled()
    dialog.search.setText("cédro")
    press(dialog.confirm)
    until(qtbot, lambda: "JACARANDA" not in names(page))
    assert brands(office)["Cedro"] == ("Cedro", "JACARANDA")


def test_a_brand_is_created_with_the_name(qtbot: QtBot, office: Office) -> None:
    fill(office)
    page = BrandInboxPage(office)
    enter(qtbot, page)
    choose(page, "JACARANDA")
    press(page.create_button)
    form = opened(page, RecordForm)
    assert form.editors["nomes_anp"].text() == "JACARANDA"
    assert page.unsaved() == []
    form.editors["nome"].set_text("Jacarandá")
    assert page.unsaved() == [form.windowTitle()]
    form.save()
    assert form.editors["tipo"].error
    form.editors["tipo"].set_text("concorrente")
    press(form.save_button)
    until(qtbot, lambda: "JACARANDA" not in names(page))
    assert brands(office)["Jacarandá"] == ("JACARANDA",)
    assert page.unsaved() == []


def test_brands_are_created_from_the_distributors_that_were_checked(qtbot: QtBot, office: Office) -> None:
    fill(office)
    page = BrandInboxPage(office)
    enter(qtbot, page)
    press(page.fill_button)
    until(qtbot, lambda: page.findChild(CreateBrands) is not None)
    dialog = opened(page, CreateBrands)
    assert [proposal.name for proposal in dialog.chosen] == ["JACARANDA"]
    press(dialog.check_none)
    assert not dialog.confirm.isEnabled()
    press(dialog.check_all)
    assert dialog.confirm.text() == "Criar 1 bandeira"
    press(dialog.confirm)
    until(qtbot, lambda: "JACARANDA" not in names(page))
    assert "1 bandeira criada" in page.said.text()
    assert brands(office)["JACARANDA"] == ("JACARANDA",)
    press(page.fill_button)
    until(qtbot, lambda: "Não há bandeira a propor" in page.said.text())


def test_a_name_that_another_brand_took_meanwhile_is_refused_in_words(qtbot: QtBot, office: Office) -> None:
    fill(office)
    page = BrandInboxPage(office)
    enter(qtbot, page)
    with office.backoffice.database.writing() as connection:
        values = {"nome": "Outra", "tipo": BrandKind.OWN, "nomes_anp": ("Cedro distribuidora s.a.",)}
        records.add(connection, BRANDS, values, Snapshot(), "joão")
    choose(page, "CEDRO DISTRIBUIDORA S.A.")
    press(page.accept_button)
    until(qtbot, page.failure.isVisible)
    assert "Outra" in page.failure.accessibleDescription()
    settle(qtbot)
    assert page.fill_button.isEnabled()
