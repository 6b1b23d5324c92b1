"""Notices that the computer slept, or that its clock was set: whoever waits by either has waited the wrong time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from PySide6.QtCore import QObject, QTimer, Signal, Slot

_LOOK_MS = 5000
_TOLERANCE = timedelta(seconds=30)
"""More than a busy computer makes a timer late by."""


class Waking(QObject):
    """Looks at the clock from `start` to `stop`. One way for every system: what Windows and the desktops of Linux say
    of sleep is said in many ways, comes before the network is back, and is not said at all of a virtual machine that
    was suspended from outside."""

    woke = Signal()
    """The clock went further, or less, than the time that was waited."""

    def __init__(
        self, parent: QObject | None = None, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        super().__init__(parent)
        self._clock = clock
        self._seen = clock()
        self._timer = QTimer(self, interval=_LOOK_MS)
        self._timer.timeout.connect(self.look)

    def start(self) -> None:
        """Begin to look."""
        self._seen = self._clock()
        self._timer.start()

    def stop(self) -> None:
        """Look no more."""
        self._timer.stop()

    @Slot()
    def look(self) -> None:
        """Compare the clock with what it showed last time."""
        now = self._clock()
        gone = now - self._seen
        self._seen = now
        if abs(gone - timedelta(milliseconds=_LOOK_MS)) > _TOLERANCE:
            self.woke.emit()
