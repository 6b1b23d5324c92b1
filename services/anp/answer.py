"""Reads what ANP sent back, in whichever of its forms, without ever taking a failure for an answer.

The form is recognised by the content: neither the address nor the Content-Type, which the operator and ANP change.
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import TYPE_CHECKING, Any, NoReturn

from services.anp.api_answer import is_envelope, read_envelope
from services.anp.map_answer import is_feature_collection, read_features
from services.anp.page_answer import read_page
from services.anp.reading import NotAnAnswer, Reading, clean
from services.anp.refusal import invalid, page_instead, refused

if TYPE_CHECKING:
    from services.http_channel import HttpAnswer

MAX_BODY = 5 * 1024 * 1024
"""The largest body read, in bytes. A real answer about one CNPJ has some two kilobytes."""

_EXCEPTION = re.compile(rb"<(?:\w+:)?(?:ServiceException|ExceptionText)\b[^>]*>(.{0,300})", re.DOTALL)


def read_answer(answer: HttpAnswer, cnpj: str, address: str, now: datetime) -> Reading | None:
    """What ANP has about that CNPJ, None when it says that it has nothing.

    Raises ConsultationFailed, and nothing else, with the body in `response`.
    """
    if answer.status not in (200, 404):
        raise refused(answer, address, now)
    if len(answer.body) > MAX_BODY:
        raise invalid(
            f"A resposta da ANP passa de {MAX_BODY // 2**20} MB e foi recusada.",
            "O endereço não consulta um revendedor só.",
            answer,
            address,
        )
    if not answer.whole:
        raise invalid("A resposta da ANP não veio inteira.", "A conexão foi cortada no meio dela.", answer, address)
    body = answer.body.removeprefix(b"\xef\xbb\xbf").strip()
    try:
        return _read(body, answer.status, cnpj)
    except _Unknown as unknown:
        if answer.status == 404:
            raise refused(answer, address, now) from unknown
        if body.startswith(b"<"):
            raise page_instead(answer, address) from unknown
        cause = f"O motivo: {unknown}."
        raise invalid("A resposta da ANP não pôde ser lida.", cause, answer, address) from unknown
    except NotAnAnswer as why:
        raise invalid("A resposta da ANP não é um resultado.", f"O motivo: {why}.", answer, address) from why


class _Unknown(Exception):
    """Why a body has none of the forms known; the end of a Portuguese sentence, with no stop."""


def _read(body: bytes, status: int, cnpj: str) -> Reading | None:
    if not body:
        raise _Unknown("ela veio vazia")
    if body.startswith(b"<"):
        if (exception := _EXCEPTION.search(body[:16384])) is not None:
            said = clean(exception.group(1).partition(b"<")[0].decode("utf-8", "replace"))
            raise NotAnAnswer(f"o mapa da ANP recusou a consulta: “{said}”")
        if status == 200 and (reading := read_page(body, cnpj)) is not None:
            return reading
        raise _Unknown("é uma página da internet")
    answer = _object(body)
    if is_envelope(answer):
        return read_envelope(answer, status, cnpj)
    if is_feature_collection(answer) and status == 200:
        return read_features(answer, cnpj)
    raise _Unknown("não é nenhuma das formas em que a ANP responde")


def _object(body: bytes) -> dict[str, Any]:
    """A JSON object, its names in lower case at every level."""
    try:
        value = json.loads(body.decode("utf-8"), object_pairs_hook=_lowered, parse_constant=_no_number)
    except UnicodeDecodeError as error:
        raise _Unknown("o texto não está em UTF-8") from error
    except (ValueError, RecursionError) as error:
        raise _Unknown("o JSON está cortado ou malformado") from error
    if not isinstance(value, dict):
        raise _Unknown("o JSON não é um objeto")
    return value


def _lowered(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    lowered = {name.lower(): value for name, value in pairs}
    if len(lowered) < len(pairs):
        raise ValueError("one name, two values")
    return lowered


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
