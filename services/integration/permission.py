"""For which company a counter may speak, and how it is called in the audit."""

from __future__ import annotations

from sqlalchemy import Connection

from app.data import order_standing
from app.data.counters import Caller
from services.integration.errors import ApiError


def actor_of(caller: Caller) -> str:
    """Who did it, where people are named."""
    return f"balcão {caller.name}"


def check_company(caller: Caller, company_id: int) -> None:
    """Raises ApiError when the counter was let in for another company."""
    if caller.company_id not in (None, company_id):
        message = f"Este balcão fala só pela empresa {caller.company_id}, não pela {company_id}."
        raise ApiError(403, "outra_empresa", message)


def require_company(connection: Connection, company_id: int) -> None:
    """Raises ApiError when there is no such company."""
    if order_standing.seller(connection, company_id) is None:
        why = f"Não existe a empresa {company_id}. Confira o código em Tabelas › Empresas."
        raise ApiError(422, "empresa_inexistente", why, {"empresa": why})
