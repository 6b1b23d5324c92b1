"""What a consultation thread tells, as the window would hear it."""

from __future__ import annotations

from PySide6.QtCore import QObject, QThread, Slot

from app.domain import Origin, Phase, Refusal, Request, Result, ServiceState
from services.background import ConsultationThread


class Listener(QObject):
    """Keeps everything that the thread tells, in order, and checks that it arrives in the window's thread."""

    def __init__(self, thread: ConsultationThread) -> None:
        super().__init__()
        self.started: list[Request] = []
        self.results: list[Result] = []
        self.refusals: list[Refusal] = []
        self.states: list[ServiceState] = []
        thread.started_one.connect(self.on_started)
        thread.finished_one.connect(self.on_finished)
        thread.refused_one.connect(self.on_refused)
        thread.state_changed.connect(self.on_state)

    @Slot(object)
    def on_started(self, request: Request) -> None:
        self.started.append(request)

    @Slot(object)
    def on_finished(self, result: Result) -> None:
        assert QThread.currentThread() is self.thread()
        self.results.append(result)

    @Slot(object)
    def on_refused(self, refusal: Refusal) -> None:
        self.refusals.append(refusal)

    @Slot(object)
    def on_state(self, state: ServiceState) -> None:
        self.states.append(state)

    def order(self) -> list[tuple[Origin, int | None]]:
        """Who was consulted for whom."""
        return [(result.request.origin, result.request.customer_id) for result in self.results]

    def phases(self) -> list[Phase]:
        return [state.phase for state in self.states]
