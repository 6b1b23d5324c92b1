"""The door: who asks, by the token. Nothing but `/saude` goes on without one, whatever routes there are."""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from app.data.counters import Caller
from services.integration.callers import Callers
from services.integration.errors import ApiError, error_response

OPEN_PATH = "/saude"
"""The only path answered without a token."""

BROWSED_PATHS = frozenset({"/docs", "/openapi.json"})
"""Those that a person reads in a browser, which asks for a user and a password: the token is the password."""

_CALLER = "retaguarda.balcao"


def caller_of(request: Request) -> Caller:
    """The counter that asks."""
    caller: Caller = request.scope[_CALLER]
    return caller


def known_caller(scope: Scope) -> Caller | None:
    """The counter that asked, None when nobody was let in."""
    return scope.get(_CALLER)


class Entrance:
    """Lets a request in when its token is of a counter, and notes that the counter was heard."""

    def __init__(self, app: ASGIApp, callers: Callers) -> None:
        self._app = app
        self._callers = callers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == OPEN_PATH:
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        token = _token(headers.get(b"authorization", b""), scope["path"])
        caller = await self._callers.find(token) if token else None
        if caller is None:
            await error_response(_refusal(scope["path"], given=bool(token)))(scope, receive, send)
            return
        version = headers.get(b"user-agent", b"").decode("ascii", "replace")
        self._callers.note(caller, datetime.now(UTC), scope["client"][0], version)
        scope[_CALLER] = caller
        await self._app(scope, receive, send)


def _token(authorization: bytes, path: str) -> str:
    scheme, _, value = authorization.decode("latin-1").partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() == "basic" and path in BROWSED_PATHS:
        try:
            return base64.b64decode(value, validate=True).decode("latin-1").partition(":")[2]
        except binascii.Error:
            return ""
    return ""


def _refusal(path: str, *, given: bool) -> ApiError:
    scheme = 'Basic realm="Retaguarda: a senha e o token do balcao"' if path in BROWSED_PATHS else "Bearer"
    if given:
        message = "Este token não vale: foi revogado ou está errado. Inclua o balcão na retaguarda e use o token novo."
    else:
        message = "Falta o token do balcão: envie-o em Authorization: Bearer."
    return ApiError(401, "token_recusado" if given else "token_ausente", message, headers={"WWW-Authenticate": scheme})
