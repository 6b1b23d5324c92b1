"""May the order go on? The whole truth table, against an oracle written from the words of the settings alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.brands import BrandReading, BrandSaid
from app.documents import parse_document
from app.domain import ActiveBlock, AnpOutcome, BlockOrigin
from app.order_profile import SETTINGS, OrderProfile
from app.policies import AnpKind, AnpStatus, CompanyConsultation, OrderAction, OrderKind, OrderOperation
from app.rules.order_gate import (
    INACTIVE,
    NOT_REGISTERED,
    NOT_RESELLER,
    AnpWord,
    Buyer,
    LastAnswer,
    OrderDecision,
    OrderQuestion,
    Plan,
    Step,
    decide,
    plan,
    rule_label,
)
from app.rules.overdue import RELEASED, Overdue, OverdueFinding
from app.settings.catalog import ANP_COMPANY_ORDER, ANP_NO_ANSWER, ANP_ORDER, BY_KEY
from app.settings.snapshot import Kept, SettingKey, Snapshot

ONE_PM = datetime(2026, 11, 21, 16, 0, tzinfo=UTC)  # 13:00 in Brasília
HOURS = 4
ALLOW, REFUSE = OrderAction.ALLOW, OrderAction.REFUSE
QUESTION = OrderQuestion(parse_document("11222333000181"), 1, OrderKind.ORDER, OrderOperation.INCLUSION, "maria")
BRANDS = {
    BrandSaid.KNOWN: BrandReading(BrandSaid.KNOWN, "VIBRA", "A ANP informa a bandeira “VIBRA”.", 1),
    BrandSaid.UNKNOWN: BrandReading(BrandSaid.UNKNOWN, "OUTRA", "A ANP informa “OUTRA”, que não está na Tabela."),
    BrandSaid.EMPTY: BrandReading(BrandSaid.EMPTY, "", "A ANP não informa bandeira."),
}
OF_A_LIST = "young, but of a list"
AGES = {None: None, "valid": HOURS - 1, "at the limit": HOURS, "expired": HOURS + 1 / 3600, OF_A_LIST: HOURS - 1}
FINE = OverdueFinding(
    False, False, "O cliente não deve.", ("balcao.crediario_pre_venda",), Overdue(0, 0, Decimal("0.00"), None, ())
)
OWES = OverdueFinding(
    True,
    True,
    "O cliente deve.",
    ("balcao.crediario_pre_venda", "balcao.crediario_acao"),
    Overdue(1, 9, Decimal("10.00"), ONE_PM.date(), (3,)),
)
BLOCK = ActiveBlock(7, BlockOrigin.MANUAL, "Cheque devolvido", ONE_PM, "joão")


def profile(
    company: CompanyConsultation = CompanyConsultation.GENERAL,
    consult: bool = True,
    *,
    hours: int = HOURS,
    no_answer: OrderAction = REFUSE,
    status: OrderAction = ALLOW,
    brand: OrderAction = ALLOW,
) -> OrderProfile:
    return OrderProfile(company, consult, hours, no_answer, dict.fromkeys(AnpStatus, status), brand)


@dataclass(frozen=True)
class Case:
    """One line of the table. `last` is how old the answer kept is, `outcome` what it or ANP itself says."""

    company: CompanyConsultation
    consult: bool
    last: str | None
    outcome: AnpOutcome
    status: OrderAction
    said: BrandSaid
    brand: OrderAction
    no_answer: OrderAction
    blocked: bool
    exempt: bool
    kind: AnpKind
    active: bool | None


def cases() -> Iterator[Case]:
    lines: Iterator[tuple[Any, ...]] = product(
        CompanyConsultation,
        (True, False),
        AGES,
        AnpOutcome,
        OrderAction,
        BrandSaid,
        OrderAction,
        OrderAction,
        (False, True),
        (False, True),
        (AnpKind.AUTOMOTIVE, AnpKind.NONE),
        (True, False, None),
    )
    for line in lines:
        case = Case(*line)
        # Whom nobody registered has no block, and a failure is never the answer kept.
        if not (case.active is None and case.blocked):
            yield case


def judged(case: Case) -> tuple[Plan, OrderDecision]:
    """As the service does it."""
    age = AGES[case.last]
    kept_outcome = AnpOutcome.UPDATED if case.outcome is AnpOutcome.FAILURE else case.outcome
    last = None if age is None else LastAnswer(kept_outcome, "", ONE_PM, 12, case.last == OF_A_LIST)
    wanted = profile(case.company, case.consult, no_answer=case.no_answer, status=case.status, brand=case.brand)
    blocks = (BLOCK,) if case.blocked else ()
    buyer = Buyer(case.active, case.kind, blocks, "Filial 2" if case.exempt else None)
    planned = plan(QUESTION.kind, wanted, buyer, last, ONE_PM + timedelta(hours=age or 0))
    word = None
    if planned.step is Step.REUSE:
        assert last is not None
        word = AnpWord(last.outcome, "", BRANDS[case.said])
    elif planned.step is Step.ASK:
        word = AnpWord(case.outcome, "Foi dito agora.", BRANDS[case.said])
    return planned, decide(QUESTION, wanted, buyer, planned, word)


def refusals(case: Case) -> set[str]:
    """The oracle: which rules refuse, from the sentences of the settings and not from the code."""
    refusing = set()
    if case.blocked:
        refusing.add("bloqueio.manual")
    if case.active is False:
        refusing.add("cliente.inativo")
    switched_on = {"sempre": True, "nunca": False, "geral": case.consult}[case.company.value]
    if not switched_on or case.exempt or case.kind is AnpKind.NONE:
        return refusing
    said = case.outcome
    if case.last in ("valid", "at the limit") and said is AnpOutcome.FAILURE:
        said = AnpOutcome.UPDATED  # the answer kept speaks, and nobody is asked
    if said is AnpOutcome.FAILURE:
        if case.no_answer is REFUSE:
            refusing.add("anp.sem_consulta")
        return refusing
    if said is not AnpOutcome.UNRECOGNISED and case.status is REFUSE:
        refusing.add(f"anp.pedido.{said.value}")
    if said is not AnpOutcome.NOT_FOUND and case.said is not BrandSaid.KNOWN and case.brand is REFUSE:
        refusing.add("anp.pedido_sem_bandeira")
    return refusing


def test_truth_table() -> None:
    number = 0
    for case in cases():
        number += 1
        planned, decision = judged(case)
        expected = refusals(case)
        assert decision.allowed == (not expected), case
        assert expected <= set(decision.rules), case
        # What refuses is said first, each in a sentence of its own.
        assert len(decision.reasons) > len(expected)
        assert all(reason[0].isupper() and reason.endswith(".") for reason in decision.reasons), decision
        assert len(set(decision.rules)) == len(decision.rules)
        asked = planned.step is Step.ASK
        fresh = case.last in ("valid", "at the limit")
        consults = case.company is CompanyConsultation.ALWAYS or (
            case.company is CompanyConsultation.GENERAL and case.consult
        )
        assert asked == (consults and not case.exempt and case.kind is not AnpKind.NONE and not fresh), case
    assert number == 3 * 2 * 5 * 7 * 2 * 3 * 2 * 2 * 2 * (2 + 2 + 1) * 2


@pytest.mark.parametrize("outcome", [outcome for outcome in AnpOutcome if outcome.status])
def test_each_status_has_its_own_action(outcome: AnpOutcome) -> None:
    buyer = Buyer(True, AnpKind.AUTOMOTIVE, (), None)
    word = AnpWord(outcome, "Foi dito agora.", BRANDS[BrandSaid.KNOWN])
    for refused in AnpStatus:
        actions = {status: REFUSE if status is refused else ALLOW for status in AnpStatus}
        wanted = OrderProfile(CompanyConsultation.ALWAYS, False, HOURS, REFUSE, actions, ALLOW)
        decision = decide(QUESTION, wanted, buyer, plan(QUESTION.kind, wanted, buyer, None, ONE_PM), word)
        assert decision.allowed == (outcome.status is not refused)
        assert ANP_ORDER[refused].key in decision.rules or decision.allowed
        if not decision.allowed:
            assert decision.reasons[0].startswith(
                f"Não é permitida a inclusão do pedido para cliente com “{refused.label}” na ANP."
            )


@given(
    age_s=st.integers(0, 40 * 3600),
    hours=st.integers(0, 30),
    company=st.sampled_from([CompanyConsultation.ALWAYS, CompanyConsultation.GENERAL]),
)
def test_an_answer_is_good_for_its_hours_to_the_second(age_s: int, hours: int, company: CompanyConsultation) -> None:
    last = LastAnswer(AnpOutcome.UPDATED, "VIBRA", ONE_PM, None, False)
    buyer = Buyer(True, AnpKind.GLP, (), None)
    planned = plan(QUESTION.kind, profile(company, hours=hours), buyer, last, ONE_PM + timedelta(seconds=age_s))
    assert planned.step is (Step.REUSE if hours and age_s <= hours * 3600 else Step.ASK)


@pytest.mark.parametrize(
    ("later", "step"),
    [
        (timedelta(hours=4), Step.REUSE),
        (timedelta(hours=4, microseconds=1), Step.ASK),
        (timedelta(hours=3, minutes=59), Step.REUSE),
        (timedelta(seconds=-1), Step.ASK),
    ],
)
def test_thirteen_o_clock_and_four_hours(later: timedelta, step: Step) -> None:
    last = LastAnswer(AnpOutcome.UPDATED, "VIBRA", ONE_PM, 12, False)
    planned = plan(QUESTION.kind, profile(), Buyer(True, AnpKind.AUTOMOTIVE, (), None), last, ONE_PM + later)
    assert planned.step is step
    assert "anp.validade_horas" in planned.rules
    assert "(consulta 12)" in planned.why


@pytest.mark.parametrize("kind", [OrderKind.ORDER, OrderKind.INVOICE])
@pytest.mark.parametrize("operation", OrderOperation)
def test_inclusion_and_change_of_orders_and_invoices_go_through_the_same_rules(
    kind: OrderKind, operation: OrderOperation
) -> None:
    question = OrderQuestion(QUESTION.document, 1, kind, operation, "maria")
    buyer = Buyer(True, AnpKind.AUTOMOTIVE, (), None)
    wanted = profile(status=REFUSE, brand=REFUSE)
    word = AnpWord(AnpOutcome.REVOKED, "Foi dito agora.", BRANDS[BrandSaid.EMPTY])
    decision = decide(question, wanted, buyer, plan(QUESTION.kind, wanted, buyer, None, ONE_PM), word)
    assert not decision.allowed
    said = {"pedido": "do pedido", "nf": "da nota fiscal"}[kind.value]
    assert decision.reasons[0] == (
        f"Não é permitida a {operation.label} {said} para cliente com “Autorização revogada” na ANP. Foi dito agora."
    )
    assert (
        decision.reasons[1]
        == f"A ANP não informa bandeira. O perfil não permite a {operation.label} {said} neste caso."
    )


def test_permitting_without_an_answer_is_said() -> None:
    buyer = Buyer(True, AnpKind.AUTOMOTIVE, (), None)
    wanted = profile(no_answer=ALLOW)
    word = AnpWord(AnpOutcome.FAILURE, "A ANP não respondeu.", BRANDS[BrandSaid.EMPTY])
    decision = decide(QUESTION, wanted, buyer, plan(QUESTION.kind, wanted, buyer, None, ONE_PM), word)
    assert decision.allowed
    assert "anp.sem_consulta" in decision.rules
    assert (
        "Não foi possível consultar a ANP, e o perfil permite a inclusão do pedido sem consulta. A ANP não respondeu."
        in decision.reasons
    )


def test_every_block_is_a_reason_of_its_own() -> None:
    blocks = tuple(ActiveBlock(n, origin, f"Motivo {n}.", ONE_PM, "x") for n, origin in enumerate(BlockOrigin))
    wanted = profile(CompanyConsultation.NEVER)
    buyer = Buyer(False, AnpKind.AUTOMOTIVE, blocks, "Filial 2")
    decision = decide(QUESTION, wanted, buyer, plan(QUESTION.kind, wanted, buyer, None, ONE_PM), None)
    assert not decision.allowed
    assert decision.rules == (*(f"bloqueio.{o.value}" for o in BlockOrigin), "cliente.inativo", "anp.pedido_empresa")
    assert all(any(block.reason in reason for reason in decision.reasons) for block in blocks)


@pytest.mark.parametrize("kind", [OrderKind.BUDGET, OrderKind.PRE_SALE])
@pytest.mark.parametrize("operation", OrderOperation)
def test_a_budget_or_pre_sale_is_told_of_blocks_and_never_asks(kind: OrderKind, operation: OrderOperation) -> None:
    question = OrderQuestion(QUESTION.document, 1, kind, operation, "maria")
    wanted = profile(CompanyConsultation.ALWAYS)
    buyer = Buyer(False, AnpKind.AUTOMOTIVE, (BLOCK,), None)
    planned = plan(kind, wanted, buyer, None, ONE_PM)
    assert planned.step is Step.SKIP
    thing = {"dav": "do orçamento (DAV)", "pre-venda": "da pré-venda"}[kind.value]
    assert planned.why == f"A avaliação {thing} não consulta a ANP."
    assert question.act == f"{operation.label} {thing}"
    told = decide(question, wanted, buyer, planned, None, FINE)
    assert told.allowed
    assert told.reasons[0] == FINE.reason
    assert told.reasons[1].endswith("(Manual): Cheque devolvido. O pedido será recusado.")
    assert told.reasons[2] == "O cliente está inativo no cadastro. O pedido será recusado."
    assert told.rules == ("balcao.crediario_pre_venda", "bloqueio.manual", "cliente.inativo")
    assert told.overdue == FINE.overdue
    refused = decide(question, wanted, buyer, planned, None, OWES)
    assert (refused.allowed, refused.release_needed) == (False, True)
    assert refused.reasons[0] == "O cliente deve. Quem tem permissão pode liberar, com usuário, senha e motivo."


@pytest.mark.parametrize("blocked", [False, True])
@pytest.mark.parametrize("status", OrderAction)
@pytest.mark.parametrize("credit", [OWES, replace(OWES, releasable=False), FINE, None])
def test_a_release_is_offered_only_when_nothing_else_refuses(
    blocked: bool, status: OrderAction, credit: OverdueFinding | None
) -> None:
    buyer = Buyer(True, AnpKind.AUTOMOTIVE, (BLOCK,) if blocked else (), None)
    wanted = profile(status=status)
    word = AnpWord(AnpOutcome.REVOKED, "Foi dito agora.", BRANDS[BrandSaid.KNOWN])
    planned = plan(QUESTION.kind, wanted, buyer, None, ONE_PM)
    decision = decide(QUESTION, wanted, buyer, planned, word, credit)
    owes = credit is not None and credit.refuses
    other = blocked or status is REFUSE
    assert decision.allowed == (not owes and not other)
    assert decision.release_needed == (credit is OWES and not other)
    assert any("pode liberar" in reason for reason in decision.reasons) == decision.release_needed
    assert decision.overdue == (None if credit is None else credit.overdue)


def test_the_profile_is_that_of_the_company() -> None:
    kept: dict[SettingKey, Kept] = {
        (ANP_COMPANY_ORDER, 2): Kept(CompanyConsultation.NEVER),
        (ANP_NO_ANSWER, 0): Kept(ALLOW),
    }
    assert OrderProfile.of(Snapshot(kept, 2)).company is CompanyConsultation.NEVER
    of_one = OrderProfile.of(Snapshot(kept).for_company(1))
    assert of_one.company is CompanyConsultation.GENERAL
    assert of_one.no_answer is ALLOW
    assert all(BY_KEY[setting.key] is setting for setting in SETTINGS)


def test_every_rule_has_a_label() -> None:
    assert rule_label("anp.sem_consulta") == ANP_NO_ANSWER.label
    assert rule_label("credito.ambiente") == "Análise de crédito: Ambiente"
    assert rule_label("bloqueio.sefaz") == "Bloqueio do cliente: SEFAZ"
    said = {rule_label(rule) for rule in (INACTIVE, NOT_REGISTERED, NOT_RESELLER, RELEASED)}
    assert len(said) == 4
