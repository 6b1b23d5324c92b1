"""What ANP's published list says about one reseller when ANP itself does not answer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain import AnpOutcome, AnpRegistration
from app.rules.anp_mirror import Listed, judge_by_list, too_old, until
from services.demo.example import made_up_cnpj

LISTED_AT = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
SEEN_AT = datetime(2026, 11, 10, 15, 0, tzinfo=UTC)
REGISTRATION = AnpRegistration(made_up_cnpj("12345678"), authorization="PR/GO0000001")


def test_who_is_in_the_list_is_authorised() -> None:
    judged = judge_by_list(Listed(REGISTRATION), LISTED_AT)
    assert judged.outcome is AnpOutcome.UPDATED
    assert judged.registration is REGISTRATION
    assert judged.reason == "Consta da lista da ANP de 20/11/2026, com a autorização PR/GO0000001."
    assert (judged.listed_at, judged.listed_until, judged.confirmed) == (LISTED_AT, None, True)


def test_who_is_in_the_list_without_an_authorisation_is_not_recognised() -> None:
    registration = AnpRegistration(REGISTRATION.cnpj)
    judged = judge_by_list(Listed(registration), LISTED_AT)
    assert judged.outcome is AnpOutcome.UNRECOGNISED
    assert judged.registration is registration
    assert "sem número de autorização" in judged.reason


def test_who_was_never_in_it_is_not_found_and_that_needs_no_other_list() -> None:
    judged = judge_by_list(None, LISTED_AT)
    assert (judged.outcome, judged.registration) == (AnpOutcome.NOT_FOUND, None)
    assert judged.reason == "Não consta da lista da ANP de 20/11/2026."
    assert (judged.listed_until, judged.confirmed) == (None, True)


@pytest.mark.parametrize("confirmed", [True, False])
def test_who_left_it_is_not_found_and_never_called_revoked(confirmed: bool) -> None:
    judged = judge_by_list(Listed(REGISTRATION, LISTED_AT, SEEN_AT, confirmed), LISTED_AT)
    assert (judged.outcome, judged.registration) == (AnpOutcome.NOT_FOUND, None)
    assert judged.reason == "Não consta da lista da ANP de 20/11/2026; constava até 10/11/2026."
    assert (judged.listed_until, judged.confirmed) == (SEEN_AT, confirmed)


def test_until_says_nothing_of_those_who_never_left() -> None:
    assert until(None) == ""
    assert until(Listed(REGISTRATION)) == ""
    assert until(Listed(REGISTRATION, LISTED_AT, SEEN_AT)) == "; constava até 10/11/2026"


def test_a_list_stands_for_an_answer_up_to_its_last_moment() -> None:
    last = LISTED_AT + timedelta(days=3)
    assert not too_old(LISTED_AT, 3, last)
    assert too_old(LISTED_AT, 3, last + timedelta(microseconds=1))


def test_with_no_days_no_list_ever_stands_for_an_answer() -> None:
    assert too_old(LISTED_AT, 0, LISTED_AT)


@given(st.integers(0, 60), st.timedeltas(timedelta(0), timedelta(days=100)))
def test_more_days_never_make_a_list_too_old(days: int, age: timedelta) -> None:
    now = LISTED_AT + age
    assert too_old(LISTED_AT, days, now) >= too_old(LISTED_AT, days + 1, now)


@given(st.booleans(), st.booleans(), st.one_of(st.none(), st.just(SEEN_AT)), st.sampled_from(["", "PR/GO0000001"]))
def test_the_list_never_says_more_than_it_knows(
    gone: bool, confirmed: bool, seen_at: datetime | None, authorization: str
) -> None:
    registration = AnpRegistration(REGISTRATION.cnpj, authorization=authorization)
    judged = judge_by_list(Listed(registration, LISTED_AT if gone else None, seen_at, confirmed), LISTED_AT)
    assert judged.outcome in (AnpOutcome.UPDATED, AnpOutcome.NOT_FOUND, AnpOutcome.UNRECOGNISED)
    assert (judged.registration is None) == (judged.outcome is AnpOutcome.NOT_FOUND)
    assert judged.confirmed or gone
    assert "20/11/2026" in judged.reason
    assert judged.reason.endswith(".")
