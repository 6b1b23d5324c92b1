"""Where the registration of one customer and SEFAZ disagree, and the choice of what to take over from there."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from ui import icons, theme, words
from ui.emptying import empty
from ui.failure_view import FailureView, failure_of
from ui.inscription_card import selectable
from ui.theme import Tone

if TYPE_CHECKING:
    from app.data.registration_update import Comparison
    from app.rules.registration_difference import Difference

_LINES = 6
"""Of one difference in the grid: a gap, the field, both values, a remark and a hindrance."""


class CustomerDifferences(QWidget):
    """Shows a comparison. Nothing is chosen until a person chooses it, and then what was chosen is asked for."""

    update_asked = Signal(object)
    """Take these differences over: a tuple of Difference."""

    consultation_chosen = Signal(int)
    """Show this consultation whole."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._comparison: Comparison | None = None
        self._saving = False
        self.boxes: dict[Difference, QCheckBox] = {}
        self.message = selectable()
        self.message.setAccessibleName("Resultado da atualização")
        theme.tone(self.message, Tone.OK)
        self._failure = FailureView()
        self._head = QVBoxLayout()
        self._head.setSpacing(theme.XS)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(theme.S)
        self._grid.setVerticalSpacing(theme.XS)
        self._grid.setColumnStretch(1, 1)
        self._card = QFrame()
        theme.card(self._card)
        inside = QVBoxLayout(self._card)
        inside.setContentsMargins(theme.M, theme.M, theme.M, theme.M)
        inside.addLayout(self._grid)
        content = QWidget()
        rows = QVBoxLayout(content)
        rows.setContentsMargins(0, theme.M, theme.S, theme.S)
        rows.setSpacing(theme.S)
        for widget in (self.message, self._failure):
            rows.addWidget(widget)
        rows.addLayout(self._head)
        rows.addWidget(self._card)
        rows.addStretch(1)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setAccessibleName("Divergências entre o cadastro e a SEFAZ")
        self._scroll.setWidget(content)

        self.all_box = QCheckBox("Marcar todas")
        self.all_box.clicked.connect(self._choose_all)
        self.update_button = QPushButton(icons.icon("save"), "Atualizar cadastro")
        self.update_button.clicked.connect(self._ask)
        foot = QHBoxLayout()
        foot.setContentsMargins(0, theme.S, 0, 0)
        foot.setSpacing(theme.S)
        foot.addWidget(self.all_box)
        foot.addStretch(1)
        foot.addWidget(self.update_button)
        self._foot = QWidget()
        self._foot.setLayout(foot)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self._scroll, 1)
        whole.addWidget(self._foot)
        self.forget()

    @property
    def chosen(self) -> tuple[Difference, ...]:
        """What is marked."""
        return tuple(difference for difference, box in self.boxes.items() if box.isChecked())

    def forget(self) -> None:
        """What was done concerns another customer."""
        self._comparison = None
        self._saving = False
        self.message.hide()
        self._failure.clear()

    def show_comparison(self, comparison: Comparison) -> None:
        """Show it; what a person marked stays while the comparison is the same."""
        if comparison == self._comparison:
            return
        self._comparison = comparison
        self._fill_head(comparison)
        self._fill_grid(comparison.found)
        self._card.setVisible(bool(comparison.found))
        self._foot.setVisible(bool(comparison.applicable))
        self.all_box.setVisible(len(comparison.applicable) > 1)
        for earlier, later in pairwise((*self.boxes.values(), self.all_box, self.update_button)):
            QWidget.setTabOrder(earlier, later)
        self._show_chosen()

    def show_saving(self) -> None:
        """What was asked for is under way."""
        self._saving = True
        if self.update_button.hasFocus():
            self._scroll.setFocus(Qt.FocusReason.OtherFocusReason)  # or it goes astray when the button is disabled
        self.message.hide()
        self._failure.clear()
        self._show_chosen()

    def show_done(self, sentence: str) -> None:
        """It is done; the sentence says what."""
        self._saving = False
        self.message.setText(sentence)
        self.message.show()
        self._show_chosen()
        self._scroll.verticalScrollBar().setValue(0)

    def show_error(self, error: Exception) -> None:
        """Nothing was changed."""
        self._saving = False
        self._failure.show_failure(failure_of(error))
        self._show_chosen()
        self._scroll.verticalScrollBar().setValue(0)

    # --- what it shows ---

    def _fill_head(self, comparison: Comparison) -> None:
        empty(self._head)
        if comparison.own is None:
            self._head.addWidget(selectable(comparison.why_not))
        elif not comparison.found:
            agreed = theme.role(selectable("O cadastro confere com o que a SEFAZ informa."), "strong")
            theme.tone(agreed, Tone.OK)
            self._head.addWidget(agreed)
        if comparison.own is not None and comparison.asked_at is not None:
            when = f"{words.exact(comparison.asked_at)} ({words.relative(comparison.asked_at)})"
            said = f"Cadastro comparado com a inscrição {comparison.own.IE} da resposta da SEFAZ de {when}."
            self._head.addWidget(theme.role(selectable(said), "hint"))
        if comparison.consultation_id is not None:
            link = QPushButton(f"Ver a consulta {comparison.consultation_id}")
            theme.link(link)
            link.clicked.connect(self._follow_link)
            self._head.addWidget(link, 0, Qt.AlignmentFlag.AlignLeft)

    def _fill_grid(self, found: Sequence[Difference]) -> None:
        empty(self._grid)
        self.boxes = {}
        for row in range(self._grid.rowCount()):
            self._grid.setRowMinimumHeight(row, 0)
        told = ""
        for number, difference in enumerate(found):
            row = number * _LINES
            if number:
                self._grid.setRowMinimumHeight(row, theme.S)
            self._grid.addWidget(self._field(difference), row + 1, 0, 1, 2)
            here = selectable(difference.here) if difference.here else theme.role(selectable("(vazio)"), "hint")
            there = theme.role(selectable(difference.there), "strong")
            for place, (name, value) in enumerate((("No cadastro", here), ("Na SEFAZ", there)), row + 2):
                self._grid.addWidget(theme.role(QLabel(name), "hint"), place, 0, Qt.AlignmentFlag.AlignTop)
                # However long a word is, it does not push the others out of sight.
                value.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
                self._grid.addWidget(value, place, 1)
            # One hindrance of the whole address is read once, not at each of its fields.
            hindrance, told = "" if difference.hindrance == told else difference.hindrance, difference.hindrance
            for place, (note, tone) in enumerate(((difference.remark, None), (hindrance, Tone.WARN)), row + 4):
                if note:
                    label = theme.role(selectable(note), "hint")
                    theme.tone(label, tone)
                    self._grid.addWidget(label, place, 0, 1, 2)

    def _field(self, difference: Difference) -> QWidget:
        """The name of the field: a box to mark, where SEFAZ's value may be taken over."""
        if difference.hindrance:
            return QLabel(difference.label)
        box = QCheckBox(difference.label)
        box.setAccessibleName(f"Atualizar {difference.label}: {difference.here or 'vazio'} → {difference.there}")
        box.setToolTip(f"Grava no cadastro: {difference.there}")
        box.toggled.connect(self._show_chosen)
        self.boxes[difference] = box
        return box

    # --- what a person does ---

    @Slot()
    def _show_chosen(self) -> None:
        number = len(self.chosen)
        self.all_box.setChecked(0 < len(self.boxes) == number)
        self.update_button.setEnabled(bool(number) and not self._saving)
        text = f"Atualizar cadastro ({number})" if number else "Atualizar cadastro"
        self.update_button.setText("Atualizando…" if self._saving else text)
        self.update_button.setToolTip("" if number else "Marque os campos a atualizar")

    @Slot(bool)
    def _choose_all(self, chosen: bool) -> None:
        for box in self.boxes.values():
            box.setChecked(chosen)

    @Slot()
    def _ask(self) -> None:
        self.update_asked.emit(self.chosen)

    @Slot()
    def _follow_link(self) -> None:
        if self._comparison is not None and self._comparison.consultation_id is not None:
            self.consultation_chosen.emit(self._comparison.consultation_id)
