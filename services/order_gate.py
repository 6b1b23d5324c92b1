"""The order gate: asks ANP when the profiles want it, applies every rule, and logs what it looked at and why."""

from __future__ import annotations

import math
import platform
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from app import order_profile, overdue_profile
from app.brands import BrandTable
from app.data import brands, instalments, order_checks, order_standing, releases
from app.data.database import Database
from app.data.order_standing import OrderStanding
from app.domain import AnpFinding, AnpOutcome, AnpSource, Authority, FailureKind, Origin, Request
from app.order_profile import OrderProfile
from app.overdue_profile import SWITCHES, OverdueProfile
from app.policies import OrderKind
from app.portuguese import exact
from app.rules.order_gate import AnpWord, LastAnswer, OrderQuestion, Plan, Step, decide, plan
from app.rules.overdue import RELEASED, Credit, CreditFinding, Overdue, Release, judge, not_checked
from app.settings.snapshot import Snapshot
from services.anp.consultation import AnpConsultation
from services.consultation import PATIENCE_S, NotAsked, not_configured
from services.network_failure import cancelled

if TYPE_CHECKING:
    from sqlalchemy import Connection

_BRANDS_AGE_S = 1.0
_GLANCE_S = 0.05
_QUEUE = "Há outras consultas à ANP na frente desta, e elas demoram."


@dataclass(frozen=True)
class OrderAnswer:
    """What the gate answered and logged under `check_id`.

    `reasons` are sentences, those that refuse first; `rules` are keys of settings or pseudo-keys of the rules;
    `consultation_id` is the consultation of ANP that was used, None when none was; `inputs` all that was looked at.
    With `release_needed` it is refused, but a person may release it (see services.release). `overdue` is the buyer's
    overdue store credit, with a count of 0 when there is none, and None when it was not checked or could not be.
    """

    allowed: bool
    reasons: tuple[str, ...]
    rules: tuple[str, ...]
    consultation_id: int | None
    check_id: int
    inputs: dict[str, Any]
    release_needed: bool = False
    overdue: Overdue | None = None


@dataclass(frozen=True)
class _Said:
    """An answer of ANP, kept or new, or that there is none; `reason` is why, "" for one that was kept."""

    answer: LastAnswer
    reason: str = ""


@dataclass(frozen=True)
class _Seen:
    """Everything about an order that the profile and the database say, at one moment.

    `finding` is None when store credit has no say, `credit` also when it was not looked at.
    """

    profile: OrderProfile
    standing: OrderStanding
    planned: Plan
    credit: Credit | None
    finding: CreditFinding | None


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
        self._last_brands = (-math.inf, BrandTable(()))

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
            seen = replace(self._look(connection, question, snapshot), planned=answer.planned)
            seen = replace(seen, standing=replace(seen.standing, last=answer.standing.last))
            return self._conclude(connection, question, snapshot, seen, said)

    def _without_asking(self, question: OrderQuestion, snapshot: Snapshot) -> OrderAnswer | _Seen:
        """The answer, logged, when ANP need not be asked; else what is known, on which to ask."""
        # What came from another sale may have its release to itself until it is decided. All else is looked at and
        # logged without a transaction around it, which would take as long as everything that is read.
        alone = question.previous_id is not None
        with self._database.writing() if alone else self._database.single_statements() as connection:
            seen = self._look(connection, question, snapshot)
            if seen.planned.step is Step.ASK:
                return seen
            last = seen.standing.last
            said = _Said(last) if seen.planned.step is Step.REUSE and last is not None else None
            return self._conclude(connection, question, snapshot, seen, said)

    def _look(self, connection: Connection, question: OrderQuestion, snapshot: Snapshot) -> _Seen:
        now = self._clock()
        of_company = snapshot.for_company(question.company_id)
        profile = OrderProfile.of(of_company)
        standing = _standing(connection, question, snapshot)
        planned = plan(question.kind, profile, standing.buyer, standing.last, now)
        kind, release = _credit_kind(connection, question)
        if kind is None:
            return _Seen(profile, standing, planned, None, None)
        by = OverdueProfile.of(of_company, kind)
        finding = not_checked(by, standing.buyer.exempt_as)
        if finding is not None:
            return _Seen(profile, standing, planned, None, finding)
        today = now.astimezone(ZoneInfo(standing.seller.zone)).date()
        credit = instalments.credit(
            connection, question.document, question.company_id, by.companies, today, release, question.reference
        )
        return _Seen(profile, standing, planned, credit, judge(by, credit, question.act, now))

    def _conclude(
        self, connection: Connection, question: OrderQuestion, snapshot: Snapshot, seen: _Seen, said: _Said | None
    ) -> OrderAnswer:
        word = None
        if said is not None:
            word = AnpWord(said.answer.outcome, said.reason, self._brands(connection).read(said.answer.brand))
        consultation_id = None if said is None else said.answer.consultation_id
        decision = decide(question, seen.profile, seen.standing.buyer, seen.planned, word, seen.finding)
        inputs = _inputs(question, snapshot, seen, word)
        check_id = order_checks.record(
            connection,
            question,
            decision,
            customer_id=seen.standing.customer_id,
            inputs=inputs,
            consultation_id=consultation_id,
            machine=self._machine,
            at=self._clock(),
        )
        if decision.allowed and RELEASED in decision.rules and question.previous_id is not None:
            releases.spend(connection, question.previous_id, question.reference)
        return OrderAnswer(
            decision.allowed,
            decision.reasons,
            decision.rules,
            consultation_id,
            check_id,
            inputs,
            decision.release_needed,
            decision.overdue,
        )

    def _brands(self, connection: Connection) -> BrandTable:
        """The brands, as they were up to a second ago."""
        read_at, table = self._last_brands
        if time.monotonic() - read_at > _BRANDS_AGE_S:
            read_at = time.monotonic()
            table = brands.table(connection)
            self._last_brands = read_at, table
        return table

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


def _standing(connection: Connection, question: OrderQuestion, snapshot: Snapshot) -> OrderStanding:
    number = question.company_id
    found = order_standing.look(connection, number, question.document, snapshot)
    if found is None:
        raise not_configured(f"Não existe a empresa {number}.", "Confira o código em Tabelas › Empresas.")
    if not found.seller.active:
        raise not_configured(
            f"A empresa {number} · {found.seller.name} está inativa: não inclui nem altera pedidos.",
            "Confira o código, ou reative a empresa em Tabelas › Empresas.",
        )
    return found


def _credit_kind(connection: Connection, question: OrderQuestion) -> tuple[OrderKind | None, Release | None]:
    """By the switch of which kind the buyer's store credit is checked, None when it has no say, and what was released
    of the sale that the order came from."""
    if question.previous_id is None:
        return (question.kind if question.kind in SWITCHES else None), None
    number = question.previous_id
    todo = "Confira o número da avaliação, ou avalie sem ela."
    if question.kind in SWITCHES:
        raise not_configured("Só um pedido ou uma nota fiscal vem de outra avaliação.", todo)
    previous = order_standing.previous(connection, number)
    if previous is None:
        raise not_configured(f"Não existe a avaliação {number}.", todo)
    if previous.kind not in SWITCHES:
        raise not_configured(f"A avaliação {number} não é de um orçamento (DAV) nem de uma pré-venda.", todo)
    if (previous.company_id, previous.document) != (question.company_id, question.document.key):
        raise not_configured(f"A avaliação {number} é de outro cliente ou de outra empresa.", todo)
    return previous.kind, previous.release


def _inputs(question: OrderQuestion, snapshot: Snapshot, seen: _Seen, word: AnpWord | None) -> dict[str, Any]:
    """All that was looked at, as JSON; settings in their stored form, moments in ISO 8601 with their offset.

    "crediario" is None when store credit was not looked at; see Overdue.as_fields for what it says of what is overdue.
    """
    of_company = snapshot.for_company(question.company_id)
    buyer, last = seen.standing.buyer, seen.standing.last
    settings = () if question.kind in SWITCHES else order_profile.SETTINGS
    if seen.finding is not None:
        settings = (*settings, *overdue_profile.SETTINGS)
    return {
        "configuracoes": {setting.key: setting.kind.dump(of_company[setting]) for setting in settings},
        "cliente": {
            "ativo": buyer.active,
            "cadastro_anp": buyer.anp_kind.value,
            "entidade": buyer.exempt_as,
            "bloqueios": [
                {"origem": block.origin.value, "motivo": block.reason, "desde": block.since.isoformat()}
                for block in buyer.blocks
            ],
        },
        "resposta_anterior": None
        if last is None
        else {
            "status": last.outcome.value,
            "bandeira": last.brand,
            "quando": last.at.isoformat(),
            "consulta_id": last.consultation_id,
        },
        "anp": {"consulta": seen.planned.step.value}
        | (
            {}
            if word is None
            else {
                "status": word.outcome.value,
                "motivo": word.reason,
                "bandeira": word.brand.name,
                "bandeira_na_tabela": word.brand.said.value,
            }
        ),
        "crediario": _credit_inputs(seen.credit, seen.finding),
    }


def _credit_inputs(credit: Credit | None, finding: CreditFinding | None) -> dict[str, Any] | None:
    if credit is None or finding is None:
        return None
    return {
        "data": credit.today.isoformat(),
        "recebido_em": None if credit.known_at is None else credit.known_at.isoformat(),
        "liberado_na_avaliacao": None if credit.release is None else credit.release.check_id,
        "vencido": None if finding.overdue is None else finding.overdue.as_fields(),
    }
