"""While the database does not answer the counters: two lines of the log, whatever the number of requests refused."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from app.portuguese import counted
from services.integration.callers import FRESH_S

_log = logging.getLogger(__name__)


class Outage:
    """Used by the event loop's thread. `clock` gives seconds, as `time.perf_counter` does."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._began_at = 0.0
        self._last_at = 0.0
        self._refused = 0

    def refused(self, error: Exception) -> None:
        """A request could not be answered. The log gets what the driver calls it, not its words."""
        self._last_at = self._clock()
        self._refused += 1
        if self._refused > 1:
            return
        self._began_at = self._last_at
        cause = getattr(error, "orig", None) or error
        code = getattr(cause, "sqlstate", None) or getattr(cause, "sqlite_errorname", None)
        kind = " ".join(word for word in (type(cause).__qualname__, code) if word)
        _log.warning("o banco de dados não responde (%s): os pedidos dos balcões são recusados", kind)

    def let_in(self, began_at: float) -> None:
        """A request that began then knew its counter: not by what was read before the last refusal, if it began later
        than that is remembered."""
        if not self._refused or began_at - self._last_at <= FRESH_S:
            return
        refused = counted(self._refused, "pedido recusado", "pedidos recusados")
        _log.warning("o banco de dados voltou a responder: %s em %.0f s", refused, self._last_at - self._began_at)
        self._refused = 0
