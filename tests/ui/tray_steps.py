"""Run by test_real_tray on a screen of its own: the program started in the tray, closed, left without a tray and back.

Prints one line a step, then `fim`. The command of the panel comes as arguments.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Sequence

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QApplication, QSystemTrayIcon

from app.folders import find_folders
from ui.window_app import WindowProgram

_PATIENCE_S = 6.0


def main(panel: Sequence[str]) -> int:
    application = QApplication([])
    application.setQuitOnLastWindowClosed(False)
    with subprocess.Popen(panel) as first:
        _until("bandeja disponível", QSystemTrayIcon.isSystemTrayAvailable)
        program = WindowProgram(find_folders())
        program.start(in_tray=True)
        _until("banco aberto", lambda: program.office is not None)
        tray = program.tray
        assert tray is not None
        _until("ícone no lugar", lambda: tray.icon.geometry().width() > 0)
        _expect("janela escondida", not program.window.isVisible())
        tray.menu.actions()[0].trigger()
        _until("janela aberta pelo menu", program.window.isVisible)
        program.window.close()
        _until("janela fechada para a bandeja", lambda: not program.window.isVisible())
        first.terminate()
    _until("sem bandeja, a janela aparece", program.window.isVisible)
    with subprocess.Popen(panel) as second:
        _until("bandeja de volta", QSystemTrayIcon.isSystemTrayAvailable)
        _until("ícone de volta", lambda: tray.icon.isVisible() and tray.icon.geometry().width() > 0)
        program.quit()
        _expect("sem ícone ao sair", not tray.icon.isVisible())
        second.terminate()
    _say("fim")
    return 0


def _until(what: str, true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while not true():
        if time.monotonic() > deadline:
            raise SystemExit(f"não aconteceu: {what}")
        QCoreApplication.processEvents()
        time.sleep(0.01)
    _say(what)


def _expect(what: str, true: bool) -> None:
    if not true:
        raise SystemExit(f"não é verdade: {what}")
    _say(what)


def _say(what: str) -> None:
    sys.stdout.write(what + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
