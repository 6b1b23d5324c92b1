"""The receipt of the consultation being shown: saved as a PDF or printed, by button, menu or keyboard."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QUrl, Slot
from PySide6.QtGui import QAction, QDesktopServices, QKeySequence
from PySide6.QtWidgets import QAbstractItemView, QDialog, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app.domain import Failure, FailureKind
from app.receipt import file_name
from ui import icons, tasks, theme
from ui.failure_view import FailureView, failure_of
from ui.save_dialog import ask_where

if TYPE_CHECKING:
    from PySide6.QtPrintSupport import QPrinter

    from app.receipt import Receipt
    from services.backoffice import Backoffice


class ConsultationGone(Exception):
    """The consultation is not kept any more."""

    failure = Failure(
        FailureKind.CONFIGURATION,
        "Esta consulta não está mais guardada.",
        "O histórico de cada cliente guarda só as consultas mais novas.",
        "Faça outra consulta para ter um comprovante.",
    )


class ReceiptButtons(QWidget):
    """ "Comprovante (PDF)…" and "Imprimir…" for the consultation given to `show_for`."""

    def __init__(self, backoffice: Backoffice, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._backoffice = backoffice
        self._consultation_id = 0
        self._printer: QPrinter | None = None
        self._saved_as = Path()
        self.save_action = QAction(icons.icon("save"), "Comprovante (PDF)…", self)
        self.save_action.setShortcut(QKeySequence(Qt.Modifier.CTRL | Qt.Modifier.SHIFT | Qt.Key.Key_P))
        self.save_action.triggered.connect(self._ask_file)
        self.print_action = QAction(icons.icon("print"), "Imprimir comprovante…", self)
        self.print_action.setShortcut(QKeySequence(Qt.Modifier.CTRL | Qt.Key.Key_P))
        self.print_action.triggered.connect(self._ask_printer)
        for action in (self.save_action, self.print_action):
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        save = QPushButton(self.save_action.icon(), "Comprovante (PDF)…")
        save.setToolTip("Salva o protocolo da consulta, com o pedido e a resposta anexados. Ctrl+Shift+P")
        save.setAccessibleName("Salvar o comprovante desta consulta em PDF")
        save.clicked.connect(self.save_action.trigger)
        printing = QPushButton(self.print_action.icon(), "Imprimir…")
        printing.setToolTip("Imprime o comprovante desta consulta. Ctrl+P")
        printing.setAccessibleName("Imprimir o comprovante desta consulta")
        printing.clicked.connect(self.print_action.trigger)
        self._said = theme.role(QLabel(), "hint")
        self._said.setWordWrap(True)
        self._open = QPushButton("Abrir")
        self._open.setAutoDefault(False)
        theme.link(self._open)
        self._open.clicked.connect(self._open_saved)
        self._failure = FailureView()
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.S)
        for button in (save, printing):
            button.setAutoDefault(False)
            buttons.addWidget(button)
        buttons.addStretch(1)
        told = QHBoxLayout()
        told.setSpacing(theme.S)
        told.addWidget(self._said, 1)
        told.addWidget(self._open)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(theme.XS)
        whole.addLayout(buttons)
        whole.addLayout(told)
        whole.addWidget(self._failure)
        self._say("")

    def offer_in(self, *places: QWidget) -> None:
        """Offer both in these widgets: by their shortcuts and, in a list, in its menu."""
        for place in places:
            place.addActions((self.save_action, self.print_action))
            if isinstance(place, QAbstractItemView):
                place.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)

    def show_for(self, consultation_id: int) -> None:
        """Offer the receipt of another consultation."""
        self._consultation_id = consultation_id
        self._failure.clear()
        self._say("")

    def save_to(self, file: Path) -> None:
        """Make the PDF and write it, off the GUI thread."""
        read = self._reader()

        def make() -> Path:
            from ui.file_saving import save
            from ui.receipt_pdf import pdf_of

            save(file, pdf_of(read()))
            return file

        self._start("Gravando o comprovante…")
        tasks.run(make, self._saved, self._failed, self)

    def print_on(self, printer: QPrinter) -> None:
        """Print on a printer already chosen, off the GUI thread."""
        read = self._reader()

        def make() -> int:
            from ui.receipt_pdf import paint

            receipt = read()
            printer.setDocName(file_name(receipt.number))
            return paint(receipt, printer)

        self._start("Imprimindo o comprovante…")
        tasks.run(make, self._printed, self._failed, self)

    def _reader(self) -> Callable[[], Receipt]:
        """Reads the receipt of the consultation being shown, in another thread."""
        backoffice, consultation_id = self._backoffice, self._consultation_id

        def read() -> Receipt:
            from services.receipt import receipt_of

            found = receipt_of(backoffice, consultation_id, datetime.now(UTC))
            if found is None:
                raise ConsultationGone
            return found

        return read

    def _start(self, doing: str) -> None:
        self._failure.clear()
        self._say(doing)

    def _say(self, text: str, saved_as: Path | None = None) -> None:
        self._said.setText(text)
        self._said.setVisible(bool(text))
        self._open.setVisible(saved_as is not None)
        self._saved_as = saved_as or Path()

    def _saved(self, file: Path) -> None:
        self._say(f"Comprovante salvo: {file.name}", file)

    def _printed(self, _pages: int) -> None:
        self._say("Comprovante enviado para a impressora.")

    def _failed(self, error: Exception) -> None:
        self._say("")
        self._failure.show_failure(failure_of(error))

    @Slot()
    def _ask_file(self) -> None:
        if self._consultation_id:
            name = f"{file_name(self._consultation_id)}.pdf"
            file = ask_where(self, self._backoffice.folders, "Salvar o comprovante", name, "PDF (*.pdf)")
            if file is not None:
                self.save_to(file)

    @Slot()
    def _ask_printer(self) -> None:
        from PySide6.QtPrintSupport import QAbstractPrintDialog, QPrintDialog, QPrinter

        from ui.receipt_pdf import set_page

        if not self._consultation_id:
            return
        self._printer = printer = QPrinter(QPrinter.PrinterMode.HighResolution)
        set_page(printer)
        dialog = QPrintDialog(printer, self)
        dialog.setWindowTitle("Imprimir o comprovante")
        dialog.setOption(QAbstractPrintDialog.PrintDialogOption.PrintPageRange, False)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.accepted.connect(self._print_as_asked)
        QDialog.open(dialog)  # QPrintDialog hides it under one that wants a receiver

    @Slot()
    def _print_as_asked(self) -> None:
        if self._printer is not None:
            self.print_on(self._printer)

    @Slot()
    def _open_saved(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._saved_as)))
