"""May this order, invoice, budget or pre-sale go on? Whether ANP must be asked, then every rule.

The most restrictive wins.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from app import credit_profile
from app.brands import BrandReading
from app.domain import ActiveBlock, AnpOutcome, BlockOrigin, Document
from app.kinds import Text
from app.order_profile import OrderProfile
from app.policies import AnpKind, CompanyConsultation, OrderAction, OrderKind, OrderOperation
from app.portuguese import ended, exact
from app.rules.credit_order import AnalysisFinding, AnalysisSituation, AnalysisTold
from app.rules.overdue import RELEASED, Overdue, OverdueFinding
from app.settings.catalog import (
    ANP_COMPANY_ORDER,
    ANP_NO_ANSWER,
    ANP_ORDER,
    ANP_ORDER_CONSULT,
    ANP_ORDER_NO_BRAND,
    ANP_VALIDITY,
    BY_KEY,
    SEFAZ_ENTITY,
)

REFERENCE = Text(60)
"""The number of the document at the counter."""

INACTIVE = "cliente.inativo"
NOT_REGISTERED = "cliente.sem_cadastro"
NOT_RESELLER = "cliente.cadastro_anp"
BLOCK_PREFIX = "bloqueio."
"""The rules that are no setting: they are in the customer's registration, or are the origin of one of its blocks."""

_PSEUDO_RULES = {
    INACTIVE: "Cliente inativo",
    NOT_REGISTERED: "Documento sem cadastro de cliente",
    NOT_RESELLER: "Cadastro na ANP: não é revendedor",
    RELEASED: "Crediário vencido liberado por uma pessoa",
}
_OF_ANALYSES = frozenset(setting.key for setting in credit_profile.SETTINGS)  # “Ambiente” alone says nothing
_TENTATIVE = frozenset((OrderKind.BUDGET, OrderKind.PRE_SALE))
_THINGS = {
    OrderKind.ORDER: "do pedido",
    OrderKind.INVOICE: "da nota fiscal",
    OrderKind.BUDGET: "do orçamento (DAV)",
    OrderKind.PRE_SALE: "da pré-venda",
}


@dataclass(frozen=True)
class OrderQuestion:
    """Whose order it is, of which company, what is being done to it, and who asks.

    `counter_id` is the counter that asks, None for the program itself; `reference` is the number of the document there.
    `previous_id` is the check of the pre-sale or budget that an order or invoice came from.
    """

    document: Document
    company_id: int
    kind: OrderKind
    operation: OrderOperation
    actor: str
    counter_id: int | None = None
    reference: str = ""
    previous_id: int | None = None

    @property
    def act(self) -> str:
        """What is being done: "inclusão do pedido"."""
        return act(self.kind, self.operation)

    @property
    def is_tentative(self) -> bool:
        """Whether it is a budget or pre-sale: an order or invoice comes after them."""
        return self.kind in _TENTATIVE


@dataclass(frozen=True)
class Buyer:
    """The document as registered: `active` is None when no customer has it.

    `blocks` are those of every registration with the document; `exempt_as` is the entity, standing for a branch or
    congênere, that it is.
    """

    active: bool | None
    anp_kind: AnpKind
    blocks: tuple[ActiveBlock, ...]
    exempt_as: str | None


@dataclass(frozen=True)
class LastAnswer:
    """The newest answer of ANP about the buyer; the consultation may be no longer kept (None).

    `by_list`: it was ANP's published list that gave it, because ANP did not answer or all customers were checked.
    """

    outcome: AnpOutcome
    brand: str
    at: datetime
    consultation_id: int | None
    by_list: bool


class Step(Enum):
    """What is done about ANP."""

    SKIP = "nao_consultada"
    REUSE = "reaproveitada"
    ASK = "consultada"


@dataclass(frozen=True)
class Plan:
    """Whether ANP has a say, and from where; `why` in words, by which `rules`."""

    step: Step
    why: str
    rules: tuple[str, ...]


@dataclass(frozen=True)
class AnpWord:
    """What ANP says of the buyer; `reason` may be "". With the outcome FAILURE nobody answered, and `reason` is why."""

    outcome: AnpOutcome
    reason: str
    brand: BrandReading


@dataclass(frozen=True)
class OrderDecision:
    """Whether the order may go on; the reasons that refuse come first. `rules` are keys of settings, or the
    pseudo-keys of this module.

    With `release_needed` only overdue store credit refuses it, and a person may release it. `overdue` is that credit,
    None when it was not checked or could not be. `analysis` is what is told of the buyer's credit analysis, None when
    it was not looked at; with `analysis_wanted` one must be asked for, and the order decided again.
    """

    allowed: bool
    reasons: tuple[str, ...]
    rules: tuple[str, ...]
    release_needed: bool = False
    overdue: Overdue | None = None
    analysis: AnalysisTold | None = None
    analysis_wanted: bool = False


@dataclass(frozen=True)
class _Finding:
    """What one rule found."""

    refuses: bool
    reason: str
    rules: tuple[str, ...]


def plan(kind: OrderKind, profile: OrderProfile, buyer: Buyer, last: LastAnswer | None, now: datetime) -> Plan:
    """Whether ANP is consulted for this order: the company's profile, then the general one, then the buyer's own.

    Budgets and pre-sales never ask it. An answer of exactly `validity_h` hours is still good; with 0 hours none is, nor
    is one from a clock ahead of ours, nor one of ANP's list: the list stands in only when nobody answers.
    """
    if kind in _TENTATIVE:
        return Plan(Step.SKIP, f"A avaliação {_THINGS[kind]} não consulta a ANP.", ())
    company = ANP_COMPANY_ORDER.key
    match profile.company:
        case CompanyConsultation.NEVER:
            why = "A empresa nunca consulta a ANP para pedidos: as regras da ANP não se aplicam."
            return Plan(Step.SKIP, why, (company,))
        case CompanyConsultation.ALWAYS:
            rules: tuple[str, ...] = (company,)
        case CompanyConsultation.GENERAL:
            rules = (company, ANP_ORDER_CONSULT.key)
            if not profile.consult:
                why = "O perfil geral não consulta a ANP para pedidos: as regras da ANP não se aplicam."
                return Plan(Step.SKIP, why, rules)
    if buyer.exempt_as is not None:
        why = f"O cliente é a entidade “{buyer.exempt_as}”, que representa filial ou congênere: "
        return Plan(Step.SKIP, f"{why}as regras da ANP não se aplicam.", (SEFAZ_ENTITY.key,))
    if buyer.anp_kind is AnpKind.NONE:
        why = "O cliente não é revendedor consultável na ANP: as regras da ANP não se aplicam."
        return Plan(Step.SKIP, why, (NOT_RESELLER,))
    if last is None:
        return Plan(Step.ASK, "Não havia resposta anterior da ANP.", rules)
    rules = (*rules, ANP_VALIDITY.key)
    which = f" (consulta {last.consultation_id})" if last.consultation_id is not None else ""
    answered = f"A resposta da ANP de {exact(last.at)}{which}"
    until = last.at + timedelta(hours=profile.validity_h)
    if last.by_list:
        return Plan(Step.ASK, f"{answered} é da lista publicada, que não dispensa a consulta.", rules)
    if profile.validity_h > 0 and last.at <= now <= until:
        return Plan(Step.REUSE, f"{answered} ainda vale: até {exact(until)}.", rules)
    return Plan(Step.ASK, f"{answered} não vale mais.", rules)


def decide(
    question: OrderQuestion,
    profile: OrderProfile,
    buyer: Buyer,
    planned: Plan,
    word: AnpWord | None,
    credit: OverdueFinding | None = None,
    analysis: AnalysisFinding | None = None,
) -> OrderDecision:
    """Every rule about the order. `word` is what ANP says, None when the plan is to skip it; `credit` what the buyer's
    store credit does, and `analysis` what its credit analysis does, None when it is not looked at.

    An analysis costs money: none is wanted for an order that goes on no further with it than without.
    """
    found: list[_Finding] = []
    if word is not None and not word.outcome.is_answer:
        found.append(_without_answer(question, profile, word))
    elif word is not None:
        found.append(_by_status(question, profile, word))
        if word.outcome.is_listed and word.brand.is_missing:
            found.append(_by_brand(question, profile, word.brand))
    by_registration = _by_registration(question.kind, buyer)
    others_refuse = any(finding.refuses for finding in (*found, *by_registration))
    by_analysis = analysis is not None and analysis.refuses
    release_needed = credit is not None and credit.releasable and not others_refuse and not by_analysis
    hopeless = _is_hopeless((*found, *by_registration), credit)
    if credit is not None:
        more = " Quem tem permissão pode liberar, com usuário, senha e motivo." if release_needed else ""
        found.append(_Finding(credit.refuses, f"{credit.reason}{more}", credit.rules))
    if analysis is not None:
        waits = analysis.told is not None and analysis.told.situation is AnalysisSituation.PENDING
        spared = f" Ela não foi pedida: a {question.act} já é recusada por outro motivo."
        more = spared if analysis.asks and hopeless and not waits else ""
        found.append(_Finding(analysis.refuses, f"{analysis.reason}{more}", analysis.rules))
    found += by_registration
    found.append(_Finding(False, planned.why, planned.rules))
    refusals = [finding for finding in found if finding.refuses]
    others = [finding for finding in found if not finding.refuses]
    ordered = [*refusals, *others]
    return OrderDecision(
        not refusals,
        tuple(finding.reason for finding in ordered),
        tuple(dict.fromkeys(rule for finding in ordered for rule in finding.rules)),
        release_needed,
        None if credit is None else credit.overdue,
        None if analysis is None else analysis.told,
        analysis is not None and analysis.asks and not hopeless,
    )


def _is_hopeless(found: Sequence[_Finding], credit: OverdueFinding | None) -> bool:
    """Whether the order is refused whatever the credit analysis says: by more than what another analysis did, and what
    a person may release."""
    by_analysis = (f"{BLOCK_PREFIX}{BlockOrigin.CREDIT.value}",)
    return any(finding.refuses and finding.rules != by_analysis for finding in found) or (
        credit is not None and credit.refuses and not credit.releasable
    )


def _without_answer(question: OrderQuestion, profile: OrderProfile, word: AnpWord) -> _Finding:
    refuses = profile.no_answer is OrderAction.REFUSE
    reason = (
        f"Não foi possível consultar a ANP, e o perfil {'não ' if refuses else ''}permite a {question.act} "
        f"sem consulta. {word.reason}"
    )
    return _Finding(refuses, reason, (ANP_NO_ANSWER.key,))


def _by_status(question: OrderQuestion, profile: OrderProfile, word: AnpWord) -> _Finding:
    status = word.outcome.status
    if status is None:
        why = f"A situação do cliente na ANP não foi reconhecida: nenhum perfil se aplica a ela. {word.reason}"
        return _Finding(False, why.rstrip(), ())
    refuses = profile.actions[status] is OrderAction.REFUSE
    said = f"a {question.act} para cliente com “{status.label}” na ANP. {word.reason}".rstrip()
    reason = f"Não é permitida {said}" if refuses else f"O perfil permite {said}"
    return _Finding(refuses, reason, (ANP_ORDER[status].key,))


def _by_brand(question: OrderQuestion, profile: OrderProfile, brand: BrandReading) -> _Finding:
    refuses = profile.missing_brand is OrderAction.REFUSE
    return _Finding(
        refuses,
        f"{brand.why} O perfil {'não ' if refuses else ''}permite a {question.act} neste caso.",
        (ANP_ORDER_NO_BRAND.key,),
    )


def _by_registration(kind: OrderKind, buyer: Buyer) -> list[_Finding]:
    """Blocks and inactivity refuse orders and invoices; of budgets and pre-sales they only are told."""
    if buyer.active is None:
        why = "Nenhum cliente cadastrado tem este documento: não há bloqueio a conferir."
        return [_Finding(False, why, (NOT_REGISTERED,))]
    refuses = kind not in _TENTATIVE
    warning = "" if refuses else " O pedido será recusado."
    found = [
        _Finding(
            refuses,
            f"O cliente está bloqueado desde {exact(block.since)} ({block.origin.label}): "
            f"{ended(block.reason)}{warning}",
            (f"{BLOCK_PREFIX}{block.origin.value}",),
        )
        for block in buyer.blocks
    ]
    if not buyer.active:
        found.append(_Finding(refuses, f"O cliente está inativo no cadastro.{warning}", (INACTIVE,)))
    return found or [_Finding(False, "O cliente está ativo e sem bloqueios.", ())]


def act(kind: OrderKind, operation: OrderOperation) -> str:
    """What is being done: "inclusão do pedido", "alteração da pré-venda"."""
    return f"{operation.label} {_THINGS[kind]}"


def rule_label(rule: str) -> str:
    """The words of one of a decision's rules: the label of the setting, or what of the registration it is."""
    if rule in _OF_ANALYSES:
        return f"Análise de crédito: {BY_KEY[rule].label}"
    if rule in BY_KEY:
        return BY_KEY[rule].label
    if rule.startswith(BLOCK_PREFIX):
        return f"Bloqueio do cliente: {BlockOrigin(rule.removeprefix(BLOCK_PREFIX)).label}"
    return _PSEUDO_RULES[rule]
