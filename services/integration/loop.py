"""uvicorn's server, within a thread that is not the program's own."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable

import uvicorn

_log = logging.getLogger(__name__)

_LAST_WORD_S = 1.0


class CounterServer(uvicorn.Server):
    """Says when it answers, does `chore` every `pause_s` and once more at its end, and leaves no connection open."""

    def __init__(
        self,
        config: uvicorn.Config,
        *,
        began: Callable[[], None],
        chore: Callable[[], Awaitable[None]],
        pause_s: float,
    ) -> None:
        super().__init__(config)
        self._began = began
        self._chore = chore
        self._pause_s = pause_s
        self._keeper: asyncio.Task[None] | None = None
        self._chore_fails = False

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer."""
        asyncio.get_running_loop().set_exception_handler(_note)
        await super().startup(sockets)
        self._keeper = asyncio.create_task(self._keep())
        self._began()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let what is being answered end, then drop every connection."""
        await super().shutdown(sockets)
        if self.server_state.tasks:  # cancelled, and not yet told so
            await asyncio.wait(set(self.server_state.tasks), timeout=_LAST_WORD_S)
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        if self._keeper is not None:
            self._keeper.cancel()
        await self._do_chore()

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(self._pause_s)
            await self._do_chore()

    async def _do_chore(self) -> None:
        try:
            await self._chore()
        except Exception as error:  # noqa: BLE001  it is tried again, and the counters are answered meanwhile
            if not self._chore_fails:  # said once, not at every try
                _log.warning("o último contato dos balcões não foi gravado: %s", type(error).__qualname__)
            self._chore_fails = True
        else:
            self._chore_fails = False


def _note(loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
    # Without the message of the exception, which may have what a counter sent.
    error = context.get("exception")
    _log.error("%s (%s)", context.get("message"), type(error).__qualname__ if error is not None else "-")
