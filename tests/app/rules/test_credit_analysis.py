"""What an answer of a gerenciadora is worth: refused before undecided before approved, and until which day."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.credit_analysis import AnalysisOutcome, CreditReport, NegativeGroup
from app.credit_profile import CreditProfile
from app.policies import CreditCustomerAction, CreditOrderAction
from app.rules.credit_analysis import good_until, judge

PROFILE = CreditProfile(30, 500, Decimal("0.00"), CreditOrderAction.REFUSE, CreditCustomerAction.NOTHING)
CLEAN = CreditReport("", score=700, negatives=())
APPROVED, REFUSED, UNDECIDED = AnalysisOutcome.APPROVED, AnalysisOutcome.REFUSED, AnalysisOutcome.UNDECIDED


def debts(*totals: str | None) -> tuple[NegativeGroup, ...]:
    return tuple(NegativeGroup("PEFIN", 1, None if total is None else Decimal(total)) for total in totals)


@pytest.mark.parametrize(
    ("report", "profile", "outcome"),
    [
        (CLEAN, PROFILE, APPROVED),
        (replace(CLEAN, score=500), PROFILE, APPROVED),
        (replace(CLEAN, score=499), PROFILE, REFUSED),
        (replace(CLEAN, score=None), PROFILE, UNDECIDED),
        (replace(CLEAN, score=None), replace(PROFILE, min_score=0), APPROVED),
        (replace(CLEAN, score=0), replace(PROFILE, min_score=0), APPROVED),
        (replace(CLEAN, negatives=None), PROFILE, UNDECIDED),
        (replace(CLEAN, negatives=debts("0.01")), PROFILE, REFUSED),
        (replace(CLEAN, negatives=debts(None)), PROFILE, REFUSED),
        (replace(CLEAN, negatives=(NegativeGroup("PEFIN", 0, Decimal(0)),)), PROFILE, APPROVED),
        (replace(CLEAN, negatives=debts("500.00")), replace(PROFILE, max_negative=Decimal("500.00")), APPROVED),
        (replace(CLEAN, negatives=debts("500.00", "0.01")), replace(PROFILE, max_negative=Decimal(500)), REFUSED),
        (replace(CLEAN, negatives=debts("1.00", None)), replace(PROFILE, max_negative=Decimal(500)), UNDECIDED),
        (replace(CLEAN, suppressed=True), PROFILE, UNDECIDED),
        (replace(CLEAN, suppressed=True, score=100), PROFILE, REFUSED),
    ],
)
def test_cases(report: CreditReport, profile: CreditProfile, outcome: AnalysisOutcome) -> None:
    judgement = judge(profile, report)
    assert judgement.outcome is outcome
    assert judgement.reasons
    assert all(reason.endswith(".") for reason in judgement.reasons)


amounts = st.one_of(st.none(), st.decimals(0, 10_000, places=2))
groups = st.builds(NegativeGroup, st.just("PEFIN"), st.integers(0, 5), amounts)
reports = st.builds(
    CreditReport,
    st.just(""),
    score=st.one_of(st.none(), st.integers(0, 1000)),
    negatives=st.one_of(st.none(), st.lists(groups, max_size=4).map(tuple)),
    suppressed=st.booleans(),
)
profiles = st.builds(
    CreditProfile,
    st.just(30),
    st.integers(0, 1000),
    st.decimals(0, 10_000, places=2),
    st.sampled_from(CreditOrderAction),
    st.sampled_from(CreditCustomerAction),
)


@given(profiles, reports)
def test_what_is_not_told_is_never_taken_for_good(profile: CreditProfile, report: CreditReport) -> None:
    outcome = judge(profile, report).outcome
    assert outcome.is_answer
    if outcome is APPROVED:
        assert report.negatives is not None
        assert not report.suppressed
        assert not profile.min_score or (report.score is not None and report.score >= profile.min_score)
        if report.negative_count:
            assert report.negative_total is not None
            assert report.negative_total <= profile.max_negative


@given(profiles, reports, st.integers(1, 1000))
def test_a_stricter_profile_never_approves_more(profile: CreditProfile, report: CreditReport, score: int) -> None:
    stricter = replace(profile, min_score=max(profile.min_score, score), max_negative=Decimal(0))
    if judge(stricter, report).outcome is APPROVED:
        assert judge(profile, report).outcome is APPROVED


@given(reports)
def test_a_report_comes_back_as_it_was_stored(report: CreditReport) -> None:
    assert CreditReport.from_fields(report.as_fields()) == report


def test_it_is_good_to_the_end_of_the_last_day_where_the_company_is() -> None:
    late = datetime(2026, 11, 23, 2, 30, tzinfo=UTC)  # still the 22nd in Brazil
    assert good_until(late, 30, "America/Sao_Paulo") == date(2026, 12, 22)
    assert good_until(late, 30, "UTC") == date(2026, 12, 23)
    assert good_until(late, 0, "America/Sao_Paulo") == date(2026, 11, 22)
