"""uvicorn's server, within a thread that is not the program's own."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable
from concurrent.futures import Executor

import uvicorn

_log = logging.getLogger(__name__)


class CounterServer(uvicorn.Server):
    """Says when it answers, does `chore` in another thread every `pause_s`, and leaves no connection open."""

    def __init__(
        self,
        config: uvicorn.Config,
        *,
        began: Callable[[], None],
        chore: Callable[[], None],
        pause_s: float,
        workers: Executor,
    ) -> None:
        super().__init__(config)
        self._began = began
        self._chore = chore
        self._pause_s = pause_s
        self._workers = workers
        self._keeper: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer."""
        asyncio.get_running_loop().set_exception_handler(_note)
        await super().startup(sockets)
        self._keeper = asyncio.create_task(self._keep())
        self._began()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let what is being answered end, then drop every connection."""
        if self._keeper is not None:
            self._keeper.cancel()
        await super().shutdown(sockets)
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        await asyncio.sleep(0)  # where the transports close

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(self._pause_s)
            await asyncio.get_running_loop().run_in_executor(self._workers, self._chore)


def _note(loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
    # Without the message of the exception, which may have what a counter sent.
    error = context.get("exception")
    _log.error("%s (%s)", context.get("message"), type(error).__qualname__ if error is not None else "-")
