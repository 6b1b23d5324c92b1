"""The import of customers from a CSV file: choose it, wait, and read what became of each line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.customers_import import ImportReport, UnreadableFile
from app.tables import CUSTOMERS
from ui import icons, tasks, theme
from ui.browse_button import CSV_FILES, BrowseButton
from ui.failure_view import FailureView, failure_of
from ui.file_reading import unreadable
from ui.theme import Tone

if TYPE_CHECKING:
    from ui.office import Office

_OPTIONAL = ", ".join(field.name for field in CUSTOMERS.fields if field.name not in ("documento", "nome", "uf"))
_EXPLANATION = (
    "A primeira linha é o cabeçalho. São necessárias as colunas documento (ou CNPJ), nome (ou RAZAOSOCIAL) e uf. "
    "A lista de revendedores dos dados abertos da ANP serve como está. "
    "Clientes já cadastrados com o mesmo documento, UF e IE ficam como estão."
)


class ImportCustomers(QDialog):
    """Blocks nothing; the report stays until it is closed."""

    def __init__(self, office: Office, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._office = office
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Importar clientes de um arquivo CSV")

        explanation = QLabel(_EXPLANATION)
        explanation.setWordWrap(True)
        more = theme.role(QLabel(f"Outras colunas possíveis: {_OPTIONAL}."), "hint")
        more.setWordWrap(True)
        label = QLabel("&Arquivo")
        self.path = QLineEdit()
        self.path.setAccessibleName("Arquivo")
        self.path.setPlaceholderText("clientes.csv")
        self.path.textChanged.connect(self._say)
        label.setBuddy(self.path)
        self.browse = BrowseButton(self.path, "Escolher o arquivo", CSV_FILES)
        line = QHBoxLayout()
        line.setSpacing(theme.S)
        line.addWidget(label)
        line.addWidget(self.path, 1)
        line.addWidget(self.browse)
        self.error = theme.role(QLabel(), "error")
        self.error.setWordWrap(True)
        self.error.hide()
        self.busy = QProgressBar()
        self.busy.setRange(0, 0)
        self.busy.setTextVisible(False)
        self.busy.setAccessibleName("Importando")
        self.busy.hide()
        self.failure = FailureView()
        self.summary = theme.role(QLabel(), "subtitle")
        self.summary.setWordWrap(True)
        self.summary.hide()
        self.lines = QPlainTextEdit()
        self.lines.setReadOnly(True)
        self.lines.setTabChangesFocus(True)
        self.lines.setAccessibleName("Linhas recusadas e observações")
        self.lines.setMinimumHeight(180)
        self.lines.hide()
        self.copy = QPushButton("Copiar")
        self.copy.setIcon(icons.icon("copy"))
        self.copy.clicked.connect(self._copy)
        self.copy.hide()
        self.start = QPushButton("Importar")
        theme.primary(self.start)
        self.start.clicked.connect(self.run)
        self.browse.chosen.connect(self.start.setFocus)
        self.close_button = QPushButton("Fechar")
        self.close_button.clicked.connect(self.reject)
        for button in (self.copy, self.start, self.close_button):
            button.setAutoDefault(False)
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.S)
        buttons.addWidget(self.copy)
        buttons.addStretch(1)
        buttons.addWidget(self.close_button)
        buttons.addWidget(self.start)

        whole = QVBoxLayout(self)
        whole.setContentsMargins(theme.XL, theme.L, theme.XL, theme.L)
        whole.setSpacing(theme.M)
        for widget in (explanation, more):
            whole.addWidget(widget)
        whole.addLayout(line)
        for shown in (self.error, self.busy, self.failure, self.summary):
            whole.addWidget(shown)
        whole.addWidget(self.lines, 1)
        whole.addStretch()
        whole.addLayout(buttons)
        self.resize(640, 300)
        self._say()

    @Slot()
    def _say(self) -> None:
        self.error.hide()
        self.start.setEnabled(bool(self.path.text().strip()) and self.busy.isHidden())

    @Slot()
    def run(self) -> None:
        """Import the file chosen."""
        path, backoffice = Path(self.path.text().strip()), self._office.backoffice
        snapshot = self._office.snapshot
        self._set_busy(True)

        def work() -> ImportReport:
            from app.data.customers_import import import_customers

            return import_customers(backoffice.database, path.read_bytes(), snapshot, backoffice.actor)

        tasks.run(work, self._done, self._failed, self)

    def _set_busy(self, busy: bool) -> None:
        self.busy.setVisible(busy)
        for widget in (self.path, self.browse):
            widget.setEnabled(not busy)
        self._say()
        if busy:
            self.failure.clear()
            for hidden in (self.summary, self.lines, self.copy):
                hidden.hide()

    def _done(self, report: ImportReport) -> None:
        self._set_busy(False)
        self.summary.setText(f"{report.sentence}.")
        theme.tone(self.summary, Tone.WARN if report.rejected else Tone.OK)
        self.summary.show()
        details = [*report.remarks, *(line.sentence for line in report.rejected)]
        self.lines.setPlainText("\n".join(details))
        self.lines.setVisible(bool(details))
        self.copy.setVisible(bool(details))
        self.resize(self.width(), max(self.height(), 520) if details else self.height())
        self.close_button.setFocus()
        if report.added:
            self._office.tables_changed.emit()
            self._office.customers_changed.emit()

    def _failed(self, error: Exception) -> None:
        self._set_busy(False)
        if isinstance(error, UnreadableFile | OSError):
            self.error.setText(unreadable(error) if isinstance(error, OSError) else str(error))
            self.error.show()
            self.path.setFocus()
        else:
            self.failure.show_failure(failure_of(error))

    @Slot()
    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(f"{self.summary.text()}\n{self.lines.toPlainText()}")
