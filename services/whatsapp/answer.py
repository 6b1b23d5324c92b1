"""What came of one message posted to the Cloud API: accepted, refused, certainly not sent, or nobody knows."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Accepted:
    """The API took it; with `held` it judges the template first. `wa_id` is the person's number to WhatsApp."""

    external_id: str
    wa_id: str
    held: bool = False


@dataclass(frozen=True)
class Refused:
    """The API said no: `code` and `detail` are its own words about why, `status` that of HTTP."""

    code: int
    detail: str
    status: int


@dataclass(frozen=True)
class NotSent:
    """The API never had it, so that it may be posted again; `why` is a sentence for the operator."""

    why: str
    detail: str = ""


@dataclass(frozen=True)
class Lost:
    """It left, and what became of it is not known; `why` is a sentence for the operator."""

    why: str
    detail: str = ""


Answer = Accepted | Refused | NotSent | Lost


def read_answer(status: int, body: bytes, *, whole: bool) -> Answer:
    """What an HTTP answer says.

    A refusal is one only in the API's own form: a proxy's 502 does not tell whether the API had the message.
    """
    told = _object(body) if whole else {}
    error = _dict(told.get("error"))
    code = error.get("code")
    if isinstance(code, int) and not isinstance(code, bool) and status >= 400:
        return Refused(code, _detail(error), status)
    if 200 <= status < 300:
        accepted = _accepted(told)
        return accepted or Lost(f"O WhatsApp aceitou o pedido (HTTP {status}) com uma resposta que não se entende.")
    if status in (429, 503):  # RFC 6585 §4 and RFC 9110 §15.6.4: refused before it was looked at
        return NotSent(f"O serviço do WhatsApp está ocupado (HTTP {status}).")
    if status >= 500:
        return Lost(f"Um servidor no caminho falhou (HTTP {status}).")
    return NotSent(f"O endereço respondeu o que a API do WhatsApp não responderia (HTTP {status}): confira-o.")


def _accepted(told: dict[str, Any]) -> Accepted | None:
    message = _first(told.get("messages"))
    external_id = _word(message.get("id"), 200)
    if not external_id:
        return None
    wa_id = _word(_first(told.get("contacts")).get("wa_id"), 20)
    return Accepted(external_id, wa_id, message.get("message_status") == "held_for_quality_assessment")


def _detail(error: dict[str, Any]) -> str:
    details = _dict(error.get("error_data")).get("details")
    parts = [part for part in (error.get("message"), details) if isinstance(part, str) and part]
    text = " ".join(" ".join(dict.fromkeys(parts)).split())
    # Half a character and NUL, which JSON may have, are no text to a database.
    return text.encode("utf-8", "replace").decode().replace("\0", "")[:1000]


def _word(value: Any, longest: int) -> str:
    good = isinstance(value, str) and value.isascii() and value.isprintable() and len(value) <= longest
    return value if good else ""


def _object(body: bytes) -> dict[str, Any]:
    try:
        return _dict(json.loads(body))
    except (ValueError, RecursionError):  # UnicodeDecodeError is a ValueError
        return {}


def _first(value: Any) -> dict[str, Any]:
    return _dict(value[0]) if isinstance(value, list) and value else {}


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
