"""The bucket of requests: what a minute allows, and never more."""

from __future__ import annotations

from itertools import accumulate

from hypothesis import given
from hypothesis import strategies as st

from services.integration.rate import RateLimit


class Seconds:
    """A clock that moves only when told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_minutes_requests_may_come_at_once_and_then_as_the_time_refills() -> None:
    clock = Seconds()
    rate = RateLimit(clock)
    assert [rate.wait_s("a", 30) for _ in range(31)] == [0] * 30 + [2]
    clock.now += 2
    assert [rate.wait_s("a", 30), rate.wait_s("a", 30)] == [0, 2]
    clock.now += 3600
    assert [rate.wait_s("a", 30) for _ in range(31)] == [0] * 30 + [2]


def test_keys_do_not_share() -> None:
    rate = RateLimit(Seconds())
    assert [rate.wait_s(key, 1) for key in ("a", "b", "a")] == [0, 0, 60]


def test_a_limit_lowered_meanwhile_holds_at_once() -> None:
    rate = RateLimit(Seconds())
    rate.wait_s("a", 1000)
    assert [rate.wait_s("a", 2) for _ in range(3)] == [0, 0, 30]


def test_the_memory_of_keys_is_bounded() -> None:
    rate = RateLimit(Seconds())
    for key in range(RateLimit.MOST_KEYS + 1):
        rate.wait_s(key, 1)
    assert rate.wait_s(0, 1) == 0  # the oldest was forgotten
    assert rate.wait_s(RateLimit.MOST_KEYS, 1) > 0


@given(st.integers(1, 1000), st.lists(st.floats(0, 30, allow_nan=False), max_size=60))
def test_no_minute_has_more_than_twice_its_requests_and_the_wait_told_is_enough(
    per_minute: int, pauses: list[float]
) -> None:
    clock = Seconds()
    rate = RateLimit(clock)
    moments = list(accumulate(pauses, initial=clock.now))
    taken = []
    for clock.now in moments:
        wait = rate.wait_s("a", per_minute)
        if wait == 0:
            taken.append(clock.now)
        else:
            clock.now += wait
            assert rate.wait_s("a", per_minute) == 0
            break
    for first in taken:
        assert len([moment for moment in taken if first <= moment < first + 60]) <= 2 * per_minute
