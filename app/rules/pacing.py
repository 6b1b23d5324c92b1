"""How fast one authorizer may be asked, computed from the consultations kept: restart and other machines share it.

SEFAZ answers 656 (consumo indevido) to who asks too fast and then refuses everything of that certificate and address,
invoices too, for up to an hour (MOC 7.0 Anexo I §4.3.6); hence 65 minutes of silence, for the button as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.domain import FailureKind

FREEZE = timedelta(minutes=65)
BREAKER = timedelta(minutes=30)
BREAKER_FAILURES = 3
TECHNICAL = frozenset(
    {
        FailureKind.NETWORK,
        FailureKind.TRUST,
        FailureKind.TIMEOUT,
        FailureKind.HTTP,
        FailureKind.INVALID_RESPONSE,
        FailureKind.SOAP_FAULT,
        FailureKind.UNAVAILABLE,
        FailureKind.CERTIFICATE,
        FailureKind.REQUESTER,
    }
)


@dataclass(frozen=True)
class Attempt:
    """An earlier consultation of the authorizer; `failure` is None when it was answered."""

    asked_at: datetime
    failure: FailureKind | None


@dataclass(frozen=True)
class Turn:
    """The earliest moment of the next consultation, and why. `frozen`: before it not even the button may ask."""

    at: datetime
    why: str = ""
    frozen: bool = False


def freeze(last_limit_at: datetime | None, now: datetime) -> Turn | None:
    """The silence after a 656, which nobody may break; None when there is none at `now`."""
    if last_limit_at is None or now >= last_limit_at + FREEZE:
        return None
    until = last_limit_at + FREEZE
    return Turn(until, f"A SEFAZ acusou consumo indevido: nova consulta só depois de {_clock(until)}.", True)


def next_turn(
    newest: Sequence[Attempt],
    last_limit_at: datetime | None,
    *,
    interval_s: float,
    per_minute: int,
    automatic: bool,
    now: datetime,
) -> Turn:
    """When the authorizer may be asked next.

    `newest` has its latest attempts, newest first, at least max(3, per_minute) of them when there are so many;
    `last_limit_at` is when it last answered 656. `interval_s` and `per_minute` are its limits, 0 meaning none.
    Three technical failures in a row stop the service for a while; the operator's button may still try.
    """
    frozen = freeze(last_limit_at, now)
    if frozen is not None:
        return frozen
    turn = Turn(now)
    if newest and interval_s > 0:
        at = newest[0].asked_at + timedelta(seconds=interval_s)
        turn = _later(turn, Turn(at, "Intervalo mínimo entre consultas do autorizador."))
    if per_minute > 0 and len(newest) >= per_minute:
        at = newest[per_minute - 1].asked_at + timedelta(minutes=1)
        turn = _later(turn, Turn(at, f"Limite de {per_minute} consultas por minuto do autorizador."))
    if automatic and len(newest) >= BREAKER_FAILURES:
        last = newest[:BREAKER_FAILURES]
        if all(attempt.failure in TECHNICAL for attempt in last):
            at = last[0].asked_at + BREAKER
            turn = _later(turn, Turn(at, f"Três falhas técnicas seguidas: nova tentativa às {_clock(at)}."))
    return turn


def _later(one: Turn, other: Turn) -> Turn:
    return other if other.at > one.at else one


def _clock(moment: datetime) -> str:
    return f"{moment.astimezone():%H:%M}"
