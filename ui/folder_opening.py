"""A folder shown in the system's own file manager."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices


def open_folder(folder: Path) -> None:
    """Show that folder; nothing in it or beside it is run."""
    # With a bar at its end: of C:\Novo and C:\Novo.exe Windows would take the program
    # (https://devblogs.microsoft.com/oldnewthing/20041118-00/?p=37263).
    QDesktopServices.openUrl(QUrl.fromLocalFile(f"{folder.as_posix().rstrip('/')}/"))
