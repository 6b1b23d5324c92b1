"""The thread that sends what the outbox has: one message at a time, on one machine at a time."""

from __future__ import annotations

import logging
import os
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from app import secrets
from app.data import lease, outbox, outbox_gate, whatsapp_pauses
from app.data.database import Database
from app.data.outbox import Outgoing
from app.data.outbox_gate import Queue
from app.domain import Phase
from app.folders import Folders
from app.kinds import InvalidValue
from app.portuguese import counted
from app.rules.outbox import MessageState
from app.settings.catalog import WHATSAPP_KEEP, WHATSAPP_ORDERS, WHATSAPP_VERSION
from app.settings.machine import MachineFileError
from app.settings.repository import SettingsRepository
from app.settings.snapshot import GENERAL_COMPANY, Snapshot
from services.automatic import elsewhere, owner_name
from services.error_place import error_place
from services.whatsapp import delivery
from services.whatsapp.account import Account
from services.whatsapp.api_versions import version_warning

if TYPE_CHECKING:
    from services.whatsapp.answer import Answer
    from services.whatsapp.cloud_api import CloudApi

_log = logging.getLogger(__name__)

LEASE = "whatsapp"
LOOK_AGAIN_S = 5.0
"""How often to look at the queue: a counter of another machine wakes nobody here."""
_AFTER_FAILURE_S = 15.0
_UPKEEP = timedelta(minutes=1)
_ERASE = timedelta(days=1)
_GRACE_S = 5.0
"""How long an end waits for the call in progress: an interrupted one leaves its message uncertain."""
_KEEPING_TRIES, _KEEPING_PAUSE_S = 5, 2.0


@dataclass(frozen=True)
class SenderState:
    """The sender at one moment. `sentence` says why it is so, `warnings` what a person should know or mend.

    `waiting` counts the queue, `uncertain` the messages that wait for a person's decision.
    """

    phase: Phase
    sentence: str
    waiting: int = 0
    uncertain: int = 0
    last_at: datetime | None = None
    next_at: datetime | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Sender:
    """Whose number sends, and by which token."""

    account: Account
    token: str = field(repr=False)


class WhatsAppSender:
    """Sends from `start` to `stop`. `on_change` is called with each new SenderState, by the sender's own thread.

    `machine` names this program among those that share the database. `read_timeout` is in seconds.
    """

    def __init__(
        self,
        database: Database,
        settings: SettingsRepository,
        machine: str = "",
        *,
        folders: Folders,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        read_timeout: float | None = None,
        as_service: bool = False,
    ) -> None:
        self.on_change: Callable[[SenderState], None] = lambda state: None
        self._database = database
        self._settings = settings
        self._owner = f"{machine}/{os.getpid()}" if machine else owner_name(as_service=as_service)
        self._folders = folders
        self._clock = clock
        self._read_timeout = read_timeout
        self._api: CloudApi | None = None
        self._state = SenderState(Phase.STOPPED, "O envio de mensagens ainda não começou.")
        self._last_at: datetime | None = None
        self._upkeep_at: datetime | None = None
        self._erase_at: datetime | None = None
        self._woken = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="whatsapp", daemon=True)

    @property
    def state(self) -> SenderState:
        """The last state told; may be read from any thread."""
        return self._state

    def start(self) -> None:
        """Begin. A sender is started once."""
        self._thread.start()

    def wake(self) -> None:
        """Look at the queue and the settings now."""
        self._woken.set()

    def stop(self) -> None:
        """End, and wait for it: the call in progress has a few seconds. Called by another thread; may be repeated."""
        self._stopping.set()
        self._woken.set()
        if self._thread.ident is None:
            return
        self._thread.join(_GRACE_S)
        while self._thread.is_alive():
            if self._api is not None:
                self._api.interrupt()
            self._thread.join(0.05)

    # --- the thread ---

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                self._woken.clear()
                pause = self._guarded_turn()
                if pause and not self._stopping.is_set():
                    self._woken.wait(pause)
        finally:
            self._end()

    def _end(self) -> None:
        try:
            with self._database.writing() as connection:
                lease.release(connection, LEASE, self._owner, self._clock())
        except (DBAPIError, NoConnectionFree):
            _log.warning("the lease of the sender was not given back; it ends by itself soon")
        self._tell(SenderState(Phase.STOPPED, "O envio de mensagens foi encerrado.", last_at=self._last_at))

    def _guarded_turn(self) -> float:
        try:
            return self._turn()
        except (secrets.SecretsUnavailable, InvalidValue, MachineFileError) as error:
            sentence = str(error)
        except (DBAPIError, NoConnectionFree) as error:
            _log.error("sending messages: %s", error_place(error))
            sentence = "O banco de dados não respondeu: o envio de mensagens tenta de novo sozinho."
        except Exception as error:  # noqa: BLE001 - shown as the sender's state, and tried again
            _log.error("sending messages: %s", error_place(error))
            sentence = f"Erro inesperado no envio de mensagens: {type(error).__name__}. Veja o registro do programa."
        self._tell(SenderState(Phase.FAILED, sentence, last_at=self._last_at))
        return _AFTER_FAILURE_S

    def _turn(self) -> float:
        """One look at the queue, and at most one message. How many seconds to wait before the next look."""
        now = self._clock()
        snapshot = self._settings.load()
        self._erase(snapshot, now)
        with self._database.reading() as connection:
            counts = outbox.unsettled(connection)
            other = lease.held_by_another(connection, LEASE, self._owner, now)
        switches = snapshot.everywhere(WHATSAPP_ORDERS)
        if not counts and not any(switches):
            return self._rest(Phase.STOPPED, "As mensagens de ordem de serviço estão desligadas.", snapshot, counts)
        if other is not None:
            return self._rest(Phase.ELSEWHERE, elsewhere(other), snapshot, counts)
        queue, sender, mute = self._look(snapshot, now)
        if mute and sender is None:
            missing = "Falta o token do WhatsApp neste computador: informe-o em Balcão › Integração › WhatsApp."
            return self._rest(Phase.FAILED, missing, snapshot, counts)
        if not self._take_turn(counts, queue, now):
            return self._rest(Phase.ELSEWHERE, "Serviço ativo em outro computador.", snapshot, counts)
        if queue.ready is None or sender is None:
            return self._wait(queue, snapshot, counts, now)
        self._send(queue.ready.id, sender, snapshot, counts)
        return 0.0

    def _look(self, snapshot: Snapshot, now: datetime) -> tuple[Queue, _Sender | None, bool]:
        """The queue, who sends the message that is ready, and whether any number has no token on this computer."""
        mute: set[str] = set()
        while True:
            with self._database.reading() as connection:
                queue = outbox_gate.look(connection, snapshot, now, mute)
            if queue.ready is None:
                return queue, None, bool(mute)
            account = Account.of(snapshot.for_company(queue.ready.company_id or GENERAL_COMPANY))
            assert account is not None  # a company without one is held
            token = account.token()
            if token is not None:
                return queue, _Sender(account, token), bool(mute)
            mute.add(account.number_id)

    def _take_turn(self, counts: dict[MessageState, int], queue: Queue, now: datetime) -> bool:
        """Take or renew the lease where there is something to do, and settle what can wait no more."""
        due = self._upkeep_at is None or now >= self._upkeep_at
        if queue.ready is None and not (due and counts):
            return True
        with self._database.writing() as connection:
            if not lease.take(connection, LEASE, self._owner, now):
                return False
            outbox.tidy(connection, now)
            whatsapp_pauses.forget_ended(connection, now)
        self._upkeep_at = now + _UPKEEP
        return True

    def _erase(self, snapshot: Snapshot, now: datetime) -> None:
        if self._erase_at is not None and now < self._erase_at:
            return
        with self._database.writing() as connection:
            outbox.erase(connection, now - timedelta(days=snapshot[WHATSAPP_KEEP]))
        self._erase_at = now + _ERASE

    def _wait(self, queue: Queue, snapshot: Snapshot, counts: dict[MessageState, int], now: datetime) -> float:
        if queue.held is None:
            return self._rest(Phase.IDLE, "Nenhuma mensagem na fila.", snapshot, counts)
        if queue.held.until is None:
            return self._rest(Phase.ATTENTION, queue.held.why, snapshot, counts)
        self._rest(Phase.IDLE, queue.held.why, snapshot, counts, queue.held.until)
        return min(LOOK_AGAIN_S, max((queue.held.until - now).total_seconds(), 0.05))

    def _rest(
        self,
        phase: Phase,
        sentence: str,
        snapshot: Snapshot,
        counts: dict[MessageState, int],
        next_at: datetime | None = None,
    ) -> float:
        self._tell(self._shown(phase, sentence, snapshot, counts, next_at))
        return LOOK_AGAIN_S

    # --- one message ---

    def _send(self, message_id: int, sender: _Sender, snapshot: Snapshot, counts: dict[MessageState, int]) -> None:
        with self._database.writing() as connection:
            message = outbox.reserve(connection, message_id, self._owner, self._clock())
        if message is None:  # settled, or taken by another, since it was looked at
            return
        sentence = f"Enviando a mensagem da ordem {message.order_number}."
        self._tell(self._shown(Phase.WORKING, sentence, snapshot, counts))
        answer = self._channel().post(sender.account, sender.token, message)
        self._keep(message, sender.account, answer)

    def _keep(self, message: Outgoing, account: Account, answer: Answer) -> None:
        """Keep the answer, trying hard: a message whose answer is not kept becomes uncertain."""
        for last in (attempt == _KEEPING_TRIES for attempt in range(1, _KEEPING_TRIES + 1)):
            try:
                now = self._clock()
                with self._database.writing() as connection:
                    delivery.settle(connection, message, account, answer, now=now, jitter=random.random())
            except (DBAPIError, NoConnectionFree):
                if last:
                    raise
                _log.warning("the answer to message %d was not kept yet", message.id)
                self._stopping.wait(_KEEPING_PAUSE_S)
            else:
                self._last_at = now
                return

    def _channel(self) -> CloudApi:
        if self._api is None:
            from services.whatsapp.cloud_api import READ_TIMEOUT_S, CloudApi

            self._api = CloudApi(self._folders, read_timeout=self._read_timeout or READ_TIMEOUT_S)
        return self._api

    # --- telling ---

    def _shown(
        self,
        phase: Phase,
        sentence: str,
        snapshot: Snapshot,
        counts: dict[MessageState, int],
        next_at: datetime | None = None,
    ) -> SenderState:
        uncertain = counts.get(MessageState.UNCERTAIN, 0)
        warnings = (
            version_warning(snapshot[WHATSAPP_VERSION], self._clock().date()),
            f"{counted(uncertain, 'mensagem incerta', 'mensagens incertas')}: decida em Mensagens."
            if uncertain
            else "",
        )
        waiting = counts.get(MessageState.PENDING, 0)
        shown = tuple(warning for warning in warnings if warning)
        return SenderState(phase, sentence, waiting, uncertain, self._last_at, next_at, shown)

    def _tell(self, state: SenderState) -> None:
        if state != self._state:
            self._state = state
            self.on_change(state)
