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
    """What is being sold by."""

    ORDER = "pedido"
    INVOICE = "nf"

    @property
    def label(self) -> str:
        """The words shown to the operator."""
        return {OrderKind.ORDER: "pedido", OrderKind.INVOICE: "nota fiscal"}[self]


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


class Environment(Enum):
    """The provider's real or test environment."""

    PRODUCTION = "producao"
    TEST = "homologacao"


class CreditConsultation(Enum):
    """Where a credit analysis may be asked from."""

    PENDING_ORDERS = "pedidos_pendentes"
    ANY_ENTITY = "qualquer_entidade"


class DatabaseKind(Enum):
    """Where the data is kept."""

    FILE = "arquivo"
    SERVER = "servidor"


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
