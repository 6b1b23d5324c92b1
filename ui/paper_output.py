"""A document saved as a PDF or printed: both actions, and a line that tells what came of them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QUrl, Slot
from PySide6.QtGui import QAction, QDesktopServices, QKeySequence
from PySide6.QtWidgets import QAbstractItemView, QDialog, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app.domain import Failure, FailureKind
from ui import icons, tasks, theme
from ui.failure_view import FailureView, failure_of
from ui.save_dialog import ask_where

if TYPE_CHECKING:
    from PySide6.QtPrintSupport import QPrinter

    from app.folders import Folders
    from ui.paper import Paper

_NO_PRINTER = Failure(
    FailureKind.CONFIGURATION,
    "O Windows não tem nenhuma impressora.",
    "Nenhuma foi instalada nesta conta, ou o serviço “Spooler de Impressão” está parado.",
    "Instale uma em Configurações › Impressoras, ou inicie o serviço; ou salve em PDF.",
)


@dataclass(frozen=True)
class PaperWords:
    """How one kind of document is spoken of: as what is saved ("o comprovante"), once it is ("Comprovante salvo",
    "Comprovante enviado"), and on its two actions."""

    called: str
    saved: str
    sent: str
    save: str
    print: str


class PaperOutput(QWidget):
    """Each document gives `_file_name` and `_reader`, and places its own buttons."""

    landscape = False
    """Whether its pages lie on their side."""

    def __init__(self, folders: Folders, said: PaperWords, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._folders = folders
        self._words = said
        self._printer: QPrinter | None = None
        self._saved_as = Path()
        self.save_action = QAction(icons.icon("save"), said.save, self)
        self.save_action.setShortcut(QKeySequence(Qt.Modifier.CTRL | Qt.Modifier.SHIFT | Qt.Key.Key_P))
        self.save_action.triggered.connect(self._ask_file)
        self.print_action = QAction(icons.icon("print"), said.print, self)
        self.print_action.setShortcut(QKeySequence(Qt.Modifier.CTRL | Qt.Key.Key_P))
        self.print_action.triggered.connect(self._ask_printer)
        for action in (self.save_action, self.print_action):
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        self._said = theme.role(QLabel(), "hint")
        self._said.setWordWrap(True)
        self._open = QPushButton("Abrir")
        self._open.setAutoDefault(False)
        theme.link(self._open)
        self._open.clicked.connect(self._open_saved)
        self._failure = FailureView()
        told = QHBoxLayout()
        told.setSpacing(theme.S)
        told.addWidget(self._said, 1)
        told.addWidget(self._open)
        self._whole = whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(theme.XS)
        whole.addLayout(told)
        whole.addWidget(self._failure)
        self._say("")

    # --- what each document says ---

    def _file_name(self) -> str:
        """How its file is called, unless somebody wants another name, without its ending; "" while there is none."""
        raise NotImplementedError

    def _reader(self) -> Callable[[], Paper]:
        """Reads and sets the document of this moment, in another thread."""
        raise NotImplementedError

    # --- what is done with it ---

    def offer_in(self, *places: QWidget) -> None:
        """Offer both in these widgets: by their shortcuts and, in a list, in its menu."""
        for place in places:
            place.addActions((self.save_action, self.print_action))
            if isinstance(place, QAbstractItemView):
                place.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)

    def save_to(self, file: Path) -> None:
        """Make the PDF and write it, off the GUI thread."""
        read = self._reader()

        def make() -> Path:
            from ui.file_saving import save
            from ui.paper import pdf_of

            save(file, pdf_of(read()))
            return file

        self._start(f"Gravando {self._words.called}…")
        tasks.run(make, self._saved, self._failed, self)

    def print_on(self, printer: QPrinter) -> None:
        """Print on a printer already chosen, off the GUI thread."""
        read, name = self._reader(), self._file_name()

        def make() -> int:
            from ui.paper import paint

            printer.setDocName(name)
            return paint(read(), printer)

        self._start(f"Imprimindo {self._words.called}…")
        tasks.run(make, self._printed, self._failed, self)

    def forget(self) -> None:
        """What was said is of another document."""
        self._failure.clear()
        self._say("")

    def _start(self, doing: str) -> None:
        self._failure.clear()
        self._say(doing)

    def _say(self, text: str, saved_as: Path | None = None) -> None:
        self._said.setText(text)
        self._said.setVisible(bool(text))
        self._open.setVisible(saved_as is not None)
        self._saved_as = saved_as or Path()

    def _saved(self, file: Path) -> None:
        self._say(f"{self._words.saved}: {file.name}", file)

    def _printed(self, _pages: int) -> None:
        self._say(f"{self._words.sent} para a impressora.")

    def _failed(self, error: Exception) -> None:
        self._say("")
        self._failure.show_failure(failure_of(error))

    @Slot()
    def _ask_file(self) -> None:
        name = self._file_name()
        if name:
            title = f"Salvar {self._words.called}"
            file = ask_where(self, self._folders, title, f"{name}.pdf", "PDF (*.pdf)")
            if file is not None:
                self.save_to(file)

    @Slot()
    def _ask_printer(self) -> None:
        from PySide6.QtPrintSupport import QAbstractPrintDialog, QPrintDialog, QPrinter

        from ui.paper import set_page

        if not self._file_name():
            return
        self._printer = printer = QPrinter(QPrinter.PrinterMode.HighResolution)
        if sys.platform == "win32" and printer.outputFormat() is not QPrinter.OutputFormat.NativeFormat:
            self._say("")
            self._failure.show_failure(_NO_PRINTER)  # the dialog there would not show, and say nothing
            return
        set_page(printer, landscape=self.landscape)
        dialog = QPrintDialog(printer, self)
        dialog.setWindowTitle(f"Imprimir {self._words.called}")
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
