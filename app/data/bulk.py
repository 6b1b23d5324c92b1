"""Many rows put in at once, by the fastest way each database has: COPY in PostgreSQL, one prepared insert in SQLite."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.exc import DBAPIError

from app.data.models import Base
from app.data.quoted_rows import forget_rows


def insert_rows(
    connection: Connection, model: type[Base], columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    """Insert rows whose values follow `columns`, kept as the model's types keep them. Defaults are not filled in."""
    table: Any = model.__table__
    quote = connection.dialect.identifier_preparer.quote
    names = ", ".join(quote(name) for name in columns)
    stored = _stored(connection, table, columns, rows)
    if connection.dialect.name == "postgresql":
        _copy(connection, f"COPY {quote(table.name)} ({names}) FROM STDIN", stored)
        return
    kept = list(stored)
    if kept:
        marks = ", ".join("?" * len(columns))
        statement = f"INSERT INTO {quote(table.name)} ({names}) VALUES ({marks})"  # noqa: S608  names of our own model
        connection.exec_driver_sql(statement, kept)


def _copy(connection: Connection, statement: str, rows: Iterable[Sequence[Any]]) -> None:
    driver: Any = connection.connection.driver_connection
    error_class: Any = connection.dialect.loaded_dbapi.Error
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)
    except error_class as error:
        forget_rows(error)  # no listener of the engine's sees what the driver itself is asked
        # As every other statement fails: whoever calls knows SQLAlchemy's errors, not the driver's.
        raise DBAPIError.instance(statement, None, error, error_class, dialect=connection.dialect) from error


def _stored(
    connection: Connection, table: Table, columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> Iterator[tuple[Any, ...]]:
    """The rows as the driver takes them."""
    dialect = connection.dialect
    processors = [
        (at, _remembering(processing))
        for at, name in enumerate(columns)
        if (processing := table.c[name].type.dialect_impl(dialect).bind_processor(dialect)) is not None
    ]
    for row in rows:
        values = list(row)
        for at, processor in processors:
            values[at] = processor(values[at])
        yield tuple(values)


def _remembering(processor: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The same for the same object again: a column often has one moment, or nothing, in all its rows."""
    last: Any = None
    stored: Any = processor(None)

    def process(value: Any) -> Any:
        nonlocal last, stored
        if value is not last:
            last, stored = value, processor(value)
        return stored

    return process
