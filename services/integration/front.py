"""The outermost step: writes one line of the log for each request, and answers what nobody expected.

The line has the method, the route's template, the status, the time and the counter's number: never what was in the
address, in the body or in the message of an error, which may be of a person.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Callable

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.data.database import NO_ANSWER
from services.error_place import error_place
from services.integration.entrance import known_caller
from services.integration.errors import (
    ApiError,
    database_down,
    ending,
    error_response,
    internal_error,
)
from services.integration.outage import Outage

_log = logging.getLogger(__name__)

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_VERSIONS = frozenset({"1.0", "1.1"})
_UNKNOWN = "—"
_NO_STORE = (b"cache-control", b"no-store")


class Front:
    """Around the whole service; `served` is called after each request."""

    def __init__(self, app: ASGIApp, served: Callable[[], None]) -> None:
        self._app = app
        self._served = served
        self._outage = Outage()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        status = 0

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), _NO_STORE]
            await send(message)

        try:
            if scope["http_version"] not in _VERSIONS:  # h11 takes any two digits
                raise ApiError(505, "versao_nao_aceita", "O serviço atende em HTTP/1.1.")
            await self._app(scope, receive, noting)
        except ClientDisconnect:
            pass  # nobody is there to be answered
        except asyncio.CancelledError:  # the service ends, and waited long enough for this one
            if not status:
                await error_response(ending())(scope, receive, noting)
            raise
        except Exception as error:  # noqa: BLE001  the counter gets the form of every error, whatever happened
            answer = self._answer_to(error)
            if not status:
                await error_response(answer)(scope, receive, noting)
        else:
            if known_caller(scope) is not None:
                self._outage.let_in(started)
        self._served()
        if _log.isEnabledFor(logging.INFO):
            _note(scope, status, time.perf_counter() - started)

    def _answer_to(self, error: Exception) -> ApiError:
        if isinstance(error, ApiError):
            return error
        if isinstance(error, NO_ANSWER):
            self._outage.refused(error)
            return database_down()
        number = secrets.token_hex(4)
        _log.error("erro %s: %s", number, error_place(error))
        return internal_error(number)


def _note(scope: Scope, status: int, seconds: float) -> None:
    method = scope["method"] if scope["method"] in _METHODS else _UNKNOWN
    route = getattr(scope.get("route"), "path", _UNKNOWN)
    caller = known_caller(scope)
    number = _UNKNOWN if caller is None else caller.id
    _log.info("%s %s %d %.0f ms, balcão %s", method, route, status, seconds * 1000, number)
