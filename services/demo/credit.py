"""Serasa Experian and SPC Brasil on loopback: what they say of each document, and every way in which they fail."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from urllib.parse import parse_qs, urlsplit

from app.documents import InvalidDocument, parse_document
from app.domain import Document
from services.demo import credit_answers as answers
from services.demo.ca import DemoAuthority
from services.demo.credit_answers import DemoCredit, DemoDebt
from services.demo.loopback import Ending, LoopbackServer, LoopbackService, Reply, Request

USER = "demonstracao"
PASSWORD = "senha-da-demonstracao"

_JSON = "application/json; charset=UTF-8"
_HTML = "text/html; charset=UTF-8"
_LOGIN = "/security/iam/v1/client-identities/login"
_COMPANY = "/credit-services/business-information-report/v1/reports"
_PERSON = "/credit-services/person-information-report/v1/creditreport"
_CONSULT = "/spcconsulta/recurso/consulta/padrao"
_TOKEN_LIFE = timedelta(hours=1)
_PAGE = "<html><head><title>Manutenção</title></head><body>Voltamos logo.</body></html>".encode()


class CreditFault(Enum):
    """What comes instead of a report."""

    UNKNOWN = "404: documento desconhecido"
    PROTECTED = "403: protegido por lei"
    INVALID = "412: documento inválido ou item não contratado"
    DENIED = "401: credenciais não aceitas"
    SUSPENDED = "acesso suspenso (no SPC, 200 com o código 670)"
    DECLINED = "erro no lugar do relatório (no SPC, 200 com result.error)"
    THROTTLED = "429: volume, com Retry-After"
    BROKEN = "500"
    DOWN = "503, com Retry-After"
    PAGE = "200 com uma página"
    FORBIDDEN_PAGE = "403 com uma página"
    MALFORMED = "200 com o JSON cortado"
    EMPTY = "200 sem relatório nenhum"
    ANOTHER = "200 de outro documento"
    MOVED = "302 para outro servidor"
    CUT = "cortada no meio"
    RESET = "derrubada sem resposta"
    HANG = "sem resposta"


RETRY_AFTER_S = 120
"""What THROTTLED and DOWN ask for."""

OTHER = parse_document("00000000000191")
"""Whose report comes with ANOTHER."""


@dataclass(frozen=True)
class AskedCredit:
    """One question as it came. `report` is the report or product; headers are in lower case, without authorization."""

    document: str
    path: str
    report: str
    features: tuple[str, ...]
    headers: dict[str, str] = field(repr=False)


class DemoCreditService(LoopbackService):
    """What both have: who is known, what happens to a question, and the questions that came.

    `known` has what is said by document, `faults` what happens instead, `always` what happens to every question; of
    anybody else there is nothing bad to say. `delay_s` is how long each report takes. All may be changed while it runs.
    """

    def __init__(
        self,
        authority: DemoAuthority,
        *,
        known: Mapping[str, DemoCredit] | None = None,
        faults: Mapping[str, CreditFault] | None = None,
        user: str = USER,
        password: str = PASSWORD,
        port: int = 0,
    ) -> None:
        self.known = dict(known or {})
        self.faults = dict(faults or {})
        self.always: CreditFault | None = None
        self.delay_s = 0.0
        self.user = user
        self.password = password
        self.asked: list[AskedCredit] = []
        self._lock = threading.Lock()
        super().__init__(LoopbackServer(authority.server_context(require_client=False), self._handle, port=port))

    @property
    def address(self) -> str:
        """The base as it is written in the registration of a gerenciadora."""
        return f"https://localhost:{self.port}"

    def _handle(self, request: Request) -> Reply:
        raise NotImplementedError

    def _is_ours(self, request: Request) -> bool:
        expected = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        return request.headers.get("authorization") == f"Basic {expected}"

    def _credit(self, document: Document) -> DemoCredit:
        return self.known.get(document.value) or DemoCredit(f"EMPRESA FICTICIA {document.value[-4:]} LTDA")

    def _fault(self, document: str) -> CreditFault | None:
        return self.always or self.faults.get(document)

    def _note(self, asked: AskedCredit) -> int:
        with self._lock:
            self.asked.append(asked)
            return len(self.asked)


class DemoSerasa(DemoCreditService):
    """Gives a token for the credentials, and reports for a token. `login_fault` is what a login gets instead, and
    `logins` counts those that got a token; `revoke` makes the tokens given so far worth nothing."""

    logins = 0
    login_fault: CreditFault | None = None

    def __init__(
        self,
        authority: DemoAuthority,
        *,
        known: Mapping[str, DemoCredit] | None = None,
        faults: Mapping[str, CreditFault] | None = None,
        user: str = USER,
        password: str = PASSWORD,
        port: int = 0,
    ) -> None:
        self._tokens: set[str] = set()
        super().__init__(authority, known=known, faults=faults, user=user, password=password, port=port)

    def revoke(self) -> None:
        """No token given before this is taken any more."""
        with self._lock:
            self._tokens.clear()

    def _handle(self, request: Request) -> Reply:
        parts = urlsplit(request.path)
        if (request.method, parts.path) == ("POST", _LOGIN):
            return self._log_in(request)
        if request.method != "GET" or parts.path not in (_COMPANY, _PERSON):
            return Reply(_PAGE, 404, _HTML)
        if request.headers.get("authorization", "").removeprefix("Bearer ") not in self._tokens:
            return Reply(answers.serasa_error("UNAUTHORIZED", "Unauthorized"), 401, _JSON)
        query = parse_qs(parts.query)
        report = query.get("reportName", [""])[0]
        features = tuple(query.get("optionalFeatures", [""])[0].split(",")) if "optionalFeatures" in query else ()
        about = request.headers.get("x-document-id", "")
        headers = {name: value for name, value in request.headers.items() if name != "authorization"}
        number = self._note(AskedCredit(about, parts.path, report, features, headers))
        fault = self._fault(about)
        try:
            document = parse_document(about)
        except InvalidDocument:
            fault = fault or CreditFault.INVALID
        if fault is CreditFault.ANOTHER:
            document = OTHER
        elif fault is not None:
            return _serasa_failure(fault)
        body = answers.serasa_report(document, self._credit(document), report, _today())
        number_header = (("X-Request-Id", f"demonstracao-{number:06}"),)
        return Reply(body, 200, _JSON, delay_s=self.delay_s, headers=number_header)

    def _log_in(self, request: Request) -> Reply:
        if self.login_fault is not None:
            return _serasa_failure(self.login_fault)
        if not self._is_ours(request) or request.body != b"{}":
            return Reply(answers.serasa_error("UNAUTHORIZED", "Invalid credentials"), 401, _JSON)
        with self._lock:
            self.logins += 1
            token = f"token-da-demonstracao-{self.logins}"
            self._tokens.add(token)
        return Reply(answers.serasa_token(token, datetime.now(UTC) + _TOKEN_LIFE), 201, _JSON)


class DemoSpc(DemoCreditService):
    """Answers by the credentials that come with each question; most of its errors come as HTTP 200."""

    def _handle(self, request: Request) -> Reply:
        if (request.method, request.path) != ("POST", _CONSULT):
            return Reply(_PAGE, 404, _HTML)
        if not self._is_ours(request):
            return Reply(answers.spc_error("Usuario nao autenticado"), 401, _JSON)
        try:
            asked = json.loads(request.body)
            about, product = str(asked["documentoConsumidor"]), str(asked["codigoProduto"])
            document = parse_document(about)
            kind = asked["tipoConsumidor"]
            features = tuple(str(each) for each in asked["codigoInsumoOpcional"])
        except (ValueError, KeyError, TypeError):
            return Reply(answers.spc_error("Requisicao invalida"), 200, _JSON)
        headers = {name: value for name, value in request.headers.items() if name != "authorization"}
        number = self._note(AskedCredit(about, request.path, product, features, headers))
        if kind != ("J" if len(about) == 14 else "F"):
            return Reply(answers.spc_error("Tipo de consumidor invalido"), 200, _JSON)
        fault = self._fault(about)
        if fault is CreditFault.ANOTHER:
            document = OTHER
        elif fault is not None:
            return _spc_failure(fault)
        body = answers.spc_report(document, self._credit(document), number, _today())
        return Reply(body, 200, _JSON, delay_s=self.delay_s)


FEW_DEBTS = DemoCredit(
    "COMERCIO FICTICIO LTDA",
    480,
    overdue=(DemoDebt(334.62, 70),),
    protests=(DemoDebt(1200.0, 200, "CARTORIO FICTICIO"),),
)
MANY_DEBTS = DemoCredit(
    "TRANSPORTES FICTICIOS LTDA",
    95,
    overdue=(DemoDebt(8_540.0, 30), DemoDebt(12_300.5, 95), DemoDebt(990.0, 410)),
    protests=(DemoDebt(4_200.0, 60, "CARTORIO FICTICIO"),),
    cheques=(DemoDebt(None, 120, "BANCO FICTICIO"),),
    lawsuits=(DemoDebt(80_938.85, 300, "FORO FICTICIO"),),
)
NO_SCORE = DemoCredit("POSTO NOVO FICTICIO LTDA", None)
SUPPRESSED = DemoCredit("LIMINAR FICTICIA LTDA", 640, overdue=(DemoDebt(5_000.0, 40),), suppressed=True)


def _today() -> date:
    return datetime.now(UTC).date()


def _serasa_failure(fault: CreditFault) -> Reply:
    match fault:
        case CreditFault.UNKNOWN:
            return Reply(answers.serasa_error("DOCUMENT_NOT_FOUND", "Documento nao encontrado"), 404, _JSON)
        case CreditFault.PROTECTED:
            return Reply(answers.serasa_error("FORBIDDEN", "Dados protegidos por lei"), 403, _JSON)
        case CreditFault.INVALID | CreditFault.DECLINED:
            message = "Informe um [Nome de relatorio] valido"
            return Reply(answers.serasa_error("PRECONDITION", message), 412, _JSON)
        case CreditFault.SUSPENDED:
            return Reply(answers.serasa_error("UNAUTHORIZED", "Suspended"), 401, _JSON)
        case CreditFault.EMPTY:
            return Reply(b'{"reports": []}', 200, _JSON)
    return _failure(fault)


def _spc_failure(fault: CreditFault) -> Reply:
    match fault:
        case CreditFault.UNKNOWN | CreditFault.INVALID | CreditFault.DECLINED | CreditFault.PROTECTED:
            return Reply(answers.spc_error("Documento nao pode ser consultado"), 200, _JSON)
        case CreditFault.SUSPENDED:
            return Reply(answers.spc_error("Acesso suspenso temporariamente", "670"), 200, _JSON)
        case CreditFault.EMPTY:
            return Reply(b'{"result": {"error": "false", "return_object": {}}}', 200, _JSON)
    return _failure(fault)


def _failure(fault: CreditFault) -> Reply:
    waiting = (("Retry-After", str(RETRY_AFTER_S)),)
    match fault:
        case CreditFault.DENIED:
            return Reply(b'{"message": "Unauthorized"}', 401, _JSON)
        case CreditFault.THROTTLED:
            return Reply(b'{"message": "Too many requests"}', 429, _JSON, headers=waiting)
        case CreditFault.BROKEN:
            return Reply(b'{"message": "Internal Server Error"}', 500, _JSON)
        case CreditFault.DOWN:
            return Reply(b'{"message": "SpikeArrest engaged"}', 503, _JSON, headers=waiting)
        case CreditFault.PAGE:
            return Reply(_PAGE, 200, _HTML)
        case CreditFault.FORBIDDEN_PAGE:
            return Reply(_PAGE, 403, _HTML)
        case CreditFault.MALFORMED:
            return Reply(b'{"reports": [{"identificationReport": {"documentNumber": "1122', 200, _JSON)
        case CreditFault.MOVED:
            return Reply(b"", 302, _HTML, headers=(("Location", "https://localhost:1/"),))
        case CreditFault.CUT:
            return Reply(b'{"reports": [{"identificationReport": {}}]}' * 20, 200, _JSON, Ending.CUT)
        case CreditFault.RESET:
            return Reply(ending=Ending.RESET)
        case _:
            return Reply(ending=Ending.HANG)
