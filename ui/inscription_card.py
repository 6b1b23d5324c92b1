"""One inscription as SEFAZ returned it: every field with its label, its layout name, and what it was before."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from app.domain import Inscription
from app.inscription_words import LABELS, Changes, fields_of, spelled
from ui import theme
from ui.theme import Tone


class InscriptionCard(QWidget):
    """The fields of the inscription at `position` of an answer; those in `changes` are marked."""

    def __init__(
        self, inscription: Inscription, position: int, changes: Changes, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        grid = QGridLayout(self)
        grid.setContentsMargins(theme.M, theme.M, theme.M, theme.M)
        grid.setHorizontalSpacing(theme.M)
        grid.setVerticalSpacing(theme.S)
        grid.setColumnStretch(0, 2)
        grid.setColumnStretch(1, 3)
        present = fields_of(inscription)
        names = [name for name in LABELS if name in present or (position, name) in changes.fields]
        for row, name in enumerate(names):
            value = spelled(name, present[name]) if name in present else "(não veio nesta resposta)"
            self._add(grid, row, name, value, changes.fields.get((position, name)))

    def _add(self, grid: QGridLayout, row: int, name: str, value: str, before: str | None) -> None:
        label = QLabel(LABELS[name].replace("-", "\u2011"))  # “NF-e” is never parted
        label.setWordWrap(True)
        label.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        names = QVBoxLayout()  # one under the other: in columns of their own they would not fit at the side of a list
        names.setSpacing(0)
        names.addWidget(label)
        if name != LABELS[name]:
            layout_name = theme.role(QLabel(name), "hint")
            layout_name.setToolTip("Nome do campo no leiaute da SEFAZ")
            names.addWidget(layout_name)
        names.addStretch(1)
        text = theme.role(selectable(value), "strong" if before is not None else "value")
        text.setAccessibleName(f"{LABELS[name]}: {value}")
        grid.addLayout(names, 2 * row, 0)
        grid.addWidget(text, 2 * row, 1)
        if before is not None:
            old = f"antes: {spelled(name, before)}" if before else "não vinha na resposta anterior"
            mark = theme.badge(QLabel(f"Mudou · {old}"), Tone.WARN)
            mark.setWordWrap(True)
            mark.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
            grid.addWidget(mark, 2 * row + 1, 1, Qt.AlignmentFlag.AlignLeft)


def selectable(text: str = "") -> QLabel:
    """A label whose text wraps and can be copied with the mouse or the keyboard. Never read as rich text."""
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setTextInteractionFlags(
        Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
    )
    label.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
    return label
