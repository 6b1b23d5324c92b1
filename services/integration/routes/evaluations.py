"""May this sale go on? The order gate, asked by a counter, and the release of what overdue store credit refused."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from enum import Enum
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from sqlalchemy import Connection
from starlette.responses import Response

from app.data import idempotency, order_checks
from app.data.counters import Caller
from app.data.idempotency import KeptAnswer
from app.data.order_checks import FullCheck
from app.data.releases import Released as KeptRelease
from app.domain import FailureKind
from app.kinds import InvalidValue
from app.rules.order_gate import OrderQuestion
from services.consultation import NotAsked
from services.integration.answers import answer, as_json
from services.integration.desk import Desk
from services.integration.entrance import caller_of
from services.integration.errors import ApiError, documented
from services.integration.idempotency import Write, WriteKey, key_used, repeated, write_of
from services.integration.permission import actor_of, check_company
from services.integration.schemas import (
    MAX_LONG_ID,
    Evaluation,
    KeptEvaluation,
    Question,
    Released,
    ReleaseSent,
)
from services.integration.turns import Turns
from services.order_gate import OrderAnswer
from services.release import NotReleased, Refusal, release

_TAGS: list[str | Enum] = ["Avaliação de vendas"]
_MAY_ASK_AT_ONCE = 4
_MOST_AT_ONCE = 32
_STATUS = {
    Refusal.UNKNOWN: 404,
    Refusal.NOT_NEEDED: 409,
    Refusal.TOO_LATE: 409,
    Refusal.ALREADY: 409,
    Refusal.WRONG_PASSWORD: 403,
    Refusal.NOT_ALLOWED: 403,
    Refusal.MUST_WAIT: 429,
}

_NOT_RELEASED = {
    403: "O login e a senha não conferem, esta pessoa não pode liberar, ou o balcão não pode falar por esta empresa",
    409: "Não há o que liberar: já foi liberada, não precisava, ou passou o prazo",
}

EvaluationId = Annotated[int, Path(ge=1, le=MAX_LONG_ID, description="Número da avaliação.")]


def add(router: APIRouter, desk: Desk) -> None:
    """Declare the routes."""
    # Were all the threads waiting for ANP, nobody else would be answered.
    may_ask = asyncio.Semaphore(_MAY_ASK_AT_ONCE)
    # A thread and a turn at the database for each evaluation cost more than evaluating it.
    turns = Turns(desk.workers, partial(_evaluated_together, desk), _MOST_AT_ONCE)

    @router.post(
        "/avaliacoes",
        summary="Esta venda pode seguir?",
        tags=_TAGS,
        response_model=Evaluation,
        responses=documented(403),
    )
    async def evaluate(request: Request, sent: Question) -> Response:
        """Responde se o orçamento (DAV), a pré-venda, o pedido ou a nota pode seguir, com os motivos para mostrar a
        quem vende. Orçamento e pré-venda dependem do crediário; pedido e nota, da situação na ANP e dos bloqueios do
        cliente, da análise de crédito quando a empresa a usa, e do crediário quando vêm de um orçamento ou de uma
        pré-venda. O pedido que precisa de uma análise já a põe na fila: avalie-o de novo mais tarde. Cada avaliação
        fica registrada."""
        caller = caller_of(request)
        check_company(caller, sent.empresa)
        question = OrderQuestion(
            sent.documento,
            sent.empresa,
            sent.tipo,
            sent.operacao,
            actor_of(caller),
            counter_id=caller.id,
            reference=sent.referencia,
            previous_id=sent.avaliacao_anterior,
        )
        said = await turns.ask(question) if question.previous_id is None else None
        if said is None:
            async with may_ask:
                said = await desk.work(_evaluated, desk, question)
        if isinstance(said, NotAsked):
            raise _not_evaluated(said) from said
        return answer(
            {
                "avaliacao": said.check_id,
                "permitido": said.allowed,
                "motivos": said.reasons,
                "regras": said.rules,
                "consulta_id": said.consultation_id,
                "liberacao_necessaria": said.release_needed,
                "crediario": None if said.overdue is None else said.overdue.as_summary(),
                "analise_credito": None if said.analysis is None else said.analysis.as_fields(),
            }
        )

    @router.get(
        "/avaliacoes/{id}",
        summary="Uma avaliação registrada",
        tags=_TAGS,
        response_model=KeptEvaluation,
        responses=documented(403, 404),
    )
    async def one(request: Request, id: EvaluationId) -> Response:
        """A avaliação como foi respondida, e a liberação quando houve."""
        return answer(_kept(await desk.work(_find, desk, caller_of(request), id)))

    @router.post(
        "/avaliacoes/{id}/liberacao",
        summary="Liberar uma venda recusada pelo crediário",
        tags=_TAGS,
        response_model=Released,
        responses=documented(404, more=_NOT_RELEASED),
    )
    async def let_go(request: Request, id: EvaluationId, key: WriteKey, sent: ReleaseSent) -> Response:
        """Quem tem permissão libera esta operação, com usuário, senha e motivo, em até 30 minutos. Vale para as
        parcelas que estavam vencidas. A senha não é gravada; depois de três erradas, é preciso esperar."""
        # Without the password: a fast digest of one could be tried out.
        content = json.dumps([sent.login, sent.motivo]).encode()
        return await desk.work(_let_go, desk, caller_of(request), id, sent, write_of(request, key, content))


def _evaluated_together(desk: Desk, questions: Sequence[OrderQuestion]) -> list[OrderAnswer | NotAsked | None]:
    return desk.gate.check_together(questions, desk.settings())


def _evaluated(desk: Desk, question: OrderQuestion) -> OrderAnswer | NotAsked:
    try:
        return desk.gate.check(question, desk.settings(), given_up=desk.closing.is_set)
    except NotAsked as refused:
        return refused


def _not_evaluated(refused: NotAsked) -> ApiError:
    if refused.failure.kind is FailureKind.CANCELLED:
        return ApiError(503, "avaliacao_interrompida", refused.failure.sentence)
    return ApiError(422, "avaliacao_impossivel", refused.failure.sentence)


def _find(desk: Desk, caller: Caller, check_id: int) -> FullCheck:
    with desk.office.database.reading() as connection:
        check = order_checks.get(connection, check_id)
    if check is None:
        raise ApiError(404, Refusal.UNKNOWN.value, f"Não existe a avaliação {check_id}.")
    check_company(caller, check.row.company_id)
    return check


def _let_go(desk: Desk, caller: Caller, check_id: int, sent: ReleaseSent, write: Write) -> Response:
    database, now = desk.office.database, datetime.now(UTC)
    _find(desk, caller, check_id)

    def before() -> KeptAnswer | None:
        with database.writing() as connection:
            return idempotency.find(connection, write.counter_id, write.key, now)

    def keep(connection: Connection, released: KeptRelease) -> None:
        if idempotency.find(connection, write.counter_id, write.key, now) is not None:  # for another write, meanwhile
            raise key_used()
        made = KeptAnswer(write.request_sha256, 200, as_json(_release(released)))
        idempotency.keep(connection, write.counter_id, write.key, made, now)

    kept = before()
    if kept is not None:
        return repeated(write, kept)
    try:
        released = release(
            database,
            check_id,
            sent.login,
            sent.senha,
            sent.motivo,
            counter_id=caller.id,
            actor=actor_of(caller),
            now=now,
            within=keep,
        )
    except InvalidValue as error:
        raise ApiError(422, "pedido_invalido", str(error), {"motivo": str(error)}) from error
    except NotReleased as refused:
        # The same release sent twice at once: the other one has just been made and kept.
        if refused.refusal is Refusal.ALREADY and (kept := before()) is not None:
            return repeated(write, kept)
        headers = {"Retry-After": str(refused.wait_s)} if refused.wait_s else None
        status = _STATUS[refused.refusal]
        raise ApiError(status, refused.refusal.value, refused.failure.sentence, headers=headers) from refused
    return answer(_release(released))


def _kept(check: FullCheck) -> dict[str, Any]:
    row, overdue, analysis = check.row, check.overdue, check.analysis
    return {
        "avaliacao": row.id,
        "permitido": row.allowed,
        "motivos": row.reasons,
        "regras": check.rules,
        "consulta_id": check.consultation_id,
        "liberacao_necessaria": row.release_needed,
        "crediario": None if overdue is None else overdue.as_summary(),
        "analise_credito": None if analysis is None else analysis.as_fields(),
        "quando": row.at,
        "tipo": row.kind.value,
        "operacao": row.operation.value,
        "documento": row.document.key,
        "empresa": row.company_id,
        "referencia": row.reference,
        "avaliacao_anterior": check.previous_id,
        "liberacao": None if check.release is None else _release(check.release),
    }


def _release(released: KeptRelease) -> dict[str, Any]:
    return {
        "avaliacao": released.check_id,
        "liberada_em": released.at,
        "liberada_por": released.name,
        "motivo": released.reason,
    }
