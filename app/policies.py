"""The choices an operator can make on the two screens: each enum is what one setting may say."""

from __future__ import annotations

from enum import Enum


class AnpStatus(Enum):
    """The five situations of a fuel reseller at ANP for which the screen asks an action."""

    UPDATED = "cadastro_atualizado"
    REVOKED = "autorizacao_revogada"
    REVOCATION = "processo_revogacao"
    CANDIDATE = "candidato"
    NOT_FOUND = "nao_localizado"

    @property
    def label(self) -> str:
        """The words of the original screen."""
        return {
            AnpStatus.UPDATED: "Cadastro atualizado",
            AnpStatus.REVOKED: "Autorização revogada",
            AnpStatus.REVOCATION: "Processo de revogação",
            AnpStatus.CANDIDATE: "Candidato a posto revendedor",
            AnpStatus.NOT_FOUND: "Não localizado na consulta",
        }[self]


class AnpKind(Enum):
    """Which of ANP's registers a customer is looked for in."""

    AUTOMOTIVE = "automotivo"
    GLP = "glp"
    NONE = "nenhum"

    @property
    def label(self) -> str:
        """The words shown to the operator."""
        return {
            AnpKind.AUTOMOTIVE: "Posto revendedor (combustíveis automotivos)",
            AnpKind.GLP: "Revenda de GLP",
            AnpKind.NONE: "Não é revendedor consultável na ANP",
        }[self]


class OrderKind(Enum):
    """What is being sold by. A DAV is a budget; neither it nor a pre-sale asks ANP."""

    ORDER = "pedido"
    INVOICE = "nf"
    BUDGET = "dav"
    PRE_SALE = "pre-venda"

    @property
    def label(self) -> str:
        """The words shown to the operator."""
        return {
            OrderKind.ORDER: "pedido",
            OrderKind.INVOICE: "nota fiscal",
            OrderKind.BUDGET: "orçamento (DAV)",
            OrderKind.PRE_SALE: "pré-venda",
        }[self]


class OrderOperation(Enum):
    """What is being done to an order or invoice."""

    INCLUSION = "inclusao"
    CHANGE = "alteracao"

    @property
    def label(self) -> str:
        """The words shown to the operator."""
        return {OrderOperation.INCLUSION: "inclusão", OrderOperation.CHANGE: "alteração"}[self]


class CustomerAction(Enum):
    """What a status at ANP does to the customer."""

    BLOCK = "bloqueia"
    UNBLOCK = "desbloqueia"
    INDIFFERENT = "indiferente"


class OrderAction(Enum):
    """What a situation does to an order or invoice."""

    ALLOW = "permite"
    REFUSE = "nao_permite"


class MissingBrandAction(Enum):
    """What a brand that ANP does not state, or that the brand table does not know, does to the customer."""

    BLOCK = "bloqueia"
    INDIFFERENT = "indiferente"
    NEVER_BLOCK = "nao_bloqueia"


class CompanyConsultation(Enum):
    """Whether a company follows the general profile when an order is entered."""

    GENERAL = "geral"
    ALWAYS = "sempre"
    NEVER = "nunca"


class ServiceAction(Enum):
    """What the ANP service does with what it finds."""

    CONSULT = "somente_consulta"
    CONSULT_AND_BLOCK = "consulta_e_bloqueia"


class OverdueAction(Enum):
    """What overdue store credit does to a budget or pre-sale."""

    BLOCK = "bloqueia"
    RELEASE = "bloqueia_com_liberacao"
    WARN = "avisa"


class OverdueCompanies(Enum):
    """Whose instalments count when a company asks about a customer."""

    OWN = "desta_empresa"
    ALL = "todas"


class UncheckedAction(Enum):
    """What happens to a budget or pre-sale when its overdue store credit cannot be checked."""

    REFUSE = "nao_permite"
    ALLOW = "permite_sem_verificacao"


class InstalmentSituation(Enum):
    """What became of an instalment of store credit."""

    OPEN = "aberta"
    PAID = "quitada"
    RENEGOTIATED = "renegociada"
    CANCELLED = "cancelada"


class ServiceOrderStage(Enum):
    """What happened to a service order (ordem de serviço)."""

    CREATED = "criada"
    IN_PROGRESS = "em_andamento"
    FINISHED = "finalizada"

    @property
    def label(self) -> str:
        """The words shown to the operator."""
        return {
            ServiceOrderStage.CREATED: "Criada",
            ServiceOrderStage.IN_PROGRESS: "Em andamento",
            ServiceOrderStage.FINISHED: "Finalizada",
        }[self]


class MessageField(Enum):
    """What a message about a service order may tell, in the order that its template asks."""

    CUSTOMER = "cliente"
    ORDER = "os"
    COMPANY = "empresa"
    STAGE = "situacao"


class Environment(Enum):
    """The provider's real or test environment."""

    PRODUCTION = "producao"
    TEST = "homologacao"


class CreditConsultation(Enum):
    """Where a credit analysis may be asked from."""

    PENDING_ORDERS = "pedidos_pendentes"
    ANY_ENTITY = "qualquer_entidade"


class CreditOrderAction(Enum):
    """What an order or invoice does without an approved credit analysis."""

    REFUSE = "nao_permite"
    WARN = "avisa"


class CreditCustomerAction(Enum):
    """What a credit analysis does to the customer."""

    NOTHING = "nao_faz_nada"
    BLOCK_UNBLOCK = "bloqueia_desbloqueia"


class DatabaseKind(Enum):
    """Where the data is kept."""

    FILE = "arquivo"
    SERVER = "servidor"


class ProxyUse(Enum):
    """By which proxy this computer goes out to the internet."""

    SYSTEM = "sistema"
    NONE = "nenhum"
    ADDRESS = "endereco"


class UpdateFrequency(Enum):
    """How often this computer looks for a newer version of the program."""

    ASKED = "so_quando_pedir"
    DAILY = "todo_dia"
    WEEKLY = "toda_semana"


class SslMode(Enum):
    """How the connection to PostgreSQL is encrypted (libpq's `sslmode`)."""

    DISABLE = "disable"
    PREFER = "prefer"
    REQUIRE = "require"
    VERIFY_FULL = "verify-full"


class UserProfile(Enum):
    """What a user of the program may do."""

    OPERATOR = "operador"
    SUPERVISOR = "supervisor"
    ADMINISTRATOR = "administrador"


class EntityKind(Enum):
    """What an entity stands for."""

    BRANCH = "filial"
    KINDRED = "congenere"


class BrandKind(Enum):
    """Whose a fuel brand is."""

    OWN = "propria"
    WHITE = "branca"
    COMPETITOR = "concorrente"
    KINDRED = "congenere"
