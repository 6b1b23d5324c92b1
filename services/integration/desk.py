"""What the routes work with."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import ParamSpec, TypeVar

from app.settings.snapshot import Snapshot
from services.backoffice import Backoffice
from services.integration.callers import Callers
from services.order_gate import OrderGate

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class Desk:
    """The open program as the service sees it. Routes run in the event loop's thread, which never waits: whatever
    touches the database goes through `work`."""

    office: Backoffice
    settings: Callable[[], Snapshot]
    gate: OrderGate
    callers: Callers
    workers: Executor

    async def work(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What the function returns, called by one of the threads that may wait."""
        call = (lambda: function(*args, **kwargs)) if args or kwargs else function
        return await asyncio.get_running_loop().run_in_executor(self.workers, call)
