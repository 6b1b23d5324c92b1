"""One window a person and data folder: a second start asks the first one to show itself.

A lock file of this computer decides who is first, so a name left behind by a killed process never stands in the way;
a local socket carries the wish.
"""

from __future__ import annotations

import getpass
import time
from pathlib import Path
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QCryptographicHash, QDir, QLockFile, QObject, Signal, Slot

if TYPE_CHECKING:
    from PySide6.QtNetwork import QLocalServer, QLocalSocket

_PATIENCE_S = 3.0
_ANSWER = b"ok"


class FirstDoesNotAnswer(Exception):
    """The program is already open but does not answer; the message is for the operator."""


class SingleInstance(QObject):
    """`claim` says whether this process is the first; it then hears of later ones."""

    asked = Signal(str)
    """Another start wants this window shown, on the page with this key ("" for the one in front)."""

    def __init__(self, data: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        who = QCryptographicHash.hash(
            f"{getpass.getuser()}\n{data.resolve()}".encode(), QCryptographicHash.Algorithm.Sha256
        )
        self._name = f"retaguarda-{bytes(who.toHex().data()).decode()[:16]}"
        self._lock = QLockFile(str(Path(QDir.tempPath()) / f"{self._name}.lock"))
        # The lock is kept for as long as the program runs: only the death of its process makes it void, never age.
        self._lock.setStaleLockTime(0)
        self._server: QLocalServer | None = None

    def claim(self, page: str = "") -> bool:
        """True when this process is the first; it then calls `listen`. Else the first one showed itself.

        Raises FirstDoesNotAnswer.
        """
        deadline = time.monotonic() + _PATIENCE_S
        while not self._lock.tryLock(0):
            if self._ask_first(page):
                return False
            if time.monotonic() > deadline:
                raise FirstDoesNotAnswer(
                    "O programa já está aberto neste computador, mas não responde. "
                    "Encerre-o pelo gerenciador de tarefas e abra de novo."
                )
            time.sleep(0.05)  # the first one may be between its lock and its socket
        return True

    def listen(self) -> None:
        """Hear of later starts; apart from `claim` because the first paint need not wait for it."""
        from PySide6.QtNetwork import QLocalServer

        QLocalServer.removeServer(self._name)
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._serve)
        if not self._server.listen(self._name):
            raise FirstDoesNotAnswer(f"O programa não pôde abrir seu canal local: {self._server.errorString()}.")

    def release(self) -> None:
        """Let another process be the first."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self._lock.unlock()

    def _ask_first(self, page: str) -> bool:
        from PySide6.QtNetwork import QLocalSocket

        socket = QLocalSocket()
        socket.connectToServer(self._name)
        if not socket.waitForConnected(500):
            return False
        socket.write(f"mostrar {page}\n".encode())
        socket.flush()
        answered = socket.waitForReadyRead(2000) and bytes(socket.readAll().data()).startswith(_ANSWER)
        socket.abort()
        return answered

    @Slot()
    def _serve(self) -> None:
        while self._server is not None and (socket := self._server.nextPendingConnection()) is not None:
            socket.readyRead.connect(self._read)
            socket.disconnected.connect(socket.deleteLater)
            if socket.canReadLine():
                self._take(socket)

    @Slot()
    def _read(self) -> None:
        socket = cast("QLocalSocket", self.sender())
        if socket.canReadLine():
            self._take(socket)

    def _take(self, socket: QLocalSocket) -> None:
        word, _, page = bytes(socket.readLine().data()).decode("utf-8", "replace").strip().partition(" ")
        if word == "mostrar":
            socket.write(_ANSWER)
            socket.flush()
            self.asked.emit(page)
