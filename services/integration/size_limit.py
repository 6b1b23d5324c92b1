"""Nothing larger than its limit is taken: neither the head of a request nor its body."""

from __future__ import annotations

from fastapi import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.integration.errors import error_response, head_too_large, too_large

HEAD_BYTES = 16 * 1024
BODY_BYTES = 1024 * 1024


class SizeLimit:
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
            if taken > BODY_BYTES:
                raise HTTPException(413)  # the only exception that FastAPI lets through while it reads a body
            return message

        length = 0
        head = len(scope["raw_path"]) + len(scope["query_string"])
        for name, value in scope["headers"]:
            head += len(name) + len(value)
            if name == b"content-length":
                length = int(value)  # digits only: the protocol saw to that
        # The protocol has a limit of its own, but only for a head that comes in several parts.
        if head > HEAD_BYTES:
            await error_response(head_too_large())(scope, receive, send)
        elif length > BODY_BYTES:
            await error_response(too_large())(scope, receive, send)
        else:
            await self._app(scope, counting, send)
