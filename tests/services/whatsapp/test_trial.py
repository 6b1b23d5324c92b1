"""“Enviar teste”: one message at once, whatever is paused, and what WhatsApp says to it."""

from __future__ import annotations

import pytest

from app import secrets
from app.data import whatsapp_pauses
from app.kinds import InvalidValue
from app.rules.outbox import MessageState
from app.settings.catalog import WHATSAPP_HOURS, WHATSAPP_NUMBER
from app.working_hours import WorkingHours
from services.demo.loopback import Ending
from services.demo.whatsapp import NUMBER_ID, Fault
from services.whatsapp.account import token_secret
from services.whatsapp.delivery import Outcome
from services.whatsapp.trial import send_test
from tests.messages import MOBILE
from tests.services.whatsapp.conftest import READ_TIMEOUT_S, Office


def test(office: Office, to: str = "(27) 99999-1234", template: str = "hello_world") -> Outcome:
    return send_test(
        office.database,
        office.folders,
        office.snapshot,
        to,
        template=template,
        parameters=() if template == "hello_world" else ("Maria",),
        actor="maria",
        read_timeout=READ_TIMEOUT_S,
    )


test.__test__ = False  # type: ignore[attr-defined]  # it is the button


def test_the_template_of_every_account_is_sent_in_its_language(office: Office) -> None:
    assert test(office) == Outcome(MessageState.ACCEPTED, "")
    (posted,) = office.meta.posted
    assert (posted.to, posted.template, posted.language, posted.fields) == (MOBILE, "hello_world", "en_US", ())
    assert posted.key.startswith("teste:")
    assert office.states() == [MessageState.ACCEPTED]


def test_a_chosen_template_is_sent_with_its_fields(file_office: Office) -> None:
    test(file_office, template="os_criada")
    (posted,) = file_office.meta.posted
    assert (posted.template, posted.language, posted.fields) == ("os_criada", "pt_BR", ("Maria",))


def test_neither_hours_nor_a_pause_hold_a_test(file_office: Office) -> None:
    another_day = (file_office.clock().weekday() + 3) % 7
    file_office.save({WHATSAPP_HOURS: WorkingHours(0, 60, frozenset({another_day}))})
    with file_office.database.writing() as connection:
        channel = whatsapp_pauses.channel(NUMBER_ID)
        whatsapp_pauses.hold(connection, channel, None, "Token.", 190, file_office.clock())
    assert test(file_office).state is MessageState.ACCEPTED
    assert file_office.pauses() == [(f"canal:{NUMBER_ID}", True)], "a person resumes it"


@pytest.mark.parametrize("code", [131016, 131056, 131026])
def test_a_refused_test_ends_there_and_holds_nothing(file_office: Office, code: int) -> None:
    file_office.meta.faults[MOBILE] = [Fault(code)]
    assert test(file_office).state is MessageState.FAILED
    assert (file_office.states(), file_office.pauses()) == ([MessageState.FAILED], [])


def test_a_test_that_finds_the_token_ended_pauses_the_channel(file_office: Office) -> None:
    file_office.meta.token = "outro"
    found = test(file_office)
    assert found.state is MessageState.FAILED
    assert "expirou ou foi revogado" in found.why
    assert file_office.pauses() == [(f"canal:{NUMBER_ID}", True)]


def test_a_test_without_an_answer_is_uncertain(file_office: Office) -> None:
    file_office.meta.faults[MOBILE] = [Fault(ending=Ending.RESET)]
    assert test(file_office).state is MessageState.UNCERTAIN


@pytest.mark.parametrize("to", ["", "(27) 3221-1234", "12345"])
def test_only_a_mobile_is_written_to(file_office: Office, to: str) -> None:
    with pytest.raises(InvalidValue):
        test(file_office, to)
    assert (file_office.states(), file_office.meta.posted) == ([], [])


def test_only_the_name_of_a_template_is_taken(file_office: Office) -> None:
    with pytest.raises(InvalidValue, match="modelo"):
        test(file_office, template="Olá, {{1}}")


def test_what_is_missing_is_told(file_office: Office) -> None:
    secrets.delete(token_secret(NUMBER_ID))
    with pytest.raises(InvalidValue, match="Falta o token"):
        test(file_office)
    file_office.save({WHATSAPP_NUMBER: ""})
    with pytest.raises(InvalidValue, match="Phone Number ID"):
        test(file_office)
