"""One message posted over real TLS: accepted, refused, not sent or lost, in every way that a network has."""

from __future__ import annotations

import socket
import threading
from dataclasses import replace

import pytest

from app.data.outbox import Outgoing
from app.folders import Folders
from services.demo.loopback import Ending
from services.demo.whatsapp import NUMBER_ID, TOKEN, DemoWhatsApp, Fault
from services.whatsapp.account import Account
from services.whatsapp.answer import Accepted, Answer, Lost, NotSent, Refused
from services.whatsapp.api_errors import api_errors
from services.whatsapp.cloud_api import CloudApi
from tests.messages import MOBILE
from tests.services.proxy_server import ProxyServer

MESSAGE = Outgoing(1, 1, "120", 1, MOBILE, "os_criada", "pt_BR", ("Maria",), "os:1:120:criada:1", 1)


def account(address: str) -> Account:
    return Account(NUMBER_ID, f"{address}/v25.0/{NUMBER_ID}/messages")


def post(
    folders: Folders,
    address: str,
    message: Outgoing = MESSAGE,
    token: str = TOKEN,
    *,
    connect: float = 30,
    read: float = 30,
) -> Answer:
    return CloudApi(folders, connect_timeout=connect, read_timeout=read).post(account(address), token, message)


def test_a_message_is_accepted(folders: Folders, meta: DemoWhatsApp) -> None:
    assert post(folders, meta.address) == Accepted("wamid.demonstracao000001", MOBILE)
    (posted,) = meta.posted
    assert (posted.to, posted.template, posted.fields, posted.key) == (
        MOBILE,
        "os_criada",
        ("Maria",),
        "os:1:120:criada:1",
    )


def test_a_template_without_fields_has_none(folders: Folders, meta: DemoWhatsApp) -> None:
    assert isinstance(post(folders, meta.address, replace(MESSAGE, parameters=())), Accepted)
    assert meta.posted[0].fields == ()


def test_a_template_that_is_still_judged_is_accepted(folders: Folders, meta: DemoWhatsApp) -> None:
    meta.faults[MOBILE] = [Fault(held=True)]
    assert post(folders, meta.address) == Accepted("wamid.demonstracao000001", MOBILE, held=True)


def test_every_error_code_is_a_refusal(folders: Folders, meta: DemoWhatsApp) -> None:
    codes = [code for code in api_errors() if code not in range(201, 300)]
    meta.faults[MOBILE] = [Fault(code) for code in codes]
    found = [post(folders, meta.address) for _ in codes]
    assert [answer.code for answer in found if isinstance(answer, Refused)] == codes


def test_a_wrong_token_or_number_is_refused_before_anything_is_read(folders: Folders, meta: DemoWhatsApp) -> None:
    found = post(folders, meta.address, token="outro")
    assert isinstance(found, Refused)
    assert found.code == 190
    other = CloudApi(folders).post(Account("5", f"{meta.address}/v25.0/5/messages"), TOKEN, MESSAGE)
    assert isinstance(other, Refused)
    assert other.code == 33
    assert meta.posted == []


@pytest.mark.parametrize(
    "fault",
    [
        Fault(ending=Ending.RESET),
        Fault(ending=Ending.CUT),
        Fault(body=b""),
        Fault(body=b"ok"),
        Fault(body=b"x" * 300_000),
        Fault(body=b"<html>", status=504),
    ],
)
def test_what_left_without_an_answer_that_is_understood_is_lost(
    folders: Folders, meta: DemoWhatsApp, fault: Fault
) -> None:
    meta.faults[MOBILE] = [fault]
    assert isinstance(post(folders, meta.address), Lost)
    assert len(meta.posted) == 1, "it was posted once"


def test_silence_after_it_left_is_lost(folders: Folders, meta: DemoWhatsApp) -> None:
    meta.faults[MOBILE] = [Fault(ending=Ending.HANG)]
    assert isinstance(post(folders, meta.address, read=2), Lost)
    assert len(meta.posted) == 1


@pytest.mark.parametrize("fault", [Fault(body=b"busy", status=503), Fault(body=b"<html>", status=404)])
def test_what_was_refused_on_the_way_was_not_sent(folders: Folders, meta: DemoWhatsApp, fault: Fault) -> None:
    meta.faults[MOBILE] = [fault]
    assert isinstance(post(folders, meta.address), NotSent)


def test_a_closed_port_was_not_sent(folders: Folders) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    found = post(folders, f"https://localhost:{port}")
    assert isinstance(found, NotSent)
    assert "Não foi possível conectar a localhost" in found.why


def test_who_does_not_prove_who_it_is_gets_nothing(folders: Folders, meta: DemoWhatsApp) -> None:
    folders.additional_ca_file.unlink()
    found = post(folders, meta.address)
    assert isinstance(found, NotSent)
    assert "não provou que é quem diz ser, e nada foi enviado" in found.why
    assert "*.facebook.com" in found.why
    assert meta.posted == []


def test_who_accepts_and_says_nothing_got_nothing(folders: Folders) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        found = post(folders, f"https://localhost:{listener.getsockname()[1]}", connect=1)
    assert isinstance(found, NotSent)


def test_a_proxy_that_lets_nobody_through_is_not_the_api(folders: Folders, monkeypatch: pytest.MonkeyPatch) -> None:
    with ProxyServer(refusal=b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n") as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        found = post(folders, "https://graph.teste")
    assert isinstance(found, NotSent)
    assert "não deixou chegar a graph.teste" in found.why
    assert len(proxy.asked) == 1


@pytest.mark.parametrize("token", ["com espaço", "linha\r\nX-Outro: 1", "acentuação", "nul\0"])
def test_a_token_that_cannot_be_one_is_told_without_repeating_it(
    folders: Folders, meta: DemoWhatsApp, token: str
) -> None:
    found = post(folders, meta.address, token=token)
    assert isinstance(found, NotSent)
    assert token not in found.why + found.detail
    assert meta.posted == []


def test_a_file_of_authorities_that_is_broken_is_told(folders: Folders, meta: DemoWhatsApp) -> None:
    folders.additional_ca_file.write_text("isto não é um certificado")
    assert isinstance(post(folders, meta.address), NotSent)
    assert meta.posted == []


def test_an_interrupted_call_is_lost_once_it_left(folders: Folders, meta: DemoWhatsApp) -> None:
    meta.faults[MOBILE] = [Fault(ending=Ending.HANG)]
    api = CloudApi(folders, read_timeout=60)
    found: list[Answer] = []
    thread = threading.Thread(target=lambda: found.append(api.post(account(meta.address), TOKEN, MESSAGE)))
    thread.start()
    while not meta.posted:
        thread.join(0.01)
    while thread.is_alive():
        api.interrupt()
        thread.join(0.01)
    assert found == [Lost("O programa foi encerrado durante o envio.")]
