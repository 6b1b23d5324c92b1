"""What the routes work with."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, field
from functools import partial
from typing import ParamSpec, TypeVar

from app.settings.snapshot import Snapshot
from services.backoffice import Backoffice
from services.integration.callers import Callers
from services.order_gate import OrderGate

P = ParamSpec("P")
T = TypeVar("T")

_SETTINGS_AGE_S = 1.0


@dataclass(frozen=True)
class Desk:
    """The open program as the service sees it. Routes run in the event loop's thread, which never waits: whatever
    touches the database goes through `work`.

    `closing` is set when the service stops: what may take long gives up then. `on_message` tells the rest of the
    program that there may be a message to send.
    """

    office: Backoffice
    gate: OrderGate
    callers: Callers
    workers: Executor
    closing: threading.Event = field(default_factory=threading.Event)
    on_message: Callable[[], None] = lambda: None

    def settings(self) -> Snapshot:
        """The settings as they are kept: what another computer saved counts within a second. It reads the database."""
        return self.office.settings.current(_SETTINGS_AGE_S)

    async def work(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What the function returns, called by one of the threads that may wait."""
        return await asyncio.get_running_loop().run_in_executor(self.workers, partial(function, *args, **kwargs))
