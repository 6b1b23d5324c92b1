"""What an answer does to a customer: the whole truth table."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain import ActiveBlock, BlockOrigin, Decision, SefazAction, Verdict
from app.rules.blocking import decide_sefaz

NOW = datetime(2026, 11, 21, 18, 40, tzinfo=UTC)
REASON = "A inscrição 123 não está habilitada."


def block(number: int, origin: BlockOrigin) -> ActiveBlock:
    return ActiveBlock(number, origin, "motivo", NOW, "servico")


def decide(
    verdict: Verdict,
    blocks: Sequence[ActiveBlock] = (),
    action: SefazAction = SefazAction.BLOCK_UNBLOCK,
    exempt_as: str | None = None,
    apply: bool = True,
) -> Decision:
    return decide_sefaz(verdict, REASON, action=action, blocks=blocks, exempt_as=exempt_as, apply=apply)


def after(decision: Decision, blocks: Sequence[ActiveBlock]) -> list[ActiveBlock]:
    """The customer's blocks once the decision is carried out."""
    left = [b for b in blocks if b.id not in decision.lift]
    return left + [block(100 + i, origin) for i, (origin, _) in enumerate(decision.add)]


SEFAZ, MANUAL = block(7, BlockOrigin.SEFAZ), block(8, BlockOrigin.MANUAL)
EXISTING = ((), (SEFAZ,), (MANUAL,), (SEFAZ, MANUAL), (block(9, BlockOrigin.ANP_STATUS), block(10, BlockOrigin.CREDIT)))
NOT_ENABLED = (Verdict.DISABLED, Verdict.NOT_TAXPAYER)


@pytest.mark.parametrize("blocks", EXISTING, ids=lambda blocks: "+".join(b.origin.value for b in blocks) or "livre")
@pytest.mark.parametrize("verdict", Verdict)
def test_truth_table(verdict: Verdict, blocks: tuple[ActiveBlock, ...]) -> None:
    has_own = SEFAZ in blocks
    for action, exempt_as, apply in product(SefazAction, (None, "Filial 2"), (True, False)):
        decision = decide(verdict, blocks, action, exempt_as, apply)
        acts = apply and exempt_as is None and action is SefazAction.BLOCK_UNBLOCK
        adds = acts and verdict in NOT_ENABLED and not has_own
        lifts = acts and verdict is Verdict.ENABLED and has_own
        assert decision.add == (((BlockOrigin.SEFAZ, REASON),) if adds else ())
        assert decision.lift == ((SEFAZ.id,) if lifts else ())
        assert decision.changes == (adds or lifts)
        assert decision.why.endswith(".")


blocks_of_any_origin = st.lists(st.sampled_from(BlockOrigin), max_size=5).map(
    lambda origins: tuple(block(number, origin) for number, origin in enumerate(origins, 1))
)
situations = (
    st.sampled_from(Verdict),
    blocks_of_any_origin,
    st.sampled_from(SefazAction),
    st.sampled_from([None, "Filial 2"]),
    st.booleans(),
)


@given(*situations)
def test_reasons_of_other_origins_are_never_touched(
    verdict: Verdict, blocks: tuple[ActiveBlock, ...], action: SefazAction, exempt_as: str | None, apply: bool
) -> None:
    decision = decide(verdict, blocks, action, exempt_as, apply)
    own = {b.id for b in blocks if b.origin is BlockOrigin.SEFAZ}
    assert set(decision.lift) <= own
    assert {origin for origin, _ in decision.add} <= {BlockOrigin.SEFAZ}


@given(*situations)
def test_deciding_twice_changes_once(
    verdict: Verdict, blocks: tuple[ActiveBlock, ...], action: SefazAction, exempt_as: str | None, apply: bool
) -> None:
    once = after(decide(verdict, blocks, action, exempt_as, apply), blocks)
    assert not decide(verdict, once, action, exempt_as, apply).changes


@given(st.sampled_from([Verdict.FAILURE, Verdict.AMBIGUOUS, Verdict.DATA_ERROR]), *situations[1:])
def test_what_is_no_answer_changes_nothing(
    verdict: Verdict, blocks: tuple[ActiveBlock, ...], action: SefazAction, exempt_as: str | None, apply: bool
) -> None:
    assert not decide(verdict, blocks, action, exempt_as, apply).changes


@pytest.mark.parametrize(
    ("decision", "says"),
    [
        (decide(Verdict.FAILURE), "A consulta falhou"),
        (decide(Verdict.FAILURE, apply=False), "A consulta falhou"),
        (decide(Verdict.DISABLED, apply=False), "Somente consulta"),
        (decide(Verdict.AMBIGUOUS), "Indefinido não é uma resposta"),
        (decide(Verdict.DATA_ERROR), "Dado inválido não é uma resposta"),
        (decide(Verdict.DISABLED, exempt_as="Filial 2"), "“Filial 2”"),
        (decide(Verdict.DISABLED, action=SefazAction.NOTHING), "“Não faz nada”"),
        (decide(Verdict.DISABLED), f"Bloqueado pela SEFAZ. {REASON}"),
        (decide(Verdict.NOT_TAXPAYER, (MANUAL,)), "Bloqueado pela SEFAZ."),
        (decide(Verdict.DISABLED, (SEFAZ,)), "Continua bloqueado pela SEFAZ."),
        (decide(Verdict.ENABLED), "Nada a mudar."),
        (decide(Verdict.ENABLED, (MANUAL,)), "Continua bloqueado por: Manual."),
        (decide(Verdict.ENABLED, (SEFAZ,)), f"Bloqueio da SEFAZ retirado. {REASON}"),
        (decide(Verdict.ENABLED, (SEFAZ, MANUAL)), "Continua bloqueado por: Manual."),
    ],
)
def test_every_decision_says_why(decision: Decision, says: str) -> None:
    assert says in decision.why
