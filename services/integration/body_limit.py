"""No body larger than the limit is taken into memory, whether its length is told or not."""

from __future__ import annotations

from fastapi import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.integration.errors import error_response, too_large

LIMIT_BYTES = 1024 * 1024


class BodyLimit:
    """Refuses by the length told; one that is not told is counted as it comes."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        length = next((value for name, value in scope["headers"] if name == b"content-length"), None)
        if length is not None:  # digits only, and all of them come: the protocol saw to that
            within = int(length) <= LIMIT_BYTES
            await (self._app if within else error_response(too_large()))(scope, receive, send)
            return
        taken = 0

        async def counting() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > LIMIT_BYTES:
                raise HTTPException(413)  # the only exception that FastAPI lets through while it reads a body
            return message

        await self._app(scope, counting, send)
