"""A field for something secret: its text is hidden until the eye at its end is pressed."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QLineEdit, QWidget

from ui import icons


class PasswordField(QLineEdit):
    """`shown` is what the eye shows, as in "a senha"."""

    def __init__(self, shown: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setEchoMode(QLineEdit.EchoMode.Password)
        self.eye = QAction(icons.icon("eye"), f"Mostrar {shown}", self, checkable=True)
        self.eye.toggled.connect(self._show_text)
        self.addAction(self.eye, QLineEdit.ActionPosition.TrailingPosition)

    @Slot(bool)
    def _show_text(self, shown: bool) -> None:
        self.setEchoMode(QLineEdit.EchoMode.Normal if shown else QLineEdit.EchoMode.Password)
