"""What happens to service orders, of which the customer is told by WhatsApp."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import Enum
from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy import Connection
from starlette.responses import Response

from app.data.service_orders import RecordedEvent, ServiceOrderNews, record_event
from services.integration.desk import Desk
from services.integration.entrance import caller_of
from services.integration.errors import documented
from services.integration.idempotency import WriteKey, made_once, write_of
from services.integration.permission import check_company, require_company
from services.integration.schemas import ServiceOrderKept, ServiceOrderSent

_TAGS: list[str | Enum] = ["Ordens de serviço"]


def add(router: APIRouter, desk: Desk) -> None:
    """Declare the route."""

    @router.post(
        "/ordens-servico/eventos",
        summary="Contar o que houve com uma ordem de serviço",
        tags=_TAGS,
        response_model=ServiceOrderKept,
        responses=documented(403),
    )
    async def tell(request: Request, key: WriteKey, sent: ServiceOrderSent) -> Response:
        """Registra o evento e, se a empresa avisa os clientes, a mensagem para ele na mesma hora. O mesmo evento
        (empresa, número, etapa e versão) contado de novo não muda nada."""
        caller = caller_of(request)
        check_company(caller, sent.empresa)
        write = write_of(request, key, await request.body())
        news = ServiceOrderNews(
            sent.empresa,
            sent.numero,
            sent.etapa,
            sent.versao,
            sent.documento,
            sent.situacao,
            sent.ocorrido_em,
            caller.id,
        )

        def work() -> Response:
            snapshot = desk.settings()

            def make(connection: Connection) -> Any:
                require_company(connection, sent.empresa)
                return _kept(record_event(connection, news, snapshot, datetime.now(UTC)))

            answer = made_once(desk.office.database, write, make)
            desk.on_message()
            return answer

        return await desk.work(work)


def _kept(event: RecordedEvent) -> dict[str, Any]:
    message = None
    if event.message_id is not None and event.state is not None:
        message = {"mensagem": event.message_id, "situacao": event.state.value, "motivo": event.reason}
    return {"evento": event.event_id, "repetido": event.repeated, "mensagem": message}
