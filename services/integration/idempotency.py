"""Writes of counters, made once however often they are sent: a counter that got no answer sends the same again."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Header
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from app.data import idempotency
from app.data.database import Database
from app.data.idempotency import KeptAnswer
from services.integration.answers import as_json
from services.integration.entrance import caller_of
from services.integration.errors import ApiError

REPEATED = "Idempotencia-Repetida"
"""The header that says that nothing was done now: the answer is that of the first time."""

WriteKey = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=80,
        pattern=r"^[!-~]+$",
        description="Um nome novo para cada escrita, sorteado pelo balcão. A mesma escrita enviada de novo com o mesmo "
        "nome, em até 48 horas, recebe a mesma resposta e nada é feito outra vez.",
        examples=["5f0c1b0e-2d5a-4b7c-9c1e-3a1f6f1d7b52"],
    ),
]


@dataclass(frozen=True)
class Write:
    """One write of a counter, by the key that it gave and the fingerprint of what it asks."""

    counter_id: int
    key: str
    request_sha256: str


def write_of(request: Request, key: str, content: bytes) -> Write:
    """The write that a request asks. `content` is what must be the same in a repetition: the body, without secrets."""
    asked = hashlib.sha256(f"{request.method} {request.url.path}\n".encode() + content).hexdigest()
    return Write(caller_of(request).id, key, asked)


def made_once(database: Database, write: Write, make: Callable[[Connection], Any], status: int = 200) -> Response:
    """What `make` returns as JSON, kept in the transaction that it writes in; or what was answered the first time.

    Nothing is kept of a write that fails. Raises ApiError for a key already used for something else.
    """
    now = datetime.now(UTC)
    with database.writing() as connection:
        kept = idempotency.find(connection, write.counter_id, write.key, now)
        if kept is None:
            made = KeptAnswer(write.request_sha256, status, as_json(make(connection)))
            idempotency.keep(connection, write.counter_id, write.key, made, now)
            return Response(made.body, made.status, None, "application/json")
    return repeated(write, kept)


def repeated(write: Write, kept: KeptAnswer) -> Response:
    """The answer of the first time. Raises ApiError when that was to something else."""
    if kept.request_sha256 != write.request_sha256:
        raise key_used()
    return Response(kept.body, kept.status, {REPEATED: "sim"}, "application/json")


def key_used() -> ApiError:
    """What is answered to a key that was used for another write."""
    return ApiError(
        422,
        "chave_reutilizada",
        "Esta Idempotency-Key já foi usada em outra escrita: sorteie uma nova para cada escrita.",
        {"Idempotency-Key": "Já usada em outra escrita."},
    )
