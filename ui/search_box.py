"""Where what is looked for in a list is typed: the same magnifier, the same Ctrl+F, everywhere."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QLineEdit, QWidget

from ui import icons

_PAUSE_MS = 150


class SearchBox(QLineEdit):
    """`hint` stands in it while it is empty; `name` is what a screen reader says."""

    searched = Signal()
    """The typing paused: the text is to be looked for."""

    def __init__(self, hint: str, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setPlaceholderText(hint)
        self.setAccessibleName(name)
        self.setClearButtonEnabled(True)
        self.addAction(icons.icon("search"), QLineEdit.ActionPosition.LeadingPosition)
        self._pause = QTimer(self, singleShot=True, interval=_PAUSE_MS)
        self._pause.timeout.connect(self.searched)
        self.textChanged.connect(self._pause.start)
        QShortcut(QKeySequence(QKeySequence.StandardKey.Find), self, self.take_focus)

    def settle(self) -> None:
        """The text is being looked for already: no need to wait for the pause."""
        self._pause.stop()

    @Slot()
    def take_focus(self) -> None:
        """Be typed in, over what was there."""
        self.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.selectAll()
