"""What a counter writes, each with a key of its own."""

from __future__ import annotations

from itertools import count
from typing import Any

import httpx

from services.demo.example import made_up_cnpj
from tests.services.integration.conftest import Service

_keys = count(1)


def cnpj(number: int) -> str:
    """A made-up CNPJ."""
    return made_up_cnpj(f"{number:08}")


def write(
    service: Service, path: str, body: Any, method: str = "POST", key: str | None = None, **headers: str
) -> httpx.Response:
    """A write by a counter, with a new key unless one is given."""
    return service.ask(method, path, body, Idempotency_Key=key or f"chave-{next(_keys)}", **headers)


def added(service: Service, number: int = 1, **fields: Any) -> dict[str, Any]:
    """A customer that the counter added, as the service tells it."""
    answer = write(
        service, "/v1/clientes", {"documento": cnpj(number), "nome": f"Posto {number}", "uf": "SP", **fields}
    )
    assert answer.status_code == 201, answer.text
    return dict(answer.json())
