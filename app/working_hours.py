"""A weekly window in which the service may work, such as 22:00–06:00 from Monday to Friday."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta

WEEKDAYS = ("seg", "ter", "qua", "qui", "sex", "sab", "dom")
WEEKDAY_LABELS = (*WEEKDAYS[:5], "sáb", WEEKDAYS[6])
DAY_MINUTES = 24 * 60


@dataclass(frozen=True)
class WorkingHours:
    """From `start` to `end`, in minutes after midnight (0 to 1440), on `days` (0 is Monday).

    When `end` is not after `start` the window crosses midnight and belongs to the day on which it starts.
    """

    start: int = 0
    end: int = DAY_MINUTES
    days: frozenset[int] = frozenset(range(7))

    def contains(self, local: datetime) -> bool:
        """Whether the window is open at this local time."""
        minute = local.hour * 60 + local.minute
        today, yesterday = local.weekday(), (local.weekday() - 1) % 7
        if self.start < self.end:
            return today in self.days and self.start <= minute < self.end
        return (today in self.days and minute >= self.start) or (yesterday in self.days and minute < self.end)

    def next_opening(self, local: datetime) -> datetime:
        """The first moment after `local`, in its zone, at which the window opens. There must be at least one day."""
        opens_at = time(self.start // 60, self.start % 60, tzinfo=local.tzinfo)
        days = (local.date() + timedelta(days=ahead) for ahead in range(9))
        return next(
            opening
            for day in days
            if day.weekday() in self.days and (opening := datetime.combine(day, opens_at)) > local
        )


ALWAYS = WorkingHours()
