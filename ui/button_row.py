"""The buttons at the foot of a page of a dialog, at its right end."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QPushButton

from ui import theme


def button_row(*buttons: QPushButton) -> QHBoxLayout:
    """The buttons in this order."""
    row = QHBoxLayout()
    row.setSpacing(theme.S)
    row.addStretch(1)
    for button in buttons:
        row.addWidget(button)
    return row
