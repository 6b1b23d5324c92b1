"""The list of changes: the newest first, searched, filtered, and one of them whole."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.settings.catalog import SEFAZ_INTERVAL
from tests.ui.office import enter, open_office
from tests.ui.window import settle
from ui.audit_page import AuditPage
from ui.office import Office


@pytest.fixture
def office(qapp: QApplication) -> Iterator[Office]:
    with open_office(with_branch=True) as opened:
        opened.settings.save({(SEFAZ_INTERVAL, 0): 9}, opened.snapshot, "joão")
        yield opened


def changes(page: AuditPage) -> list[str]:
    model = page.view.model()
    return [model.index(row, 2).data() for row in range(model.rowCount())]


def test_changes_are_listed_searched_and_filtered(qtbot: QtBot, office: Office) -> None:
    page = AuditPage(office)
    enter(qtbot, page)
    assert changes(page) == ["Intervalo entre cada consulta", "filial 1: incluído", "empresa 1: incluído"]
    assert page.count.text() == "3 mudanças"
    page.view.selectRow(0)
    assert page.old.text() == "5 segundos"
    assert page.new.text() == "9 segundos"
    assert "por joão" in page.where.text()

    page.search.setText("MATRIZ")
    qtbot.waitUntil(lambda: changes(page) == ["filial 1: incluído"])
    page.subject.setCurrentIndex(page.subject.findData("/"))
    settle(qtbot)
    assert changes(page) == []
    assert page.show_all.isVisible()
    page.show_all.click()
    settle(qtbot)
    assert len(changes(page)) == 3
    page.show_argument("filiais/")
    settle(qtbot)
    assert changes(page) == ["filial 1: incluído"]
