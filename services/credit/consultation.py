"""The one path of a credit analysis out of the queue: reserve it, ask, judge, and keep all that follows from it.

Each query costs money. So whoever asks has reserved the analysis first, and an answer that the database could not take
is kept in memory until it can.
"""

from __future__ import annotations

import logging
import os
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from app.credit_analysis import AnalysisOutcome
from app.credit_profile import CreditProfile
from app.data import blocks, credit_analyses, credit_managers, credit_pauses, customers, decisions
from app.data.credit_analyses import AnalysisRow
from app.data.credit_managers import Manager
from app.data.credit_pauses import Pause
from app.data.database import NO_ANSWER, Database
from app.data.decisions import Decided
from app.data.exemption import exempting_entity
from app.domain import CreditFinding, Decision, Failure, FailureKind, Request, Result
from app.folders import Folders
from app.portuguese import day
from app.rules import credit_retry
from app.rules.blocking import decide_credit
from app.rules.credit_analysis import judge
from app.rules.pacing import Turn
from app.settings.catalog import CREDIT_ENVIRONMENT
from app.settings.snapshot import Snapshot
from app.tables import Provider
from services.consultation import NotYet
from services.consulting import Consulting
from services.credit.provider import AnalysisFailed, CreditProvider, ProviderAnswer
from services.credit.providers import contract_of, provider_of
from services.credit.secrecy import keeping_secret
from services.error_place import error_place

if TYPE_CHECKING:
    from sqlalchemy import Connection

_log = logging.getLogger(__name__)

_REQUEST_ID_LENGTH = 80


@dataclass(frozen=True)
class _Asked:
    """What came of asking, not kept yet; `retry_after_s` is how long the gerenciadora asked to be left alone."""

    analysis: AnalysisRow
    request: Request
    snapshot: Snapshot
    finding: CreditFinding
    retry_after_s: float | None = None


class CreditConsultation(Consulting):
    """Makes the analyses of the queue, one at a time, each by its gerenciadora; `provider_of` makes what asks it."""

    def __init__(
        self,
        database: Database,
        folders: Folders,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        provider_of: Callable[[Provider, Folders], CreditProvider] = provider_of,
    ) -> None:
        self._database = database
        self._folders = folders
        self._clock = clock
        self._provider_of = provider_of
        self._owner = f"{platform.node()}/{os.getpid()}"
        self._providers: dict[Provider, CreditProvider] = {}
        self._asking: CreditProvider | None = None
        self._unkept: list[_Asked] = []

    def run(
        self,
        request: Request,
        snapshot: Snapshot,
        *,
        given_up: Callable[[], bool] = lambda: False,
        wait: Callable[[float, str], None] | None = None,
    ) -> Result:
        self.keep_what_is_left()
        analysis, manager = self._reserve(request)
        asked = self._ask(analysis, manager, request, snapshot, given_up)
        try:
            return self._keep(asked)
        except NO_ANSWER:
            self._unkept.append(asked)
            raise

    def keep_what_is_left(self) -> None:
        """Keep what a database that did not answer would not take. Raises what it raises while it still does not."""
        while self._unkept:
            try:
                self._keep(self._unkept[0])
            except NO_ANSWER:
                raise
            except Exception as error:  # noqa: BLE001 - the answer itself is kept by then; the others are next
                _log.error("keeping a credit analysis later: %s", error_place(error))
            del self._unkept[0]

    def abandon(self, analysis_id: int) -> None:
        """The program failed with this analysis: it does not stay in the way of the others."""
        with self._database.writing() as connection:
            found = credit_analyses.get(connection, analysis_id)
            if found is not None:
                finding = self._failed(found.row, "", _internal(), self._clock(), 0)
                credit_analyses.settle(connection, analysis_id, finding)

    def cancel(self) -> bool:
        """Interrupt the query in flight, from any thread; False when there is none."""
        asking = self._asking
        return asking is not None and asking.cancel()

    def close(self) -> None:
        """Keep what is left, as far as that is possible, and close the connections."""
        try:
            self.keep_what_is_left()
        except Exception as error:  # noqa: BLE001 - closing goes on; what is lost is said, without a word of whom
            lost = ", ".join(str(asked.analysis.id) for asked in self._unkept)
            _log.error("what was answered to the credit analyses %s was not kept: %s", lost, error_place(error))
        for provider in self._providers.values():
            provider.close()

    def _reserve(self, request: Request) -> tuple[AnalysisRow, Manager]:
        """What is asked, and of whom: from then on the database has no say before the question was sent."""
        assert request.analysis_id is not None
        now = self._clock()
        with self._database.writing() as connection:
            if credit_analyses.reserve(connection, request.analysis_id, self._owner, now):
                found = credit_analyses.get(connection, request.analysis_id)
                assert found is not None
                manager = credit_managers.get(connection, found.row.manager_id)
                assert manager is not None
                return found.row, manager
        raise NotYet(Turn(now, why="A análise não está mais na fila: outro computador a faz, ou foi cancelada."))

    def _ask(
        self,
        analysis: AnalysisRow,
        manager: Manager,
        request: Request,
        snapshot: Snapshot,
        given_up: Callable[[], bool],
    ) -> _Asked:
        asked_at, started = self._clock(), time.perf_counter()

        def elapsed_ms() -> int:
            return round((time.perf_counter() - started) * 1000)

        try:
            _check_manager(analysis, manager)
            answer = self._answer(analysis, manager, given_up)
            finding = _answered(analysis, manager.name, answer, snapshot, asked_at, elapsed_ms())
            return _Asked(analysis, request, snapshot, finding)
        except AnalysisFailed as failed:
            finding = self._failed(analysis, manager.name, failed, asked_at, elapsed_ms())
            return _Asked(analysis, request, snapshot, finding, failed.retry_after_s)
        except Exception as error:  # noqa: BLE001 - it was reserved: it ends as a failure that a person sees
            _log.error("asking for a credit analysis: %s", error_place(error))
            finding = self._failed(analysis, manager.name, _internal(type(error).__name__), asked_at, elapsed_ms())
            return _Asked(analysis, request, snapshot, finding)

    def _answer(self, analysis: AnalysisRow, manager: Manager, given_up: Callable[[], bool]) -> ProviderAnswer:
        contract = contract_of(manager, analysis.environment)
        provider = self._providers.get(manager.provider)
        if provider is None:
            provider = self._providers[manager.provider] = self._provider_of(manager.provider, self._folders)
        self._asking = provider
        try:
            with keeping_secret(contract.credentials):
                return provider.ask(analysis.document, contract, given_up=given_up)
        finally:
            self._asking = None

    def _failed(
        self, analysis: AnalysisRow, source: str, failed: AnalysisFailed, asked_at: datetime, duration_ms: int
    ) -> CreditFinding:
        return CreditFinding(
            document=analysis.document,
            uf="",
            verdict=AnalysisOutcome.FAILURE,
            reason=failed.failure.sentence,
            asked_at=asked_at,
            duration_ms=duration_ms,
            failure=failed.failure,
            response=failed.raw,
            authorizer=source,
            http_status=failed.http_status,
            request_id=_id_text(failed.request_id),
        )

    # --- what follows ---

    def _keep(self, asked: _Asked) -> Result:
        try:
            return self._keep_all(asked)
        except NO_ANSWER:
            raise
        except Exception:
            # Whatever kept the rest from being done: what was paid for is not lost.
            with self._database.writing() as connection:
                self._settle(connection, asked)
            raise

    def _keep_all(self, asked: _Asked) -> Result:
        analysis, request = asked.analysis, asked.request
        with self._database.writing() as connection:
            decision = self._settle(connection, asked)
            if decision is None:
                decision = self._decide(connection, asked)
            if decision.changes and analysis.customer_id is not None:
                decided = Decided(analysis.customer_id, decision, _by_analysis(asked), None, analysis.id)
                decisions.carry_out(connection, [decided], by=request.user, at=self._clock())
        return Result(request, asked.finding, decision, analysis.id, analysis.customer)

    def _settle(self, connection: Connection, asked: _Asked) -> Decision | None:
        """Keep what was found; the decision when it is that nothing changes, None when the answer still decides."""
        analysis, finding = asked.analysis, asked.finding
        failure = finding.failure
        if failure is None:
            if credit_analyses.settle(connection, analysis.id, finding):
                return None
            return Decision("A análise já tinha sido dada por perdida: a resposta foi guardada e nada mais mudou.")
        if failure.kind is FailureKind.CANCELLED:
            credit_analyses.give_back(connection, analysis.id)
            return Decision("A consulta foi interrompida antes de ser enviada: a análise voltou à fila.")
        then = credit_retry.after(failure.kind, analysis.attempts, self._clock(), asked.retry_after_s)
        settled = credit_analyses.settle(connection, analysis.id, finding, then.retry_at, counts=then.counts)
        if settled and then.holds:
            pause = Pause(analysis.manager_id, analysis.environment, then.held_until, failure.sentence)
            credit_pauses.hold(connection, pause)
        return Decision("A consulta falhou: a situação e os bloqueios do cliente continuam como estavam.")

    def _decide(self, connection: Connection, asked: _Asked) -> Decision:
        analysis, finding = asked.analysis, asked.finding
        if analysis.customer_id is None:
            return Decision("O documento não é de um cliente: nenhum foi alterado.")
        subject = customers.subject(connection, analysis.customer_id)
        if subject is None or subject.document != analysis.document:
            return Decision("O documento do cliente mudou depois do pedido: nada foi alterado.")
        return decide_credit(
            finding.verdict,
            _by_analysis(asked),
            environment=analysis.environment,
            action=CreditProfile.of(asked.snapshot.for_company(analysis.company_id)).customer_action,
            blocks=blocks.active(connection, subject.id) if subject.blocked else (),
            exempt_as=exempting_entity(connection, subject.document, asked.snapshot),
        )


def _check_manager(analysis: AnalysisRow, manager: Manager) -> None:
    """Raises AnalysisFailed when the gerenciadora is not any more what it was when the analysis was asked for."""
    if not manager.active:
        raise AnalysisFailed(
            Failure(
                FailureKind.CONFIGURATION,
                f"A gerenciadora {manager.name} está inativa.",
                "Ela foi desativada depois de a análise ter sido pedida.",
                "Reative-a na tabela Gerenciadoras de Análise de Crédito, ou cancele a análise.",
            )
        )
    if manager.source != analysis.source:
        # An answer would be kept as another provider's, and orders, which do not find it, would have it paid again.
        raise AnalysisFailed(
            Failure(
                FailureKind.REJECTION,
                f"A gerenciadora {manager.name} passou a ser de outro provedor.",
                "O provedor dela foi mudado depois de a análise ter sido pedida: nada foi consultado.",
                "Peça outra análise, se ainda precisar dela.",
            )
        )
    if manager.environment not in (None, analysis.environment):
        asked, now = (CREDIT_ENVIRONMENT.kind.show(one) for one in (analysis.environment, manager.environment))
        raise AnalysisFailed(
            Failure(
                FailureKind.REJECTION,
                f"A gerenciadora {manager.name} passou a ser consultada só em {now}.",
                f"O ambiente dela foi mudado depois de a análise ter sido pedida em {asked}: nada foi consultado.",
                "Peça outra análise, se ainda precisar dela.",
            )
        )


def _answered(
    analysis: AnalysisRow,
    source: str,
    answer: ProviderAnswer,
    snapshot: Snapshot,
    asked_at: datetime,
    duration_ms: int,
) -> CreditFinding:
    judgement = judge(CreditProfile.of(snapshot.for_company(analysis.company_id)), answer.report)
    return CreditFinding(
        document=analysis.document,
        uf="",
        verdict=judgement.outcome,
        reason=" ".join(judgement.reasons),
        asked_at=asked_at,
        duration_ms=duration_ms,
        response=answer.raw,
        authorizer=source,
        report=answer.report,
        reasons=judgement.reasons,
        http_status=answer.http_status,
        request_id=_id_text(answer.request_id),
    )


def _by_analysis(asked: _Asked) -> str:
    """ "Análise de crédito nº 12, de 22/11/2026, reprovada: O score é 480, abaixo do mínimo de 500."."""
    finding = asked.finding
    said = f"Análise de crédito nº {asked.analysis.id}, de {day(finding.asked_at)}, {finding.verdict.label.lower()}"
    return f"{said}: {finding.reasons[0]}"


def _internal(error: str = "") -> AnalysisFailed:
    return AnalysisFailed(
        Failure(
            FailureKind.INTERNAL,
            "O programa falhou ao fazer a análise.",
            "Não se sabe se a gerenciadora chegou a ser consultada, e ela pode ter cobrado.",
            "Veja o registro do programa; consulte de novo, se ainda precisar desta análise.",
            error,
        )
    )


def _id_text(request_id: str) -> str:
    """As it fits in its column; PostgreSQL takes no NUL."""
    return "".join(letter for letter in request_id if letter.isprintable())[:_REQUEST_ID_LENGTH]
