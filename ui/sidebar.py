"""The list of pages at the left: icon and word, by mouse or keyboard."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal, Slot
from PySide6.QtGui import QFocusEvent
from PySide6.QtWidgets import QFrame, QListWidget, QListWidgetItem, QWidget

from ui import icons, pages

_KEY = Qt.ItemDataRole.UserRole
_WIDTH = 196


class Sidebar(QListWidget):
    """Shows which page is open and asks for another one."""

    chosen = Signal(str)
    """The key of the page that was asked for."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("sidebar")
        self.setAccessibleName("Páginas")
        self.setFixedWidth(_WIDTH)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setIconSize(QSize(20, 20))
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        for entry in pages.SIDEBAR:
            item = QListWidgetItem(icons.icon(entry.icon), entry.title, self)
            item.setData(_KEY, entry.key)
        self.set_unavailable("")
        self.currentItemChanged.connect(self._changed)

    def show_current(self, key: str) -> None:
        """Mark the open page, or none when it is not in the list."""
        with QSignalBlocker(self):
            self.setCurrentRow(next((row for row in range(self.count()) if self._key(row) == key), -1))
            if self.currentRow() < 0:
                self.clearSelection()

    def set_unavailable(self, reason: str, *, except_for: tuple[str, ...] = ()) -> None:
        """Pages that cannot be opened now, with why as their tooltip; "" makes all of them available again."""
        for row in range(self.count()):
            item = self.item(row)
            available = not reason or self._key(row) in except_for
            flags = item.flags()
            item.setFlags(flags | Qt.ItemFlag.ItemIsEnabled if available else flags & ~Qt.ItemFlag.ItemIsEnabled)
            keys = pages.shortcut(row + 1)
            item.setToolTip(reason if not available else f"{item.text()} ({keys})" if keys else item.text())

    def _key(self, row: int) -> str:
        return str(self.item(row).data(_KEY))

    def focusInEvent(self, event: QFocusEvent) -> None:
        if self.currentIndex().isValid():
            super().focusInEvent(event)
        else:
            # Qt would choose the first page here, and so leave an open page that is not in the list.
            QFrame.focusInEvent(self, event)

    @Slot(QListWidgetItem, QListWidgetItem)
    def _changed(self, item: QListWidgetItem | None, before: QListWidgetItem | None) -> None:
        if item is not None:
            self.chosen.emit(str(item.data(_KEY)))
