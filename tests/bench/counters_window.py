"""The real window, its consultations and the service of the counters, until the standard input ends.

Started by `integration` with the data folder as argument and, on the standard input, the keyring entry of the
certificate's key (name and password, one a line).
"""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import keyring
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QApplication

from app.folders import Folders
from services.demo.memory_keyring import MemoryKeyring
from ui import pages, theme
from ui.window_app import WindowProgram


class EndOfInput(QObject):
    """Says when whoever started this process wants it to end."""

    came = Signal()

    def wait(self) -> None:
        """Read until the end; in a thread of its own."""
        sys.stdin.read()
        self.came.emit()


def main() -> int:
    keyring.set_keyring(MemoryKeyring())
    name, password = (sys.stdin.readline().rstrip("\n") for _ in range(2))
    keyring.set_password("Retaguarda", name, password)
    folder = Path(sys.argv[1])
    application = QApplication(sys.argv[:1])
    application.setQuitOnLastWindowClosed(False)
    theme.apply(application)
    program = WindowProgram(Folders(folder, folder), first_page=pages.CUSTOMERS)
    program.finished.connect(application.quit)
    end = EndOfInput()
    end.came.connect(program.quit, Qt.ConnectionType.QueuedConnection)
    reader = threading.Thread(target=end.wait)
    program.start()
    reader.start()
    status = application.exec()
    reader.join()
    return status


if __name__ == "__main__":
    sys.exit(main())
