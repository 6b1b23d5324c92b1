"""Rows put in together: each number is of its own row, and each value comes back as it was."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import Connection, select
from sqlalchemy.exc import DBAPIError

from app.data import records
from app.data.database import Database
from app.data.models import OrderCheck
from app.data.numbered_rows import insert_numbered
from app.settings.snapshot import Snapshot
from app.tables import COMPANIES

NOON = datetime(2026, 11, 22, 12, 0, 0, 123456, tzinfo=timezone(timedelta(hours=-3)))
_t = OrderCheck.__table__


@pytest.fixture
def connection(database: Database) -> Iterator[Connection]:
    with database.writing() as connection:
        values = {"cnpj": "11222333000181", "nome": "Posto Boa Viagem", "uf": "SP"}
        records.add(connection, COMPANIES, values, Snapshot(), "maria")
        yield connection


def check(place: int, **other: Any) -> dict[str, Any]:
    return {
        "at": NOON + timedelta(seconds=place),
        "actor": "balcão",
        "machine": "PC-“1”",
        "company_id": 1,
        "document": f"{place:014}",
        "customer_id": None,
        "kind": "pedido",
        "operation": "inclusao",
        "allowed": place % 2 == 0,
        "reasons": [f"Motivo {place}: não há, 'aspas' e %(por_cento)s", ""],
        "rules": [],
        "inputs": {"vencido": None, "lugar": place, "nome": "Ação & “Cia”\n"},
        "consultation_id": 2**40 + place,
        "counter_id": None,
        "reference": "",
        "previous_id": None,
        "release_needed": place % 3 == 0,
    } | other


@pytest.mark.parametrize("many", [1, 2, 40])
def test_each_row_is_under_its_number_as_it_was_given(connection: Connection, many: int) -> None:
    given = [check(place) for place in range(many, 0, -1)]
    numbers = insert_numbered(connection, OrderCheck, given)
    assert len(set(numbers)) == many
    for number, row in zip(numbers, given, strict=True):
        found = connection.execute(select(_t).where(_t.c.id == number)).mappings().one()
        assert dict(found) == row | {"id": number, "at": row["at"].astimezone(UTC)}


def test_the_next_rows_get_other_numbers(connection: Connection) -> None:
    first = insert_numbered(connection, OrderCheck, [check(1), check(2)])
    then = insert_numbered(connection, OrderCheck, [check(3)])
    assert then[0] > max(first)


def test_nothing_is_asked_for_no_rows(connection: Connection) -> None:
    assert insert_numbered(connection, OrderCheck, []) == []


def test_one_row_that_cannot_be_kept_keeps_all_out(connection: Connection) -> None:
    with pytest.raises(DBAPIError), connection.begin_nested():
        insert_numbered(connection, OrderCheck, [check(1), check(2, company_id=99)])
    assert connection.execute(select(_t.c.id)).all() == []
