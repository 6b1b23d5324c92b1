"""When a customer is due, and how long the service waits after each kind of failure."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from app.domain import FailureKind

_LONG = timedelta(days=1)
_RETRY: dict[FailureKind, timedelta] = {
    # The UF does not have the service: asking again soon gives the same answer.
    FailureKind.NOT_SERVED: timedelta(days=30),
    # The same bytes must never be sent again in a loop (MOC 7.0 §4.3.6).
    FailureKind.REJECTION: _LONG,
    FailureKind.REQUESTER: _LONG,
    FailureKind.INTERNAL: _LONG,
    FailureKind.LIMIT: timedelta(minutes=65),
}
_SHORT = timedelta(minutes=30)


def answered_before(now: datetime, period_days: int, zone: str) -> datetime:
    """The moment before which a last answer makes the customer due: today minus last consultation ≥ `period_days`.

    Days are those of the calendar in `zone` (IANA), so that the hour of the last consultation does not matter.
    """
    today = now.astimezone(ZoneInfo(zone)).date()
    first_day_not_due = today - timedelta(days=period_days - 1)
    return datetime.combine(first_day_not_due, time(), ZoneInfo(zone)).astimezone(UTC)


def retry_at(failure: FailureKind, now: datetime) -> datetime | None:
    """When the service may ask about the same customer again after a failure; None: at once."""
    if failure is FailureKind.CANCELLED:
        return None
    return now + _RETRY.get(failure, _SHORT)
