"""The one path of a consultation: ask, decide, record, in one transaction.

The button, the service, the order gate and the command line all end here, whichever the authority.
A failure is recorded and changes nothing else.
"""

from __future__ import annotations

import platform
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Generic, TypeVar

from app.data import customers, decisions, history
from app.data.customers import Subject
from app.data.database import Database
from app.data.decisions import Decided
from app.domain import Decision, Failure, FailureKind, Finding, Request, Result
from app.rules.pacing import Turn
from app.settings.snapshot import Snapshot

if TYPE_CHECKING:
    from sqlalchemy import Connection

F = TypeVar("F", bound=Finding)


class NotAsked(Exception):
    """Nothing was asked and nothing recorded: the configuration does not allow it, or it is too soon."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.what)
        self.failure = failure


def not_configured(what: str, todo: str) -> NotAsked:
    """Nothing can be asked as things are set up; `todo` says what to change."""
    return NotAsked(Failure(FailureKind.CONFIGURATION, what, "", todo))


@dataclass(frozen=True)
class Asked(Generic[F]):
    """What came of asking, and the customer as it was when asked (None for a document of nobody's)."""

    finding: F
    subject: Subject | None


class Consultation(ABC, Generic[F]):
    """Consults one authority. One thread at a time; `cancel` from any."""

    def __init__(self, database: Database, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._database = database
        self._clock = clock
        self._machine = platform.node()

    def run(self, request: Request, snapshot: Snapshot, *, given_up: Callable[[], bool] = lambda: False) -> Result:
        """Ask, decide and record. Raises NotAsked when nothing was asked; a failure of the authority is a Result.

        `given_up` is looked at once `cancel` can take effect, so that a `cancel` which came too early is not lost.
        """
        asked = self._ask(request, snapshot, given_up)
        with self._database.writing() as connection:
            return self._record(connection, request, snapshot, asked)

    @abstractmethod
    def turn_for(self, request: Request) -> Turn:
        """When the authority may be asked this by a person. May raise NotAsked."""

    @abstractmethod
    def cancel(self) -> bool:
        """Interrupt the query in flight, from any thread; False when there is none."""

    @abstractmethod
    def close(self) -> None:
        """Close the connections to the authority."""

    @abstractmethod
    def _ask(self, request: Request, snapshot: Snapshot, given_up: Callable[[], bool]) -> Asked[F]:
        """Ask the authority. Raises NotAsked."""

    @abstractmethod
    def _note(self, connection: Connection, finding: F, subject: Subject) -> Subject | None:
        """Repeat the finding on the customer; None when it is no longer what was asked about."""

    @abstractmethod
    def _decide(
        self, connection: Connection, request: Request, snapshot: Snapshot, finding: F, subject: Subject
    ) -> Decision:
        """What the finding does to the customer."""

    def _keep(self, connection: Connection, snapshot: Snapshot, customer_id: int) -> None:
        """Forget what the settings do not want kept of this customer; for most authorities, nothing."""

    def _record(self, connection: Connection, request: Request, snapshot: Snapshot, asked: Asked[F]) -> Result:
        finding = asked.finding
        # As it is now: the registration and its blocks may have changed while the authority was answering.
        subject = self._note(connection, finding, asked.subject) if asked.subject else None
        known = subject or (customers.subject(connection, asked.subject.id) if asked.subject else None)
        if request.customer_id is None:
            decision = Decision("Consulta avulsa: nenhum cliente foi alterado.")
        elif known is None:
            decision = Decision("O cliente foi excluído durante a consulta: nada a alterar.")
        elif subject is None:
            decision = Decision(
                "O documento, a UF ou a inscrição do cliente mudou durante a consulta: nada foi alterado."
            )
        else:
            decision = self._decide(connection, request, snapshot, finding, subject)
        consultation_id = history.record(
            connection,
            finding,
            decision,
            authority=request.authority,
            customer_id=known.id if known else None,
            origin=request.origin,
            user=request.user,
            machine=self._machine,
            applied=decision.changes,
        )
        if known is not None:
            if decision.changes:
                decided = Decided(known.id, decision, finding.reason, consultation_id)
                decisions.carry_out(connection, [decided], by=request.user, at=self._clock())
            self._keep(connection, snapshot, known.id)
        return Result(request, finding, decision, consultation_id, known.name if known else "")
