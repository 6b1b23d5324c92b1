"""Serasa Experian (REST): one login for many questions, and a report of a company or of a person for each.

The document goes in a header: Serasa lets none be in an address. Importing this module imports httpx.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import quote

from app.domain import Document, DocumentKind, Failure, FailureKind
from app.folders import Folders
from app.tables import Provider
from services.credit.addresses import published
from services.credit.credentials import Credentials
from services.credit.exchange import CONNECT_TIMEOUT_S, READ_TIMEOUT_S, Exchange, Message, basic, called_by
from services.credit.json_values import NotAReport, parse_object, whole
from services.credit.provider import AnalysisFailed, Contract, ProviderAnswer
from services.credit.refusal import invalid, login_refused, refused, request_id
from services.credit.serasa_report import read_report

if TYPE_CHECKING:
    from services.http_channel import HttpAnswer

LOGIN = "/security/iam/v1/client-identities/login"
COMPANY_REPORT = "/credit-services/business-information-report/v1/reports"
PERSON_REPORT = "/credit-services/person-information-report/v1/creditreport"

TOKEN_LIFE_S = 50 * 60.0
"""How long a token is used at most: it is good for an hour, and a login for each question passes for abuse."""

_TOKEN_MARGIN_S = 60.0
_NO_SECONDS = 10**6  # from here on, `expiresIn` is a moment (seconds since 1970) and not how long
_LOGIN_AGAIN_WITHIN_S = 60.0


class SerasaProvider:
    """A `CreditProvider`. Its tokens are in memory only, one for each address and credentials.

    Times are in seconds; `clock`, for how long a token is used, counts them from any beginning.
    """

    def __init__(
        self,
        folders: Folders,
        *,
        connect_timeout: float = CONNECT_TIMEOUT_S,
        read_timeout: float = READ_TIMEOUT_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._exchange = Exchange(folders, connect_timeout=connect_timeout, read_timeout=read_timeout)
        self._clock = clock
        self._tokens: dict[tuple[str, Credentials], tuple[str, float]] = {}

    def ask(
        self, document: Document, contract: Contract, *, given_up: Callable[[], bool] = lambda: False
    ) -> ProviderAnswer:
        """The report about a CNPJ or CPF. Raises AnalysisFailed."""
        question = _question(document, contract)
        with self._exchange.asking(given_up):
            answer = self._answer(question, contract)
        called = called_by(contract)
        if answer.status != 200:
            raise refused(answer, called, question.method, question.shown, datetime.now(UTC))
        if not answer.whole:
            cause = "Ela é grande demais, ou a compressão dela está quebrada."
            raise invalid(called, cause, answer, question.method, question.shown)
        try:
            report = read_report(answer.body, document, contract.environment)
        except NotAReport as why:
            raise invalid(called, f"O motivo: {why}.", answer, question.method, question.shown) from why
        return ProviderAnswer(report, answer.body, answer.status, request_id(answer))

    def try_access(self, contract: Contract, *, given_up: Callable[[], bool] = lambda: False) -> str:
        """Log in anew, and say what that proves. Raises AnalysisFailed."""
        with self._exchange.asking(given_up):
            self._log_in(contract)
        return (
            f"A gerenciadora {contract.manager.name} aceitou as credenciais e deu acesso. Se o relatório escolhido foi "
            "contratado, só a primeira análise diz."
        )

    def cancel(self) -> bool:
        """Interrupt the query in progress; False when there is none."""
        return self._exchange.cancel()

    def close(self) -> None:
        """Nothing is kept open between messages; the tokens are kept, for the next question."""

    def _answer(self, question: Message, contract: Contract) -> HttpAnswer:
        kept = self._kept_token(contract)
        answer = self._send(question, contract, kept or self._log_in(contract))
        if answer.status == 401 and kept and self._exchange.elapsed < _LOGIN_AGAIN_WITHIN_S:
            # It ended before its time, or Serasa has revoked it. That of a login just made is refused for good.
            answer = self._send(question, contract, self._log_in(contract))
        if answer.status in (401, 500):  # some gateways of Serasa answer 500 to a token that they do not take
            self._tokens.pop((contract.address, contract.credentials), None)
        return answer

    def _send(self, question: Message, contract: Contract, token: str) -> HttpAnswer:
        with_token = replace(question, headers={**question.headers, "Authorization": f"Bearer {token}"})
        return self._exchange.send(with_token, called_by(contract))

    def _kept_token(self, contract: Contract) -> str:
        token, until = self._tokens.get((contract.address, contract.credentials), ("", 0.0))
        return token if self._clock() < until else ""

    def _log_in(self, contract: Contract) -> str:
        address = contract.address + LOGIN
        headers = {
            "Authorization": basic(contract.credentials),
            "Content-Type": "application/json",
            "Accept": "application/json",
        }
        began = self._clock()
        answer = self._exchange.send(Message("POST", address, address, headers, b"{}"), called_by(contract))
        if not 200 <= answer.status < 300:
            raise login_refused(answer, called_by(contract), "POST", address, datetime.now(UTC))
        token, life = _token(answer, contract)
        self._tokens[contract.address, contract.credentials] = (token, began + life)
        return token


def _question(document: Document, contract: Contract) -> Message:
    manager = contract.manager
    is_company = document.kind is DocumentKind.CNPJ
    report = manager.report if is_company else manager.person_report
    if is_company and not report:
        report = published()[Provider.SERASA].report
    if not report:
        # The others can go on: it is this document that is not asked about, and nothing is held because of it.
        raise AnalysisFailed(
            Failure(
                FailureKind.REJECTION,
                f"A gerenciadora {manager.name} não tem relatório para pessoa física.",
                "O relatório de CPF não é publicado pela Serasa: o contrato diz qual é.",
                "Informe em Gerenciadoras o “Relatório ou produto para pessoa física”, ou decida sem esta análise.",
            )
        )
    if manager.cost_center and not re.fullmatch(r"[0-9]{1,12}", manager.cost_center):
        what = f"O centro de custo da gerenciadora {manager.name} não é um número de até 12 algarismos."
        todo = "A Serasa só aceita números: corrija-o, ou apague-o, em Gerenciadoras."
        raise AnalysisFailed(Failure(FailureKind.CONFIGURATION, what, "", todo))
    address = f"{contract.address}{COMPANY_REPORT if is_company else PERSON_REPORT}?reportName={quote(report, safe='')}"
    if manager.features:
        address += f"&optionalFeatures={quote(','.join(manager.features), safe=',')}"
    headers = {"Accept": "application/json", "X-Document-Id": document.value}
    if manager.consulting_document:
        headers["X-Retailer-Document-Id"] = manager.consulting_document
    if manager.cost_center:
        headers["X-Cost-Center"] = manager.cost_center
    return Message("GET", address, address, headers, charged=True)


def _token(answer: HttpAnswer, contract: Contract) -> tuple[str, float]:
    """The token of a login and for how many seconds it is used. Raises AnalysisFailed: nothing was asked yet."""
    try:
        told = parse_object(answer.body) if answer.whole else {}
    except NotAReport:
        told = {}
    token = told.get("accessToken")
    # What no header can carry would come back in the error of some library.
    if not (isinstance(token, str) and 0 < len(token) <= 16_384 and token.isascii() and token.isprintable()) or (
        " " in token
    ):
        failure = Failure(
            FailureKind.UNAVAILABLE,
            f"A gerenciadora {contract.manager.name} respondeu ao acesso algo que não é um token.",
            "O serviço pode estar em manutenção, ou o endereço não é o dele.",
            "O programa tenta de novo sozinho; se continuar, confira o endereço dela em Gerenciadoras.",
            f"POST {contract.address}{LOGIN}\nHTTP {answer.status}, {answer.content_type or 'sem Content-Type'}",
        )
        raise AnalysisFailed(failure, http_status=answer.status)
    told_life = whole(told.get("expiresIn"))
    if told_life is not None and told_life >= _NO_SECONDS:
        told_life = round(told_life - datetime.now(UTC).timestamp())
    if told_life is None or told_life <= 0:  # nothing, or a moment that this computer's clock takes for the past
        return token, TOKEN_LIFE_S
    return token, min(TOKEN_LIFE_S, max(told_life - _TOKEN_MARGIN_S, 0.0))
