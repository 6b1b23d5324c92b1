"""A row that goes on in another line where the window is too narrow for all of it."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtWidgets import QLayout, QLayoutItem

from ui import theme


class WrappingRow(QLayout):
    """Widgets side by side, each as wide as it asks for, in as many lines as it takes."""

    def __init__(self) -> None:
        super().__init__()
        self._items: list[QLayoutItem] = []
        self.setContentsMargins(0, 0, 0, 0)
        self.setSpacing(theme.S)

    def addItem(self, item: QLayoutItem) -> None:
        self._items.append(item)

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._place(QRect(0, 0, width, 0), really=False)

    def setGeometry(self, room: QRect) -> None:
        super().setGeometry(room)
        self._place(room, really=True)

    def sizeHint(self) -> QSize:
        sizes = [item.sizeHint() for item in self._shown()]
        width = sum(size.width() for size in sizes) + self.spacing() * max(0, len(sizes) - 1)
        return QSize(width, max((size.height() for size in sizes), default=0))

    def minimumSize(self) -> QSize:
        needed = QSize()
        for item in self._shown():
            needed = needed.expandedTo(item.minimumSize())
        return needed

    def _shown(self) -> list[QLayoutItem]:
        return [item for item in self._items if not item.isEmpty()]

    def _place(self, room: QRect, *, really: bool) -> int:
        """Give each its place, when `really`; the height that all lines take."""
        x, y, line = room.x(), room.y(), self.sizeHint().height()
        for item in self._shown():
            width = item.sizeHint().width()
            if x > room.x() and x + width > room.x() + room.width():
                x, y = room.x(), y + line + self.spacing()
            if really:
                item.setGeometry(QRect(x, y, width, line))
            x += width + self.spacing()
        return y + line - room.y()
