"""Whose turn it is: the order, those who wait, and the indexes that keep the question cheap."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, text, update

from app.data import customers, records
from app.data.database import Database
from app.data.models import Customer
from app.domain import Authority, Verdict
from app.settings.snapshot import Snapshot
from app.tables import CUSTOMERS
from tests import consultations
from tests.query_plan import plan

NOW = datetime(2026, 11, 21, 18, 40, tzinfo=UTC)
LIMIT = NOW - timedelta(days=30)


def add(database: Database, ie: str, uf: str = "SP", automatic: bool = True) -> int:
    texts = {"documento": "11222333000181", "nome": "Posto", "uf": uf, "ie": ie}
    with database.writing() as connection:
        values = {**records.parse(CUSTOMERS, texts), "consulta_automatica": automatic}
        return records.add(connection, CUSTOMERS, values, Snapshot(), "maria")


def note(database: Database, customer: int, verdict: Verdict, at: datetime, retry_at: datetime | None = None) -> None:
    with database.writing() as connection:
        consultations.note(connection, customer, verdict, at, retry_at)


def due(database: Database, now: datetime = NOW, ufs: tuple[str, ...] = ("SP", "GO"), limit: int = 99) -> list[int]:
    with database.reading() as connection:
        found = customers.next_due(connection, answered_before=LIMIT, now=now, ufs=ufs, limit=limit)
    return [subject.id for subject in found]


def test_never_answered_first_then_the_longest_ago(database: Database) -> None:
    long_ago, never, longest_ago, recently, never_too, at_the_limit = (add(database, f"1{n}") for n in range(6))
    note(database, long_ago, Verdict.ENABLED, LIMIT - timedelta(days=1))
    note(database, longest_ago, Verdict.DISABLED, LIMIT - timedelta(days=9))
    note(database, recently, Verdict.ENABLED, NOW - timedelta(days=1))
    note(database, at_the_limit, Verdict.ENABLED, LIMIT)
    assert due(database) == [never, never_too, longest_ago, long_ago]
    assert due(database, limit=1) == [never]


def test_a_failure_is_no_answer_and_only_makes_the_customer_wait(database: Database) -> None:
    customer = add(database, "11")
    answered = LIMIT - timedelta(days=3)
    note(database, customer, Verdict.DISABLED, answered)
    note(database, customer, Verdict.FAILURE, NOW, NOW + timedelta(minutes=30))
    assert due(database) == []
    assert due(database, now=NOW + timedelta(minutes=30)) == [customer]
    with database.reading() as connection:
        row = customers.row(connection, customer)
    assert row is not None
    assert (row.verdict, row.answered_at) == (Verdict.DISABLED, answered)
    assert (row.outcome, row.tried_at) == (Verdict.FAILURE, NOW)
    note(database, customer, Verdict.ENABLED, NOW)
    assert due(database, now=NOW + timedelta(hours=1)) == []


@pytest.mark.parametrize("verdict", [Verdict.AMBIGUOUS, Verdict.NOT_TAXPAYER])
def test_an_answer_of_any_kind_counts_for_the_period(database: Database, verdict: Verdict) -> None:
    customer = add(database, "11")
    note(database, customer, verdict, NOW)
    assert due(database) == []
    note(database, customer, verdict, LIMIT - timedelta(seconds=1))
    assert due(database) == [customer]


def test_who_is_never_due(database: Database) -> None:
    add(database, "11", automatic=False)
    add(database, "12", uf="MA")
    inactive, wrong, due_one = add(database, "13"), add(database, "14"), add(database, "15", uf="GO")
    with database.writing() as connection:
        records.set_active(connection, CUSTOMERS, inactive, False, "maria")
    note(database, wrong, Verdict.DATA_ERROR, LIMIT - timedelta(days=400))
    assert due(database) == [due_one]
    assert due(database, ufs=()) == []


# --- Indexes ---------------------------------------------------------------------------------------------


def test_who_is_due_is_read_from_the_partial_index(database: Database) -> None:
    row = {"name": "Posto", "uf": "SP", "sefaz_action": "nao_faz_nada", "ie": "", "search_text": "posto"}
    with database.writing() as connection:
        connection.execute(insert(Customer), [{**row, "document": f"{n:014}", "sefaz_at": NOW} for n in range(5000)])
        connection.execute(update(Customer).where(Customer.id % 2 == 0).values(sefaz_automatic=False))
        connection.execute(text("ANALYZE customer"))
    told = plan(database, lambda c: customers.next_due(c, answered_before=LIMIT, now=NOW, ufs=["SP", "GO"]))
    assert "ix_customer_sefaz_due" in told
    assert not database.is_sqlite or "TEMP B-TREE" not in told


@pytest.mark.parametrize("analysed", [True, False], ids=["com estatísticas", "logo depois da carga"])
@pytest.mark.parametrize("answered", ["nunca", "todos", "metade"])
def test_who_is_due_at_anp_is_a_walk_along_the_partial_index(database: Database, answered: str, analysed: bool) -> None:
    row = {"name": "Posto", "uf": "SP", "sefaz_action": "nao_faz_nada", "ie": "", "search_text": "posto"}
    moments: dict[str, Callable[[int], datetime | None]] = {
        "nunca": lambda n: None,
        "todos": lambda n: NOW - timedelta(seconds=n),
        "metade": lambda n: NOW - timedelta(seconds=n) if n % 2 else None,
    }
    waiting = NOW + timedelta(minutes=30)
    rows = [
        {**row, "document": f"{n:014}", "anp_at": moments[answered](n), "anp_retry_at": waiting if n < 300 else None}
        for n in range(5000)
    ]
    with database.writing() as connection:
        connection.execute(insert(Customer), rows)
        if analysed and not database.is_sqlite:  # nobody asks SQLite for statistics
            connection.execute(text("ANALYZE customer"))
    told = plan(database, lambda c: customers.next_due_anp(c, answered_before=LIMIT, now=NOW))
    assert told.count("ix_customer_anp_due") == (
        2 if answered == "todos" else 1
    )  # the second look only without a first
    assert not any(word in told for word in ("Sort", "Seq Scan", "Bitmap", "TEMP B-TREE", "SCAN"))


def test_a_customer_set_aside_waits_at_that_authority_alone(database: Database) -> None:
    customer, until = add(database, "11"), NOW + timedelta(days=1)
    with database.writing() as connection:
        customers.set_aside(connection, Authority.ANP, customer, until)
    assert due(database) == [customer]
    with database.reading() as connection:
        asked = [
            [subject.id for subject in customers.next_due_anp(connection, answered_before=LIMIT, now=now)]
            for now in (NOW, until)
        ]
    assert asked == [[], [customer]]
    with database.writing() as connection:
        customers.set_aside(connection, Authority.SEFAZ, customer, until)
    assert due(database) == []
    assert due(database, now=until) == [customer]
