"""Ctrl+C and SIGTERM for a program inside Qt's event loop, where Python would not see them until the loop ends."""

from __future__ import annotations

import signal
import socket
from types import FrameType, TracebackType
from typing import Self

from PySide6.QtCore import QObject, QSocketNotifier, Signal, Slot

INTERRUPTED = 130
"""The exit status of what was interrupted, as shells have it."""


class Interruption(QObject):
    """While entered, either signal only emits `came`, from the event loop. Main thread only, with an application."""

    came = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.happened = False
        self._ours, self._pythons = socket.socketpair()
        self._ours.setblocking(False)
        self._pythons.setblocking(False)
        self._notifier = QSocketNotifier(self._ours.fileno(), QSocketNotifier.Type.Read)
        self._notifier.activated.connect(self._tell)

    def __enter__(self) -> Self:
        self._handlers = {number: signal.signal(number, self._note) for number in (signal.SIGINT, signal.SIGTERM)}
        self._wakeup = signal.set_wakeup_fd(self._pythons.fileno())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        signal.set_wakeup_fd(self._wakeup)
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        self._notifier.setEnabled(False)
        self._ours.close()
        self._pythons.close()

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        self.happened = True

    @Slot()
    def _tell(self) -> None:
        self._ours.recv(64)
        self.came.emit()
