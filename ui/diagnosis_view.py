"""One UF's diagnosis whole: what failed, why and what to do, and each step with what was found."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from app.uf import UFS
from services.check_list import StepReport, told_once
from services.sefaz.diagnosis_report import UfReport
from ui import icons, theme
from ui.failure_view import FailureView
from ui.inscription_card import selectable
from ui.outcome_look import LOOKS, UNDER_WAY
from ui.public_page_button import PublicPageButton


class DiagnosisView(QScrollArea):
    """Shows one report at a time."""

    consultation_wanted = Signal(int)
    retry_wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Diagnóstico da UF escolhida")
        self._report: UfReport | None = None
        self._title = theme.role(QLabel(), "subtitle")
        self._badge = QLabel()
        self._where = theme.role(selectable(), "hint")
        self._sentence = theme.role(selectable(), "value")
        self.failure = FailureView()
        self._since = theme.role(selectable(), "hint")
        self.retry_button = QPushButton(icons.icon("refresh"), "Tentar de novo")
        self.retry_button.setToolTip("Consulta a UF mesmo tendo ela dito que não atende")
        self.retry_button.clicked.connect(self._retry)
        self.open_button = QPushButton(icons.icon("consultations"), "Abrir a consulta")
        self.open_button.clicked.connect(self._open)
        self._cards: list[_StepCard] = []
        self._steps = QVBoxLayout()
        self._steps.setSpacing(theme.S)
        self.public_page = PublicPageButton()
        theme.link(self.public_page)

        head = QHBoxLayout()
        head.setSpacing(theme.S)
        head.addWidget(self._title)
        head.addWidget(self._badge)
        head.addStretch(1)
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.S)
        buttons.addWidget(self.retry_button)
        buttons.addWidget(self.open_button)
        buttons.addStretch(1)
        inside = QFrame()
        column = QVBoxLayout(inside)
        column.setContentsMargins(theme.S, theme.S, theme.S, theme.S)
        column.setSpacing(theme.S)
        column.addLayout(head)
        for widget in (self._where, self._sentence, self.failure, self._since):
            column.addWidget(widget)
        column.addLayout(buttons)
        column.addWidget(self.public_page, 0, Qt.AlignmentFlag.AlignLeft)
        column.addLayout(self._steps)
        column.addStretch(1)
        self.setWidget(inside)

    def show_report(self, report: UfReport) -> None:
        """Show this report in the place of any other."""
        if report is self._report:
            return
        another = self._report is None or self._report.uf != report.uf
        self._report = report
        self._title.setText(f"{report.uf} · {UFS[report.uf].name}")
        look = LOOKS[report.outcome]
        self._badge.setText(look.word if report.finished else UNDER_WAY.word)
        theme.badge(self._badge, look.tone)
        self._where.setText(report.asked_where)
        failed = report.failed
        self._sentence.setText(report.sentence)
        self._sentence.setVisible(failed is None)
        self._since.setVisible(failed is not None)
        if failed is not None and failed.failure is not None:
            self.failure.show_failure(failed.failure)
            self._since.setText(report.where_and_since(failed))
        else:
            self.failure.clear()
        self.retry_button.setVisible(report.unserved)
        if report.by_hand:
            self.public_page.offer(report.uf)
            self.public_page.setText(f"Consulta pública de {report.uf}")  # the panel has no room for more
        else:
            self.public_page.hide()
        self.open_button.setVisible(report.consultation_id is not None)
        for card in self._cards:
            card.hide()
            card.deleteLater()
        self._cards = [_StepCard(name, step) for name, step in told_once(report.steps)]
        for card in self._cards:
            self._steps.addWidget(card)
        if another:
            self.verticalScrollBar().setValue(0)

    @Slot()
    def _retry(self) -> None:
        if self._report is not None:
            self.retry_wanted.emit(self._report.uf)

    @Slot()
    def _open(self) -> None:
        if self._report is not None and self._report.consultation_id is not None:
            self.consultation_wanted.emit(self._report.consultation_id)


class _StepCard(QFrame):
    """One step: how it went, what was found, how long it took, and its details."""

    def __init__(self, name: str, step: StepReport) -> None:
        super().__init__()
        theme.card(self)
        look = LOOKS[step.outcome]
        icon = QLabel()
        icon.setPixmap(icons.pixmap(look.icon, 16, look.tone))
        word = QLabel(look.word)
        theme.tone(word, look.tone)
        head = QHBoxLayout()
        head.setSpacing(theme.S)
        title = theme.role(QLabel(name), "strong")
        title.setWordWrap(True)
        head.addWidget(icon)
        head.addWidget(title, 1)
        head.addWidget(word)
        if step.duration_ms is not None:
            head.addWidget(theme.role(QLabel(f"{step.duration_ms} ms"), "hint"))
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.M, theme.S, theme.M, theme.S)
        column.setSpacing(theme.XS)
        column.addLayout(head)
        column.addWidget(selectable(step.found))
        if step.facts:
            facts = QGridLayout()
            facts.setHorizontalSpacing(theme.M)
            facts.setVerticalSpacing(theme.XS)
            facts.setColumnStretch(1, 1)
            for line, (fact, value) in enumerate(step.facts):
                label = theme.role(QLabel(fact), "hint")
                label.setAlignment(Qt.AlignmentFlag.AlignTop)
                facts.addWidget(label, line, 0)
                facts.addWidget(selectable(value), line, 1)
            column.addLayout(facts)
        self.setAccessibleName(f"{name}: {look.word}. {step.found}")
