"""Takes texts, amounts, counts and days out of the JSON of an answer, without ever making one up."""

from __future__ import annotations

import json
import re
import unicodedata
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, NoReturn
from zoneinfo import ZoneInfo

MAX_TEXT = 200
"""The most characters kept of a text; the answer itself has the rest."""

_BRASILIA = ZoneInfo("America/Sao_Paulo")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MAX_AMOUNT = Decimal(10) ** 12
_MAX_COUNT = 10**9
_MAX_DIGITS = 40
_WRITTEN_AMOUNT = re.compile(r"(?:R\$ ?)?([0-9]{1,12})(?:\.([0-9]{1,2}))?")
_BRAZILIAN_AMOUNT = re.compile(r"(?:R\$ ?)?([0-9]{1,3}(?:\.[0-9]{3}){1,3}|[0-9]{1,12}),([0-9]{1,2})")
_DAY = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?:T.*)?")
_BRAZILIAN_DAY = re.compile(r"([0-9]{2})/([0-9]{2})/([0-9]{4})")


class NotAReport(Exception):
    """Why an answer is no report that can be relied on; the end of a Portuguese sentence, with no stop."""


def parse_object(body: bytes) -> dict[str, Any]:
    """The JSON object that a body is, its numbers with a point as Decimal. Raises NotAReport."""
    try:
        value = json.loads(body.decode("utf-8-sig"), parse_float=_number, parse_int=_whole, parse_constant=_no_number)
    except UnicodeDecodeError as error:
        raise NotAReport("o texto não está em UTF-8") from error
    except (ValueError, RecursionError) as error:
        raise NotAReport("o JSON está cortado ou malformado") from error
    if not isinstance(value, dict):
        raise NotAReport("o JSON não é um objeto")
    return value


def part(value: Any, *names: str) -> dict[str, Any]:
    """The object inside objects, by name; {} where there is none."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def items(value: Any) -> list[dict[str, Any]]:
    """The objects of a list; one alone that is not in a list counts as a list of it."""
    if isinstance(value, dict):
        return [value] if value else []
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def clean(text: str) -> str:
    """One line that a database keeps and a person reads: blanks joined, what is no character as �."""
    joined = " ".join(text.split())
    return "".join("�" if unicodedata.category(c) in ("Cc", "Cs") else c for c in joined)


def text(value: Any) -> str:
    """A text or a number as text, of at most MAX_TEXT characters; "" for anything else."""
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        return ""
    words = clean(f"{value:f}" if isinstance(value, Decimal) else str(value))
    return words if len(words) <= MAX_TEXT else f"{words[: MAX_TEXT - 1]}…"


def amount(value: Any) -> Decimal | None:
    """An amount in reais, to the cent, written as a number, "1234.50" or "1.234,50"; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | Decimal):
        found = Decimal(value)
    elif isinstance(value, str):
        written = _WRITTEN_AMOUNT.fullmatch(value.strip()) or _BRAZILIAN_AMOUNT.fullmatch(value.strip())
        if written is None:
            return None
        found = Decimal(f"{written[1].replace('.', '')}.{written[2] or '0'}")
    else:
        return None
    return found.quantize(Decimal("0.01")) if 0 <= found < _MAX_AMOUNT else None


def count(value: Any) -> int | None:
    """A number of things; None for what is not one."""
    number = whole(value)
    return number if number is not None and 0 <= number <= _MAX_COUNT else None


def whole(value: Any) -> int | None:
    """A whole number, also written as text or with nothing but zeros after the point; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, Decimal):
        return int(value) if abs(value) < _MAX_AMOUNT and value == value.to_integral_value() else None
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,12}", value.strip()):
        return int(value)
    return None


def day(value: Any) -> date | None:
    """A day, written as ISO 8601, as dd/mm/aaaa, or as the milliseconds since 1970 of its beginning in Brasília."""
    if isinstance(value, str):
        written = value.strip()
        if found := _DAY.fullmatch(written):
            return _made(int(found[1]), int(found[2]), int(found[3]))
        if found := _BRAZILIAN_DAY.fullmatch(written):
            return _made(int(found[3]), int(found[2]), int(found[1]))
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    try:
        # Not fromtimestamp, which on Windows has no day before 1970, when many a company was founded.
        return (_EPOCH + timedelta(milliseconds=value)).astimezone(_BRASILIA).date()
    except OverflowError:
        return None


def _made(year: int, month: int, day_: int) -> date | None:
    try:
        return date(year, month, day_)
    except ValueError:
        return None


def _number(digits: str) -> Decimal:
    # 1E+999999 is JSON too, and would take all memory where it is written out.
    _, _, exponent = digits.lower().partition("e")
    if len(digits) > _MAX_DIGITS or abs(int(exponent or "0")) > _MAX_DIGITS:
        raise ValueError("A number beyond any report")
    return Decimal(digits)


def _whole(digits: str) -> int:
    if len(digits) > _MAX_DIGITS:
        raise ValueError("A number beyond any report")
    return int(digits)


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
