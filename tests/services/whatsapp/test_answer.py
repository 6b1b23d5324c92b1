"""What an HTTP answer of the API says: whatever comes, it is one of four things and can be kept."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.whatsapp.answer import Accepted, Answer, Lost, NotSent, Refused, read_answer

OK = {
    "messaging_product": "whatsapp",
    "contacts": [{"input": "5527999991234", "wa_id": "5527999991234"}],
    "messages": [{"id": "wamid.HBgN", "message_status": "accepted"}],
}
ERROR = {
    "error": {
        "message": "(#131030) Recipient phone number not in allowed list",
        "type": "OAuthException",
        "code": 131030,
        "error_data": {"messaging_product": "whatsapp", "details": "Add it\nto the list."},
        "fbtrace_id": "A1",
    }
}


def read(told: Any, status: int = 200, *, whole: bool = True) -> Answer:
    body = told if isinstance(told, bytes) else json.dumps(told).encode()
    return read_answer(status, body, whole=whole)


def test_an_accepted_message() -> None:
    assert read(OK) == Accepted("wamid.HBgN", "5527999991234")
    held = {**OK, "messages": [{"id": "wamid.HBgN", "message_status": "held_for_quality_assessment"}]}
    assert read(held) == Accepted("wamid.HBgN", "5527999991234", held=True)
    assert read({"messages": [{"id": "wamid.HBgN"}]}) == Accepted("wamid.HBgN", "")


def test_a_refused_message_has_the_code_and_what_the_api_says() -> None:
    detail = "(#131030) Recipient phone number not in allowed list Add it to the list."
    assert read(ERROR, 400) == Refused(131030, detail, 400)
    assert read({"error": {"code": 0}}, 401) == Refused(0, "", 401)
    assert read({"error": {"code": 2}}, 500) == Refused(2, "", 500)


@pytest.mark.parametrize(
    "told",
    [
        b"",
        b"<html>",
        b"\xff\xfe",
        b"[" * 100_000,
        {},
        [],
        {"messages": []},
        {"messages": [{}]},
        {"messages": [{"id": ""}]},
        {"messages": [{"id": 7}]},
        {"messages": [{"id": "a" * 201}]},
        {"messages": "wamid"},
        ERROR,
    ],
)
def test_a_success_that_is_not_understood_is_lost_and_not_sent_again(told: Any) -> None:
    assert isinstance(read(told), Lost)


def test_a_success_cut_in_the_middle_is_lost() -> None:
    assert isinstance(read(OK, whole=False), Lost)


@pytest.mark.parametrize("status", [500, 502, 504, 599])
def test_a_server_in_the_way_that_fails_does_not_say_what_the_api_did(status: int) -> None:
    assert isinstance(read(b"<html>Bad gateway</html>", status), Lost)


@pytest.mark.parametrize("status", [301, 403, 404, 407, 413, 429, 503])
def test_what_was_refused_before_the_api_was_not_sent(status: int) -> None:
    assert isinstance(read(b"<html>no</html>", status), NotSent)
    assert isinstance(read({"error": {"code": "131030"}}, status), NotSent)
    assert isinstance(read({"error": {"code": True}}, status), NotSent)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
_ERRORS = st.fixed_dictionaries(
    {}, optional={"code": _JSON, "message": _JSON, "error_data": st.fixed_dictionaries({"details": _JSON}) | _JSON}
)
_TOLD = st.fixed_dictionaries(
    {},
    optional={
        "error": _ERRORS | _JSON,
        "messages": st.lists(st.fixed_dictionaries({"id": _JSON}) | _JSON, max_size=2) | _JSON,
        "contacts": st.lists(st.fixed_dictionaries({"wa_id": _JSON}), max_size=2) | _JSON,
    },
)


@given(_TOLD | _JSON, st.integers(100, 599))
def test_whatever_is_answered_can_be_kept(told: Any, status: int) -> None:
    found = read(json.dumps(told).encode(), status)
    for text in vars(found).values():
        if isinstance(text, str):
            text.encode()
            assert "\0" not in text
    match found:
        case Accepted():
            assert 0 < len(found.external_id) <= 200
            assert len(found.wa_id) <= 20
            assert 200 <= status < 300
        case Refused():
            assert status >= 400
        case Lost():
            assert 200 <= status < 300 or status >= 500
        case NotSent():
            assert not 200 <= status < 300


@given(st.binary(max_size=200), st.integers(100, 599))
def test_whatever_bytes_come_are_read(body: bytes, status: int) -> None:
    assert read_answer(status, body, whole=True) is not None
