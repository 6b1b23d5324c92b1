"""Which processes of Windows run this installation's own executables, and when one has ended: none of its files can be
replaced before."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

if sys.platform == "win32":
    from ctypes import wintypes

    from services import windows_privileges

    _SYNCHRONIZE = 0x00100000
    _QUERY_LIMITED_INFORMATION = 0x1000
    _WAIT_TIMEOUT = 0x102
    _MOST_PROCESSES = 16384
    _LONGEST_PATH = 32768

    _kernel32 = ctypes.WinDLL("kernel32", use_last_error=True)
    _kernel32.OpenProcess.restype = wintypes.HANDLE
    _kernel32.OpenProcess.argtypes = (wintypes.DWORD, wintypes.BOOL, wintypes.DWORD)
    _kernel32.WaitForSingleObject.argtypes = (wintypes.HANDLE, wintypes.DWORD)
    _kernel32.WaitForSingleObject.restype = wintypes.DWORD
    _kernel32.CloseHandle.argtypes = (wintypes.HANDLE,)
    _kernel32.K32EnumProcesses.argtypes = (ctypes.c_void_p, wintypes.DWORD, ctypes.POINTER(wintypes.DWORD))
    _kernel32.QueryFullProcessImageNameW.argtypes = (
        wintypes.HANDLE,
        wintypes.DWORD,
        wintypes.LPWSTR,
        ctypes.POINTER(wintypes.DWORD),
    )

    @dataclass(frozen=True)
    class RunningProgram:
        """A process of somebody's."""

        pid: int
        executable: Path

        def __str__(self) -> str:
            return f"{self.executable.name} (processo {self.pid})"

    def ended(pid: int, patience_s: float) -> bool:
        """Whether that process has ended, waiting for it at most that long."""
        handle = _kernel32.OpenProcess(_SYNCHRONIZE, False, pid)
        if not handle:
            return True
        try:
            return bool(_kernel32.WaitForSingleObject(handle, int(patience_s * 1000)) != _WAIT_TIMEOUT)
        finally:
            _kernel32.CloseHandle(handle)

    def running_from(folder: Path, but: Collection[int]) -> tuple[RunningProgram, ...]:
        """The processes whose executable lies in that folder, of any session, besides those numbers. Those that this
        user may not look at are not seen: an administrator sees everybody's."""
        # Without it an elevated administrator is refused other people's (Microsoft's page of OpenProcessToken).
        windows_privileges.switch_on("SeDebugPrivilege")
        numbers = (wintypes.DWORD * _MOST_PROCESSES)()
        used = wintypes.DWORD()
        if not _kernel32.K32EnumProcesses(numbers, ctypes.sizeof(numbers), ctypes.byref(used)):
            raise ctypes.WinError(ctypes.get_last_error())
        count = used.value // ctypes.sizeof(wintypes.DWORD)
        found = ((pid, _executable(pid)) for pid in numbers[:count] if pid and pid not in but)
        here = folder.resolve()
        return tuple(
            RunningProgram(pid, path) for pid, path in found if path is not None and path.resolve().is_relative_to(here)
        )

    def _executable(pid: int) -> Path | None:
        handle = _kernel32.OpenProcess(_QUERY_LIMITED_INFORMATION, False, pid)
        if not handle:
            return None
        try:
            name = ctypes.create_unicode_buffer(_LONGEST_PATH)
            length = wintypes.DWORD(_LONGEST_PATH)
            if not _kernel32.QueryFullProcessImageNameW(handle, 0, name, ctypes.byref(length)):
                return None
            return Path(name.value)
        finally:
            _kernel32.CloseHandle(handle)
