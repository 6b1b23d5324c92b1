"""anp_importacao_* and anp_espelho_clientes: ANP's list taken in, and every customer checked against it."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

from sqlalchemy import insert

from app.data import records
from app.data.database import Database
from app.data.mirror import ListReport, take_list
from app.data.mirror_check import CheckReport, check_customers
from app.data.models import Customer
from app.domain import AnpRegistration, SefazAction
from app.policies import AnpStatus, CustomerAction, MissingBrandAction
from app.rules.anp_difference import ChangeKind
from app.settings.catalog import ANP_CUSTOMER, ANP_CUSTOMER_NO_BRAND, ANP_UPDATE_BRAND
from app.settings.setting import Setting
from app.settings.snapshot import GENERAL_COMPANY, Kept, Snapshot
from app.tables import BRANDS
from services.demo.anp_lists import AUTOMOTIVE_ROWS, automotive_csv, mutated, resellers
from tests.bench.report import Measured, MeasureFailed, bench
from tests.postgresql import running_server

_ACTOR = "medida"
_FIRST_DAY = datetime(2026, 11, 1, 9, 0, tzinfo=UTC)
_ROUNDS = 3
_CUSTOMERS = 100_000
_IMPORT = (
    "importar a lista de 46.000 revendedores sobre a da véspera, com 1 % de mudanças: ler, comparar, gravar, auditar"
)


@bench("anp_importacao_sqlite", unidade="s", meta=3.0, o_que=f"{_IMPORT}; no SQLite")
def import_to_file() -> Measured:
    with _file_database() as database:
        return _import(database)


@bench("anp_importacao_postgresql", unidade="s", meta=3.0, o_que=f"{_IMPORT}; no PostgreSQL")
def import_to_server() -> Measured:
    with running_server() as server:
        server.create("medida")
        with _open(server.url("medida")) as database:
            return _import(database)


@bench(
    "anp_espelho_clientes",
    unidade="s",
    meta=10.0,
    o_que="conferir 100.000 clientes já consultados com uma lista em que 1 % mudou, aplicando os perfis; no SQLite",
)
def check_all_customers() -> Measured:
    with _file_database() as database:
        rows = resellers(_CUSTOMERS)
        _take(database, rows, 0)
        _add_customers(database, rows)
        first = _check(database, 0)
        if first.checked != _CUSTOMERS:
            raise MeasureFailed(f"{first.checked} clientes conferidos, e não {_CUSTOMERS}")
        seconds = []
        for day in range(1, _ROUNDS + 1):
            _take(database, _next(rows) if day % 2 else rows, day)
            started = time.perf_counter()
            report = _check(database, day)
            seconds.append(time.perf_counter() - started)
            if report.checked != _CUSTOMERS or not report.recorded:
                raise MeasureFailed(f"a conferência não fez o que devia: {report.sentence}")
    return Measured(median(seconds))


def _import(database: Database) -> Measured:
    rows = resellers(AUTOMOTIVE_ROWS)
    _take(database, rows, 0)
    files = [automotive_csv(rows), automotive_csv(_next(rows))]
    seconds = []
    for day in range(1, _ROUNDS + 1):
        started = time.perf_counter()
        report = _take_file(database, files[day % 2], day)
        seconds.append(time.perf_counter() - started)
        if report.same or not report.counts[ChangeKind.LEFT] or report.rejected:
            raise MeasureFailed(f"a importação não fez o que devia: {report.sentence}")
    return Measured(median(seconds))


def _next(rows: list[AnpRegistration]) -> list[AnpRegistration]:
    """The list of the next day: 1 % is different."""
    share = len(rows) // 500
    return mutated(rows, new=share, vanished=share, brands=share, names=share, addresses=share)


def _take(database: Database, rows: list[AnpRegistration], day: int) -> ListReport:
    return _take_file(database, automotive_csv(rows), day)


def _take_file(database: Database, data: bytes, day: int) -> ListReport:
    moment = _FIRST_DAY + timedelta(days=day)
    return take_list(database, data, None, source="medida.csv", taken_at=moment, actor=_ACTOR)


def _check(database: Database, day: int) -> CheckReport:
    values: dict[Setting[Any], object] = {
        ANP_CUSTOMER[AnpStatus.NOT_FOUND]: CustomerAction.BLOCK,
        ANP_CUSTOMER[AnpStatus.UPDATED]: CustomerAction.UNBLOCK,
        ANP_CUSTOMER_NO_BRAND: MissingBrandAction.BLOCK,
        ANP_UPDATE_BRAND: True,
    }
    snapshot = Snapshot({(setting, GENERAL_COMPANY): Kept(value) for setting, value in values.items()})
    now = _FIRST_DAY + timedelta(days=day, hours=1)
    return check_customers(database, snapshot, apply=True, actor=_ACTOR, now=now)


def _add_customers(database: Database, rows: list[AnpRegistration]) -> None:
    with database.writing() as connection:
        for name in sorted({row.brand for row in rows}):
            values = records.parse(BRANDS, {"nome": name.title(), "tipo": "concorrente", "nomes_anp": name})
            records.add(connection, BRANDS, values, Snapshot(), _ACTOR)
        connection.execute(
            insert(Customer),
            [
                {
                    "document": row.cnpj,
                    "name": row.name,
                    "uf": row.uf,
                    "sefaz_action": SefazAction.NOTHING.value,
                    "search_text": row.name.casefold(),
                }
                for row in rows
            ],
        )


@contextmanager
def _file_database() -> Iterator[Database]:
    folder = Path(tempfile.mkdtemp(prefix="retaguarda-bench-"))
    try:
        with _open(f"sqlite:///{folder / 'medida.db'}") as database:
            yield database
    finally:
        shutil.rmtree(folder)


@contextmanager
def _open(url: str) -> Iterator[Database]:
    database = Database(url)
    try:
        database.migrate()
        yield database
    finally:
        database.close()
