"""The one path of a consultation of SEFAZ or ANP: ask, decide, record, in one transaction.

The button, the service, the order gate and the command line all end here, whichever the authority.
A failure is recorded and changes nothing else.
"""

from __future__ import annotations

import platform
from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Generic, TypeVar

from app.data import customers, decisions, history
from app.data.customers import Subject
from app.data.database import Database
from app.data.decisions import Decided
from app.domain import Decision, Failure, FailureKind, Finding, Request, Result
from app.rules.pacing import Hold, Turn
from app.settings.snapshot import Snapshot
from services.consulting import Consulting

if TYPE_CHECKING:
    from sqlalchemy import Connection

F = TypeVar("F", bound=Finding)


PATIENCE_S = 60.0
"""The longest that somebody who asks is kept waiting for an authority's turn; later ones are refused."""


class NotAsked(Exception):
    """Nothing was asked and nothing recorded: the configuration does not allow it, or it is too soon."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.what)
        self.failure = failure


class NotYet(NotAsked):
    """It is too soon; `turn` says when it may be asked and why."""

    def __init__(self, turn: Turn) -> None:
        super().__init__(_too_soon(turn))
        self.turn = turn


def not_configured(what: str, todo: str) -> NotAsked:
    """Nothing can be asked as things are set up; `todo` says what to change."""
    return NotAsked(Failure(FailureKind.CONFIGURATION, what, "", todo))


def _too_soon(turn: Turn) -> Failure:
    cause = {
        Hold.FREEZE: "Consultas demais em pouco tempo, deste ou de outro programa com o mesmo certificado.",
        Hold.FAILURES: "Insistir no que falha é o que a SEFAZ chama de consumo indevido.",
    }
    todo = {
        Hold.FREEZE: "Espere até esse horário: insistir prolonga o bloqueio e pode atingir a emissão de notas.",
        Hold.FAILURES: "Espere até esse horário, ou desfaça a causa e faça o diagnóstico em Ferramentas › Diagnóstico "
        "da SEFAZ: se ele não encontrar falhas, as consultas voltam na hora.",
    }
    again = f"Consulte de novo depois das {turn.at.astimezone():%H:%M:%S}."
    # Only what SEFAZ said to be consumo indevido is called so.
    kind = FailureKind.LIMIT if turn.hold is Hold.FREEZE else FailureKind.TOO_SOON
    return Failure(kind, turn.why, cause.get(turn.hold, ""), todo.get(turn.hold, again))


@dataclass(frozen=True)
class Asked(Generic[F]):
    """What came of asking, and the customer as it was when asked (None for a document of nobody's).

    `learn` keeps what the answer tells of the authority itself, in the transaction that keeps the consultation; in one
    of its own when that one failed.
    """

    finding: F
    subject: Subject | None
    learn: Callable[[Connection], None]


class Consultation(Consulting, Generic[F]):
    """Consults one authority about its register, and keeps what it said in the history."""

    def __init__(self, database: Database, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._database = database
        self._clock = clock
        self._machine = platform.node()

    def run(
        self,
        request: Request,
        snapshot: Snapshot,
        *,
        given_up: Callable[[], bool] = lambda: False,
        wait: Callable[[float, str], None] | None = None,
    ) -> Result:
        asked = (
            self._ask(request, snapshot, given_up) if wait is None else self._in_turn(request, snapshot, given_up, wait)
        )
        try:
            with self._database.writing() as connection:
                asked.learn(connection)
                return self._record(connection, request, snapshot, asked)
        except Exception:
            # Whatever kept the consultation from being recorded, a refusal for asking too much must still be heeded.
            with self._database.writing() as connection:
                asked.learn(connection)
            raise

    def _in_turn(
        self,
        request: Request,
        snapshot: Snapshot,
        given_up: Callable[[], bool],
        wait: Callable[[float, str], None],
    ) -> Asked[F]:
        patient_until = self._clock() + timedelta(seconds=PATIENCE_S)
        while True:
            turn = self.turn_for(request, snapshot)
            wait_s = (turn.at - self._clock()).total_seconds()
            if wait_s > 0 and (turn.hold is not Hold.INTERVAL or turn.at > patient_until):
                raise NotYet(turn)
            if wait_s > 0:
                wait(wait_s, turn.why)
            try:
                return self._ask(request, snapshot, given_up)
            except NotYet as refused:
                if refused.turn.hold is not Hold.INTERVAL:
                    raise
                # Another machine took the turn that was waited for.

    @abstractmethod
    def turn_for(self, request: Request, snapshot: Snapshot) -> Turn:
        """When the authority may be asked this by a person. May raise NotAsked."""

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
