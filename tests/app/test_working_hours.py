"""When the weekly window is open and when it opens next, beside a search minute by minute."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.working_hours import ALWAYS, DAY_MINUTES, WorkingHours

_MINUTE = timedelta(minutes=1)
ZONES = ("America/Sao_Paulo", "America/Manaus", "America/Noronha", "America/Rio_Branco", "UTC")


@st.composite
def windows(draw: st.DrawFn) -> WorkingHours:
    """Every window that the setting can hold, with at least one day."""
    start = draw(st.integers(0, DAY_MINUTES - 1))
    end = draw(st.integers(0, DAY_MINUTES).filter(lambda minute: minute != start))
    return WorkingHours(start, end, draw(st.frozensets(st.integers(0, 6), min_size=1)))


MONDAY = datetime(2026, 11, 16, tzinfo=UTC)
MOMENTS = st.timedeltas(timedelta(), timedelta(days=400)).map(lambda passed: MONDAY + passed)


@settings(max_examples=150, deadline=None)
@given(windows(), MOMENTS, st.sampled_from(ZONES))
def test_the_next_opening_is_the_first_minute_at_which_it_is_open(
    hours: WorkingHours, moment: datetime, zone: str
) -> None:
    local = moment.replace(tzinfo=ZoneInfo(zone))
    if hours.contains(local):
        return
    searched = local.replace(second=0, microsecond=0)
    while not hours.contains(searched):
        searched += _MINUTE
    opening = hours.next_opening(local)
    assert opening == searched
    assert opening > local
    assert str(opening.tzinfo) == zone


@given(windows(), MOMENTS)
def test_a_window_is_open_as_long_as_it_lasts_on_each_of_its_days(hours: WorkingHours, moment: datetime) -> None:
    week = [moment + timedelta(minutes=minute) for minute in range(0, 7 * DAY_MINUTES, 5)]
    lasts = (hours.end - hours.start) % DAY_MINUTES or DAY_MINUTES
    expected = len(hours.days) * lasts / 5
    assert abs(sum(hours.contains(local) for local in week) - expected) <= 2 * len(hours.days)


FRIDAY_NIGHT = WorkingHours(22 * 60, 6 * 60, frozenset(range(5)))


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        ("2026-11-20 21:59", False),  # Friday
        ("2026-11-20 22:00", True),
        ("2026-11-21 05:59", True),  # Friday's window ends on Saturday
        ("2026-11-21 06:00", False),
        ("2026-11-21 23:00", False),
        ("2026-11-23 05:00", False),  # Monday's has not begun, and Sunday has none
        ("2026-11-23 22:00", True),
    ],
)
def test_a_window_across_midnight_belongs_to_the_day_on_which_it_starts(moment: str, is_open: bool) -> None:
    assert FRIDAY_NIGHT.contains(datetime.fromisoformat(moment)) is is_open


def test_after_the_last_night_of_the_week_it_opens_on_monday() -> None:
    saturday = datetime(2026, 11, 21, 6, 0, tzinfo=ZoneInfo("America/Sao_Paulo"))
    assert FRIDAY_NIGHT.next_opening(saturday) == saturday.replace(day=23, hour=22)
    one_day = WorkingHours(8 * 60, 9 * 60, frozenset({5}))
    assert one_day.next_opening(saturday.replace(hour=9)) == saturday.replace(day=28, hour=8)


def test_where_clocks_change_an_hour_that_does_not_exist_leads_nowhere_twice() -> None:
    """São Paulo skipped from 00:00 to 01:00 on 04/11/2018: what was to open then opens as clocks say 01:00."""
    zone = ZoneInfo("America/Sao_Paulo")
    hours = WorkingHours(0, 5 * 60, frozenset({6}))
    saturday = datetime(2018, 11, 3, 23, 30, tzinfo=zone)
    opens = hours.next_opening(saturday)
    seen = opens.astimezone(ZoneInfo("UTC")).astimezone(zone)
    assert (seen.day, seen.hour) == (4, 1)
    assert hours.contains(seen)


def test_the_whole_week_is_always_open() -> None:
    assert all(ALWAYS.contains(MONDAY + timedelta(hours=hour)) for hour in range(7 * 24))
