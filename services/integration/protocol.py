"""HTTP/1.1 as uvicorn reads it, with a deadline for the whole request and errors in the service's own form."""

from __future__ import annotations

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import STATUS_PHRASES, H11Protocol

from services.integration.errors import ApiError, ending, error_response

REQUEST_DEADLINE_S = 20.0
"""How long a request may take to come whole, from its first byte; and a new connection to send that byte."""

MOST_CONNECTIONS = 500
"""Connections at the same time; the next ones are closed at once. Fewer than the loop can watch (selecting.py)."""

_UNREADABLE = ApiError(400, "http_invalido", "O pedido não é HTTP/1.1 que se possa ler.")
_TOO_SLOW = ApiError(408, "pedido_lento", "O pedido não chegou inteiro a tempo.")


class CounterProtocol(H11Protocol):
    """One connection of a counter."""

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a connection, unless there are too many."""
        super().connection_made(transport)
        if len(self.connections) > MOST_CONNECTIONS:
            transport.abort()
            return
        self._begin_deadline()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection ended."""
        self._end_deadline()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read what came."""
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        """Go on with the next request, if it came already."""
        super().on_response_complete()
        self._watch()

    def shutdown(self) -> None:
        """The service ends: what is being answered is answered, what has not come whole is not waited for."""
        if self._has_part:
            self._refuse(ending())
        else:
            super().shutdown()

    def send_400_response(self, msg: str) -> None:
        """Say that this is no HTTP, and close."""
        self._refuse(_UNREADABLE)

    def _unsupported_upgrade_warning(self) -> None:
        # HTTP lets a server ignore that a client would rather speak something else (RFC 9110, 7.8).
        pass

    def _watch(self) -> None:
        """The deadline runs while a request has come in part."""
        if not self._has_part:
            self._end_deadline()
        elif self._deadline is None:
            self._begin_deadline()

    def _begin_deadline(self) -> None:
        self._deadline = self.loop.call_later(REQUEST_DEADLINE_S, self._give_up)

    def _end_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        if self._has_part:
            self._refuse(_TOO_SLOW)
        else:
            self.transport.close()

    @property
    def _has_part(self) -> bool:
        theirs = self.conn.their_state
        return theirs is h11.SEND_BODY or (theirs is h11.IDLE and bool(self.conn.trailing_data[0]))

    def _refuse(self, error: ApiError) -> None:
        """Say what is wrong, unless an answer has begun already, and close."""
        if self.transport.is_closing():
            return
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.disconnected = True  # whoever waits for the rest of the body need not wait longer
            self.cycle.message_event.set()
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            self._say(error)
        self.transport.close()

    def _say(self, error: ApiError) -> None:
        answer = error_response(error)
        events: list[Any] = [
            h11.Response(
                status_code=error.status,
                headers=[*answer.raw_headers, (b"connection", b"close")],
                reason=STATUS_PHRASES[error.status],
            ),
            h11.Data(data=bytes(answer.body)),
            h11.EndOfMessage(),
        ]
        for event in events:
            output = self.conn.send(event)
            if output:
                self.transport.write(output)
