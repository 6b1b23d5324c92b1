"""Store credit: a company's instalments, as the counter or the ERP has them now."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import Enum
from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy import Connection
from starlette.responses import Response

from app.data import instalments
from app.data.instalments import Told
from app.kinds import InvalidValue
from services.integration.desk import Desk
from services.integration.entrance import caller_of
from services.integration.errors import ApiError, documented
from services.integration.idempotency import WriteKey, made_once, write_of
from services.integration.permission import check_company, require_company
from services.integration.schemas import InstalmentBatch, InstalmentSent, InstalmentsReceived

_TAGS: list[str | Enum] = ["Crediário"]


def add(router: APIRouter, desk: Desk) -> None:
    """Declare the route."""

    @router.post(
        "/parcelas/lote",
        summary="Enviar parcelas do crediário",
        tags=_TAGS,
        response_model=InstalmentsReceived,
        responses=documented(403),
    )
    async def receive(request: Request, key: WriteKey, sent: InstalmentBatch) -> Response:
        """Até 1000 parcelas de uma empresa, como estão agora: as novas e as que mudaram, também as quitadas,
        renegociadas e canceladas. São gravadas todas, ou nenhuma. Envie ao menos uma vez por dia, ainda que a lista vá
        vazia: dados velhos demais impedem a verificação."""
        check_company(caller_of(request), sent.empresa)
        write = write_of(request, key, await request.body())
        told = [_told(one) for one in sent.parcelas]

        def make(connection: Connection) -> Any:
            require_company(connection, sent.empresa)
            now = datetime.now(UTC)
            try:
                instalments.receive(connection, sent.empresa, told, now)
            except InvalidValue as error:
                raise ApiError(422, "pedido_invalido", str(error), {"parcelas": str(error)}) from error
            return {"empresa": sent.empresa, "recebidas": len(told), "recebidas_em": now}

        return await desk.work(made_once, desk.office.database, write, make)


def _told(sent: InstalmentSent) -> Told:
    return Told(sent.numero, sent.documento, sent.contrato, sent.vencimento, sent.valor, sent.pago, sent.situacao)
