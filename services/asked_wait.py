"""How long a server asks to be left alone: its Retry-After, and the words for it."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from services.http_channel import HttpAnswer

MAX_WAIT_S = 24 * 3600.0
"""The longest pause that a server is granted, in seconds: a date far ahead is more likely a mistake than a wish."""


def asked_wait(answer: HttpAnswer, now: datetime) -> float | None:
    """Seconds, from either form of Retry-After (RFC 9110, 10.2.3); None when there is none that can be read.

    `now` is when the answer came.
    """
    text = answer.headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdecimal():
        return float(text[:12])
    until = _moment(text)
    if until is None:
        return None
    # By the server's own clock where it tells it: that of this computer may be wrong.
    return max((until - (_moment(answer.headers.get("Date", "")) or now)).total_seconds(), 0.0)


def granted_wait(asked: float | None) -> float | None:
    """What is granted of it."""
    return None if asked is None else min(asked, MAX_WAIT_S)


def wait_words(asked: float | None) -> str:
    """The end of a sentence that says how long was asked for, "" when nothing was: " e pediu 2 minutos de espera"."""
    if not asked:
        return ""
    if asked > MAX_WAIT_S:
        return f" e pediu {_long(asked)} de espera; o programa espera no máximo 24 horas"
    return f" e pediu {_long(asked)} de espera"


def _moment(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _long(seconds: float) -> str:
    for size, one, many in ((86400, "dia", "dias"), (3600, "hora", "horas"), (60, "minuto", "minutos")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {many}"
        if seconds == size:
            return f"1 {one}"
    return "1 segundo" if seconds == 1 else f"{seconds:.0f} segundos"
