"""Whose values a settings page shows: the general ones or those of one company."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSignalBlocker, Qt, Signal, Slot
from PySide6.QtWidgets import QButtonGroup, QComboBox, QHBoxLayout, QLabel, QRadioButton, QWidget

from app.settings.snapshot import GENERAL_COMPANY
from app.tables import COMPANIES
from ui import theme
from ui.references import ReferenceSource


class ScopeBar(QWidget):
    """“Valores de: (•) Geral ( ) Empresa [chooser]”, or a sentence where there is nothing to choose."""

    company_changed = Signal(int)

    def __init__(self, references: ReferenceSource) -> None:
        super().__init__()
        self._references = references
        references.watch(COMPANIES.key)
        references.changed.connect(self._fill)
        self.general = QRadioButton("Geral")
        self.general.setAccessibleName("Valores de: Geral")
        self.general.setToolTip("Os valores que servem a todas as empresas.")
        self.company = QRadioButton("Empresa")
        self.company.setAccessibleName("Valores de: Empresa")
        group = QButtonGroup(self)
        group.addButton(self.general)
        group.addButton(self.company)
        self.general.setChecked(True)
        self.chooser = QComboBox()
        self.chooser.setAccessibleName("Empresa cujos valores são mostrados")
        self.chooser.setPlaceholderText("nenhuma empresa cadastrada")
        self.chooser.setMinimumContentsLength(36)
        self.chooser.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.chooser.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.chooser.installEventFilter(self)
        self._choice = QWidget()
        row = QHBoxLayout(self._choice)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.M)
        row.addWidget(QLabel("Valores de:"))
        row.addWidget(self.general)
        row.addWidget(self.company)
        row.addWidget(self.chooser)
        row.addStretch(1)
        self.sentence = theme.role(QLabel(), "hint")
        self.sentence.setWordWrap(True)
        whole = QHBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._choice, 1)
        whole.addWidget(self.sentence, 1)
        self.setMinimumHeight(self.chooser.sizeHint().height())
        self.general.toggled.connect(self._changed)
        self.chooser.currentIndexChanged.connect(self._changed)
        self._fill()
        self.say("")

    @property
    def selected(self) -> int:
        """The company shown; 0 is the general profile."""
        if self.general.isChecked():
            return GENERAL_COMPANY
        return int(self.chooser.currentData() or GENERAL_COMPANY)

    def select(self, company: int) -> None:
        """Show the values of a company (0: general)."""
        self.chooser.setCurrentIndex(max(self.chooser.findData(company), 0))
        (self.company if company != GENERAL_COMPANY else self.general).setChecked(True)

    def say(self, sentence: str) -> None:
        """Show a sentence in the place of the choice; "" shows the choice."""
        self.sentence.setText(sentence)
        self.sentence.setVisible(bool(sentence))
        self._choice.setVisible(not sentence)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Wheel and not self.chooser.hasFocus():
            event.ignore()
            return True
        return super().eventFilter(watched, event)

    @Slot()
    def _fill(self) -> None:
        shown = self.chooser.currentData()
        with QSignalBlocker(self.chooser):
            self.chooser.clear()
            for row in self._references.rows(COMPANIES.key):
                if row.active:
                    self.chooser.addItem(row.title, row.id)
            self.chooser.setCurrentIndex(max(self.chooser.findData(shown), 0))
        some = self.chooser.count() > 0
        self.company.setEnabled(some)
        self.company.setToolTip(
            "Os valores próprios de uma empresa." if some else "Nenhuma empresa cadastrada: inclua uma em Tabelas."
        )
        if not some:
            self.general.setChecked(True)
        elif self.company.isChecked() and self.chooser.currentData() != shown:
            self._changed()
        self._enable()

    @Slot()
    def _changed(self) -> None:
        self._enable()
        self.company_changed.emit(self.selected)

    def _enable(self) -> None:
        self.chooser.setEnabled(self.company.isChecked())
