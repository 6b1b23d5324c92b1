"""The customers: those that changed, one, by document, and what a counter adds and changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from sqlalchemy import Connection
from starlette.responses import Response

from app.data import customer_sync
from app.data.customer_sync import AlreadyRegistered, InvalidCursor, StaleVersion, TakenCustomer
from app.data.database import Database
from app.data.records import InvalidRecord, RecordNotFound
from app.domain import Document
from app.settings.snapshot import Snapshot
from app.tables import CUSTOMERS
from services.integration.answers import answer
from services.integration.desk import Desk
from services.integration.entrance import caller_of
from services.integration.errors import ApiError, documented
from services.integration.idempotency import Write, WriteKey, made_once, write_of
from services.integration.permission import actor_of
from services.integration.schemas import (
    MAX_ID,
    BatchResults,
    ChangedCustomer,
    Conflict,
    Customer,
    CustomerBatch,
    CustomerOfBatch,
    CustomerPage,
    CustomersFound,
    DocumentQuestion,
    NewCustomer,
    PageQuery,
    customer_json,
)

_TAGS: list[str | Enum] = ["Clientes"]
_REFUSED = "recusado"
_REFUSALS = (InvalidRecord, RecordNotFound, StaleVersion, AlreadyRegistered)
_CONFLICT: dict[int | str, dict[str, Any]] = {
    409: {"model": Conflict, "description": "O cliente mudou, ou já existe: vem como está"}
}

CustomerId = Annotated[int, Path(ge=1, le=MAX_ID, description="Código do cliente.")]


@dataclass(frozen=True)
class _Refused:
    """Why a customer was not written, alone or in a batch; `customer` is the one that stands in the way."""

    status: int
    code: str
    message: str
    customer: TakenCustomer | None = None
    fields: Mapping[str, str] = field(default_factory=dict)

    @property
    def error(self) -> ApiError:
        return ApiError(self.status, self.code, self.message, self.fields)


def add(router: APIRouter, desk: Desk) -> None:
    """Declare the routes."""
    database = desk.office.database

    @router.get(
        "/clientes", summary="Clientes que mudaram", tags=_TAGS, response_model=CustomerPage, responses=documented(410)
    )
    async def changes(wanted: Annotated[PageQuery, Query()]) -> Response:
        """Os clientes na ordem em que mudaram. Peça de novo com o `cursor` recebido enquanto `ha_mais`; depois, de
        tempos em tempos. Um cliente que mudou de novo vem de novo. Com 410, comece do início."""
        return await desk.work(_page, database, wanted.desde, wanted.limite)

    @router.post("/clientes/consulta", summary="Clientes de um documento", tags=_TAGS, response_model=CustomersFound)
    async def by_document(sent: DocumentQuestion) -> Response:
        """Os cadastros com este documento, em qualquer UF, os ativos primeiro. O documento vai no corpo, para não ficar
        em endereços."""
        return await desk.work(_with_document, database, sent.documento)

    @router.post(
        "/clientes",
        summary="Incluir um cliente",
        tags=_TAGS,
        status_code=201,
        response_model=Customer,
        responses=_CONFLICT,
    )
    async def new(request: Request, key: WriteKey, sent: NewCustomer) -> Response:
        """Inclui um cliente com os campos do balcão; os outros começam como na retaguarda."""
        write, actor = write_of(request, key, await request.body()), actor_of(caller_of(request))

        def work() -> Response:
            snapshot = desk.settings()
            return _answered(
                database, write, lambda connection: customer_sync.add(connection, sent.given, snapshot, actor), 201
            )

        return await desk.work(work)

    @router.post("/clientes/lote", summary="Incluir e alterar vários clientes", tags=_TAGS, response_model=BatchResults)
    async def batch(request: Request, key: WriteKey, sent: CustomerBatch) -> Response:
        """Até 500 clientes. Cada um tem o seu resultado: os aceitos ficam gravados ainda que outros sejam recusados."""
        write, actor = write_of(request, key, await request.body()), actor_of(caller_of(request))

        def work() -> Response:
            snapshot = desk.settings()
            return made_once(database, write, lambda connection: _results(connection, sent.clientes, snapshot, actor))

        return await desk.work(work)

    @router.get("/clientes/{id}", summary="Um cliente", tags=_TAGS, response_model=Customer, responses=documented(404))
    async def one(id: CustomerId) -> Response:
        """O cliente como está agora."""
        return await desk.work(_one, database, id)

    @router.put(
        "/clientes/{id}",
        summary="Alterar um cliente",
        tags=_TAGS,
        response_model=Customer,
        responses={**documented(404), **_CONFLICT},
    )
    async def change(request: Request, id: CustomerId, key: WriteKey, sent: ChangedCustomer) -> Response:
        """Altera os campos enviados; os outros ficam como estão. Se o cliente mudou depois da `versao`, nada é gravado
        e a resposta 409 o traz como está. O documento só é trocado na retaguarda."""
        write, actor = write_of(request, key, await request.body()), actor_of(caller_of(request))

        def make(connection: Connection) -> TakenCustomer:
            return customer_sync.change(connection, id, sent.versao, sent.given, actor)

        return await desk.work(_answered, database, write, make)


def _page(database: Database, cursor: str, limit: int) -> Response:
    try:
        with database.reading() as connection:
            changes = customer_sync.changed_since(connection, cursor, limit)
    except InvalidCursor as error:
        raise ApiError(410, "cursor_invalido", str(error)) from error
    told = [customer_json(customer) for customer in changes.customers]
    return answer({"clientes": told, "cursor": str(changes.cursor), "ha_mais": changes.more})


def _with_document(database: Database, document: Document) -> Response:
    with database.reading() as connection:
        found = customer_sync.with_document(connection, document)
    return answer({"clientes": [customer_json(customer) for customer in found]})


def _one(database: Database, customer_id: int) -> Response:
    with database.reading() as connection:
        found = customer_sync.one(connection, customer_id)
    if found is None:
        raise ApiError(404, "cliente_inexistente", f"Não existe o cliente {customer_id}.")
    return answer(customer_json(found))


def _answered(
    database: Database, write: Write, make: Callable[[Connection], TakenCustomer], status: int = 200
) -> Response:
    try:
        return made_once(database, write, lambda connection: customer_json(make(connection)), status)
    except _REFUSALS as error:
        refused = _refused(error)
        if refused.customer is None:
            raise refused.error from error
        problem = {"codigo": refused.code, "mensagem": refused.message}
        return answer({"erro": problem, "cliente": customer_json(refused.customer)}, refused.status)


def _results(connection: Connection, sent: Sequence[CustomerOfBatch], snapshot: Snapshot, actor: str) -> dict[str, Any]:
    results = [_result(connection, position, one, snapshot, actor) for position, one in enumerate(sent)]
    refused = sum(result["situacao"] == _REFUSED for result in results)
    return {"resultados": results, "aceitos": len(results) - refused, "recusados": refused}


def _result(
    connection: Connection, position: int, sent: CustomerOfBatch, snapshot: Snapshot, actor: str
) -> dict[str, Any]:
    try:
        # What is refused is refused before anything of it is written, so the others go on in the same transaction.
        if sent.id is None:
            if sent.versao is not None:
                raise InvalidRecord(CUSTOMERS, {"versao": "Só para alterar: informe também o id, ou tire este campo."})
            situation, customer = "incluido", customer_sync.add(connection, sent.given, snapshot, actor)
        else:
            if sent.versao is None:
                raise InvalidRecord(CUSTOMERS, {"versao": "Informe a versão que o balcão tinha deste cliente."})
            situation, customer = (
                "alterado",
                customer_sync.change(connection, sent.id, sent.versao, sent.given, actor),
            )
    except _REFUSALS as error:
        refused = _refused(error)
        return {
            "posicao": position,
            "situacao": _REFUSED,
            "cliente": None if refused.customer is None else customer_json(refused.customer),
            "codigo": refused.code,
            "mensagem": refused.message,
            "campos": refused.fields or None,
        }
    nothing = dict.fromkeys(("codigo", "mensagem", "campos"))
    return {"posicao": position, "situacao": situation, "cliente": customer_json(customer), **nothing}


def _refused(error: Exception) -> _Refused:
    match error:
        case InvalidRecord():
            fields = {name or "corpo": sentence for name, sentence in error.errors.items()}
            return _Refused(422, "pedido_invalido", "O cliente não pode ser gravado: veja os campos.", fields=fields)
        case StaleVersion():
            return _Refused(409, "versao_antiga", str(error), error.customer)
        case AlreadyRegistered():
            return _Refused(409, "cliente_ja_existe", str(error), error.customer)
    return _Refused(404, "cliente_inexistente", str(error))
