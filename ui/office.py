"""What pages use of the open program, and how they tell each other that something changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from app.domain import Authority, Request, ServiceState
from ui.pages import DIAGNOSIS
from ui.updates import Updates

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.data.database import Database
    from app.folders import Folders
    from app.settings.repository import SettingsRepository
    from app.settings.snapshot import Snapshot
    from services.background import ConsultationThread
    from services.backoffice import Backoffice
    from ui.counter_desk import CounterDesk

_TELL_MS = 100


class Office(QObject):
    """The open program as seen by its pages.

    While the database does not open there is an office without one: only this computer's settings are at hand,
    `database` is None and `backoffice`, `desk` and `service` must not be touched.
    """

    snapshot_changed = Signal()
    """Settings were saved; `snapshot` is the new one."""

    customers_changed = Signal()
    """Customers, their blocks or consultations changed."""

    tables_changed = Signal()
    """A row of an auxiliary table, or a certificate, changed."""

    move_wanted = Signal(object, str)
    """Move the data of this computer to a server: the values to begin with, by setting, and the password typed."""

    return_wanted = Signal()
    """Go back from the server to the local file."""

    open_page = Signal(str, object)
    """Go to the page with this key; the argument (or None) is given to its `show_argument`."""

    state_changed = Signal(object)
    """A service's ServiceState, also in `states`; of many at once only the first and the last are told."""

    started_one = Signal(object)
    """A Request is being made, by the service of any authority."""

    finished_one = Signal(object)
    """A Result: answered or failed, and kept."""

    refused_one = Signal(object)
    """A Refusal: nothing was asked."""

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
        self._services: dict[Authority, ConsultationThread] = {}
        self._desk: CounterDesk | None = None
        self.states: dict[Authority, ServiceState] = {}
        self.updates = Updates(folders, snapshot, self)
        # A consultation takes milliseconds and has two states and a result. Were each shown, the window would do
        # nothing else: every call into Qt gives up Python's lock and may wait for the consulting thread to return it.
        self._untold_states: set[Authority] = set()
        self._untold_result = False
        self._telling = False
        self._tell_timer = QTimer(self, singleShot=True, interval=_TELL_MS)
        self._tell_timer.timeout.connect(self._tell)

    @classmethod
    def opened(
        cls,
        backoffice: Backoffice,
        services: Sequence[ConsultationThread],
        snapshot: Snapshot,
        parent: QObject | None = None,
    ) -> Office:
        """The office of an open database and the services that consult for it. Its desk is not open yet."""
        from ui.counter_desk import CounterDesk

        office = cls(backoffice.folders, backoffice.settings, snapshot, backoffice.actor, parent)
        office._backoffice = backoffice
        office._desk = CounterDesk(backoffice, snapshot, office)
        for service in services:
            office._services[service.authority] = service
            office.states[service.authority] = service.state
            service.state_changed.connect(office._take_state)
            service.started_one.connect(office.started_one)
            service.finished_one.connect(office._take_result)
            service.finished_one.connect(office.finished_one)
            service.refused_one.connect(office.refused_one)
        return office

    @property
    def backoffice(self) -> Backoffice:
        """Everything the open program holds."""
        if self._backoffice is None:
            raise RuntimeError("o banco de dados não está aberto")
        return self._backoffice

    @property
    def desk(self) -> CounterDesk:
        """What serves the counters."""
        if self._desk is None:
            raise RuntimeError("o banco de dados não está aberto")
        return self._desk

    @property
    def services(self) -> tuple[ConsultationThread, ...]:
        """The threads that consult, one an authority; none while the database is not open."""
        return tuple(self._services.values())

    def service_of(self, authority: Authority) -> ConsultationThread:
        """The thread that consults one authority."""
        return self._services[authority]

    @Slot(str)
    def diagnose(self, uf: str) -> None:
        """Diagnose the SEFAZ of that UF ("" for the branch's) on its page."""
        self.open_page.emit(DIAGNOSIS, uf or None)

    def submit(self, requests: Sequence[Request]) -> None:
        """Queue the operator's requests, each at the service of its authority."""
        for service in self.services:
            service.submit([request for request in requests if request.authority is service.authority])

    def give_up(self) -> None:
        """Cancel every request of the operator, at every authority."""
        for service in self.services:
            service.cancel()

    @property
    def database(self) -> Database | None:
        """The open database, or None when only this computer's settings are at hand."""
        return None if self._backoffice is None else self._backoffice.database

    @Slot(object)
    def _take_state(self, state: ServiceState) -> None:
        self.states[state.authority] = state
        self._untold_states.add(state.authority)
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
        self._telling = bool(self._untold_states) or self._untold_result
        if not self._telling:
            return
        self._tell_timer.start()
        untold, self._untold_states = self._untold_states, set()
        for authority in untold:
            self.state_changed.emit(self.states[authority])
        if self._untold_result:
            self._untold_result = False
            self.customers_changed.emit()

    def take_snapshot(self, snapshot: Snapshot) -> None:
        """Settings were saved: keep the new values, tell the pages, and let the services act by them."""
        self.snapshot = snapshot
        self.updates.take_snapshot(snapshot)
        for service in self.services:
            service.wake()
        if self._desk is not None:
            self._desk.take_snapshot(snapshot)
        self.snapshot_changed.emit()
