"""Blocks by hand: reason, customer and audit change together, and only what was chosen."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from app.data import audit, blocks, customers, manual_blocks, records
from app.data.database import Database
from app.domain import BlockOrigin
from app.kinds import InvalidValue
from app.settings.snapshot import Snapshot
from app.tables import CUSTOMERS

NOW = datetime(2026, 11, 21, 18, 40, tzinfo=UTC)


@pytest.fixture
def customer(database: Database) -> int:
    texts = {"documento": "11222333000181", "nome": "Posto Modelo", "uf": "SP"}
    with database.writing() as connection:
        return records.add(connection, CUSTOMERS, records.parse(CUSTOMERS, texts), Snapshot(), "maria")


def test_a_block_is_audited_with_its_reason(database: Database, customer: int) -> None:
    with database.writing() as connection:
        manual_blocks.block(connection, customer, "  Cheque   devolvido ", actor="maria", at=NOW)
    with database.reading() as connection:
        (reason,) = blocks.active(connection, customer)
        row = customers.row(connection, customer)
        entry = audit.latest(connection, f"clientes/{customer}")[0]
    assert (reason.origin, reason.reason, reason.by, reason.since) == (
        BlockOrigin.MANUAL,
        "Cheque devolvido",
        "maria",
        NOW,
    )
    assert row is not None
    assert row.blocked
    assert (entry.actor, entry.new) == ("maria", "Cheque devolvido")
    assert "bloqueado manualmente" in entry.what


def test_only_the_chosen_reasons_are_lifted_and_the_rest_keeps_the_customer_blocked(
    database: Database, customer: int
) -> None:
    with database.writing() as connection:
        blocks.add(connection, customer, BlockOrigin.SEFAZ, "Não habilitado", by="servico", at=NOW)
        manual_blocks.block(connection, customer, "Cheque devolvido", actor="maria", at=NOW)
    with database.writing() as connection:
        sefaz, manual = blocks.active(connection, customer)
        lifted = manual_blocks.release(connection, customer, [sefaz.id], "IE regularizada", actor="joao", at=NOW)
    with database.reading() as connection:
        left = blocks.active(connection, customer)
        past = {reason.id: reason for reason in blocks.history(connection, customer)}
        row = customers.row(connection, customer)
        entry = audit.latest(connection, f"clientes/{customer}")[0]
    assert lifted == 1
    assert left == (manual,)
    assert row is not None
    assert row.blocked
    assert (past[sefaz.id].lifted_by, past[sefaz.id].lift_reason) == ("joao", "IE regularizada")
    assert (entry.old, entry.new) == ("Não habilitado", "IE regularizada")
    assert "SEFAZ" in entry.what


def test_a_reason_lifted_meanwhile_is_neither_counted_nor_audited_again(database: Database, customer: int) -> None:
    with database.writing() as connection:
        manual_blocks.block(connection, customer, "Cheque devolvido", actor="maria", at=NOW)
        (reason,) = blocks.active(connection, customer)
        manual_blocks.release(connection, customer, [reason.id], "Pago", actor="joao", at=NOW)
    with database.writing() as connection:
        before = len(audit.latest(connection, f"clientes/{customer}"))
        assert manual_blocks.release(connection, customer, [reason.id], "Pago", actor="maria", at=NOW) == 0
        assert len(audit.latest(connection, f"clientes/{customer}")) == before
        row = customers.row(connection, customer)
    assert row is not None
    assert not row.blocked


@pytest.mark.parametrize("reason", ["", "  \n", "x" * 301])
def test_without_a_proper_reason_nothing_happens(database: Database, customer: int, reason: str) -> None:
    with database.writing() as connection, pytest.raises(InvalidValue):
        manual_blocks.block(connection, customer, reason, actor="maria", at=NOW)
    with database.reading() as connection:
        assert blocks.active(connection, customer) == ()
        assert len(audit.latest(connection, f"clientes/{customer}")) == 1
