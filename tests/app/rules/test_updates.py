"""Which version is newer, which manifest is believed, and when to look again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.policies import UpdateFrequency
from app.rules.updates import ManifestRefusal, is_due, is_newer, is_old, refusal
from app.update_manifest import Manifest, UnusableManifest

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def published(version: str = "1.0", at: datetime = NOW) -> Manifest:
    return Manifest(version, "x.exe", "0" * 64, 1, at, "")


@pytest.mark.parametrize(
    ("offered", "installed", "newer"),
    [
        ("0.2.0", "0.1.0", True),
        ("0.1.0", "0.1.0", False),
        ("0.1", "0.1.0", False),
        ("0.1.0.1", "0.1", True),
        ("0.10.0", "0.9.9", True),
        ("0.9.9", "0.10.0", False),
        ("1", "0.999999", True),
        ("0.0.0", "0", False),
    ],
)
def test_versions_are_compared_number_by_number(offered: str, installed: str, newer: bool) -> None:
    assert is_newer(offered, installed) is newer


@pytest.mark.parametrize("text", ["", "1.", ".1", "1.0-rc1", "v1", "1.0.0.0.0", "1٢", "1 .0", "1" * 7])
def test_what_is_no_version(text: str) -> None:
    with pytest.raises(UnusableManifest):
        is_newer(text, "1")


@given(st.lists(st.integers(0, 999_999), min_size=1, max_size=4), st.lists(st.integers(0, 999_999), min_size=1))
def test_of_two_versions_one_is_newer_unless_they_are_the_same(first: list[int], second: list[int]) -> None:
    one, other = ".".join(map(str, first)), ".".join(map(str, second[:4]))
    length = 4
    same = (first + [0] * length)[:length] == (second[:4] + [0] * length)[:length]
    assert is_newer(one, other) + is_newer(other, one) == (0 if same else 1)


def test_what_was_accepted_is_followed_only_by_what_was_published_later() -> None:
    known = published("1.1")
    assert refusal(known, known, NOW) is None
    assert refusal(published("2.0", NOW - DAY), known, NOW) is ManifestRefusal.REPLAYED
    assert refusal(published("2.0"), known, NOW) is ManifestRefusal.CHANGED
    assert refusal(published("1.0", NOW + timedelta(seconds=1)), known, NOW) is None


def test_a_manifest_may_be_of_tomorrow_and_no_later() -> None:
    assert refusal(published(at=NOW + DAY), None, NOW) is None
    assert refusal(published(at=NOW + DAY + timedelta(seconds=1)), None, NOW) is ManifestRefusal.FUTURE


def test_the_age_that_is_told() -> None:
    assert not is_old(NOW - timedelta(days=179, hours=23), NOW)
    assert is_old(NOW - timedelta(days=180), NOW)


@pytest.mark.parametrize(
    ("frequency", "ago", "due"),
    [
        (UpdateFrequency.ASKED, None, False),
        (UpdateFrequency.ASKED, timedelta(days=900), False),
        (UpdateFrequency.DAILY, None, True),
        (UpdateFrequency.DAILY, timedelta(hours=23), False),
        (UpdateFrequency.DAILY, DAY, True),
        (UpdateFrequency.WEEKLY, timedelta(days=6, hours=23), False),
        (UpdateFrequency.WEEKLY, timedelta(days=7), True),
        (UpdateFrequency.WEEKLY, timedelta(minutes=-1), True),
    ],
)
def test_when_to_look_again(frequency: UpdateFrequency, ago: timedelta | None, due: bool) -> None:
    assert is_due(frequency, None if ago is None else NOW - ago, NOW) is due
