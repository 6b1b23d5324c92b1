"""How this computer's clock compares with an authority's, and how that is said."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from app.portuguese import counted

LARGE = timedelta(minutes=5)
"""A smaller difference harms nothing: certificates begin and end by the minute, and answers take up to one."""


@dataclass(frozen=True)
class ClockDifference:
    """By how much this computer's clock is ahead of the authority's (negative: behind); `of` is "da SEFAZ de SP"."""

    ahead: timedelta
    of: str

    @property
    def warning(self) -> str:
        """What a person should do about it, "" while it is small."""
        if abs(self.ahead) <= LARGE:
            return ""
        where = "adiantado" if self.ahead > timedelta() else "atrasado"
        return (
            f"O relógio deste computador está {_long(abs(self.ahead))} {where} em relação ao {self.of}: "
            "acerte a data e a hora."
        )


def _long(much: timedelta) -> str:
    minutes = round(much.total_seconds() / 60)
    if minutes < 2 * 60:
        return counted(minutes, "minuto", "minutos")
    if minutes < 2 * 24 * 60:
        return counted(round(minutes / 60), "hora", "horas")
    return counted(round(minutes / (24 * 60)), "dia", "dias")
