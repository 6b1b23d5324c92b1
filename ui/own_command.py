"""How this very program is started again, by the system or a person: from the installation, a wheel or the sources."""

from __future__ import annotations

import sys
from pathlib import Path

WINDOW_EXECUTABLE = "Retaguarda.exe"
"""The installed program; `retaguarda-comando.exe`, for commands, lies beside it."""

_PROGRAM = Path(__file__).resolve().parents[1] / "main.py"


def window_command() -> list[str]:
    """What starts the window, without a console; arguments may follow."""
    folder = installation_folder()
    if folder is not None:
        return [str(folder / WINDOW_EXECUTABLE)]
    python = Path(sys.executable)
    without_console = python.with_name("pythonw.exe")
    return [str(without_console if sys.platform == "win32" and without_console.exists() else python), str(_PROGRAM)]


def installation_folder() -> Path | None:
    """The folder of the Windows installation that this process runs from; None when it runs from anything else."""
    folder = Path(sys.executable).parent
    return folder if sys.platform == "win32" and (folder / WINDOW_EXECUTABLE).exists() else None
