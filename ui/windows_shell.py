"""What the shell of Windows is told about this program: whose its windows are, who may come to the front, why the
session should not end yet, and once more that it has an icon."""

from __future__ import annotations

import ctypes
import sys

if sys.platform == "win32":
    from ctypes import wintypes

    APPLICATION_ID = "Retaguarda.Retaguarda"
    """The same in the shortcuts that the installer makes: the taskbar shows one button, pinned or not."""

    _ANY_PROCESS = 0xFFFFFFFF
    _TRAY_WINDOW = "QTrayIconMessageWindow"
    """The title of Qt's own window for the icon in the tray (qwindowssystemtrayicon.cpp)."""

    _user32 = ctypes.WinDLL("user32")
    _user32.AllowSetForegroundWindow.argtypes = (wintypes.DWORD,)
    _user32.ShutdownBlockReasonCreate.argtypes = (wintypes.HWND, wintypes.LPCWSTR)
    _user32.ShutdownBlockReasonDestroy.argtypes = (wintypes.HWND,)
    _user32.RegisterWindowMessageW.argtypes = (wintypes.LPCWSTR,)
    _user32.RegisterWindowMessageW.restype = wintypes.UINT
    _user32.PostMessageW.argtypes = (wintypes.HWND, wintypes.UINT, wintypes.WPARAM, wintypes.LPARAM)
    _user32.GetWindowTextW.argtypes = (wintypes.HWND, wintypes.LPWSTR, ctypes.c_int)
    _each_window = ctypes.WINFUNCTYPE(wintypes.BOOL, wintypes.HWND, wintypes.LPARAM)
    _user32.EnumThreadWindows.argtypes = (wintypes.DWORD, _each_window, wintypes.LPARAM)
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

    def put_tray_icon_again() -> None:
        """Have Qt give its icon to the taskbar once more; from the thread of the windows. One that is there stays.

        Qt does so when the taskbar tells every program that it has just started, or that the resolution changed; here
        its window alone is told the same.
        """
        started = _user32.RegisterWindowMessageW("TaskbarCreated")
        title = ctypes.create_unicode_buffer(len(_TRAY_WINDOW) + 2)

        def tell(window: int, _: int) -> bool:
            _user32.GetWindowTextW(window, title, len(title))
            if title.value == _TRAY_WINDOW:
                _user32.PostMessageW(window, started, 0, 0)
            return True

        _user32.EnumThreadWindows(ctypes.windll.kernel32.GetCurrentThreadId(), _each_window(tell), 0)
