"""A button beside what a dialog is for: Enter presses it only while the keyboard is on it."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QPushButton


class AsideButton(QPushButton):
    """Never becomes the button of Enter, as Qt would have it where a dialog has no other.

    With `setAutoDefault(False)` alone, Enter on “Cancelar” would press the dialog's main button.
    """

    def __init__(self, *what: Any) -> None:
        """`what` is the text, with the icon before it where there is one."""
        super().__init__(*what)
        self.setAutoDefault(False)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)
