"""One window a person and data folder: a second start asks the first one to show itself, or to end.

A lock file of this computer decides who is first, so a name left behind by a killed process never stands in the way;
a local socket carries the wish.
"""

from __future__ import annotations

import getpass
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QCryptographicHash, QDir, QLockFile, QObject, QTimer, Signal, Slot

if TYPE_CHECKING:
    from PySide6.QtNetwork import QLocalServer, QLocalSocket

_PATIENCE_S = 3.0
_AGAIN_S = 0.05
_ANSWER_MS = 2000
_SHOW, _HERE, _END = "mostrar", "aberto", "encerrar"
"""What a later start may ask for, with what it is asked about after a blank."""

_DONE, _REFUSED = "ok", "nao"
"""How the first one answers; a refusal says why after a blank."""


class FirstDoesNotAnswer(Exception):
    """The program is already open but does not answer; the message is for the operator."""


class CannotBeFirst(Exception):
    """The lock or the channel cannot be made, so nobody can tell who is first; the message is for the operator."""


class WillNotEnd(Exception):
    """The program that is open goes on; the message says why, for whoever asked it to end."""


class SingleInstance(QObject):
    """`claim` says whether this process is the first; it then hears of later ones."""

    asked = Signal(str)
    """Another start wants this window shown, on the page with this key ("" for the one in front)."""

    end_asked = Signal()
    """Whoever installs the program wants it to end, and `why_not_end` had nothing against it."""

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
        self.why_not_end: Callable[[], str] = lambda: ""
        """Why this program cannot end now without losing anything, in a sentence; "" when it can."""

    def claim(self, page: str = "", *, quietly: bool = False) -> bool:
        """True when this process is the first; it then calls `listen`. Else the first one showed itself, unless this
        one was `quietly` started, to be in the tray, where the other is already.

        Raises FirstDoesNotAnswer, and CannotBeFirst.
        """
        deadline = time.monotonic() + _PATIENCE_S
        while not self._take_lock():
            if self._ask_first(_HERE if quietly else _SHOW, page) == (_DONE, ""):
                return False
            late = time.monotonic() > deadline
            if self._nobody_holds(late):
                continue
            if late:
                raise FirstDoesNotAnswer(
                    "O programa já está aberto neste computador, mas não responde. "
                    "Encerre-o pelo gerenciador de tarefas e abra de novo."
                )
            time.sleep(_AGAIN_S)  # the first one may be between its lock and its socket
        return True

    def end_first(self, patience_s: float) -> None:
        """Have the first one end, and wait until it has, at most that long. Nothing is done when nobody is the first.

        Raises WillNotEnd, FirstDoesNotAnswer when it neither ended nor said why, and CannotBeFirst.
        """
        deadline = time.monotonic() + patience_s
        heard = False
        first, *_ = self._lock.getLockInfo()
        while not self._take_lock():
            if not heard:
                answer, why = self._ask_first(_END)
                if answer == _REFUSED:
                    raise WillNotEnd(why)
                heard = answer == _DONE
            late = time.monotonic() > deadline
            if self._nobody_holds(late):
                break
            if late:
                raise FirstDoesNotAnswer("O programa está aberto e não terminou no tempo dado.")
            time.sleep(_AGAIN_S)
        self._lock.unlock()
        if sys.platform == "win32" and heard:  # whose files can be replaced only once the process is gone
            from ui import windows_processes

            if not windows_processes.ended(first, max(deadline - time.monotonic(), 1.0)):
                raise FirstDoesNotAnswer("O programa está aberto e não terminou no tempo dado.")

    def _take_lock(self) -> bool:
        """Whether this process holds the lock now; False when another one does."""
        if self._lock.tryLock(0):
            return True
        if self._lock.error() is QLockFile.LockError.LockFailedError:
            return False
        raise CannotBeFirst(
            f"O programa não pôde criar o arquivo {self._lock.fileName()}. "
            "Confira se a pasta existe, se este usuário pode gravar nela e se há espaço em disco."
        )

    def _nobody_holds(self, late: bool) -> bool:
        """Whether the lock was left behind, which then is gone. After a power cut the number in it may be that of
        another process with the program's name, even of this one, and only the system knows that nobody holds it.

        Taking it away too soon, while two programs start, would take it from one of them; Windows does not let it.
        """
        return (late or sys.platform == "win32") and self._lock.removeStaleLockFile()

    def listen(self) -> None:
        """Hear of later starts; apart from `claim` because the first paint need not wait for it.

        Raises CannotBeFirst.
        """
        from PySide6.QtNetwork import QLocalServer

        QLocalServer.removeServer(self._name)
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._serve)
        if not self._server.listen(self._name):
            raise CannotBeFirst(f"O programa não pôde abrir seu canal local: {self._server.errorString()}.")

    def release(self) -> None:
        """Let another process be the first."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self._lock.unlock()

    def _ask_first(self, word: str, about: str = "") -> tuple[str, str]:
        """What the first one answers, and what it adds; two empty texts when it does not."""
        from PySide6.QtNetwork import QLocalSocket

        socket = QLocalSocket()
        socket.connectToServer(self._name)
        if not socket.waitForConnected(500):
            return "", ""
        if sys.platform == "win32" and word == _SHOW:
            from ui import windows_shell

            windows_shell.let_others_to_the_front()
        socket.write(f"{word} {about}\n".encode())
        socket.flush()
        deadline = time.monotonic() + _ANSWER_MS / 1000
        while not socket.canReadLine() and time.monotonic() < deadline and socket.waitForReadyRead(_ANSWER_MS):
            pass
        answer, _, more = bytes(socket.readLine().data()).decode("utf-8", "replace").strip().partition(" ")
        socket.abort()
        return answer, more

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
        if word == _SHOW:
            _answer(socket, _DONE)
            self.asked.emit(page)
        elif word == _HERE:
            _answer(socket, _DONE)
        elif word == _END:
            why = self.why_not_end()
            _answer(socket, f"{_REFUSED} {why}" if why else _DONE)
            if not why:
                QTimer.singleShot(0, self, self.end_asked.emit)  # after this socket's own event


def _answer(socket: QLocalSocket, line: str) -> None:
    socket.write(f"{line}\n".encode())
    socket.flush()
