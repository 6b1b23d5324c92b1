"""How fast one authorizer may be asked with one certificate, and when it must be left alone. Pure; the clock is given.

SEFAZ answers 656 (consumo indevido) to who asks too fast or repeats what it rejects, and then refuses everything of
that certificate and address, invoices too, for up to an hour (MOC 7.0 Anexo I §4.3.6); hence 65 minutes of silence,
for the button as well, and until the next day when it happens twice.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from enum import Enum
from zoneinfo import ZoneInfo

from app.domain import FailureKind
from app.portuguese import exact

FREEZE = timedelta(minutes=65)
AGAIN_WITHIN = timedelta(days=1)
"""A second 656 this soon after the first freezes until the next day; and until then the pace is halved."""
BREAKER = timedelta(minutes=30)
BREAKER_FAILURES = 3
EQUAL_REJECTIONS = 10
"""Well below the 40 after which SEFAZ may answer 656 (MOC 7.0 Anexo I §4.3.6)."""
JITTER = 0.3
"""The share of the interval by which it is lengthened at random, so that machines and programs do not keep in step."""

_MINUTE = timedelta(minutes=1)
_SKEW = timedelta(minutes=1)  # by how much the clocks of two machines may differ
_LONGEST = timedelta(days=2)  # more than any hold; what is later was written when the computer's clock was wrong
_TECHNICAL = "falha técnica"
TECHNICAL = frozenset(
    {
        FailureKind.NETWORK,
        FailureKind.TRUST,
        FailureKind.ENCRYPTION,
        FailureKind.TIMEOUT,
        FailureKind.HTTP,
        FailureKind.INVALID_RESPONSE,
        FailureKind.SOAP_FAULT,
        FailureKind.UNAVAILABLE,
        FailureKind.CERTIFICATE,
        FailureKind.REQUESTER,
    }
)
_LEARNT_NOTHING = frozenset(
    {FailureKind.CANCELLED, FailureKind.CONFIGURATION, FailureKind.INTERNAL, FailureKind.THROTTLED}
)


@dataclass(frozen=True)
class Limits:
    """How fast an authorizer may be asked: `interval_s` seconds from one call to the next, at most `per_minute` calls
    in any minute; 0 means no such limit."""

    interval_s: float
    per_minute: int

    @property
    def any(self) -> bool:
        """Whether there is a limit at all, so that calls must be counted."""
        return self.interval_s > 0 or self.per_minute > 0


@dataclass(frozen=True)
class Pace:
    """All that is remembered of one certificate at one authorizer.

    `calls` are the moments of the last minute's calls, oldest first; `next_at` when the interval after the last ends.
    `streak` counts the newest failures that are the same, named in `streak_of`; for them nothing is asked until
    `held_until`, for the reason `held_why` (a fragment of a sentence). `fingerprint` is the certificate that they are
    about: another one starts without them, but not without the silence after a 656 (`frozen_until`), which is of the
    CNPJ.
    """

    calls: tuple[datetime, ...] = ()
    next_at: datetime | None = None
    streak_of: str = ""
    streak: int = 0
    held_until: datetime | None = None
    held_why: str = ""
    last_limit_at: datetime | None = None
    frozen_until: datetime | None = None
    fingerprint: str = ""

    def of(self, fingerprint: str) -> Pace:
        """This pace for the certificate with that fingerprint."""
        if fingerprint == self.fingerprint:
            return self
        return replace(self, streak_of="", streak=0, held_until=None, held_why="", fingerprint=fingerprint)

    @property
    def released(self) -> Pace:
        """This pace without failures and what they hold back; a silence after a 656 stays."""
        return replace(self, streak_of="", streak=0, held_until=None, held_why="")


class Hold(Enum):
    """What keeps an authorizer from being asked now."""

    NOTHING = "nada"
    INTERVAL = "ritmo"
    FAILURES = "falhas"
    FREEZE = "consumo_indevido"


@dataclass(frozen=True)
class Turn:
    """The earliest moment of the next call, what keeps it from being earlier, and why in a sentence."""

    at: datetime
    hold: Hold = Hold.NOTHING
    why: str = ""


@dataclass(frozen=True)
class Said:
    """What a call came to, as far as the pace matters.

    `failure` is None for an answer. `waits` are how long to leave the authorizer alone after the first, the second…
    failure with the same `code` in a row, the last one repeated; None in it is until the next day. `repeatable` is
    False for a rejection that must not be repeated, whatever the customer: ten equal ones stop the authorizer.
    """

    failure: FailureKind | None
    code: str = ""
    waits: tuple[timedelta | None, ...] = ()
    repeatable: bool = True


def turn(pace: Pace, limits: Limits, now: datetime) -> Turn:
    """When the authorizer may be asked next, by anybody. Moments that no hold could reach are left out of account."""
    if pace.frozen_until is not None and _holds(pace.frozen_until, now):
        why = f"A SEFAZ acusou consumo indevido: nova consulta só depois de {clock(pace.frozen_until, now)}."
        return Turn(pace.frozen_until, Hold.FREEZE, why)
    if pace.held_until is not None and _holds(pace.held_until, now):
        why = f"{pace.held_why}: nova consulta só depois de {clock(pace.held_until, now)}."
        return Turn(pace.held_until, Hold.FAILURES, why)
    best = Turn(now)
    eased = _eased(pace, limits, now)
    longest = timedelta(seconds=2 * limits.interval_s * (1 + JITTER))
    if pace.next_at is not None and longest and pace.next_at <= now + longest + _SKEW:
        best = _later(best, pace.next_at, "Intervalo mínimo entre consultas do autorizador.")
    if eased.per_minute > 0:
        counted = _recent(pace, now)
        if len(counted) >= eased.per_minute:
            at = counted[-eased.per_minute] + _MINUTE
            best = _later(best, at, f"Limite de {eased.per_minute} consultas por minuto do autorizador.")
    return best


def called(pace: Pace, limits: Limits, now: datetime, jitter: float) -> Pace:
    """The pace once a call is made at `now`; `jitter`, from 0 to 1, is how much of JITTER the interval gets."""
    interval = timedelta(seconds=_eased(pace, limits, now).interval_s * (1 + JITTER * jitter))
    calls = (*_recent(pace, now), now) if limits.per_minute > 0 else ()
    return replace(pace, calls=calls, next_at=now + interval if interval else None)


def after(pace: Pace, said: Said, now: datetime, zone: str) -> Pace:
    """The pace once a call ended so; `zone` (IANA) tells when the next day begins.

    Three technical failures in a row, ten equal rejections, or what the status itself asks for, hold the authorizer;
    an answer lets it go.
    """
    if said.failure in _LEARNT_NOTHING:
        return pace
    if said.failure is FailureKind.LIMIT:
        until = max(now + FREEZE, _next_day(now, zone)) if _limited(pace, now) else now + FREEZE
        if pace.frozen_until is not None and _holds(pace.frozen_until, now):
            until = max(until, pace.frozen_until)
        return replace(pace.released, last_limit_at=now, frozen_until=until)
    if said.waits:
        streak = _streak(pace, said.code)
        wait = said.waits[min(streak, len(said.waits)) - 1]
        until = _next_day(now, zone) if wait is None else now + wait
        return _held(pace, said.code, streak, until, f"A SEFAZ respondeu {said.code}")
    if not said.repeatable:
        streak = _streak(pace, said.code)
        why = f"{streak} rejeições {said.code} seguidas"
        return _held(pace, said.code, streak, _next_day(now, zone) if streak >= EQUAL_REJECTIONS else None, why)
    if said.failure in TECHNICAL:
        streak = _streak(pace, _TECHNICAL)
        why = f"{streak} falhas técnicas seguidas"
        return _held(pace, _TECHNICAL, streak, now + BREAKER if streak >= BREAKER_FAILURES else None, why)
    return pace.released


def clock(moment: datetime, now: datetime) -> str:
    """The time of day of `moment` here, with the day when it is another one."""
    here = moment.astimezone()
    return f"{here:%H:%M}" if here.date() == now.astimezone().date() else exact(moment)


def _eased(pace: Pace, limits: Limits, now: datetime) -> Limits:
    """The limits, halved for a day after a 656."""
    return Limits(limits.interval_s * 2, -(-limits.per_minute // 2)) if _limited(pace, now) else limits


def _limited(pace: Pace, now: datetime) -> bool:
    """Whether there was a 656 in the last day."""
    return pace.last_limit_at is not None and -_SKEW <= now - pace.last_limit_at < AGAIN_WITHIN


def _holds(until: datetime, now: datetime) -> bool:
    return now < until < now + _LONGEST


def _recent(pace: Pace, now: datetime) -> list[datetime]:
    """The calls of the last minute, oldest first; those of a machine whose clock is ahead count too."""
    return sorted(call for call in pace.calls if now - _MINUTE < call <= now + _SKEW)


def _streak(pace: Pace, of: str) -> int:
    return pace.streak + 1 if pace.streak_of == of else 1


def _held(pace: Pace, of: str, streak: int, until: datetime | None, why: str) -> Pace:
    return replace(pace, streak_of=of, streak=streak, held_until=until, held_why="" if until is None else why)


def _later(best: Turn, at: datetime, why: str) -> Turn:
    return Turn(at, Hold.INTERVAL, why) if at > best.at else best


def _next_day(now: datetime, zone: str) -> datetime:
    here = ZoneInfo(zone)
    tomorrow = now.astimezone(here).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time(), here).astimezone(now.tzinfo)
