"""How moments are written where the system has no zone for them."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from app.portuguese import day, exact

NO_END = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
"""The end of a certificate that has none (RFC 5280, 4.1.2.5)."""


@pytest.fixture
def east(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A place where that moment is already of the year 10000."""
    if sys.platform == "win32":  # there any place is one: no zone is known after 3000
        yield
        return
    with monkeypatch.context() as zone:
        zone.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("east")
def test_a_moment_past_what_the_system_counts_is_written() -> None:
    day.cache_clear()
    assert day(NO_END) == "31/12/9999"
    assert exact(NO_END) == "31/12/9999 23:59"
