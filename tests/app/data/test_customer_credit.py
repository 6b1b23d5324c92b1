"""What a customer owes, on both databases: by the calendar date and the grace of each company that sold."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from app.data import customer_credit, instalments, records
from app.data.database import Database
from app.data.instalments import Told
from app.documents import parse_document
from app.policies import InstalmentSituation
from app.settings.catalog import OVERDUE_GRACE
from app.settings.snapshot import Kept, Snapshot
from app.tables import BRANCHES, COMPANIES

BUYER = parse_document("52998224725")
SP, AC = 1, 2
NIGHT = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
"""A Friday at 1:00 in São Paulo, and still Thursday, at 23:00, in Rio Branco."""


@pytest.fixture
def companies(database: Database) -> Database:
    with database.writing() as connection:
        for cnpj, name, uf in (("11222333000181", "Loja SP", "SP"), ("11444777000161", "Loja AC", "GO")):
            records.add(connection, COMPANIES, {"cnpj": cnpj, "nome": name, "uf": uf}, Snapshot(), "maria")
        branch = {
            "empresa": AC,
            "cnpj": "11444777000161",
            "nome": "Matriz",
            "uf": "AC",
            "fuso": "America/Rio_Branco",
        }
        records.add(connection, BRANCHES, branch, Snapshot(), "maria")
    return database


def told(number: str, due_on: date, paid: str = "0") -> Told:
    return Told(number, BUYER, "", due_on, Decimal("50.00"), Decimal(paid), InstalmentSituation.OPEN)


def test_each_company_counts_days_by_its_own_date_and_grace(companies: Database) -> None:
    wednesday, thursday = date(2026, 11, 18), date(2026, 11, 19)
    with companies.writing() as connection:
        instalments.receive(connection, SP, [told("A", thursday), told("B", wednesday, paid="50.00")], NIGHT)
        instalments.receive(connection, AC, [told("A", thursday), told("C", wednesday)], NIGHT - timedelta(days=1))
    with companies.reading() as connection:
        credit = customer_credit.look(connection, BUYER, Snapshot(), NIGHT)
        patient = Snapshot({(OVERDUE_GRACE, SP): Kept(3)})
        later = customer_credit.look(connection, BUYER, patient, NIGHT)
        nobody = customer_credit.look(connection, parse_document("11144477735"), Snapshot(), NIGHT)
    days = {(each.company, each.instalment.external_id): each.days_overdue for each in credit.owed}
    assert days == {("1 · Loja SP", "A"): 1, ("2 · Loja AC", "A"): 0, ("2 · Loja AC", "C"): 1}
    assert [each.company for each in later.overdue] == ["2 · Loja AC"]
    assert credit.received_at == NIGHT - timedelta(days=1)
    assert nobody.owed == ()


def test_before_any_company_was_told_nothing_is_known(companies: Database) -> None:
    with companies.reading() as connection:
        assert customer_credit.look(connection, BUYER, Snapshot(), NIGHT).received_at is None
