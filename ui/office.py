"""What pages use of the open program, and how they tell each other that something changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

if TYPE_CHECKING:
    from app.data.database import Database
    from app.domain import ServiceState
    from app.folders import Folders
    from app.settings.repository import SettingsRepository
    from app.settings.snapshot import Snapshot
    from services.background import ConsultationThread
    from services.backoffice import Backoffice


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
    """The service's ServiceState, also kept as `state`."""

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
        self.state_changed.emit(state)

    @Slot(object)
    def _take_result(self, result: object) -> None:
        self.customers_changed.emit()

    def take_snapshot(self, snapshot: Snapshot) -> None:
        """Settings were saved: keep the new values, tell the pages, and let the service act by them."""
        self.snapshot = snapshot
        if self._service is not None:
            self._service.wake()
        self.snapshot_changed.emit()
