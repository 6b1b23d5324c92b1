"""How moments, numbers and counts are written in sentences."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache


@lru_cache(maxsize=64)  # a list of ANP says its day of each of its resellers
def day(moment: datetime) -> str:
    """ "21/11/2026" in this computer's zone."""
    return f"{_here(moment):%d/%m/%Y}"


def exact(moment: datetime) -> str:
    """ "21/11/2026 15:40" in this computer's zone."""
    return f"{_here(moment):%d/%m/%Y %H:%M}"


def number(value: int) -> str:
    """ "1.234"."""
    return f"{value:,}".replace(",", ".")


def megabytes(size: int) -> str:
    """ "7,9 MB", of a number of bytes."""
    return f"{size / 1_000_000:.1f} MB".replace(".", ",")


def megabytes_of(done: int, total: int | None) -> str:
    """ "3,2 de 7,9 MB", or "3,2 MB" while the whole is not known."""
    return megabytes(done) if total is None else f"{megabytes(done).removesuffix(' MB')} de {megabytes(total)}"


def money(value: Decimal) -> str:
    """ "R$ 1.234,50"."""
    return "R$ " + f"{value:,.2f}".translate(str.maketrans(",.", ".,"))


def calendar_day(when: date) -> str:
    """ "21/11/2026", of a date that is of no zone."""
    return f"{when:%d/%m/%Y}"


def counted(count: int, one: str, many: str) -> str:
    """ "1 cliente", "1.234 clientes"."""
    return f"{number(count)} {one if count == 1 else many}"


def capital(words: str) -> str:
    """ "Inclusão do orçamento (DAV)": the first letter is a capital, the others stay as they are."""
    return words[:1].upper() + words[1:]


def ended(sentence: str) -> str:
    """A sentence that others follow: it ends with its stop, its own or the one it lacks."""
    return sentence if sentence.endswith((".", "?", "!")) else f"{sentence}."


def listed(words: Sequence[str]) -> str:
    """ "nome", "nome e bairro", "nome, bairro e CEP"."""
    return " e ".join(part for part in (", ".join(words[:-1]), *words[-1:]) if part)


def _here(moment: datetime) -> datetime:
    """In this computer's zone; as it was given where the system has none: on Windows, before 1970 and after 3000, when
    a certificate with no end of its own ends (RFC 5280, 4.1.2.5)."""
    try:
        return moment.astimezone()
    except (OSError, OverflowError):
        return moment
