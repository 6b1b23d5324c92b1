"""What the services do, line by line: consultations on the standard output, their states on the standard error."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QCoreApplication, QObject, Slot

from app.domain import Authority, CreditFinding, Phase, Refusal, Request, Result, ServiceState
from services.integration.server import ServerPhase
from ui.cli.consult import as_document, failure_document
from ui.cli.output import Status, note, write, write_json

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from services.background import ConsultationThread
    from services.integration.server import ServerState
    from services.whatsapp.sender import SenderState
    from ui.counter_desk import CounterDesk


class ServiceLog(QObject):
    """Listens to the threads, and ends the event loop when the last one ends.

    `record` takes the lines where there is nobody to read them as they come, and is told nothing of who was consulted.
    """

    def __init__(
        self,
        threads: Sequence[ConsultationThread],
        *,
        as_json: bool,
        once: bool,
        record: Callable[[str], None] | None = None,
    ) -> None:
        super().__init__()
        self.threads = tuple(threads)
        self._as_json = as_json
        self._once = once
        self._record = record
        self._omitted: Sequence[str] = ()
        self._results: list[dict[str, Any]] = []
        self._refusals: list[dict[str, Any]] = []
        self._failed = False
        self._running = len(threads)
        self._states = {thread.authority: thread.state for thread in threads}
        self._states_before = dict(self._states)
        self._said: dict[Authority, str] = {}
        self._said_of_server = self._said_of_sender = ""
        for thread in threads:
            thread.finished_one.connect(self._finished)
            thread.refused_one.connect(self._refused)
            thread.state_changed.connect(self._changed)
            thread.finished.connect(self._ended)

    @property
    def status(self) -> Status:
        """How a run of all that was due went. A service that is switched off does not count where another works."""
        phases = [state.phase for state in self._ends]
        if Phase.FAILED in phases or all(phase is Phase.STOPPED for phase in phases):
            return Status.USAGE
        return Status.REFUSED if self._failed or Phase.ELSEWHERE in phases else Status.DONE

    @property
    def document(self) -> dict[str, Any]:
        """A run of all that was due as one JSON document; its own state is that of the service that did worst."""
        worst = min(self._ends, key=lambda state: (state.phase is not Phase.FAILED, state.phase is Phase.STOPPED))
        return {
            "consultas": self._results,
            "nao_consultados": self._refusals,
            "estado": worst.phase.value,
            "mensagem": worst.sentence,
            "servicos": [
                {
                    "autoridade": state.authority.value,
                    "estado": state.phase.value,
                    "mensagem": state.sentence,
                    "aviso": state.warning,
                }
                for state in self._ends
            ],
        }

    @property
    def _ends(self) -> list[ServiceState]:
        """How each service ended: the last state only says that it did, the one before why, unless it was at work."""
        return [
            self._states[authority] if before.phase is Phase.WORKING else before
            for authority, before in self._states_before.items()
        ]

    def follow(self, desk: CounterDesk) -> None:
        """Say what becomes of the service of the counters and of their messages too."""
        desk.state_changed.connect(self._server_changed)
        desk.sender_changed.connect(self._sender_changed)

    def take_last_news(self) -> None:
        """Deliver what the thread said just before it ended."""
        QCoreApplication.sendPostedEvents(self)

    @Slot(object)
    def _finished(self, result: Result) -> None:
        if self._record is not None:
            return
        finding = result.finding
        self._failed = self._failed or finding.failed
        if self._as_json and self._once:
            self._results.append(_document(result))
        elif self._as_json:
            write_json(_document(result), one_line=True)
        else:
            when = f"{finding.asked_at.astimezone():%d/%m/%Y %H:%M:%S}"
            who = result.customer or str(finding.document)
            said = f"{finding.verdict.label}. {finding.reason}"
            write(f"{when}  {_where(result.request)}  {finding.document}  {who}: {said}")

    @Slot(object)
    def _refused(self, refusal: Refusal) -> None:
        request = refusal.request
        if self._record is not None:
            self._omitted = (str(request.document), request.document.value)
            return
        self._failed = True
        self._refusals.append(
            {
                "autoridade": request.authority.value,
                "documento": request.document.value,
                "uf": request.uf,
                "falha": failure_document(refusal.failure),
            }
        )
        self._say(f"{_where(request)}  {request.document}: {refusal.failure.sentence}")

    @Slot(object)
    def _changed(self, state: ServiceState) -> None:
        authority = state.authority
        self._states_before[authority], self._states[authority] = self._states[authority], state
        if state.phase is not Phase.WORKING and state.why != self._said.get(authority):
            self._said[authority] = state.why
            self._say(f"{authority.label}  {state.phase.label}: {state.why}")

    @Slot(str)
    def say_certificate(self, sentence: str) -> None:
        """A line for a certificate that passed a mark on the way to its end."""
        self._say(f"Certificado digital: {sentence}")

    @Slot(object)
    def _server_changed(self, state: ServerState) -> None:
        # What is tried again and again, and fails in the same way, is one line.
        if state.phase is not ServerPhase.STARTING and state.sentence != self._said_of_server:
            self._said_of_server = state.sentence
            self._say(f"Balcões  {state.phase.label}: {state.sentence}")

    @Slot(object)
    def _sender_changed(self, state: SenderState) -> None:
        if state.phase not in (Phase.STOPPED, Phase.WORKING) and state.sentence != self._said_of_sender:
            self._said_of_sender = state.sentence
            self._say(f"Mensagens  {state.phase.label}: {state.sentence}")

    def _say(self, sentence: str) -> None:
        if self._record is None:
            note(f"{datetime.now(UTC).astimezone():%d/%m/%Y %H:%M:%S}  {sentence}")
        elif not any(document in sentence for document in self._omitted):
            self._record(sentence)

    @Slot()
    def _ended(self) -> None:
        self._running -= 1
        if not self._running:
            QCoreApplication.quit()


def _document(result: Result) -> dict[str, Any]:
    finding = result.finding
    if not isinstance(finding, CreditFinding):
        return as_document(result)
    return {
        "autoridade": Authority.CREDIT.value,
        "documento": finding.document.value,
        "gerenciadora": finding.authorizer,
        "resultado": finding.verdict.value,
        "motivos": [*finding.reasons, result.decision.why],
        "falha": failure_document(finding.failure),
        "duracao_ms": finding.duration_ms,
        "analise_id": result.consultation_id,
    }


def _where(request: Request) -> str:
    return f"SEFAZ {request.uf}" if request.authority is Authority.SEFAZ else request.authority.label
