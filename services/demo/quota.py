"""How many calls one client may make to an authorizer of the demonstration: it counts them, as the real ones do."""

from __future__ import annotations

import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable


class Quota:
    """`calls` in any `window_s` seconds, of each client to each authorizer.

    Who makes one more is refused for `frozen_s` seconds from the last call tried: each one meanwhile begins them again,
    which is what the real ones are said to do. `clock` gives seconds.
    """

    def __init__(
        self,
        calls: int,
        *,
        window_s: float = 60.0,
        frozen_s: float = 3600.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if calls < 1:
            raise ValueError("A quota is of one call at least")
        self._calls = calls
        self._window_s = window_s
        self._frozen_s = frozen_s
        self._clock = clock
        self._lock = threading.Lock()
        self._made: dict[tuple[str, str], deque[float]] = defaultdict(deque)
        self._frozen_until: dict[tuple[str, str], float] = {}

    def exceeded_by(self, client: str, authorizer: str) -> bool:
        """Count a call of `client` to `authorizer`; whether it is refused."""
        now = self._clock()
        pair = client, authorizer
        with self._lock:
            made = self._made[pair]
            while made and made[0] <= now - self._window_s:
                made.popleft()
            if now < self._frozen_until.get(pair, now) or len(made) >= self._calls:
                self._frozen_until[pair] = now + self._frozen_s
                return True
            made.append(now)
            return False
