"""The sender with a Cloud API on loopback: what leaves, what is held, what is uncertain, and nothing leaves twice."""

from __future__ import annotations

import logging
import subprocess
import sys
import time
from datetime import datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import Connection, update
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from app import secrets
from app.data import lease, outbox, records, whatsapp_pauses
from app.data.models import WhatsAppMessage
from app.domain import Phase
from app.rules.outbox import MAX_ATTEMPTS, MessageState
from app.settings.catalog import WHATSAPP_KEEP, WHATSAPP_NUMBER, WHATSAPP_ORDERS, WHATSAPP_URL, WHATSAPP_VERSION
from app.tables import COMPANIES, CUSTOMERS
from services.demo.ca import DemoAuthority
from services.demo.example import made_up_cnpj
from services.demo.loopback import Ending
from services.demo.whatsapp import NUMBER_ID, TOKEN, DemoWhatsApp, Fault
from services.whatsapp import sender as sender_module
from services.whatsapp.account import token_secret
from tests.messages import FINISHED, MOBILE, OTHER_CPF
from tests.services.whatsapp.conftest import Heard, Office, settled

SECOND = timedelta(seconds=1)
OTHER_MOBILE = "5532988887777"


def advance(office: Office, heard: Heard, by: timedelta) -> None:
    office.clock.now += by
    heard.sender.wake()


def idle(heard: Heard) -> None:
    """Wait until the sender has looked at everything."""
    heard.until_told(lambda state: state.phase in (Phase.IDLE, Phase.ATTENTION, Phase.STOPPED))


def test_a_message_leaves_with_what_was_written(office: Office) -> None:
    message_id = office.queue()
    heard = office.sender()
    kept = settled(office, heard, message_id, MessageState.ACCEPTED)
    (posted,) = office.meta.posted
    assert (posted.to, posted.template, posted.language, posted.version) == (MOBILE, "os_criada", "pt_BR", "v25.0")
    assert posted.fields == ("Maria da Silva", "120", "Posto Boa Viagem")
    assert posted.key == kept.unique_key
    assert (kept.external_id, kept.wa_id, kept.attempts) == ("wamid.demonstracao000001", MOBILE, 1)
    assert kept.reason == ""
    state = heard.until_told(lambda state: state.phase is Phase.IDLE)
    assert (state.waiting, state.uncertain, state.last_at) == (0, 0, office.clock())
    assert Phase.WORKING in [state.phase for state in heard.states]


def test_the_number_by_which_whatsapp_knows_the_person_is_kept(office: Office) -> None:
    office.customer(OTHER_CPF, celular=OTHER_MOBILE)
    message_id = office.queue(document=OTHER_CPF)
    assert settled(office, office.sender(), message_id, MessageState.ACCEPTED).wa_id == "553288887777"


def test_an_event_told_while_the_sender_waits_leaves_when_it_is_woken(office: Office) -> None:
    heard = office.sender()
    idle(heard)
    message_id = office.queue()
    heard.sender.wake()
    settled(office, heard, message_id, MessageState.ACCEPTED)


def test_one_of_two_senders_works_and_no_message_leaves_twice(office: Office) -> None:
    people = [f"55119{number:08}" for number in range(12)]
    for number, mobile in enumerate(people):
        office.customer(made_up_cnpj(f"{number:08}"), celular=mobile)
        office.queue(f"{number}", document=made_up_cnpj(f"{number:08}"))
    first, _ = office.sender("PC-01"), office.sender("PC-02")
    first.until(lambda: set(office.states()) == {MessageState.ACCEPTED})
    assert sorted(posted.to for posted in office.meta.posted) == people


def test_where_another_machine_sends_this_one_does_not(office: Office) -> None:
    with office.database.writing() as connection:
        assert lease.take(connection, "whatsapp", "PC-02/1", office.clock())
    message_id = office.queue()
    heard = office.sender()
    state = heard.until_told(lambda state: state.phase is Phase.ELSEWHERE)
    assert state.sentence == "Serviço ativo em PC-02."
    assert (office.state(message_id), office.meta.posted) == (MessageState.PENDING, [])


def test_the_lease_is_given_back_at_the_end(office: Office) -> None:
    heard = office.sender()
    settled(office, heard, office.queue(), MessageState.ACCEPTED)
    heard.sender.stop()
    assert heard.sender.state.phase is Phase.STOPPED
    with office.database.reading() as connection:
        assert lease.held_by_another(connection, "whatsapp", "PC-02/1", office.clock()) is None


# --- what the API refuses ---


def test_a_service_that_is_unstable_is_tried_again_later_and_longer_each_time(office: Office) -> None:
    office.meta.faults[MOBILE] = [Fault(131016), Fault(131000)]
    message_id = office.queue()
    heard = office.sender()
    heard.until(lambda: office.message(message_id).error_code == 131016)
    kept = office.message(message_id)
    assert (kept.error_code, kept.next_at >= office.clock() + 30 * SECOND) == (131016, True)
    assert "instável" in kept.reason
    assert office.pauses() == [(f"canal:{NUMBER_ID}", False)]
    advance(office, heard, 46 * SECOND)
    heard.until(lambda: office.message(message_id).error_code == 131000)
    assert office.message(message_id).next_at >= office.clock() + 60 * SECOND
    advance(office, heard, 91 * SECOND)
    kept = settled(office, heard, message_id, MessageState.ACCEPTED)
    assert (kept.attempts, kept.error_code, len(office.meta.posted)) == (3, None, 3)


def test_the_pair_limit_holds_that_person_alone(office: Office) -> None:
    office.customer(OTHER_CPF, celular=OTHER_MOBILE)
    office.meta.faults[MOBILE] = [Fault(131056)]
    held, other = office.queue("1"), office.queue("2", document=OTHER_CPF)
    heard = office.sender()
    settled(office, heard, other, MessageState.ACCEPTED)
    assert office.message(held).error_code == 131056
    assert office.pauses() == [(f"numero:{MOBILE}", False)]
    advance(office, heard, 24 * SECOND)
    settled(office, heard, held, MessageState.ACCEPTED)


def test_a_token_that_ended_pauses_the_channel_until_a_person_resumes(office: Office) -> None:
    office.meta.token = "outro"
    message_id = office.queue()
    heard = office.sender()
    state = heard.until_told(lambda state: state.phase is Phase.ATTENTION)
    assert "expirou ou foi revogado" in state.sentence
    assert (office.state(message_id), office.message(message_id).error_code) == (MessageState.PENDING, 190)
    assert office.pauses() == [(f"canal:{NUMBER_ID}", True)]
    advance(office, heard, timedelta(hours=1))
    office.meta.token = TOKEN
    with office.database.writing() as connection:
        channel = whatsapp_pauses.channel(NUMBER_ID)
        assert whatsapp_pauses.resume(connection, channel, actor="maria", now=office.clock())
    heard.sender.wake()
    settled(office, heard, message_id, MessageState.ACCEPTED)
    assert len(office.meta.posted) == 1, "the token was refused before any message was read"


def test_a_template_that_is_missing_pauses_the_template(office: Office) -> None:
    office.meta.templates = {"os_finalizada"}
    office.customer(OTHER_CPF, celular=OTHER_MOBILE)
    missing, good = office.queue("1"), office.queue("2", stage=FINISHED, document=OTHER_CPF)
    heard = office.sender()
    settled(office, heard, good, MessageState.ACCEPTED)
    assert office.pauses() == [(f"modelo:{NUMBER_ID}:os_criada", True)]
    assert office.state(missing) is MessageState.PENDING


@pytest.mark.parametrize("code", [131026, 131030, 131047, 132000, 131049, 100, 424242])
def test_a_final_refusal_ends_the_message_and_holds_nothing(file_office: Office, code: int) -> None:
    file_office.meta.faults[MOBILE] = [Fault(code)]
    message_id = file_office.queue()
    kept = settled(file_office, file_office.sender(), message_id, MessageState.FAILED)
    assert (kept.error_code, file_office.pauses()) == (code, [])
    assert kept.error_detail == f"(#{code}) Demonstration An error asked for by the demonstration."


def test_who_asked_not_to_receive_gets_nothing_more(office: Office) -> None:
    office.meta.faults[MOBILE] = [Fault(131050)]
    first, second = office.queue("1"), office.queue("2")
    heard = office.sender()
    settled(office, heard, first, MessageState.FAILED)
    advance(office, heard, timedelta(minutes=2))
    settled(office, heard, second, MessageState.IGNORED)
    with office.database.reading() as connection:
        (customer,) = records.every(connection, CUSTOMERS)
    assert customer.values["aceita_whatsapp"] is False
    assert "Recusou no WhatsApp em" in customer.values["aceite"]
    assert len(office.meta.posted) == 1


# --- what never left ---


def test_nothing_is_lost_while_the_api_cannot_be_reached(office: Office, authority: DemoAuthority) -> None:
    port = office.meta.port
    office.meta.stop()
    message_id = office.queue()
    heard = office.sender()
    heard.until(lambda: office.message(message_id).next_at is not None)
    kept = office.message(message_id)
    assert (kept.state, kept.attempts, kept.error_code) == ("PENDENTE", 1, None)
    assert "Não foi possível conectar" in kept.reason
    with DemoWhatsApp(authority, port=port) as back:
        advance(office, heard, timedelta(minutes=1))
        settled(office, heard, message_id, MessageState.ACCEPTED)
        assert len(back.posted) == 1


def test_a_message_is_given_up_after_a_day_of_trying(file_office: Office) -> None:
    file_office.meta.always[MOBILE] = Fault(131016)
    message_id = file_office.queue()
    heard = file_office.sender()

    def tried(times: int) -> bool:
        kept = file_office.message(message_id)
        return (kept.attempts, kept.state == MessageState.SENDING.value) == (times, False)

    for times in range(1, MAX_ATTEMPTS + 1):
        heard.until(partial(tried, times))
        advance(file_office, heard, timedelta(minutes=91))
    assert file_office.message(message_id).state == "FALHOU"
    assert file_office.message(message_id).reason.endswith("Foram 30 tentativas.")


# --- what may have left ---


@pytest.mark.parametrize(
    "fault",
    [
        Fault(ending=Ending.RESET),
        Fault(ending=Ending.CUT),
        Fault(body=b"<html>tudo bem</html>"),
        Fault(body=b"<html>falhou</html>", status=502),
    ],
)
def test_a_lost_answer_leaves_the_message_uncertain_and_it_is_never_sent_again(
    file_office: Office, fault: Fault
) -> None:
    file_office.meta.faults[MOBILE] = [fault]
    message_id = file_office.queue()
    heard = file_office.sender()
    kept = settled(file_office, heard, message_id, MessageState.UNCERTAIN)
    assert kept.reason.startswith("Não sabemos se o WhatsApp recebeu esta mensagem.")
    state = heard.until_told(lambda state: state.uncertain == 1 and state.phase is Phase.IDLE)
    assert "1 mensagem incerta: decida em Mensagens." in state.warnings
    advance(file_office, heard, timedelta(hours=3))
    settled(file_office, heard, file_office.queue("121", at=file_office.clock()), MessageState.ACCEPTED)
    assert (file_office.state(message_id), len(file_office.meta.posted)) == (MessageState.UNCERTAIN, 2)


def test_no_answer_in_time_leaves_the_message_uncertain(file_office: Office) -> None:
    file_office.meta.faults[MOBILE] = [Fault(ending=Ending.HANG)]
    message_id = file_office.queue()
    heard = file_office.sender(read_timeout=1)
    settled(file_office, heard, message_id, MessageState.UNCERTAIN)
    heard.until(lambda: len(file_office.meta.posted) == 1)


def test_a_message_is_uncertain_when_the_program_ends_before_the_answer(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender_module, "_GRACE_S", 0.01)
    office.meta.faults[MOBILE] = [Fault(ending=Ending.HANG)]
    message_id = office.queue()
    heard = office.sender()
    heard.until(lambda: len(office.meta.posted) == 1)
    heard.sender.stop()
    kept = office.message(message_id)
    assert kept.state == "INCERTA"
    assert "encerrado durante o envio" in kept.reason


_CHILD = """
import sys
from datetime import UTC, datetime
from pathlib import Path

import keyring

from app.data.database import Database
from app.folders import Folders
from app.settings.machine import MachineStore
from app.settings.repository import SettingsRepository
from services.demo.memory_keyring import MemoryKeyring
from services.whatsapp.sender import WhatsAppSender

url, folder, name, token = sys.argv[1:]
keyring.set_keyring(MemoryKeyring())
keyring.set_password("Retaguarda", name, token)
folders = Folders(Path(folder), Path(folder))
database = Database(url)
sender = WhatsAppSender(
    database, SettingsRepository(MachineStore(folders.machine_file), database), folders=folders, read_timeout=600
)
sender.start()
sys.stdin.read()
"""


def test_a_message_is_uncertain_when_the_program_is_killed_during_the_sending(
    sqlite_url: str, file_office: Office
) -> None:
    file_office.meta.faults[MOBILE] = [Fault(ending=Ending.HANG)]
    message_id = file_office.queue()
    arguments = [sqlite_url, str(file_office.folders.data), token_secret(NUMBER_ID), TOKEN]
    child = subprocess.Popen([sys.executable, "-c", _CHILD, *arguments], stdin=subprocess.PIPE)
    try:
        while not file_office.meta.posted:
            assert child.poll() is None
            time.sleep(0.01)
    finally:
        child.kill()
        child.communicate()
    assert file_office.state(message_id) is MessageState.SENDING
    file_office.clock.now += outbox.RESERVATION + timedelta(minutes=5)
    kept = settled(file_office, file_office.sender(), message_id, MessageState.UNCERTAIN)
    assert "encerrado durante o envio" in kept.reason
    assert len(file_office.meta.posted) == 1


# --- what it says ---


def test_without_a_token_it_says_so_and_leaves_the_turn_to_another(office: Office) -> None:
    secrets.delete(token_secret(NUMBER_ID))
    message_id = office.queue()
    state = office.sender().until_told(lambda state: state.phase is Phase.FAILED)
    assert state.sentence == "Falta o token do WhatsApp neste computador: informe-o em Balcão › Integração › WhatsApp."
    with office.database.reading() as connection:
        assert lease.holder(connection, "whatsapp") is None
    assert office.state(message_id) is MessageState.PENDING


def test_a_number_without_a_token_does_not_hold_the_others(file_office: Office) -> None:
    file_office.customer(OTHER_CPF, celular=OTHER_MOBILE)
    mute = file_office.queue()
    branch = {"cnpj": "11222333000262", "nome": "Outra", "uf": "SP"}
    with file_office.database.writing() as connection:
        file_office.company = records.add(connection, COMPANIES, branch, file_office.snapshot, "maria")
    file_office.save({WHATSAPP_NUMBER: "55555"})
    file_office.save({WHATSAPP_NUMBER: NUMBER_ID}, file_office.company)
    good = file_office.queue(document=OTHER_CPF)
    heard = file_office.sender()
    settled(file_office, heard, good, MessageState.ACCEPTED)
    heard.until_told(lambda state: state.phase is Phase.FAILED)
    assert file_office.state(mute) is MessageState.PENDING


def test_without_a_number_it_says_so(file_office: Office) -> None:
    file_office.queue()
    file_office.save({WHATSAPP_NUMBER: ""})
    state = file_office.sender().until_told(lambda state: state.phase is Phase.ATTENTION)
    assert "Falta a identificação do número" in state.sentence


def test_switched_off_it_says_so_and_what_waits_stays(file_office: Office) -> None:
    message_id = file_office.queue()
    file_office.save({WHATSAPP_ORDERS: False})
    heard = file_office.sender()
    heard.until_told(lambda state: "desligadas para esta empresa" in state.sentence)
    with file_office.database.writing() as connection:
        assert outbox.advance(connection, message_id, MessageState.CANCELLED, "", file_office.clock())
    heard.sender.wake()
    heard.until_told(lambda state: state.phase is Phase.STOPPED)
    assert file_office.meta.posted == []


def test_an_api_version_that_ends_soon_is_warned_of(file_office: Office) -> None:
    file_office.save({WHATSAPP_VERSION: "v20.0"})
    state = file_office.sender().until_told(lambda state: state.phase is Phase.IDLE)
    (warning,) = state.warnings
    assert "A versão v20.0 da API do WhatsApp acabou em 24/09/2026" in warning


def test_old_messages_are_erased(office: Office) -> None:
    heard = office.sender()
    message_id = office.queue()
    heard.sender.wake()
    settled(office, heard, message_id, MessageState.ACCEPTED)
    office.save({WHATSAPP_KEEP: 10})
    advance(office, heard, timedelta(days=11))
    heard.until(lambda: office.states() == [])


def test_an_address_that_cannot_be_used_is_explained(file_office: Office) -> None:
    file_office.save({WHATSAPP_URL: "https://api.invalid"})
    message_id = file_office.queue()
    heard = file_office.sender()
    heard.until(lambda: file_office.message(message_id).next_at is not None)
    assert "O nome api.invalid não foi encontrado" in file_office.message(message_id).reason


def test_neither_the_token_nor_the_number_nor_the_text_is_logged(
    file_office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    file_office.meta.faults[MOBILE] = [Fault(131016), Fault(ending=Ending.RESET)]
    message_id = file_office.queue()
    heard = file_office.sender()
    heard.until(lambda: file_office.message(message_id).error_code == 131016)
    advance(file_office, heard, timedelta(minutes=1))
    settled(file_office, heard, message_id, MessageState.UNCERTAIN)
    heard.sender.stop()
    assert "+55 27 9••••-1234" in caplog.text
    for secret in (TOKEN, MOBILE, "99999-1234", "99991234", "Maria da Silva"):
        assert secret not in caplog.text


def test_a_database_without_a_free_connection_is_no_defect(
    file_office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(connection: Connection, now: datetime) -> None:
        raise NoConnectionFree("QueuePool limit reached")

    monkeypatch.setattr(outbox, "tidy", down)
    file_office.queue()
    state = file_office.sender().until_told(lambda state: state.phase is Phase.FAILED)
    assert state.sentence == "O banco de dados não respondeu: o envio de mensagens tenta de novo sozinho."


def test_what_the_database_refuses_is_logged_without_the_row(
    office: Office, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    # PostgreSQL repeats the whole row in the error of a column that may not be null.
    without_state = update(WhatsAppMessage).values(state=None)
    monkeypatch.setattr(outbox, "tidy", lambda connection, now: connection.execute(without_state))
    office.queue()
    office.sender().until_told(lambda state: state.phase is Phase.FAILED)
    assert "IntegrityError" in caplog.text
    for secret in (MOBILE, "Maria da Silva"):
        assert secret not in caplog.text
