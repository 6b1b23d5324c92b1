"""Work off the GUI thread: a value or an error comes back to the GUI thread, and both must be taken.

The functions run in the threads of Qt's global pool. Waiting for a network keeps a thread, so there are a few more
of them than cores.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Event
from typing import Generic, TypeVar

import shiboken6
from PySide6.QtCore import QCoreApplication, QObject, QRunnable, QThreadPool, Signal, Slot

T = TypeVar("T")

_THREADS = 6


class Task(QRunnable, Generic[T]):
    """One piece of work under way; made by `run`."""

    def __init__(
        self,
        fn: Callable[[], T],
        done: Callable[[T], None],
        failed: Callable[[Exception], None],
        owner: QObject,
        cancelled: Event | None,
    ) -> None:
        super().__init__()
        self.setAutoDelete(False)
        self._cancelled = cancelled
        self._fn = fn
        self._done = done
        self._failed = failed
        self._owner = owner
        self._value: T | None = None
        self._error: Exception | None = None
        self._wanted = True

    @property
    def running(self) -> bool:
        """Whether the result has not been delivered yet."""
        return self in _running

    def drop(self) -> None:
        """The result is no longer wanted (a newer question replaced this one): nothing will be called."""
        self._wanted = False

    def cancel(self) -> None:
        """Ask the work to end early, where it looks at an event for that; what it gives back is still delivered."""
        if self._cancelled is not None:
            self._cancelled.set()

    def run(self) -> None:
        """Called by the pool, in its thread."""
        try:
            self._value = self._fn()
        except Exception as error:  # noqa: BLE001  # whatever happened is given to `failed`, on the GUI thread
            self._error = error
        _bridge().finished.emit(self)

    def deliver(self) -> None:
        """Give the result to its owner, on the GUI thread, if the owner is still there."""
        _running.discard(self)
        if not self._wanted or not shiboken6.isValid(self._owner):
            return
        if self._error is not None:
            self._failed(self._error)
        else:
            self._done(self._value)  # type: ignore[arg-type]  # without an error the value is there, even when None


class _Bridge(QObject):
    """Carries finished tasks to the thread it was made in, the GUI's."""

    finished = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.finished.connect(self._deliver)

    @Slot(object)
    def _deliver(self, task: Task[object]) -> None:
        task.deliver()


_running: set[Task[object]] = set()
_bridges: list[_Bridge] = []


def _bridge() -> _Bridge:
    if not _bridges:
        _bridges.append(_Bridge())
        QThreadPool.globalInstance().setMaxThreadCount(_THREADS)
    return _bridges[0]


def run(
    fn: Callable[[], T],
    done: Callable[[T], None],
    failed: Callable[[Exception], None],
    owner: QObject,
    *,
    cancelled: Event | None = None,
) -> Task[T]:
    """Call `fn` in a thread of the pool, then `done(value)` or `failed(error)` on the GUI thread.

    Called on the GUI thread. Nothing is called once `owner` was destroyed. Work that takes long looks at the event
    `cancelled` and ends early when it is set.
    """
    _bridge()
    task = Task(fn, done, failed, owner, cancelled)
    _running.add(task)  # type: ignore[arg-type]  # the set only keeps them alive
    QThreadPool.globalInstance().start(task)
    return task


def cancel_all() -> None:
    """Ask every work that can end early to do so: the program is ending."""
    for task in _running:
        task.cancel()


def wait_all(timeout_ms: int) -> bool:
    """Wait until no task is left and every result was delivered; False when time ran out first."""
    deadline = time.monotonic() + timeout_ms / 1000
    while _running:
        left = int((deadline - time.monotonic()) * 1000)
        if left <= 0 or not QThreadPool.globalInstance().waitForDone(left):
            return False
        QCoreApplication.sendPostedEvents(_bridge())
    return QThreadPool.globalInstance().waitForDone(max(0, int((deadline - time.monotonic()) * 1000)))
