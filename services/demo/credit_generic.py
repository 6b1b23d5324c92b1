"""A gerenciadora on loopback that only a mapping describes, the one that is shipped as the model, and its faults."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs

from services.demo.ca import DemoAuthority
from services.demo.loopback import Ending, LoopbackServer, LoopbackService, Reply, Request

USER = "demonstracao"
PASSWORD = "senha-da-demonstracao"

_JSON = "application/json; charset=UTF-8"


@dataclass(frozen=True)
class Debt:
    """One pending debt or one protest; the amount is in reais, the day in ISO 8601."""

    on: str
    creditor: str
    amount: Decimal


@dataclass(frozen=True)
class DemoReport:
    """What is known of a document; `pending` None leaves the pending debts out of the answer."""

    name: str = "CLIENTE DE DEMONSTRAÇÃO LTDA"
    score: int | str | None = 780
    pending: Sequence[Debt] | None = ()
    protests: Sequence[Debt] = ()
    suppressed: bool = False
    notices: Sequence[str] = ()


@dataclass(frozen=True)
class MappedFault:
    """What comes instead of a report: `body` with `status`, an `error` code of the service, or an `ending`."""

    status: int = 200
    body: bytes | None = None
    error: str = ""
    ending: Ending = Ending.KEPT
    delay_s: float = 0.0
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Queried:
    """One question as it came."""

    document: str
    person: str
    product: str
    features: tuple[str, ...]
    cost_center: str


class DemoMapped(LoopbackService):
    """Takes queries of who logged in with the user and password.

    `reports` has by document what is told of it, an ordinary report when it is not there; `faults` the next answers
    about a document, in order; `always` what every query about it gets. `login_fault` is what the login answers, while
    it is there. All may be changed while it runs; `queried` has every question that a token was good for, and `logins`
    counts them. `revoke` makes the tokens given until then worthless.
    """

    def __init__(
        self,
        authority: DemoAuthority,
        *,
        reports: Mapping[str, DemoReport] | None = None,
        faults: Mapping[str, Sequence[MappedFault]] | None = None,
        always: Mapping[str, MappedFault] | None = None,
        port: int = 0,
    ) -> None:
        self.reports = dict(reports or {})
        self.faults = {document: list(each) for document, each in (faults or {}).items()}
        self.always = dict(always or {})
        self.login_fault: MappedFault | None = None
        self.queried: list[Queried] = []
        self.logins = 0
        self._tokens: set[str] = set()
        self._lock = threading.Lock()
        super().__init__(LoopbackServer(authority.server_context(require_client=False), self._handle, port=port))

    @property
    def address(self) -> str:
        """The address as it is written in the registration of the gerenciadora."""
        return f"https://localhost:{self.port}"

    def revoke(self) -> None:
        """Take no token that was given until now."""
        with self._lock:
            self._tokens.clear()

    def _handle(self, request: Request) -> Reply:
        with self._lock:
            if (request.method, request.path) == ("POST", "/v1/login"):
                return self._login(request)
            if request.headers.get("authorization", "").removeprefix("Bearer ") not in self._tokens:
                return _error(401, "TOKEN", "O token não vale.")
            match request.method, request.path:
                case "GET", "/v1/conta":
                    return _reply({"conta": "demonstração"})
                case "POST", "/v1/relatorios":
                    return self._report(request)
        return _error(404, "CAMINHO", "Não há nada aqui.")

    def _login(self, request: Request) -> Reply:
        if self.login_fault is not None:
            return _fault(self.login_fault)
        fields = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
        if (fields.get("client_id"), fields.get("client_secret")) != (USER, PASSWORD):
            return _error(400, "CREDENCIAL", "Usuário ou senha não conferem.")
        self.logins += 1
        token = f"token-de-demonstracao-{self.logins:04}"
        self._tokens.add(token)
        return _reply({"access_token": token, "token_type": "Bearer", "expires_in": 3600})

    def _report(self, request: Request) -> Reply:
        try:
            asked = _queried(json.loads(request.body), request.headers.get("x-centro-custo", ""))
        except (ValueError, KeyError, TypeError):
            return _error(400, "CONSULTA", "A consulta não é uma.")
        self.queried.append(asked)
        queued = self.faults.get(asked.document)
        fault = queued.pop(0) if queued else self.always.get(asked.document)
        if fault is not None:
            return _fault(fault)
        report = self.reports.get(asked.document, DemoReport())
        return _reply(_told(asked.document, report, len(self.queried)))


def _queried(message: dict[str, Any], cost_center: str) -> Queried:
    features = message.get("itens", [])
    if not isinstance(features, list):
        raise TypeError("The features are a list")
    return Queried(message["documento"], message["pessoa"], message.get("produto", ""), tuple(features), cost_center)


def _told(document: str, report: DemoReport, number: int) -> dict[str, Any]:
    pending = report.pending
    restrictions: dict[str, Any] = {"suprimidas": report.suppressed}
    if pending is not None:
        days = sorted(debt.on for debt in pending)
        restrictions["pendencias"] = {
            "quantidade": len(pending),
            "valor": float(sum((debt.amount for debt in pending), Decimal())),
            **({"primeira": days[0], "ultima": days[-1]} if days else {}),
            "itens": [
                {
                    "data": debt.on,
                    "credor": debt.creditor,
                    "natureza": "COMPRA A PRAZO",
                    "contrato": f"{place:06}",
                    "valor": float(debt.amount),
                }
                for place, debt in enumerate(pending, 1)
            ],
        }
    if report.protests:
        restrictions["protestos"] = [
            {"data": debt.on, "cartorio": debt.creditor, "valor": float(debt.amount)} for debt in report.protests
        ]
    return {
        "consulta": {"documento": document, "protocolo": f"DEMO-{number:06}"},
        "cadastro": {"nome": report.name, "situacao": "ATIVA", "fundacao": "2009-04-17"},
        "score": {"pontos": report.score, "modelo": "MODELO PJ", "faixa": "BAIXO", "probabilidade": "4,2%"},
        "restricoes": restrictions,
        "passagens": {"ultimos_90_dias": 3},
        "avisos": list(report.notices),
    }


def _fault(fault: MappedFault) -> Reply:
    if fault.error:
        return _error(fault.status, fault.error, "Um erro pedido pela demonstração.", fault)
    return Reply(fault.body or b"{}", fault.status, _JSON, fault.ending, fault.delay_s, fault.headers)


def _error(status: int, code: str, message: str, fault: MappedFault | None = None) -> Reply:
    body = json.dumps({"erro": {"codigo": code, "mensagem": message}}, ensure_ascii=False).encode()
    if fault is None:
        return Reply(body, status, _JSON)
    return Reply(body, status, _JSON, fault.ending, fault.delay_s, fault.headers)


def _reply(told: dict[str, Any]) -> Reply:
    return Reply(json.dumps(told, ensure_ascii=False).encode(), 200, _JSON)
