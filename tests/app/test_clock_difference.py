"""How the difference between two clocks is said, and from when on it is worth saying."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.clock_difference import LARGE, ClockDifference


@pytest.mark.parametrize(
    ("ahead", "words"),
    [
        (timedelta(minutes=12, seconds=5), "está 12 minutos adiantado em relação ao da SEFAZ de SP: acerte"),
        (-timedelta(minutes=6), "está 6 minutos atrasado"),
        (timedelta(hours=3), "está 3 horas adiantado"),
        (-timedelta(days=365), "está 365 dias atrasado"),
    ],
)
def test_large_difference(ahead: timedelta, words: str) -> None:
    assert words in ClockDifference(ahead, "da SEFAZ de SP").warning


@given(st.timedeltas(-timedelta(days=4000), timedelta(days=4000)))
def test_only_more_than_five_minutes_is_said(ahead: timedelta) -> None:
    warning = ClockDifference(ahead, "da SVRS").warning
    assert bool(warning) == (abs(ahead) > LARGE)
    assert ("adiantado" in warning) == (ahead > LARGE)
