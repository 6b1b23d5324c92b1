"""`GET /v1/balcao`: who the service takes the caller for."""

from __future__ import annotations

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from app.version import VERSION
from services.integration.answers import answer
from services.integration.desk import Desk
from services.integration.entrance import caller_of


class Identity(BaseModel):
    """The counter of a token."""

    model_config = ConfigDict(title="Identidade")

    balcao: int = Field(description="Código do balcão na retaguarda.")
    nome: str = Field(description="Nome com que foi incluído.")
    empresa: int | None = Field(description="A única empresa por que pode falar; nulo para todas.")
    versao: str = Field(description="Versão da retaguarda.")


def add(router: APIRouter, desk: Desk) -> None:
    """Declare the route."""

    @router.get("/balcao", summary="Quem é este balcão", tags=["Serviço"], response_model=Identity)
    async def identity(request: Request) -> Response:
        """Diz de qual balcão é o token. Serve para testar o token e o endereço."""
        caller = caller_of(request)
        return answer({"balcao": caller.id, "nome": caller.name, "empresa": caller.company_id, "versao": VERSION})
