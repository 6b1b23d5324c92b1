"""The Cloud API of the demonstration through real TLS: what it takes, what it refuses and how."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from services.demo.ca import DemoAuthority
from services.demo.whatsapp import NUMBER_ID, TOKEN, DemoWhatsApp, Fault

TO = "5527999991234"


@pytest.fixture
def meta(authority: DemoAuthority) -> Iterator[DemoWhatsApp]:
    with DemoWhatsApp(authority, templates={"os_criada"}) as server:
        yield server


@pytest.fixture
def client(bare_context: ssl.SSLContext) -> Iterator[httpx.Client]:
    with httpx.Client(verify=bare_context, trust_env=False, timeout=30) as client:
        yield client


def message(to: str = TO, template: str = "os_criada", text: str = "Maria") -> dict[str, Any]:
    fields = [{"type": "body", "parameters": [{"type": "text", "text": text}]}]
    return {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": to,
        "type": "template",
        "biz_opaque_callback_data": "os:1",
        "template": {"name": template, "language": {"code": "pt_BR"}, "components": fields},
    }


def post(client: httpx.Client, meta: DemoWhatsApp, told: Any, *, token: str = TOKEN, number: str = NUMBER_ID) -> Any:
    address = f"{meta.address}/v25.0/{number}/messages"
    return client.post(address, json=told, headers={"Authorization": f"Bearer {token}"})


def code(answer: httpx.Response) -> int:
    return int(answer.json()["error"]["code"])


def test_a_message_is_taken_and_noted(client: httpx.Client, meta: DemoWhatsApp) -> None:
    told = post(client, meta, message()).json()
    assert told["messages"] == [{"id": "wamid.demonstracao000001", "message_status": "accepted"}]
    assert told["contacts"] == [{"input": TO, "wa_id": TO}]
    (posted,) = meta.posted
    assert (posted.version, posted.to, posted.template, posted.fields) == ("v25.0", TO, "os_criada", ("Maria",))


def test_most_areas_are_known_by_eight_digits(client: httpx.Client, meta: DemoWhatsApp) -> None:
    told = post(client, meta, message("5532988887777")).json()
    assert told["contacts"][0]["wa_id"] == "553288887777"


@pytest.mark.parametrize(
    ("token", "number", "template", "text", "expected"),
    [
        ("outro", NUMBER_ID, "os_criada", "Maria", 190),
        (TOKEN, "1", "os_criada", "Maria", 33),
        (TOKEN, NUMBER_ID, "outro", "Maria", 132001),
        (TOKEN, NUMBER_ID, "os_criada", "", 100),
        (TOKEN, NUMBER_ID, "os_criada", "Maria\nda Silva", 100),
    ],
)
def test_what_the_api_would_not_take_is_refused(
    client: httpx.Client, meta: DemoWhatsApp, token: str, number: str, template: str, text: str, expected: int
) -> None:
    answer = post(client, meta, message(template=template, text=text), token=token, number=number)
    assert answer.status_code >= 400
    assert code(answer) == expected
    assert not any(posted.accepted for posted in meta.posted)


@pytest.mark.parametrize("told", [{}, [], {"template": []}, {**message(), "type": "text"}])
def test_what_is_no_message_is_refused(client: httpx.Client, meta: DemoWhatsApp, told: Any) -> None:
    assert code(post(client, meta, told)) == 100


def test_another_address_is_refused(client: httpx.Client, meta: DemoWhatsApp) -> None:
    assert code(client.get(f"{meta.address}/v25.0/{NUMBER_ID}")) == 100


def test_faults_come_once_each_and_then_what_comes_always(client: httpx.Client, meta: DemoWhatsApp) -> None:
    meta.faults[TO] = [Fault(131056), Fault(held=True)]
    meta.always[TO] = Fault(131026)
    first, second, third = (post(client, meta, message()) for _ in range(3))
    assert (code(first), code(third)) == (131056, 131026)
    assert second.json()["messages"][0]["message_status"] == "held_for_quality_assessment"
    assert [posted.accepted for posted in meta.posted] == [False, True, False]
