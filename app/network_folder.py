"""Whether a folder lies on another computer."""

from __future__ import annotations

import sys
from pathlib import Path

_DRIVE_REMOTE = 4  # fileapi.h


def is_on_network(folder: Path) -> bool:
    r"""Whether Windows reaches it through the network: `\\server\share`, or a letter or a link that stands for one.

    False on other systems, which tell it each in a way of its own.
    """
    if sys.platform == "win32":
        import ctypes

        drive = folder.resolve().drive
        if drive.startswith("\\\\") and not drive.startswith(("\\\\?\\", "\\\\.\\")):
            return True
        # Asked as SQLite itself asks it, from its check-in 52ed3b490a4d03ef on.
        return bool(ctypes.windll.kernel32.GetDriveTypeW(f"{drive}\\") == _DRIVE_REMOTE)
    return False
