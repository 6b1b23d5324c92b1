"""Asks for a credit analysis: the one way into the queue, for orders, the customer's registration and the commands."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from app.credit_analysis import AnalysisState
from app.data import credit_analyses, credit_managers, credit_pauses
from app.data.credit_analyses import AnalysisRow, NewAnalysis
from app.data.credit_managers import CreditChoice, Manager
from app.data.credit_pauses import Pause
from app.domain import Document, DocumentKind, Origin
from app.policies import CreditConsultation
from app.settings.catalog import CREDIT_ALLOWED, CREDIT_FORM
from app.settings.snapshot import Snapshot
from services.consultation import not_configured

if TYPE_CHECKING:
    from sqlalchemy import Connection


@dataclass(frozen=True)
class Wanted:
    """Whom somebody wants analysed, for which company. `manual`: in the customer's registration, not for an order."""

    document: Document
    company_id: int
    customer_id: int | None
    origin: Origin
    user: str
    manual: bool
    urgent: bool = False


def ask_for(connection: Connection, wanted: Wanted, snapshot: Snapshot, now: datetime) -> tuple[int, bool]:
    """Put it in the queue: its number, and whether it is new (else it joins one in flight).

    One in flight that waits where nobody makes it is handed over to this company. It is the caller who looks first
    whether a valid analysis is already there: each one costs money. Raises NotAsked when the settings of the company do
    not let it be asked.
    """
    of_company = snapshot.for_company(wanted.company_id)
    choice = credit_managers.choice(connection, of_company)
    manager = manager_for(of_company, choice, wanted)
    new = NewAnalysis(
        wanted.document,
        wanted.customer_id,
        wanted.company_id,
        manager.id,
        manager.source,
        choice.environment,
        wanted.origin,
        wanted.user,
        platform.node(),
        wanted.manual,
        wanted.urgent,
    )
    number, is_new = credit_analyses.enqueue(connection, new, now)
    if not is_new:
        joined = credit_analyses.get(connection, number)
        pauses = credit_pauses.in_force(connection, now)
        assert joined is not None
        if is_stuck(joined.row, manager.id, pauses, snapshot):
            credit_analyses.hand_over(connection, number, wanted.company_id, manager.id, now)
    return number, is_new


def is_stuck(waiting: AnalysisRow, manager_id: int, pauses: Sequence[Pause], snapshot: Snapshot) -> bool:
    """Whether an analysis in the queue is not made as it was asked for, and would be by that gerenciadora for a company
    that asks: it is of a company that asks for none any more, or of another with the same source, which is held."""
    if waiting.state is not AnalysisState.QUEUED:
        return False
    held = {(pause.manager_id, pause.environment) for pause in pauses}
    if (manager_id, waiting.environment) in held:
        return False
    allowed = snapshot.for_company(waiting.company_id)[CREDIT_ALLOWED]
    return not allowed or (waiting.manager_id, waiting.environment) in held


def manager_for(of_company: Snapshot, choice: CreditChoice, wanted: Wanted) -> Manager:
    """Whom the company asks about that document. Raises NotAsked, saying what stands in the way."""
    where = "Ajuste em Ferramentas › Sistema › Clientes › Análise de crédito."
    if not of_company[CREDIT_ALLOWED]:
        raise not_configured(f"“{CREDIT_ALLOWED.label}” está desligado para esta empresa.", where)
    if wanted.manual and of_company[CREDIT_FORM] is CreditConsultation.PENDING_ORDERS:
        raise not_configured(
            "A Forma de Consulta só permite análises de pedidos com consulta pendente.",
            "Para consultar pelo cadastro, escolha “Qualquer entidade habilitada” na aba Análise de crédito.",
        )
    if choice.manager is None:
        raise not_configured("Nenhuma gerenciadora foi escolhida para esta empresa.", where)
    if not choice.manager.active:
        raise not_configured(f"A gerenciadora {choice.manager.name} está inativa.", where)
    if wanted.document.kind is DocumentKind.IE:
        raise not_configured(
            "As gerenciadoras só são consultadas por CNPJ ou CPF, e o cliente tem só a inscrição estadual.",
            "Informe o documento no cadastro do cliente.",
        )
    return choice.manager
