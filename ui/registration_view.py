"""The registration of a reseller as ANP returned it: every field, what it was before, and what its brand is here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from app import anp_words
from ui import theme
from ui.inscription_card import selectable
from ui.theme import Tone

if TYPE_CHECKING:
    from app.brands import BrandReading
    from app.domain import AnpRegistration


class RegistrationView(QWidget):
    """The fields that ANP states; those in `different` are marked with what they were. `brand` is said by its field."""

    def __init__(
        self,
        registration: AnpRegistration,
        brand: BrandReading,
        different: dict[str, str],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        frame = QFrame()
        theme.card(frame)
        self._grid = QGridLayout(frame)
        self._grid.setContentsMargins(theme.M, theme.M, theme.M, theme.M)
        self._grid.setHorizontalSpacing(theme.M)
        self._grid.setVerticalSpacing(theme.S)
        self._grid.setColumnStretch(0, 2)
        self._grid.setColumnStretch(1, 3)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(theme.S)
        whole.addWidget(theme.role(QLabel("Cadastro na ANP"), "subtitle"))
        whole.addWidget(frame)
        present = anp_words.fields_of(registration)
        for name, label in anp_words.LABELS.items():
            if name in present or name in different or name == "brand":
                self._add(label, present.get(name, "(a ANP não informa)"), different.get(name))
            if name == "brand":
                self._grid.addWidget(theme.role(selectable(brand.why), "hint"), self._grid.rowCount(), 1)

    def _add(self, label: str, value: str, before: str | None) -> None:
        name = QLabel(label)
        name.setWordWrap(True)
        name.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        text = theme.role(selectable(value), "strong" if before is not None else "value")
        text.setAccessibleName(f"{label}: {value}")
        row = self._grid.rowCount()
        self._grid.addWidget(name, row, 0)
        self._grid.addWidget(text, row, 1)
        if before is not None:
            mark = theme.badge(
                QLabel(f"Mudou · {f'antes: {before}' if before else 'antes a ANP não informava'}"), Tone.WARN
            )
            mark.setWordWrap(True)
            mark.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
            self._grid.addWidget(mark, row + 1, 1, Qt.AlignmentFlag.AlignLeft)
