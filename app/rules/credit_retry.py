"""What happens to a credit analysis after a failure, by the kind of the failure; the clock is given.

Each query costs money, so that what may have been answered is never asked again by itself. None is asked again sooner
than the gerenciadora asked for.

| Kind of failure | The analysis | The gerenciadora, in that environment |
|---|---|---|
| REQUESTER, CONFIGURATION | back in the queue; not a try | held until a person mends it |
| THROTTLED, LIMIT, TOO_SOON | back in the queue; not a try | held as long as it asked, else for 1 h |
| UNAVAILABLE, NETWORK, TRUST, ENCRYPTION, TIMEOUT | again after 5 min, 15 min, 1 h, 4 h; failed at the 5th | asked |
| CANCELLED (before it was sent) | back in the queue; not a try | asked |
| UNCERTAIN (sent, and no answer came) | failed | asked |
| REJECTION, INVALID_RESPONSE, INTERNAL, any other | failed | asked |
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from app.domain import FailureKind

WAITS = (timedelta(minutes=5), timedelta(minutes=15), timedelta(hours=1), timedelta(hours=4))
"""How long it is left alone after the first, second… try that reached nobody; after one more it has failed."""

HOLD = timedelta(hours=1)
"""How long a gerenciadora that does not say it is left alone after it refused for being asked too much."""

LONGEST_HOLD = timedelta(days=1)
"""What says more is not believed: a person can wait less, and a mistake would stop the analyses for years."""

_MENDED_BY_A_PERSON = frozenset({FailureKind.REQUESTER, FailureKind.CONFIGURATION})
_TOO_MUCH = frozenset({FailureKind.THROTTLED, FailureKind.LIMIT, FailureKind.TOO_SOON})
_NOT_REACHED = frozenset(
    {
        FailureKind.UNAVAILABLE,
        FailureKind.NETWORK,
        FailureKind.TRUST,
        FailureKind.ENCRYPTION,
        FailureKind.TIMEOUT,
    }
)


@dataclass(frozen=True)
class Afterwards:
    """`retry_at` is from when it may be tried again, None when it has failed for good; `counts` whether this was one
    of its tries. `holds` tells that the gerenciadora is not asked before `held_until`, or, without it, before a person
    mends what is wrong."""

    retry_at: datetime | None
    counts: bool = True
    holds: bool = False
    held_until: datetime | None = None


def after(kind: FailureKind, tries: int, now: datetime, retry_after_s: float | None = None) -> Afterwards:
    """What comes after a failure of that kind; `tries` are those that count, this one included. `retry_after_s` is
    how many seconds the gerenciadora asked to be left alone, None when it did not."""
    if kind in _MENDED_BY_A_PERSON:
        return Afterwards(now, counts=False, holds=True)
    if kind in _TOO_MUCH:
        until = now + (HOLD if retry_after_s is None else _within_reason(retry_after_s))
        return Afterwards(until, counts=False, holds=True, held_until=until)
    if kind is FailureKind.CANCELLED:
        return Afterwards(now, counts=False)
    if kind in _NOT_REACHED and tries <= len(WAITS):
        return Afterwards(now + max(WAITS[tries - 1], _within_reason(retry_after_s or 0.0)))
    return Afterwards(None)


def _within_reason(seconds: float) -> timedelta:
    return timedelta(seconds=min(max(seconds, 0.0), LONGEST_HOLD.total_seconds()))
