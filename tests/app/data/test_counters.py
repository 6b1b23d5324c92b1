"""The counters: one token each, told once, worth nothing once revoked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.data import audit, counters, records
from app.data.counters import Caller, CounterNotFound, Sighting
from app.data.database import Database
from app.kinds import InvalidValue
from app.settings.snapshot import Snapshot
from app.tables import COMPANIES

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def add(database: Database, name: str, company: int | None = None) -> tuple[int, str]:
    with database.writing() as connection:
        return counters.add(connection, name, company, "maria", NOW)


def working(database: Database) -> dict[str, Caller]:
    with database.reading() as connection:
        return counters.working(connection)


def test_a_counter_is_known_by_its_token_until_it_is_revoked(database: Database) -> None:
    first, one = add(database, "Balcão 1")
    second, other = add(database, "Balcão 2")
    assert one != other
    assert working(database) == {
        counters.token_hash(one): Caller(first, "Balcão 1", None),
        counters.token_hash(other): Caller(second, "Balcão 2", None),
    }
    with database.writing() as connection:
        revoked = counters.revoke(connection, first, "joao", NOW)
    assert (revoked.revoked, revoked.revoked_at, revoked.revoked_by) == (True, NOW, "joao")
    assert list(working(database).values()) == [Caller(second, "Balcão 2", None)]


def test_revoking_twice_changes_nothing(database: Database) -> None:
    number, _ = add(database, "Balcão 1")
    with database.writing() as connection:
        first = counters.revoke(connection, number, "joao", NOW)
        assert counters.revoke(connection, number, "maria", NOW + timedelta(days=1)) == first
        assert [entry.what for entry in audit.latest(connection, "balcoes/")] == [
            "Balcão: revogado",
            "Balcão: incluído",
        ]
        with pytest.raises(CounterNotFound, match="Não existe o balcão 99"):
            counters.revoke(connection, 99, "joao", NOW)


def test_a_revoked_one_comes_back_by_its_name_with_another_token(database: Database) -> None:
    number, old = add(database, "Balcão 1")
    with database.writing() as connection:
        counters.revoke(connection, number, "joao", NOW)
    again, new = add(database, "BALCÃO 1")
    assert again == number
    assert working(database) == {counters.token_hash(new): Caller(number, "BALCÃO 1", None)}
    assert new != old


@pytest.mark.parametrize("name", ["Balcão 1", "balcão 1", "  BALCÃO   1 "])
def test_two_that_work_have_different_names(database: Database, name: str) -> None:
    add(database, "Balcão 1")
    with pytest.raises(InvalidValue, match="Já existe o balcão 1 · Balcão 1"):
        add(database, name)


@pytest.mark.parametrize("name", ["", "  ", "x" * 81])
def test_the_name_is_checked(database: Database, name: str) -> None:
    with pytest.raises(InvalidValue):
        add(database, name)
    assert working(database) == {}


def test_the_company_is_one_that_is_there(database: Database) -> None:
    with database.writing() as connection:
        values = {"cnpj": "11222333000181", "nome": "Posto", "uf": "SP"}
        company = records.add(connection, COMPANIES, values, Snapshot(), "maria")
    number, token = add(database, "Balcão 1", company)
    assert working(database)[counters.token_hash(token)] == Caller(number, "Balcão 1", company)
    with pytest.raises(InvalidValue, match=f"Não existe o código {company + 1} em Empresas"):
        add(database, "Balcão 2", company + 1)


def test_the_audit_has_who_let_it_in_and_no_token(database: Database) -> None:
    number, token = add(database, "Balcão 1")
    with database.reading() as connection:
        (entry,) = audit.latest(connection, f"balcoes/{number}")
    assert (entry.actor, entry.at) == ("maria", NOW)
    assert entry.new == f"Balcão 1, todas as empresas, token que termina em {token[-4:]}"
    assert token not in str(entry)


def test_the_last_sighting_is_kept_whole_within_its_columns(database: Database) -> None:
    number, _ = add(database, "Balcão 1")
    with database.writing() as connection:
        counters.note_seen(connection, [Sighting(number, NOW, "9" * 100, "v" * 100)])
        counters.note_seen(connection, [Sighting(number, NOW - timedelta(minutes=1), "antes", "antes")])
        seen = counters.get(connection, number)
    assert (seen.last_seen_at, seen.last_address, seen.last_version) == (NOW, "9" * 64, "v" * 60)
