"""What a person does with messages: sends one again as things are now, or cancels it; both are audited."""

from __future__ import annotations

import pytest

from app.data import audit, outbox, records
from app.data.audit import AuditQuery
from app.data.database import Database
from app.data.message_review import cancel, confirm, send_again
from app.data.outbox import NewMessage
from app.kinds import InvalidValue
from app.rules.outbox import RESENDABLE, MessageState
from app.settings.catalog import WHATSAPP_TEMPLATE
from app.tables import CUSTOMERS
from tests.app.sentences import is_sentence
from tests.messages import CREATED, MOBILE, NOON, Shop, open_shop


@pytest.fixture
def shop(database: Database) -> Shop:
    return open_shop(database)


def put(shop: Shop, message_id: int, *states: MessageState) -> None:
    with shop.database.writing() as connection:
        for state in states:
            if state is MessageState.SENDING:
                assert outbox.reserve(connection, message_id, "PC-01/1", NOON)
            else:
                assert outbox.advance(connection, message_id, state, "Porque sim.", NOON, error_code=131026)


def again(shop: Shop, message_id: int) -> None:
    with shop.database.writing() as connection:
        send_again(connection, message_id, shop.snapshot, actor="maria", now=NOON)


def give_up(shop: Shop, message_id: int) -> None:
    with shop.database.writing() as connection:
        cancel(connection, message_id, actor="maria", now=NOON)


def audited(shop: Shop) -> list[tuple[str, str, str, str]]:
    with shop.database.reading() as connection:
        found = audit.page(connection, AuditQuery(), 0, 50)
    return [(e.actor, e.subject, e.old, e.new) for e in found if e.subject.startswith("mensagens/")]


def test_one_that_failed_goes_to_the_number_that_the_customer_has_now(shop: Shop) -> None:
    customer = shop.customer()
    message_id = shop.queue()
    put(shop, message_id, MessageState.SENDING, MessageState.FAILED)
    with shop.database.writing() as connection:
        records.change(connection, CUSTOMERS, customer, {"celular": "5511988887777"}, "maria")
    shop.settings[WHATSAPP_TEMPLATE[CREATED]] = "corrigido"
    again(shop, message_id)
    kept = shop.message(message_id)
    assert (kept.state, kept.destination, kept.template) == ("PENDENTE", "5511988887777", "corrigido")
    assert (kept.attempts, kept.error_code, kept.reason) == (0, None, "")
    assert audited(shop) == [("maria", f"mensagens/{message_id}", "Não enviada", "Na fila")]


def test_an_uncertain_one_is_sent_again_only_by_a_person(shop: Shop) -> None:
    shop.customer()
    message_id = shop.queue()
    put(shop, message_id, MessageState.SENDING, MessageState.UNCERTAIN)
    again(shop, message_id)
    assert shop.state(message_id) is MessageState.PENDING


def test_one_left_aside_goes_once_the_registration_is_complete(shop: Shop) -> None:
    customer = shop.customer(aceita_whatsapp=False)
    told = shop.tell()
    assert told.message_id is not None
    with pytest.raises(InvalidValue, match="não consentiu"):
        again(shop, told.message_id)
    with shop.database.writing() as connection:
        records.change(connection, CUSTOMERS, customer, {"aceita_whatsapp": True}, "maria")
    again(shop, told.message_id)
    assert shop.state(told.message_id) is MessageState.PENDING


def test_what_has_gone_or_waits_is_not_sent_again(shop: Shop) -> None:
    shop.customer()
    message_id = shop.queue()
    for state in (MessageState.PENDING, MessageState.SENDING, MessageState.ACCEPTED, MessageState.READ):
        if state is not MessageState.PENDING:
            put(shop, message_id, state)
        assert state not in RESENDABLE
        with pytest.raises(InvalidValue, match=f"“{state.label}” e não pode ser reenviada"):
            again(shop, message_id)


def test_a_test_is_not_sent_again(shop: Shop) -> None:
    with shop.database.writing() as connection:
        test = NewMessage(MOBILE, "hello_world", "en_US", (), "teste:1")
        message_id = outbox.add(connection, test, MessageState.FAILED, "", NOON)
    with pytest.raises(InvalidValue, match="é um teste"):
        again(shop, message_id)


def test_there_must_be_a_template(shop: Shop) -> None:
    shop.customer()
    message_id = shop.queue()
    give_up(shop, message_id)
    shop.settings[WHATSAPP_TEMPLATE[CREATED]] = ""
    with pytest.raises(InvalidValue, match="Não há modelo") as refused:
        again(shop, message_id)
    assert is_sentence(str(refused.value))


def test_what_waits_or_is_uncertain_can_be_cancelled(shop: Shop) -> None:
    shop.customer()
    message_id = shop.queue()
    give_up(shop, message_id)
    assert (shop.state(message_id), shop.message(message_id).reason) == (
        MessageState.CANCELLED,
        "Cancelada por maria.",
    )
    again(shop, message_id)
    put(shop, message_id, MessageState.SENDING)
    with pytest.raises(InvalidValue, match="“Enviando” e não pode ser cancelada"):
        give_up(shop, message_id)
    put(shop, message_id, MessageState.UNCERTAIN)
    give_up(shop, message_id)
    assert len(audited(shop)) == 3


def test_a_person_who_knows_that_an_uncertain_message_arrived_settles_it(shop: Shop) -> None:
    shop.customer()
    message_id = shop.queue()
    with pytest.raises(InvalidValue, match="só de uma incerta"), shop.database.writing() as connection:
        confirm(connection, message_id, actor="maria", now=NOON)
    put(shop, message_id, MessageState.SENDING, MessageState.UNCERTAIN)
    with shop.database.writing() as connection:
        confirm(connection, message_id, actor="maria", now=NOON)
    assert (shop.state(message_id), len(audited(shop))) == (MessageState.DELIVERED, 1)


def test_one_that_was_erased_is_said_so(shop: Shop) -> None:
    for act in (again, give_up):
        with pytest.raises(InvalidValue, match="já não existe"):
            act(shop, 99)
