"""The auxiliary tables as the operator knows them: fields, kinds, words. Forms and commands are loops over `TABLES`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from secrets import token_hex
from typing import Any

from app.documents import from_key
from app.domain import DocumentKind, SefazAction
from app.inscription_digits import doubt
from app.kinds import (
    AnyDocument,
    Choice,
    Cnpj,
    Flag,
    Kind,
    Mobile,
    Names,
    Option,
    PostalCode,
    Reference,
    State,
    StateRegistration,
    Text,
    TimeZone,
    WebAddress,
    folded,
)
from app.policies import AnpKind, BrandKind, EntityKind, Environment, UserProfile
from app.settings.catalog import DEFAULT_REGION, SEFAZ_DEFAULT_ACTION
from app.settings.setting import Setting
from app.uf import UFS


class ManagerEnvironment(Enum):
    """The environment that a credit manager imposes, or none."""

    FOLLOW = ""
    PRODUCTION = Environment.PRODUCTION.value
    TEST = Environment.TEST.value


class Provider(Enum):
    """Which service a credit manager is."""

    SERASA = "serasa"
    SPC = "spc"
    GENERIC = "generico"


@dataclass(frozen=True)
class Field:
    """One column as a person sees it. `default` is a value, a setting that gives it, or a rule over other fields."""

    name: str
    column: str
    label: str
    kind: Kind[Any]
    help: str = ""
    default: Any = None

    @property
    def required(self) -> bool:
        """Whether the field must have a value."""
        if isinstance(self.kind, Text | Reference | AnyDocument | Cnpj | WebAddress):
            return self.kind.required
        return not isinstance(self.kind, StateRegistration | PostalCode | Names | Flag | Mobile)

    def initial(self, values: Mapping[str, Any], setting_value: Callable[[Setting[Any]], Any]) -> Any:
        """The value of a new row when none is given; None when it must be given."""
        if isinstance(self.default, Setting):
            return setting_value(self.default)
        if callable(self.default):
            return self.default(values)
        if self.default is not None:
            return self.default
        if isinstance(self.kind, Reference) or self.required:
            return None
        return self.kind.parse("")


@dataclass(frozen=True)
class Reset:
    """When one of the `fields` changes, the `columns` get these values, or what these functions give: what was known
    was of something else."""

    fields: tuple[str, ...]
    columns: Mapping[str, Any]


@dataclass(frozen=True)
class Table:
    """One auxiliary table. `unique` lists the groups of fields that no two rows share.

    `distinct` lists the fields with several names of which each belongs to one active row only.
    `derived` gives columns computed from the fields; `resets`, those that start again when some field changes;
    `doubts`, by field name, sentences about values that are kept as they are and yet may be mistaken.
    """

    key: str
    label: str
    singular: str
    model: str
    title_field: str
    fields: tuple[Field, ...]
    unique: tuple[tuple[str, ...], ...] = ()
    distinct: tuple[str, ...] = ()
    derived: Callable[[Mapping[str, Any]], dict[str, Any]] = field(default=lambda values: {})
    resets: tuple[Reset, ...] = ()
    doubts: Callable[[Mapping[str, Any]], dict[str, str]] = field(default=lambda values: {})

    def field(self, name: str) -> Field | None:
        """The field called `name`."""
        return next((f for f in self.fields if f.name == name), None)


def _name(maximum: int = 120) -> Field:
    return Field("nome", "name", "Nome", Text(maximum, required=True))


def _zone_of(values: Mapping[str, Any]) -> str:
    return UFS[values["uf"]].zone if values.get("uf") in UFS else "America/Sao_Paulo"


def _anp_kind_of(values: Mapping[str, Any]) -> AnpKind:
    # ANP authorises companies only. Who is known by an inscription alone may be one, and is not let off unasked.
    return AnpKind.NONE if _document_kind(values) is DocumentKind.CPF else AnpKind.AUTOMOTIVE


def _document_kind(values: Mapping[str, Any]) -> DocumentKind | None:
    document = values.get("documento")
    return from_key(document).kind if isinstance(document, str) else None


def _customer_derived(values: Mapping[str, Any]) -> dict[str, Any]:
    parts = (values["nome"], values["fantasia"], values["documento"], values["ie"], values["cidade"])
    return {
        "search_text": folded(" ".join(parts)),
        "anp_consulted": values["cadastro_anp"] is not AnpKind.NONE and _document_kind(values) is DocumentKind.CNPJ,
    }


def _customer_doubts(values: Mapping[str, Any]) -> dict[str, str]:
    uf = values.get("uf", "")
    document = values.get("documento") or ""
    sentences = {
        "documento": doubt(uf, document.removeprefix("IE ")) if document.startswith("IE ") else "",
        "ie": doubt(uf, values.get("ie") or ""),
    }
    return {name: sentence for name, sentence in sentences.items() if sentence}


COMPANIES = Table(
    "empresas",
    "Empresas",
    "empresa",
    "Company",
    "nome",
    (Field("cnpj", "cnpj", "CNPJ", Cnpj()), _name(), Field("uf", "uf", "UF", State())),
    unique=(("cnpj",),),
)
BRANCHES = Table(
    "filiais",
    "Filiais",
    "filial",
    "Branch",
    "nome",
    (
        Field("empresa", "company_id", "Empresa", Reference("empresas", required=True)),
        Field("cnpj", "cnpj", "CNPJ", Cnpj(), "O certificado digital instalado precisa ter o mesmo CNPJ raiz."),
        _name(),
        Field("uf", "uf", "UF", State()),
        Field("fuso", "zone", "Fuso horário", TimeZone(), "Quando não informado, o da capital da UF.", _zone_of),
    ),
    unique=(("cnpj",),),
)
ENTITIES = Table(
    "entidades",
    "Entidades",
    "entidade",
    "Entity",
    "nome",
    (
        _name(),
        Field(
            "documento",
            "document",
            "Documento",
            AnyDocument(),
            "Clientes com este documento não são bloqueados por regra.",
        ),
        Field(
            "tipo",
            "kind",
            "O que representa",
            Choice((Option(EntityKind.BRANCH, "Filial"), Option(EntityKind.KINDRED, "Empresa congênere"))),
            default=EntityKind.BRANCH,
        ),
    ),
    unique=(("documento",),),
)
USERS = Table(
    "usuarios",
    "Usuários",
    "usuário",
    "User",
    "nome",
    (
        Field("login", "login", "Login", Text(60, required=True)),
        _name(),
        Field(
            "perfil",
            "profile",
            "Perfil",
            Choice(
                (
                    Option(UserProfile.OPERATOR, "Operador"),
                    Option(UserProfile.SUPERVISOR, "Supervisor"),
                    Option(UserProfile.ADMINISTRATOR, "Administrador"),
                )
            ),
            default=UserProfile.OPERATOR,
        ),
        Field(
            "liberar",
            "may_release",
            "Pode liberar vendas com crediário vencido",
            Flag(),
            "Libera, com a própria senha e um motivo, uma operação de cada vez. A senha é definida à parte.",
            lambda values: values.get("perfil") in (UserProfile.SUPERVISOR, UserProfile.ADMINISTRATOR),
        ),
    ),
    unique=(("login",),),
)
BRANDS = Table(
    "bandeiras",
    "Bandeiras",
    "bandeira",
    "Brand",
    "nome",
    (
        _name(80),
        Field(
            "tipo",
            "kind",
            "Tipo",
            Choice(
                (
                    Option(BrandKind.OWN, "Própria"),
                    Option(BrandKind.WHITE, "Branca"),
                    Option(BrandKind.COMPETITOR, "Concorrente"),
                    Option(BrandKind.KINDRED, "Congênere"),
                )
            ),
        ),
        Field(
            "nomes_anp",
            "anp_names",
            "Nomes na ANP",
            Names(),
            "Como a ANP escreve esta bandeira. Acentos, maiúsculas e espaços repetidos não contam. "
            "Cada nome é de uma só bandeira.",
        ),
    ),
    unique=(("nome",),),
    distinct=("nomes_anp",),
)
REGIONS = Table("regioes", "Regiões de venda", "região", "Region", "nome", (_name(80),), unique=(("nome",),))
CREDIT_MANAGERS = Table(
    "gerenciadoras",
    "Gerenciadoras de análise de crédito",
    "gerenciadora",
    "CreditManager",
    "nome",
    (
        _name(80),
        Field(
            "provedor",
            "provider",
            "Provedor",
            Choice(
                (
                    Option(Provider.SERASA, "Serasa Experian"),
                    Option(Provider.SPC, "SPC Brasil"),
                    Option(Provider.GENERIC, "Outro (REST)"),
                )
            ),
        ),
        Field(
            "ambiente",
            "environment",
            "Ambiente",
            Choice(
                (
                    Option(ManagerEnvironment.FOLLOW, "Conforme a configuração"),
                    Option(ManagerEnvironment.PRODUCTION, "Produção"),
                    Option(ManagerEnvironment.TEST, "Homologação"),
                )
            ),
            "O ambiente escolhido aqui vence o da configuração geral e o da empresa.",
            ManagerEnvironment.FOLLOW,
        ),
        Field(
            "url_producao",
            "production_url",
            "Endereço de produção",
            WebAddress(required=False),
            "Quando não informado, o que o provedor publica.",
        ),
        Field(
            "url_homologacao",
            "test_url",
            "Endereço de homologação",
            WebAddress(required=False),
            "Quando não informado, o que o provedor publica, se publica algum.",
        ),
        Field(
            "relatorio",
            "report",
            "Relatório ou produto",
            Text(60),
            "O que se contratou: na Serasa o nome do relatório (RELATORIO_AVANCADO_PJ), no SPC o código do produto. "
            "Quando não informado, o básico da Serasa; o SPC não tem um que valha para todos.",
        ),
        Field(
            "relatorio_pf",
            "person_report",
            "Relatório ou produto para pessoa física",
            Text(60),
            "O mesmo para consultas por CPF. Quando não informado, nenhuma é feita na Serasa nem no SPC.",
        ),
        Field(
            "opcionais",
            "features",
            "Itens opcionais do relatório",
            Names(),
            "Só os contratados: um que não seja faz a consulta ser recusada.",
        ),
        Field(
            "centro_custo",
            "cost_center",
            "Centro de custo",
            Text(12),
            "Vai com cada consulta, para a fatura da gerenciadora.",
        ),
        Field(
            "cnpj_consultante",
            "consulting_document",
            "CNPJ de quem consulta",
            Cnpj(required=False),
            "Só quando o contrato pede: o CNPJ da empresa em nome de quem se consulta.",
        ),
        Field(
            "mapeamento",
            "mapping_file",
            "Arquivo de mapeamento",
            Text(80),
            "Só para “Outro (REST)”: o nome do arquivo TOML, na pasta “gerenciadoras” dos dados do programa, que diz "
            "como perguntar e como ler a resposta.",
        ),
    ),
    unique=(("nome",),),
    # The credentials kept under the former key are of another service, which alone may see them.
    resets=(Reset(("provedor",), {"keyring_key": lambda: token_hex(16)}),),
)
CUSTOMERS = Table(
    "clientes",
    "Clientes",
    "cliente",
    "Customer",
    "nome",
    (
        Field("documento", "document", "Documento", AnyDocument()),
        Field("ie", "ie", "Inscrição estadual", StateRegistration(), "Escolhe, entre várias, a inscrição do cliente."),
        _name(150),
        Field("fantasia", "trade_name", "Nome fantasia", Text(150)),
        Field("uf", "uf", "UF", State(), "A UF da inscrição estadual: é a SEFAZ dela que é consultada."),
        Field("cidade", "city", "Cidade", Text(80)),
        Field("logradouro", "street", "Endereço", Text(150)),
        Field("complemento", "complement", "Complemento", Text(150)),
        Field("bairro", "district", "Bairro", Text(80)),
        Field("cep", "postal_code", "CEP", PostalCode()),
        Field("telefone", "phone", "Telefone", Text(20)),
        Field("celular", "mobile", "Celular", Mobile(), "Com DDD. É para ele que vão as mensagens do WhatsApp."),
        Field(
            "aceita_whatsapp",
            "whatsapp_consent",
            "Aceita mensagens pelo WhatsApp",
            Flag(),
            "Marque só se o cliente deu o número e concordou em receber mensagens da loja. Sem isso, nada é enviado.",
            default=False,
        ),
        Field(
            "aceite",
            "consent_note",
            "Quando e como aceitou",
            Text(150),
            "Por exemplo: “12/11/2026, no balcão, ao abrir a OS 120”. Quem marcou e quando fica na auditoria.",
        ),
        Field(
            "cadastro_anp",
            "anp_kind",
            "Cadastro na ANP",
            Choice(tuple(Option(kind, kind.label) for kind in AnpKind)),
            "Em qual cadastro da ANP o cliente é procurado. TRR, transportador e consumidor não são consultáveis.",
            _anp_kind_of,
        ),
        Field("autorizacao_anp", "anp_authorization", "Autorização na ANP", Text(30)),
        Field("bandeira", "brand_id", "Bandeira", Reference("bandeiras")),
        Field("regiao", "region_id", "Região de vendas", Reference("regioes"), default=DEFAULT_REGION),
        Field(
            "consulta_automatica",
            "sefaz_automatic",
            "Consulta automática na SEFAZ",
            Flag(),
            "Se o serviço consulta este cliente sozinho, no prazo da configuração.",
            default=True,
        ),
        Field(
            "acao_sefaz",
            "sefaz_action",
            "Ação quando não habilitado na SEFAZ",
            Choice(
                (
                    Option(SefazAction.NOTHING, "Não faz nada"),
                    Option(SefazAction.BLOCK_UNBLOCK, "Bloqueia/Desbloqueia o cliente"),
                )
            ),
            "Quando não informada, a da configuração “valor padrão na inclusão de clientes”.",
            SEFAZ_DEFAULT_ACTION,
        ),
    ),
    unique=(("documento", "uf", "ie"),),
    derived=_customer_derived,
    doubts=_customer_doubts,
    resets=(
        Reset(
            ("documento", "uf", "ie"),
            {
                "sefaz_at": None,
                "sefaz_verdict": "",
                "sefaz_tried_at": None,
                "sefaz_outcome": "",
                "sefaz_retry_at": None,
            },
        ),
        Reset(
            ("documento", "cadastro_anp"),
            {
                "anp_at": None,
                "anp_status": "",
                "anp_by_list": False,
                "anp_brand": "",
                "anp_tried_at": None,
                "anp_outcome": "",
                "anp_retry_at": None,
            },
        ),
    ),
)

TABLES: dict[str, Table] = {
    table.key: table for table in (COMPANIES, BRANCHES, ENTITIES, USERS, CUSTOMERS, BRANDS, REGIONS, CREDIT_MANAGERS)
}
