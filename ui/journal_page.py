"""A list of what happened, the newest first: one entry is whole at the side, and newer ones do not take it away."""

from __future__ import annotations

from PySide6.QtCore import QItemSelection, QItemSelectionModel, Slot
from PySide6.QtWidgets import QAbstractItemView, QVBoxLayout, QWidget

from ui import theme
from ui.empty_state import EmptyState
from ui.list_page import ListPage, M

_SIDE_WIDTH = 380


class JournalPage(ListPage[M]):
    """The rows of its model have an `id`. The side appears with the first entry shown."""

    @property
    def _shown_id(self) -> int | None:
        """The entry at the side."""
        raise NotImplementedError

    def _fill_side(self, number: int) -> None:
        """Have the side read one entry, which may not be in the list."""
        raise NotImplementedError

    def _add_journal(self, nothing_yet: EmptyState, no_results: EmptyState, beside: QVBoxLayout) -> None:
        """The list, with `beside` as its side."""
        self._side = QWidget()
        self._side.setLayout(beside)
        self._side.hide()
        beside.setContentsMargins(theme.L, 0, 0, 0)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.selectionModel().selectionChanged.connect(self._selection_changed)
        self.model.block_read.connect(self._show_selected)
        self._add_list(nothing_yet, no_results, self._side, _SIDE_WIDTH)

    def _show(self, number: int) -> None:
        """Show one entry whole, and go to it in the list when it is there."""
        self.table.selectionModel().clearCurrentIndex()
        self._show_beside(number)

    def _show_beside(self, number: int) -> None:
        self._fill_side(number)
        self._side.show()

    def _restore_selection(self) -> None:
        shown = self._shown_id
        if shown is None:
            return
        positions = self.model.positions(lambda row: row.id == shown)
        selection = self.table.selectionModel()
        if not positions:
            selection.clearSelection()
            return
        flags = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
        self.table.follow(positions[0], flags)

    @Slot(QItemSelection, QItemSelection)
    def _selection_changed(self, _chosen: QItemSelection, _left: QItemSelection) -> None:
        self._show_selected()

    @Slot()
    def _show_selected(self) -> None:
        rows = self.table.selectionModel().selectedRows()
        row = self.model.row(rows[0].row()) if rows else None
        if row is not None:
            self._show_beside(row.id)
