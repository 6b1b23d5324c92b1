"""The window's place, panes and columns, kept from one run to the next in a file of this computer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QSettings
from PySide6.QtWidgets import QHeaderView, QMainWindow, QSplitter, QTableView, QTreeView

from ui.page import Page

if TYPE_CHECKING:
    from app.folders import Folders


class Remembered:
    """Reads and writes `janela.ini` of the configuration folder."""

    def __init__(self, folders: Folders) -> None:
        self._file = QSettings(str(folders.config / "janela.ini"), QSettings.Format.IniFormat)

    def restore_window(self, window: QMainWindow) -> bool:
        """Put the window where it was; False when it never was anywhere."""
        kept = self._file.value("janela/lugar")
        return isinstance(kept, QByteArray) and window.restoreGeometry(kept)

    def keep_window(self, window: QMainWindow) -> None:
        """Remember where the window is."""
        self._file.setValue("janela/lugar", window.saveGeometry())

    def restore_page(self, page: Page) -> None:
        """Give a page's panes and columns the sizes they had."""
        for key, part in _parts(page):
            kept = self._file.value(key)
            if isinstance(kept, QByteArray):
                part.restoreState(kept)

    def keep_page(self, page: Page) -> None:
        """Remember the sizes of a page's panes and columns."""
        for key, part in _parts(page):
            self._file.setValue(key, part.saveState())

    def once(self, what: str) -> bool:
        """True only the first time it is asked about `what` on this computer."""
        if self._file.contains(f"avisos/{what}"):
            return False
        self._file.setValue(f"avisos/{what}", True)
        return True

    def save(self) -> None:
        """Write the file now."""
        self._file.sync()


def _parts(page: Page) -> Iterator[tuple[str, QSplitter | QHeaderView]]:
    for number, splitter in enumerate(page.findChildren(QSplitter)):
        yield f"{page.key}/divisor-{splitter.objectName() or number}-{splitter.count()}", splitter
    tables = [(table.objectName(), table.horizontalHeader()) for table in page.findChildren(QTableView)]
    trees = [(tree.objectName(), tree.header()) for tree in page.findChildren(QTreeView)]
    for number, (name, header) in enumerate([*tables, *trees]):
        # The number of columns is part of the key: sizes of another version's columns would be put on the wrong ones.
        yield f"{page.key}/colunas-{name or number}-{header.count()}", header
