"""What the program does for the counters while it runs: the integration service and the sender of their messages.

Both are threads of their own, ended off the GUI thread, and tell of themselves by signals.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from app.domain import Phase
from app.settings.catalog import (
    INTEGRATION_ACTIVE,
    INTEGRATION_ADDRESS,
    INTEGRATION_CERTIFICATE,
    INTEGRATION_KEY,
    INTEGRATION_PORT,
)
from app.settings.setting import Setting
from services.integration.server import IntegrationServer, ServerPhase, ServerState
from services.windows_service import at_work_on
from ui import tasks

if TYPE_CHECKING:
    from app.settings.snapshot import Snapshot
    from services.backoffice import Backoffice
    from services.whatsapp.sender import SenderState, WhatsAppSender

_AGAIN_MS = 30_000
"""How long after the service could not begin it is tried again: a network may come up after the program did, and the
service of Windows, which answers in its place, may be stopped."""

_BY_THE_SERVICE = "Os balcões são atendidos neste computador pelo serviço do Windows."

_READ_AT_START: tuple[Setting[Any], ...] = (
    INTEGRATION_ADDRESS,
    INTEGRATION_PORT,
    INTEGRATION_CERTIFICATE,
    INTEGRATION_KEY,
)
"""The settings that a service at work follows only once it is begun again."""


class CounterDesk(QObject):
    """Of one open program, from `open` to `close`. What is wanted last is what comes true, however fast it changes."""

    state_changed = Signal(object)
    """A ServerState, also in `state`."""

    sender_changed = Signal(object)
    """A SenderState."""

    _told = Signal(object)

    def __init__(self, backoffice: Backoffice, snapshot: Snapshot, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._backoffice = backoffice
        self._server = IntegrationServer(backoffice, self._told.emit, self.wake_sender)
        self._sender: WhatsAppSender | None = None
        self._turn = threading.Lock()
        self._wanted = False
        self._anew = False
        self._closed = True
        self._snapshot = snapshot
        self._begun_with = snapshot
        self.state = self._server.state
        self._told.connect(self._take)
        self._again = QTimer(self, singleShot=True, interval=_AGAIN_MS)
        self._again.timeout.connect(self._settle)

    @property
    def wanted(self) -> bool:
        """Whether the service is to answer, which it may not be able to."""
        return self._wanted

    @property
    def sender_state(self) -> SenderState:
        """What the sender of messages does now."""
        from services.whatsapp.sender import SenderState

        return self._sender.state if self._sender is not None else SenderState(Phase.STOPPED, "Ainda não começou.")

    @property
    def begun_with(self) -> Snapshot:
        """The settings by which the service began last."""
        return self._begun_with

    @property
    def served(self) -> int:
        """How many requests were answered since the service began."""
        return self._server.state.served

    @property
    def needs_restart(self) -> bool:
        """Whether the service answers by settings that are not those kept now."""
        return self.state.phase is ServerPhase.RUNNING and any(
            self._begun_with[setting] != self._snapshot[setting] for setting in _READ_AT_START
        )

    def open(self) -> None:
        """Begin what begins with the program: the sender always, which sends nothing while it is switched off, and the
        service where the settings say so."""
        self._closed = False
        from services.whatsapp.sender import WhatsAppSender

        office = self._backoffice
        self._sender = WhatsAppSender(
            office.database, office.settings, folders=office.folders, as_service=office.as_service
        )
        self._sender.on_change = self.sender_changed.emit
        self._sender.start()
        if self._snapshot[INTEGRATION_ACTIVE]:
            self.start()

    def take_snapshot(self, snapshot: Snapshot) -> None:
        """Settings were saved. The switch acts at once; what a service at work does not follow waits for `restart`."""
        before, self._snapshot = self._snapshot, snapshot
        if self._closed:
            return
        self.wake_sender()
        if snapshot[INTEGRATION_ACTIVE] is not before[INTEGRATION_ACTIVE]:
            self._want(snapshot[INTEGRATION_ACTIVE])
        elif self._wanted and self.state.phase is ServerPhase.FAILED:
            self._settle()  # by what was saved it may begin
        elif self.needs_restart:
            self.state_changed.emit(self.state)

    @Slot()
    def start(self) -> None:
        """Have the service answer until it is stopped or the program ends."""
        self._want(True)

    @Slot()
    def stop(self) -> None:
        """Have the service answer nobody any more; what is being answered has a few seconds."""
        self._want(False)

    @Slot()
    def restart(self) -> None:
        """Have the service answer by the settings kept now."""
        self._anew = True
        self._want(True)

    def forget_counters(self) -> None:
        """A counter was let in or revoked: the service is to know it at the next request."""
        self._server.forget_counters()

    def wake_sender(self) -> None:
        """There is something to send, or another rule for it. May be called from any thread."""
        sender = self._sender
        if sender is not None:
            sender.wake()

    def wake_up(self) -> None:
        """The computer slept: what waits for its moment looks at the clock again."""
        self.wake_sender()
        if self._wanted and self.state.phase is ServerPhase.FAILED:
            self._settle()

    def close(self) -> None:
        """End everything, in the background: wait for it by `tasks.wait_all`."""
        self._closed = True
        self._want(False)
        if self._sender is not None:
            tasks.run(self._sender.stop, lambda _: None, self._failed, self)
            self._sender = None

    def _want(self, wanted: bool) -> None:
        self._wanted = wanted
        if not wanted and self.state.phase is ServerPhase.FAILED:
            self._take(ServerState(ServerPhase.STOPPED, "O serviço foi parado."))
        self._settle()

    @Slot()
    def _settle(self) -> None:
        self._again.stop()
        tasks.run(self._reach, lambda _: None, self._failed, self)

    def _reach(self) -> None:
        """In a thread of the pool, which may wait: make true what is wanted last."""
        with self._turn:
            if self._anew or not self._wanted or self._server.state.phase is ServerPhase.FAILED:
                self._anew = False
                self._server.stop()
            if not self._wanted:
                return
            if not self._backoffice.as_service and at_work_on(self._backoffice.folders.data):
                self._told.emit(ServerState(ServerPhase.STOPPED, _BY_THE_SERVICE))
            else:
                self._server.start()

    def _failed(self, error: Exception) -> None:
        raise error  # the service tells its own failures; any other is a defect, said as all defects are

    @Slot(object)
    def _take(self, state: ServerState) -> None:
        self._again.stop()
        if state.phase is ServerPhase.STARTING:
            self._begun_with = self._snapshot
        elif state.phase is not ServerPhase.RUNNING and self._wanted:
            self._again.start()
        self.state = state
        self.state_changed.emit(state)
