"""The order gate: asks ANP when the profiles want it, applies every rule, and logs what it looked at and why."""

from __future__ import annotations

import platform
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from app.brands import BrandTable
from app.data import brands, order_checks, releases
from app.data.database import Database
from app.data.order_checks import NewCheck
from app.data.order_standing import OrderStanding
from app.domain import AnpFinding, AnpOutcome, AnpSource, Authority, FailureKind, Origin, Request
from app.portuguese import exact
from app.rules.credit_order import AnalysisTold
from app.rules.order_gate import AnpWord, LastAnswer, OrderQuestion, Step, decide
from app.rules.overdue import RELEASED, Overdue
from app.settings.snapshot import Snapshot
from services.analyses_seen import NewAnalyses
from services.anp.consultation import AnpConsultation
from services.consultation import PATIENCE_S, NotAsked
from services.network_failure import cancelled
from services.orders_seen import OrderSeen, look

if TYPE_CHECKING:
    from sqlalchemy import Connection

_GLANCE_S = 0.05
_QUEUE = "Há outras consultas à ANP na frente desta, e elas demoram."


@dataclass(frozen=True)
class OrderAnswer:
    """What the gate answered and logged under `check_id`.

    `reasons` are sentences, those that refuse first; `rules` are keys of settings or pseudo-keys of the rules;
    `consultation_id` is the consultation of ANP that was used, None when none was; `inputs` all that was looked at.
    With `release_needed` it is refused, but a person may release it (see services.release). `overdue` is the buyer's
    overdue store credit, with a count of 0 when there is none, and None when it was not checked or could not be.
    `analysis` is how its credit analysis stands, None when it was not verified.
    """

    allowed: bool
    reasons: tuple[str, ...]
    rules: tuple[str, ...]
    consultation_id: int | None
    check_id: int
    inputs: dict[str, Any]
    release_needed: bool = False
    overdue: Overdue | None = None
    analysis: AnalysisTold | None = None


@dataclass(frozen=True)
class _Said:
    """An answer of ANP, kept or new, or that there is none; `reason` is why, "" for one that was kept."""

    answer: LastAnswer
    reason: str = ""


class OrderGate:
    """Answers whether an order, invoice, budget or pre-sale may go on, to any number of threads at once.

    One at a time asks ANP: the gate must be the only one that uses its consultation. Whoever waited `patience_s` for
    those that are before it goes without.
    """

    def __init__(
        self,
        database: Database,
        consultation: AnpConsultation,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._database = database
        self._consultation = consultation
        self._clock = clock
        self._patience_s = patience_s
        self._machine = platform.node()
        self._asking = threading.Lock()

    def check(
        self, question: OrderQuestion, snapshot: Snapshot, *, given_up: Callable[[], bool] = lambda: False
    ) -> OrderAnswer:
        """Decide and log one order.

        A consultation made here only informs the order: it is kept in the customer's history, and blocks or releases
        nobody (`apply` is false). Nothing is asked while a result is still valid.

        Raises NotAsked, with nothing logged, when the company is not there or is not active, when the previous check is
        not of a sale that this order can come from, and when the consultation was given up by `given_up` or by a
        `cancel` of the consultation. Otherwise nothing to ask, or nobody answering, is for “Ação quando não for
        possível fazer Consulta” to decide.
        """
        answer = self._without_asking(question, snapshot)
        if isinstance(answer, OrderAnswer):
            return answer
        with self._turn_to_ask(given_up) as mine:
            # Another thread may have asked about the same customer meanwhile.
            answer = self._without_asking(question, snapshot)
            if isinstance(answer, OrderAnswer):
                return answer
            said = self._ask(question, answer.standing, snapshot, given_up) if mine else self._not_asked(_QUEUE)
        with self._database.writing() as connection:
            # As it is now: blocks, registration and credit may have changed while ANP was answering.
            (seen,) = look(connection, [question], snapshot, self._clock())
            if isinstance(seen, NotAsked):
                raise seen
            seen = replace(seen, planned=answer.planned, standing=replace(seen.standing, last=answer.standing.last))
            (decided,) = self._conclude(connection, [(seen, said)], snapshot)
            return decided

    def check_together(
        self, questions: Sequence[OrderQuestion], snapshot: Snapshot
    ) -> list[OrderAnswer | NotAsked | None]:
        """Decide and log several orders, none of which comes from another sale, in one turn at the database.

        For each its answer, or why there is none, as `check` would raise it. None for one that `check` must decide,
        because ANP is to be asked.
        """
        with self._database.single_statements() as connection:
            found = self._decide(connection, questions, snapshot)
        return [None if isinstance(one, OrderSeen) else one for one in found]

    def _without_asking(self, question: OrderQuestion, snapshot: Snapshot) -> OrderAnswer | OrderSeen:
        """The answer, logged, when ANP need not be asked; else what is known, on which to ask."""
        # What came from another sale may have its release to itself until it is decided. All else is looked at and
        # logged without a transaction around it, which would take as long as everything that is read.
        alone = question.previous_id is not None
        with self._database.writing() if alone else self._database.single_statements() as connection:
            (found,) = self._decide(connection, [question], snapshot)
        if isinstance(found, NotAsked):
            raise found
        return found

    def _decide(
        self, connection: Connection, questions: Sequence[OrderQuestion], snapshot: Snapshot
    ) -> list[OrderAnswer | OrderSeen | NotAsked]:
        """Each as in `_without_asking`."""
        found: list[OrderAnswer | OrderSeen | NotAsked] = [*look(connection, questions, snapshot, self._clock())]
        ready = {
            index: (seen, _kept(seen))
            for index, seen in enumerate(found)
            if isinstance(seen, OrderSeen) and seen.planned.step is not Step.ASK
        }
        for index, answer in zip(ready, self._conclude(connection, [*ready.values()], snapshot), strict=True):
            found[index] = answer
        return found

    def _conclude(
        self, connection: Connection, orders: Sequence[tuple[OrderSeen, _Said | None]], snapshot: Snapshot
    ) -> list[OrderAnswer]:
        now = self._clock()
        named = brands.table(connection) if any(said is not None for _, said in orders) else BrandTable(())
        analyses = NewAnalyses(connection, snapshot, now)
        checks = [_check_asking(seen, said, named, analyses) for seen, said in orders]
        numbers = order_checks.record(connection, checks, self._machine, now)
        for check in checks:
            question, decision = check.question, check.decision
            if decision.allowed and RELEASED in decision.rules and question.previous_id is not None:
                releases.spend(connection, question.previous_id, question.reference)
        return [_answer(number, check) for number, check in zip(numbers, checks, strict=True)]

    def cancel(self) -> bool:
        """Interrupt the consultation in flight, from any thread; False when there is none."""
        return self._consultation.cancel()

    def _ask(
        self, question: OrderQuestion, standing: OrderStanding, snapshot: Snapshot, given_up: Callable[[], bool]
    ) -> _Said:
        request = Request(
            question.document,
            standing.uf,
            Origin.ORDER,
            question.actor,
            apply=False,
            customer_id=standing.customer_id,
            authority=Authority.ANP,
        )
        try:
            self._await_turn(request, snapshot, given_up)
            result = self._consultation.run(request, snapshot, given_up=given_up)
        except NotAsked as refused:
            return self._not_asked(refused.failure.sentence)
        finding = result.finding
        assert isinstance(finding, AnpFinding)
        if finding.failure is not None and finding.failure.kind is FailureKind.CANCELLED:
            raise NotAsked(finding.failure)
        last = standing.last
        if finding.source is AnpSource.MIRROR and last is not None and last.at > finding.known_at:
            # It no longer is what automatic procedures may reuse, but it is the newest word of ANP that there is.
            newer = f"É a resposta de {exact(last.at)}, mais nova do que a lista da ANP."
            return _Said(last, f"{newer} {finding.reason}")
        answer = LastAnswer(
            finding.verdict,
            finding.brand,
            finding.known_at,
            result.consultation_id,
            finding.source is AnpSource.MIRROR,
        )
        return _Said(answer, finding.reason)

    def _not_asked(self, why: str) -> _Said:
        return _Said(LastAnswer(AnpOutcome.FAILURE, "", self._clock(), None, False), why)

    @contextmanager
    def _turn_to_ask(self, given_up: Callable[[], bool]) -> Iterator[bool]:
        """Whether this is the one thread that may ask ANP; False after too long a wait for the others.

        Raises NotAsked for whoever gives up before its turn.
        """
        until = time.monotonic() + self._patience_s
        while not (mine := self._asking.acquire(timeout=_GLANCE_S)):
            if given_up():
                raise NotAsked(cancelled())
            if time.monotonic() > until:
                break
        try:
            yield mine
        finally:
            if mine:
                self._asking.release()

    def _await_turn(self, request: Request, snapshot: Snapshot, given_up: Callable[[], bool]) -> None:
        """Leave the polite pause after the last query; whoever gives up waits no more, and `run` says so."""
        wait_s = (self._consultation.turn_for(request, snapshot).at - self._clock()).total_seconds()
        until = time.monotonic() + wait_s
        while (left := until - time.monotonic()) > 0 and not given_up():
            time.sleep(min(left, _GLANCE_S))


def _kept(seen: OrderSeen) -> _Said | None:
    """ANP's answer that the order goes by without asking, None when it needs none."""
    last = seen.standing.last
    return _Said(last) if seen.planned.step is Step.REUSE and last is not None else None


def _check_asking(seen: OrderSeen, said: _Said | None, named: BrandTable, analyses: NewAnalyses) -> NewCheck:
    """The check, after the credit analysis that it needs was asked for."""
    if seen.analysis is None:
        return _check(seen, said, named)
    analysis = analyses.known_to(seen.analysis)
    check = _check(replace(seen, analysis=analysis), said, named)
    if not check.decision.analysis_wanted:
        return check
    return _check(replace(seen, analysis=analyses.ask(analysis)), said, named)


def _check(seen: OrderSeen, said: _Said | None, named: BrandTable) -> NewCheck:
    word = None if said is None else AnpWord(said.answer.outcome, said.reason, named.read(said.answer.brand))
    by_analysis = None if seen.analysis is None else seen.analysis.finding
    return NewCheck(
        seen.question,
        decide(seen.question, seen.profile, seen.standing.buyer, seen.planned, word, seen.finding, by_analysis),
        seen.standing.customer_id,
        seen.inputs(word),
        None if said is None else said.answer.consultation_id,
    )


def _answer(number: int, check: NewCheck) -> OrderAnswer:
    decision = check.decision
    return OrderAnswer(
        decision.allowed,
        decision.reasons,
        decision.rules,
        check.consultation_id,
        number,
        check.inputs,
        decision.release_needed,
        decision.overdue,
        decision.analysis,
    )
