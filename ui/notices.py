"""What needs a person, each said once: a service in trouble, a certificate about to end, customers blocked."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from app.domain import Authority, Origin, Phase, Result, ServiceState
from ui import pages

if TYPE_CHECKING:
    from services.integration.server import ServerState
    from services.whatsapp.sender import SenderState

_KEPT = 8


@dataclass(frozen=True)
class Notice:
    """One sentence, when it was true, and the page where it can be dealt with."""

    at: datetime
    sentence: str
    page: str
    argument: object = None


class Notices(QObject):
    """Keeps the last ones. `raised` is for what needs a person now; a customer blocked by rule is only listed."""

    raised = Signal(object)
    """A Notice to be shown at once."""

    changed = Signal()
    """`latest` has one more."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.latest: deque[Notice] = deque(maxlen=_KEPT)
        self._said: set[tuple[date, str]] = set()

    @Slot(object)
    def take_state(self, state: ServiceState) -> None:
        """Trouble of a service, or a warning of its, is said once a day, however often it is met."""
        if state.phase in (Phase.FAILED, Phase.ATTENTION) and state.sentence not in state.warning:
            label = state.authority.label
            self._raise_once_a_day(state.sentence if label in state.sentence else f"{label}: {state.sentence}")
        for warning in state.warnings:
            self._raise_once_a_day(warning)

    @Slot(object)
    def take_server(self, state: ServerState) -> None:
        """That the counters are not served, though they are meant to be, is said once a day."""
        if state.failure is not None:
            self._raise_once_a_day(f"Os balcões não são atendidos. {state.failure.what}", pages.INTEGRATION)

    @Slot(object)
    def take_sender(self, state: SenderState) -> None:
        """That messages wait for a person, or a warning about them, is said once a day."""
        troubled = state.phase in (Phase.FAILED, Phase.ATTENTION)
        for sentence in (*((state.sentence,) if troubled else ()), *state.warnings):
            self._raise_once_a_day(f"Mensagens: {sentence}", pages.MESSAGES)

    @Slot(object)
    def take_result(self, result: Result) -> None:
        """A customer that a service blocked is listed."""
        by_service = result.request.origin is Origin.SERVICE or result.request.authority is Authority.CREDIT
        if by_service and result.decision.add:
            who = result.customer or str(result.request.document)
            why = "; ".join(reason.rstrip(".") for _, reason in result.decision.add)
            self._list(
                Notice(
                    datetime.now(UTC),
                    f"{who} foi bloqueado: {why}",
                    pages.CUSTOMERS,
                    result.request.customer_id,
                )
            )

    @Slot(str)
    def take_certificate(self, sentence: str) -> None:
        """A certificate that passed a mark is said; the watch over them knows what was said before."""
        self._raise(sentence, pages.CERTIFICATES)

    @Slot(str)
    def take_update(self, sentence: str) -> None:
        """A newer version of the program is said; whoever looks for it knows what was said before."""
        self._raise(sentence, pages.UPDATE)

    @Slot(str)
    def take_distrusted_update(self, sentence: str) -> None:
        """That what is published as an update cannot be believed is said once a day."""
        self._raise_once_a_day(f"Atualização: {sentence}", pages.UPDATE)

    def _raise_once_a_day(self, sentence: str, page: str = pages.HOME) -> None:
        # Hours and counts inside the sentence do not make it another one.
        said = (datetime.now().astimezone().date(), re.sub(r"\d+", "0", sentence))
        if said not in self._said:
            self._said.add(said)
            self._raise(sentence, page)

    def _raise(self, sentence: str, page: str) -> None:
        notice = Notice(datetime.now(UTC), sentence, page)
        self._list(notice)
        self.raised.emit(notice)

    def _list(self, notice: Notice) -> None:
        self.latest.appendleft(notice)
        self.changed.emit()
