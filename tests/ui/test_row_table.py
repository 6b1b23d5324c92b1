"""The lists do not go sideways by themselves: the first columns say what a row is of."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractItemView
from pytestqt.qtbot import QtBot

from ui.row_table import RowTable
from ui.table_look import prepare_table

_WIDTHS = (100, 600, 100)
_ROWS = 50


class WatchedTable(RowTable):
    """Says when Qt has brought a cell into sight, which it does half a second after a click."""

    brought = Signal()

    def scrollTo(
        self,
        index: QModelIndex | QPersistentModelIndex,
        hint: QAbstractItemView.ScrollHint = QAbstractItemView.ScrollHint.EnsureVisible,
    ) -> None:
        super().scrollTo(index, hint)
        self.brought.emit()


@pytest.fixture
def table(qtbot: QtBot) -> WatchedTable:
    made = WatchedTable()
    qtbot.addWidget(made)
    model = QStandardItemModel(made)
    for row in range(_ROWS):
        model.appendRow([QStandardItem(f"{row}, {column}") for column in range(len(_WIDTHS))])
    made.setModel(model)
    prepare_table(made)
    for column, width in enumerate(_WIDTHS):
        made.horizontalHeader().resizeSection(column, width)
    made.resize(400, 300)
    made.show()
    qtbot.waitExposed(made)
    return made


def click(table: WatchedTable, row: int, column: int) -> None:
    where = table.visualRect(table.model().index(row, column)).intersected(table.viewport().rect()).center()
    QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=where)


def test_a_click_on_a_cell_that_is_not_all_in_sight_leaves_the_first_columns_there(
    qtbot: QtBot, table: WatchedTable
) -> None:
    with qtbot.waitSignal(table.brought):
        click(table, 2, 1)
    assert table.currentIndex().column() == 1
    assert table.horizontalScrollBar().value() == 0


def test_the_keys_go_sideways_from_cell_to_cell_and_down_from_row_to_row(table: WatchedTable) -> None:
    click(table, 2, 1)
    QTest.keyClick(table, Qt.Key.Key_Down)
    assert (table.currentIndex().row(), table.horizontalScrollBar().value()) == (3, 0)
    QTest.keyClick(table, Qt.Key.Key_Right)
    assert table.horizontalScrollBar().value() > 0
    QTest.keyClick(table, Qt.Key.Key_Home)
    assert table.horizontalScrollBar().value() == 0
    QTest.keyClick(table, Qt.Key.Key_PageDown)
    assert table.verticalScrollBar().value() > 0
