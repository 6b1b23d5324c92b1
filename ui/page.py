"""What every page of the main window is: a header with its place and title, a body, and its unsaved changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QAbstractSpinBox,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from ui import theme

_FIELDS = (QLineEdit, QComboBox, QAbstractSpinBox, QAbstractItemView)


class Page(QWidget):
    """One page. `path` is the original menu path, shown above the title; `header` takes widgets at the right.

    A page reads its data in `entered`, off the GUI thread, never while it is made.
    """

    def __init__(self, key: str, title: str, path: Sequence[str] = (), parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.key = key
        self.title = title
        self.path = tuple(path)
        self.setAccessibleName(title)

        names = QVBoxLayout()
        names.setSpacing(2)
        if self.path:
            names.addWidget(theme.role(QLabel(" › ".join(self.path)), "hint"))
        names.addWidget(theme.role(QLabel(title), "title"))
        self.header = QHBoxLayout()
        self.header.setSpacing(theme.S)
        top = QHBoxLayout()
        top.addLayout(names)
        top.addStretch(1)
        top.addLayout(self.header)
        self.body = QVBoxLayout()
        self.body.setSpacing(theme.M)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(theme.XL, theme.L, theme.XL, theme.L)
        whole.setSpacing(theme.L)
        whole.addLayout(top)
        whole.addLayout(self.body, 1)

    def entered(self) -> None:
        """Called each time the page is shown: read again what it shows, off the GUI thread."""

    def show_argument(self, argument: object) -> None:
        """Called after `entered` when the page was opened for something: a customer's number, a filter, a setting."""

    def take_keyboard(self, last: QWidget | None) -> None:
        """Have the keyboard where it was when the page was left; the first time, in its first field or list."""
        if last is not None and self._may_have_keyboard(last):
            last.setFocus(Qt.FocusReason.ShortcutFocusReason)
            return
        inside = []
        widget: QWidget | None = self.nextInFocusChain()
        while widget is not None and widget is not self:
            if self.isAncestorOf(widget) and self._may_have_keyboard(widget):
                inside.append(widget)
            widget = widget.nextInFocusChain()
        first = next((widget for widget in inside if isinstance(widget, _FIELDS)), next(iter(inside), None))
        if first is not None:
            first.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _may_have_keyboard(self, widget: QWidget) -> bool:
        by_tab = Qt.FocusPolicy.TabFocus
        return (widget.focusPolicy() & by_tab) == by_tab and widget.isEnabled() and widget.isVisibleTo(self)

    def unsaved(self) -> list[str]:
        """The labels of what was changed here and not saved."""
        return []

    def save_all(self, then: Callable[[bool], None]) -> None:
        """Save every unsaved change, then call `then` with whether all of them are kept."""
        then(True)

    def discard_all(self) -> None:
        """Forget every unsaved change."""

    def show_help(self) -> bool:
        """F1: show the help of what has the focus. False when this page has none of its own."""
        return False
