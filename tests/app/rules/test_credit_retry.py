"""What follows a failure of a credit analysis: the whole table, and that nothing is asked for ever."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain import FailureKind
from app.rules.credit_retry import HOLD, LONGEST_HOLD, WAITS, Afterwards, after

NOW = datetime(2026, 11, 22, 15, tzinfo=UTC)
HELD_FOR_A_PERSON = {FailureKind.REQUESTER, FailureKind.CONFIGURATION}
HELD_FOR_A_TIME = {FailureKind.THROTTLED, FailureKind.LIMIT, FailureKind.TOO_SOON}
TRIED_AGAIN = (
    FailureKind.UNAVAILABLE,
    FailureKind.NETWORK,
    FailureKind.TRUST,
    FailureKind.ENCRYPTION,
    FailureKind.TIMEOUT,
)


@pytest.mark.parametrize("kind", FailureKind)
def test_table(kind: FailureKind) -> None:
    if kind in HELD_FOR_A_PERSON:
        expected = Afterwards(NOW, counts=False, holds=True)
    elif kind in HELD_FOR_A_TIME:
        expected = Afterwards(NOW + HOLD, counts=False, holds=True, held_until=NOW + HOLD)
    elif kind in TRIED_AGAIN:
        expected = Afterwards(NOW + timedelta(minutes=5))
    elif kind is FailureKind.CANCELLED:
        expected = Afterwards(NOW, counts=False)
    else:
        expected = Afterwards(None)
    assert after(kind, 1, NOW) == expected


def test_what_may_have_been_charged_is_never_asked_again() -> None:
    for kind in (FailureKind.UNCERTAIN, FailureKind.INVALID_RESPONSE, FailureKind.INTERNAL, FailureKind.REJECTION):
        assert after(kind, 1, NOW, 60).retry_at is None


@pytest.mark.parametrize("kind", TRIED_AGAIN)
def test_who_is_not_reached_is_tried_five_times_ever_later(kind: FailureKind) -> None:
    said = [after(kind, tries, NOW) for tries in range(1, 7)]
    assert [one.retry_at for one in said] == [*(NOW + wait for wait in WAITS), None, None]
    assert list(WAITS) == sorted(WAITS)
    assert not any(one.holds for one in said)


@given(st.sampled_from(FailureKind), st.integers(1, 100), st.one_of(st.none(), st.floats(-1e9, 1e18)))
def test_nothing_waits_for_ever_without_a_person_and_only_tries_are_counted(
    kind: FailureKind, tries: int, retry_after_s: float | None
) -> None:
    then = after(kind, tries, NOW, retry_after_s)
    assert then.retry_at is None or NOW <= then.retry_at <= NOW + LONGEST_HOLD
    assert then.held_until is None or then.held_until == then.retry_at
    assert then.holds or then.held_until is None
    assert then.counts or then.retry_at is not None
    if then.counts and tries > len(WAITS):
        assert then.retry_at is None


def test_it_is_left_alone_as_long_as_it_asked() -> None:
    assert after(FailureKind.THROTTLED, 1, NOW, 90.0).held_until == NOW + timedelta(seconds=90)
    assert after(FailureKind.THROTTLED, 1, NOW, 1e12).held_until == NOW + LONGEST_HOLD
    assert after(FailureKind.UNAVAILABLE, 1, NOW, 3600.0).retry_at == NOW + timedelta(hours=1)
    assert after(FailureKind.UNAVAILABLE, 1, NOW, 60.0).retry_at == NOW + WAITS[0]
