"""Which threads live in this process, Qt's included."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

_TASKS = Path("/proc/self/task")

# Threads that Qt and GLib start once for the whole process and keep. Linux cuts names at 15 characters.
_KEPT_BY_LIBRARIES = {"QXcbEventQueue", "QDBusConnection", "gmain", "gdbus", "dconf worker", "pool-spawner"}
_IDLE_IN_POOL = "Thread (pooled)"


def living_threads() -> dict[int, str]:
    """Names by the system's thread number.

    On Linux every thread of the process counts, so a QThread still running is seen; elsewhere only Python's own.
    """
    python = {
        thread.native_id: thread.name
        for thread in threading.enumerate()
        if thread.native_id is not None and not isinstance(thread, threading._DummyThread)
    }
    if not _TASKS.exists():
        return python
    names: dict[int, str] = {}
    for task in _TASKS.iterdir():
        try:
            native = (task / "comm").read_text().rstrip("\n")
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended between the listing and the reading
        name = python.get(int(task.name), native)
        if name not in _KEPT_BY_LIBRARIES and not (name == _IDLE_IN_POOL and _pool_is_idle()):
            names[int(task.name)] = name
    return names


def _pool_is_idle() -> bool:
    """QThreadPool keeps its threads for 30 s after the last job; only a running job is a leftover."""
    core = sys.modules.get("PySide6.QtCore")
    return core is None or core.QThreadPool.globalInstance().activeThreadCount() == 0
