"""A screen of its own for a trial: Xvfb, a window manager and a tray, and what is to be seen there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from types import TracebackType

from PySide6.QtGui import QImage

from distribution.steps import Stopped, run

_SIZE = "1360x900x24"
_PROGRAMS = (("openbox",), ("trayer", "--edge", "bottom", "--widthtype", "request", "--height", "32"))
_GRAB = """
import sys
from PySide6.QtGui import QGuiApplication
application = QGuiApplication([])
sys.exit(0 if application.primaryScreen().grabWindow(0).save(sys.argv[1]) else 1)
"""
_LINE = re.compile(r'^(?P<indent> +)0x\w+ (?:".*"|\(has no name\)): \((?P<names>.*)\)  (?P<width>\d+)x(?P<height>\d+)')
_SMALLEST_ICON = 16


class Screen:
    """`with` starts it, and ends it; `display` is what DISPLAY must say."""

    def __init__(self) -> None:
        self.display = ""
        self._processes: list[subprocess.Popen[str]] = []

    def __enter__(self) -> Screen:
        try:
            server = subprocess.Popen(
                ["Xvfb", "-displayfd", "1", "-screen", "0", _SIZE, "-nolisten", "tcp"],
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
            assert server.stdout is not None
            self._processes.append(server)
            self.display = f":{server.stdout.readline().strip()}"
            for command in _PROGRAMS:
                self._processes.append(
                    subprocess.Popen(
                        command,
                        env=self._environment,
                        stdout=subprocess.DEVNULL,
                        stderr=subprocess.DEVNULL,
                        text=True,
                    )
                )
        except FileNotFoundError as missing:
            self.__exit__(None, None, None)
            raise Stopped(f"Falta o programa {missing.filename}. Rode python3 dev.py windows --testar.") from missing
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, place: TracebackType | None
    ) -> None:
        for process in reversed(self._processes):
            process.terminate()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()

    @property
    def _environment(self) -> dict[str, str]:
        return {**os.environ, "DISPLAY": self.display, "QT_QPA_PLATFORM": "xcb"}

    def windows(self, title: str) -> list[str]:
        """The visible windows whose title begins so."""
        found = subprocess.run(
            ["xdotool", "search", "--onlyvisible", "--name", f"^{title}"],
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )
        return found.stdout.split()

    def tray_icons(self) -> int:
        """How many icons the tray holds."""
        tree = run(["xwininfo", "-root", "-tree"], environment=self._environment, what="Olhar a bandeja")
        icons, inside = 0, 0
        for line in tree.splitlines():
            found = _LINE.match(line)
            if found is None:
                continue
            indent = len(found["indent"])
            if found["names"] == '"panel" "trayer"':
                inside = indent
            elif inside and indent <= inside:
                inside = 0
            elif inside and found["names"] and min(int(found["width"]), int(found["height"])) >= _SMALLEST_ICON:
                icons += 1
        return icons

    def picture(self, file: Path) -> QImage:
        """What the screen shows, kept in that file too."""
        file.parent.mkdir(parents=True, exist_ok=True)
        run([sys.executable, "-c", _GRAB, file], environment=self._environment, what="Fotografar a tela")
        return QImage(str(file)).convertToFormat(QImage.Format.Format_RGB32)


def detail(image: QImage) -> float:
    """The part (0 to 1) of the pixels that differ from the one before: much in text and fields, little in emptiness."""
    pixels = _pixels(image)
    return sum(a != b for a, b in pairwise(pixels)) / len(pixels)


def difference(one: QImage, other: QImage) -> float:
    """The part (0 to 1) of the pixels in which two pictures of one size differ."""
    left, right = _pixels(one), _pixels(other)
    return sum(a != b for a, b in zip(left, right, strict=True)) / len(left)


def _pixels(image: QImage) -> memoryview:
    return memoryview(bytes(image.constBits())).cast("I")
