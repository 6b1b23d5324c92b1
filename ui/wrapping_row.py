"""A row that goes on in another line where the window is too narrow for all of it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRect, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui import theme

_SPACING = theme.S


class WrappingRow(QWidget):
    """Widgets side by side, each as wide as it asks for, in as many lines as it takes.

    It is no QLayout: Python would keep its items, which Qt deletes without a word.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def add_widget(self, widget: QWidget) -> None:
        """One more, at the end."""
        kept_hidden = widget.isHidden() and widget.testAttribute(Qt.WidgetAttribute.WA_WState_ExplicitShowHide)
        widget.setParent(self)
        if self.isVisible() and not kept_hidden:
            widget.show()
        self.updateGeometry()

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._place(QRect(0, 0, width, 0), really=False)

    def sizeHint(self) -> QSize:
        sizes = [widget.sizeHint() for widget in self._shown()]
        width = sum(size.width() for size in sizes) + _SPACING * max(0, len(sizes) - 1)
        return QSize(width, max((size.height() for size in sizes), default=0))

    def minimumSizeHint(self) -> QSize:
        needed = QSize()
        for widget in self._shown():
            needed = needed.expandedTo(widget.minimumSizeHint()).expandedTo(widget.minimumSize())
        return needed

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place(self.rect(), really=True)

    def event(self, event: QEvent) -> bool:
        # One of them was shown, hidden or deleted, or asks for another size.
        if event.type() in (QEvent.Type.LayoutRequest, QEvent.Type.ChildRemoved):
            self.updateGeometry()
            self._place(self.rect(), really=True)
        return super().event(event)

    def _shown(self) -> list[QWidget]:
        return [child for child in self.children() if isinstance(child, QWidget) and not child.isHidden()]

    def _place(self, room: QRect, *, really: bool) -> int:
        """Give each its place, when `really`; the height that all lines take."""
        x, y, line = room.x(), room.y(), self.sizeHint().height()
        for widget in self._shown():
            width = widget.sizeHint().width()
            if x > room.x() and x + width > room.x() + room.width():
                x, y = room.x(), y + line + _SPACING
            if really:
                widget.setGeometry(QRect(x, y, width, line))
            x += width + _SPACING
        return y + line - room.y()
