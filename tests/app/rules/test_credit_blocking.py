"""What a credit analysis does to a customer: the whole truth table."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import product

import pytest

from app.credit_analysis import AnalysisOutcome
from app.domain import ActiveBlock, BlockOrigin
from app.policies import CreditCustomerAction, Environment
from app.rules.blocking import decide_credit

NOW = datetime(2026, 11, 22, 15, tzinfo=UTC)
REASON = "Análise de crédito nº 12, de 22/11/2026, reprovada: O score é 480, abaixo do mínimo de 500."


def block(number: int, origin: BlockOrigin) -> ActiveBlock:
    return ActiveBlock(number, origin, "motivo", NOW, "servico")


CREDIT, MANUAL = block(7, BlockOrigin.CREDIT), block(8, BlockOrigin.MANUAL)
EXISTING = ((), (CREDIT,), (MANUAL,), (CREDIT, MANUAL))


@pytest.mark.parametrize("blocks", EXISTING, ids=lambda blocks: "+".join(b.origin.value for b in blocks) or "livre")
@pytest.mark.parametrize("outcome", AnalysisOutcome)
def test_truth_table(outcome: AnalysisOutcome, blocks: tuple[ActiveBlock, ...]) -> None:
    has_own = CREDIT in blocks
    for environment, action, exempt_as in product(Environment, CreditCustomerAction, (None, "Filial 2")):
        decision = decide_credit(
            outcome, REASON, environment=environment, action=action, blocks=blocks, exempt_as=exempt_as
        )
        acts = (
            environment is Environment.PRODUCTION and action is CreditCustomerAction.BLOCK_UNBLOCK and exempt_as is None
        )
        adds = acts and outcome is AnalysisOutcome.REFUSED and not has_own
        lifts = acts and outcome is AnalysisOutcome.APPROVED and has_own
        assert decision.add == (((BlockOrigin.CREDIT, REASON),) if adds else ())
        assert decision.lift == ((CREDIT.id,) if lifts else ())
        assert decision.brand_id is None
        assert decision.why.endswith(".")
        if lifts and MANUAL in blocks:
            assert f"Continua bloqueado por: {BlockOrigin.MANUAL.label}." in decision.why
