"""What an answer does to a customer's blocks: which reasons to add and which to lift, and why."""

from __future__ import annotations

from collections.abc import Iterable

from app.domain import ActiveBlock, BlockOrigin, Decision, SefazAction, Verdict


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
