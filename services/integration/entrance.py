"""The door: who asks, by the token, and how often. Without one nothing but `/saude` goes on, whatever the routes."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from app.data.counters import Caller
from services.integration.callers import Callers
from services.integration.errors import ApiError, error_response, too_many
from services.integration.rate import RateLimit

OPEN_PATH = "/saude"
"""The only path answered without a token."""

BROWSED_PATHS = frozenset({"/docs", "/openapi.json"})
"""Those that a person reads in a browser, which asks for a user and a password: the token is the password."""

REFUSALS_PER_MINUTE = 60
"""How many requests without a good token an address may make before it is told to wait."""

_CALLER = "retaguarda.balcao"


def caller_of(request: Request) -> Caller:
    """The counter that asks."""
    caller: Caller = request.scope[_CALLER]
    return caller


def known_caller(scope: Scope) -> Caller | None:
    """The counter that asked, None when nobody was let in."""
    return scope.get(_CALLER)


class Entrance:
    """Lets a request in when its token is of a counter that has not asked too much, and notes that it was heard."""

    def __init__(self, app: ASGIApp, callers: Callers) -> None:
        self._app = app
        self._callers = callers
        self._requests = RateLimit()
        self._refusals = RateLimit()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        if path != OPEN_PATH:
            headers = dict(scope["headers"])
            token = _token(headers.get(b"authorization", b""), path)
            caller = await self._callers.find(token) if token else None
            address = scope["client"][0]
            if caller is None:
                wait_s = self._refusals.wait_s(address, REFUSALS_PER_MINUTE)
                refusal = too_many(wait_s) if wait_s else _refusal(path, given=bool(token))
                await error_response(refusal)(scope, receive, send)
                return
            scope[_CALLER] = caller
            version = headers.get(b"user-agent", b"").decode("ascii", "replace")
            self._callers.note(caller, datetime.now(UTC), address, version)
            wait_s = self._requests.wait_s(caller.id, self._callers.per_minute)
            if wait_s:
                await error_response(too_many(wait_s))(scope, receive, send)
                return
        await self._app(scope, receive, send)


def _token(authorization: bytes, path: str) -> str:
    scheme, _, value = authorization.decode("latin-1").partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() == "basic" and path in BROWSED_PATHS:
        try:
            return base64.b64decode(value, validate=True).decode("latin-1").partition(":")[2]
        except ValueError:
            return ""
    return ""


def _refusal(path: str, *, given: bool) -> ApiError:
    scheme = 'Basic realm="Retaguarda: a senha e o token do balcao"' if path in BROWSED_PATHS else "Bearer"
    if given:
        message = "Este token não vale: foi revogado ou está errado. Inclua o balcão na retaguarda e use o token novo."
    else:
        message = "Falta o token do balcão: envie-o em Authorization: Bearer."
    return ApiError(401, "token_recusado" if given else "token_ausente", message, headers={"WWW-Authenticate": scheme})
