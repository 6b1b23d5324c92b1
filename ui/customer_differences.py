"""Where the registration of one customer and SEFAZ disagree, and the choice of what to take over from there."""

from __future__ import annotations

from collections.abc import Sequence
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

_BOX, _HERE, _THERE = range(3)


class CustomerDifferences(QScrollArea):
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
        theme.tone(self.message, Tone.OK)
        self.message.setAccessibleName("Resultado da atualização")
        self._failure = FailureView()
        self._head = QVBoxLayout()
        self._head.setSpacing(theme.XS)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(theme.M)
        self._grid.setVerticalSpacing(theme.S)
        self._grid.setColumnStretch(_HERE, 1)
        self._grid.setColumnStretch(_THERE, 1)
        self.card = QFrame()
        theme.card(self.card)
        inside = QVBoxLayout(self.card)
        inside.setContentsMargins(theme.M, theme.M, theme.M, theme.M)
        inside.addLayout(self._grid)
        self.all_box = QCheckBox("Marcar todas")
        self.all_box.clicked.connect(self._choose_all)
        self.update_button = QPushButton(icons.icon("save"), "Atualizar cadastro")
        self.update_button.clicked.connect(self._ask)
        foot = QHBoxLayout()
        foot.setSpacing(theme.S)
        foot.addWidget(self.all_box)
        foot.addStretch(1)
        foot.addWidget(self.update_button)
        self._foot = QWidget()
        self._foot.setLayout(foot)
        foot.setContentsMargins(0, 0, 0, 0)

        content = QWidget()
        whole = QVBoxLayout(content)
        whole.setContentsMargins(0, theme.M, theme.S, theme.S)
        whole.setSpacing(theme.S)
        whole.addLayout(self._head)
        whole.addWidget(self.card)
        whole.addWidget(self._foot)
        whole.addWidget(self.message)
        whole.addWidget(self._failure)
        whole.addStretch(1)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidget(content)
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
        self.card.setVisible(bool(comparison.found))
        self._foot.setVisible(bool(comparison.applicable))
        self.all_box.setVisible(len(comparison.applicable) > 1)
        self._show_chosen()

    def show_saving(self) -> None:
        """What was asked for is under way."""
        self._saving = True
        self.message.hide()
        self._failure.clear()
        self._show_chosen()

    def show_done(self, sentence: str) -> None:
        """It is done; the sentence says what."""
        self._saving = False
        self.message.setText(sentence)
        self.message.show()
        self._show_chosen()

    def show_error(self, error: Exception) -> None:
        """Nothing was changed."""
        self._saving = False
        self._failure.show_failure(failure_of(error))
        self._show_chosen()

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
        for column, title in enumerate(("Campo", "No cadastro", "Na SEFAZ")):
            self._grid.addWidget(theme.role(QLabel(title), "hint"), 0, column)
        row = 1
        for difference in found:
            # A check box does not wrap: the longest name would take the room of the values.
            box = QCheckBox(difference.label.replace("Inscrição ", "Inscrição\n"))
            box.setAccessibleName(f"Atualizar {difference.label}: {difference.here or 'vazio'} → {difference.there}")
            box.setEnabled(not difference.hindrance)
            box.setToolTip(difference.hindrance or f"Grava no cadastro: {difference.there}")
            box.toggled.connect(self._show_chosen)
            self.boxes[difference] = box
            here = selectable(difference.here) if difference.here else theme.role(selectable("(vazio)"), "hint")
            there = theme.role(selectable(difference.there), "strong")
            for column, widget in ((_BOX, box), (_HERE, here), (_THERE, there)):
                self._grid.addWidget(widget, row, column, Qt.AlignmentFlag.AlignTop)
            row += 1
            for note, tone in ((difference.remark, None), (difference.hindrance, Tone.WARN)):
                if note:
                    label = theme.role(selectable(note), "hint")
                    theme.tone(label, tone)
                    self._grid.addWidget(label, row, _HERE, 1, 2)
                    row += 1

    # --- what a person does ---

    @Slot()
    def _show_chosen(self) -> None:
        number, possible = len(self.chosen), [box for box in self.boxes.values() if box.isEnabled()]
        self.all_box.setChecked(bool(possible) and number == len(possible))
        self.update_button.setEnabled(bool(number) and not self._saving)
        text = f"Atualizar cadastro ({number})" if number else "Atualizar cadastro"
        self.update_button.setText("Atualizando…" if self._saving else text)
        self.update_button.setToolTip("" if number else "Marque os campos a atualizar")

    @Slot(bool)
    def _choose_all(self, chosen: bool) -> None:
        for box in self.boxes.values():
            box.setChecked(chosen and box.isEnabled())

    @Slot()
    def _ask(self) -> None:
        self.update_asked.emit(self.chosen)

    @Slot()
    def _follow_link(self) -> None:
        if self._comparison is not None and self._comparison.consultation_id is not None:
            self.consultation_chosen.emit(self._comparison.consultation_id)
