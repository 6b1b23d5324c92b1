"""The lines of a file that could not be read, each with why, to look at and to copy."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from ui import icons, theme
from ui.aside_button import AsideButton


class RejectedLines(QDialog):
    """`lines` is the text as it is shown."""

    def __init__(self, title: str, lines: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Linhas recusadas")
        heading = theme.role(QLabel(title), "subtitle")
        heading.setWordWrap(True)
        self.lines = QPlainTextEdit(lines)
        self.lines.setReadOnly(True)
        self.lines.setTabChangesFocus(True)
        self.lines.setAccessibleName(title)
        copy = AsideButton(icons.icon("copy"), "Copiar")
        copy.clicked.connect(self._copy)
        close = QPushButton("Fechar")
        close.clicked.connect(self.accept)
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.S)
        buttons.addWidget(copy)
        buttons.addStretch(1)
        buttons.addWidget(close)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(theme.XL, theme.L, theme.XL, theme.L)
        whole.setSpacing(theme.M)
        whole.addWidget(heading)
        whole.addWidget(self.lines, 1)
        whole.addLayout(buttons)
        self.resize(680, 420)

    @Slot()
    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.lines.toPlainText())
