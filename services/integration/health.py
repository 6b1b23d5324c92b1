"""`GET /saude`: whether the service answers, the only thing told without a token."""

from __future__ import annotations

from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from app.version import VERSION
from services.integration.answers import answer
from services.integration.callers import Callers
from services.integration.entrance import OPEN_PATH
from services.integration.errors import documented


class Health(BaseModel):
    """How the service is."""

    model_config = ConfigDict(title="Saude")

    situacao: str = Field(description="“atendendo” enquanto o banco de dados responde.")
    versao: str = Field(description="Versão da retaguarda.")


def add(app: FastAPI, callers: Callers) -> None:
    """Declare the route."""

    @app.get(
        OPEN_PATH,
        summary="O serviço atende?",
        tags=["Serviço"],
        response_model=Health,
        responses=documented(408, 500, 503),
        openapi_extra={"security": []},
    )
    async def health() -> Response:
        """A única rota sem token. Com o banco de dados fora do ar, responde 503."""
        await callers.refresh()
        return answer({"situacao": "atendendo", "versao": VERSION})
