"""Orders decided in one turn at the database: each gets what it would get alone, and is kept once."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from app.credit_analysis import AnalysisState
from app.data import credit_analyses, manual_blocks, records
from app.data.order_checks import CheckQuery, count
from app.domain import Document
from app.policies import CompanyConsultation, OrderAction, OrderKind, OrderOperation, OverdueCompanies
from app.rules.credit_order import AnalysisSituation
from app.rules.order_gate import OrderQuestion
from app.settings.catalog import (
    ANP_COMPANY_ORDER,
    ANP_NO_ANSWER,
    OVERDUE_COMPANIES,
    OVERDUE_GRACE,
    SEFAZ_ENTITY,
)
from app.settings.snapshot import Snapshot
from app.tables import ENTITIES
from services.consultation import NotAsked
from services.order_gate import OrderAnswer
from tests.services.conftest import ACTOR, Place, cnpj
from tests.services.credit_shop import BAD, GOOD, CreditShop
from tests.services.overdue_shop import Shop, told


@pytest.fixture
def shop(place: Place) -> Shop:
    """Two companies; customers without, with one and with two registrations, blocked, in debt here or there, exempt."""
    shop = Shop.open(place)
    other = shop.add_company("AM")
    place.add(1, nome="Em dia")
    blocked = place.add(2, "SP", ie="110042490114")
    place.add(2, "RJ", ie="78204221")
    place.add(3, nome="Deve")
    place.add(4, nome="Filial")
    with place.database.writing() as connection:
        manual_blocks.block(connection, blocked, "Cheque devolvido", actor="joão", at=shop.clock())
        entity = records.add(connection, ENTITIES, {"nome": "Filial 4", "documento": cnpj(4).key}, Snapshot(), ACTOR)
    place.save({SEFAZ_ENTITY: entity, OVERDUE_COMPANIES: OverdueCompanies.OWN, OVERDUE_GRACE: 3}, company=1)
    place.save({OVERDUE_COMPANIES: OverdueCompanies.ALL}, company=other)
    place.save({ANP_NO_ANSWER: OrderAction.ALLOW})
    shop.tell(told(cnpj(3), "P1"), told(cnpj(3), "P2", amount="50.00"), told(cnpj(4), "P3"))
    shop.tell(told(cnpj(1), "P1", amount="70.00"), company=other)
    return shop


def question(document: Document, kind: OrderKind, company: int, **more: Any) -> OrderQuestion:
    return OrderQuestion(document, company, kind, OrderOperation.INCLUSION, ACTOR, **more)


def everything() -> list[OrderQuestion]:
    return [
        question(cnpj(buyer), kind, company, reference=f"{kind.value}/{company}/{buyer}")
        for buyer in (3, 1, 9, 2, 4)
        for company in (2, 1)
        for kind in OrderKind
    ]


def alone(shop: Shop, asked: OrderQuestion) -> OrderAnswer | NotAsked:
    try:
        return shop.gate.check(asked, shop.place.snapshot)
    except NotAsked as refused:
        return refused


def said(answer: OrderAnswer | NotAsked | None) -> Any:
    """What was answered, whatever its number."""
    return replace(answer, check_id=0) if isinstance(answer, OrderAnswer) else str(answer)


def kept(shop: Shop) -> int:
    with shop.place.database.reading() as connection:
        return count(connection, CheckQuery())


def test_each_is_told_what_it_would_be_told_alone(shop: Shop) -> None:
    questions = everything()
    together = shop.gate.check_together(questions, shop.place.snapshot)
    assert [said(answer) for answer in together] == [said(alone(shop, asked)) for asked in questions]
    decided = [answer for answer in together if isinstance(answer, OrderAnswer)]
    assert {answer.allowed for answer in decided} == {True, False}
    assert {answer.overdue.principal for answer in decided if answer.overdue is not None} == {
        Decimal("0.00"),
        Decimal("70.00"),
        Decimal("150.00"),
    }


def test_each_number_is_of_its_own_question(shop: Shop) -> None:
    questions = everything()
    for asked, answer in zip(questions, shop.gate.check_together(questions, shop.place.snapshot), strict=True):
        assert isinstance(answer, OrderAnswer)
        row = shop.kept(answer).row
        assert (row.reference, row.document, row.company_id, row.kind) == (
            asked.reference,
            asked.document,
            asked.company_id,
            asked.kind,
        )
        assert row.reasons == answer.reasons
    assert kept(shop) == len(questions)


def test_one_that_cannot_be_decided_leaves_the_others_decided(shop: Shop) -> None:
    asked = [question(cnpj(1), OrderKind.BUDGET, company) for company in (1, 9, 2)]
    here, nowhere, there = shop.gate.check_together(asked, shop.place.snapshot)
    assert isinstance(here, OrderAnswer)
    assert isinstance(there, OrderAnswer)
    assert (here.allowed, there.allowed) == (True, False)
    assert "Não existe a empresa 9" in str(nowhere)
    assert kept(shop) == 2


def test_one_that_anp_must_be_asked_about_is_left_to_be_asked(shop: Shop) -> None:
    shop.place.save({ANP_COMPANY_ORDER: CompanyConsultation.ALWAYS}, company=1)
    asked = [question(cnpj(1), kind, 1) for kind in (OrderKind.ORDER, OrderKind.BUDGET)]
    order, budget = shop.gate.check_together(asked, shop.place.snapshot)
    assert order is None
    assert isinstance(budget, OrderAnswer)
    assert kept(shop) == 1


@pytest.fixture
def credit_shop(shop: Shop) -> CreditShop:
    """The same shop, where orders need a credit analysis: one customer has a good one, one a bad one, one that failed.

    The other company asks the same gerenciadora: what one asks for the other waits for.
    """
    shop.place.add(5, nome="Aprovado")
    shop.place.add(6, nome="Falhou")
    made = CreditShop.open(shop.place)
    made.answer(cnpj(5), GOOD)
    made.answer(cnpj(3), BAD)
    made.fail(cnpj(6))
    return replace(made, clock=shop.clock, gate=shop.gate)


def unnumbered(said: Any) -> str:
    """What was said, whatever the number of the analysis that it asked for."""
    return re.sub(r"nº \d+|number=\d+|'numero': \d+", "nº N", repr(said))


def asked_now(shop: CreditShop) -> list[int]:
    return [row.id for row in shop.asked() if row.state is AnalysisState.QUEUED]


def forget(shop: CreditShop, numbers: Sequence[int]) -> None:
    with shop.place.database.writing() as connection:
        for number in numbers:
            assert credit_analyses.cancel(connection, number)


def test_each_asks_for_the_analysis_that_it_would_ask_for_alone_and_all_of_a_document_for_one(
    credit_shop: CreditShop, shop: Shop
) -> None:
    buyers = (1, 5, 3, 9, 2, 6, 4)
    questions = [question(cnpj(buyer), kind, company) for buyer in buyers for company in (2, 1) for kind in OrderKind]
    together = shop.gate.check_together(questions, shop.place.snapshot)
    for_together = [row.document for row in credit_shop.asked() if row.state is AnalysisState.QUEUED]
    forget(credit_shop, asked_now(credit_shop))
    one_by_one = [alone(shop, asked) for asked in questions]
    assert [unnumbered(said(answer)) for answer in together] == [unnumbered(said(answer)) for answer in one_by_one]
    assert len(for_together) == len(set(for_together))
    # Nothing is asked about who is blocked, was analysed already or in vain today, or stands for a branch.
    assert set(for_together) == {cnpj(1), cnpj(9)}
    told = {answer.analysis.situation for answer in together if isinstance(answer, OrderAnswer) and answer.analysis}
    assert told == set(AnalysisSituation) - {
        AnalysisSituation.TEST,
        AnalysisSituation.EXPIRED,
        AnalysisSituation.UNDECIDED,
    }


def test_nobody_at_all(shop: Shop) -> None:
    assert shop.gate.check_together([], shop.place.snapshot) == []
    assert kept(shop) == 0
