"""The service as one ASGI application: the steps that every request passes, outermost first, and the routes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, FastAPI
from starlette.types import ASGIApp

from app.version import VERSION
from services.integration import health
from services.integration.body_limit import BodyLimit
from services.integration.desk import Desk
from services.integration.entrance import Entrance
from services.integration.errors import add_handlers, documented
from services.integration.front import Front
from services.integration.routes import identity

ROUTES = (identity,)
"""The modules of routes, in the order in which the documentation shows them."""

_ALWAYS = documented(400, 401, 413, 422, 429, 500, 503)
_DESCRIPTION = """\
Troca de dados entre os balcões e a retaguarda: clientes, parcelas do crediário, avaliação de vendas e eventos de ordem
de serviço. Cada balcão se identifica pelo seu token, em `Authorization: Bearer`, e diz a sua versão em `User-Agent`.
"""


def create_app(desk: Desk, served: Callable[[], None] = lambda: None) -> ASGIApp:
    """The whole service; `served` is called after each request."""
    return Front(BodyLimit(Entrance(create_api(desk), desk.callers)), served)


def create_api(desk: Desk) -> FastAPI:
    """The routes and their documentation, without the steps before them."""
    api = FastAPI(
        title="Retaguarda: integração dos balcões",
        description=_DESCRIPTION,
        version=VERSION,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
    )
    add_handlers(api)
    health.add(api, desk.callers)
    router = APIRouter(prefix="/v1", responses=_ALWAYS)
    for module in ROUTES:
        module.add(router, desk)
    api.include_router(router)

    @api.get("/openapi.json", include_in_schema=False)
    async def openapi() -> dict[str, Any]:
        return document(api)

    return api


def document(api: FastAPI) -> dict[str, Any]:
    """The OpenAPI of the service: every route but `/saude` needs the token."""
    if api.openapi_schema is None:
        schema = FastAPI.openapi(api)
        schema["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        schema["security"] = [{"token": []}]
    return FastAPI.openapi(api)
