"""The Cloud API of WhatsApp on loopback: it takes messages, refuses them by any error code, and fails in every way."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.demo.ca import DemoAuthority
from services.demo.loopback import Ending, LoopbackServer, LoopbackService, Reply, Request

TOKEN = "EAADemonstracao0123456789"
NUMBER_ID = "106540352242922"

_JSON = "application/json; charset=UTF-8"
_PATH = re.compile(r"/(v[0-9]+\.[0-9]+)/([0-9]+)/messages")
_STATUSES = {
    0: 401,
    190: 401,
    2: 503,
    3: 500,
    10: 403,
    200: 403,
    368: 403,
    131000: 500,
    131005: 403,
    131016: 500,
    131031: 403,
    131057: 500,
    132001: 404,
}
_REFUSED = 400


@dataclass(frozen=True)
class Fault:
    """How one message is not simply accepted: an error `code` of the API, or what else there is instead.

    `body`, where there is one, is sent with `status` in the place of the API's own answer. `held` accepts the message,
    whose template is still judged.
    """

    code: int | None = None
    status: int = 200
    body: bytes | None = None
    ending: Ending = Ending.KEPT
    delay_s: float = 0.0
    held: bool = False


@dataclass(frozen=True)
class Posted:
    """One message as it came."""

    version: str
    to: str
    template: str
    language: str
    fields: tuple[str, ...]
    key: str
    accepted: bool


class DemoWhatsApp(LoopbackService):
    """Takes messages of one sender by one token.

    `faults` has by E.164 digits what happens to the next messages to that person, in order; `always` what happens to
    every one. Without `templates` every template exists. All may be changed while it runs; `posted` has every message.
    """

    def __init__(
        self,
        authority: DemoAuthority,
        *,
        token: str = TOKEN,
        templates: Collection[str] | None = None,
        faults: Mapping[str, Sequence[Fault]] | None = None,
        always: Mapping[str, Fault] | None = None,
        port: int = 0,
    ) -> None:
        self.token = token
        self.templates = templates
        self.faults = {to: list(each) for to, each in (faults or {}).items()}
        self.always = dict(always or {})
        self.posted: list[Posted] = []
        self._lock = threading.Lock()
        super().__init__(LoopbackServer(authority.server_context(require_client=False), self._handle, port=port))

    @property
    def address(self) -> str:
        """The address as it is written in the settings."""
        return f"https://localhost:{self.port}"

    def _handle(self, request: Request) -> Reply:
        path = _PATH.fullmatch(request.path)
        if request.method != "POST" or path is None:
            return _error(100, "Unsupported request", "The address is not that of messages.")
        if request.headers.get("authorization") != f"Bearer {self.token}":
            return _error(190, "Access token has expired", "The token is not the one of the demonstration.")
        if path[2] != NUMBER_ID:
            return _error(33, "Parameter value is not valid", "There is no such phone number.")
        try:
            message = json.loads(request.body)
            posted = _posted(path[1], message)
        except (ValueError, KeyError, TypeError):
            return _error(100, "Invalid parameter", "The message is not one.")
        with self._lock:
            return self._answer(posted, len(self.posted) + 1)

    def _answer(self, message: Posted, number: int) -> Reply:
        queued = self.faults.get(message.to)
        fault = queued.pop(0) if queued else self.always.get(message.to, Fault())
        if self.templates is not None and message.template not in self.templates:
            fault = Fault(132001)
        accepted = fault.code is None and fault.body is None
        self.posted.append(Posted(**{**vars(message), "accepted": accepted}))
        if fault.code is not None:
            return _error(fault.code, "Demonstration", "An error asked for by the demonstration.")
        body = _accepted(message.to, number, fault.held) if fault.body is None else fault.body
        return Reply(body, fault.status, _JSON, fault.ending, fault.delay_s)


def _posted(version: str, message: dict[str, Any]) -> Posted:
    template = message["template"]
    fields = tuple(field["text"] for part in template["components"] for field in part["parameters"])
    if message["messaging_product"] != "whatsapp" or message["type"] != "template":
        raise ValueError("Only templates are taken")
    if any(not text or re.search(r"[\n\t]| {5}", text) for text in fields):
        raise ValueError("A field has what the API takes in none")
    to, key = message["to"], message["biz_opaque_callback_data"]
    return Posted(version, to, template["name"], template["language"]["code"], fields, key, False)


def _accepted(to: str, number: int, held: bool) -> bytes:
    # Numbers of most areas are known to WhatsApp by the eight digits that they had before 2016.
    wa_id = to[:4] + to[5:] if len(to) == 13 and to[2:4] > "28" else to
    status = "held_for_quality_assessment" if held else "accepted"
    told = {
        "messaging_product": "whatsapp",
        "contacts": [{"input": to, "wa_id": wa_id}],
        "messages": [{"id": f"wamid.demonstracao{number:06}", "message_status": status}],
    }
    return json.dumps(told).encode()


def _error(code: int, message: str, details: str) -> Reply:
    error = {
        "message": f"(#{code}) {message}",
        "type": "OAuthException",
        "code": code,
        "error_data": {"messaging_product": "whatsapp", "details": details},
        "fbtrace_id": "demonstracao",
    }
    return Reply(json.dumps({"error": error}).encode(), _STATUSES.get(code, _REFUSED), _JSON)
