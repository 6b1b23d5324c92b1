"""When a counter is online: heard in the last two minutes with the token that it has now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from app.rules.counter_presence import Presence, presence

NOW = datetime(2026, 11, 22, 15, 40, tzinfo=UTC)
MONTH_AGO = NOW - timedelta(days=30)


@dataclass(frozen=True)
class Known:
    last_seen_at: datetime | None
    created_at: datetime = MONTH_AGO
    revoked_at: datetime | None = None


@pytest.mark.parametrize(
    ("counter", "expected"),
    [
        (Known(None), Presence.NEVER),
        (Known(NOW), Presence.ONLINE),
        (Known(NOW - timedelta(minutes=2)), Presence.ONLINE),
        (Known(NOW - timedelta(minutes=2, microseconds=1)), Presence.AWAY),
        (Known(NOW + timedelta(minutes=5)), Presence.ONLINE),  # the clock of the computer that heard it is ahead
        (Known(NOW, revoked_at=NOW), Presence.REVOKED),
        (Known(None, revoked_at=MONTH_AGO), Presence.REVOKED),
        (Known(NOW - timedelta(minutes=1), created_at=NOW), Presence.NEVER),  # heard with the token it had before
    ],
)
def test_presence(counter: Known, expected: Presence) -> None:
    assert presence(counter, NOW) is expected


def test_every_presence_has_its_own_words() -> None:
    assert len({each.label for each in Presence}) == len(Presence)
