"""The instalments that counters tell of: what is looked at of them when a sale waits for it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import insert, text

from app.data import instalments, records
from app.data.database import Database
from app.data.models import Instalment
from app.documents import parse_document
from app.policies import InstalmentSituation, OverdueCompanies
from app.settings.snapshot import Snapshot
from app.tables import COMPANIES
from tests.query_plan import plan

NOW = datetime(2026, 11, 22, 15, tzinfo=UTC)
BUYERS = [parse_document(text) for text in ("11222333000181", "52998224725")]


@pytest.mark.parametrize("companies", OverdueCompanies)
def test_what_a_few_owe_is_found_by_the_index_however_many_owe(database: Database, companies: OverdueCompanies) -> None:
    row: dict[str, Any] = {
        "contract": "",
        "due_on": date(2026, 11, 1),
        "amount_cents": 100,
        "paid_cents": 0,
        "situation": InstalmentSituation.OPEN.value,
        "updated_at": NOW,
    }
    with database.writing() as connection:
        given = {"cnpj": "11444777000161", "nome": "Posto", "uf": "SP"}
        company = records.add(connection, COMPANIES, given, Snapshot(), "maria")
        debts = [
            {**row, "company_id": company, "external_id": str(n), "document": f"{n % 2500:014}"} for n in range(5000)
        ]
        connection.execute(insert(Instalment), debts)
        connection.execute(text("ANALYZE instalment"))
    told = plan(database, lambda c: instalments.credit(c, BUYERS, company, companies, NOW.date()))
    assert "ix_instalment_document_due_on" in told
    assert "Seq Scan on instalment" not in told.replace("instalment_load", "")
