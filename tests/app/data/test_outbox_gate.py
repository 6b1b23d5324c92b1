"""What leaves the outbox now, and what holds the rest: settings, hours in the branch's zone, pauses and limits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.data import outbox, outbox_gate, whatsapp_pauses
from app.data.database import Database
from app.data.outbox_gate import Queue
from app.data.whatsapp_pauses import Subject
from app.rules.outbox import Hold, MessageState
from app.settings.catalog import (
    WHATSAPP_COLLAPSE,
    WHATSAPP_DAILY,
    WHATSAPP_HOURS,
    WHATSAPP_NUMBER,
    WHATSAPP_ORDERS,
)
from app.working_hours import WorkingHours
from services.demo.whatsapp import NUMBER_ID
from tests.messages import FINISHED, MOBILE, NOON, OTHER_CPF, Shop, open_shop

SECOND = timedelta(seconds=1)
OTHER_MOBILE = "5511988887777"


@pytest.fixture
def shop(database: Database) -> Shop:
    made = open_shop(database)
    made.customer()
    made.customer(OTHER_CPF, celular=OTHER_MOBILE)
    return made


def look(shop: Shop, at: datetime = NOON) -> Queue:
    with shop.database.reading() as connection:
        return outbox_gate.look(connection, shop.snapshot, at)


def ready(shop: Shop, at: datetime = NOON) -> int | None:
    found = look(shop, at).ready
    return None if found is None else found.id


def held(shop: Shop, at: datetime = NOON) -> Hold:
    found = look(shop, at)
    assert found.ready is None
    assert found.held is not None
    return found.held


def pause(shop: Shop, subject: Subject, until: datetime | None, why: str = "Porque sim.") -> None:
    with shop.database.writing() as connection:
        whatsapp_pauses.hold(connection, subject, until, why, 190, NOON)


def send(shop: Shop, message_id: int, state: MessageState = MessageState.ACCEPTED, at: datetime = NOON) -> None:
    with shop.database.writing() as connection:
        assert outbox.reserve(connection, message_id, "PC-01/1", at)
        assert outbox.advance(connection, message_id, state, "", at)


def test_the_oldest_leaves_first(shop: Shop) -> None:
    assert look(shop) == Queue(None, None)
    first = shop.queue("1")
    shop.queue("2")
    assert ready(shop) == first


def test_a_message_held_lets_the_next_one_leave(shop: Shop) -> None:
    shop.queue("1")
    other = shop.queue("2", document=OTHER_CPF)
    pause(shop, whatsapp_pauses.person(MOBILE), None)
    assert ready(shop) == other


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({WHATSAPP_ORDERS: False}, "estão desligadas"),
        ({WHATSAPP_NUMBER: ""}, "Falta a identificação do número"),
    ],
)
def test_what_the_settings_do_not_let_leave_waits_for_a_person(
    shop: Shop, settings: dict[Any, Any], words: str
) -> None:
    shop.queue()
    shop.settings |= settings
    assert held(shop).until is None
    assert words in held(shop).why


# --- hours ---


def test_messages_leave_within_the_hours_of_the_branch(shop: Shop) -> None:
    message = shop.queue(at=NOON)
    shop.settings[WHATSAPP_HOURS] = WorkingHours(8 * 60, 12 * 60, frozenset(range(6)))
    opening = datetime(2026, 11, 26, 11, tzinfo=UTC)  # 8:00 in Brasília
    assert ready(shop, NOON - SECOND) == message
    assert held(shop).until == opening
    assert "Fora do horário permitido" in held(shop).why
    assert held(shop, opening - SECOND).until == opening
    assert ready(shop, opening) == message


def test_sundays_are_passed_over(shop: Shop) -> None:
    saturday_night = datetime(2026, 11, 29, 0, 30, tzinfo=UTC)  # 21:30 of the 28th in Brasília
    shop.queue(at=saturday_night)
    assert held(shop, saturday_night).until == datetime(2026, 11, 30, 11, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "open_at"), [("America/Manaus", 12), ("America/Rio_Branco", 13), ("America/Noronha", 10)]
)
def test_the_zone_is_the_branchs(database: Database, zone: str, open_at: int) -> None:
    shop = open_shop(database, zone)
    shop.customer()
    message = shop.queue(at=datetime(2026, 11, 25, 3, tzinfo=UTC))
    opening = datetime(2026, 11, 25, open_at, tzinfo=UTC)
    assert held(shop, opening - SECOND).until == opening
    assert ready(shop, opening) == message


def test_a_new_window_is_followed_by_what_already_waits(shop: Shop) -> None:
    night = NOON + timedelta(hours=9)
    message = shop.queue(at=NOON)
    assert held(shop, night).until is not None
    shop.settings[WHATSAPP_HOURS] = WorkingHours()
    assert ready(shop, night) == message


# --- pauses ---


def test_a_paused_channel_holds_all_of_its_number_until_then(shop: Shop) -> None:
    shop.queue()
    pause(shop, whatsapp_pauses.channel(NUMBER_ID), NOON + SECOND, "Instável.")
    assert held(shop) == Hold("Instável.", NOON + SECOND)
    assert ready(shop, NOON + SECOND) is not None


def test_another_numbers_pause_holds_nothing(shop: Shop) -> None:
    message = shop.queue()
    pause(shop, whatsapp_pauses.channel("99999"), None)
    pause(shop, whatsapp_pauses.template("99999", "os_criada"), None)
    pause(shop, whatsapp_pauses.template(NUMBER_ID, "outro"), None)
    pause(shop, whatsapp_pauses.person("5511900000000"), None)
    assert ready(shop) == message


def test_a_paused_template_holds_its_messages_only(shop: Shop) -> None:
    shop.settings[WHATSAPP_COLLAPSE] = False
    shop.queue("1")
    other = shop.queue("2", stage=FINISHED, document=OTHER_CPF)
    pause(shop, whatsapp_pauses.template(NUMBER_ID, "os_criada"), None)
    assert ready(shop) == other


def test_a_pause_that_waits_for_a_person_is_not_shortened(shop: Shop) -> None:
    channel = whatsapp_pauses.channel(NUMBER_ID)
    pause(shop, channel, None, "Token.")
    pause(shop, channel, NOON + SECOND, "Instável.")
    shop.queue()
    assert held(shop) == Hold("Token.", None)
    with shop.database.writing() as connection:
        assert whatsapp_pauses.resume(connection, channel, actor="maria", now=NOON)
    assert ready(shop) is not None
    with shop.database.writing() as connection:
        assert not whatsapp_pauses.resume(connection, channel, actor="maria", now=NOON)


@pytest.mark.parametrize(
    "subject",
    [
        whatsapp_pauses.channel(NUMBER_ID),
        whatsapp_pauses.template("9" * 20, "a" * 512),
        whatsapp_pauses.person(MOBILE),
    ],
)
def test_every_pause_is_read_back_as_it_was_kept(shop: Shop, subject: Subject) -> None:
    pause(shop, subject, NOON + SECOND)
    with shop.database.reading() as connection:
        (kept,) = whatsapp_pauses.in_force(connection, NOON)
        assert whatsapp_pauses.in_force(connection, NOON + SECOND) == []
    assert (kept.subject, kept.until, kept.reason, kept.error_code) == (subject, NOON + SECOND, "Porque sim.", 190)
    with shop.database.writing() as connection:
        whatsapp_pauses.forget_ended(connection, NOON + SECOND)
        assert not whatsapp_pauses.resume(connection, subject, actor="maria", now=NOON)


# --- limits ---


def test_the_limit_of_the_day_holds_everything_until_its_oldest_is_a_day_old(shop: Shop) -> None:
    shop.settings[WHATSAPP_DAILY] = 1
    send(shop, shop.queue("1"))
    waits = shop.queue("2", document=OTHER_CPF)
    tomorrow = NOON + timedelta(days=1)
    assert held(shop, NOON + SECOND).until == tomorrow
    assert "limite de 1 mensagens" in held(shop, NOON + SECOND).why
    assert ready(shop, tomorrow) == waits


def test_the_same_person_waits_six_seconds_and_the_others_do_not(shop: Shop) -> None:
    send(shop, shop.queue("1"))
    second = shop.queue("2")
    assert held(shop, NOON).until == NOON + 6 * SECOND
    other = shop.queue("3", document=OTHER_CPF)
    assert ready(shop, NOON) == other
    assert ready(shop, NOON + 6 * SECOND) == second


def test_what_ends_first_is_when_to_look_again(shop: Shop) -> None:
    shop.queue("1")
    shop.queue("2", document=OTHER_CPF)
    pause(shop, whatsapp_pauses.person(MOBILE), None)
    pause(shop, whatsapp_pauses.person(OTHER_MOBILE), NOON + SECOND)
    assert held(shop).until == NOON + SECOND


def test_a_long_queue_is_looked_through(shop: Shop) -> None:
    for order in range(210):
        shop.queue(str(order))
    last = shop.queue("novo", document=OTHER_CPF)
    pause(shop, whatsapp_pauses.person(MOBILE), None)
    assert ready(shop) == last


def test_a_list_shows_what_holds_each_message(shop: Shop) -> None:
    first, second = shop.queue("1"), shop.queue("2", document=OTHER_CPF)
    pause(shop, whatsapp_pauses.person(MOBILE), None, "Pausado.")
    with shop.database.reading() as connection:
        shown = outbox.waiting(connection, 0, 10)
        assert [message.id for message in shown] == [first, second]
        assert outbox_gate.holds(connection, shop.snapshot, shown, NOON) == {first: Hold("Pausado.", None)}
