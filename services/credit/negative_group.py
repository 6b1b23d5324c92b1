"""Makes one group of negative records out of its summary and its list, which may each be missing or say less."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from app.credit_analysis import NegativeGroup, NegativeRecord
from services.credit.json_values import NotAReport, amount, count, day, items


@dataclass(frozen=True)
class Told:
    """What an answer says of one kind of record: values of its JSON, None where it has none."""

    number: Any
    total: Any
    first: Any
    last: Any
    listed: Any


def negative_group(kind: str, told: Told, record: Callable[[dict[str, Any]], NegativeRecord]) -> NegativeGroup | None:
    """The group, None when nothing is said of that kind. What contradicts itself counts for the worse.

    Raises NotAReport when it cannot be known how many records there are.
    """
    if told.number is None and told.listed is None:
        return None
    stated = count(told.number)
    if stated is None and (told.number is not None or not isinstance(told.listed, list)):
        raise NotAReport(f"ela não diz quantos registros de {kind} há")
    records = tuple(record(each) for each in items(told.listed))
    number = max(stated or 0, len(told.listed) if isinstance(told.listed, list) else len(records))
    return NegativeGroup(
        kind, number, _total(amount(told.total), records, number), day(told.first), day(told.last), records
    )


def _total(stated: Decimal | None, records: tuple[NegativeRecord, ...], number: int) -> Decimal | None:
    """How much the records are together. Of kinds without amounts (cheques, bankruptcies) it is told as 0: that is not
    what is owed, which nobody knows."""
    if not number:
        return Decimal("0.00")
    known = [record.amount for record in records if record.amount is not None]
    listed = sum(known, Decimal("0.00"))
    if stated:
        return max(stated, listed)
    return listed if listed and len(known) == number else None
