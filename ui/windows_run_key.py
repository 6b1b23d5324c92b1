"""What Windows starts with a session: the key Run of the registry, and the switch beside it of the task manager."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence

if sys.platform == "win32":
    import winreg

    NAME = "Retaguarda"
    """The value's name; the installer writes the same one, for a person or for everybody."""

    _RUN = r"Software\Microsoft\Windows\CurrentVersion\Run"
    _APPROVED = r"Software\Microsoft\Windows\CurrentVersion\Explorer\StartupApproved\Run"

    def for_everybody() -> bool:
        """Whether an administrator chose it for all who use this computer, and none switched it off since."""
        return _starts(winreg.HKEY_LOCAL_MACHINE)

    def for_this_person() -> bool:
        """Whether it starts with this person's session: written down, and not switched off in the task manager."""
        return _starts(winreg.HKEY_CURRENT_USER)

    def change(command: Sequence[str] | None) -> None:
        """Write the command down, or take it away. Raises OSError."""
        _delete(_APPROVED)  # what the task manager keeps of a former choice would go against this one
        if command is None:
            _delete(_RUN)
            return
        with winreg.CreateKey(winreg.HKEY_CURRENT_USER, _RUN) as key:
            line = f'"{command[0]}" {subprocess.list2cmdline(command[1:])}'
            winreg.SetValueEx(key, NAME, 0, winreg.REG_SZ, line)

    def _starts(root: int) -> bool:
        """Each of the two keys Run has a switch of its own beside it (Electron's browser_win.cc)."""
        return _read(root, _RUN) is not None and not _switched_off(root)

    def _switched_off(root: int) -> bool:
        kept = _read(root, _APPROVED)
        return isinstance(kept, bytes) and bool(kept) and bool(kept[0] & 1)  # 2 and 6 are on, 3 and 7 off

    def _read(root: int, path: str) -> object:
        try:
            with winreg.OpenKey(root, path) as key:
                return winreg.QueryValueEx(key, NAME)[0]
        except FileNotFoundError:
            return None

    def _delete(path: str) -> None:
        try:
            with winreg.OpenKey(winreg.HKEY_CURRENT_USER, path, 0, winreg.KEY_SET_VALUE) as key:
                winreg.DeleteValue(key, NAME)
        except FileNotFoundError:
            pass
