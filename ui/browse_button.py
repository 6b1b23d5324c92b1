"""The button beside the path of a file, which finds the file instead of typing."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QFileDialog, QLineEdit

from ui import icons
from ui.aside_button import AsideButton


def files_of(what: str, suffixes: Sequence[str]) -> str:
    """What the dialog offers: the files with these suffixes, then all of them."""
    return f"{what} ({' '.join(f'*{suffix}' for suffix in suffixes)});;Todos os arquivos (*)"


CSV_FILES = files_of("CSV", (".csv", ".txt"))


class BrowseButton(AsideButton):
    """Writes the file chosen into `path`. `title` and `files` are those of the dialog that asks for it."""

    chosen = Signal()
    """The path is written."""

    def __init__(self, path: QLineEdit, title: str, files: str) -> None:
        super().__init__(icons.icon("folder"), "Escolher…")
        self._path = path
        self._title = title
        self._files = files
        self.clicked.connect(self._ask)

    @Slot()
    def _ask(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self.window(), self._title, self._path.text(), self._files)
        if name:
            self._path.setText(name)
            self.chosen.emit()
