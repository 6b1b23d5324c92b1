"""What is overdue, by the calendar, and what it does to a sale; against an oracle written from the settings' words."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.overdue_profile import SETTINGS, OverdueProfile
from app.policies import InstalmentSituation, OrderKind, OverdueAction, OverdueCompanies, UncheckedAction
from app.rules.overdue import (
    RELEASED,
    Credit,
    Instalment,
    Overdue,
    Release,
    judge,
    not_checked,
    overdue,
    payable_until,
)
from app.settings.catalog import (
    BY_KEY,
    OVERDUE_ACTION,
    OVERDUE_BUDGET,
    OVERDUE_DATA_AGE,
    OVERDUE_GRACE,
    OVERDUE_MINIMUM,
    OVERDUE_PRE_SALE,
    OVERDUE_UNCHECKED,
)
from app.settings.snapshot import Kept, Snapshot

OPEN = InstalmentSituation.OPEN
FRIDAY, SATURDAY, SUNDAY = date(2026, 11, 13), date(2026, 11, 14), date(2026, 11, 15)
TODAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)
ACT = "inclusão da pré-venda"


def instalment(
    due_on: date = date(2026, 11, 10),
    amount: str = "100.00",
    paid: str = "0.00",
    situation: InstalmentSituation = OPEN,
    number: int = 1,
) -> Instalment:
    return Instalment(number, 1, f"P{number}", "C1", due_on, Decimal(amount), Decimal(paid), situation)


def profile(
    action: OverdueAction = OverdueAction.BLOCK,
    *,
    on: bool = True,
    grace: int = 0,
    minimum: str = "0.00",
    age_h: int = 72,
    unchecked: UncheckedAction = UncheckedAction.REFUSE,
) -> OverdueProfile:
    return OverdueProfile(OVERDUE_PRE_SALE, on, grace, Decimal(minimum), OverdueCompanies.OWN, action, age_h, unchecked)


@pytest.mark.parametrize(
    ("due_on", "today", "grace", "days"),
    [
        (TODAY, TODAY, 0, 0),
        (TODAY - timedelta(days=1), TODAY, 0, 1),
        (TODAY + timedelta(days=1), TODAY, 0, 0),
        (TODAY - timedelta(days=3), TODAY, 3, 0),
        (TODAY - timedelta(days=4), TODAY, 3, 4),
        # The example of the setting: of the 10th, with 3 days, from the 14th on.
        (date(2026, 11, 10), date(2026, 11, 13), 3, 0),
        (date(2026, 11, 10), date(2026, 11, 14), 3, 4),
        (SATURDAY, SUNDAY, 0, 0),
        (SATURDAY, date(2026, 11, 16), 0, 0),
        (SATURDAY, date(2026, 11, 17), 0, 3),
        (SUNDAY, date(2026, 11, 16), 0, 0),
        (SUNDAY, date(2026, 11, 17), 0, 2),
        (SATURDAY, date(2026, 11, 17), 3, 0),
        (SATURDAY, date(2026, 11, 18), 3, 4),
        (FRIDAY, SATURDAY, 0, 1),
    ],
)
def test_days_overdue(due_on: date, today: date, grace: int, days: int) -> None:
    assert instalment(due_on).days_overdue(today, grace) == days


@pytest.mark.parametrize(
    ("amount", "paid", "situation", "counts"),
    [
        ("100.00", "0.00", OPEN, True),
        ("100.00", "99.99", OPEN, True),
        ("100.00", "100.00", OPEN, False),
        ("100.00", "100.01", OPEN, False),
        ("0.00", "0.00", OPEN, False),
        ("100.00", "0.00", InstalmentSituation.PAID, False),
        ("100.00", "0.00", InstalmentSituation.RENEGOTIATED, False),
        ("100.00", "0.00", InstalmentSituation.CANCELLED, False),
    ],
)
def test_only_what_is_open_and_has_a_balance_counts(
    amount: str, paid: str, situation: InstalmentSituation, counts: bool
) -> None:
    found = overdue([instalment(amount=amount, paid=paid, situation=situation)], TODAY, 0)
    assert found.count == counts
    assert found.principal == (Decimal(amount) - Decimal(paid) if counts else 0)


def test_the_situation_adds_up() -> None:
    found = overdue(
        [
            instalment(date(2026, 11, 12), "80.10", "30.05", number=7),
            instalment(date(2026, 10, 1), "0.10", number=9),
            instalment(TODAY, "999.00", number=8),
        ],
        TODAY,
        0,
    )
    assert found == Overdue(2, 50, Decimal("50.15"), date(2026, 10, 1), (9, 7))
    assert Overdue.from_fields(found.as_fields()) == found
    none = overdue([], TODAY, 0)
    assert none == Overdue(0, 0, Decimal("0.00"), None, ())
    assert Overdue.from_fields(none.as_fields()) == none


@given(
    due_on=st.dates(date(2000, 1, 1), date(2099, 12, 31)),
    late=st.integers(-10, 400),
    grace=st.integers(0, 365),
)
def test_overdue_is_more_than_the_grace_and_never_before_a_business_day_passed(
    due_on: date, late: int, grace: int
) -> None:
    today = due_on + timedelta(days=late)
    days = instalment(due_on).days_overdue(today, grace)
    a_business_day_passed = any((due_on + timedelta(days=more)).weekday() < 5 for more in range(max(late, 0)))
    assert days == (late if late > grace and a_business_day_passed else 0)
    assert payable_until(due_on).weekday() < 5
    # One day later it is never less late.
    assert instalment(due_on).days_overdue(today + timedelta(days=1), grace) >= days


@given(
    st.lists(
        st.builds(
            Instalment,
            st.integers(1, 10**6),
            st.integers(1, 3),
            st.just("P"),
            st.just(""),
            st.dates(date(2026, 1, 1), date(2026, 12, 31)),
            st.decimals(0, 10**6, places=2),
            st.decimals(0, 10**6, places=2),
            st.sampled_from(InstalmentSituation),
        ),
        max_size=12,
    ),
    st.integers(0, 60),
)
def test_the_sum_is_of_those_that_are_overdue_to_the_cent(instalments: list[Instalment], grace: int) -> None:
    found = overdue(instalments, TODAY, grace)
    late = [one for one in instalments if one.days_overdue(TODAY, grace)]
    assert found.count == len(late) == len(found.instalments)
    assert found.principal == sum(one.balance for one in late)
    assert found.worst_days == max((one.days_overdue(TODAY, grace) for one in late), default=0)
    assert found.first_due == min((one.due_on for one in late), default=None)
    assert (found.count == 0) or (found.principal > 0 and found.worst_days > grace)


AGES = {"never": None, "fresh": NOW - timedelta(hours=72), "old": NOW - timedelta(hours=72, seconds=1)}
RELEASES = {"none": None, "all": frozenset({1, 2}), "less": frozenset({1}), "unchecked": frozenset[int]()}


def test_truth_table() -> None:
    lines = product(OverdueAction, UncheckedAction, AGES, (72, 0), (0, 2), ("0.00", "200.00", "200.01"), RELEASES)
    number = 0
    for action, unchecked, age, age_h, count, minimum, released in lines:
        number += 1
        case = (action, unchecked, age, age_h, count, minimum, released)
        numbers = RELEASES[released]
        credit = Credit(
            TODAY,
            AGES[age],
            tuple(instalment(number=n + 1) for n in range(count)),
            None if numbers is None else Release(5, numbers),
        )
        finding = judge(profile(action, minimum=minimum, age_h=age_h, unchecked=unchecked), credit, ACT, NOW)
        known = age == "fresh" or (age == "old" and age_h == 0)
        if not known:
            refuses = unchecked is UncheckedAction.REFUSE and released != "unchecked"
        else:
            owes = count > 0 and minimum != "200.01"
            refuses = owes and action is not OverdueAction.WARN and released != "all"
        assert finding.refuses == refuses, case
        assert finding.releasable == (refuses and action is OverdueAction.RELEASE), case
        assert (finding.overdue is not None) == known, case
        assert finding.reason[0].isupper(), case
        assert finding.reason.endswith("."), case
        assert finding.rules[0] == OVERDUE_PRE_SALE.key, case
        assert (OVERDUE_UNCHECKED.key in finding.rules) == (not known), case
        assert len(set(finding.rules)) == len(finding.rules), case
        if known and owes and released == "all" and action is not OverdueAction.WARN:
            assert RELEASED in finding.rules, case
    assert number == 3 * 2 * 3 * 2 * 2 * 3 * 4


def test_what_is_said() -> None:
    owed = (instalment(number=1), instalment(date(2026, 11, 12), "1234.50", number=2))
    known = Credit(TODAY, NOW, owed)
    said = (
        "O cliente tem 2 parcelas de crediário vencidas, R$ 1.334,50 sem multa nem juros; "
        "a mais antiga venceu em 10/11/2026, há 10 dias"
    )
    refused = judge(profile(), known, ACT, NOW)
    assert refused.reason == f"{said}. O perfil não permite a inclusão da pré-venda neste caso."
    assert refused.rules == (OVERDUE_PRE_SALE.key, OVERDUE_ACTION.key)
    warned = judge(profile(OverdueAction.WARN), known, ACT, NOW)
    assert warned.reason == f"{said}. O perfil avisa e permite a inclusão da pré-venda."
    small = judge(profile(minimum="2000.00"), known, ACT, NOW)
    assert small.reason == f"{said}: menos do que os R$ 2.000,00 a partir dos quais a ação vale."
    assert small.rules == (OVERDUE_PRE_SALE.key, OVERDUE_MINIMUM.key)
    newer = Credit(TODAY, NOW, owed, Release(31, frozenset({1})))
    assert judge(profile(), newer, ACT, NOW).reason.endswith("A liberação da avaliação 31 não cobre todas.")
    old = Credit(TODAY, NOW - timedelta(hours=73), owed)
    unknown = judge(profile(), old, ACT, NOW)
    assert "há mais de 72 horas: não há como saber se o cliente deve. Até então: 2 parcelas vencidas" in unknown.reason
    assert unknown.rules == (OVERDUE_PRE_SALE.key, OVERDUE_UNCHECKED.key, OVERDUE_DATA_AGE.key)
    one = judge(profile(), Credit(TODAY, NOW, (instalment(TODAY - timedelta(days=1)),)), ACT, NOW)
    assert one.reason.startswith("O cliente tem 1 parcela de crediário vencida, R$ 100,00")
    assert "há 1 dia." in one.reason


def test_off_and_exempt_are_not_checked() -> None:
    off = not_checked(profile(on=False), "Filial 2")
    assert off is not None
    assert (off.refuses, off.rules) == (False, (OVERDUE_PRE_SALE.key,))
    exempt = not_checked(profile(), "Filial 2")
    assert exempt is not None
    assert not exempt.refuses
    assert "“Filial 2”" in exempt.reason
    assert not_checked(profile(), None) is None


def test_the_profile_is_that_of_the_kind_and_of_the_company() -> None:
    snapshot = Snapshot({(OVERDUE_BUDGET, 0): Kept(True), (OVERDUE_GRACE, 2): Kept(5)})
    budget = OverdueProfile.of(snapshot, OrderKind.BUDGET)
    assert (budget.on, budget.switch, budget.grace_days) == (True, OVERDUE_BUDGET, 0)
    pre_sale = OverdueProfile.of(snapshot.for_company(2), OrderKind.PRE_SALE)
    assert (pre_sale.on, pre_sale.grace_days) == (False, 5)
    assert all(BY_KEY[setting.key] is setting for setting in SETTINGS)
