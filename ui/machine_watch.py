"""Notices that another program of this computer changed its settings: a service has nobody who saves them in it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from app.settings.former_place import PLACE
from app.settings.machine import MachineFileError, MachineStore
from services.error_place import error_place
from ui import tasks

if TYPE_CHECKING:
    from app.settings.snapshot import Snapshot
    from services.backoffice import Backoffice

_LOOK_MS = 10_000

_log = logging.getLogger(__name__)


class MachineWatch(QObject):
    """Looks at the file of this computer's settings from `start` to `stop`."""

    changed = Signal(object)
    """The Snapshot of what is kept now, of the same database."""

    moved = Signal()
    """The data is to be looked for elsewhere: whoever has it open opens it again."""

    def __init__(self, backoffice: Backoffice, opened_with: Snapshot, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._settings = backoffice.settings
        self._store = MachineStore(backoffice.folders.machine_file)
        self._opened_with = opened_with
        self._seen = self._version()
        self._timer = QTimer(self, interval=_LOOK_MS)
        self._timer.timeout.connect(self.look)

    def start(self) -> None:
        """Begin to look."""
        self._timer.start()

    def stop(self) -> None:
        """Look no more."""
        self._timer.stop()

    @Slot()
    def look(self) -> None:
        """Look now; what changed is read off this thread."""
        version = self._version()
        if version != self._seen:
            self._seen = version
            tasks.run(self._settings.load, self._take, self._failed, self)

    def _version(self) -> tuple[int, int, int] | None:
        try:
            return self._store.version()
        except MachineFileError:  # said by whoever reads it next; it counts as another file
            return None

    def _take(self, snapshot: Snapshot) -> None:
        if any(snapshot[setting] != self._opened_with[setting] for setting in PLACE):
            self.moved.emit()
        else:
            self.changed.emit(snapshot)

    def _failed(self, error: Exception) -> None:
        self._seen = (0, 0, 0)  # read again at the next look
        _log.warning("As configurações deste computador não puderam ser lidas: %s", error_place(error))
