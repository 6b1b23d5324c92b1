"""Rows put in by who must know their numbers; PostgreSQL gets all of them as one value of one unchanging statement."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import JSON, Connection, Executable, Integer, bindparam, cast, column, func, insert, select

from app.data.models import Base

_POSITION = "position"


def insert_numbered(connection: Connection, model: type[Base], rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """Insert rows of the same columns and return the `id` of each, in the same order. Defaults are not filled in."""
    if not rows:
        return []
    if connection.dialect.name != "postgresql":
        return list(connection.execute(_one_by_one(model), rows).scalars())
    sent = json.dumps([{_POSITION: at, **row} for at, row in enumerate(rows)], default=datetime.isoformat)
    return list(connection.execute(_together(model, tuple(rows[0])), {"rows": sent}).scalars())


# Every order of a counter runs them, and building a statement costs ten times as much as running it.
@cache
def _one_by_one(model: type[Base]) -> Executable:
    table: Any = model.__table__
    return insert(model).returning(table.c.id, sort_by_parameter_order=True)


@cache
def _together(model: type[Base], names: tuple[str, ...]) -> Executable:
    """The usual insert has a text for each number of rows, which the driver reads and the server plans every time."""
    table: Any = model.__table__
    columns = [column(name, table.c[name].type) for name in names]
    given = (
        func.json_to_recordset(cast(bindparam("rows"), JSON))
        .table_valued(column(_POSITION, Integer), *columns)
        .render_derived(name="given", with_types=True)
    )
    number = func.nextval(func.pg_get_serial_sequence(table.name, "id"))
    numbered = select(number.label("id"), *given.c).cte("numbered")
    all_but_position = select(numbered.c.id, *(numbered.c[name] for name in names))
    kept = insert(model).from_select(["id", *names], all_but_position, include_defaults=False)
    return select(numbered.c.id).add_cte(kept.cte("kept")).order_by(numbered.c[_POSITION])
