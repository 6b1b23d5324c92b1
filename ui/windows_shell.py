"""What the shell of Windows is told about this program's windows: whose they are, who may come to the front, and why
the session should not end yet."""

from __future__ import annotations

import ctypes
import sys

if sys.platform == "win32":
    from ctypes import wintypes

    APPLICATION_ID = "Retaguarda.Retaguarda"
    """The same in the shortcuts that the installer makes: the taskbar shows one button, pinned or not."""

    _ANY_PROCESS = 0xFFFFFFFF

    _user32 = ctypes.WinDLL("user32")
    _user32.AllowSetForegroundWindow.argtypes = (wintypes.DWORD,)
    _user32.ShutdownBlockReasonCreate.argtypes = (wintypes.HWND, wintypes.LPCWSTR)
    _user32.ShutdownBlockReasonDestroy.argtypes = (wintypes.HWND,)
    _shell32 = ctypes.WinDLL("shell32")
    _shell32.SetCurrentProcessExplicitAppUserModelID.argtypes = (wintypes.LPCWSTR,)

    def name_application() -> None:
        """Say which program the windows of this process belong to; before the first of them."""
        _shell32.SetCurrentProcessExplicitAppUserModelID(APPLICATION_ID)

    def let_others_to_the_front() -> None:
        """Give this process's right to come to the front, which it has by having just been started by a person, to the
        program that was open already. Otherwise Windows only flashes its button."""
        _user32.AllowSetForegroundWindow(_ANY_PROCESS)

    def hold_session(window: int, why: str) -> None:
        """Have Windows show this sentence beside the program's name while it waits to end the session."""
        _user32.ShutdownBlockReasonCreate(window, why)

    def let_session_end(window: int) -> None:
        """Undo `hold_session`."""
        _user32.ShutdownBlockReasonDestroy(window)
