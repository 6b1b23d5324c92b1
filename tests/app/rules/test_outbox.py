"""The rules of messages: who can be told, what is still news, what may leave now and which state follows which."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.policies import MessageField, ServiceOrderStage
from app.rules.outbox import (
    BEFORE,
    MAX_ATTEMPTS,
    PAIR_INTERVAL,
    RESENDABLE,
    Gate,
    Hold,
    MessageState,
    Person,
    Waiting,
    backoff,
    hold,
    newness,
    pair_backoff,
    parameters,
    recipient,
    stale,
)
from app.tables import CUSTOMERS
from tests.app.sentences import is_sentence

NOW = datetime(2026, 11, 25, 15, tzinfo=UTC)
MARIA = Person(1, "Maria", "5527999991234", "", consent=True, active=True)
WAITING = Waiting(1, 7, MARIA.mobile, "os_criada", None, "")
OPEN = Gate({}, {}, {})

# --- who can be told ---


def test_a_complete_registration_can_be_told() -> None:
    found = recipient([MARIA])
    assert (found.person, found.destination, found.why) == (MARIA, "5527999991234", "")


@pytest.mark.parametrize(
    ("phone", "destination"),
    [("(27) 99999-1234", "5527999991234"), ("027 9999-1234", "5527999991234"), ("(55) 9123-4567", "5555991234567")],
)
def test_telefone_serves_where_it_is_a_mobile(phone: str, destination: str) -> None:
    assert recipient([replace(MARIA, mobile="", phone=phone)]).destination == destination


@pytest.mark.parametrize(
    ("person", "words"),
    [
        (replace(MARIA, mobile=""), "não tem celular"),
        (replace(MARIA, mobile="", phone="(27) 3221-1234"), "é um telefone fixo"),
        (replace(MARIA, mobile="", phone="ramal 12"), "não é um telefone com DDD"),
        (replace(MARIA, consent=False), "não consentiu"),
        (replace(MARIA, name=""), "não tem nome"),
        (replace(MARIA, active=False), "está inativo"),
    ],
)
def test_an_incomplete_registration_says_what_is_missing(person: Person, words: str) -> None:
    found = recipient([person])
    assert found.person is person
    assert words in found.why
    assert found.why.endswith(".")


def test_consent_is_asked_for_by_the_name_that_it_has_on_screen() -> None:
    field = CUSTOMERS.field("aceita_whatsapp")
    assert field is not None
    assert f"“{field.label}”" in recipient([replace(MARIA, consent=False)]).why


def test_a_document_that_nobody_has_is_said_so() -> None:
    assert recipient([]).why == "O documento da ordem não está no cadastro de clientes."


def test_of_several_with_one_document_the_complete_one_is_told() -> None:
    without = replace(MARIA, consent=False)
    inactive = replace(MARIA, id=2, active=False)
    other = replace(MARIA, id=3, mobile="5511988887777")
    assert recipient([inactive, without, other]).person is other
    assert recipient([inactive, without]).person is without, "what is missing is of an active one"


def test_fields_are_filled_in_the_order_asked_for_in_one_line() -> None:
    told = parameters(
        (MessageField.ORDER, MessageField.CUSTOMER, MessageField.STAGE, MessageField.COMPANY),
        customer="Maria  da\nSilva",
        order="120",
        company="Posto\tBoa Viagem",
        situation="Pronta     para retirar",
    )
    assert told == ("120", "Maria da Silva", "Pronta para retirar", "Posto Boa Viagem")


# --- is it still news? ---


def test_what_happened_before_messages_were_switched_on_is_not_told() -> None:
    later = NOW + timedelta(hours=1)
    said = stale(NOW, activated_at=NOW + timedelta(seconds=1), expires_at=later, now=NOW)
    assert "antes de as mensagens serem ligadas" in said
    assert stale(NOW, activated_at=NOW, expires_at=later, now=NOW) == ""
    assert stale(NOW, activated_at=None, expires_at=later, now=NOW) == ""


def test_what_was_known_too_late_is_not_told() -> None:
    assert "Soubemos tarde" in stale(NOW, activated_at=None, expires_at=NOW, now=NOW)


def test_the_newer_of_two_news_is_the_one_that_happened_later_whatever_came_first() -> None:
    created = newness(ServiceOrderStage.CREATED, NOW, 9)
    assert newness(ServiceOrderStage.FINISHED, NOW, 1) > created
    assert newness(ServiceOrderStage.FINISHED, NOW - timedelta(seconds=1), 1) < created
    assert newness(ServiceOrderStage.CREATED, NOW, 10) > created


# --- may it leave now? ---


def test_nothing_holds_a_message_in_an_open_gate() -> None:
    assert hold(WAITING, OPEN, NOW) is None
    assert hold(replace(WAITING, next_at=NOW), OPEN, NOW) is None


@pytest.mark.parametrize(
    "gate",
    [
        replace(OPEN, companies={7: Hold("A", NOW)}),
        replace(OPEN, templates={(7, "os_criada"): Hold("A", NOW)}),
        replace(OPEN, people={MARIA.mobile: Hold("A", NOW)}),
        replace(OPEN, daily=Hold("A", NOW)),
    ],
)
def test_each_thing_that_holds_messages_holds_this_one(gate: Gate) -> None:
    assert hold(WAITING, gate, NOW) == Hold("A", NOW)


def test_what_is_of_another_holds_nothing() -> None:
    other = Hold("A")
    gate = Gate({8: other}, {(7, "outro"): other, (8, "os_criada"): other}, {"5511988887777": other})
    assert hold(WAITING, gate, NOW) is None


def test_the_next_attempt_holds_it_with_the_reason_of_the_last() -> None:
    later = NOW + timedelta(seconds=30)
    assert hold(replace(WAITING, next_at=later, reason="Instável."), OPEN, NOW) == Hold("Instável.", later)


def test_what_only_a_person_mends_is_said_before_what_time_mends() -> None:
    gate = Gate({7: Hold("Sem número.")}, {}, {MARIA.mobile: Hold("Aguarda.", NOW + timedelta(days=9))})
    assert hold(WAITING, gate, NOW) == Hold("Sem número.")


def test_of_two_waits_the_longer_is_told() -> None:
    soon, late = Hold("Logo.", NOW + timedelta(1)), Hold("Tarde.", NOW + timedelta(2))
    assert hold(WAITING, Gate({7: soon}, {}, {}, late), NOW) == late
    assert hold(WAITING, Gate({7: late}, {}, {}, soon), NOW) == late


# --- when to try again ---


def test_the_waits_double_up_to_an_hour_and_amount_to_about_a_day() -> None:
    waits = [backoff(attempt, 0).total_seconds() for attempt in range(1, MAX_ATTEMPTS)]
    assert waits[:8] == [30, 60, 120, 240, 480, 960, 1920, 3600]
    assert set(waits[8:]) == {3600}
    assert timedelta(hours=20) < timedelta(seconds=sum(waits)) <= timedelta(hours=24)


@given(st.integers(1, 10**6), st.floats(0, 1))
def test_a_wait_is_never_shorter_than_said_nor_half_as_long_again(attempts: int, jitter: float) -> None:
    assert backoff(attempts, 0) <= backoff(attempts, jitter) <= backoff(attempts, 0) * 1.5
    assert PAIR_INTERVAL <= pair_backoff(attempts) <= timedelta(hours=1)


def test_one_person_is_left_alone_four_times_longer_each_time() -> None:
    assert [pair_backoff(attempt).total_seconds() for attempt in (1, 2, 3)] == [24, 96, 384]


# --- states ---


def test_confirmations_take_a_message_forward_only() -> None:
    order = [MessageState.ACCEPTED, MessageState.DELIVERED, MessageState.READ]
    for at, state in enumerate(order):
        assert not BEFORE[state] & set(order[at:])
    assert MessageState.DELIVERED not in BEFORE[MessageState.FAILED]
    assert MessageState.READ not in BEFORE[MessageState.FAILED]


def test_nothing_leaves_a_state_that_is_over_but_by_what_whatsapp_or_a_person_says() -> None:
    over = {MessageState.FAILED, MessageState.CANCELLED, MessageState.IGNORED, MessageState.READ}
    assert not over & frozenset().union(*BEFORE.values())
    assert RESENDABLE & {MessageState.ACCEPTED, MessageState.DELIVERED, MessageState.READ} == frozenset()


def test_only_sending_makes_a_message_uncertain() -> None:
    assert BEFORE[MessageState.UNCERTAIN] == {MessageState.SENDING}


def test_no_word_on_screen_promises_a_delivery_that_nobody_saw() -> None:
    assert MessageState.ACCEPTED.label == "Aceita pelo WhatsApp"
    assert len({state.label for state in MessageState}) == len(MessageState)


def test_the_reasons_of_the_registration_are_sentences() -> None:
    assert is_sentence(recipient([replace(MARIA, mobile="", phone="(27) 3221-1234")]).why)
