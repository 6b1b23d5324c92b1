"""What pages use of the open program, and how they tell each other that something changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal, Slot

if TYPE_CHECKING:
    from app.data.database import Database
    from app.domain import ServiceState
    from app.folders import Folders
    from app.settings.repository import SettingsRepository
    from app.settings.snapshot import Snapshot
    from services.background import ConsultationThread
    from services.backoffice import Backoffice

_TELL_MS = 100


class Office(QObject):
    """The open program as seen by its pages.

    While the database does not open there is an office without one: only this computer's settings are at hand,
    `database` is None and `backoffice` and `service` must not be touched.
    """

    snapshot_changed = Signal()
    """Settings were saved; `snapshot` is the new one."""

    customers_changed = Signal()
    """Customers, their blocks or consultations changed."""

    tables_changed = Signal()
    """A row of an auxiliary table, or a certificate, changed."""

    open_page = Signal(str, object)
    """Go to the page with this key; the argument (or None) is given to its `show_argument`."""

    state_changed = Signal(object)
    """The service's ServiceState, also kept as `state`; of many at once only the first and the last are told."""

    def __init__(
        self,
        folders: Folders,
        settings: SettingsRepository,
        snapshot: Snapshot,
        actor: str,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.folders = folders
        self.settings = settings
        self.snapshot = snapshot
        self.actor = actor
        self._backoffice: Backoffice | None = None
        self._service: ConsultationThread | None = None
        self.state: ServiceState | None = None
        # A consultation takes milliseconds and has two states and a result. Were each shown, the window would do
        # nothing else: every call into Qt gives up Python's lock and may wait for the consulting thread to return it.
        self._untold_state = False
        self._untold_result = False
        self._telling = False
        self._tell_timer = QTimer(self, singleShot=True, interval=_TELL_MS)
        self._tell_timer.timeout.connect(self._tell)

    @classmethod
    def opened(
        cls, backoffice: Backoffice, service: ConsultationThread, snapshot: Snapshot, parent: QObject | None = None
    ) -> Office:
        """The office of an open database."""
        office = cls(backoffice.folders, backoffice.settings, snapshot, backoffice.actor, parent)
        office._backoffice = backoffice
        office._service = service
        office.state = service.state
        service.state_changed.connect(office._take_state)
        service.finished_one.connect(office._take_result)
        return office

    @property
    def backoffice(self) -> Backoffice:
        """Everything the open program holds."""
        if self._backoffice is None:
            raise RuntimeError("o banco de dados não está aberto")
        return self._backoffice

    @property
    def service(self) -> ConsultationThread:
        """The thread that consults SEFAZ."""
        if self._service is None:
            raise RuntimeError("o banco de dados não está aberto")
        return self._service

    @property
    def database(self) -> Database | None:
        """The open database, or None when only this computer's settings are at hand."""
        return None if self._backoffice is None else self._backoffice.database

    @Slot(object)
    def _take_state(self, state: ServiceState) -> None:
        self.state = state
        self._untold_state = True
        if not self._telling:
            self._tell()

    @Slot(object)
    def _take_result(self, result: object) -> None:
        self._untold_result = True
        if not self._telling:
            self._tell()

    @Slot()
    def _tell(self) -> None:
        """Tell what is new now, and what comes meanwhile when the timer ends."""
        self._telling = self._untold_state or self._untold_result
        if not self._telling:
            return
        self._tell_timer.start()
        if self._untold_state:
            self._untold_state = False
            self.state_changed.emit(self.state)
        if self._untold_result:
            self._untold_result = False
            self.customers_changed.emit()

    def take_snapshot(self, snapshot: Snapshot) -> None:
        """Settings were saved: keep the new values, tell the pages, and let the service act by them."""
        self.snapshot = snapshot
        if self._service is not None:
            self._service.wake()
        self.snapshot_changed.emit()
