"""Panes and columns stay as they were left, kept from one run to the next in this computer's folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QObject, QSettings, QTimer, Slot
from PySide6.QtWidgets import QSplitter, QTableView, QWidget

if TYPE_CHECKING:
    from app.folders import Folders

_CALM_MS = 200


class LayoutMemory(QObject):
    """What one page (or panel), called `name`, remembers in `janela.ini`. Each pane and list has its object name."""

    def __init__(self, folders: Folders, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._file = QSettings(str(folders.config / "janela.ini"), QSettings.Format.IniFormat)
        self._name = name
        self._splitters: list[QSplitter] = []
        self._views: list[QTableView] = []
        self._keeping = QTimer(self, singleShot=True, interval=_CALM_MS)
        self._keeping.timeout.connect(self._keep)

    def panes(self, splitter: QSplitter) -> None:
        """Put the panes back as they were left; from now on a pane that is moved is remembered."""
        splitter.restoreState(self._kept(self._key_of_panes(splitter)))
        splitter.splitterMoved.connect(self._soon)
        self._splitters.append(splitter)

    def columns(self, view: QTableView) -> None:
        """Put the columns of the model now in the view back as they were left: widths, places and order.

        To be called again when the view gets another model, under another object name.
        """
        header = view.horizontalHeader()
        header.restoreState(self._kept(self._key_of_columns(view)))
        if view not in self._views:
            self._views.append(view)
            for changed in (header.sectionResized, header.sectionMoved, header.sortIndicatorChanged):
                changed.connect(self._soon)

    def _kept(self, key: str) -> QByteArray:
        kept = self._file.value(key)
        return kept if isinstance(kept, QByteArray) else QByteArray()

    @Slot()
    def _soon(self) -> None:
        self._keeping.start()  # not connected itself: it would take a signal's number for its interval

    @Slot()
    def _keep(self) -> None:
        if not Path(self._file.fileName()).parent.is_dir():
            return  # the demonstration's folder goes before its pages do, and QSettings would make it again
        for splitter in self._splitters:
            self._file.setValue(self._key_of_panes(splitter), splitter.saveState())
        for view in self._views:
            self._file.setValue(self._key_of_columns(view), view.horizontalHeader().saveState())
        self._file.sync()

    def _key_of_panes(self, splitter: QSplitter) -> str:
        return f"{self._name}/paineis-{splitter.objectName()}"

    def _key_of_columns(self, view: QTableView) -> str:
        # With how many there are: a later version with another column starts from its own widths.
        return f"{self._name}/colunas-{view.objectName()}-{view.horizontalHeader().count()}"
