"""A Windows of its own under wine, where a set-up is tried: its files, its registry, the programs that run in it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from distribution.steps import ROOT, Stopped, run

STUBS = ROOT / "tests" / "distribution" / "wine"
"""Sources of the DLLs that Windows 10 has and wine 8 has not, or has not whole. They are in no bundle."""

STUB_NAMES = ("icuuc", "mscms", "bcryptprimitives")

_COMPILER = "x86_64-w64-mingw32-gcc"
_VALUE = re.compile(r"^ {4}(.+?) {4}REG_(?:SZ|EXPAND_SZ|DWORD) {4}(.*)$")
_LOOK_S = 0.1
_BOOT_S = 300

# The first start of a new prefix has been seen to end with 1 for nothing that it was given.
_BOOTS = 3


class WinePrefix:
    """The folder of one such Windows; `with` makes it, and ends whatever runs in it. `display` is an X display."""

    def __init__(self, folder: Path, display: str = "") -> None:
        self.folder = folder
        self.drive = folder / "drive_c"
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("QT_", "WINE", "PYTHON"))},
            "WINEPREFIX": str(folder),
            "WINEARCH": "win64",
            "WINEDEBUG": "-all",
            # No question about what else to download, no entry in the menus of this desktop.
            "WINEDLLOVERRIDES": "mscms=n;mscoree=;mshtml=;winemenubuilder.exe=",
            "LC_ALL": "C.UTF-8",
            "DISPLAY": display,
        }
        self._left: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> WinePrefix:
        for attempt in range(1, _BOOTS + 1):
            try:
                self._boot()
                break
            except Stopped:
                self._end()
                if attempt == _BOOTS:
                    raise
                shutil.rmtree(self.folder)
        self.run("reg", "add", r"HKCU\Software\Wine", "/v", "Version", "/d", "win10", "/f")
        for name in STUB_NAMES:
            compile_for_windows(
                STUBS / f"{name}.c", self.drive / "windows" / "system32" / f"{name}.dll", "-shared", "-ladvapi32"
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, place: TracebackType | None
    ) -> None:
        self._end()

    def _boot(self) -> None:
        """Make the prefix and start its Windows; Stopped says what wine said.

        Its server stays between two programs, for to start it takes longer than most of them, and is started once: two
        managers of services would know nothing of each other.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        for command in (["wineboot", "-i"], ["wineserver", "-w"], ["wineserver", "-p"], ["wineboot"]):
            # To a file: what is started here lives on, and would hold a pipe that is read to its end.
            with tempfile.TemporaryFile() as heard:
                try:
                    started = subprocess.run(
                        command,
                        env={**self.environment, "WINEDEBUG": "fixme-all"},
                        stdin=subprocess.DEVNULL,
                        stdout=heard,
                        stderr=heard,
                        timeout=_BOOT_S,
                        check=False,
                    )
                except subprocess.TimeoutExpired as late:
                    raise Stopped(
                        f"O wine não ficou pronto: {' '.join(command)} não terminou em {_BOOT_S} s."
                    ) from late
                if started.returncode != 0:
                    heard.seek(0)
                    said = heard.read().decode("utf-8", "replace")[-2000:]
                    raise Stopped(
                        f"O wine não ficou pronto: {' '.join(command)} terminou com {started.returncode}.\n{said}"
                    )

    def _end(self) -> None:
        subprocess.run(["wineserver", "-k"], env=self.environment, capture_output=True, check=False)
        subprocess.run(["wineserver", "-w"], env=self.environment, capture_output=True, check=False)
        for process in self._left:
            process.communicate()

    def path(self, windows: str) -> Path:
        """Where the file that Windows calls `C:\\…` is here."""
        drive, _, rest = windows.partition(":")
        assert drive.lower() == "c", windows
        return self.drive.joinpath(*rest.strip("\\").split("\\"))

    def run(self, *command: str, timeout_s: float = 300, told: str = "") -> tuple[int, str]:
        """Run a program of Windows to its end: its exit code (which wine may lose) and what it said.

        `told` is what it reads. Raises Stopped when it takes longer than `timeout_s`.
        """
        # Through a pipe: Python under wine ends when its output goes to a file.
        with subprocess.Popen(
            ["wine", *command],
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        ) as process:
            try:
                said, _ = process.communicate(told.encode(), timeout=timeout_s)
            except subprocess.TimeoutExpired as late:
                process.kill()
                raise Stopped(f"“{' '.join(command)}” não terminou em {timeout_s:.0f} s.") from late
        return process.returncode, said.decode("utf-8", "replace")

    def start(self, *command: str) -> subprocess.Popen[bytes]:
        """Start a program of Windows and let it run."""
        process = subprocess.Popen(
            ["wine", *command],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._left.append(process)
        return process

    def registry(self, key: str) -> dict[str, str] | None:
        """The values of a key by name, numbers as they are printed; None when there is no such key."""
        _, said = self.run("reg", "query", key)
        lines = said.replace("\r", "").splitlines()
        if not any(line.startswith("HKEY_") for line in lines):
            return None
        return {found[1]: found[2] for line in lines if (found := _VALUE.match(line))}


def compile_for_windows(source: Path, target: Path, *options: str) -> None:
    """Compile one C file into a program or DLL for Windows."""
    target.unlink(missing_ok=True)
    run(
        [_COMPILER, "-O2", "-s", "-finput-charset=UTF-8", source, "-o", target, *options],
        what=f"Compilar {source.name}",
    )


def until(true: Callable[[], object], timeout_s: float) -> bool:
    """Whether it becomes true in that time; for what another process does, of which nothing is told here."""
    deadline = time.monotonic() + timeout_s
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(_LOOK_S)
    return True
