"""The outbox: reserved by one, forward only, settled by time, erased at last."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, text, update

from app.data import lease, outbox
from app.data.database import Database
from app.data.models import Customer, ServiceOrderEvent
from app.data.outbox import RESERVATION, NewMessage, Outgoing
from app.rules.outbox import BEFORE, DAY, PAIR_INTERVAL, MessageState
from tests.messages import MOBILE, NOON, OTHER_CPF, Shop, open_shop

SECOND = timedelta(seconds=1)
NUMBERS = count(2)
TEST = NewMessage(MOBILE, "hello_world", "en_US", (), "teste:1")


@pytest.fixture
def shop(database: Database) -> Shop:
    made = open_shop(database)
    made.customer()
    return made


def reserve(shop: Shop, message_id: int, owner: str = "PC-01/1") -> Outgoing | None:
    with shop.database.writing() as connection:
        return outbox.reserve(connection, message_id, owner, NOON)


def advance(shop: Shop, message_id: int, state: MessageState, seconds: float = 0) -> bool:
    with shop.database.writing() as connection:
        return outbox.advance(connection, message_id, state, "Porque sim.", NOON + seconds * SECOND)


def tidy(shop: Shop, seconds: float) -> None:
    with shop.database.writing() as connection:
        outbox.tidy(connection, NOON + seconds * SECOND)


def test_a_message_reserved_is_whole_and_counts_the_attempt(shop: Shop) -> None:
    message_id = shop.queue()
    message = reserve(shop, message_id)
    assert message is not None
    assert (message.id, message.destination, message.template, message.attempts) == (message_id, MOBILE, "os_criada", 1)
    assert message.parameters == ("Maria da Silva", "120", "Posto Boa Viagem")
    kept = shop.message(message_id)
    assert (kept.state, kept.reserved_by, kept.reserved_until) == ("ENVIANDO", "PC-01/1", NOON + RESERVATION)


def test_what_one_reserved_no_other_does(shop: Shop) -> None:
    message_id = shop.queue()
    assert reserve(shop, message_id, "PC-01/1") is not None
    assert reserve(shop, message_id, "PC-02/1") is None


def test_of_many_that_reserve_at_once_each_message_goes_to_one(shop: Shop) -> None:
    messages = [shop.queue(str(order)) for order in range(10)]
    got: list[tuple[int, str]] = []
    ready = threading.Barrier(4)

    def take(owner: str) -> None:
        ready.wait()
        for message_id in messages:
            if reserve(shop, message_id, owner) is not None:
                got.append((message_id, owner))

    threads = [threading.Thread(target=take, args=(f"PC-0{number}/1",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(message_id for message_id, _ in got) == messages
    assert all(shop.message(message_id).reserved_by == owner for message_id, owner in got)


def test_who_waits_on_a_locked_message_does_not(postgresql_url: str) -> None:
    database = Database(postgresql_url)
    try:
        shop = open_shop(database)
        shop.customer()
        message_id = shop.queue()
        with database.writing() as first:
            assert outbox.reserve(first, message_id, "PC-01/1", NOON) is not None
            with database.writing() as second:
                second.execute(text("SET LOCAL lock_timeout = '30s'"))  # who waited would wait for ever
                assert outbox.reserve(second, message_id, "PC-02/1", NOON) is None
    finally:
        database.close()


def test_the_lease_of_the_sender_is_one_machines(shop: Shop) -> None:
    with shop.database.writing() as connection:
        assert lease.take(connection, "whatsapp", "PC-01/1", NOON)
    with shop.database.writing() as connection:
        assert not lease.take(connection, "whatsapp", "PC-02/1", NOON)


# --- states ---


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.lists(st.sampled_from(MessageState), max_size=8))
def test_whatever_is_told_in_whatever_order_a_message_goes_forward_only(shop: Shop, told: list[MessageState]) -> None:
    with shop.database.writing() as connection:
        test = replace(TEST, unique_key=f"teste:{next(NUMBERS)}")
        message_id = outbox.add(connection, test, MessageState.SENDING, "", NOON)
    state = MessageState.SENDING
    for wanted in told:
        changed = advance(shop, message_id, wanted)
        assert changed == (state in BEFORE[wanted])
        state = wanted if changed else state
        assert shop.state(message_id) is state


def test_confirmations_may_come_twice_and_out_of_order(shop: Shop) -> None:
    message_id = shop.queue()
    reserve(shop, message_id)
    assert advance(shop, message_id, MessageState.READ)
    assert not advance(shop, message_id, MessageState.DELIVERED)
    assert not advance(shop, message_id, MessageState.ACCEPTED)
    assert not advance(shop, message_id, MessageState.FAILED)
    assert not advance(shop, message_id, MessageState.READ)
    assert shop.state(message_id) is MessageState.READ


def test_a_confirmation_settles_an_uncertain_message(shop: Shop) -> None:
    message_id = shop.queue()
    reserve(shop, message_id)
    tidy(shop, RESERVATION.total_seconds())
    assert shop.state(message_id) is MessageState.UNCERTAIN
    assert advance(shop, message_id, MessageState.DELIVERED)


# --- time ---


def test_a_message_whose_sender_was_killed_is_uncertain_when_its_reservation_ends(shop: Shop) -> None:
    message_id = shop.queue()
    reserve(shop, message_id)
    tidy(shop, RESERVATION.total_seconds() - 1)
    assert shop.state(message_id) is MessageState.SENDING
    tidy(shop, RESERVATION.total_seconds())
    kept = shop.message(message_id)
    assert kept.state == "INCERTA"
    assert "não sabemos se o WhatsApp recebeu" in kept.reason


def test_a_message_that_is_no_longer_valid_is_left_aside(shop: Shop) -> None:
    message_id = shop.queue()
    tidy(shop, 48 * 3600 - 1)
    assert shop.state(message_id) is MessageState.PENDING
    tidy(shop, 48 * 3600)
    assert shop.state(message_id) is MessageState.IGNORED


def test_one_that_was_tried_and_is_no_longer_valid_failed(shop: Shop) -> None:
    message_id = shop.queue()
    reserve(shop, message_id)
    assert advance(shop, message_id, MessageState.PENDING)
    tidy(shop, 48 * 3600)
    assert shop.state(message_id) is MessageState.FAILED


@pytest.mark.parametrize("change", ["whatsapp_consent", "active"])
def test_who_no_longer_wants_messages_gets_none_of_the_queue(shop: Shop, change: str) -> None:
    shop.customer(OTHER_CPF, nome="João", celular="5511988887777")
    stays = shop.queue("121", document=OTHER_CPF)
    goes = shop.queue()
    tidy(shop, 0)
    assert shop.state(goes) is MessageState.PENDING
    with shop.database.writing() as connection:
        connection.execute(update(Customer).where(Customer.name != "João").values({change: False}))
    tidy(shop, 0)
    assert (shop.state(goes), shop.state(stays)) == (MessageState.IGNORED, MessageState.PENDING)


def test_messages_that_are_over_are_erased_with_their_events(shop: Shop) -> None:
    over, waits = shop.queue("1"), shop.queue("2")
    with shop.database.writing() as connection:
        assert outbox.advance(connection, over, MessageState.CANCELLED, "", NOON)
    with shop.database.writing() as connection:
        outbox.erase(connection, NOON)
    assert len(shop.states()) == 2, "not before its time"
    with shop.database.writing() as connection:
        outbox.erase(connection, NOON + SECOND)
        events = connection.execute(select(func.count()).select_from(ServiceOrderEvent)).scalar_one()
    assert shop.states() == [MessageState.PENDING]
    assert shop.state(waits) is MessageState.PENDING
    assert events == 1


# --- limits ---


def test_the_limit_is_of_any_24_hours(shop: Shop) -> None:
    for at in range(3):
        message_id = shop.queue(str(at))
        reserve(shop, message_id)
        advance(shop, message_id, MessageState.ACCEPTED, at)
    failed = shop.queue("9")
    reserve(shop, failed)
    advance(shop, failed, MessageState.FAILED, 3)
    with shop.database.reading() as connection:
        assert outbox.day_ends(connection, 4, NOON) is None, "what failed did not leave"
        assert outbox.day_ends(connection, 3, NOON + 3 * SECOND) == NOON + DAY
        assert outbox.day_ends(connection, 2, NOON + 3 * SECOND) == NOON + SECOND + DAY
        assert outbox.day_ends(connection, 3, NOON + DAY) is None


def test_who_was_just_written_to_is_known_for_six_seconds(shop: Shop) -> None:
    message_id = shop.queue()
    reserve(shop, message_id)
    with shop.database.reading() as connection:
        assert outbox.people_lately(connection, NOON) == {MOBILE: NOON}
        assert outbox.people_lately(connection, NOON + PAIR_INTERVAL - SECOND) == {MOBILE: NOON}
        assert outbox.people_lately(connection, NOON + PAIR_INTERVAL) == {}


def test_a_test_belongs_to_nobody(shop: Shop) -> None:
    with shop.database.writing() as connection:
        message_id = outbox.add(connection, TEST, MessageState.PENDING, "", NOON)
    kept = shop.message(message_id)
    assert (kept.event_id, kept.company_id, kept.customer_id, kept.stage, kept.expires_at) == (
        None,
        None,
        None,
        "",
        None,
    )
