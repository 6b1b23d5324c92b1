"""The failures that ANP's servers answer with: what each status means, and how long they ask to be left alone."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING

from app.domain import ConsultationFailed, Failure, FailureKind
from services.asked_wait import asked_wait, granted_wait, wait_words

if TYPE_CHECKING:
    from services.http_channel import HttpAnswer

_TITLE = re.compile(rb"<title[^>]*>(.{0,200}?)</title>", re.IGNORECASE | re.DOTALL)
_PAGE = re.compile(rb"<(?:!doctype\s+html|html|head|body|title)\b", re.IGNORECASE)
_ADDRESS = "Confira o endereço nas configurações."


def is_page(body: bytes) -> bool:
    """Whether a body is an HTML page."""
    return _PAGE.search(body[:4096]) is not None


def details(answer: HttpAnswer, address: str) -> str:
    """What support needs to know about an answer."""
    lines = [
        f"GET {address}",
        f"HTTP {answer.status}, {answer.content_type or 'sem Content-Type'}, {len(answer.body)} bytes",
    ]
    if is_page(answer.body) and (title := _TITLE.search(answer.body[:16384])):
        lines.append(f"Título da página: {' '.join(_text(title.group(1)).split())}")
    if "Retry-After" in answer.headers:
        lines.append(f"Retry-After: {answer.headers['Retry-After'][:100]}")
    return "\n".join(lines)


def _text(title: bytes) -> str:
    try:
        return title.decode("utf-8")
    except UnicodeDecodeError:
        return title.decode("cp1252", "replace")


def invalid(what: str, cause: str, answer: HttpAnswer, address: str) -> ConsultationFailed:
    """The failure for a response that cannot be taken as an answer."""
    todo = "Tente de novo mais tarde; se continuar, envie os detalhes ao suporte."
    failure = Failure(FailureKind.INVALID_RESPONSE, what, cause, todo, details(answer, address))
    return ConsultationFailed(failure, response=answer.body)


def page_instead(answer: HttpAnswer, address: str) -> ConsultationFailed:
    """The failure for a page where data was due."""
    failure = Failure(
        FailureKind.INVALID_RESPONSE,
        "O servidor da ANP enviou uma página da internet em vez da resposta.",
        "O serviço pode estar em manutenção, a proteção do site pode ter recusado este programa ou esta rede, ou um "
        "equipamento interceptou a chamada.",
        "Abra o endereço em um navegador para ver o que ela diz; tente de novo mais tarde.",
        details(answer, address),
    )
    return ConsultationFailed(failure, response=answer.body)


def refused(answer: HttpAnswer, address: str, now: datetime) -> ConsultationFailed:
    """The failure behind a status that is no answer. `now` is when it came."""
    told = details(answer, address)
    asked = asked_wait(answer, now) if answer.status in (429, 503) else None
    match answer.status:
        case 429:
            failure = Failure(
                FailureKind.THROTTLED,
                f"A ANP não quer ser consultada agora (HTTP 429){wait_words(asked)}.",
                "Foram feitas consultas demais em pouco tempo, deste ou de outro programa na mesma rede.",
                "Aguarde; se repetir, aumente o intervalo entre as consultas do serviço.",
                told,
            )
        case 503:
            failure = Failure(
                FailureKind.UNAVAILABLE,
                f"O serviço da ANP está parado (HTTP 503){wait_words(asked)}.",
                "Está em manutenção ou sobrecarregado.",
                "Aguarde e tente de novo mais tarde.",
                told,
            )
        case 401 | 403:
            failure = Failure(
                FailureKind.HTTP,
                f"O servidor da ANP negou o acesso (HTTP {answer.status}).",
                "A proteção do site pode ter recusado este programa, esta rede, ou consultas em excesso.",
                "Abra o endereço em um navegador deste computador: se lá também não abrir, aguarde ou use outra rede; "
                "se abrir, aumente o intervalo entre as consultas e envie os detalhes ao suporte.",
                told,
            )
        case 404 | 410:
            failure = Failure(
                FailureKind.HTTP,
                f"O serviço da ANP não existe no endereço configurado (HTTP {answer.status}).",
                "O endereço está errado ou a ANP o mudou.",
                _ADDRESS,
                told,
            )
        case status if 300 <= status < 400:
            failure = Failure(
                FailureKind.HTTP,
                f"O servidor da ANP mandou procurar a resposta em outro lugar (HTTP {status}).",
                "O endereço pode ter mudado; o programa só segue desvios seguros dentro do mesmo servidor.",
                _ADDRESS,
                f"{told}\nLocation: {answer.headers.get('Location', '')[:500]}",
            )
        case status:
            failure = Failure(
                FailureKind.HTTP,
                f"O servidor da ANP respondeu com erro (HTTP {status}).",
                "O serviço está fora do ar ou sobrecarregado."
                if status >= 500
                else "O servidor não aceitou a chamada.",
                "Tente de novo mais tarde; se continuar, confira o endereço nas configurações.",
                told,
            )
    return ConsultationFailed(failure, response=answer.body, retry_after_s=granted_wait(asked))
