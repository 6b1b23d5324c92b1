"""Until when Meta keeps each version of its API, from `resources/whatsapp_versions.toml`."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from datetime import date, timedelta

from app.portuguese import calendar_day, counted
from services import RESOURCES

WARN_FROM = timedelta(days=90)
"""How long before its end a version is warned of."""


@functools.cache
def ends() -> Mapping[str, date | None]:
    """The last day of each version known; None where Meta has not said it."""
    tables = tomllib.loads((RESOURCES / "whatsapp_versions.toml").read_text("utf-8"))
    return {version: table.get("ate") for version, table in tables["versoes"].items()}


def version_warning(version: str, today: date) -> str:
    """What a person should know of a version that has ended or soon will; "" when there is nothing.

    Of a version that is not in the table nothing is known: it is older than the first, or newer than this program.
    """
    end = ends().get(version)
    if end is None:
        return ""
    newest = max(ends(), key=_number)
    mend = f"Mude-a para {newest} em Balcão › Integração › WhatsApp."
    if end <= today:
        return f"A versão {version} da API do WhatsApp acabou em {calendar_day(end)}. {mend}"
    if end - today > WARN_FROM:
        return ""
    left = counted((end - today).days, "dia", "dias")
    return f"A versão {version} da API do WhatsApp acaba em {calendar_day(end)}, daqui a {left}. {mend}"


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.removeprefix("v").split("."))
