"""Asks where to save a file, beginning where the last one was saved."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFileDialog, QWidget

from ui.remembered import Remembered

if TYPE_CHECKING:
    from app.folders import Folders


def ask_where(parent: QWidget, folders: Folders, title: str, name: str, kinds: str) -> Path | None:
    """The file chosen, or None. `name` is proposed; `kinds` are the dialog's filters ("PDF (*.pdf)")."""
    remembered = Remembered(folders)
    chosen, _ = QFileDialog.getSaveFileName(parent, title, str(remembered.save_folder / name), kinds)
    if not chosen:
        return None
    file = Path(chosen)
    remembered.keep_save_folder(file.parent)
    return file
