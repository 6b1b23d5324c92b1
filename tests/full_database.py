"""A database with rows in every table, whatever tables there are, with all that a column may hold."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Connection,
    Date,
    Integer,
    LargeBinary,
    String,
    Table,
    delete,
    insert,
    select,
)

from app.data.models import Base, UtcDateTime
from app.data.transfer import CARRIED

_LETTERS = "abcXYZ áÇõ\t\n\\\"'😀,|0123456789"


def fill(connection: Connection, rows: int = 7) -> None:
    """Put `rows` rows into each table that is moved, numbered with gaps, each pointing to some of another's."""
    chance = random.Random(5)
    connection.execute(delete(Base.metadata.tables["region"]))
    for table in CARRIED:
        for number in range(rows):
            connection.execute(insert(table).values(_row(connection, table, number, chance)))


def _row(connection: Connection, table: Table, number: int, chance: random.Random) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for column in table.columns:
        if column.nullable and number % 3 == 0:
            values[column.name] = None
        elif column.foreign_keys:
            target = next(iter(column.foreign_keys)).column
            there = sorted(connection.execute(select(target)).scalars())
            values[column.name] = there[number % len(there)]
        else:
            values[column.name] = _value(column, number, chance)
    return values


def _value(column: Column[Any], number: int, chance: random.Random) -> Any:
    if column.primary_key and isinstance(column.type, Integer):
        return 3 + number * 5
    match column.type:
        case Boolean():
            return chance.random() < 0.5
        case BigInteger():
            return chance.randrange(-(2**63), 2**63)
        case Integer():
            return chance.randrange(-(2**31), 2**31)
        case UtcDateTime():
            return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=chance.randrange(4 * 10**15))
        case Date():
            return date(2000, 1, 1) + timedelta(days=chance.randrange(20000))
        case LargeBinary():
            return chance.randbytes(chance.randrange(300))
        case JSON():
            return [{"ç": "\x00\\ñ", "n": chance.random()}, None, True, [], chance.randrange(10**9)]
        case String() as text:
            length = min(text.length or 500, 500)
            unlike = f"{number:02d}"  # some texts are unique
            return unlike[-length:] + "".join(
                chance.choices(_LETTERS, k=chance.randrange(length - 1) if length > 2 else 0)
            )
    raise AssertionError(f"{column}: a type that no test knows")
