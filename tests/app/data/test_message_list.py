"""Messages found on both databases: by the customer in any case and accents, by order and by number."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.data import message_list, outbox, records, whatsapp_pauses
from app.data.database import Database
from app.data.message_list import MessageQuery
from app.data.outbox import NewMessage
from app.policies import ServiceOrderStage
from app.rules.outbox import MessageState
from app.settings.catalog import WHATSAPP_NUMBER, WHATSAPP_ORDERS
from app.settings.snapshot import Kept, Snapshot
from app.tables import COMPANIES

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
"""A Friday, at noon in Brasília."""
ON = Snapshot({(WHATSAPP_ORDERS, 0): Kept(True), (WHATSAPP_NUMBER, 0): Kept("106540352242922")})


def add(
    database: Database,
    name: str,
    destination: str,
    order: str,
    state: MessageState = MessageState.PENDING,
    *,
    company_id: int | None = 1,
    at: datetime = NOW,
) -> int:
    stage = ServiceOrderStage.CREATED if company_id is not None else None
    message = NewMessage(
        destination,
        "os_criada",
        "pt_BR",
        (name, order),
        f"{name}:{order}",
        company_id=company_id,
        order_number=order,
        stage=stage,
        customer_name=name,
        expires_at=at + timedelta(hours=48),
    )
    with database.writing() as connection:
        return outbox.add(connection, message, state, "", at)


@pytest.fixture
def filled(database: Database) -> Database:
    with database.writing() as connection:
        for cnpj, name in (("11222333000181", "Posto Modelo"), ("11444777000161", "Outra")):
            records.add(connection, COMPANIES, {"cnpj": cnpj, "nome": name, "uf": "SP"}, Snapshot(), "maria")
    add(database, "Posto Água Limpa", "5527999991234", "120")
    add(database, "Zé 100%", "5511988887777", "9_1", MessageState.FAILED, company_id=2, at=NOW - timedelta(days=8))
    add(database, "", "5567977776666", "", MessageState.ACCEPTED, company_id=None)
    return database


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (MessageQuery(), [3, 2, 1]),
        (MessageQuery("AGUA posto"), [1]),
        (MessageQuery("99999-1234"), [1]),
        (MessageQuery("(67) 97777"), [3]),
        (MessageQuery("+55 27 9 9999"), [1]),
        (MessageQuery("120"), [1]),
        (MessageQuery("100%"), [2]),
        (MessageQuery("9_1"), [2]),
        (MessageQuery("901"), []),
        (MessageQuery(states=frozenset({MessageState.PENDING, MessageState.FAILED})), [2, 1]),
        (MessageQuery(company_id=2), [2]),
        (MessageQuery(since=NOW - timedelta(days=1)), [3, 1]),
    ],
)
def test_messages_are_found_and_counted(filled: Database, query: MessageQuery, found: list[int]) -> None:
    with filled.reading() as connection:
        assert [row.id for row in message_list.page(connection, query, 0, 10)] == found
        assert message_list.count(connection, query) == len(found)


def test_one_message_is_whole(filled: Database) -> None:
    with filled.reading() as connection:
        message = message_list.get(connection, 1)
        test = message_list.get(connection, 3)
        assert message_list.get(connection, 4) is None
    assert message is not None
    assert test is not None
    assert (message.row.company, message.row.stage, message.parameters) == (
        "Posto Modelo",
        ServiceOrderStage.CREATED,
        ("Posto Água Limpa", "120"),
    )
    assert message.row.expires_at == NOW + timedelta(hours=48)
    assert (test.row.company_id, test.row.company, test.row.stage) == (None, "", None)


def test_what_holds_one_of_the_queue_is_its_reason(filled: Database) -> None:
    with filled.writing() as connection:
        subject = whatsapp_pauses.template("106540352242922", "os_criada")
        whatsapp_pauses.hold(connection, subject, None, "Modelo pausado.", 132015, NOW)
    with filled.reading() as connection:
        rows = message_list.page(connection, MessageQuery(), 0, 10)
        on = message_list.explained(connection, rows, ON, NOW)
        off = message_list.explained(connection, rows, Snapshot(), NOW)
    assert [row.reason for row in on] == ["", "", "Modelo pausado."]
    assert "desligadas" in off[2].reason
    assert [row.id for row in on] == [3, 2, 1]
