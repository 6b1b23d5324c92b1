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
    and_,
    func,
    literal_column,
    not_,
    or_,
    select,
    text,
    type_coerce,
)
from sqlalchemy.sql.elements import ColumnElement

from app.data.table_names import TABLE_NAMES, field_name

MOST = 20
"""No more sentences than this are made: whoever corrects twenty checks again."""

_INT4 = (-(2**31), 2**31 - 1)


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
    suspects = select(*_key(table), *(wrong for _, wrong, _ in complaints))
    suspects = suspects.where(or_(*(wrong for _, wrong, _ in complaints))).limit(MOST)
    keys = len(table.primary_key.columns)
    for row in connection.execute(suspects):
        which = "/".join(str(value) for value in row[:keys])
        for (column, _, why), wrong in zip(complaints, row[keys:], strict=True):
            if wrong:
                yield f"{name}, registro {which}, campo {field_name(table.name, column.name)}: {why}"
    for number, parent in _orphans(connection, table):
        yield f"{name}, linha {number}: aponta para um registro de {TABLE_NAMES[parent]} que não existe."


def _orphans(connection: Connection, table: Table) -> list[tuple[int, str]]:
    """The rows that point to nothing: their number in the file and the table pointed to."""
    found = connection.execute(text(f"PRAGMA foreign_key_check({table.name})")).all()  # a name of our own models
    return sorted({(row[1], row[2]) for row in found})[:MOST]


def _key(table: Table) -> list[ColumnElement[str]]:
    return [type_coerce(column, String) for column in table.primary_key.columns]


def _complaints(column: Column[object]) -> Iterator[tuple[ColumnElement[bool], str]]:
    """What may be wrong with the values of a column, and how it is said. Of NULL SQLite takes care itself."""
    kept = type_coerce(column, String)
    kind = func.typeof(kept)
    number: ColumnElement[int] = literal_column(_name(column), Integer)
    match _plain(column):
        case Boolean():
            yield and_(kept.is_not(None), not_(number.in_((0, 1)))), "não é sim nem não."
        case Integer() as whole:
            low, high = (-(2**63), 2**63 - 1) if isinstance(whole, BigInteger) else _INT4
            yield and_(kept.is_not(None), kind != "integer"), "não é um número inteiro."
            yield and_(kind == "integer", not_(number.between(low, high))), "o número é grande demais."
        case JSON():
            yield and_(kept.is_not(None), func.json_valid(kept) == 0), "o conteúdo está danificado (JSON)."
        case DateTime() | Date():
            yield and_(kept.is_not(None), func.julianday(kept).is_(None)), "não é uma data."
        case LargeBinary():
            yield and_(kept.is_not(None), kind != "blob"), "não são bytes."
        case String() as words:
            yield and_(kept.is_not(None), kind != "text"), "não é um texto."
            yield func.instr(kept, func.char(0)) > 0, "o texto tem um caractere nulo, que o servidor não aceita."
            if words.length is not None:
                yield func.length(kept) > words.length, f"o texto passa de {words.length} caracteres."


def _plain(column: Column[object]) -> object:
    """The column's type as SQLite has it, without what the program puts around it."""
    kind = column.type
    return getattr(kind, "impl_instance", kind) if not isinstance(kind, BigInteger) else kind


def _name(column: Column[object]) -> str:
    return f'"{column.table.name}"."{column.name}"'
