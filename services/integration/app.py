"""The service as one ASGI application: the steps that every request passes, outermost first, and the routes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, FastAPI
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp

from app.version import VERSION
from services.integration import docs_page, health
from services.integration.desk import Desk
from services.integration.entrance import Entrance
from services.integration.errors import add_handlers, documented
from services.integration.front import Front
from services.integration.openapi import in_portuguese
from services.integration.routes import customers, evaluations, identity, instalments, service_orders
from services.integration.size_limit import SizeLimit

ROUTES = (evaluations, customers, instalments, service_orders, identity)
"""The modules of routes, in the order in which the documentation shows them and a path is looked for."""

_ALWAYS = documented(400, 401, 408, 413, 422, 429, 431, 500, 503)
_DESCRIPTION = """\
Troca de dados entre os balcões e a retaguarda: clientes, parcelas do crediário, avaliação de vendas e eventos de ordem
de serviço. Cada balcão se identifica pelo seu token, em `Authorization: Bearer`, e diz a sua versão em `User-Agent`.
"""


def create_app(desk: Desk, served: Callable[[], None] = lambda: None) -> ASGIApp:
    """The whole service; `served` is called after each request."""
    return Front(SizeLimit(Entrance(create_api(desk), desk.callers)), served)


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
        # It would send requests and errors, with persons in them, wherever variables of the environment say.
        telemetry={
            "tracing": False,
            "metrics": False,
            "logs": False,
            "operation_spans": False,
            "auto_configure": False,
        },
    )
    add_handlers(api)
    health.add(api, desk.callers)
    router = APIRouter(prefix="/v1", responses=_ALWAYS)
    for module in ROUTES:
        module.add(router, desk)
    api.include_router(router)
    document = openapi(api)
    docs_page.add(api, document)

    @api.get("/openapi.json", include_in_schema=False)
    async def described() -> Response:
        return JSONResponse(document)

    return api


def openapi(api: FastAPI) -> dict[str, Any]:
    """The description of the service for programs: every route but `/saude` needs the token."""
    document = in_portuguese(api.openapi())
    document["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    document["security"] = [{"token": []}]
    return document
