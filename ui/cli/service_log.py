"""What the service does, line by line: consultations on the standard output, its state on the standard error."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QCoreApplication, QObject, Slot

from app.domain import Phase, Refusal, Result, ServiceState, Verdict
from ui.cli.consult import as_document, failure_document
from ui.cli.output import Status, note, write, write_json

if TYPE_CHECKING:
    from services.background import ConsultationThread

_CANNOT_RUN = (Phase.STOPPED, Phase.FAILED)


class ServiceLog(QObject):
    """Listens to the thread, and ends the event loop when the thread ends."""

    def __init__(self, thread: ConsultationThread, *, as_json: bool, once: bool) -> None:
        super().__init__()
        self._as_json = as_json
        self._once = once
        self._results: list[dict[str, Any]] = []
        self._refusals: list[dict[str, Any]] = []
        self._failed = False
        self._said = ""
        self._state = self._state_before = ServiceState(Phase.STOPPED, "")
        thread.finished_one.connect(self._finished)
        thread.refused_one.connect(self._refused)
        thread.state_changed.connect(self._changed)
        thread.finished.connect(self._ended)

    @property
    def status(self) -> Status:
        """How a run of all that was due went: the thread's last state only says that it ended, the one before why."""
        phase = self._state_before.phase
        if phase in _CANNOT_RUN:
            return Status.USAGE
        return Status.REFUSED if self._failed or phase is Phase.ELSEWHERE else Status.DONE

    @property
    def document(self) -> dict[str, Any]:
        """A run of all that was due as one JSON document."""
        return {
            "consultas": self._results,
            "nao_consultados": self._refusals,
            "estado": self._state_before.phase.value,
            "mensagem": self._state_before.sentence,
        }

    def take_last_news(self) -> None:
        """Deliver what the thread said just before it ended."""
        QCoreApplication.sendPostedEvents(self)

    @Slot(object)
    def _finished(self, result: Result) -> None:
        finding = result.finding
        self._failed = self._failed or finding.verdict is Verdict.FAILURE
        if self._as_json and self._once:
            self._results.append(as_document(result))
        elif self._as_json:
            write_json(as_document(result), one_line=True)
        else:
            who = result.customer or str(finding.document)
            write(
                f"{finding.asked_at.astimezone():%d/%m/%Y %H:%M:%S}  {finding.uf}  {finding.document}  {who}: "
                f"{finding.verdict.label}. {finding.reason}"
            )

    @Slot(object)
    def _refused(self, refusal: Refusal) -> None:
        self._failed = True
        request = refusal.request
        self._refusals.append(
            {"documento": request.document.value, "uf": request.uf, "falha": failure_document(refusal.failure)}
        )
        note(f"{_clock()}  {refusal.request.uf}  {refusal.request.document}: {refusal.failure.sentence}")

    @Slot(object)
    def _changed(self, state: ServiceState) -> None:
        self._state_before, self._state = self._state, state
        if state.phase is not Phase.WORKING and state.sentence != self._said:
            self._said = state.sentence
            note(f"{_clock()}  {state.phase.label}: {state.sentence}")

    @Slot()
    def _ended(self) -> None:
        QCoreApplication.quit()


def _clock() -> str:
    return f"{datetime.now(UTC).astimezone():%d/%m/%Y %H:%M:%S}"
