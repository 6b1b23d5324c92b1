"""What stands in the place of a list with nothing in it: why, and a button for what to do next."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from ui import icons, theme
from ui.theme import Tone


class EmptyState(QWidget):
    """An icon, a sentence, a hint and buttons, in the middle of the place."""

    def __init__(self, icon: str, sentence: str, hint: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        picture = QLabel()
        picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        picture.setPixmap(icons.pixmap(icon, 40, Tone.NEUTRAL))
        title = theme.role(QLabel(sentence), "subtitle")
        title.setAlignment(Qt.AlignmentFlag.AlignCenter)
        title.setWordWrap(True)
        text = theme.role(QLabel(hint), "hint")
        text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        text.setWordWrap(True)
        self._buttons = QHBoxLayout()
        self._buttons.setSpacing(theme.S)
        self._buttons.addStretch(1)
        self._buttons.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setSpacing(theme.S)
        layout.addStretch(2)
        layout.addWidget(picture)
        layout.addWidget(title)
        layout.addWidget(text)
        layout.addSpacing(theme.S)
        layout.addLayout(self._buttons)
        layout.addStretch(3)
        self.setAccessibleName(sentence)

    def add_button(self, label: str, icon: str) -> QPushButton:
        """One thing to do next."""
        button = QPushButton(icons.icon(icon), label)
        self._buttons.insertWidget(self._buttons.count() - 1, button)
        return button
