"""The counters whose tokens are accepted, as the service knows them, and when each was last heard.

They are few and all kept in memory: no request waits for the database because of a token, good or bad.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from app.data import counters
from app.data.counters import Caller, Sighting
from app.data.database import Database

_FRESH_S = 2.0

Work = Callable[[Callable[[], Any]], Awaitable[Any]]
"""Runs a function in another thread."""


class Callers:
    """Used by the event loop's thread; `forget` by any."""

    def __init__(self, database: Database, work: Work) -> None:
        self._database = database
        self._work = work
        self._known: dict[str, Caller] = {}
        self._fresh_until = 0.0
        self._forgotten = 0
        self._loading: asyncio.Task[None] | None = None
        self._seen: dict[int, Sighting] = {}

    async def find(self, token: str) -> Caller | None:
        """Whose token it is, by what the database said at most two seconds ago."""
        await self.refresh()
        return self._known.get(counters.token_hash(token))

    async def refresh(self) -> None:
        """Ask the database again when what it said is old; whoever comes meanwhile waits for the same answer."""
        while time.monotonic() >= self._fresh_until:
            if self._loading is None:
                self._loading = asyncio.create_task(self._load())
                self._loading.add_done_callback(self._loaded)
            await asyncio.shield(self._loading)

    def forget(self) -> None:
        """Ask the database before the next request: a counter was let in or revoked."""
        self._forgotten += 1
        self._fresh_until = 0.0

    def note(self, caller: Caller, at: datetime, address: str, version: str) -> None:
        """A counter was heard."""
        self._seen[caller.id] = Sighting(caller.id, at, address, version)

    def keep_sightings(self) -> None:
        """Write down who was heard since the last time. In a thread that may wait for the database."""
        seen, self._seen = self._seen, {}
        if seen:
            with self._database.writing() as connection:
                counters.note_seen(connection, seen.values())

    async def _load(self) -> None:
        forgotten = self._forgotten
        self._known = await self._work(self._read)
        if forgotten == self._forgotten:  # else it may have been read before the change that made it forget
            self._fresh_until = time.monotonic() + _FRESH_S

    def _loaded(self, task: asyncio.Task[None]) -> None:
        self._loading = None

    def _read(self) -> dict[str, Caller]:
        with self._database.reading() as connection:
            return counters.working(connection)
