"""How near its end a certificate is, by date and time: the marks at which people are told, and how much it matters."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import Enum

from app.domain import Certificate
from app.portuguese import exact

MARKS = (60, 30, 15, 7, 1)
"""Days before the end at which people are told, each once."""

ENDED = 0
"""The mark of the end itself."""

_ENDING = timedelta(days=30)
_LAST_DAYS = timedelta(days=7)


class Age(Enum):
    """How much a certificate's validity matters now; the value is the word for it."""

    NOT_YET = "ainda não vale"
    GOOD = "em dia"
    ENDING = "atenção"
    LAST_DAYS = "urgente"
    ENDED = "vencido"


def age(certificate: Certificate, now: datetime) -> Age:
    """Less than 30 days is a matter of attention, less than 7 an urgent one. `now` is aware."""
    if now < certificate.not_before:
        return Age.NOT_YET
    left = certificate.not_after - now
    if left <= timedelta():
        return Age.ENDED
    if left < _LAST_DAYS:
        return Age.LAST_DAYS
    return Age.ENDING if left < _ENDING else Age.GOOD


def mark(certificate: Certificate, now: datetime) -> int | None:
    """The last mark that it has passed: with 59.9 days left, 60. ENDED when it has; None while none is passed."""
    if now < certificate.not_before:
        return None
    left = certificate.not_after - now
    if left <= timedelta():
        return ENDED
    return min((days for days in MARKS if left <= timedelta(days=days)), default=None)


def warning(certificate: Certificate, branch: str, now: datetime, *, consults: bool) -> str:
    """What people are told at a mark. `branch` is how the branch is named; `consults` says that SEFAZ sees this one."""
    whose = f"da filial {branch}, de {certificate.holder}"
    if now >= certificate.not_after:
        stops = "A SEFAZ não é consultada enquanto o novo não for instalado" if consults else "Instale o novo"
        return f"O certificado digital {whose}, venceu em {exact(certificate.not_after)}. {stops}."
    used = " usado nas consultas à SEFAZ," if consults else ""
    return (
        f"O certificado digital {whose},{used} {certificate.validity(now)}. "
        "Peça a renovação à autoridade certificadora e instale o novo antes disso."
    )
