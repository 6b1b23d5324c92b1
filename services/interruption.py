"""Lets one thread interrupt the network call of another."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator

_LOOK_S = 0.2


class Interruption:
    """The call in progress and the socket it is using, if any.

    The thread that calls the network goes through `begin`, `use` and `end`; any other may `interrupt`.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._busy = False
        self._interrupted = False
        self._socket: socket.socket | None = None

    @property
    def interrupted(self) -> bool:
        """Whether the call in progress was interrupted."""
        return self._interrupted

    def begin(self) -> None:
        """A call starts."""
        with self._lock:
            self._busy = True
            self._interrupted = False

    def use(self, connection: socket.socket | None) -> None:
        """The call now waits on this socket, or on none."""
        with self._lock:
            self._socket = connection
            if self._interrupted:
                self._shut()

    def end(self) -> None:
        """The call ended."""
        with self._lock:
            self._busy = False
            self._socket = None

    def interrupt(self) -> bool:
        """Shut the socket down, so that the call fails at once. False when no call is in progress."""
        with self._lock:
            if self._busy:
                self._interrupted = True
                self._shut()
            return self._busy

    @contextlib.contextmanager
    def watched(self, cancelled: Callable[[], bool]) -> Iterator[None]:
        """While entered, another thread asks `cancelled` five times a second, and interrupts when it says so."""
        ended = threading.Event()

        def watch() -> None:
            while not ended.wait(_LOOK_S):
                if cancelled():
                    self.interrupt()
                    return

        watcher = threading.Thread(target=watch, name="vigia-da-chamada", daemon=True)
        watcher.start()
        try:
            yield
        finally:
            ended.set()
            watcher.join()

    def _shut(self) -> None:
        if self._socket is not None:
            # The plain shutdown: that of SSLSocket also forgets the TLS state, and the other thread could then
            # write in clear. A socket that is closed already needs nothing.
            with contextlib.suppress(OSError):
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
