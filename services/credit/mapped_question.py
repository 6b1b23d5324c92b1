"""Fills in the questions of a mapping: the address, the headers and the body of one message."""

from __future__ import annotations

import json
from collections.abc import Mapping as Fields
from typing import Any
from urllib.parse import quote, urlencode

from app.domain import Document, DocumentKind
from services.credit.credentials import Credentials
from services.credit.exchange import Message
from services.credit.mapping import PLACEHOLDER, Question
from services.credit.provider import Contract


def fields_of(document: Document, contract: Contract) -> dict[str, str | list[str]]:
    """What the fields of a question about that document are worth."""
    manager = contract.manager
    is_person = document.kind is DocumentKind.CPF
    return {
        "documento": document.value,
        "documento_formatado": str(document),
        "pessoa": "F" if is_person else "J",
        "relatorio": manager.person_report if is_person else manager.report,
        "opcionais": list(manager.features),
        "centro_custo": manager.cost_center,
        "cnpj_consultante": manager.consulting_document,
    } | credential_fields(contract.credentials)


def credential_fields(credentials: Credentials) -> dict[str, str | list[str]]:
    """The same of the credentials."""
    return {"usuario": credentials.user, "senha": credentials.password}


def message_of(
    question: Question, address: str, fields: Fields[str, str | list[str]], *, charged: bool, headers: dict[str, str]
) -> Message:
    """The question with its fields filled in, to be sent to the service whose base is `address`.

    What is nothing but one field, and that one blank, is left out. `headers` are sent besides its own; `charged` tells
    whether it is a question about somebody.
    """
    parameters = _filled(question.parameters, fields)
    query = f"?{urlencode(parameters, quote_via=quote)}" if parameters else ""
    path = PLACEHOLDER.sub(lambda found: quote(_text(fields[found[1]]), safe=""), question.path)
    headers = {"Accept": "application/json", **_filled(question.headers, fields), **headers}
    content = None
    if question.is_form:
        content = urlencode(_filled(question.body, fields)).encode()
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    elif question.body is not None:
        content = json.dumps(_filled_json(question.body, fields), ensure_ascii=False).encode()
        headers["Content-Type"] = "application/json"
    shown = f"{address}{question.path}"
    return Message(question.method, f"{address}{path}{query}", shown, headers, content, charged)


def _filled(texts: Fields[str, str], fields: Fields[str, str | list[str]]) -> dict[str, str]:
    return {
        name: PLACEHOLDER.sub(lambda found: _text(fields[found[1]]), text)
        for name, text in texts.items()
        if not _is_blank(text, fields)
    }


def _filled_json(value: Any, fields: Fields[str, str | list[str]]) -> Any:
    match value:
        case dict():
            return {name: _filled_json(each, fields) for name, each in value.items() if not _is_blank(each, fields)}
        case list():
            return [_filled_json(each, fields) for each in value if not _is_blank(each, fields)]
        case str():
            whole = PLACEHOLDER.fullmatch(value)
            return fields[whole[1]] if whole else PLACEHOLDER.sub(lambda found: _text(fields[found[1]]), value)
    return value


def _is_blank(value: Any, fields: Fields[str, str | list[str]]) -> bool:
    whole = PLACEHOLDER.fullmatch(value) if isinstance(value, str) else None
    return whole is not None and not fields[whole[1]]


def _text(value: str | list[str]) -> str:
    return value if isinstance(value, str) else ",".join(value)
