"""What an answer does to a customer's blocks: which reasons to add and which to lift, and why."""

from __future__ import annotations

from collections.abc import Iterable

from app.anp_profile import AnpProfile
from app.brands import BrandReading
from app.credit_analysis import AnalysisOutcome
from app.domain import ActiveBlock, AnpOutcome, BlockOrigin, Decision, SefazAction, Verdict
from app.policies import CreditCustomerAction, CustomerAction, Environment, MissingBrandAction


def decide_sefaz(
    verdict: Verdict,
    reason: str,
    *,
    action: SefazAction,
    blocks: Iterable[ActiveBlock],
    exempt_as: str | None,
    apply: bool,
) -> Decision:
    """The decision of the customer's own profile ("Ação quando não habilitado na SEFAZ").

    Only a true answer decides. Only reasons of SEFAZ's own origin are added or lifted. `exempt_as` is the name of
    the entity, standing for a branch or congênere, that this customer is.
    """
    if verdict is Verdict.FAILURE:
        return Decision("A consulta falhou: a situação e os bloqueios do cliente continuam como estavam.")
    if not apply:
        return Decision("Somente consulta: nada foi alterado no cliente.")
    if not verdict.is_answer:
        return Decision(f"{verdict.label} não é uma resposta sobre a situação: nada foi alterado no cliente.")
    if exempt_as is not None:
        return Decision(f"O cliente é a entidade “{exempt_as}”, que representa filial ou congênere: nunca é bloqueado.")
    if action is SefazAction.NOTHING:
        return Decision("O perfil do cliente é “Não faz nada”: o resultado não bloqueia nem desbloqueia.")
    own = [block for block in blocks if block.origin is BlockOrigin.SEFAZ]
    if verdict is not Verdict.ENABLED:
        if own:
            return Decision(f"Continua bloqueado pela SEFAZ. {reason}")
        return Decision(f"Bloqueado pela SEFAZ. {reason}", add=((BlockOrigin.SEFAZ, reason),))
    others = [block for block in blocks if block.origin is not BlockOrigin.SEFAZ]
    remaining = f" Continua bloqueado por: {', '.join(b.origin.label for b in others)}." if others else ""
    if own:
        return Decision(f"Bloqueio da SEFAZ retirado. {reason}{remaining}", lift=tuple(block.id for block in own))
    return Decision(f"Nada a mudar. {reason}{remaining}")


def decide_anp(
    outcome: AnpOutcome,
    reason: str,
    brand: BrandReading,
    *,
    profile: AnpProfile,
    current_brand: int | None,
    blocks: Iterable[ActiveBlock],
    exempt_as: str | None,
    confirmed: bool,
    apply: bool,
) -> Decision:
    """The decision of the general profiles about status and brand, each lifting only the reasons of its own origin.

    `reason` says the status in a sentence. Whom ANP does not list has no brand to judge. `confirmed` is false while
    only one list of the mirror lacks a reseller that was there before: that blocks nobody yet.
    """
    if not outcome.is_answer:
        return Decision("A consulta falhou: a situação e os bloqueios do cliente continuam como estavam.")
    if not apply:
        return Decision("Somente consulta: nada foi alterado no cliente.")
    if exempt_as is not None:
        return Decision(f"O cliente é a entidade “{exempt_as}”, que representa filial ou congênere: nunca é bloqueado.")
    held = tuple(blocks)
    status = _by_status(outcome, reason, profile, held, confirmed=confirmed)
    missing = _by_brand(outcome, brand, profile, held)
    said = [part for part in (status.why, missing.why) if part]
    new_brand = None
    if profile.update_brand and brand.brand_id is not None and brand.brand_id != current_brand:
        new_brand = brand.brand_id
        said.append(f"Bandeira do cliente atualizada. {brand.why}")
    lift = (*status.lift, *missing.lift)
    others = [block for block in held if block.id not in lift] if lift else []
    if others:
        said.append(f"Continua bloqueado por: {', '.join(b.origin.label for b in others)}.")
    return Decision(" ".join(said), (*status.add, *missing.add), lift, new_brand)


def decide_credit(
    outcome: AnalysisOutcome,
    reason: str,
    *,
    environment: Environment,
    action: CreditCustomerAction,
    blocks: Iterable[ActiveBlock],
    exempt_as: str | None,
) -> Decision:
    """The decision of a company's profile about a credit analysis: refused blocks, approved lifts what another one
    raised. What was not answered, is undecided or was tried in Homologação changes nothing."""
    if not outcome.is_answer:
        return Decision("A consulta falhou: a situação e os bloqueios do cliente continuam como estavam.")
    if environment is not Environment.PRODUCTION:
        return Decision("Análise em Homologação: nunca altera o cliente.")
    if outcome is AnalysisOutcome.UNDECIDED:
        return Decision("Uma análise indefinida não altera o cliente.")
    if action is CreditCustomerAction.NOTHING:
        return Decision("O perfil é “Não faz nada”: a análise não bloqueia nem desbloqueia o cliente.")
    if exempt_as is not None:
        return Decision(f"O cliente é a entidade “{exempt_as}”, que representa filial ou congênere: nunca é bloqueado.")
    held = tuple(blocks)
    own = tuple(block.id for block in held if block.origin is BlockOrigin.CREDIT)
    if outcome is AnalysisOutcome.REFUSED:
        if own:
            return Decision(f"Continua bloqueado pela análise de crédito. {reason}")
        return Decision(f"Bloqueado pela análise de crédito. {reason}", add=((BlockOrigin.CREDIT, reason),))
    others = [block for block in held if block.origin is not BlockOrigin.CREDIT]
    remaining = f" Continua bloqueado por: {', '.join(b.origin.label for b in others)}." if others else ""
    if own:
        return Decision(f"Bloqueio da análise de crédito retirado. {reason}{remaining}", lift=own)
    return Decision(f"Nada a mudar. {reason}{remaining}")


def _by_status(
    outcome: AnpOutcome, reason: str, profile: AnpProfile, blocks: tuple[ActiveBlock, ...], *, confirmed: bool
) -> Decision:
    status = outcome.status
    if status is None:
        return Decision(f"{reason} Nenhum perfil se aplica a uma situação não reconhecida.")
    own = [block for block in blocks if block.origin is BlockOrigin.ANP_STATUS]
    match profile.actions[status]:
        case CustomerAction.BLOCK if own:
            return Decision(f"Continua bloqueado pelo status na ANP. {reason}")
        case CustomerAction.BLOCK if not confirmed:
            return Decision(f"{reason} Só bloqueia depois de confirmado por outra lista ou pela consulta on-line.")
        case CustomerAction.BLOCK:
            return Decision(f"Bloqueado pelo status na ANP. {reason}", add=((BlockOrigin.ANP_STATUS, reason),))
        case CustomerAction.UNBLOCK if own:
            ids = tuple(block.id for block in own)
            return Decision(f"Bloqueio pelo status na ANP retirado. {reason}", lift=ids)
        case CustomerAction.UNBLOCK:
            return Decision(f"{reason} Não havia bloqueio pelo status na ANP.")
        case CustomerAction.INDIFFERENT:
            return Decision(f"{reason} O perfil deste status é “É Indiferente”: não bloqueia nem desbloqueia.")


def _by_brand(
    outcome: AnpOutcome, brand: BrandReading, profile: AnpProfile, blocks: tuple[ActiveBlock, ...]
) -> Decision:
    if not outcome.is_listed:
        return Decision("")
    own = tuple(block.id for block in blocks if block.origin is BlockOrigin.ANP_BRAND)
    match profile.missing_brand:
        case MissingBrandAction.BLOCK if brand.is_missing and own:
            return Decision(f"Continua bloqueado pela bandeira na ANP. {brand.why}")
        case MissingBrandAction.BLOCK if brand.is_missing:
            return Decision(f"Bloqueado pela bandeira na ANP. {brand.why}", add=((BlockOrigin.ANP_BRAND, brand.why),))
        case MissingBrandAction.BLOCK | MissingBrandAction.NEVER_BLOCK if own:
            return Decision(f"Bloqueio pela bandeira na ANP retirado. {brand.why}", lift=own)
        case MissingBrandAction.NEVER_BLOCK if brand.is_missing:
            return Decision(f"{brand.why} O perfil nunca bloqueia por isso.")
        case MissingBrandAction.INDIFFERENT if brand.is_missing:
            return Decision(f"{brand.why} O perfil é “Indiferente”: nada muda por isso.")
    return Decision("")
