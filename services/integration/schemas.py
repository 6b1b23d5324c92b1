"""The bodies that counters send and get, declared once: they are checked by these, and the documentation shows them.

What is kept in a table is checked again as the window's form checks it, and refused with the same sentences.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from operator import attrgetter
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    InstanceOf,
    StringConstraints,
    WithJsonSchema,
)

from app.data.customer_sync import TakenCustomer
from app.documents import from_key
from app.domain import Document
from app.kinds import AnyDocument, InvalidValue, Text
from app.policies import InstalmentSituation, OrderKind, OrderOperation, ServiceOrderStage
from app.rules.credit_order import AnalysisSituation
from app.tables import CUSTOMERS
from services.integration.errors import ErrorAnswer

MAX_ID = 2**31 - 1
"""The largest number of a company or customer."""

MAX_LONG_ID = 2**53 - 1
"""The largest number of an evaluation or version: what every program reads from JSON without rounding it."""

_MAX_TEXT = 500  # every text that is kept is shorter
_MAX_DOCUMENT = 40
_DAY = r"^20[0-9]{2}-[0-9]{2}-[0-9]{2}$"
_MOMENT = r"^20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})$"
_AMOUNT = r"^[0-9]{1,12}\.[0-9]{2}$"


class Sent(BaseModel):
    """A body sent by a counter: no field of another type is taken for it, and no unknown one."""

    model_config = ConfigDict(strict=True, extra="forbid")


def _written(value: object, pattern: str, otherwise: str) -> str:
    # `$` alone would let a line break pass.
    if not isinstance(value, str) or not re.fullmatch(pattern, value, re.ASCII) or value.endswith("\n"):
        raise ValueError(otherwise)
    return value


def _day(value: object) -> date:
    otherwise = "Deve ser uma data que existe, de 2000 a 2099, como 2026-11-22."
    try:
        return date.fromisoformat(_written(value, _DAY, otherwise))
    except ValueError:
        raise ValueError(otherwise) from None


def _moment(value: object) -> datetime:
    otherwise = "Deve ser um momento que existe, de 2000 a 2099, com o fuso, como 2026-11-22T10:00:00-03:00."
    try:
        return datetime.fromisoformat(_written(value, _MOMENT, otherwise)).astimezone(UTC)
    except ValueError:
        raise ValueError(otherwise) from None


def _amount(value: object) -> Decimal:
    return Decimal(_written(value, _AMOUNT, "Deve ser um texto com ponto e dois algarismos depois dele, como 150.00."))


def _document(value: object) -> Document:
    if not isinstance(value, str) or len(value) > _MAX_DOCUMENT:
        raise ValueError(f"Deve ser um texto de até {_MAX_DOCUMENT} caracteres.")
    try:
        return from_key(AnyDocument().parse(value))
    except InvalidValue as error:
        raise ValueError(str(error)) from error


def _line(maximum: int, *, required: bool = False) -> AfterValidator:
    return AfterValidator(Text(maximum, required=required).parse)


def _one_of(choices: type[Enum]) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "enum": [choice.value for choice in choices]})


_VALUE = Field(strict=False)  # the text of one of them is one of them

Line = Annotated[str, StringConstraints(max_length=_MAX_TEXT)]
Company = Annotated[int, Field(ge=1, le=MAX_ID, description="Código da empresa na retaguarda.", examples=[1])]
DocumentText = Annotated[
    InstanceOf[Document],
    BeforeValidator(_document),
    WithJsonSchema(
        {
            "type": "string",
            "minLength": 4,
            "maxLength": _MAX_DOCUMENT,
            "description": "CNPJ ou CPF, com ou sem pontuação; inscrição estadual como “IE 123456”.",
            "examples": ["11.222.333/0001-81"],
        }
    ),
]
Day = Annotated[
    date,
    BeforeValidator(_day),
    WithJsonSchema({"type": "string", "format": "date", "pattern": _DAY, "examples": ["2026-11-22"]}),
]
Moment = Annotated[
    datetime,
    BeforeValidator(_moment),
    WithJsonSchema(
        {"type": "string", "format": "date-time", "pattern": _MOMENT, "examples": ["2026-11-22T10:00:00-03:00"]}
    ),
]
Amount = Annotated[
    Decimal,
    BeforeValidator(_amount),
    WithJsonSchema({"type": "string", "pattern": _AMOUNT, "examples": ["150.00"]}),
]
Situation = Annotated[InstalmentSituation, _VALUE, _one_of(InstalmentSituation)]
Kind = Annotated[OrderKind, _VALUE, _one_of(OrderKind)]
Operation = Annotated[OrderOperation, _VALUE, _one_of(OrderOperation)]
Stage = Annotated[ServiceOrderStage, _VALUE, _one_of(ServiceOrderStage)]


def _customer_field(name: str, example: object) -> Any:
    """The documentation of a field of a customer, as the form has it."""
    declared = CUSTOMERS.field(name)
    assert declared is not None
    told = f"{declared.label}: {declared.kind.hint}. {declared.help}".strip()
    return Field(default_factory=type(example), description=told, examples=[example])


# --- customers ---


class CustomerFields(BaseModel):
    """The fields of a customer that a counter may fill in; those left out stay as they are, or blank in a new one."""

    # An unknown field is refused with the others, by the sentence that says whose it is.
    model_config = ConfigDict(strict=True, extra="allow", json_schema_extra={"additionalProperties": False})

    documento: Line = _customer_field("documento", "11.222.333/0001-81")
    ie: Line = _customer_field("ie", "110042490114")
    nome: Line = _customer_field("nome", "Posto Água Limpa Ltda")
    fantasia: Line = _customer_field("fantasia", "Água Limpa")
    uf: Line = _customer_field("uf", "SP")
    cidade: Line = _customer_field("cidade", "São Paulo")
    logradouro: Line = _customer_field("logradouro", "Rua Um, 10")
    complemento: Line = _customer_field("complemento", "Fundos")
    bairro: Line = _customer_field("bairro", "Centro")
    cep: Line = _customer_field("cep", "01310-100")
    telefone: Line = _customer_field("telefone", "(11) 3333-0000")
    celular: Line = _customer_field("celular", "(11) 99999-0000")
    aceita_whatsapp: bool = _customer_field("aceita_whatsapp", True)
    aceite: Line = _customer_field("aceite", "22/11/2026, no balcão, ao abrir a OS 120")

    @property
    def given(self) -> dict[str, Any]:
        """What was sent, by the name of the field."""
        return self.model_dump(exclude_unset=True, exclude={"id", "versao"})


Version = Annotated[
    int,
    Field(
        ge=0, le=MAX_LONG_ID, description="A `versao` do cliente que o balcão tinha quando o mudou.", examples=[8412]
    ),
]


class NewCustomer(CustomerFields):
    """A customer that a counter adds."""

    model_config = ConfigDict(
        title="ClienteNovo", json_schema_extra={"additionalProperties": False, "required": ["documento", "nome", "uf"]}
    )


class ChangedCustomer(CustomerFields):
    """A customer that a counter changes."""

    model_config = ConfigDict(title="ClienteAlterado")

    versao: Version


class CustomerOfBatch(CustomerFields):
    """A customer of a batch: with `id` it is changed, without it is added."""

    model_config = ConfigDict(title="ClienteDoLote", json_schema_extra={})

    id: int | None = Field(
        default=None, ge=1, le=MAX_ID, description="Código do cliente a alterar; sem ele, é incluído."
    )
    versao: int | None = Field(
        default=None, ge=0, le=MAX_LONG_ID, description="Obrigatória para alterar: a versão que o balcão tinha."
    )


class CustomerBatch(Sent):
    """Customers to add and to change; each has a result of its own."""

    model_config = ConfigDict(title="LoteDeClientes")

    clientes: list[CustomerOfBatch] = Field(min_length=1, max_length=500)


class DocumentQuestion(Sent):
    """Whose registrations are wanted."""

    model_config = ConfigDict(title="ConsultaPorDocumento")

    documento: DocumentText


class Customer(BaseModel):
    """A customer as it is in the back office."""

    model_config = ConfigDict(title="Cliente", extra="forbid")

    id: int = Field(description="Código do cliente na retaguarda.", examples=[1203])
    versao: int = Field(description="Muda a cada alteração do cliente.", examples=[8412])
    documento: str = Field(description="CNPJ ou CPF sem pontuação, ou “IE” e a inscrição.", examples=["11222333000181"])
    ie: str = Field(description="Inscrição estadual, só algarismos; vazia quando não há.")
    nome: str
    fantasia: str
    uf: str
    cidade: str
    logradouro: str
    complemento: str
    bairro: str
    cep: str = Field(description="8 algarismos, ou vazio.")
    telefone: str
    celular: str = Field(description="Algarismos com o código do país, ou vazio.", examples=["5511999990000"])
    aceita_whatsapp: bool
    bandeira: int | None = Field(description="Código em Tabelas › Bandeiras.")
    regiao: int | None = Field(description="Código em Tabelas › Regiões de venda.")
    ativo: bool
    bloqueado: bool = Field(description="Se tem algum bloqueio; os motivos vêm na avaliação do pedido.")


class PageQuery(BaseModel):
    """Which customers are wanted; a misspelt name would otherwise bring them all."""

    model_config = ConfigDict(extra="forbid")

    desde: str = Field(
        default="", max_length=100, description="O `cursor` da última página recebida; vazio, desde o início."
    )
    limite: int = Field(default=1000, ge=1, le=1000, description="Quantos, no máximo.")


class CustomerPage(BaseModel):
    """Customers in the order in which they changed."""

    model_config = ConfigDict(title="PaginaDeClientes", extra="forbid")

    clientes: list[Customer]
    cursor: str = Field(description="Guarde e envie em `desde` da próxima vez.")
    ha_mais: bool = Field(description="Se já há mais clientes depois deste cursor.")


class CustomersFound(BaseModel):
    """The registrations with a document."""

    model_config = ConfigDict(title="ClientesEncontrados", extra="forbid")

    clientes: list[Customer]


class Conflict(ErrorAnswer):
    """A write that was refused because of a customer as it is."""

    model_config = ConfigDict(title="Conflito")

    cliente: Customer = Field(description="O cliente como está na retaguarda.")


class BatchResult(BaseModel):
    """What became of one customer of a batch."""

    model_config = ConfigDict(title="ResultadoDoLote", extra="forbid")

    posicao: int = Field(description="Posição no lote enviado, a partir de 0.")
    situacao: Literal["incluido", "alterado", "recusado"]
    cliente: Customer | None = Field(description="O cliente como está; nulo quando não existe.")
    codigo: str | None = Field(description="Nome fixo do erro, quando recusado.")
    mensagem: str | None = Field(description="Por que foi recusado.")
    campos: dict[str, str] | None = Field(description="O que há de errado em cada campo, quando recusado.")


class BatchResults(BaseModel):
    """What became of each customer of a batch, in the order sent."""

    model_config = ConfigDict(title="ResultadosDoLote", extra="forbid")

    resultados: list[BatchResult]
    aceitos: int
    recusados: int


_NAMES = {field.column: field.name for field in CUSTOMERS.fields} | {
    "id": "id",
    "revision": "versao",
    "active": "ativo",
    "blocked": "bloqueado",
}
_COLUMNS = tuple(TakenCustomer.__dataclass_fields__)
_TOLD = tuple(_NAMES[column] for column in _COLUMNS)
_values_of = attrgetter(*_COLUMNS)


def customer_json(customer: TakenCustomer) -> dict[str, Any]:
    """The customer as `Customer` says."""
    return dict(zip(_TOLD, _values_of(customer), strict=True))


# --- instalments ---


class InstalmentSent(Sent):
    """One parcela as it is now."""

    model_config = ConfigDict(title="Parcela")

    numero: Annotated[str, _line(60, required=True)] = Field(
        min_length=1, max_length=60, description="Número da parcela no sistema que a cobra.", examples=["8815/2"]
    )
    documento: DocumentText
    contrato: Annotated[str, _line(60)] = Field(
        default="", max_length=60, description="Contrato ou venda de que ela é.", examples=["8815"]
    )
    vencimento: Day = Field(description="Dia do vencimento original.")
    valor: Amount = Field(description="Valor em reais, um texto com ponto e dois algarismos depois dele.")
    pago: Amount = Field(default=Decimal("0.00"), description="Quanto já foi pago dela, em reais.")
    situacao: Situation = Field(
        default=InstalmentSituation.OPEN, description="Só as abertas, com saldo, podem estar vencidas."
    )


class InstalmentBatch(Sent):
    """Instalments of one company."""

    model_config = ConfigDict(title="LoteDeParcelas")

    empresa: Company
    parcelas: list[InstalmentSent] = Field(
        max_length=1000,
        description="Como estão agora, cada uma uma vez. Vazia, diz que nada mudou desde o último envio.",
    )


class InstalmentsReceived(BaseModel):
    """What was received."""

    model_config = ConfigDict(title="ParcelasRecebidas", extra="forbid")

    empresa: int
    recebidas: int
    recebidas_em: datetime = Field(description="Desde quando a verificação do crediário conta com estes dados.")


# --- evaluations ---


class Question(Sent):
    """May this sale go on?"""

    model_config = ConfigDict(title="PedidoDeAvaliacao")

    tipo: Kind = Field(description="Orçamento (dav), pré-venda, pedido ou nota fiscal (nf).")
    operacao: Operation = Field(default=OrderOperation.INCLUSION, description="O que se faz com ele.")
    documento: DocumentText
    empresa: Company
    referencia: Annotated[str, _line(60)] = Field(
        default="",
        max_length=60,
        description="Número da venda no balcão, para achá-la depois. Uma liberação serve a uma venda só, e é por ele "
        "que a mesma venda é reconhecida: envie o mesmo sempre que a avaliar de novo, no pedido e na nota. Sem ele, "
        "cada avaliação é de outra venda, e a liberação serve à primeira que for permitida.",
        examples=["1042"],
    )
    avaliacao_anterior: int | None = Field(
        default=None,
        ge=1,
        le=MAX_LONG_ID,
        description="A avaliação do orçamento ou da pré-venda de que este pedido ou nota vem: o crediário é verificado "
        "de novo, e o que foi liberado nela continua liberado.",
    )


class StoreCredit(BaseModel):
    """What is overdue."""

    model_config = ConfigDict(title="CrediarioVencido", extra="forbid")

    vencidas: int = Field(description="Quantas parcelas.")
    maior_atraso: int = Field(description="Dias desde o vencimento da mais antiga.")
    valor: str = Field(description="O que falta pagar delas, em reais, sem multa nem juros.", examples=["1250.00"])
    primeira_vencida: date | None


class Analysis(BaseModel):
    """How the buyer's credit analysis stands."""

    model_config = ConfigDict(title="AnaliseDeCredito", extra="forbid")

    situacao: AnalysisSituation = Field(
        description="Só aprovada é uma aprovação. Pendente: foi pedida e ainda não respondida; avalie de novo mais "
        "tarde. Homologacao: é do ambiente de testes, que nunca aprova. Vencida: passou da validade."
    )
    numero: int | None = Field(description="Número da análise, nulo quando não há nenhuma.")
    validade: date | None = Field(description="Último dia em que a resposta vale, nulo sem resposta.")
    resultado: Literal["aprovada", "reprovada", "indefinida"] | None = Field(
        description="O que as regras da empresa dizem da resposta, nulo sem resposta que valha."
    )
    motivos: list[str] = Field(description="Frases que explicam o resultado ou a falta dele.")


class Evaluation(BaseModel):
    """Whether a sale may go on, and why."""

    model_config = ConfigDict(title="Avaliacao", extra="forbid")

    avaliacao: int = Field(description="Número desta avaliação, que fica registrada na retaguarda.")
    permitido: bool
    motivos: list[str] = Field(description="Frases para mostrar a quem vende; as que recusam vêm primeiro.")
    regras: list[str] = Field(description="Nomes fixos das regras que decidiram, para programas.")
    consulta_id: int | None = Field(description="A consulta à ANP que foi usada.")
    liberacao_necessaria: bool = Field(
        description="Recusado só pelo crediário: quem tem permissão pode liberar, com usuário, senha e motivo."
    )
    crediario: StoreCredit | None = Field(description="Nulo quando não foi verificado, ou não pôde ser.")
    analise_credito: Analysis | None = Field(
        description="A análise do cliente pela gerenciadora, que não é o crediário. Nulo quando a empresa não a usa."
    )


class ReleaseSent(Sent):
    """Who releases a sale, and why."""

    model_config = ConfigDict(title="PedidoDeLiberacao")

    login: Annotated[str, _line(60, required=True)] = Field(min_length=1, max_length=60, examples=["carla"])
    senha: str = Field(min_length=1, max_length=200, json_schema_extra={"format": "password"})
    motivo: Annotated[str, _line(300, required=True)] = Field(
        min_length=1, max_length=300, examples=["Cliente pagou hoje, a baixa entra amanhã"]
    )


class Released(BaseModel):
    """A sale that was released."""

    model_config = ConfigDict(title="Liberacao", extra="forbid")

    avaliacao: int
    liberada_em: datetime
    liberada_por: str = Field(description="Nome de quem liberou.")
    motivo: str


class KeptEvaluation(Evaluation):
    """An evaluation as it is kept."""

    model_config = ConfigDict(title="AvaliacaoRegistrada", extra="forbid")

    quando: datetime
    tipo: Kind
    operacao: Operation
    documento: str
    empresa: int
    referencia: str
    avaliacao_anterior: int | None
    liberacao: Released | None


# --- service orders ---


class ServiceOrderSent(Sent):
    """What happened to a service order."""

    model_config = ConfigDict(title="EventoDeOrdemDeServico")

    empresa: Company
    numero: Annotated[str, _line(40, required=True)] = Field(
        min_length=1, max_length=40, description="Número da ordem de serviço.", examples=["120"]
    )
    etapa: Stage
    versao: int = Field(
        default=1, ge=1, le=MAX_ID, description="Quantas vezes esta etapa desta ordem já aconteceu, contando esta."
    )
    documento: DocumentText
    situacao: Annotated[str, _line(80)] = Field(
        default="", max_length=80, description="A situação nas palavras do balcão; vazia, o nome da etapa."
    )
    ocorrido_em: Moment = Field(description="Quando aconteceu, com o fuso.")


class Message(BaseModel):
    """The message that an event means to the customer."""

    model_config = ConfigDict(title="MensagemDoEvento", extra="forbid")

    mensagem: int
    situacao: str = Field(description="PENDENTE na fila; IGNORADA quando não será enviada.")
    motivo: str = Field(description="Por que está assim.")


class ServiceOrderKept(BaseModel):
    """An event that is kept."""

    model_config = ConfigDict(title="EventoRegistrado", extra="forbid")

    evento: int
    repetido: bool = Field(description="Se já estava registrado, e nada foi escrito agora.")
    mensagem: Message | None = Field(description="Nulo quando esta etapa não gera mensagem.")
