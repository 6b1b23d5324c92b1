"""proximo_sqlite, proximo_postgresql: whose turn it is, among 1,000,000 customers."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

from sqlalchemy import Connection, text

from app.data import customers
from app.data.customers import Subject
from app.data.database import Database
from app.uf import UFS
from tests.bench.report import Measured, MeasureFailed, bench
from tests.postgresql import running_server

_MANY = 1_000_000
_WAITING = 300
_NEVER = 100
_ROUNDS = 300
_NOW = datetime(2026, 11, 21, 15, tzinfo=UTC)
_FIRST = _NOW - timedelta(seconds=_MANY)
_WHAT = (
    "quem é o próximo de 1.000.000 de clientes, na transação já aberta; o pior de três casos: metade nunca consultada "
    "(SEFAZ), todos já consultados e metade fora da validade (ANP), ninguém no prazo (ANP), sempre com "
    f"{_WAITING} clientes à espera de nova tentativa no começo da fila"
)

# At SEFAZ the second half was never answered. At ANP only the first hundred were not, and they wait, as do those that
# follow them in the line: the ones answered the longest ago.
_FILL = """
    INSERT INTO customer (
        id, document, ie, name, trade_name, uf, city, street, complement, district, postal_code, phone,
        anp_authorization, sefaz_automatic, sefaz_action, active, search_text, sefaz_verdict, sefaz_outcome, sefaz_at,
        sefaz_retry_at, anp_kind, anp_consulted, anp_status, anp_brand, anp_outcome, anp_at, anp_retry_at, blocked
    )
    SELECT n, {document}, '', 'Posto ' || n, '', 'SP', '', '', '', '', '', '',
        '', {true}, 'bloqueia_desbloqueia', {true}, 'posto ' || n, '', '', CASE WHEN n <= :half THEN {moment} END,
        CASE WHEN n > :half AND n <= :half + :waiting THEN {later} END, 'automotivo', {true}, '', '', '',
        CASE WHEN n > :never THEN {moment} END, CASE WHEN n <= :waiting THEN {later} END, {false}
    FROM {numbers}
"""
_SQLITE = {
    "document": "printf('%014d', n)",
    "true": "1",
    "false": "0",
    "moment": "strftime('%Y-%m-%d %H:%M:%f000', :first, '+' || n || ' seconds')",
    "later": "strftime('%Y-%m-%d %H:%M:%f000', :later)",
    "numbers": "(WITH RECURSIVE up(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM up WHERE n < :many) SELECT n FROM up)",
}
_POSTGRESQL = {
    "document": "lpad(CAST(n AS text), 14, '0')",
    "true": "true",
    "false": "false",
    "moment": "CAST(:first AS timestamptz) + n * interval '1 second'",
    "later": "CAST(:later AS timestamptz)",
    "numbers": "generate_series(1, :many) AS n",
}


@bench("proximo_sqlite", unidade="ms", meta=1.0, o_que=f"SQLite: {_WHAT}")
def next_due_sqlite() -> Measured:
    with tempfile.TemporaryDirectory() as folder:
        return _measured(f"sqlite:///{Path(folder) / 'clientes.sqlite'}")


@bench("proximo_postgresql", unidade="ms", meta=1.0, o_que=f"PostgreSQL, depois do VACUUM: {_WHAT}")
def next_due_postgresql() -> Measured:
    with running_server() as server:
        server.create("clientes")
        return _measured(server.url("clientes"))


def _measured(url: str) -> Measured:
    database = Database(url)
    try:
        database.migrate()
        _fill(database)
        with database.reading() as connection:
            worst = max(
                _case(connection, _sefaz, _MANY // 2 + _WAITING + 1),
                _case(connection, _anp(_NOW - timedelta(seconds=_MANY // 2)), _WAITING + 1),
                _case(connection, _anp(_FIRST), None),
            )
        return Measured(worst)
    finally:
        database.close()


def _fill(database: Database) -> None:
    words = _SQLITE if database.is_sqlite else _POSTGRESQL
    values = {
        "many": _MANY,
        "half": _MANY // 2,
        "waiting": _WAITING,
        "never": _NEVER,
        "first": f"{_FIRST:%Y-%m-%d %H:%M:%S}" + ("" if database.is_sqlite else "+00"),
        "later": f"{_NOW + timedelta(hours=1):%Y-%m-%d %H:%M:%S}" + ("" if database.is_sqlite else "+00"),
    }
    with database.writing() as connection:
        connection.execute(text(_FILL.format(**words)), values)
    if not database.is_sqlite:
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE customer"))


def _sefaz(connection: Connection) -> list[Subject]:
    return customers.next_due(connection, answered_before=_NOW - timedelta(days=1), now=_NOW, ufs=UFS)


def _anp(answered_before: datetime) -> Callable[[Connection], list[Subject]]:
    return lambda connection: customers.next_due_anp(connection, answered_before=answered_before, now=_NOW)


def _case(connection: Connection, ask: Callable[[Connection], list[Subject]], expected: int | None) -> float:
    """Milliseconds, the median of many, of one question; the first ones, which fill the caches, do not count."""
    taken = []
    for number in range(_ROUNDS + 20):
        started = time.perf_counter_ns()
        found = ask(connection)
        spent = time.perf_counter_ns() - started
        if number >= 20:
            taken.append(spent)
    if [subject.id for subject in found] != ([] if expected is None else [expected]):
        raise MeasureFailed(f"o próximo cliente deveria ser {expected}, e foi {[subject.id for subject in found]}")
    return median(taken) / 1e6
