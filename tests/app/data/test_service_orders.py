"""What counters tell of service orders: kept once, with the message that it means, or why there is none."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from app.data.database import Database
from app.data.models import ServiceOrderEvent
from app.data.outbox import advance, reserve
from app.data.service_orders import event, record_event
from app.policies import MessageField
from app.rules.outbox import MessageState
from app.settings.catalog import (
    WHATSAPP_COLLAPSE,
    WHATSAPP_EXPIRY,
    WHATSAPP_FIELDS,
    WHATSAPP_LANGUAGE,
    WHATSAPP_ORDERS,
    WHATSAPP_TEMPLATE,
)
from app.settings.snapshot import Kept, SettingKey, Snapshot
from tests.messages import CPF, CREATED, FINISHED, MOBILE, MOVING, NOON, OTHER_CPF, Shop, open_shop

HOUR = timedelta(hours=1)


@pytest.fixture
def shop(database: Database) -> Shop:
    return open_shop(database)


def events(shop: Shop) -> int:
    with shop.database.reading() as connection:
        return connection.execute(select(func.count()).select_from(ServiceOrderEvent)).scalar_one()


def test_an_event_is_kept_with_its_message(shop: Shop) -> None:
    customer = shop.customer()
    shop.settings[WHATSAPP_FIELDS[FINISHED]] = (MessageField.CUSTOMER, MessageField.STAGE, MessageField.COMPANY)
    told = shop.tell(FINISHED, situation="Pronta")
    assert (told.repeated, told.state, told.reason) == (False, MessageState.PENDING, "")
    assert told.message_id is not None
    kept = shop.message(told.message_id)
    assert (kept.event_id, kept.company_id, kept.customer_id) == (told.event_id, shop.company, customer)
    assert (kept.order_number, kept.stage, kept.customer_name) == ("120", "finalizada", "Maria da Silva")
    assert (kept.destination, kept.template, kept.language) == (MOBILE, "os_finalizada", "pt_BR")
    assert kept.parameters == ["Maria da Silva", "Pronta", "Posto Boa Viagem"]
    assert kept.unique_key == f"os:{shop.company}:120:finalizada:1"
    assert (kept.attempts, kept.next_at, kept.expires_at) == (0, None, NOON + timedelta(hours=48))


def test_an_event_is_read_as_it_was_told(shop: Shop) -> None:
    told = shop.tell(FINISHED, situation="Pronta", version=3)
    with shop.database.reading() as connection:
        news = event(connection, told.event_id)
    assert (news.order_number, news.stage, news.version, news.situation) == ("120", FINISHED, 3, "Pronta")
    assert (news.document.key, news.occurred_at, news.counter_id) == (CPF, NOON, None)


def test_the_words_of_the_stage_stand_where_the_counter_has_none(shop: Shop) -> None:
    shop.customer()
    shop.settings[WHATSAPP_FIELDS[MOVING]] = (MessageField.STAGE,)
    assert shop.message(shop.queue(stage=MOVING)).parameters == ["Em andamento"]


def test_the_same_event_told_again_changes_nothing(shop: Shop) -> None:
    shop.customer()
    first = shop.tell()
    again = shop.tell(at=NOON + HOUR)
    assert again.repeated
    assert (again.event_id, again.message_id, again.state) == (first.event_id, first.message_id, first.state)
    assert (events(shop), shop.states()) == (1, [MessageState.PENDING])
    assert not shop.tell(version=2).repeated, "the stage was told anew"


def test_a_failure_of_the_caller_leaves_neither_event_nor_message(shop: Shop) -> None:
    shop.customer()
    with shop.database.reading() as connection:
        news = event(connection, shop.tell(order="1").event_id)
    with pytest.raises(RuntimeError), shop.database.writing() as connection:
        record_event(connection, type(news)(**{**vars(news), "order_number": "2"}), shop.snapshot, NOON)
        raise RuntimeError
    assert (events(shop), len(shop.states())) == (1, 1)


def test_a_company_that_is_not_there_is_refused_by_the_database(shop: Shop) -> None:
    shop.company += 1
    with pytest.raises(IntegrityError):
        shop.tell()


# --- no message ---


@pytest.mark.parametrize("settings", [{WHATSAPP_ORDERS: False}, {WHATSAPP_TEMPLATE[CREATED]: ""}])
def test_no_message_where_none_is_wanted(shop: Shop, settings: dict[Any, Any]) -> None:
    shop.customer()
    shop.settings |= settings
    told = shop.tell()
    assert (told.message_id, told.state) == (None, None)
    assert (events(shop), shop.states()) == (1, [])


def test_a_company_decides_for_itself(shop: Shop) -> None:
    shop.customer()
    general: dict[SettingKey, Kept] = {
        (WHATSAPP_ORDERS, 0): Kept(False, NOON),
        (WHATSAPP_TEMPLATE[CREATED], 0): Kept("os_criada", NOON),
    }
    own: dict[SettingKey, Kept] = {**general, (WHATSAPP_ORDERS, shop.company): Kept(True, NOON)}
    with shop.database.reading() as connection:
        news = event(connection, shop.tell(order="1").event_id)
    with shop.database.writing() as connection:
        off = record_event(connection, type(news)(**{**vars(news), "order_number": "2"}), Snapshot(general), NOON)
        on = record_event(connection, type(news)(**{**vars(news), "order_number": "3"}), Snapshot(own), NOON)
    assert (off.state, on.state) == (None, MessageState.PENDING)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"aceita_whatsapp": False}, "não consentiu"),
        ({"celular": ""}, "não tem celular"),
        ({"celular": "", "telefone": "(27) 3221-1234"}, "é um telefone fixo"),
    ],
)
def test_who_cannot_be_told_is_left_aside_with_the_reason(shop: Shop, values: dict[str, Any], words: str) -> None:
    shop.customer(**values)
    told = shop.tell()
    assert told.state is MessageState.IGNORED
    assert words in told.reason
    assert told.message_id is not None
    assert shop.message(told.message_id).reason == told.reason


def test_a_document_that_is_no_customers_is_left_aside(shop: Shop) -> None:
    told = shop.tell()
    assert (told.state, told.reason) == (
        MessageState.IGNORED,
        "O documento da ordem não está no cadastro de clientes.",
    )


def test_telefone_serves_where_it_is_a_mobile(shop: Shop) -> None:
    shop.customer(celular="", telefone="(27) 9999-1234")
    assert shop.message(shop.queue()).destination == MOBILE


def test_what_happened_before_the_switch_is_left_aside(shop: Shop) -> None:
    shop.customer()
    told = shop.tell(at=NOON - timedelta(days=366), now=NOON)
    assert told.state is MessageState.IGNORED
    assert "antes de as mensagens serem ligadas" in told.reason


def test_what_is_told_too_late_is_left_aside(shop: Shop) -> None:
    shop.customer()
    shop.settings[WHATSAPP_EXPIRY] = 2
    told = shop.tell(now=NOON + 2 * HOUR)
    assert told.state is MessageState.IGNORED
    assert "Soubemos tarde" in told.reason
    assert shop.tell(order="121", now=NOON + 2 * HOUR - timedelta(seconds=1)).state is MessageState.PENDING


def test_a_counter_whose_clock_is_ahead_gains_no_time(shop: Shop) -> None:
    shop.customer()
    message = shop.queue(at=NOON + timedelta(days=30), now=NOON)
    assert shop.message(message).expires_at == NOON + timedelta(hours=48)


# --- only the newest of an order ---


def test_the_newest_message_of_an_order_takes_the_place_of_those_that_wait(shop: Shop) -> None:
    shop.customer()
    created = shop.queue()
    other = shop.queue("121")
    finished = shop.queue(stage=FINISHED, at=NOON + HOUR)
    assert shop.state(created) is MessageState.CANCELLED
    assert "vai só a mais nova" in shop.message(created).reason
    assert shop.state(other) is shop.state(finished) is MessageState.PENDING


def test_what_is_already_leaving_is_left_alone(shop: Shop) -> None:
    shop.customer()
    leaving = shop.queue()
    with shop.database.writing() as connection:
        assert reserve(connection, leaving, "PC-01/1", NOON)
    shop.queue(stage=FINISHED, at=NOON + HOUR)
    assert shop.state(leaving) is MessageState.SENDING
    with shop.database.writing() as connection:
        assert advance(connection, leaving, MessageState.ACCEPTED, "Aceita.", NOON)
    shop.queue(stage=FINISHED, at=NOON + 2 * HOUR, version=2)
    assert shop.state(leaving) is MessageState.ACCEPTED


def test_news_that_come_late_do_not_go_after_the_newer_ones(shop: Shop) -> None:
    shop.customer()
    finished = shop.queue(stage=FINISHED)
    late = shop.tell(CREATED, at=NOON - HOUR, now=NOON)
    assert (late.state, late.reason) == (MessageState.IGNORED, "Já há notícia mais nova desta ordem.")
    assert shop.state(finished) is MessageState.PENDING


def test_a_newer_event_without_a_message_leaves_the_older_message(shop: Shop) -> None:
    shop.customer()
    created = shop.queue()
    shop.settings[WHATSAPP_TEMPLATE[FINISHED]] = ""
    shop.tell(FINISHED, at=NOON + HOUR)
    assert shop.state(created) is MessageState.PENDING


def test_all_are_told_where_the_setting_says_so(shop: Shop) -> None:
    shop.customer()
    shop.settings[WHATSAPP_COLLAPSE] = False
    shop.queue(stage=FINISHED)
    shop.queue(at=NOON - HOUR, now=NOON)
    assert shop.states() == [MessageState.PENDING] * 2


def test_the_settings_of_the_moment_are_the_messages(shop: Shop) -> None:
    shop.customer()
    first = shop.queue()
    shop.settings |= {WHATSAPP_LANGUAGE: "en", WHATSAPP_TEMPLATE[CREATED]: "novo"}
    second = shop.queue("121")
    assert (shop.message(first).template, shop.message(first).language) == ("os_criada", "pt_BR")
    assert (shop.message(second).template, shop.message(second).language) == ("novo", "en")


def test_another_customers_order_of_the_same_number_in_another_company_is_another(shop: Shop) -> None:
    shop.customer()
    shop.customer(OTHER_CPF, celular="5511988887777")
    first = shop.queue()
    shop.queue("120", stage=FINISHED, at=NOON + HOUR, document=OTHER_CPF)
    assert shop.state(first) is MessageState.CANCELLED, "one order, whoever is told of it"
