"""A check list on screen: each step with how it went, what came of it all, and the ways out."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from services.check_list import CheckReport, Outcome, Remedy, StepReport, ToCopy, as_text, told_once
from ui import icons, theme
from ui.aside_button import AsideButton
from ui.failure_view import FailureView
from ui.inscription_card import selectable
from ui.outcome_look import LOOKS, UNDER_WAY
from ui.theme import Tone
from ui.words import Look

_STRETCHES = (0, 5, 8, 0)
_ICON = 16

_Shown = tuple[str, Look, StepReport | None]
"""A line: the step's name, how it looks, and the step itself once it was made."""


class CheckListView(QFrame):
    """Hidden until a report is shown. A text to copy is copied here; the other ways out are asked for."""

    remedy_wanted = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Passos do teste")
        self._report: CheckReport | None = None
        self._lines: list[_Line] = []
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(theme.S)
        self._grid.setVerticalSpacing(theme.XS)
        for place, stretch in enumerate(_STRETCHES):
            self._grid.setColumnStretch(place, stretch)
        self.summary = selectable()
        self.failure = FailureView(copies=False)
        self.copy_button = QPushButton(icons.icon("copy"), "Copiar diagnóstico")
        self.copy_button.setToolTip("Todos os passos, para mandar ao suporte. Não leva a senha.")
        self.copy_button.clicked.connect(self._copy_report)
        self.told = theme.role(QLabel(), "hint")
        self.told.setWordWrap(True)
        self._ways_out = QVBoxLayout()
        self._ways_out.setSpacing(theme.S)
        self.remedies: list[QPushButton] = []
        copying = QHBoxLayout()
        copying.setSpacing(theme.S)
        copying.addWidget(self.copy_button)
        copying.addWidget(self.told, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.S)
        column.addLayout(self._grid)
        column.addWidget(self.summary)
        column.addWidget(self.failure)
        column.addLayout(self._ways_out)
        column.addLayout(copying)
        self.hide()

    def show_report(self, report: CheckReport) -> None:
        """Show this report; the lines that it has in common with the last one stay."""
        self._report = report
        wanted: list[_Shown] = [
            (name if name == step.step.label else "Demais passos", LOOKS[step.outcome], step)
            for name, step in told_once(report.steps)
        ]
        if not report.finished and len(report.steps) < len(report.plan):
            wanted.append((report.plan[len(report.steps)].label, UNDER_WAY, None))
        self._show_lines(wanted)
        self.told.clear()
        failed = report.failed if report.finished else None
        if failed is not None and failed.failure is not None:
            self.failure.show_failure(failed.failure)
        else:
            self.failure.clear()
        self.summary.setText(report.summary)
        theme.tone(self.summary, None if report.cancelled else LOOKS[report.outcome].tone)
        self.summary.setVisible(report.finished and bool(report.summary))
        self._offer(report.remedies if report.finished else ())
        self.copy_button.setVisible(report.finished)
        self.told.setVisible(report.finished)
        self.show()

    @property
    def newest(self) -> QWidget:
        """What was added last: the end of a finished report, the line under way of another."""
        finished = self._report is not None and self._report.finished
        return self.copy_button if finished or not self._lines else self._lines[-1].widgets[0]

    def clear(self) -> None:
        """There is nothing to show."""
        self.hide()

    def _show_lines(self, wanted: list[_Shown]) -> None:
        kept = 0
        while kept < min(len(self._lines), len(wanted)) and self._lines[kept].shows == wanted[kept]:
            kept += 1
        for line in self._lines[kept:]:
            line.remove(self._grid)
        del self._lines[kept:]
        for row, (name, look, step) in enumerate(wanted[kept:], kept):
            self._lines.append(_Line(self._grid, row, name, look, step))

    def _offer(self, remedies: tuple[Remedy, ...]) -> None:
        for button in self.remedies:
            button.hide()
            button.deleteLater()
        self.remedies = []
        for remedy in remedies:
            button = AsideButton(icons.icon("copy" if isinstance(remedy, ToCopy) else "refresh"), remedy.label)
            if isinstance(remedy, ToCopy):
                button.setToolTip(remedy.text)
            button.clicked.connect(partial(self._take, remedy))
            self._ways_out.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)
            self.remedies.append(button)

    def _take(self, remedy: Remedy, _checked: bool = False) -> None:
        if isinstance(remedy, ToCopy):
            QGuiApplication.clipboard().setText(remedy.text)
            self.told.setText(f"Copiado: {remedy.text}")
        else:
            self.remedy_wanted.emit(remedy)

    @Slot()
    def _copy_report(self) -> None:
        if self._report is not None:
            QGuiApplication.clipboard().setText(as_text(self._report))
            self.told.setText("Diagnóstico copiado.")


class _Line:
    """One step in the grid."""

    def __init__(self, grid: QGridLayout, row: int, name: str, look: Look, step: StepReport | None) -> None:
        self.shows: _Shown = (name, look, step)
        icon = QLabel()
        icon.setPixmap(icons.pixmap(look.icon, _ICON, look.tone))
        icon.setAccessibleName(f"{name}: {look.word}")
        title = QLabel(name)
        title.setWordWrap(True)
        # What failed is said whole in the card under the list.
        found = selectable(f"{look.word}…" if step is None else look.word if step.failure is not None else step.found)
        took = theme.role(QLabel("" if step is None or step.duration_ms is None else f"{step.duration_ms} ms"), "hint")
        if step is None or step.outcome is Outcome.NOT_DONE:
            theme.tone(title, Tone.NEUTRAL)
            theme.tone(found, Tone.NEUTRAL)
        elif step.outcome is not Outcome.OK:
            theme.role(title, "strong")
            theme.tone(found, look.tone)
        self.widgets = (icon, title, found, took)
        for column, widget in enumerate(self.widgets):
            grid.addWidget(widget, row, column, Qt.AlignmentFlag.AlignTop if column != 2 else Qt.AlignmentFlag(0))

    def remove(self, grid: QGridLayout) -> None:
        for widget in self.widgets:
            grid.removeWidget(widget)
            widget.hide()
            widget.deleteLater()
