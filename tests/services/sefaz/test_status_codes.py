"""The table of cStats: every code that the Consulta Cadastro is known to answer, and what is done about each."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from app.domain import FailureKind
from app.uf import Missing
from services.sefaz.status_codes import Action, StatusClass, StatusCode, status_code, status_codes

FORMAT = "107 214 215 238 239 242 243 289 402 404 409 411 516 517 545 587 588"
EXPECTED: dict[str, tuple[StatusClass, Action]] = {
    code: done
    for codes, done in {
        "111 112": (StatusClass.ANSWER, Action.KEEP),
        "259 261 264": (StatusClass.NOT_TAXPAYER, Action.KEEP),
        "258 260 263": (StatusClass.INVALID_DATA, Action.MEND),
        "257": (StatusClass.REQUESTER, Action.WAIT),
        "280 281 282 283 284 285 286": (StatusClass.CERTIFICATE, Action.WAIT),
        "108 109 999": (StatusClass.SUSPENDED, Action.WAIT),
        "656": (StatusClass.LIMIT, Action.FREEZE),
        "265 410": (StatusClass.NOT_SERVED, Action.LEARN_UNSERVED),
        "262": (StatusClass.NO_CPF, Action.LEARN_NO_CPF),
        FORMAT: (StatusClass.REJECTION, Action.STOP),
    }.items()
    for code in codes.split()
}
MINUTES: dict[str, list[float | None]] = {
    "108": [5, 15, 30, 60, 120, 360],
    "109": [30, 60],
    "257": [None],
    "280": [None],
    "281": [None],
    "282": [None],
    "283": [60, None],
    "284": [None],
    "285": [None],
    "286": [30, 60],
    "999": [0.5, 5, 5, 15, 30, 60, 120, 360],
}
"""How long an authorizer is left alone the first time, the second…; None is until the next day."""

every_code = pytest.mark.parametrize("code", status_codes().values(), ids=lambda code: code.code)


def test_every_known_code_is_there_with_its_class_and_action() -> None:
    assert len(EXPECTED) == 40
    assert {code: (known.status_class, known.action) for code, known in status_codes().items()} == EXPECTED


def test_only_what_waits_says_how_long() -> None:
    waits = {code: known.waits for code, known in status_codes().items() if known.waits}
    assert waits == {
        code: tuple(None if wait is None else timedelta(minutes=wait) for wait in each)
        for code, each in MINUTES.items()
    }
    assert set(waits) == {code for code, known in status_codes().items() if known.action is Action.WAIT}


@every_code
def test_class_and_action_agree(code: StatusCode) -> None:
    about_the_customer = code.status_class.failure is None
    assert about_the_customer == (code.action in (Action.KEEP, Action.MEND))
    assert (code.action is Action.MEND) == (code.status_class is StatusClass.INVALID_DATA)
    assert (code.action is Action.FREEZE) == (code.status_class.failure is FailureKind.LIMIT)
    assert (code.action is Action.STOP) == (code.status_class is StatusClass.REJECTION)
    assert (code.missing is not None) == (code.status_class.failure is FailureKind.NOT_SERVED)


@every_code
def test_the_words_are_whole_sentences_of_what_happened_and_what_to_do(code: StatusCode) -> None:
    assert re.fullmatch(r"[0-9]{3}", code.code)
    assert code.text
    for sentence in (code.cause, code.todo):
        assert sentence == "" or re.fullmatch(r"[A-ZÁÀÂÃÉÊÍÓÔÕÚ].*\.", sentence)
        assert "!" not in sentence
    assert code.cause
    assert code.todo or code.code == "111"


@pytest.mark.parametrize("code", ["409", "411", "545"])
def test_who_must_send_the_header_is_told_where_to_switch_it_on(code: str) -> None:
    todo = status_code(code).todo
    assert "Endereços da SEFAZ" in todo
    assert "ligue “Cabeçalho”" in todo


@pytest.mark.parametrize("code", ["238", "239", "242", "289"])
def test_whose_header_is_refused_is_told_to_switch_it_off(code: str) -> None:
    assert "desligue" in status_code(code).todo


def test_a_code_that_is_not_in_the_table_is_never_repeated_and_says_that_it_is_unknown() -> None:
    unknown = status_code("777")
    assert (unknown.status_class, unknown.action) == (StatusClass.REJECTION, Action.STOP)
    assert unknown.said.failure is FailureKind.REJECTION
    assert not unknown.said.repeatable
    assert "777" in unknown.cause
    assert unknown.todo


def test_what_a_uf_lacks_is_no_fault_of_the_authorizer() -> None:
    assert status_code("265").missing is Missing.SERVICE
    assert status_code("262").missing is Missing.CPF
    for code in ("262", "265", "410"):
        assert status_code(code).said.failure is None
