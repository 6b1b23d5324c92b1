"""What a credit analysis does to a sale, whatever is known of it, against an oracle from the words of the settings."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from app.credit_analysis import AnalysisOutcome, CreditReport, NegativeGroup
from app.credit_profile import CreditProfile
from app.documents import parse_document
from app.domain import ActiveBlock, BlockOrigin
from app.order_profile import OrderProfile
from app.policies import (
    AnpKind,
    AnpStatus,
    CompanyConsultation,
    CreditCustomerAction,
    CreditOrderAction,
    Environment,
    OrderAction,
    OrderKind,
    OrderOperation,
)
from app.rules.credit_analysis import judge
from app.rules.credit_order import (
    AGAIN_AFTER,
    AnalysisFinding,
    AnalysisSituation,
    AnalysisTold,
    AnsweredAnalysis,
    FailedAnalysis,
    KnownAnalysis,
    PendingAnalysis,
    not_verified,
    weigh,
)
from app.rules.order_gate import Buyer, OrderDecision, OrderQuestion, Plan, Step, decide, rule_label
from app.rules.overdue import OverdueFinding

NOW = datetime(2026, 11, 21, 2, 30, tzinfo=UTC)
"""Still the 20th in São Paulo."""
ZONE, TODAY = "America/Sao_Paulo", date(2026, 11, 20)
REPORTS = (
    CreditReport("", score=800, negatives=()),
    CreditReport("", score=100, negatives=()),
    CreditReport("", negatives=()),
    CreditReport("", score=800),
    CreditReport("", score=800, negatives=(NegativeGroup("PEFIN", 1, None),)),
)
ANSWERED = st.none() | st.builds(
    AnsweredAnalysis,
    st.just(3),
    st.timedeltas(-timedelta(days=60), timedelta()).map(NOW.__add__),
    st.sampled_from(REPORTS),
)
NEWER = st.one_of(
    st.none(),
    st.builds(PendingAnalysis, st.just(5), st.just(NOW), st.booleans(), st.booleans()),
    st.builds(
        FailedAnalysis,
        st.just(5),
        st.timedeltas(-2 * AGAIN_AFTER, timedelta()).map(NOW.__add__),
        st.sampled_from(["Não respondeu.", "Não se sabe se respondeu"]),
    ),
)
KNOWN = st.builds(
    KnownAnalysis,
    st.just("Serasa"),
    st.sampled_from(Environment),
    st.just(TODAY),
    st.just(ZONE),
    ANSWERED,
    NEWER,
    st.sampled_from(["", "A gerenciadora está inativa."]),
    st.sampled_from(["", "A senha foi recusada"]),
)
PROFILES = st.builds(
    CreditProfile,
    st.integers(1, 60),
    st.sampled_from([0, 500]),
    st.sampled_from([Decimal("0.00"), Decimal("100.00")]),
    st.sampled_from(CreditOrderAction),
    st.just(CreditCustomerAction.NOTHING),
)


@given(PROFILES, KNOWN, st.booleans())
def test_only_a_good_answer_of_producao_approves_and_only_its_lack_asks(
    profile: CreditProfile, known: KnownAnalysis, tentative: bool
) -> None:
    finding = weigh(profile, known, "inclusão do pedido", NOW, tentative=tentative)
    told, answered, newer = finding.told, known.answered, known.newer
    assert told is not None
    age = None if answered is None else TODAY - (answered.at - timedelta(hours=3)).date()
    good = answered is not None and age is not None and age.days <= profile.days
    approved = (
        good
        and answered is not None
        and known.environment is Environment.PRODUCTION
        and judge(profile, answered.report).outcome is AnalysisOutcome.APPROVED
    )
    assert (told.situation is AnalysisSituation.APPROVED) == approved
    assert finding.refuses == (not approved and not tentative and profile.order_action is CreditOrderAction.REFUSE)
    waits = isinstance(newer, PendingAnalysis)
    in_vain = isinstance(newer, FailedAnalysis) and NOW - newer.at < AGAIN_AFTER
    assert finding.asks == (not good and not waits and not in_vain and not known.cannot and not tentative)
    assert (told.outcome is not None) == good


@given(PROFILES, KNOWN, st.booleans())
def test_everything_is_said_in_whole_sentences_and_read_back(
    profile: CreditProfile, known: KnownAnalysis, tentative: bool
) -> None:
    finding = weigh(profile, known, "inclusão do pedido", NOW, tentative=tentative)
    told = finding.told
    assert told is not None
    for sentence in (finding.reason, *told.reasons):
        assert sentence.endswith(".")
        assert not any(wrong in sentence for wrong in ("..", " .", ": .", "  ", "None"))
    assert all(rule_label(rule) for rule in finding.rules)
    assert AnalysisTold.from_fields(json.loads(json.dumps({**told.as_fields(), "gerenciadora": "x"}))) == told
    assert told.situation.label


def test_the_last_day_is_that_of_the_company_and_the_next_is_too_late() -> None:
    profile = CreditProfile(1, 0, Decimal(0), CreditOrderAction.REFUSE, CreditCustomerAction.NOTHING)
    # 23:30 of the 19th in São Paulo, already the 20th in Greenwich.
    answered = AnsweredAnalysis(3, datetime(2026, 11, 20, 2, 30, tzinfo=UTC), REPORTS[0])
    for today, allowed in ((date(2026, 11, 20), True), (date(2026, 11, 21), False)):
        known = KnownAnalysis("Serasa", Environment.PRODUCTION, today, ZONE, answered)
        assert weigh(profile, known, "inclusão do pedido", NOW, tentative=False).refuses != allowed


QUESTION = OrderQuestion(parse_document("11222333000181"), 1, OrderKind.ORDER, OrderOperation.INCLUSION, "maria")
ORDER_PROFILE = OrderProfile(
    CompanyConsultation.NEVER,
    False,
    4,
    OrderAction.REFUSE,
    dict.fromkeys(AnpStatus, OrderAction.ALLOW),
    OrderAction.ALLOW,
)
SKIP = Plan(Step.SKIP, "A empresa nunca consulta a ANP.", ())
ASKS = AnalysisFinding(True, "O cliente não tem análise.", ("credito.pedido",), None, asks=True)


def decided(
    *origins: BlockOrigin, credit: OverdueFinding | None = None, analysis: AnalysisFinding = ASKS
) -> OrderDecision:
    blocks = tuple(ActiveBlock(7, origin, "Motivo", NOW, "joão") for origin in origins)
    buyer = Buyer(True, AnpKind.NONE, blocks, None)
    return decide(QUESTION, ORDER_PROFILE, buyer, SKIP, None, credit, analysis)


def test_an_analysis_is_wanted_where_it_may_let_the_order_go_on() -> None:
    releasable = OverdueFinding(True, True, "O cliente deve.", ())
    final = OverdueFinding(True, False, "O cliente deve.", ())
    assert decided().analysis_wanted
    assert decided(BlockOrigin.CREDIT).analysis_wanted
    assert decided(credit=releasable).analysis_wanted
    for hopeless in (
        decided(BlockOrigin.MANUAL),
        decided(BlockOrigin.CREDIT, BlockOrigin.ANP_STATUS),
        decided(credit=final),
    ):
        assert not hopeless.analysis_wanted
        assert any("Ela não foi pedida" in reason for reason in hopeless.reasons)
    approved = AnalysisFinding(False, "Aprovado.", ())
    assert not decided(analysis=approved).analysis_wanted


def test_of_one_that_waits_where_nobody_makes_it_is_not_said_that_nobody_asked_for_it() -> None:
    profile = CreditProfile(1, 0, Decimal(0), CreditOrderAction.REFUSE, CreditCustomerAction.NOTHING)
    stuck = KnownAnalysis("Serasa", Environment.PRODUCTION, TODAY, ZONE, newer=PendingAnalysis(5, NOW, stuck=True))
    finding = weigh(profile, stuck, "inclusão do pedido", NOW, tentative=False)
    assert decided(analysis=finding).analysis_wanted
    refused = decided(BlockOrigin.MANUAL, analysis=finding)
    assert not refused.analysis_wanted
    assert not any("Ela não foi pedida" in reason for reason in refused.reasons)


def test_a_release_is_offered_only_when_the_analysis_does_not_refuse_too() -> None:
    owes = OverdueFinding(True, True, "O cliente deve.", ())
    assert not decided(credit=owes).release_needed
    assert decided(credit=owes, analysis=AnalysisFinding(False, "Aprovado.", ())).release_needed


def test_an_entity_is_not_verified() -> None:
    finding = not_verified("Filial 2")
    assert (finding.refuses, finding.asks, finding.told) == (False, False, None)
    assert "a análise de crédito não é verificada" in finding.reason
