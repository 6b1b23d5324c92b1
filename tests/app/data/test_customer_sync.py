"""What counters are told of customers: nothing missed, nothing overwritten unseen, nothing from another database."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select, update

from app.data import audit, customer_sync, manual_blocks, records
from app.data.customer_sync import AlreadyRegistered, Changes, Cursor, InvalidCursor, StaleVersion, TakenCustomer
from app.data.database import Database
from app.data.models import Customer, DatabaseIdentity
from app.data.records import InvalidRecord, RecordNotFound
from app.documents import parse_document
from app.settings.snapshot import Snapshot
from app.tables import CUSTOMERS
from services.demo.example import made_up_cnpj

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
ACTOR = "balcão Caixa 1"


def cnpj(number: int) -> str:
    return made_up_cnpj(f"{number:08}")


def add(database: Database, number: int, **values: str | bool) -> TakenCustomer:
    given = {"documento": cnpj(number), "nome": f"Posto {number}", "uf": "SP", **values}
    with database.writing() as connection:
        return customer_sync.add(connection, given, Snapshot(), ACTOR)


def change(database: Database, customer: TakenCustomer, **values: str | bool) -> TakenCustomer:
    with database.writing() as connection:
        return customer_sync.change(connection, customer.id, customer.revision, values, ACTOR)


def read(database: Database, cursor: str = "", limit: int = 100) -> Changes:
    with database.reading() as connection:
        return customer_sync.changed_since(connection, cursor, limit)


def ids(changes: Changes) -> list[int]:
    return [customer.id for customer in changes.customers]


def test_customers_come_once_and_in_the_order_in_which_they_changed(database: Database) -> None:
    first, second, third = (add(database, number) for number in (1, 2, 3))
    everything = read(database)
    assert ids(everything) == [first.id, second.id, third.id]
    assert not everything.more

    change(database, first, nome="Posto Um")
    news = read(database, str(everything.cursor))
    assert [(customer.id, customer.name) for customer in news.customers] == [(first.id, "Posto Um")]
    assert ids(read(database, str(news.cursor))) == []
    assert read(database, str(news.cursor)).cursor == news.cursor


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 100])
def test_pages_of_any_size_bring_every_customer(database: Database, limit: int) -> None:
    with database.writing() as connection:  # one transaction: in PostgreSQL all of them have the same revision
        wanted = [
            customer_sync.add(
                connection, {"documento": cnpj(number), "nome": "Posto", "uf": "GO"}, Snapshot(), ACTOR
            ).id
            for number in range(1, 8)
        ]
    found: list[int] = []
    cursor, more = "", True
    while more:
        changes = read(database, cursor, limit)
        found += ids(changes)
        cursor, more = str(changes.cursor), changes.more
    assert found == wanted


def test_a_database_without_customers_gives_a_cursor_to_go_on_from(database: Database) -> None:
    nothing = read(database)
    assert nothing.customers == []
    added = add(database, 1)
    assert ids(read(database, str(nothing.cursor))) == [added.id]


def test_every_way_of_changing_a_customer_is_told(database: Database) -> None:
    customer = add(database, 1)
    cursor = str(read(database).cursor)
    with database.writing() as connection:
        manual_blocks.block(connection, customer.id, "Cheque devolvido", actor="maria", at=NOW)
    told = read(database, cursor)
    assert [(c.id, c.blocked) for c in told.customers] == [(customer.id, True)]
    with database.writing() as connection:
        records.set_active(connection, CUSTOMERS, customer.id, False, "maria")
    told = read(database, str(told.cursor))
    assert [(c.id, c.active) for c in told.customers] == [(customer.id, False)]


def test_what_counters_are_not_told_of_is_no_change(database: Database) -> None:
    customer = add(database, 1)
    cursor = str(read(database).cursor)
    with database.writing() as connection:
        connection.execute(update(Customer).where(Customer.id == customer.id).values(sefaz_at=NOW))
    assert ids(read(database, cursor)) == []


def test_what_was_begun_first_and_ends_last_is_not_passed_over(postgresql_url: str) -> None:
    with ExitStack() as open_things:
        database = Database(postgresql_url)
        open_things.callback(database.close)
        slow, quick = add(database, 1), add(database, 2)
        cursor = str(read(database).cursor)
        writing = open_things.enter_context(ExitStack())
        connection = writing.enter_context(database.writing())
        connection.execute(update(Customer).where(Customer.id == slow.id).values(name="Devagar"))

        change(database, quick, nome="Depressa")  # a later transaction that ends before
        early = read(database, cursor)
        assert ids(early) == []

        writing.close()
        late = read(database, str(early.cursor))
        assert [customer.name for customer in late.customers] == ["Devagar", "Depressa"]


def test_a_cursor_of_another_database_is_refused(database: Database) -> None:
    add(database, 1)
    cursor = str(read(database).cursor)
    with database.writing() as connection:
        connection.execute(update(DatabaseIdentity).values(value="f" * 32))
    with pytest.raises(InvalidCursor, match="outro banco"):
        read(database, cursor)


def test_a_cursor_newer_than_the_database_is_refused(database: Database) -> None:
    add(database, 1)
    cursor = read(database).cursor
    with pytest.raises(InvalidCursor, match="cópia"):
        read(database, str(Cursor(cursor.identity, 10**17, 1)))


@pytest.mark.parametrize("text", ["x", "1:2:3", "0" * 32 + ":1", "0" * 32 + ":1:2:3", "0" * 32 + ":-1:2", " "])
def test_what_is_no_cursor_is_refused(database: Database, text: str) -> None:
    with pytest.raises(InvalidCursor):
        read(database, text)


@given(
    st.text("0123456789abcdef", min_size=32, max_size=32),
    st.integers(0, 10**18 - 1),
    st.integers(0, 2**29),
)
def test_a_cursor_is_read_as_it_is_written(identity: str, revision: int, customer_id: int) -> None:
    cursor = Cursor(identity, revision, customer_id)
    assert Cursor.parse(str(cursor)) == cursor


@given(st.text() | st.from_regex(r"[0-9a-f]{30,34}:[0-9]{0,20}:-?[0-9]{0,12}", fullmatch=True))
def test_any_text_is_a_cursor_or_refused(text: str) -> None:
    try:
        cursor = Cursor.parse(text)
    except InvalidCursor:
        return
    assert Cursor.parse(str(cursor)) == cursor


def test_a_counter_adds_a_customer_as_the_form_would(database: Database) -> None:
    added = add(database, 1, celular="(11) 98888-7777", aceita_whatsapp=True, cep="01310-100", aceite="no balcão")
    assert (added.mobile, added.whatsapp_consent, added.postal_code) == ("5511988887777", True, "01310100")
    assert added.active
    with database.reading() as connection:
        assert customer_sync.one(connection, added.id) == added
        assert customer_sync.with_document(connection, parse_document(added.document)) == [added]
        entries = audit.latest(connection, f"clientes/{added.id}")
    assert [entry.actor for entry in entries] == [ACTOR]


def test_all_that_is_wrong_is_said_at_once(database: Database) -> None:
    with pytest.raises(InvalidRecord) as refused:
        add(database, 1, documento="11222333000180", cep="123", celular="1", bandeira="1")
    assert set(refused.value.errors) == {"documento", "cep", "celular", "bandeira"}
    assert "retaguarda" in refused.value.errors["bandeira"]
    assert ids(read(database)) == []


def test_the_same_customer_again_is_told_as_it_is(database: Database) -> None:
    added = add(database, 1)
    with pytest.raises(AlreadyRegistered) as refused:
        add(database, 1, nome="Outro nome")
    assert refused.value.customer == added


@pytest.mark.parametrize("field", ["bandeira", "regiao", "acao_sefaz", "cadastro_anp", "bloqueado", "ativo", "id"])
def test_a_counter_does_not_change_what_is_the_back_offices(database: Database, field: str) -> None:
    customer = add(database, 1)
    with pytest.raises(InvalidRecord) as refused:
        change(database, customer, **{field: "1"})
    assert set(refused.value.errors) == {field}


def test_a_change_made_over_an_old_version_is_refused_with_the_customer_as_it_is(database: Database) -> None:
    seen = add(database, 1)
    now = change(database, seen, telefone="11 3333-0000")
    assert now.revision != seen.revision
    with pytest.raises(StaleVersion) as refused:
        change(database, seen, telefone="11 4444-0000")
    assert refused.value.customer == now
    assert change(database, now, telefone="11 4444-0000").phone == "11 4444-0000"


def test_nothing_changed_is_the_same_version(database: Database) -> None:
    customer = add(database, 1)
    assert change(database, customer, nome=customer.name, documento=customer.document) == customer


def test_a_document_is_not_exchanged_by_a_counter(database: Database) -> None:
    customer = add(database, 1)
    with pytest.raises(InvalidRecord) as refused:
        change(database, customer, documento=cnpj(2))
    assert set(refused.value.errors) == {"documento"}


def test_who_does_not_exist_is_not_changed(database: Database) -> None:
    with database.writing() as connection, pytest.raises(RecordNotFound):
        customer_sync.change(connection, 12345, 1, {"nome": "Ninguém"}, ACTOR)
    with database.reading() as connection:
        assert customer_sync.one(connection, 12345) is None
        assert connection.execute(select(func.count()).select_from(Customer)).scalar_one() == 0
