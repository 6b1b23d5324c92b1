"""Everything that a local file keeps, carried to an empty PostgreSQL in one transaction there, and read back.

Who is consulting at the moment (`lease`) is of no use elsewhere, a database keeps its own identity, and by it the
passwords tried are counted (`login_attempt`): none of these is carried, and a customer's revision is given anew by the
trigger there, so that counters take every customer again.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Table, func, select, text
from sqlalchemy.exc import DBAPIError

from app.data.bulk import insert_rows
from app.data.models import Base, Region
from app.data.table_names import TABLE_NAMES, field_name
from app.domain import Failure, FailureKind
from app.portuguese import counted

LEFT_BEHIND = frozenset({"lease", "login_attempt", "database_identity"})
"""The tables that are not carried."""

CARRIED = [table for table in Base.metadata.sorted_tables if table.name not in LEFT_BEHIND]
"""The tables that are, each after those that its rows point to."""

Progress = Callable[[Table, int], None]
"""Told of more rows of a table that were dealt with; what it raises ends the work."""

_GIVEN_THERE = {("customer", "revision")}
_SEED_REGION = "Geral"  # migration 0001
_MODELS: dict[str, type[Base]] = {mapper.class_.__tablename__: mapper.class_ for mapper in Base.registry.mappers}
_CHUNK = 1000
_LOCK_PATIENCE_S = 10


class NotCarried(Exception):
    """The data was not carried, and nothing there changed; `failure` says why."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.what)
        self.failure = failure


@dataclass(frozen=True)
class Sum:
    """How many rows a table has, and the sum of what each comes to, whatever their order."""

    rows: int
    checksum: int


def counts(connection: Connection) -> dict[str, int]:
    """How many rows each table that is carried has, by its name."""
    return {
        table.name: int(connection.execute(select(func.count()).select_from(table)).scalar_one()) for table in CARRIED
    }


def occupants(connection: Connection) -> dict[str, int]:
    """The tables with rows of ours and how many, without what every new database begins with."""
    found = {name: rows for name, rows in counts(connection).items() if rows}
    if found.get(Region.__tablename__) == 1 and connection.execute(select(Region.name)).scalar_one() == _SEED_REGION:
        del found[Region.__tablename__]
    return found


def hold(connection: Connection) -> None:
    """Keep everybody else out of the tables of the server until the end of the transaction.

    Raises NotCarried when somebody is using them, after 10 seconds.
    """
    # The server's own limits are for questions of a moment; this is one transaction from beginning to end.
    for limit in ("statement_timeout", "idle_in_transaction_session_timeout"):
        connection.execute(text(f"SET LOCAL {limit} = 0"))
    connection.execute(text(f"SET LOCAL lock_timeout = '{_LOCK_PATIENCE_S}s'"))
    names = ", ".join(_quoted(connection, table) for table in Base.metadata.sorted_tables)
    try:
        connection.execute(text(f"LOCK TABLE {names} IN ACCESS EXCLUSIVE MODE"))
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", "") != "55P03":  # lock_not_available
            raise
        raise NotCarried(
            Failure(
                FailureKind.CONFIGURATION,
                "O banco do servidor está em uso por outro programa.",
                "Outro computador pode estar com o Retaguarda aberto nesse banco.",
                "Feche o Retaguarda nos outros computadores e tente de novo.",
            )
        ) from error


def carry(source: Connection, target: Connection, progress: Progress) -> dict[str, Sum]:
    """Replace all that `target` keeps by what `source` does; what was read of each table. `target` is held.

    Raises NotCarried for a value that the server refuses; then the transaction cannot go on.
    """
    target.execute(text(f"TRUNCATE {', '.join(_quoted(target, table) for table in CARRIED)}"))
    read = {}
    for table in CARRIED:
        summing = _Summing()
        rows = summing.through(_rows(source, table, progress))
        try:
            insert_rows(target, _MODELS[table.name], [column.name for column in _columns(table)], rows)
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) is None or target.invalidated:
                raise
            raise NotCarried(_refusal(error, table)) from error
        read[table.name] = summing.sum
        _continue_numbers(target, table)
    return read


def read_back(connection: Connection, progress: Progress) -> dict[str, Sum]:
    """What each table that is carried has."""
    return {table.name: _sum(connection, table, progress) for table in CARRIED}


def sum_of(connection: Connection, model: type[Base]) -> Sum:
    """What the table of one model has."""
    return _sum(connection, Base.metadata.tables[model.__tablename__], lambda table, rows: None)


def _sum(connection: Connection, table: Table, progress: Progress) -> Sum:
    summing = _Summing()
    for _ in summing.through(_rows(connection, table, progress)):
        pass
    return summing.sum


def differences(wanted: Mapping[str, Sum], found: Mapping[str, Sum]) -> list[str]:
    """A sentence for each table that is not in the one as it is in the other."""
    sentences = []
    for name, there in wanted.items():
        here = found[name]
        if here.rows != there.rows:
            was = counted(there.rows, "registro", "registros")
            sentences.append(f"{TABLE_NAMES[name]}: {was} no arquivo, {here.rows} no servidor.")
        elif here.checksum != there.checksum:
            sentences.append(f"{TABLE_NAMES[name]}: o conteúdo lido do servidor não é igual ao do arquivo.")
    return sentences


def damaged(what: str, error: Exception) -> Failure:
    """The failure of a local file that cannot be read."""
    return Failure(
        FailureKind.CONFIGURATION,
        what,
        "O arquivo está danificado.",
        "Restaure a última cópia de segurança do arquivo e tente de novo.",
        str(error.orig) if isinstance(error, DBAPIError) else type(error).__name__,
    )


def digest(sums: Mapping[str, Sum]) -> str:
    """One short text that any change in any table changes."""
    lines = "\n".join(f"{name} {found.rows} {found.checksum:x}" for name, found in sorted(sums.items()))
    return hashlib.sha256(lines.encode()).hexdigest()


class _Summing:
    """Adds up the rows that go through it."""

    def __init__(self) -> None:
        self._rows = 0
        self._checksum = 0

    def through(self, rows: Iterator[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
        for row in rows:
            # The values are those of the models' types, alike whichever database they come from; so is how they are
            # written. Sums do not depend on the order, which is each database's own.
            line = hashlib.blake2b(repr(row).encode(), digest_size=16).digest()
            self._rows += 1
            self._checksum = (self._checksum + int.from_bytes(line)) % 2**128
            yield row

    @property
    def sum(self) -> Sum:
        return Sum(self._rows, self._checksum)


def _columns(table: Table) -> list[Any]:
    return [column for column in table.columns if (table.name, column.name) not in _GIVEN_THERE]


def _rows(connection: Connection, table: Table, progress: Progress) -> Iterator[tuple[Any, ...]]:
    try:
        with connection.execute(select(*_columns(table)), execution_options={"yield_per": _CHUNK}) as found:
            for chunk in found.partitions():
                yield from (tuple(row) for row in chunk)
                progress(table, len(chunk))
    except (DBAPIError, ValueError) as error:
        if connection.dialect.name != "sqlite":
            raise
        what = f"A tabela {TABLE_NAMES[table.name]} do arquivo local não pôde ser lida até o fim."
        raise NotCarried(damaged(what, error)) from error


def _refusal(error: DBAPIError, table: Table) -> Failure:
    """Why the server refused a row. Its number is in the context of COPY; the value there is left out."""
    diagnosis: Any = getattr(error.orig, "diag", None)
    place = re.search(r"COPY \w+, \S+ (\d+)(?:, \S+ (\w+))?", getattr(diagnosis, "context", None) or "")
    where = f"Na tabela {TABLE_NAMES[table.name]}"
    if place is not None:
        where += f", no registro que vem em {place[1]}º lugar"
        where += f", campo {field_name(table.name, place[2])}" if place[2] else ""
    return Failure(
        FailureKind.CONFIGURATION,
        f"{where}, há algo que o servidor não aceita. Nada foi mudado.",
        "O arquivo local guarda valores que o PostgreSQL recusa.",
        "Corrija o registro e tente de novo; se não souber qual é, mande os detalhes ao suporte.",
        f"SQLSTATE {getattr(error.orig, 'sqlstate', '')}: {error.orig}",
    )


def _continue_numbers(connection: Connection, table: Table) -> None:
    """Let the next row that the server numbers come after those that brought their number."""
    key = list(table.primary_key.columns)
    if len(key) != 1:
        return
    sequence = connection.execute(
        select(func.pg_get_serial_sequence(_quoted(connection, table), key[0].name))
    ).scalar_one()
    if sequence is not None:
        last = select(func.max(key[0])).scalar_subquery()
        connection.execute(select(func.setval(sequence, func.coalesce(last, 1), last.is_not(None))))


def _quoted(connection: Connection, table: Table) -> str:
    return connection.dialect.identifier_preparer.format_table(table)
