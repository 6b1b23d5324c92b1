"""The thread that consults: one queue for the operator and the service, whose wait is also the service's pause."""

from __future__ import annotations

import itertools
import logging
import queue
import threading
import traceback
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from PySide6.QtCore import QObject, QThread, Signal
from sqlalchemy.exc import SQLAlchemyError

from app.data.database import NO_ANSWER
from app.domain import Authority, Certificate, Failure, FailureKind, Phase, Refusal, Request, ServiceState
from app.settings.snapshot import Snapshot
from services.automatic import LOOK_AGAIN, Step
from services.backoffice import Backoffice
from services.consultation import NotAsked, NotYet
from services.error_place import error_place

_log = logging.getLogger(__name__)

CONSULTED = (Authority.SEFAZ, Authority.ANP, Authority.CREDIT)
"""The authorities consulted, each by a thread of its own."""

_STOP, _OPERATOR, _WAKE = range(3)
"""What the queue holds, most urgent first."""


class ConsultationThread(QThread):
    """Consults one authority: for the operator as soon as asked, and for the service when somebody is due.

    Signals are emitted by this thread: connect them only to slots of QObjects. With `once` the thread consults all
    that is due and ends. The owner calls `stop` and keeps a reference until then.
    """

    started_one: ClassVar[Signal] = Signal(object)
    """A Request is being made."""
    finished_one: ClassVar[Signal] = Signal(object)
    """A Result: answered or failed, and kept."""
    refused_one: ClassVar[Signal] = Signal(object)
    """A Refusal: nothing was asked."""
    state_changed: ClassVar[Signal] = Signal(object)
    """A ServiceState."""

    def __init__(
        self,
        backoffice: Backoffice,
        authority: Authority = Authority.SEFAZ,
        *,
        once: bool = False,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName(f"consulta-{authority.value}")
        self.authority = authority
        self._backoffice = backoffice
        self._consultation = backoffice.consultation_of(authority)
        self._automatic = backoffice.automatic_of(authority)
        self._once = once
        self._queue: queue.PriorityQueue[tuple[int, int, Request | None]] = queue.PriorityQueue()
        self._numbers = itertools.count(1)
        self._cancelled_up_to = 0
        self._interrupt = threading.Event()
        self._serving_operator = False
        self._slept = False
        self._stopping = False
        self._paused_until: datetime | None = None
        self._next_at = datetime.now(UTC)
        self._state = ServiceState(Phase.STOPPED, "O serviço ainda não começou.", authority=authority)
        self._last_at: datetime | None = None
        self._certificate: Certificate | None = None

    @property
    def state(self) -> ServiceState:
        """The last state emitted; may be read from any thread."""
        return self._state

    def submit(self, requests: Sequence[Request]) -> None:
        """Queue the operator's requests, before anything of the service."""
        for request in requests:
            self._queue.put((_OPERATOR, next(self._numbers), request))

    def cancel(self) -> None:
        """Give up every request of the operator: those waiting are refused, the one in flight is interrupted."""
        self._cancelled_up_to = next(self._numbers)
        if self._serving_operator:
            self._interrupt.set()
            self._consultation.cancel()

    def pause(self, until: datetime | None) -> None:
        """Stop the automatic consultation until a moment; None resumes it. The operator may still consult."""
        self._paused_until = until
        self.wake()

    def wake(self) -> None:
        """Look at the settings and for whom to consult now."""
        self._queue.put((_WAKE, next(self._numbers), None))

    def woke_up(self) -> None:
        """The computer slept: look at the clock again, over new connections. Nobody is at the other end of the old
        ones, and a question sent there would wait for its answer until the time given to it is over."""
        self._slept = True
        self.wake()

    def stop(self) -> None:
        """End the thread, interrupting a consultation in flight, and wait for it. Called by another thread."""
        self._stopping = True
        self._queue.put((_STOP, 0, None))
        while not self.wait(50):
            self._interrupt.set()
            self._consultation.cancel()

    def run(self) -> None:
        """The thread's own work; never called directly."""
        try:
            while not self._stopping:
                self._turn()
        finally:
            self._end()

    def _turn(self) -> None:
        pause = (self._next_at - datetime.now(UTC)).total_seconds()
        try:
            what, number, request = self._queue.get(timeout=max(pause, 0.001))
        except queue.Empty:
            self._guarded_step()
            return
        if what == _WAKE:
            self._automatic.look_now()
            self._guarded_step()
        elif what == _OPERATOR and request is not None:
            self._serve(request, number)

    def _end(self) -> None:
        try:
            self._automatic.release()
        except Exception as error:  # noqa: BLE001 - the thread must end whatever happens; the lease ends by itself soon
            _log.error("ending the consultation thread: %s", error_place(error))
        self._consultation.close()
        while not self._queue.empty():
            _, _, request = self._queue.get_nowait()
            if request is not None:
                self.refused_one.emit(Refusal(request, _ended()))
        self._emit(Phase.STOPPED, "O serviço foi encerrado.", None)

    # --- the operator ---

    def _serve(self, request: Request, number: int) -> None:
        self._serving_operator = True
        self._interrupt.clear()
        before = self._state
        try:
            if number <= self._cancelled_up_to:
                raise NotAsked(_cancelled())
            self._emit(Phase.WORKING, "Consultando a pedido do operador.", before.next_at, request)
            self._consult(request, self._backoffice.settings.load(), self._interrupt.is_set, self._await)
        except NotAsked as refused:
            self.refused_one.emit(Refusal(request, refused.failure))
        except Exception as error:  # noqa: BLE001 - whoever asked is told, and the thread goes on
            _log.error("consulting for the operator: %s", error_place(error))
            self.refused_one.emit(Refusal(request, _unexpected(error)))
        finally:
            self._serving_operator = False
            self._emit(before.phase, before.sentence, before.next_at)

    def _await(self, seconds: float, why: str) -> None:
        if self._interrupt.wait(seconds):
            raise NotAsked(_cancelled())

    # --- the service ---

    def _guarded_step(self) -> None:
        try:
            self._step()
        except NotAsked as refused:
            self._rest(Phase.FAILED, refused.failure.sentence)
        except Exception as error:  # noqa: BLE001 - shown as the service's state, and tried again
            _log.error("automatic consultation: %s", error_place(error))
            self._rest(Phase.FAILED, _why_it_failed(error))

    def _rest(self, phase: Phase, sentence: str) -> None:
        self._next_at = datetime.now(UTC) + LOOK_AGAIN
        self._stopping = self._stopping or self._once
        self._emit(phase, sentence, self._next_at)

    def _step(self) -> None:
        now = datetime.now(UTC)
        if self._paused_until is not None and now >= self._paused_until:
            self._paused_until = None
        snapshot = self._backoffice.settings.load()
        if self._paused_until is not None and not self._automatic.is_off(snapshot):
            self._next_at = self._paused_until
            self._emit(Phase.PAUSED, f"Em pausa até {self._paused_until.astimezone():%d/%m %H:%M}.", self._next_at)
            return
        step = self._automatic.step(snapshot)
        self._certificate = step.certificate
        if step.request is None:
            self._next_at = min(step.at, now + LOOK_AGAIN)
            if self._once and not (step.somebody_waits and step.phase is Phase.IDLE):
                self._stopping = True
            self._emit(step.phase, step.sentence, step.at)
            return
        self._work(step, step.request, snapshot)

    def _work(self, step: Step, request: Request, snapshot: Snapshot) -> None:
        self._emit(step.phase, step.sentence, None, request)
        try:
            self._consult(request, snapshot, lambda: self._stopping)
        except NotYet as refused:  # another machine has just asked
            self._next_at = min(refused.turn.at, datetime.now(UTC) + LOOK_AGAIN)
            self._emit(Phase.IDLE, refused.turn.why, self._next_at)
            return
        except NotAsked:
            raise
        except NO_ANSWER:  # not because of the customer, who is tried again soon; the authority may have been asked
            self._automatic.asked(request)
            raise
        except Exception as error:  # noqa: BLE001 - of one customer: left for another day, so that the others go on
            self._pass_over(request, error)
        else:
            self._next_at = datetime.now(UTC)
        self._automatic.asked(request)

    def _pass_over(self, request: Request, error: Exception) -> None:
        _log.error("consulting for the service: %s", error_place(error))
        self._automatic.set_aside(request)
        failure = _passed_over(request, error)
        self.refused_one.emit(Refusal(request, failure))
        self._next_at = datetime.now(UTC) + (timedelta() if self._once else LOOK_AGAIN)
        self._emit(Phase.FAILED, failure.sentence, self._next_at)

    # --- both ---

    def _consult(
        self,
        request: Request,
        snapshot: Snapshot,
        given_up: Callable[[], bool],
        wait: Callable[[float, str], None] | None = None,
    ) -> None:
        if self._slept:
            self._slept = False
            self._consultation.close()
        self.started_one.emit(request)
        result = self._consultation.run(request, snapshot, given_up=given_up, wait=wait)
        self._last_at = result.finding.asked_at
        self.finished_one.emit(result)

    def _emit(self, phase: Phase, sentence: str, next_at: datetime | None, current: Request | None = None) -> None:
        state = ServiceState(
            phase,
            sentence,
            self._last_at,
            next_at,
            self._paused_until,
            current,
            self._queue.qsize(),
            self._certificate,
            self.authority,
            self._consultation.warnings,
        )
        if state != self._state:
            self._state = state
            self.state_changed.emit(state)


def _why_it_failed(error: Exception) -> str:
    if isinstance(error, SQLAlchemyError):
        return "O banco de dados não respondeu, ou recusou o pedido: o serviço tenta de novo sozinho."
    return f"Erro inesperado no serviço: {type(error).__name__}. Veja o registro do programa."


def _cancelled() -> Failure:
    return Failure(FailureKind.CANCELLED, "A consulta foi cancelada antes de ser feita.", "", "Consulte quando quiser.")


def _ended() -> Failure:
    return Failure(FailureKind.CANCELLED, "O serviço foi encerrado antes desta consulta.", "", "Consulte de novo.")


def _unexpected(error: Exception) -> Failure:
    return Failure(
        FailureKind.INTERNAL,
        "A consulta não pôde ser feita por um erro inesperado do programa. Nada foi alterado no cliente.",
        "",
        "Tente de novo; se continuar, envie os detalhes ao suporte.",
        "".join(traceback.format_exception(error)),
    )


def _passed_over(request: Request, error: Exception) -> Failure:
    return Failure(
        FailureKind.INTERNAL,
        f"A consulta de {request.document} não pôde ser feita por um erro inesperado do programa.",
        "",
        "Este cliente fica para amanhã e os outros seguem. Veja o registro do programa.",
        "".join(traceback.format_exception(error)),
    )
