"""The real window, on the customers page, while 200 consultations are made; prints its longest stalls as JSON, in ms.

Started by `window_stall` with the data folder as argument and, on the standard input, the keyring entry of the
certificate's key (name and password, one a line) and the number of each customer.
"""

from __future__ import annotations

import json
import sys
import time
from datetime import timedelta
from pathlib import Path

import keyring
from PySide6.QtCore import QEventLoop, QObject, Qt, QTimer, Slot
from PySide6.QtWidgets import QApplication

from app.domain import Origin, Request
from app.folders import Folders
from services.demo.memory_keyring import MemoryKeyring
from tests.bench.demo_place import ACTOR
from ui import pages, theme
from ui.office import Office
from ui.window_app import WindowProgram

RUNS = 3
IDLE_MS = 2000
LIMIT_MS = 60_000


class Heart(QObject):
    """Beats every millisecond: the longest gap between two beats is the longest stall of the event loop."""

    def __init__(self) -> None:
        super().__init__()
        self.longest_ms = 0.0
        self._last = time.perf_counter()
        self._timer = QTimer(self, interval=1, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self.beat)
        self._timer.start()

    def begin(self) -> None:
        """Measure from now on."""
        self.longest_ms = 0.0
        self._last = time.perf_counter()

    @Slot()
    def beat(self) -> None:
        now = time.perf_counter()
        self.longest_ms = max(self.longest_ms, (now - self._last) * 1000)
        self._last = now


class Counter(QObject):
    """Ends the loop when so many consultations have finished."""

    def __init__(self, office: Office, loop: QEventLoop) -> None:
        super().__init__()
        self._loop = loop
        self.left = 0
        office.finished_one.connect(self.one)

    @Slot(object)
    def one(self, _result: object) -> None:
        self.left -= 1
        if self.left == 0:
            self._loop.quit()


def main() -> int:
    name, password, *numbers = sys.stdin.read().split("\n")
    keyring.set_keyring(MemoryKeyring())
    keyring.set_password("Retaguarda", name, password)
    folder = Path(sys.argv[1])
    application = QApplication(sys.argv[:1])
    application.setQuitOnLastWindowClosed(False)
    theme.apply(application)
    program = WindowProgram(Folders(folder, folder), first_page=pages.CUSTOMERS)
    program.start()
    office = _opened(program)
    requests = _requests(office, [int(number) for number in numbers])
    loop, heart = QEventLoop(), Heart()
    counter = Counter(office, loop)
    _wait(loop, IDLE_MS)
    # The first consultations import zeep, build the TLS context and fill caches; the program does that once.
    _consult(office, requests[:5], loop, counter)
    _wait(loop, IDLE_MS)
    heart.begin()
    _wait(loop, IDLE_MS)
    idle_ms = heart.longest_ms
    stalls_ms = []
    for _ in range(RUNS):
        heart.begin()
        _consult(office, requests, loop, counter)
        stalls_ms.append(heart.longest_ms)
    sys.stdout.write(json.dumps({"ocioso": idle_ms, "paradas": stalls_ms}) + "\n")
    program.finished.connect(application.quit)
    QTimer.singleShot(0, program, program.quit)
    return application.exec()


def _opened(program: WindowProgram) -> Office:
    give_up = time.monotonic() + LIMIT_MS / 1000
    while program.office is None or program.office.database is None:
        if time.monotonic() > give_up:
            raise TimeoutError("a janela não abriu o banco")
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 50)
    return program.office


def _requests(office: Office, numbers: list[int]) -> list[Request]:
    from app.data import customers

    with office.backoffice.database.reading() as connection:
        subjects = [customers.subject(connection, number) for number in numbers]
    return [Request(s.document, s.uf, Origin.OPERATOR, ACTOR, True, s.id) for s in subjects if s is not None]


def _consult(office: Office, requests: list[Request], loop: QEventLoop, counter: Counter) -> None:
    counter.left = len(requests)
    office.submit(requests)
    _wait(loop, LIMIT_MS)
    if counter.left:
        raise TimeoutError(f"faltaram {counter.left} consultas em {timedelta(milliseconds=LIMIT_MS)}")


def _wait(loop: QEventLoop, milliseconds: int) -> None:
    timer = QTimer(singleShot=True, interval=milliseconds)
    timer.timeout.connect(loop.quit)
    timer.start()
    loop.exec()


if __name__ == "__main__":
    sys.exit(main())
