"""What the window remembers from one run to the next, in this computer's folder: where it was and which hints were
already given, and where files were saved.

Pages keep their own panes and columns (`layout_memory`).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QDir, QSettings

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

    @property
    def save_folder(self) -> Path:
        """Where a file was last saved; the user's own folder until then, and once that one is gone."""
        kept = Path(str(self._file.value("arquivos/pasta", "")))
        return kept if kept.is_absolute() and kept.is_dir() else Path(QDir.homePath())

    def keep_save_folder(self, folder: Path) -> None:
        """Propose this folder for the next file."""
        self._file.setValue("arquivos/pasta", str(folder))
        self._file.sync()
