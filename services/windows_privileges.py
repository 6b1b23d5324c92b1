"""Privileges of an administrator, which Windows gives switched off."""

from __future__ import annotations

import sys

if sys.platform == "win32":
    import win32api
    import win32con
    import win32security

    def switch_on(*names: str) -> None:
        """Switch these privileges of winnt.h on for this process; who does not have one goes on without it.

        Raises pywintypes.error when the process's own token cannot be opened.
        """
        token = win32security.OpenProcessToken(
            win32api.GetCurrentProcess(), win32con.TOKEN_ADJUST_PRIVILEGES | win32con.TOKEN_QUERY
        )
        wanted = [(win32security.LookupPrivilegeValue("", name), win32con.SE_PRIVILEGE_ENABLED) for name in names]
        win32security.AdjustTokenPrivileges(token, False, wanted)  # type: ignore[arg-type]  # it takes any sequence
