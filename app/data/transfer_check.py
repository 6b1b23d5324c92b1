"""Values that SQLite keeps and PostgreSQL refuses, found before anything is copied.

SQLite enforces neither the length of a text nor the type of a column; PostgreSQL enforces both, and keeps no NUL
character in a text (PostgreSQL manual, 8.3 and 8.1).
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Connection,
    Date,
    DateTime,
    Integer,
    LargeBinary,
    String,
    Table,
    TypeDecorator,
    text,
)

from app.data.table_names import TABLE_NAMES, field_name

MOST = 20
"""No more sentences than this are made: whoever corrects twenty checks again."""

_SMALL = f"BETWEEN {-(2**31)} AND {2**31 - 1}"


def misfits(connection: Connection, tables: list[Table]) -> list[str]:
    """A sentence for each value of this SQLite file that a PostgreSQL server would not take, `MOST` at most."""
    found: list[str] = []
    for table in tables:
        for sentence in _misfits_of(connection, table):
            found.append(sentence)
            if len(found) == MOST:
                return found
    return found


def _misfits_of(connection: Connection, table: Table) -> Iterator[str]:
    name = TABLE_NAMES[table.name]
    complaints = [(column, wrong, why) for column in table.columns for wrong, why in _complaints(column)]
    keys = len(table.primary_key.columns)
    asked = ", ".join([*(f'"{column.name}"' for column in table.primary_key), *(wrong for _, wrong, _ in complaints)])
    anything = " OR ".join(wrong for _, wrong, _ in complaints)
    # Written as text, of names of our own models: the statements are long, and used once.
    statement = f'SELECT {asked} FROM "{table.name}" WHERE {anything} LIMIT {MOST}'  # noqa: S608
    for row in connection.exec_driver_sql(statement):
        which = "/".join(str(value) for value in row[:keys])
        for (column, _, why), wrong in zip(complaints, row[keys:], strict=True):
            if wrong:
                yield f"{name}, registro {which}, campo {field_name(table.name, column.name)}: {why}"
    for number, parent in _orphans(connection, table):
        yield f"{name}, linha {number}: aponta para um registro de {TABLE_NAMES[parent]} que não existe."


def _orphans(connection: Connection, table: Table) -> list[tuple[int, str]]:
    """The rows that point to nothing: their number in the file and the table pointed to."""
    found = connection.execute(text(f"PRAGMA foreign_key_check({table.name})")).all()
    return sorted({(row[1], row[2]) for row in found})[:MOST]


def _complaints(column: Column[object]) -> Iterator[tuple[str, str]]:
    """What may be wrong with the values of a column, in SQL, and how it is said. Of NULL SQLite takes care itself."""
    value = f'"{column.name}"'
    kind = f"typeof({value})"
    plain = column.type.impl_instance if isinstance(column.type, TypeDecorator) else column.type
    match plain:
        case Boolean():
            yield f"{value} NOT IN (0, 1)", "não é sim nem não."
        case Integer():
            yield f"{kind} NOT IN ('integer', 'null')", "não é um número inteiro."
            if not isinstance(plain, BigInteger):
                yield f"{kind} = 'integer' AND {value} NOT {_SMALL}", "o número é grande demais."
        case JSON():
            yield f"{value} IS NOT NULL AND NOT json_valid({value})", "o conteúdo está danificado (JSON)."
        case DateTime() | Date():
            yield f"{value} IS NOT NULL AND julianday({value}) IS NULL", "não é uma data."
        case LargeBinary():
            yield f"{kind} NOT IN ('blob', 'null')", "não são bytes."
        case String():
            yield f"{kind} NOT IN ('text', 'null')", "não é um texto."
            yield f"instr({value}, char(0)) > 0", "o texto tem um caractere nulo, que o servidor não aceita."
            if plain.length is not None:
                yield f"length({value}) > {plain.length}", f"o texto passa de {plain.length} caracteres."
