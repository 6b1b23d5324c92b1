"""Where the window was and which hints were already given, kept from one run to the next in this computer's folder.

Pages keep their own panes and columns (`layout_memory`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QSettings

if TYPE_CHECKING:
    from PySide6.QtWidgets import QMainWindow

    from app.folders import Folders


class Remembered:
    """Reads and writes `janela.ini` of the configuration folder."""

    def __init__(self, folders: Folders) -> None:
        self._file = QSettings(str(folders.config / "janela.ini"), QSettings.Format.IniFormat)

    def restore(self, window: QMainWindow) -> bool:
        """Put the window where it was; False when it never was anywhere."""
        kept = self._file.value("janela/lugar")
        return isinstance(kept, QByteArray) and window.restoreGeometry(kept)

    def keep(self, window: QMainWindow) -> None:
        """Remember where the window is, in the file at once."""
        self._file.setValue("janela/lugar", window.saveGeometry())
        self._file.sync()

    def once(self, what: str) -> bool:
        """True only the first time it is asked about `what` on this computer."""
        if self._file.contains(f"avisos/{what}"):
            return False
        self._file.setValue(f"avisos/{what}", True)
        self._file.sync()
        return True
