"""Reasons of a block: many at once, lifted one by one, and a customer blocked exactly while one is active."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from app.data import blocks, records
from app.data.database import Database
from app.data.models import Customer
from app.domain import BlockOrigin
from app.settings.snapshot import Snapshot
from app.tables import CUSTOMERS

NOW = datetime(2026, 11, 21, 18, 40, tzinfo=UTC)
LATER = NOW + timedelta(hours=2)


@pytest.fixture
def customers(database: Database) -> tuple[int, int]:
    """Two customers, so that what is done to one is seen not to touch the other."""
    with database.writing() as connection:
        one, two = (
            records.add(
                connection,
                CUSTOMERS,
                records.parse(CUSTOMERS, {"documento": document, "nome": "Posto", "uf": "SP"}),
                Snapshot(),
                "maria",
            )
            for document in ("11222333000181", "52998224725")
        )
        return one, two


def add(database: Database, customer: int, origin: BlockOrigin, reason: str) -> int:
    with database.writing() as connection:
        blocks.add(connection, customer, origin, reason, by="servico", at=NOW)
        return blocks.active(connection, customer)[-1].id


def lift(database: Database, customer: int, *ids: int) -> None:
    with database.writing() as connection:
        blocks.lift(connection, customer, ids, why="regularizado", by="joao", at=LATER)


def state(database: Database, customer: int) -> tuple[bool, list[str]]:
    """Whether the customer is blocked, and the active reasons."""
    with database.reading() as connection:
        blocked = connection.execute(select(Customer.blocked).where(Customer.id == customer)).scalar_one()
        return blocked, [reason.reason for reason in blocks.active(connection, customer)]


def test_blocked_exactly_while_a_reason_is_active(database: Database, customers: tuple[int, int]) -> None:
    one, two = customers
    assert state(database, one) == (False, [])
    sefaz = add(database, one, BlockOrigin.SEFAZ, "não habilitado")
    manual = add(database, one, BlockOrigin.MANUAL, "cheque devolvido")
    brand = add(database, one, BlockOrigin.ANP_BRAND, "sem bandeira")
    assert state(database, one) == (True, ["não habilitado", "cheque devolvido", "sem bandeira"])
    assert state(database, two) == (False, [])
    lift(database, one, manual)
    assert state(database, one) == (True, ["não habilitado", "sem bandeira"])
    lift(database, one, sefaz, brand)
    assert state(database, one) == (False, [])


def test_only_the_customers_own_active_reasons_are_lifted(database: Database, customers: tuple[int, int]) -> None:
    one, two = customers
    mine = add(database, one, BlockOrigin.SEFAZ, "não habilitado")
    lift(database, two, mine)
    lift(database, one)
    lift(database, one, 99_999)
    assert state(database, one) == (True, ["não habilitado"])
    assert state(database, two) == (False, [])
    lift(database, one, mine)
    with database.writing() as connection:
        blocks.lift(connection, one, [mine], why="outra vez", by="ana", at=LATER + timedelta(days=1))
        (past,) = blocks.history(connection, one)
    assert (past.lifted_by, past.lift_reason, past.lifted_at) == ("joao", "regularizado", LATER)


def test_the_history_keeps_who_when_and_why_newest_first(database: Database, customers: tuple[int, int]) -> None:
    one, _ = customers
    first = add(database, one, BlockOrigin.SEFAZ, "não habilitado")
    lift(database, one, first)
    second = add(database, one, BlockOrigin.SEFAZ, "não habilitado")
    with database.reading() as connection:
        newest, oldest = blocks.history(connection, one)
        (active,) = blocks.active(connection, one)
    assert (newest.id, oldest.id, active.id) == (second, first, second)
    assert (active.origin, active.since, active.by, active.consultation_id) == (BlockOrigin.SEFAZ, NOW, "servico", None)
    assert (newest.lifted_at, newest.lifted_by, newest.lift_reason) == (None, "", "")
    assert (oldest.raised_at, oldest.raised_by) == (NOW, "servico")
    assert (oldest.lifted_at, oldest.lifted_by, oldest.lift_reason) == (LATER, "joao", "regularizado")
