"""How often somebody may do something."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable


class RateLimit:
    """A bucket for each key: a minute's requests may come at once, and then as many as the time refills.

    Only the latest keys are remembered, so that many addresses do not fill the memory.
    """

    MOST_KEYS = 1024

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._buckets: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()

    def wait_s(self, key: Hashable, per_minute: int) -> int:
        """Take one request: 0 when it may go on, else after how many seconds one may."""
        now = self._clock()
        left, since = self._buckets.get(key, (float(per_minute), now))
        left = min(left + (now - since) * per_minute / 60, float(per_minute))
        allowed = left >= 1
        self._buckets[key] = (left - 1 if allowed else left, now)
        self._buckets.move_to_end(key)
        if len(self._buckets) > self.MOST_KEYS:
            self._buckets.popitem(last=False)
        return 0 if allowed else math.ceil((1 - left) * 60 / per_minute)
