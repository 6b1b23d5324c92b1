"""The order gate: asks ANP when the profiles want it, applies every rule, and logs what it looked at and why."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from app.brands import BrandTable
from app.data import brands, order_checks, order_standing
from app.data.database import Database
from app.data.order_standing import OrderStanding
from app.domain import AnpFinding, AnpOutcome, AnpSource, Authority, FailureKind, Origin, Request
from app.order_profile import SETTINGS, OrderProfile
from app.portuguese import exact
from app.rules.order_gate import AnpWord, LastAnswer, OrderQuestion, Plan, Step, decide, plan
from app.rules.overdue import Overdue
from app.settings.snapshot import Snapshot
from services.anp.consultation import AnpConsultation
from services.consultation import NotAsked, not_configured

if TYPE_CHECKING:
    from sqlalchemy import Connection

_GLANCE_S = 0.05


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


class OrderGate:
    """Answers whether an order or invoice may go on. One thread at a time, as its consultation."""

    def __init__(
        self,
        database: Database,
        consultation: AnpConsultation,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database = database
        self._consultation = consultation
        self._clock = clock
        self._machine = platform.node()

    def check(
        self, question: OrderQuestion, snapshot: Snapshot, *, given_up: Callable[[], bool] = lambda: False
    ) -> OrderAnswer:
        """Decide and log one order.

        A consultation made here only informs the order: it is kept in the customer's history, and blocks or releases
        nobody (`apply` is false). Nothing is asked while a result is still valid.

        Raises NotAsked, with nothing logged, when the company is not there or is not active, and when the consultation
        was given up by `given_up` or by a `cancel` of the consultation. Otherwise nothing to ask, or nobody
        answering, is for “Ação quando não for possível fazer Consulta” to decide.
        """
        profile = OrderProfile.of(snapshot.for_company(question.company_id))
        with self._database.reading() as connection:
            _check_company(connection, question.company_id)
            standing = order_standing.look(connection, question.document, snapshot)
            planned = plan(profile, standing.buyer, standing.last, self._clock())
            table = brands.table(connection) if planned.step is Step.REUSE else BrandTable(())
        said = _Said(standing.last) if planned.step is Step.REUSE and standing.last is not None else None
        if planned.step is Step.ASK:
            said = self._ask(question, standing, snapshot, given_up)
            with self._database.reading() as connection:
                # As it is now: blocks and registration may have changed while ANP was answering.
                standing = replace(order_standing.look(connection, question.document, snapshot), last=standing.last)
                table = brands.table(connection)
        word = None if said is None else AnpWord(said.answer.outcome, said.reason, table.read(said.answer.brand))
        consultation_id = None if said is None else said.answer.consultation_id
        decision = decide(question, profile, standing.buyer, planned, word)
        inputs = _inputs(question, snapshot, standing, planned, word)
        with self._database.writing() as connection:
            check_id = order_checks.record(
                connection,
                question,
                decision,
                customer_id=standing.customer_id,
                inputs=inputs,
                consultation_id=consultation_id,
                machine=self._machine,
                at=self._clock(),
            )
        return OrderAnswer(decision.allowed, decision.reasons, decision.rules, consultation_id, check_id, inputs)

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
            return _Said(LastAnswer(AnpOutcome.FAILURE, "", self._clock(), None, False), refused.failure.sentence)
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

    def _await_turn(self, request: Request, snapshot: Snapshot, given_up: Callable[[], bool]) -> None:
        """Leave the polite pause after the last query; whoever gives up waits no more, and `run` says so."""
        wait_s = (self._consultation.turn_for(request, snapshot).at - self._clock()).total_seconds()
        until = time.monotonic() + wait_s
        while (left := until - time.monotonic()) > 0 and not given_up():
            time.sleep(min(left, _GLANCE_S))


def _check_company(connection: Connection, company_id: int) -> None:
    company = order_standing.company(connection, company_id)
    if company is None:
        raise not_configured(f"Não existe a empresa {company_id}.", "Confira o código em Tabelas › Empresas.")
    name, active = company
    if not active:
        raise not_configured(
            f"A empresa {company_id} · {name} está inativa: não inclui nem altera pedidos.",
            "Confira o código, ou reative a empresa em Tabelas › Empresas.",
        )


def _inputs(
    question: OrderQuestion, snapshot: Snapshot, standing: OrderStanding, planned: Plan, word: AnpWord | None
) -> dict[str, Any]:
    """All that was looked at, as JSON; settings in their stored form, moments in ISO 8601 with their offset."""
    of_company = snapshot.for_company(question.company_id)
    buyer, last = standing.buyer, standing.last
    return {
        "configuracoes": {setting.key: setting.kind.dump(of_company[setting]) for setting in SETTINGS},
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
        "anp": {"consulta": planned.step.value}
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
    }
