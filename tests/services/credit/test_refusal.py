"""What each HTTP status of a gerenciadora means, and that nothing of people or of secrets is told of it."""

from __future__ import annotations

from datetime import UTC, datetime

import httpx
import pytest

from app.domain import FailureKind
from services.credit.provider import AnalysisFailed
from services.credit.refusal import MAX_REQUEST_ID, login_refused, refused, told_error
from services.http_channel import HttpAnswer
from services.network_failure import Called
from tests.services.credit.contracts import is_explained

CALLED = Called("gerenciadora Nossa", "o endereço dela em Gerenciadoras", with_certificate=False)
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def answer(status: int, body: bytes = b"{}", **headers: str) -> HttpAnswer:
    return HttpAnswer(status, httpx.Headers({name.replace("_", "-"): text for name, text in headers.items()}), body)


def refusal(status: int, body: bytes = b"{}", **headers: str) -> AnalysisFailed:
    return refused(answer(status, body, **headers), CALLED, "GET", "https://exemplo.com.br/x", NOW)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (204, FailureKind.INVALID_RESPONSE),
        (302, FailureKind.CONFIGURATION),
        (400, FailureKind.REJECTION),
        (401, FailureKind.REQUESTER),
        (403, FailureKind.REJECTION),
        (404, FailureKind.REJECTION),
        (405, FailureKind.CONFIGURATION),
        (408, FailureKind.UNAVAILABLE),
        (412, FailureKind.REJECTION),
        (422, FailureKind.REJECTION),
        (429, FailureKind.THROTTLED),
        (500, FailureKind.UNAVAILABLE),
        (502, FailureKind.UNAVAILABLE),
        (503, FailureKind.UNAVAILABLE),
        (504, FailureKind.UNAVAILABLE),
    ],
)
def test_each_status_is_told_by_what_is_done_then(status: int, kind: FailureKind) -> None:
    failed = refusal(status)
    assert is_explained(failed.failure, kind)
    assert f"HTTP {status}" in failed.failure.what
    assert (failed.http_status, failed.raw) == (status, b"{}")


@pytest.mark.parametrize(("status", "kind"), [(403, FailureKind.REQUESTER), (404, FailureKind.CONFIGURATION)])
def test_a_page_says_nothing_of_the_document(status: int, kind: FailureKind) -> None:
    assert refusal(status, b" <!DOCTYPE html><html>").failure.kind is kind


def test_a_wait_is_read_and_said() -> None:
    failed = refusal(429, Retry_After="Fri, 20 Nov 2026 12:02:00 GMT")
    assert failed.retry_after_s == 120
    assert "2 minutos de espera" in failed.failure.what
    assert refusal(429).retry_after_s is None
    assert refusal(404, Retry_After="120").retry_after_s is None


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"message": "Falta o relat\xc3\xb3rio"}', "Falta o relatório"),
        (b'[{"code": "X", "message": "Recusado"}]', "Recusado"),
        (b'{"errors": [{"detail": "Sem contrato"}]}', "Sem contrato"),
        (b'{"message": "CNPJ 11.222.333/0001-81 e 11222333000181 nao consta"}', "CNPJ … e … nao consta"),
        (b'{"message": "CPF 111.444.777-35"}', "CPF …"),
        (b'{"error": "true"}', ""),
        (b"<html>", ""),
        (b"[" * 50_000, ""),
        (b'{"message": {"message": {"message": {"message": "fundo"}}}}', ""),
    ],
)
def test_the_words_of_a_refusal_are_told_without_whom_they_are_about(body: bytes, said: str) -> None:
    assert told_error(body) == said
    cause = refusal(412, body).failure.cause
    assert (said in cause) if said else ("diz" not in cause)


def test_long_words_are_cut() -> None:
    assert len(told_error(b'{"message": "' + b"x" * 5000 + b'"}')) == 201
    assert len(refusal(412, X_Request_Id="9" * 500).request_id) == MAX_REQUEST_ID


def test_what_a_login_answers_is_not_kept() -> None:
    body = b'{"message": "usuario demonstracao, senha-da-demonstracao"}'
    failed = login_refused(answer(401, body), CALLED, "POST", "https://exemplo.com.br/login", NOW)
    assert failed.failure.kind is FailureKind.REQUESTER
    assert failed.raw == b""
    assert "senha-da" not in repr(failed.failure)
