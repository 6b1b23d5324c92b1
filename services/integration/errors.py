"""The one form of every error, `{"erro": {"codigo", "mensagem", "campos"?}}`, in Portuguese."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from app.portuguese import counted
from services.integration.validation_words import fields_of

Headers = Mapping[str, str]

_RETRY_S = 5
# A connection may be lost while the database confirms: then nobody knows, and the key tells the one from the other.
_AGAIN = "Repita o pedido em instantes; se ele grava algo, com a mesma Idempotency-Key."


class ApiError(Exception):
    """Answered to the counter as it is. `fields` has a sentence by the name of what was sent."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        fields: Mapping[str, str] | None = None,
        headers: Headers | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.fields = fields or {}
        self.headers = headers or {}


class Problem(BaseModel):
    """What went wrong."""

    model_config = ConfigDict(title="Problema")

    codigo: str = Field(description="Nome fixo do erro, para programas.")
    mensagem: str = Field(description="O que houve e o que fazer, para pessoas.")
    campos: dict[str, str] | None = Field(default=None, description="O que há de errado em cada campo do pedido.")


class ErrorAnswer(BaseModel):
    """The body of every answer that is not a success."""

    model_config = ConfigDict(title="Erro")

    erro: Problem


_BY_STATUS = {
    400: ("pedido_ilegivel", "O corpo do pedido não é um JSON que se possa ler."),
    404: ("nao_encontrado", "Este endereço não existe no serviço. Confira a lista em /docs."),
    405: ("metodo_nao_aceito", "Este endereço não aceita este método. Confira a lista em /docs."),
    413: ("corpo_grande_demais", "O corpo do pedido passa de 1 MiB. Envie em partes menores."),
}
_MEANINGS = {
    400: "O corpo não é JSON",
    401: "Sem token, ou com um token que não vale",
    403: "O balcão não pode falar por esta empresa",
    404: "Não existe",
    408: "O pedido não chegou inteiro a tempo",
    410: "O cursor não vale mais",
    413: "O corpo passa de 1 MiB",
    422: "O pedido não está de acordo",
    429: "Pedidos demais; Retry-After diz quantos segundos esperar",
    431: "O endereço e os cabeçalhos passam de 16 KiB",
    500: "Erro interno",
    503: "O banco de dados não responde, ou o serviço está parando; Retry-After diz quantos segundos esperar",
}


def documented(*statuses: int, more: Mapping[int, str] | None = None) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that may end in these errors; `more` has what others mean in this route."""
    meanings = {status: _MEANINGS[status] for status in statuses} | dict(more or {})
    return {status: {"model": ErrorAnswer, "description": meaning} for status, meaning in meanings.items()}


def error_response(error: ApiError) -> Response:
    """The answer in the form of every error."""
    problem: dict[str, Any] = {"codigo": error.code, "mensagem": error.message}
    if error.fields:
        problem["campos"] = dict(error.fields)
    # Names of fields come back as they were sent, and what was sent may be no text at all (a lone surrogate).
    body = json.dumps({"erro": problem}, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    return Response(body, error.status, dict(error.headers), "application/json")


def database_down() -> ApiError:
    """What is answered while the database does not answer."""
    return ApiError(
        503,
        "banco_indisponivel",
        f"O banco de dados da retaguarda não está respondendo. {_AGAIN}",
        headers={"Retry-After": str(_RETRY_S)},
    )


def too_large() -> ApiError:
    """What is answered to a body above the limit."""
    return ApiError(413, *_BY_STATUS[413])


def head_too_large() -> ApiError:
    """What is answered to an address and headers above the limit."""
    return ApiError(431, "cabecalho_grande_demais", "O endereço e os cabeçalhos do pedido passam de 16 KiB.")


def too_many(wait_s: int) -> ApiError:
    """What is answered to who asks too often."""
    message = f"Pedidos demais em pouco tempo. Espere {counted(wait_s, 'segundo', 'segundos')} e tente de novo."
    return ApiError(429, "pedidos_demais", message, headers={"Retry-After": str(wait_s)})


def ending() -> ApiError:
    """What is answered to who comes while the service ends."""
    message = f"O serviço de integração está sendo parado. {_AGAIN}"
    return ApiError(503, "servico_parando", message, headers={"Retry-After": str(_RETRY_S)})


def internal_error(number: str) -> ApiError:
    """What is answered to a defect of this program; `number` finds it in the log."""
    return ApiError(500, "erro_interno", f"Erro interno do serviço. Informe ao suporte o código {number}.")


def add_handlers(app: FastAPI) -> None:
    """Give every error that a route may end in its form. What nobody expected goes on to `Front`."""

    async def of_defect(request: Request, error: Exception) -> Response:
        raise error  # or Starlette would answer in words of its own, before `Front` gets it

    async def of_api(request: Request, error: ApiError) -> Response:
        return error_response(error)

    async def of_http(request: Request, error: HTTPException) -> Response:
        code, message = _BY_STATUS.get(error.status_code, ("pedido_invalido", "O pedido não foi aceito."))
        return error_response(ApiError(error.status_code, code, message, headers=error.headers))

    async def of_validation(request: Request, error: RequestValidationError) -> Response:
        return error_response(
            ApiError(422, "pedido_invalido", "O pedido não está de acordo: veja os campos.", fields_of(error.errors()))
        )

    app.exception_handler(Exception)(of_defect)
    app.exception_handler(ApiError)(of_api)
    app.exception_handler(HTTPException)(of_http)
    app.exception_handler(RequestValidationError)(of_validation)
