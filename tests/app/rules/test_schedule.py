"""When a customer is due, by the calendar of the branch's zone, and how long a failure makes the service wait."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain import FailureKind
from app.rules.schedule import answered_before, retry_at
from app.uf import UFS

ZONES = sorted({uf.zone for uf in UFS.values()})
moments = st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  # their zone is given
periods = st.integers(1, 3650)


@given(moments, moments, periods, st.sampled_from(ZONES))
def test_due_when_as_many_days_of_the_calendar_have_passed(
    now: datetime, answered_at: datetime, period: int, zone: str
) -> None:
    days = (now.astimezone(ZoneInfo(zone)).date() - answered_at.astimezone(ZoneInfo(zone)).date()).days
    assert (answered_at < answered_before(now, period, zone)) is (days >= period)


@given(moments, periods, st.sampled_from(ZONES))
def test_the_limit_is_the_first_moment_of_a_day_of_the_zone_told_in_utc(now: datetime, period: int, zone: str) -> None:
    limit = answered_before(now, period, zone)
    assert limit.utcoffset() == timedelta(0)
    # Not always 00:00: summer time used to begin at midnight, and those days at 01:00.
    before = limit - timedelta(microseconds=1)
    assert before.astimezone(ZoneInfo(zone)).date() < limit.astimezone(ZoneInfo(zone)).date()
    assert limit <= now


@pytest.mark.parametrize(
    ("zone", "now", "last", "period", "due"),
    [
        # One day: yesterday, at whatever hour, is long enough ago; today is not.
        ("America/Sao_Paulo", "2026-11-21T03:00Z", "2026-11-21T02:59Z", 1, True),
        ("America/Sao_Paulo", "2026-11-21T23:00Z", "2026-11-21T03:00Z", 1, False),
        ("America/Sao_Paulo", "2026-11-22T02:59Z", "2026-11-21T03:00Z", 1, False),
        ("America/Sao_Paulo", "2026-11-22T03:00Z", "2026-11-22T02:59Z", 1, True),
        # The same moments in other zones.
        ("America/Rio_Branco", "2026-11-21T03:00Z", "2026-11-21T02:59Z", 1, False),
        ("America/Rio_Branco", "2026-11-21T05:00Z", "2026-11-21T04:59Z", 1, True),
        ("America/Manaus", "2026-11-21T04:00Z", "2026-11-21T03:59Z", 1, True),
        # Thirty days.
        ("America/Sao_Paulo", "2026-12-01T03:00Z", "2026-11-01T23:00Z", 30, True),
        ("America/Sao_Paulo", "2026-12-01T02:59Z", "2026-11-01T03:00Z", 30, False),
        # Across the end of February.
        ("America/Sao_Paulo", "2028-03-01T12:00Z", "2028-02-28T12:00Z", 2, True),
        ("America/Sao_Paulo", "2027-03-01T12:00Z", "2027-02-28T12:00Z", 2, False),
        # The clock went back an hour at the midnight of 18 February 2018; the day had 25 hours.
        ("America/Sao_Paulo", "2018-02-18T12:00Z", "2018-02-17T03:00Z", 1, True),
        ("America/Sao_Paulo", "2018-02-18T02:30Z", "2018-02-17T03:00Z", 1, False),
    ],
)
def test_the_edges_of_days(zone: str, now: str, last: str, period: int, due: bool) -> None:
    assert (datetime.fromisoformat(last) < answered_before(datetime.fromisoformat(now), period, zone)) is due


NOW = datetime(2026, 11, 21, 18, 40, tzinfo=UTC)
WAITS = {
    FailureKind.CANCELLED: None,
    FailureKind.NOT_SERVED: timedelta(days=30),
    FailureKind.REJECTION: timedelta(days=1),
    FailureKind.REQUESTER: timedelta(days=1),
    FailureKind.INTERNAL: timedelta(days=1),
    FailureKind.LIMIT: timedelta(minutes=65),
}


@pytest.mark.parametrize("failure", FailureKind)
def test_how_long_each_failure_makes_the_service_wait(failure: FailureKind) -> None:
    wait = WAITS.get(failure, timedelta(minutes=30))
    assert retry_at(failure, NOW) == (None if wait is None else NOW + wait)
