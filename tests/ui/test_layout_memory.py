"""Panes and columns are found as they were left, by the next page made and by the next run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QSplitter
from pytestqt.qtbot import QtBot

from app.tables import BRANCHES, COMPANIES, TABLES
from tests.ui.office import enter, open_office
from tests.ui.window import settle
from ui.audit_page import AuditPage
from ui.office import Office
from ui.tables_page import TablesPage

KEPT_MS = 300


@pytest.fixture
def office(qtbot: QtBot) -> Iterator[Office]:
    with open_office(with_branch=True) as office:
        yield office


def test_each_table_keeps_its_own_columns(qtbot: QtBot, office: Office) -> None:
    def choose(page: TablesPage, key: str) -> None:
        page.tables.setCurrentRow(list(TABLES).index(key))
        settle(qtbot)

    page = TablesPage(office)
    enter(qtbot, page)
    choose(page, BRANCHES.key)
    usual = page.view.columnWidth(1)
    choose(page, COMPANIES.key)
    page.view.setColumnWidth(1, 211)
    qtbot.wait(KEPT_MS)
    choose(page, BRANCHES.key)
    assert page.view.columnWidth(1) == usual
    choose(page, COMPANIES.key)
    assert page.view.columnWidth(1) == 211

    again = TablesPage(office)
    enter(qtbot, again)
    assert again.view.columnWidth(1) == 211
    choose(again, BRANCHES.key)
    assert again.view.columnWidth(1) == usual


def test_panes_are_where_they_were(qtbot: QtBot, office: Office) -> None:
    def panes(page: TablesPage) -> QSplitter:
        (splitter,) = page.findChildren(QSplitter)
        return splitter

    page = TablesPage(office)
    enter(qtbot, page)
    panes(page).moveSplitter(350, 1)
    moved = panes(page).sizes()
    qtbot.wait(KEPT_MS)
    again = TablesPage(office)
    enter(qtbot, again)
    assert panes(again).sizes() == moved


def test_the_columns_of_the_audit_are_kept(qtbot: QtBot, office: Office) -> None:
    page = AuditPage(office)
    enter(qtbot, page)
    page.view.setColumnWidth(2, 333)
    qtbot.wait(KEPT_MS)
    again = AuditPage(office)
    enter(qtbot, again)
    assert again.view.columnWidth(2) == 333
