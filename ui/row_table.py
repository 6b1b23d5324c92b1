"""A list of whole rows, which goes sideways only when a person asks."""

from __future__ import annotations

from PySide6.QtCore import QItemSelectionModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QTableView

_SIDEWAYS = (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Home, Qt.Key.Key_End)


class RowTable(QTableView):
    """The keys that go from cell to cell bring the cell into sight; choosing a row brings only the row.

    Qt brings the cell that was clicked into sight, half a second later: with a wide one, the first columns go away.
    """

    _asked_sideways = False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        self._asked_sideways = event.key() in _SIDEWAYS
        super().keyPressEvent(event)
        self._asked_sideways = False

    def scrollTo(
        self,
        index: QModelIndex | QPersistentModelIndex,
        hint: QAbstractItemView.ScrollHint = QAbstractItemView.ScrollHint.EnsureVisible,
    ) -> None:
        bar = self.horizontalScrollBar()
        before = bar.value()
        super().scrollTo(index, hint)
        if not self._asked_sideways:
            bar.setValue(before)

    def follow(self, row: int, flags: QItemSelectionModel.SelectionFlag) -> None:
        """What was the current row is at this place now, on the same column.

        The list goes after it only when it was in sight: whoever scrolled away is reading something else.
        """
        before = self.selectionModel().currentIndex()
        self.setAutoScroll(not before.isValid() or self._is_in_sight(before.row()))
        self.selectionModel().setCurrentIndex(self.model().index(row, max(before.column(), 0)), flags)
        self.setAutoScroll(True)

    def _is_in_sight(self, row: int) -> bool:
        top = self.rowViewportPosition(row)
        return -self.rowHeight(row) < top < self.viewport().height()
