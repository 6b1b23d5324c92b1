"""The simulation, from an unsaved change on the settings page to the list of who would be blocked."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QLineEdit
from pytestqt.qtbot import QtBot
from sqlalchemy import func, select

from app.data import blocks, customers, records
from app.data.models import AuditEntry, BlockReason, Consultation, Customer, SettingValue
from app.documents import from_key
from app.domain import AnpOutcome, Authority, BlockOrigin, Verdict
from app.policies import AnpStatus, CustomerAction
from app.rules.simulation import Affected, Effect, Simulation, Tally
from app.settings.catalog import ANP_CUSTOMER, ANP_URL, CUSTOMERS_PAGE
from app.settings.snapshot import Snapshot
from app.tables import CUSTOMERS
from services.demo.example import made_up_cnpj
from tests.consultations import note
from tests.ui.office import open_office
from tests.ui.window import until
from ui import simulation_words
from ui.office import Office
from ui.settings_page import SettingsPage
from ui.simulation_dialog import NOBODY_ANSWERED, NOTHING_CHANGES, NOTHING_FILTERED, TABLE, SimulationDialog
from ui.simulation_model import Column, Filter

NOW = datetime.now(UTC)
REVOKED = ANP_CUSTOMER[AnpStatus.REVOKED]


@pytest.fixture
def office(qtbot: QtBot) -> Iterator[Office]:
    with open_office() as office:
        yield office


def add(office: Office, number: int, name: str) -> int:
    values = {"documento": made_up_cnpj(f"{number:08}"), "nome": name, "uf": "GO"}
    with office.backoffice.database.writing() as connection:
        return records.add(connection, CUSTOMERS, values, Snapshot(), "maria")


def answer(office: Office, customer_id: int, outcome: AnpOutcome, *, days: int = 1, brand: str = "X") -> None:
    with office.backoffice.database.writing() as connection:
        asked = customers.subject(connection, customer_id)
        assert asked is not None
        customers.note_anp(connection, asked, outcome, brand, NOW - timedelta(days=days), None)


def everything(office: Office) -> list[Any]:
    """All that a simulation must leave as it is."""
    with office.backoffice.database.reading() as connection:
        kept = [connection.execute(select(Customer.__table__).order_by(Customer.id)).all()]
        tables = (BlockReason, AuditEntry, Consultation, SettingValue)
        return kept + [connection.execute(select(func.count()).select_from(table)).scalar_one() for table in tables]


def opened(qtbot: QtBot, office: Office, tab: str) -> SettingsPage:
    page = SettingsPage(CUSTOMERS_PAGE, office)
    qtbot.addWidget(page)
    page.resize(904, 650)
    page.show()
    show_tab(page, tab)
    return page


def show_tab(page: SettingsPage, tab: str) -> None:
    page.tabs.setCurrentIndex([tab.title for tab in CUSTOMERS_PAGE.tabs].index(tab))


def choose(page: SettingsPage, value: CustomerAction) -> None:
    """Choose the action of the status "Autorização revogada", as a person does."""
    row = page.rows[REVOKED]
    combo = row.editor.widget if isinstance(row.editor.widget, QComboBox) else row.editor.widget.findChild(QComboBox)
    assert isinstance(combo, QComboBox)
    combo.setFocus()
    combo.setCurrentIndex(next(i for i, action in enumerate(CustomerAction) if action is value))
    combo.activated.emit(combo.currentIndex())


def simulated(qtbot: QtBot, page: SettingsPage) -> SimulationDialog:
    """Press the button and wait for the answer."""
    before = page.findChildren(SimulationDialog)
    QTest.mouseClick(page.simulate, Qt.MouseButton.LeftButton)
    dialog = next(found for found in page.findChildren(SimulationDialog) if found not in before)
    until(qtbot, lambda: dialog.simulation is not None)
    return dialog


def test_an_unsaved_rule_shows_whom_it_would_block_and_changes_nothing(qtbot: QtBot, office: Office) -> None:
    revoked, held, fine, _ = (add(office, n, f"Posto {n}") for n in (1, 2, 3, 4))
    for customer_id, outcome in ((revoked, AnpOutcome.REVOKED), (held, AnpOutcome.REVOKED), (fine, AnpOutcome.UPDATED)):
        answer(office, customer_id, outcome, days=40 if customer_id == fine else 1)
    with office.backoffice.database.writing() as connection:
        blocks.add(connection, held, BlockOrigin.MANUAL, "Cheque devolvido.", by="maria", at=NOW)
    page = opened(qtbot, office, "Consulta ANP")
    choose(page, CustomerAction.BLOCK)
    before = everything(office)

    dialog = simulated(qtbot, page)
    assert dialog.headline.text() == "1 cliente seria bloqueado hoje."
    assert "Autorização revogada: de “É Indiferente” para “Bloqueia Cliente”" in dialog.rules.text()
    assert "3 clientes ativos" in dialog.basis.text()
    assert dialog.age.text() == "1 resposta tem mais de 30 dias: a situação pode ser outra hoje."
    assert "1 sem consulta à ANP" in dialog.basis.text()
    assert [row.customer_id for row in dialog.model.rows] == [revoked, held]
    assert dialog.model.rows[0].why.startswith("Bloqueado pelo status na ANP. Autorização revogada, na consulta de ")
    assert dialog.model.rows[1].effect is Effect.STAYS_BLOCKED
    QTest.keyClick(dialog.table, Qt.Key.Key_Down)
    QTest.keyClick(dialog.table, Qt.Key.Key_Down)
    assert dialog.why.text() == f"Posto 2: {dialog.model.rows[1].why}"
    with qtbot.waitSignal(office.open_page) as opening:
        QTest.keyClick(dialog.table, Qt.Key.Key_Return)
    assert opening.args == ["clientes", held]
    assert everything(office) == before
    assert page.unsaved() == [REVOKED.label]
    dialog.close()


def test_the_list_is_filtered_sorted_copied_and_written(qtbot: QtBot, office: Office, tmp_path: Path) -> None:
    for number, name in ((1, "Auto Posto Água"), (2, "Posto Zebu"), (3, "Posto; Mirim")):
        answer(office, add(office, number, name), AnpOutcome.REVOKED)
    page = opened(qtbot, office, "Bandeira e região")
    choose(page, CustomerAction.BLOCK)
    dialog = simulated(qtbot, page)

    def names() -> list[str]:
        return [row.name for row in dialog.model.rows]

    assert names() == ["Auto Posto Água", "Posto Zebu", "Posto; Mirim"]
    dialog.table.sortByColumn(Column.NAME, Qt.SortOrder.DescendingOrder)
    assert names() == ["Posto; Mirim", "Posto Zebu", "Auto Posto Água"]
    dialog.table.selectRow(1)
    QTest.mouseClick(dialog.copy, Qt.MouseButton.LeftButton)
    lines = QGuiApplication.clipboard().text().splitlines()
    assert len(lines) == 2
    assert lines[1].split("\t")[:2] == ["Posto Zebu", "Seria bloqueado"]
    dialog.save_to(tmp_path / "simulacao.csv")
    written = (tmp_path / "simulacao.csv").read_bytes().decode("utf-8-sig").splitlines()
    assert written[0].startswith("Cliente;Efeito;UF;")
    assert written[1].startswith('"Posto; Mirim";Seria bloqueado;GO;Autorização revogada;')
    assert len(written) == 4
    QTest.mouseClick(dialog.chips[Filter.RELEASED], Qt.MouseButton.LeftButton)
    assert dialog.places.currentIndex() == NOTHING_FILTERED
    assert not dialog.copy.isEnabled()
    QTest.mouseClick(dialog.chips[Filter.BLOCKED], Qt.MouseButton.LeftButton)
    assert dialog.places.currentIndex() == TABLE
    assert dialog.chips[Filter.BLOCKED].text() == "Bloqueados (3)"
    dialog.save_to(tmp_path / "não existe" / "simulacao.csv")
    assert dialog.failure.isVisible()
    dialog.close()


def test_what_is_empty_says_what_to_do(qtbot: QtBot, office: Office) -> None:
    page = opened(qtbot, office, "Consulta ANP")
    customer_id = add(office, 1, "Posto 1")
    dialog = simulated(qtbot, page)
    assert dialog.places.currentIndex() == NOBODY_ANSWERED
    dialog.close()
    answer(office, customer_id, AnpOutcome.REVOKED)
    dialog = simulated(qtbot, page)
    assert dialog.places.currentIndex() == NOTHING_CHANGES
    assert dialog.rules.text() == "Com as regras salvas: nada foi alterado nesta página."
    dialog.close()


def test_a_value_that_cannot_be_read_is_named_first(qtbot: QtBot, office: Office) -> None:
    page = opened(qtbot, office, "Consulta ANP")
    address = page.rows[ANP_URL].editor.widget
    field = address if isinstance(address, QLineEdit) else address.findChild(QLineEdit)
    assert isinstance(field, QLineEdit)
    field.setFocus()
    QTest.keyClick(field, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(field, "nada")
    assert page.draft.errors
    QTest.mouseClick(page.simulate, Qt.MouseButton.LeftButton)
    assert page.failure.isVisible()
    assert ANP_URL.label in page.failure.accessibleDescription()
    assert not page.findChildren(SimulationDialog)


def test_only_the_tabs_with_rules_about_customers_offer_it(qtbot: QtBot, office: Office) -> None:
    page = opened(qtbot, office, "Consulta SEFAZ")
    offered = []
    for tab in CUSTOMERS_PAGE.tabs:
        show_tab(page, tab.title)
        if page.simulate.isVisible():
            offered.append(tab.title)
    assert offered == ["Consulta SEFAZ", "Bandeira e região", "Consulta ANP"]


def test_at_sefaz_the_action_is_of_each_customer(qtbot: QtBot, office: Office) -> None:
    customer_id = add(office, 1, "Posto 1")
    with office.backoffice.database.writing() as connection:
        note(connection, customer_id, Verdict.DISABLED, NOW, None)
    page = opened(qtbot, office, "Consulta SEFAZ")
    dialog = simulated(qtbot, page)
    assert dialog.headline.text() == "Nenhum cliente seria bloqueado nem desbloqueado hoje."
    assert "Vale a ação do cadastro de cada cliente." in dialog.note.text()
    assert "1 seria bloqueado e 0 desbloqueados." in dialog.note.text()
    assert not dialog.chips[Filter.NEW_BRAND].isVisible()
    dialog.close()


def test_closing_while_it_works_gives_up(qtbot: QtBot, office: Office) -> None:
    add(office, 1, "Posto 1")
    page = opened(qtbot, office, "Consulta SEFAZ")
    QTest.mouseClick(page.simulate, Qt.MouseButton.LeftButton)
    dialog = page.findChild(SimulationDialog)
    assert isinstance(dialog, SimulationDialog)
    with qtbot.waitSignal(dialog.destroyed):
        QTest.keyClick(dialog, Qt.Key.Key_Escape)


def simulation(blocked: int = 0, released: int = 0, brands: int = 0) -> Simulation:
    effects = [Effect.BLOCKED] * blocked + [Effect.RELEASED] * released
    document = from_key(made_up_cnpj("00000001"))

    def row(effect: Effect, new_brand: bool) -> Affected:
        return Affected(1, "Posto", document, "SP", AnpOutcome.REVOKED, NOW, effect, new_brand, "Por quê.")

    affected = [row(effect, False) for effect in effects] + [row(Effect.STAYS_FREE, True)] * brands
    return Simulation(Authority.ANP, tuple(affected), 5, 0, 0, NOW, NOW, 0, Tally())


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        ((12, 3, 0), "12 clientes seriam bloqueados hoje, 3 desbloqueados."),
        ((1, 1, 0), "1 cliente seria bloqueado hoje, 1 desbloqueado."),
        ((1, 0, 1), "1 cliente seria bloqueado hoje; 1 mudaria de bandeira."),
        ((0, 2, 2), "2 clientes seriam desbloqueados hoje, nenhum bloqueado; 2 mudariam de bandeira."),
        ((0, 1, 0), "1 cliente seria desbloqueado hoje, nenhum bloqueado."),
        ((0, 0, 0), "Nenhum cliente seria bloqueado nem desbloqueado hoje."),
        ((1200, 0, 0), "1.200 clientes seriam bloqueados hoje."),
    ],
)
def test_the_headline_counts_as_people_do(numbers: tuple[int, int, int], said: str) -> None:
    assert simulation_words.headline(simulation(*numbers)) == said
