"""The words of the business as frozen values: what is asked, what an authority answers and what is decided.

Nothing here knows a database, a window or a protocol.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from app.credit_analysis import AnalysisOutcome, CreditReport
from app.policies import AnpStatus
from app.portuguese import counted, exact


class Authority(Enum):
    """Who is consulted about a customer."""

    SEFAZ = "sefaz"
    ANP = "anp"
    CREDIT = "credito"

    @property
    def label(self) -> str:
        """The word shown to the operator."""
        return {Authority.SEFAZ: "SEFAZ", Authority.ANP: "ANP", Authority.CREDIT: "Crédito"}[self]


class Origin(Enum):
    """What made a consultation happen."""

    OPERATOR = "manual"
    SERVICE = "servico"
    COMMAND = "linha_de_comando"
    ORDER = "pedido"
    LIST_CHECK = "conferencia"
    DIAGNOSIS = "diagnostico"


class Verdict(Enum):
    """What a SEFAZ consultation says about the customer. FAILURE is the absence of an answer, never an answer."""

    ENABLED = "habilitado"
    DISABLED = "nao_habilitado"
    NOT_TAXPAYER = "nao_contribuinte"
    AMBIGUOUS = "ambiguo"
    DATA_ERROR = "dado_invalido"
    FAILURE = "falha"

    @property
    def label(self) -> str:
        """The word shown to the operator."""
        return _VERDICT_LABELS[self]

    @property
    def is_answer(self) -> bool:
        """Whether the authority stated the customer's situation, so that rules may act on it."""
        return self in (Verdict.ENABLED, Verdict.DISABLED, Verdict.NOT_TAXPAYER)


_VERDICT_LABELS = {
    Verdict.ENABLED: "Habilitado",
    Verdict.DISABLED: "Não habilitado",
    Verdict.NOT_TAXPAYER: "Não contribuinte",
    Verdict.AMBIGUOUS: "Indefinido",
    Verdict.DATA_ERROR: "Dado inválido",
    Verdict.FAILURE: "Falha na consulta",
}


class AnpOutcome(Enum):
    """What an ANP consultation says: one of the five statuses, a wording nobody knows, or no answer at all."""

    UPDATED = AnpStatus.UPDATED.value
    REVOKED = AnpStatus.REVOKED.value
    REVOCATION = AnpStatus.REVOCATION.value
    CANDIDATE = AnpStatus.CANDIDATE.value
    NOT_FOUND = AnpStatus.NOT_FOUND.value
    UNRECOGNISED = "nao_reconhecida"
    FAILURE = "falha"

    @property
    def status(self) -> AnpStatus | None:
        """The status for which the profiles have an action; None for a wording not recognised and for a failure."""
        return _ANP_STATUSES.get(self)

    @property
    def label(self) -> str:
        """The words shown to the operator."""
        if self is AnpOutcome.UNRECOGNISED:
            return "Situação não reconhecida"
        return Verdict.FAILURE.label if self.status is None else self.status.label

    @property
    def is_answer(self) -> bool:
        """Whether ANP, or its list, said something about the customer."""
        return self is not AnpOutcome.FAILURE

    @property
    def is_listed(self) -> bool:
        """Whether ANP has a registration of the customer, with a brand or without one."""
        return self.is_answer and self is not AnpOutcome.NOT_FOUND


_ANP_STATUSES = {AnpOutcome(status.value): status for status in AnpStatus}

Outcome = Verdict | AnpOutcome | AnalysisOutcome


def outcome_of(authority: Authority, value: str) -> Outcome:
    """The outcome kept as `value` for a consultation of `authority`."""
    match authority:
        case Authority.ANP:
            return AnpOutcome(value)
        case Authority.CREDIT:
            return AnalysisOutcome(value)
        case Authority.SEFAZ:
            return Verdict(value)


class SefazAction(Enum):
    """A customer's own "Ação quando não habilitado na SEFAZ"."""

    NOTHING = "nao_faz_nada"
    BLOCK_UNBLOCK = "bloqueia_desbloqueia"


class BlockOrigin(Enum):
    """Where a block reason comes from. A rule lifts only reasons of its own origin."""

    SEFAZ = "sefaz"
    ANP_STATUS = "anp_status"
    ANP_BRAND = "anp_bandeira"
    CREDIT = "credito"
    MANUAL = "manual"

    @property
    def label(self) -> str:
        """The word shown to the operator."""
        return {
            BlockOrigin.SEFAZ: "SEFAZ",
            BlockOrigin.ANP_STATUS: "Status na ANP",
            BlockOrigin.ANP_BRAND: "Bandeira na ANP",
            BlockOrigin.CREDIT: "Análise de crédito",
            BlockOrigin.MANUAL: "Manual",
        }[self]


class FailureKind(Enum):
    """Why a consultation has no answer."""

    CONFIGURATION = "configuracao"
    CERTIFICATE = "certificado"
    NETWORK = "rede"
    TRUST = "cadeia_do_servidor"
    ENCRYPTION = "criptografia"
    TIMEOUT = "tempo_esgotado"
    HTTP = "http"
    INVALID_RESPONSE = "resposta_invalida"
    SOAP_FAULT = "falha_soap"
    REQUESTER = "solicitante"
    REJECTION = "rejeicao"
    UNAVAILABLE = "servico_paralisado"
    LIMIT = "consumo_indevido"
    TOO_SOON = "cedo_demais"
    NOT_SERVED = "uf_nao_atendida"
    THROTTLED = "espera_pedida"
    UNCERTAIN = "incerta"
    CANCELLED = "cancelada"
    INTERNAL = "erro_interno"

    @property
    def label(self) -> str:
        """The words shown to the operator."""
        return _FAILURE_LABELS[self]


_FAILURE_LABELS = {
    FailureKind.CONFIGURATION: "Configuração incompleta",
    FailureKind.CERTIFICATE: "Certificado digital",
    FailureKind.NETWORK: "Sem conexão",
    FailureKind.TRUST: "Cadeia de certificação do servidor",
    FailureKind.ENCRYPTION: "Criptografia do servidor",
    FailureKind.TIMEOUT: "Tempo esgotado",
    FailureKind.HTTP: "Erro HTTP",
    FailureKind.INVALID_RESPONSE: "Resposta inválida",
    FailureKind.SOAP_FAULT: "Falha do serviço (SOAP)",
    FailureKind.REQUESTER: "Solicitante não aceito",
    FailureKind.REJECTION: "Mensagem rejeitada",
    FailureKind.UNAVAILABLE: "Serviço paralisado",
    FailureKind.LIMIT: "Consumo indevido",
    FailureKind.TOO_SOON: "Cedo demais",
    FailureKind.NOT_SERVED: "UF não atendida",
    FailureKind.THROTTLED: "Espera pedida pela autoridade",
    FailureKind.UNCERTAIN: "Não se sabe se foi respondida",
    FailureKind.CANCELLED: "Cancelada",
    FailureKind.INTERNAL: "Erro interno",
}


@dataclass(frozen=True)
class Failure:
    """A failure explained to the operator, in Portuguese: what happened, its probable cause, what to do.

    `details` is for support: copyable, technical, never holding a secret.
    """

    kind: FailureKind
    what: str
    cause: str
    todo: str
    details: str = ""

    @property
    def sentence(self) -> str:
        """Everything a person needs, in one line."""
        parts = (part for part in (self.what, self.cause, self.todo) if part)
        return " ".join(part if part[-1] in ".?:" else f"{part}." for part in parts)


class ConsultationFailed(Exception):
    """Raised by a client of an authority when there is no answer.

    `c_stat`, `x_motivo` and `response` are kept when the authority did say something (a rejection, an HTML page);
    `retry_after_s` is how many seconds it asked to be left alone.
    """

    def __init__(
        self,
        failure: Failure,
        *,
        c_stat: str = "",
        x_motivo: str = "",
        request: bytes = b"",
        response: bytes = b"",
        authorizer: str = "",
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(failure.what)
        self.failure = failure
        self.c_stat = c_stat
        self.x_motivo = x_motivo
        self.request = request
        self.response = response
        self.authorizer = authorizer
        self.retry_after_s = retry_after_s


class DocumentKind(Enum):
    """Which tag identifies the customer in a query. Stored with the customer, never deduced from the length."""

    CNPJ = "CNPJ"
    CPF = "CPF"
    IE = "IE"


@dataclass(frozen=True)
class Document:
    """A document in its canonical form: upper-case letters and digits only, check digits verified."""

    kind: DocumentKind
    value: str

    @property
    def key(self) -> str:
        """The text kept in the database: the value alone, or "IE 123" so that an IE is never taken for a CPF."""
        return f"IE {self.value}" if self.kind is DocumentKind.IE else self.value

    @property
    def named(self) -> str:
        """The kind and the value as people write them: "CNPJ 11.222.333/0001-81"."""
        return str(self) if self.kind is DocumentKind.IE else f"{self.kind.value} {self}"

    def __str__(self) -> str:
        value = self.value
        match self.kind, len(value):
            case DocumentKind.CNPJ, 14:
                return f"{value[:2]}.{value[2:5]}.{value[5:8]}/{value[8:12]}-{value[12:]}"
            case DocumentKind.CPF, 11:
                return f"{value[:3]}.{value[3:6]}.{value[6:9]}-{value[9:]}"
        return self.key


@dataclass(frozen=True)
class Address:
    """`ender` of an inscription, with the layout's own field names (leiauteConsultaCadastro v2.00). All optional."""

    xLgr: str = ""
    nro: str = ""
    xCpl: str = ""
    xBairro: str = ""
    cMun: str = ""
    xMun: str = ""
    CEP: str = ""


@dataclass(frozen=True)
class Inscription:
    """One `infCad` of the answer, with the layout's own field names (leiauteConsultaCadastro v2.00).

    Values are the authority's text, trimmed; an absent field is "". cSit: 0 não habilitado, 1 habilitado.
    indCredNFe and indCredCTe: 0 não credenciado, 1 credenciado, 2 obrigatoriedade total, 3 parcial, 4 não informado.
    """

    IE: str = ""
    CNPJ: str = ""
    CPF: str = ""
    UF: str = ""
    cSit: str = ""
    indCredNFe: str = ""
    indCredCTe: str = ""
    xNome: str = ""
    xFant: str = ""
    xRegApur: str = ""
    CNAE: str = ""
    dIniAtiv: str = ""
    dUltSit: str = ""
    dBaixa: str = ""
    IEUnica: str = ""
    IEAtual: str = ""
    ender: Address | None = None

    def as_layout(self) -> dict[str, Any]:
        """The fields present, by the layout's names, `ender` nested: the form stored and printed as JSON."""
        present = {name: value for name, value in vars(self).items() if value and name != "ender"}
        if self.ender is not None:
            present["ender"] = {name: value for name, value in vars(self.ender).items() if value}
        return present

    @classmethod
    def from_layout(cls, fields: dict[str, Any]) -> Inscription:
        """The inverse of `as_layout`."""
        ender = fields.get("ender")
        plain = {name: value for name, value in fields.items() if name != "ender"}
        return cls(**plain, ender=Address(**ender) if ender is not None else None)


@dataclass(frozen=True)
class SefazAnswer:
    """What SEFAZ returned to one query: `retConsCad/infCons` as read, and the raw bytes of both messages.

    Only an answer about the customer comes in this form (111, 112, a final no, or invalid data);
    every other outcome is a `ConsultationFailed`.
    """

    c_stat: str
    x_motivo: str
    uf: str
    inscriptions: tuple[Inscription, ...]
    request: bytes
    response: bytes
    authorizer: str
    ver_aplic: str = ""
    dh_cons: str = ""


@dataclass(frozen=True)
class Finding:
    """The result of one consultation, answered or failed, before anything is decided or kept.

    What each authority says besides is in the class of its own.
    """

    document: Document
    uf: str
    verdict: Outcome
    reason: str
    asked_at: datetime
    duration_ms: int
    failure: Failure | None = None
    request: bytes = field(default=b"", repr=False)
    response: bytes = field(default=b"", repr=False)
    authorizer: str = ""

    @property
    def failed(self) -> bool:
        """Whether nobody answered: then nothing about the customer may change."""
        return self.failure is not None

    @property
    def withheld_by(self) -> FailureKind | None:
        """Why the authority itself did not answer; None when it did. What its limits are computed from."""
        return None if self.failure is None else self.failure.kind


@dataclass(frozen=True)
class SefazFinding(Finding):
    """What SEFAZ said: the status of the answer and the inscriptions, of which `own` is the customer's."""

    verdict: Verdict
    c_stat: str = ""
    x_motivo: str = ""
    inscriptions: tuple[Inscription, ...] = ()
    own: Inscription | None = None
    certificate_cnpj: str = ""


class AnpSource(Enum):
    """Where an answer about a fuel reseller comes from, in the order in which they are tried."""

    PRIMARY = "principal"
    SECONDARY = "secundaria"
    MIRROR = "espelho"

    @property
    def label(self) -> str:
        """The words shown to the operator."""
        return {
            AnpSource.PRIMARY: "Consulta on-line (endereço principal)",
            AnpSource.SECONDARY: "Consulta on-line (endereço secundário)",
            AnpSource.MIRROR: "Lista publicada pela ANP",
        }[self]


class ListKind(Enum):
    """The lists that ANP publishes as open data; the first two are the registers that customers are in (AnpKind)."""

    AUTOMOTIVE = "automotivo"
    GLP = "glp"
    DISTRIBUTOR = "distribuidor"

    @property
    def label(self) -> str:
        """The words shown to the operator."""
        return {
            ListKind.AUTOMOTIVE: "Revendedores de combustíveis automotivos",
            ListKind.GLP: "Revendedores de GLP",
            ListKind.DISTRIBUTOR: "Distribuidores de combustíveis",
        }[self]


@dataclass(frozen=True)
class AnpRegistration:
    """A reseller as ANP describes it, trimmed; "" where it says nothing. Dates are as ANP writes them (dd/mm/aaaa).

    `situation` is the wording of the status when the source has one (the API has none: to be listed there is to be
    authorised). `products` are the fuels, with tank volume where it is told.
    """

    cnpj: str
    name: str = ""
    situation: str = ""
    authorization: str = ""
    published: str = ""
    brand: str = ""
    brand_since: str = ""
    simp_code: str = ""
    street: str = ""
    complement: str = ""
    district: str = ""
    postal_code: str = ""
    city: str = ""
    uf: str = ""
    reseller_class: str = ""
    products: tuple[str, ...] = ()

    def as_fields(self) -> dict[str, Any]:
        """The fields present, by name: the form stored as JSON."""
        present = {name: value for name, value in vars(self).items() if value}
        return {**present, "products": list(self.products)}

    @classmethod
    def from_fields(cls, fields: dict[str, Any]) -> AnpRegistration:
        """The inverse of `as_fields`."""
        return cls(**{**fields, "products": tuple(fields.get("products", ()))})


@dataclass(frozen=True)
class AnpFinding(Finding):
    """What ANP said: from which source and, when it lists the reseller, the registration.

    From the mirror, `listed_at` is the last moment at which ANP published that list; for a reseller that left it,
    `listed_until` is the last moment at which it was there, and `confirmed` whether more than one list, or ANP itself,
    says that it left. `live_failure` is why ANP did not answer when the mirror did. `brand_known` tells whether the
    Tabela de Bandeiras had the brand then; None when ANP has no registration.
    """

    verdict: AnpOutcome
    source: AnpSource | None = None
    registration: AnpRegistration | None = None
    listed_at: datetime | None = None
    listed_until: datetime | None = None
    confirmed: bool = True
    live_failure: Failure | None = None
    brand_known: bool | None = None

    @property
    def known_at(self) -> datetime:
        """The moment of which the answer tells: that of the list when the mirror answered."""
        return self.listed_at or self.asked_at

    @property
    def brand(self) -> str:
        """The brand as ANP writes it, "" when it states none."""
        return self.registration.brand if self.registration else ""

    @property
    def withheld_by(self) -> FailureKind | None:
        """Why ANP did not answer, also when the mirror answered in its place."""
        failure = self.failure or self.live_failure
        return None if failure is None else failure.kind


@dataclass(frozen=True)
class CreditFinding(Finding):
    """What a gerenciadora said, None when nobody answered, and every reason of the verdict.

    `http_status` is of its answer, None when there was none; `request_id` is by which it knows the question.
    """

    verdict: AnalysisOutcome
    report: CreditReport | None = None
    reasons: tuple[str, ...] = ()
    http_status: int | None = None
    request_id: str = ""


@dataclass(frozen=True)
class Certificate:
    """A branch's A1 certificate as kept: the chain in clear, the key encrypted with a password of the keyring.

    Times are aware UTC. `chain_pem` has the leaf first; `root` is "" when the chain does not tell it. `key_pem` and
    `secret_name` are this station's; both are empty where the PFX was never installed (see `has_key`).
    """

    branch_id: int
    holder: str
    cnpj: str
    issuer: str
    root: str
    serial: str
    fingerprint: str
    not_before: datetime
    not_after: datetime
    chain_pem: bytes = field(repr=False)
    key_pem: bytes = field(repr=False)
    secret_name: str = field(repr=False)
    installed_at: datetime

    @property
    def has_key(self) -> bool:
        """Whether this station can use it: the password of the key never leaves the keyring it was put in."""
        return bool(self.secret_name)

    @property
    def icp_version(self) -> str:
        """Which root of ICP-Brasil it stands under, as "v10"; "" when it is another's or not known."""
        found = re.fullmatch(r"Autoridade Certificadora Raiz Brasileira (v[0-9]+)", self.root)
        return found[1] if found else ""

    def days_left(self, now: datetime) -> float:
        """Days until it ends, fractions kept: half a day before the end is 0.5, after it negative."""
        return (self.not_after - now).total_seconds() / 86400

    def validity(self, now: datetime) -> str:
        """Until when it is valid and how long that is, in words: "vence em 23/01/2027 14:05, daqui a 59 dias"."""
        if not self.not_before <= now < self.not_after:
            return self.brief_validity(now)
        return f"vence em {exact(self.not_after)}, daqui a {_whole_units(self.not_after - now)}"

    def brief_validity(self, now: datetime) -> str:
        """The same in little room: "válido por 59 dias"; whole days, or hours and minutes when few are left."""
        if now < self.not_before:
            return f"só vale a partir de {exact(self.not_before)}"
        if now >= self.not_after:
            return f"vencido em {exact(self.not_after)}"
        return f"válido por {_whole_units(self.not_after - now)}"


def _whole_units(left: timedelta) -> str:
    """ "59 dias", "36 horas", "12 minutos": in hours under two days, in minutes under two hours."""
    minutes = int(left.total_seconds() // 60)
    if minutes >= 2 * 24 * 60:
        return counted(minutes // (24 * 60), "dia", "dias")
    if minutes >= 2 * 60:
        return counted(minutes // 60, "hora", "horas")
    return counted(minutes, "minuto", "minutos") if minutes else "menos de um minuto"


@dataclass(frozen=True)
class ActiveBlock:
    """One reason for which a customer is blocked now."""

    id: int
    origin: BlockOrigin
    reason: str
    since: datetime
    by: str
    consultation_id: int | None = None


@dataclass(frozen=True)
class Decision:
    """What a finding does to a customer: reasons to add, reasons to lift (by id), and why, in words.

    `brand_id` is the brand that the customer gets; None leaves the one it has.
    """

    why: str
    add: tuple[tuple[BlockOrigin, str], ...] = ()
    lift: tuple[int, ...] = ()
    brand_id: int | None = None

    @property
    def changes(self) -> bool:
        """Whether anything about the customer changes."""
        return bool(self.add or self.lift or self.brand_id is not None)


@dataclass(frozen=True)
class Request:
    """What to ask: about whom, of whom, for whom, and whether the profiles are applied to the answer.

    `analysis_id` is the credit analysis of the queue that this is, None for the other authorities.
    """

    document: Document
    uf: str
    origin: Origin
    user: str
    apply: bool
    customer_id: int | None = None
    authority: Authority = Authority.SEFAZ
    analysis_id: int | None = None


@dataclass(frozen=True)
class Result:
    """One consultation made and kept: what was found, what was decided and under which number (of the consultation, or
    of the credit analysis)."""

    request: Request
    finding: Finding
    decision: Decision
    consultation_id: int
    customer: str = ""


@dataclass(frozen=True)
class Refusal:
    """A request that was not made at all; nothing was asked and nothing was kept."""

    request: Request
    failure: Failure


class Phase(Enum):
    """What the service is doing."""

    STOPPED = "parado"
    IDLE = "ativo"
    WORKING = "consultando"
    PAUSED = "pausado"
    ATTENTION = "atencao"
    FAILED = "falha"
    ELSEWHERE = "em_outro_computador"

    @property
    def label(self) -> str:
        """The word shown to the operator."""
        return {
            Phase.STOPPED: "Parado",
            Phase.IDLE: "Ativo",
            Phase.WORKING: "Consultando",
            Phase.PAUSED: "Pausado",
            Phase.ATTENTION: "Atenção",
            Phase.FAILED: "Falha",
            Phase.ELSEWHERE: "Ativo em outro computador",
        }[self]


@dataclass(frozen=True)
class ServiceState:
    """The service of one authority at one moment.

    `sentence` says why; `certificate` is the one in use (None when unknown, or none is). `warnings` are what a person
    should know or mend although the service works, a sentence each.
    """

    phase: Phase
    sentence: str
    last_at: datetime | None = None
    next_at: datetime | None = None
    paused_until: datetime | None = None
    current: Request | None = None
    waiting: int = 0
    certificate: Certificate | None = None
    authority: Authority = Authority.SEFAZ
    warnings: tuple[str, ...] = ()

    @property
    def warning(self) -> str:
        """The warnings in one line, "" when there is none."""
        return " ".join(self.warnings)

    @property
    def why(self) -> str:
        """The warning and the sentence, as far as there are any; the sentence once."""
        return self.warning if self.sentence in self.warning else f"{self.warning} {self.sentence}".strip()
