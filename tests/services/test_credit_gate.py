"""Orders that need a credit analysis, on a real database: what is asked for, what is answered, what is logged."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Connection, event

from app.credit_analysis import AnalysisOutcome, AnalysisState, CreditReport
from app.data import blocks, credit_analyses, credit_pauses, manual_blocks, records
from app.data.credit_pauses import Pause
from app.domain import BlockOrigin, Origin
from app.policies import CreditOrderAction, Environment, OrderKind, OverdueAction
from app.rules.credit_order import AnalysisSituation, AnalysisTold
from app.settings.catalog import (
    CREDIT_ALLOWED,
    CREDIT_DAYS,
    CREDIT_ENVIRONMENT,
    CREDIT_MANAGER,
    CREDIT_MAX_NEGATIVE,
    CREDIT_MIN_SCORE,
    CREDIT_ORDER,
    OVERDUE_ACTION,
    OVERDUE_PRE_SALE,
    SEFAZ_ENTITY,
)
from app.settings.snapshot import Snapshot
from app.tables import ENTITIES
from services.order_gate import OrderAnswer
from tests.services.conftest import ACTOR, Place, cnpj
from tests.services.credit_shop import BAD, DOUBTFUL, GOOD, NOON, CreditShop
from tests.services.overdue_shop import Shop, told

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture
def shop(place: Place) -> CreditShop:
    return CreditShop.open(place)


def of(answer: OrderAnswer) -> AnalysisTold:
    assert answer.analysis is not None
    return answer.analysis


def test_an_order_waits_for_the_analysis_that_it_asks_for_once(shop: CreditShop) -> None:
    customer = shop.place.add(1)
    first = shop.check(cnpj(1))
    assert not first.allowed
    assert first.reasons[0] == (
        f"Pendente de análise de crédito: a nº 1, pedida em {NOON.astimezone():%d/%m/%Y %H:%M}, está na fila na "
        "gerenciadora Serasa. O perfil não permite a inclusão do pedido sem análise aprovada."
    )
    assert first.rules[0] == "credito.pedido"
    assert (of(first).situation, of(first).number, of(first).outcome) == (AnalysisSituation.PENDING, 1, None)
    (asked,) = shop.asked()
    assert (asked.state, asked.document, asked.customer_id) == (AnalysisState.QUEUED, cnpj(1), customer)
    assert (asked.origin, asked.manual, asked.user, asked.urgent) == (Origin.ORDER, False, ACTOR, False)
    assert asked.environment is Environment.PRODUCTION
    again = shop.check(cnpj(1), OrderKind.INVOICE)
    assert of(again).number == 1
    shop.take(1)
    assert "está sendo consultada na gerenciadora Serasa" in shop.check(cnpj(1)).reasons[0]
    assert len(shop.asked()) == 1


def test_an_approved_analysis_lets_the_order_go_on_to_its_last_day_and_then_another_is_asked(shop: CreditShop) -> None:
    shop.place.add(1)
    shop.place.save({CREDIT_DAYS: 30})
    shop.answer(cnpj(1), GOOD)
    last_day = date(2026, 12, 20)
    answer = shop.check(cnpj(1))
    assert answer.allowed
    assert of(answer) == AnalysisTold(
        AnalysisSituation.APPROVED,
        1,
        last_day,
        AnalysisOutcome.APPROVED,
        ("O score é 800, e o mínimo é 500.", "Não há registros negativos."),
    )
    assert any("a análise de crédito nº 1" in one.lower() and "vale até 20/12/2026" in one for one in answer.reasons)
    shop.clock.now = datetime.fromisoformat("2026-12-21T02:59:59+00:00")  # still the 20th in São Paulo
    assert shop.check(cnpj(1)).allowed
    shop.clock.now = datetime.fromisoformat("2026-12-21T03:00:00+00:00")
    late = shop.check(cnpj(1))
    assert not late.allowed
    assert (of(late).situation, of(late).number) == (AnalysisSituation.PENDING, 2)


def test_the_kept_answer_is_judged_by_the_rules_of_now_and_of_the_company_that_asks(shop: CreditShop) -> None:
    """The one gerenciadora serves both companies: what was asked by one is not asked again by the other."""
    shop.place.add(1)
    strict = Shop(shop.place, shop.gate, shop.clock).add_company("SP")
    shop.place.save({CREDIT_MIN_SCORE: 900}, company=strict)
    shop.answer(cnpj(1), GOOD)
    assert shop.check(cnpj(1)).allowed
    refused = shop.check(cnpj(1), company=strict)
    assert not refused.allowed
    assert (of(refused).situation, of(refused).number) == (AnalysisSituation.REFUSED, 1)
    assert "reprova o cliente" in refused.reasons[0]
    assert "O score é 800, abaixo do mínimo de 900." in refused.reasons[0]
    assert refused.rules[:2] == ("credito.pedido", "credito.score_minimo")
    shop.place.save({CREDIT_MIN_SCORE: 0}, company=strict)
    assert shop.check(cnpj(1), company=strict).allowed
    assert len(shop.asked()) == 1


@pytest.mark.parametrize(
    ("report", "situation"), [(BAD, AnalysisSituation.REFUSED), (DOUBTFUL, AnalysisSituation.UNDECIDED)]
)
def test_what_is_not_approved_refuses_or_warns_and_is_not_asked_again(
    shop: CreditShop, report: CreditReport, situation: AnalysisSituation
) -> None:
    shop.place.add(1)
    shop.answer(cnpj(1), report)
    refused = shop.check(cnpj(1))
    assert (refused.allowed, of(refused).situation) == (False, situation)
    shop.place.save({CREDIT_ORDER: CreditOrderAction.WARN})
    warned = shop.check(cnpj(1))
    assert (warned.allowed, of(warned).situation) == (True, situation)
    assert any("O perfil avisa e permite a inclusão do pedido." in reason for reason in warned.reasons)
    assert len(shop.asked()) == 1


def test_a_warning_profile_asks_too_and_lets_the_order_go(shop: CreditShop) -> None:
    shop.place.add(1)
    shop.place.save({CREDIT_ORDER: CreditOrderAction.WARN})
    answer = shop.check(cnpj(1))
    assert (answer.allowed, of(answer).situation, of(answer).number) == (True, AnalysisSituation.PENDING, 1)


@pytest.mark.parametrize("kind", [OrderKind.BUDGET, OrderKind.PRE_SALE])
def test_a_budget_is_told_and_never_asks_nor_is_refused(shop: CreditShop, kind: OrderKind) -> None:
    shop.place.add(1)
    none = shop.check(cnpj(1), kind)
    assert (none.allowed, of(none).situation, of(none).number) == (True, AnalysisSituation.NONE, None)
    assert any("O pedido será recusado sem análise aprovada." in reason for reason in none.reasons)
    assert shop.asked() == []
    shop.answer(cnpj(1), BAD)
    refused = shop.check(cnpj(1), kind)
    assert (refused.allowed, of(refused).situation) == (True, AnalysisSituation.REFUSED)
    shop.clock.now += 91 * DAY
    expired = shop.check(cnpj(1), kind)
    assert (expired.allowed, of(expired).situation) == (True, AnalysisSituation.EXPIRED)
    assert of(expired).good_until == date(2027, 2, 18)
    assert len(shop.asked()) == 1


def test_homologacao_never_approves_and_an_answer_of_it_is_not_one_of_producao(shop: CreditShop) -> None:
    shop.place.add(1)
    shop.place.save({CREDIT_ENVIRONMENT: Environment.TEST})
    shop.answer(cnpj(1), GOOD)
    refused = shop.check(cnpj(1))
    assert not refused.allowed
    assert (of(refused).situation, of(refused).outcome) == (AnalysisSituation.TEST, AnalysisOutcome.APPROVED)
    assert "é de Homologação, que nunca aprova um pedido; nela o resultado é “Aprovada”" in refused.reasons[0]
    assert "credito.ambiente" in refused.rules
    assert shop.kept(refused).inputs["analise_credito"]["ambiente"] == "homologacao"
    shop.place.save({CREDIT_ORDER: CreditOrderAction.WARN})
    assert shop.check(cnpj(1)).allowed
    pending = shop.check(cnpj(2))
    assert any("Ela é de Homologação, que nunca aprova um pedido." in reason for reason in pending.reasons)
    shop.place.save({CREDIT_ENVIRONMENT: Environment.PRODUCTION})
    assert of(shop.check(cnpj(1))).situation is AnalysisSituation.PENDING


def test_after_a_failure_an_order_asks_again_only_after_a_day(shop: CreditShop) -> None:
    shop.place.add(1)
    shop.fail(cnpj(1))
    shop.clock.now += DAY - timedelta(seconds=1)
    refused = shop.check(cnpj(1))
    assert (refused.allowed, of(refused).situation, of(refused).number) == (False, AnalysisSituation.FAILED, 1)
    assert "A gerenciadora não respondeu a tempo. Um pedido só a pede de novo 24 horas depois" in refused.reasons[0]
    assert len(shop.asked()) == 1
    shop.clock.now += timedelta(seconds=1)
    assert of(shop.check(cnpj(1))).number == 2


def test_a_failure_after_a_good_answer_takes_nothing_from_it(shop: CreditShop) -> None:
    shop.place.add(1)
    shop.answer(cnpj(1), GOOD)
    shop.clock.now += HOUR
    shop.fail(cnpj(1))
    assert of(shop.check(cnpj(1))).number == 1
    assert shop.check(cnpj(1)).allowed


def test_one_that_will_be_tried_again_or_whose_gerenciadora_is_held_says_so(shop: CreditShop) -> None:
    shop.fail(cnpj(1), again=NOON + HOUR)
    assert "A última tentativa ficou sem resposta, e ela será tentada de novo." in shop.check(cnpj(1)).reasons[0]
    pause = Pause(shop.manager, Environment.PRODUCTION, None, "A senha foi recusada.")
    with shop.place.database.writing() as connection:
        credit_pauses.hold(connection, pause)
    for document in (cnpj(1), cnpj(2)):
        pending = shop.check(document)
        assert of(pending).situation is AnalysisSituation.PENDING
        assert "Agora a gerenciadora não é consultada: A senha foi recusada." in pending.reasons[0]


def test_a_cancelled_one_is_asked_again(shop: CreditShop) -> None:
    number = of(shop.check(cnpj(1))).number
    assert number is not None
    with shop.place.database.writing() as connection:
        assert credit_analyses.cancel(connection, number)
    assert of(shop.check(cnpj(1))).number == number + 1


def test_what_cannot_be_asked_is_said_and_still_refuses(shop: CreditShop) -> None:
    shop.place.add(1)
    shop.place.save({CREDIT_MANAGER: None})
    refused = shop.check(cnpj(1))
    assert (refused.allowed, of(refused).situation) == (False, AnalysisSituation.NONE)
    assert "Ela não pode ser pedida: Nenhuma gerenciadora foi escolhida para esta empresa." in refused.reasons[0]
    assert "credito.gerenciadora" in refused.rules
    assert shop.asked() == []


def test_an_order_refused_for_another_reason_costs_no_analysis(shop: CreditShop) -> None:
    customer = shop.place.add(1)
    with shop.place.database.writing() as connection:
        manual_blocks.block(connection, customer, "Cheque devolvido", actor="joão", at=NOON)
    refused = shop.check(cnpj(1))
    assert (refused.allowed, of(refused).situation) == (False, AnalysisSituation.NONE)
    assert any(
        "Ela não foi pedida: a inclusão do pedido já é recusada por outro motivo." in one for one in refused.reasons
    )
    assert shop.asked() == []


def test_a_block_of_an_analysis_does_not_keep_the_next_one_from_being_asked(shop: CreditShop) -> None:
    customer = shop.place.add(1)
    with shop.place.database.writing() as connection:
        blocks.add(connection, customer, BlockOrigin.CREDIT, "Reprovado na análise nº 1", by=ACTOR, at=NOON)
    refused = shop.check(cnpj(1))
    assert (refused.allowed, of(refused).situation) == (False, AnalysisSituation.PENDING)
    assert "bloqueio.credito" in refused.rules


def test_a_release_of_store_credit_is_offered_when_the_analysis_is_approved(shop: CreditShop) -> None:
    """Both refuse: nobody can let it go on, and the analysis is asked for all the same."""
    shop.place.add(1)
    shop.place.save({OVERDUE_PRE_SALE: True, OVERDUE_ACTION: OverdueAction.RELEASE})
    Shop(shop.place, shop.gate, shop.clock).tell(told(cnpj(1)))
    pre_sale = shop.check(cnpj(1), OrderKind.PRE_SALE)
    assert pre_sale.release_needed
    refused = shop.check(cnpj(1), previous_id=pre_sale.check_id)
    assert (refused.allowed, refused.release_needed) == (False, False)
    assert of(refused).situation is AnalysisSituation.PENDING
    shop.answer(cnpj(1), GOOD)
    owes = shop.check(cnpj(1), previous_id=pre_sale.check_id)
    assert (owes.allowed, owes.release_needed, of(owes).situation) == (False, True, AnalysisSituation.APPROVED)


def test_an_entity_that_stands_for_a_branch_is_not_analysed(shop: CreditShop) -> None:
    with shop.place.database.writing() as connection:
        given = {"nome": "Filial 4", "documento": cnpj(4).key}
        entity = records.add(connection, ENTITIES, given, Snapshot(), ACTOR)
    shop.place.save({SEFAZ_ENTITY: entity}, company=1)
    answer = shop.check(cnpj(4))
    assert (answer.allowed, answer.analysis) == (True, None)
    assert any("a análise de crédito não é verificada" in reason for reason in answer.reasons)
    assert shop.kept(answer).inputs["analise_credito"] is None
    assert shop.asked() == []


def test_everything_that_was_looked_at_is_logged_and_read_back(shop: CreditShop) -> None:
    shop.place.add(1)
    shop.place.save({CREDIT_MAX_NEGATIVE: Decimal("10.00")})
    shop.answer(cnpj(1), BAD)
    answer = shop.check(cnpj(1))
    kept = shop.kept(answer)
    assert kept.analysis == answer.analysis
    assert kept.inputs["analise_credito"] == {
        **of(answer).as_fields(),
        "gerenciadora": "Serasa",
        "ambiente": "producao",
        "respondida_em": shop.asked()[0].consulted_at.isoformat(),  # type: ignore[union-attr]
    }
    assert kept.inputs["configuracoes"]["credito.valor_negativo_maximo"] == "10.00"
    assert "anp.pedido_consulta" in kept.inputs["configuracoes"]


def test_switched_off_nothing_is_said_and_nothing_is_asked_of_the_database(shop: CreditShop) -> None:
    shop.place.add(1)
    shop.place.save({CREDIT_ALLOWED: False})
    statements: list[str] = []

    def note(connection: Connection, cursor: Any, statement: str, *more: Any) -> None:
        statements.append(statement)

    event.listen(shop.place.database.engine, "before_cursor_execute", note)
    answer = shop.check(cnpj(1))
    assert (answer.allowed, answer.analysis) == (True, None)
    assert not any("análise" in reason for reason in answer.reasons)
    assert statements
    assert not any("credit" in statement for statement in statements)
    assert shop.kept(answer).inputs["analise_credito"] is None


def test_of_many_orders_at_once_one_asks(shop: CreditShop) -> None:
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: shop.check(cnpj(1)), range(16)))
    assert {of(answer).number for answer in answers} == {1}
    assert len(shop.asked()) == 1
