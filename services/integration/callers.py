"""The counters whose tokens are accepted, as the service knows them, and when each was last heard.

They are few and all kept in memory, read again every two seconds at most: a flood of tokens, good or bad, asks the
database nothing more.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, field
from datetime import datetime

from app.data import counters
from app.data.counters import Caller, Sighting
from app.data.database import Database
from app.settings.catalog import INTEGRATION_RATE
from app.settings.repository import SettingsRepository

FRESH_S = 2.0
"""For how long what was read counts."""


@dataclass(frozen=True)
class _Known:
    """What was read: the counters by the hash of their token, and how many requests a minute each may make."""

    callers: dict[str, Caller] = field(default_factory=dict)
    per_minute: int = INTEGRATION_RATE.default


class Callers:
    """Used by the event loop's thread; `forget` by any."""

    def __init__(
        self,
        database: Database,
        settings: SettingsRepository,
        workers: Executor,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._settings = settings
        self._workers = workers
        self._clock = clock
        self._known = _Known()
        self._fresh_until = clock()
        self._changes = 0
        self._changes_known = 0
        self._loading: asyncio.Task[None] | None = None
        self._seen: dict[int, Sighting] = {}

    @property
    def per_minute(self) -> int:
        """How many requests a minute each counter may make."""
        return self._known.per_minute

    async def find(self, token: str) -> Caller | None:
        """Whose token it is, by what the database said at most two seconds ago."""
        await self.refresh()
        return self._known.callers.get(counters.token_hash(token))

    async def refresh(self) -> None:
        """Ask the database again when what it said is old; whoever comes meanwhile waits for the same answer."""
        wanted = self._changes
        stale = self._clock() >= self._fresh_until
        while stale or self._changes_known < wanted:
            stale = False
            if self._loading is None:
                self._loading = asyncio.create_task(self._load())
                self._loading.add_done_callback(self._loaded)
            await asyncio.shield(self._loading)

    def forget(self) -> None:
        """Ask the database before the next request: a counter was let in or revoked."""
        self._changes += 1

    def note(self, caller: Caller, at: datetime, address: str, version: str) -> None:
        """A counter was heard."""
        self._seen[caller.id] = Sighting(caller.id, at, address, version)

    async def keep_sightings(self) -> None:
        """Write down who was heard since the last time; when that fails, they are kept for the next."""
        seen, self._seen = self._seen, {}
        if not seen:
            return
        try:
            await asyncio.get_running_loop().run_in_executor(self._workers, self._write, list(seen.values()))
        except BaseException:
            self._seen = seen | self._seen
            raise

    async def _load(self) -> None:
        # A change made from here on may not be in what is read, however long the reading takes.
        changes, asked_at = self._changes, self._clock()
        self._known = await asyncio.get_running_loop().run_in_executor(self._workers, self._read)
        self._changes_known = changes
        self._fresh_until = asked_at + FRESH_S

    def _loaded(self, task: asyncio.Task[None]) -> None:
        self._loading = None
        if not task.cancelled():
            task.exception()  # told to whoever waits; asyncio complains of one that nobody looked at

    def _write(self, seen: list[Sighting]) -> None:
        with self._database.writing() as connection:
            counters.note_seen(connection, seen)

    def _read(self) -> _Known:
        per_minute = self._settings.current()[INTEGRATION_RATE]
        with self._database.reading() as connection:
            return _Known(counters.working(connection), per_minute)
