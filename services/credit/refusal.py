"""The failures that gerenciadoras answer with: what each HTTP status means, and what is done then."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

from app.domain import Failure, FailureKind
from services.asked_wait import asked_wait, granted_wait, wait_words
from services.credit.json_values import clean
from services.credit.provider import AnalysisFailed

if TYPE_CHECKING:
    from services.http_channel import HttpAnswer
    from services.network_failure import Called

MAX_REQUEST_ID = 80
"""The most characters of a number by which a gerenciadora knows a question, as the table of analyses has room for."""

_REQUEST_ID_HEADERS = ("X-Request-Id", "X-Correlation-Id")
_MESSAGE_FIELDS = ("message", "mensagem", "mensagemRetorno", "error", "erro", "error_description", "detail")
_LONGEST_MESSAGE = 200
_LONG_NUMBER = re.compile(r"[0-9A-Z][0-9A-Z./\-]{9,}[0-9]")
_LONG_WORD = re.compile(r"\S{20,}")
_PAGE = re.compile(rb"\s*(?:<!doctype\s+html|<html|<head|<body)\b", re.IGNORECASE)
_LATER = "O programa tenta de novo sozinho; se continuar, avise a {name}."


def request_id(answer: HttpAnswer) -> str:
    """By which the one that answered knows the message, "" when it does not say."""
    told = (answer.headers.get(name, "") for name in _REQUEST_ID_HEADERS)
    return next((clean(each)[:MAX_REQUEST_ID] for each in told if each), "")


def is_page(answer: HttpAnswer) -> bool:
    """Whether an HTML page came where data was due."""
    return _PAGE.match(answer.body[:4096]) is not None


def failed(failure: Failure, answer: HttpAnswer, *, retry_after_s: float | None = None) -> AnalysisFailed:
    """That failure, with the answer behind it as evidence."""
    return AnalysisFailed(
        failure,
        http_status=answer.status,
        raw=answer.body,
        request_id=request_id(answer),
        retry_after_s=retry_after_s,
    )


def details(answer: HttpAnswer, method: str, shown: str) -> str:
    """What support needs to know about an answer; nothing of the person it is about."""
    lines = [
        f"{method} {shown}",
        f"HTTP {answer.status}, {answer.content_type or 'sem Content-Type'}, {len(answer.body)} bytes",
    ]
    if "Retry-After" in answer.headers:
        lines.append(f"Retry-After: {clean(answer.headers['Retry-After'])[:100]}")
    if number := request_id(answer):
        lines.append(f"Número na gerenciadora: {number}")
    return "\n".join(lines)


def invalid(called: Called, cause: str, answer: HttpAnswer, method: str, shown: str) -> AnalysisFailed:
    """The failure for an answer that came and cannot be read: it may have been charged, and is kept."""
    what = f"A resposta da {called.name} não pôde ser lida."
    todo = "Envie os detalhes e a resposta guardada ao suporte antes de consultar de novo."
    return failed(Failure(FailureKind.INVALID_RESPONSE, what, cause, todo, details(answer, method, shown)), answer)


def refused(answer: HttpAnswer, called: Called, method: str, shown: str, now: datetime) -> AnalysisFailed:
    """The failure behind a status that is no report, by the meanings that Serasa Experian gives to them.

    `now` is when it came. A page instead of data, with 403 or 404, is of somebody in between or of a wrong address, and
    says nothing about the document.
    """
    asked = asked_wait(answer, now) if answer.status in (429, 503) else None
    kind, what, cause, todo = _meaning(answer, called, wait_words(asked))
    if said := told_error(answer.body):
        cause = f"{cause} A resposta diz: “{said}”."
    failure = Failure(kind, f"{what} (HTTP {answer.status}).", cause, todo, details(answer, method, shown))
    return failed(failure, answer, retry_after_s=granted_wait(asked))


def login_refused(answer: HttpAnswer, called: Called, method: str, shown: str, now: datetime) -> AnalysisFailed:
    """The failure behind a status other than success of a login, when nothing was asked yet. What came is not kept: it
    could repeat the credentials."""
    asked = asked_wait(answer, now) if answer.status in (429, 503) else None
    match answer.status:
        case 400 | 401 | 403:
            kind, what, cause, todo = _credentials_refused(called)
        case status if status == 429 or status >= 500:
            kind, what, cause, todo = _meaning(answer, called, wait_words(asked))
        case _:
            kind, what, cause, todo = _no_such_address(called)
    failure = Failure(kind, f"{what} (HTTP {answer.status}).", cause, todo, details(answer, method, shown))
    return AnalysisFailed(failure, http_status=answer.status, retry_after_s=granted_wait(asked))


def told_error(body: bytes) -> str:
    """The sentence in which an answer says what went wrong, "" without one. What could be a document is left out."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    words = shown_words(_sentence(value, depth=3))
    return "" if words.casefold() in ("true", "false") else words  # of fields called "error"


def shown_words(words: str) -> str:
    """What an answer says, as a failure may show it: one line, not long, and without what could be a document or a
    token."""
    words = _LONG_NUMBER.sub("…", clean(words))
    words = _LONG_WORD.sub(lambda found: "…" if any(map(str.isdigit, found[0])) else found[0], words)
    return words if len(words) <= _LONGEST_MESSAGE else f"{words[:_LONGEST_MESSAGE]}…"


def _sentence(value: Any, depth: int) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list) and value and depth:
        return _sentence(value[0], depth - 1)
    if not isinstance(value, dict) or not depth:
        return ""
    for name in _MESSAGE_FIELDS:
        if words := _sentence(value.get(name), depth - 1):
            return words
    return _sentence(value.get("errors"), depth - 1) or _sentence(value.get("result"), depth - 1)


def _meaning(answer: HttpAnswer, called: Called, waiting: str) -> tuple[FailureKind, str, str, str]:
    name, page = called.name, is_page(answer)
    later = _LATER.format(name=name)
    match answer.status:
        case 401:
            return _credentials_refused(called)
        case 403 if page:
            return (
                FailureKind.REQUESTER,
                f"O servidor da {name} negou o acesso",
                "Uma página veio no lugar da resposta: a proteção do site pode não aceitar esta rede.",
                f"Confira com a {name} se este endereço da internet pode consultar.",
            )
        case 403:
            return (
                FailureKind.REJECTION,
                f"A {name} não pode mostrar os dados deste documento",
                "Eles estão protegidos por lei ou por decisão judicial.",
                "Decida sem esta análise.",
            )
        case 404 if page:
            return _no_such_address(called)
        case 404:
            return (
                FailureKind.REJECTION,
                f"A {name} não conhece este documento",
                "Ele não está na base dela, ou o relatório escolhido não existe.",
                "Confira o documento do cliente e o relatório, em Gerenciadoras.",
            )
        case 412:
            return (
                FailureKind.REJECTION,
                f"A {name} não aceitou a consulta",
                "O documento não é válido, ou o relatório ou um item opcional não foi contratado.",
                "Confira o relatório e os itens opcionais, em Gerenciadoras, com o contrato.",
            )
        case 429:
            return (
                FailureKind.THROTTLED,
                f"A {name} não quer ser consultada agora{waiting}",
                "Passou do volume contratado, ou foram consultas demais em pouco tempo.",
                f"O programa aguarda e continua sozinho; se repetir, reveja o volume com a {name}.",
            )
        case 408 | 503:
            return (
                FailureKind.UNAVAILABLE,
                f"O serviço da {name} está parado{waiting}",
                "Está em manutenção ou sobrecarregado.",
                later,
            )
        case status if status >= 500:
            return FailureKind.UNAVAILABLE, f"O servidor da {name} falhou", "O serviço está com defeito.", later
        case 405 | 410:
            return _no_such_address(called)
        case status if 200 <= status < 300:
            return (
                FailureKind.INVALID_RESPONSE,
                f"A {name} aceitou a consulta e não mandou o relatório",
                "A resposta não é uma das conhecidas, e a consulta pode ter sido cobrada.",
                "Envie os detalhes e a resposta guardada ao suporte antes de consultar de novo.",
            )
        case status if 300 <= status < 400:
            return (
                FailureKind.CONFIGURATION,
                f"O servidor da {name} mandou procurar a resposta em outro lugar",
                "O endereço mudou ou está errado; as consultas não são enviadas a outros.",
                f"Confira {called.address}.",
            )
        case _:
            return (
                FailureKind.REJECTION,
                f"A {name} não aceitou a consulta",
                "O servidor não aceitou a mensagem.",
                "Confira o cadastro da gerenciadora e envie os detalhes ao suporte.",
            )


def _credentials_refused(called: Called) -> tuple[FailureKind, str, str, str]:
    return (
        FailureKind.REQUESTER,
        f"A {called.name} não aceitou as credenciais",
        "O usuário ou a senha não são os deste ambiente, venceram ou foram suspensos.",
        f"Confira as credenciais deste ambiente, em Gerenciadoras, e com a {called.name} se o contrato está em dia.",
    )


def _no_such_address(called: Called) -> tuple[FailureKind, str, str, str]:
    return (
        FailureKind.CONFIGURATION,
        f"O serviço da {called.name} não existe neste endereço",
        "O endereço está errado ou mudou.",
        f"Confira {called.address}.",
    )
