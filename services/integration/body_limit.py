"""No body larger than the limit is taken into memory."""

from __future__ import annotations

from fastapi import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.integration.errors import error_response, too_large

LIMIT_BYTES = 1024 * 1024


class BodyLimit:
    """Refuses at once a body whose length is told, and counts every body as it comes: a chunked one has no length, or
    a false one."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        taken = 0

        async def counting() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > LIMIT_BYTES:
                raise HTTPException(413)  # the only exception that FastAPI lets through while it reads a body
            return message

        length = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
        if int(length) > LIMIT_BYTES:  # digits only: the protocol saw to that
            await error_response(too_large())(scope, receive, send)
        else:
            await self._app(scope, counting, send)
