"""Asks one address of ANP about one reseller: the answer, whatever its form, or a failure explained."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from app.domain import (
    AnpOutcome,
    AnpRegistration,
    ConsultationFailed,
    Document,
    DocumentKind,
    Failure,
    FailureKind,
)
from app.folders import Folders
from app.policies import AnpKind
from services.anp.address import address_for
from services.anp.answer import MAX_BODY, read_answer
from services.anp.judgement import judge
from services.anp.wording import InvalidWordings, Wordings, load_wordings
from services.interruption import Interruption
from services.network_failure import cancelled

if TYPE_CHECKING:
    from services.anp.transport import AnpTransport
    from services.http_channel import HttpAnswer

_ACCEPT = "application/json, text/html;q=0.9"


@dataclass(frozen=True)
class AnpAnswer:
    """What ANP said about one CNPJ. `reason` says it in a sentence; the raw messages are kept as evidence."""

    outcome: AnpOutcome
    reason: str
    registration: AnpRegistration | None
    request: bytes = field(repr=False)
    response: bytes = field(repr=False)


class AnpClient:
    """Queries one address at a time. `ask` and `close` belong to one thread; `cancel` may come from any.

    Times are in seconds: `read_timeout` is for the first byte, and again for the whole body.
    """

    def __init__(self, folders: Folders, *, connect_timeout: float = 5.0, read_timeout: float = 15.0) -> None:
        self._folders = folders
        self._connect_timeout = connect_timeout
        self._read_timeout = read_timeout
        self._interruption = Interruption()
        self._transport: AnpTransport | None = None

    def ask(self, cnpj: str, kind: AnpKind, address: str, *, given_up: Callable[[], bool] = lambda: False) -> AnpAnswer:
        """Ask about one CNPJ (14 characters). Raises ConsultationFailed for anything that is not an answer.

        `given_up` is looked at when `cancel` begins to take effect: one that came before is not lost.
        """
        wordings = self._wordings()
        about = address_for(address, cnpj, kind)
        answer, request = self._get(about, given_up)
        try:
            reading = read_answer(answer, cnpj, about, datetime.now(UTC))
        except ConsultationFailed as failed:
            failed.request = request
            raise
        outcome, reason = judge(reading, Document(DocumentKind.CNPJ, cnpj), kind, wordings)
        return AnpAnswer(outcome, reason, reading.registration if reading else None, request, answer.body)

    def cancel(self) -> bool:
        """Interrupt the query in progress, which then raises ConsultationFailed of kind CANCELLED at once.

        False, and no effect, when none is in progress: whoever is stopping a thread may call it until the thread ends.
        While a name is resolved or a connection is being opened, it takes effect when that ends.
        """
        return self._interruption.interrupt()

    def close(self) -> None:
        """Close the connections. The client may still be used and opens them again."""
        if self._transport is not None:
            self._transport.close()
            self._transport = None

    def _get(self, address: str, given_up: Callable[[], bool]) -> tuple[HttpAnswer, bytes]:
        from services.anp.transport import AnpTransport

        self._interruption.begin()
        try:
            if given_up():
                raise ConsultationFailed(cancelled())
            if self._transport is None:
                self._transport = AnpTransport(
                    self._folders, self._connect_timeout, self._read_timeout, self._interruption
                )
            answer = self._transport.get(address, _ACCEPT, limit=MAX_BODY, body_timeout=self._read_timeout)
            return answer, self._transport.sent
        finally:
            self._interruption.end()

    def _wordings(self) -> Wordings:
        try:
            return load_wordings(self._folders.anp_wordings_file)
        except InvalidWordings as error:
            # What to do is in the sentence.
            raise ConsultationFailed(Failure(FailureKind.CONFIGURATION, str(error), "", "")) from error
