"""SPC Brasil (REST): one question a document, with the credentials in it; an error may come as HTTP 200.

Importing this module imports httpx.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from app.data.credit_managers import Manager
from app.domain import Document, DocumentKind, Failure, FailureKind
from app.folders import Folders
from services.credit.exchange import CONNECT_TIMEOUT_S, READ_TIMEOUT_S, Exchange, Message, basic, called_by
from services.credit.json_values import NotAReport
from services.credit.provider import AnalysisFailed, Contract, ProviderAnswer
from services.credit.refusal import details, failed, invalid, login_refused, refused, request_id
from services.credit.spc_report import Declined, read_report

if TYPE_CHECKING:
    from services.http_channel import HttpAnswer

CONSULT = "/spcconsulta/recurso/consulta/padrao"

_KIND = {DocumentKind.CNPJ: "J", DocumentKind.CPF: "F"}


class SpcProvider:
    """A `CreditProvider`. Times are in seconds."""

    def __init__(
        self, folders: Folders, *, connect_timeout: float = CONNECT_TIMEOUT_S, read_timeout: float = READ_TIMEOUT_S
    ) -> None:
        self._exchange = Exchange(folders, connect_timeout=connect_timeout, read_timeout=read_timeout)

    def ask(
        self, document: Document, contract: Contract, *, given_up: Callable[[], bool] = lambda: False
    ) -> ProviderAnswer:
        """What it says of a CNPJ or CPF. Raises AnalysisFailed."""
        question, called = _question(document, contract), called_by(contract)
        with self._exchange.asking(given_up):
            answer = self._exchange.send(question, called)
        method, shown = question.method, question.shown
        if answer.status == 403:  # nothing is known of data that SPC keeps back so: it is we who are not let in
            raise login_refused(answer, called, method, shown, datetime.now(UTC))
        if answer.status != 200:
            raise refused(answer, called, method, shown, datetime.now(UTC))
        if not answer.whole:
            raise invalid(called, "Ela é grande demais, ou a compressão dela está quebrada.", answer, method, shown)
        try:
            report, number = read_report(answer.body, document, contract.environment)
        except Declined as declined:
            raise _declined(declined, answer, contract.manager, details(answer, method, shown)) from declined
        except NotAReport as why:
            raise invalid(called, f"O motivo: {why}.", answer, method, shown) from why
        return ProviderAnswer(report, answer.body, answer.status, number or request_id(answer))

    def try_access(self, contract: Contract, *, given_up: Callable[[], bool] = lambda: False) -> str:
        """Reach the server, and say that this proves nothing of the credentials. Raises AnalysisFailed."""
        basic(contract.credentials)
        with self._exchange.asking(given_up):
            self._exchange.send(Message("GET", contract.address, contract.address, {}), called_by(contract))
        return (
            f"O servidor da gerenciadora {contract.manager.name} respondeu. O SPC não tem como conferir as credenciais "
            "sem uma consulta, que pode ser cobrada: elas não foram apresentadas, e só a primeira análise diz se valem."
        )

    def cancel(self) -> bool:
        """Interrupt the query in progress; False when there is none."""
        return self._exchange.cancel()

    def close(self) -> None:
        """Nothing is kept open between questions."""


def _question(document: Document, contract: Contract) -> Message:
    asked = {
        "codigoProduto": _product(document, contract.manager),
        "tipoConsumidor": _KIND[document.kind],
        "documentoConsumidor": document.value,
        "codigoInsumoOpcional": _features(contract.manager),
    }
    headers = {
        "Authorization": basic(contract.credentials),
        "Content-Type": "application/json",
        "Accept": "application/json",
    }
    address = contract.address + CONSULT
    return Message("POST", address, address, headers, json.dumps(asked).encode(), charged=True)


def _product(document: Document, manager: Manager) -> str:
    is_company = document.kind is DocumentKind.CNPJ
    product = manager.report if is_company else manager.person_report
    if product:
        return product
    field = "Relatório ou produto" if is_company else "Relatório ou produto para pessoa física"
    # With a product for the other kind, only this document is not asked about: nothing is held because of it.
    other = manager.person_report if is_company else manager.report
    raise AnalysisFailed(
        Failure(
            FailureKind.REJECTION if other else FailureKind.CONFIGURATION,
            f"A gerenciadora {manager.name} não tem código de produto para {document.kind.value}.",
            "Os códigos do SPC dependem do contrato, e nenhum vale para todos.",
            f"Informe “{field}” em Gerenciadoras.",
        )
    )


def _features(manager: Manager) -> list[int]:
    if all(re.fullmatch(r"[0-9]{1,9}", name) for name in manager.features):
        return [int(name) for name in manager.features]
    what = f"Um item opcional da gerenciadora {manager.name} não é um número."
    raise AnalysisFailed(
        Failure(
            FailureKind.CONFIGURATION,
            what,
            "No SPC, os itens opcionais (insumos) têm código numérico.",
            "Corrija-os em Gerenciadoras, ou apague-os.",
        )
    )


def _declined(declined: Declined, answer: HttpAnswer, manager: Manager, told: str) -> AnalysisFailed:
    said = f" A resposta diz: “{declined.words}”." if declined.words else ""
    code = f" (código {declined.code})" if declined.code else ""
    if declined.is_of_requester:
        failure = Failure(
            FailureKind.REQUESTER,
            f"A gerenciadora {manager.name} não deu acesso{code}.",
            f"O acesso está suspenso, ou o operador e a senha não valem neste ambiente.{said}",
            "Fale com a entidade (CDL) do contrato, confira as credenciais e depois use Retomar.",
            told,
        )
    else:
        failure = Failure(
            FailureKind.REJECTION,
            f"A gerenciadora {manager.name} recusou a consulta{code}.",
            f"Ela respondeu com um erro no lugar do relatório.{said}",
            "Confira o documento e o produto contratado, em Gerenciadoras.",
            told,
        )
    return failed(failure, answer)
