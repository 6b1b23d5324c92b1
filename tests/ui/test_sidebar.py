"""The list of pages reached by the keyboard while the open page is not in it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from ui import pages
from ui.sidebar import Sidebar


def test_reaching_the_list_from_a_page_outside_it_chooses_nothing(qtbot: QtBot) -> None:
    sidebar = Sidebar()
    qtbot.addWidget(sidebar)
    sidebar.show_current(pages.CERTIFICATES)
    chosen: list[str] = []
    sidebar.chosen.connect(chosen.append)
    sidebar.show()
    sidebar.activateWindow()
    sidebar.setFocus()
    qtbot.waitUntil(sidebar.hasFocus)
    assert chosen == []
    QTest.keyClick(sidebar, Qt.Key.Key_Down)
    assert chosen == [pages.HOME]
    sidebar.clearFocus()
    sidebar.show_current(pages.AUDIT)
    sidebar.setFocus()
    qtbot.waitUntil(sidebar.hasFocus)
    assert chosen == [pages.HOME]
    QTest.keyClick(sidebar, Qt.Key.Key_Up)
    assert len(chosen) == 2
