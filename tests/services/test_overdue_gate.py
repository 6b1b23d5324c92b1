"""Budgets and pre-sales at the order gate, on real databases: what was told of the customer's credit decides."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial

import pytest

from app.data import blocks, instalments, manual_blocks, order_checks, records, releases
from app.data.order_checks import CheckQuery
from app.documents import parse_document
from app.kinds import InvalidValue
from app.policies import InstalmentSituation, OrderKind, OverdueAction, OverdueCompanies, UncheckedAction
from app.rules.overdue import Overdue
from app.settings.catalog import (
    ANP_ORDER_CONSULT,
    OVERDUE_ACTION,
    OVERDUE_BUDGET,
    OVERDUE_COMPANIES,
    OVERDUE_DATA_AGE,
    OVERDUE_GRACE,
    OVERDUE_MINIMUM,
    OVERDUE_PRE_SALE,
    OVERDUE_UNCHECKED,
    SEFAZ_ENTITY,
)
from app.settings.snapshot import Snapshot
from app.tables import BRANCHES, COMPANIES, ENTITIES
from services.consultation import NotAsked
from services.order_gate import OrderAnswer
from tests.services.conftest import ACTOR, Place, cnpj
from tests.services.overdue_shop import DUE, HOUR, NOON, Shop, told

PERSON = parse_document("52998224725")


@pytest.fixture
def shop(place: Place) -> Shop:
    return Shop.open(place)


@pytest.mark.parametrize("kind", [OrderKind.BUDGET, OrderKind.PRE_SALE])
def test_overdue_credit_refuses_and_everything_is_logged(shop: Shop, kind: OrderKind) -> None:
    customer = shop.place.add(1)
    shop.tell(told(cnpj(1)), told(cnpj(1), "P2", date(2026, 11, 18), "80.00", "30.05"), told(cnpj(2), "P3"))
    answer = shop.check(cnpj(1), kind, reference="PV-77")
    assert not answer.allowed
    assert answer.release_needed
    assert answer.overdue == Overdue(2, 10, Decimal("149.95"), DUE, (1, 2))
    switch = {OrderKind.BUDGET: OVERDUE_BUDGET, OrderKind.PRE_SALE: OVERDUE_PRE_SALE}[kind]
    assert answer.rules == (switch.key, OVERDUE_ACTION.key)
    assert answer.reasons[0].startswith("O cliente tem 2 parcelas de crediário vencidas, R$ 149,95")
    assert answer.reasons[0].endswith("Quem tem permissão pode liberar, com usuário, senha e motivo.")
    kept = shop.kept(answer)
    assert (kept.row.kind, kept.row.reference, kept.row.customer_id) == (kind, "PV-77", customer)
    assert (kept.row.release_needed, kept.row.released, kept.release) == (True, False, None)
    assert (kept.row.counter, kept.counter_id, kept.previous_id) == ("", None, None)
    assert kept.overdue == answer.overdue
    assert kept.inputs["crediario"]["data"] == "2026-11-20"
    assert datetime.fromisoformat(kept.inputs["crediario"]["recebido_em"]) == NOON
    assert kept.inputs["anp"] == {"consulta": "nao_consultada"}
    assert kept.inputs["configuracoes"]["balcao.crediario_acao"] == "bloqueia_com_liberacao"
    with shop.place.database.reading() as connection:
        assert order_checks.count(connection, CheckQuery(kind=kind, release_needed=True)) == 1


def test_each_switch_is_its_own(shop: Shop) -> None:
    shop.tell(told(cnpj(1)))
    shop.place.save({OVERDUE_BUDGET: False})
    budget = shop.check(cnpj(1), OrderKind.BUDGET)
    assert budget.allowed
    assert budget.overdue is None
    assert budget.rules[0] == OVERDUE_BUDGET.key
    assert shop.kept(budget).inputs["crediario"] is None
    assert not shop.check(cnpj(1)).allowed
    shop.place.save({OVERDUE_BUDGET: True, OVERDUE_PRE_SALE: False})
    assert not shop.check(cnpj(1), OrderKind.BUDGET).allowed
    assert shop.check(cnpj(1)).allowed


def test_the_action_the_minimum_and_the_grace_are_of_the_company(shop: Shop) -> None:
    shop.tell(told(cnpj(1)))
    shop.place.save({OVERDUE_ACTION: OverdueAction.BLOCK}, company=1)
    blocked = shop.check(cnpj(1))
    assert (blocked.allowed, blocked.release_needed) == (False, False)
    shop.place.save({OVERDUE_ACTION: OverdueAction.WARN}, company=1)
    warned = shop.check(cnpj(1))
    assert warned.allowed
    assert warned.reasons[0].endswith("O perfil avisa e permite a inclusão da pré-venda.")
    assert warned.overdue is not None
    assert warned.overdue.count == 1
    shop.place.save({OVERDUE_ACTION: OverdueAction.BLOCK, OVERDUE_MINIMUM: Decimal("100.01")}, company=1)
    assert shop.check(cnpj(1)).allowed
    shop.place.save({OVERDUE_MINIMUM: Decimal("100.00")}, company=1)
    assert not shop.check(cnpj(1)).allowed
    shop.place.save({OVERDUE_GRACE: 10}, company=1)
    assert shop.check(cnpj(1)).allowed
    shop.place.save({OVERDUE_GRACE: 9}, company=1)
    assert not shop.check(cnpj(1)).allowed


def test_what_was_paid_renegotiated_or_cancelled_meanwhile_no_longer_counts(shop: Shop) -> None:
    shop.tell(told(cnpj(1)), told(cnpj(1), "P2"), told(cnpj(1), "P3"), told(cnpj(1), "P4"))
    assert not shop.check(cnpj(1)).allowed
    shop.tell(
        told(cnpj(1), paid="100.00"),
        told(cnpj(1), "P2", situation=InstalmentSituation.RENEGOTIATED),
        told(cnpj(1), "P3", situation=InstalmentSituation.CANCELLED),
        told(cnpj(1), "P4", situation=InstalmentSituation.PAID),
    )
    answer = shop.check(cnpj(1))
    assert answer.allowed
    assert answer.overdue == Overdue(0, 0, Decimal("0.00"), None, ())
    with shop.place.database.reading() as connection:
        (still_open,) = instalments.open_ones(connection, cnpj(1))
    assert (still_open.external_id, still_open.balance) == ("P1", Decimal(0))


def test_what_cannot_be_checked_follows_its_own_setting(shop: Shop) -> None:
    never = shop.check(cnpj(1))
    assert (never.allowed, never.release_needed, never.overdue) == (False, True, None)
    assert never.reasons[0].startswith("As parcelas do crediário desta empresa nunca foram recebidas")
    assert never.rules == (
        OVERDUE_PRE_SALE.key,
        OVERDUE_UNCHECKED.key,
        OVERDUE_ACTION.key,
        "cliente.sem_cadastro",
    )
    shop.tell()
    assert shop.check(cnpj(1)).allowed
    shop.clock.now = NOON + 72 * HOUR
    assert shop.check(cnpj(1)).allowed
    shop.clock.now += timedelta(seconds=1)
    old = shop.check(cnpj(1))
    assert (old.allowed, old.release_needed) == (False, True)
    assert OVERDUE_DATA_AGE.key in old.rules
    shop.place.save({OVERDUE_ACTION: OverdueAction.BLOCK})
    assert not shop.check(cnpj(1)).release_needed
    shop.place.save({OVERDUE_UNCHECKED: UncheckedAction.ALLOW})
    unchecked = shop.check(cnpj(1))
    assert unchecked.allowed
    assert unchecked.reasons[0].endswith("O perfil permite a inclusão da pré-venda sem verificação.")
    shop.place.save({OVERDUE_DATA_AGE: 0, OVERDUE_UNCHECKED: UncheckedAction.REFUSE})
    assert shop.check(cnpj(1)).allowed


def test_a_consumer_without_registration_owes_by_the_document(shop: Shop) -> None:
    shop.tell(told(PERSON))
    owes = shop.check(PERSON)
    assert not owes.allowed
    assert "cliente.sem_cadastro" in owes.rules
    assert shop.check(cnpj(9)).allowed


def test_registrations_of_one_document_share_its_credit_and_an_entity_has_none(shop: Shop) -> None:
    shop.place.add(1, "SP", ie="110042490114")
    shop.place.add(1, "RJ", ie="78204221")
    shop.tell(told(cnpj(1)), told(cnpj(2), "P2"))
    found = shop.check(cnpj(1)).overdue
    assert found is not None
    assert found.count == 1
    with shop.place.database.writing() as connection:
        values = {"nome": "Filial 2", "documento": cnpj(2).key}
        entity = records.add(connection, ENTITIES, values, Snapshot(), ACTOR)
    shop.place.save({SEFAZ_ENTITY: entity}, company=1)
    exempt = shop.check(cnpj(2))
    assert exempt.allowed
    assert exempt.rules[0] == SEFAZ_ENTITY.key
    assert exempt.overdue is None


def test_blocks_are_told_and_do_not_refuse(shop: Shop) -> None:
    customer = shop.place.add(1)
    shop.tell()
    with shop.place.database.writing() as connection:
        manual_blocks.block(connection, customer, "Cheque devolvido", actor=ACTOR, at=NOON)
    answer = shop.check(cnpj(1))
    assert answer.allowed
    assert any(reason.endswith("Cheque devolvido. O pedido será recusado.") for reason in answer.reasons)
    shop.place.save({ANP_ORDER_CONSULT: False})
    assert not shop.check(cnpj(1), OrderKind.ORDER).allowed


def test_whose_instalments_count(shop: Shop) -> None:
    other = shop.add_company("SP")
    shop.tell(told(cnpj(1)), company=other)
    shop.tell()
    assert shop.check(cnpj(1)).allowed
    shop.place.save({OVERDUE_COMPANIES: OverdueCompanies.ALL}, company=1)
    everywhere = shop.check(cnpj(1))
    assert not everywhere.allowed
    assert everywhere.overdue is not None
    assert everywhere.overdue.count == 1


def test_with_all_companies_each_one_that_is_told_must_be_fresh(shop: Shop) -> None:
    other = shop.add_company("SP")
    shop.place.save({OVERDUE_COMPANIES: OverdueCompanies.ALL})
    shop.tell(company=other)
    assert OVERDUE_UNCHECKED.key in shop.check(cnpj(1)).rules  # the company itself was never told
    shop.clock.now += 73 * HOUR
    shop.tell()
    assert OVERDUE_UNCHECKED.key in shop.check(cnpj(1)).rules
    shop.place.save({OVERDUE_COMPANIES: OverdueCompanies.OWN}, company=1)
    assert shop.check(cnpj(1)).allowed
    shop.place.save({OVERDUE_COMPANIES: OverdueCompanies.ALL}, company=1)
    with shop.place.database.writing() as connection:
        records.set_active(connection, COMPANIES, other, False, ACTOR)
    assert shop.check(cnpj(1)).allowed


def test_the_calendar_is_that_of_the_company(shop: Shop) -> None:
    acre = shop.add_company("AC")
    shop.tell(told(cnpj(1)), company=acre)
    shop.tell(told(cnpj(1)))
    # 11/11 in Brasília and in UTC; at 23:30 of the day it was due in Acre.
    shop.clock.now = datetime(2026, 11, 11, 4, 30, tzinfo=UTC)
    assert not shop.check(cnpj(1)).allowed
    assert shop.check(cnpj(1), company=acre).allowed
    # A branch of the company in Brasília's time decides for it.
    with shop.place.database.writing() as connection:
        values = {"empresa": acre, "cnpj": cnpj(78).key, "nome": "Sede", "uf": "SP"}
        branch = records.add(connection, BRANCHES, values, Snapshot(), ACTOR)
    assert not shop.check(cnpj(1), company=acre).allowed
    with shop.place.database.writing() as connection:
        records.set_active(connection, BRANCHES, branch, False, ACTOR)
    assert shop.check(cnpj(1), company=acre).allowed


@pytest.mark.parametrize("kind", [OrderKind.ORDER, OrderKind.INVOICE])
def test_the_sale_that_comes_from_a_pre_sale_is_checked_again(shop: Shop, kind: OrderKind) -> None:
    shop.place.add(1)
    shop.tell()
    pre_sale = shop.check(cnpj(1))
    assert pre_sale.allowed
    assert shop.check(cnpj(1), kind, previous_id=pre_sale.check_id).allowed
    shop.tell(told(cnpj(1)))
    again = shop.check(cnpj(1), kind, previous_id=pre_sale.check_id)
    assert (again.allowed, again.release_needed) == (False, True)
    assert shop.kept(again).previous_id == pre_sale.check_id
    assert again.rules[:2] == (OVERDUE_PRE_SALE.key, OVERDUE_ACTION.key)
    # Without it the order is none of the credit's business.
    alone = shop.check(cnpj(1), kind)
    assert alone.allowed
    assert alone.overdue is None
    shop.place.save({OVERDUE_PRE_SALE: False})
    assert shop.check(cnpj(1), kind, previous_id=pre_sale.check_id).allowed


def test_a_release_covers_the_sale_while_nothing_more_is_overdue(shop: Shop) -> None:
    shop.place.add(1)
    user = shop.add_user()
    shop.tell(told(cnpj(1)), told(cnpj(1), "P2", date(2026, 11, 20)))
    pre_sale = shop.check(cnpj(1))
    assert pre_sale.overdue is not None
    _release(shop, pre_sale, user)
    of_it = partial(shop.check, cnpj(1), OrderKind.ORDER, previous_id=pre_sale.check_id, reference="V-1")
    sale = of_it()
    assert sale.allowed
    assert f"tudo foi liberado na avaliação {pre_sale.check_id}." in sale.reasons[0]
    assert "crediario.liberado" in sale.rules
    assert shop.kept(sale).inputs["crediario"]["liberado_na_avaliacao"] == pre_sale.check_id
    # It is of that one operation: another pre-sale is refused again.
    assert not shop.check(cnpj(1)).allowed
    shop.clock.now += 24 * HOUR
    more = of_it()
    assert (more.allowed, more.release_needed) == (False, True)
    assert f"A liberação da avaliação {pre_sale.check_id} não cobre todas." in more.reasons[0]
    shop.tell(told(cnpj(1), "P2", date(2026, 11, 20), paid="100.00"))
    assert of_it().allowed


def test_a_release_serves_one_sale_however_often_that_one_is_asked(shop: Shop) -> None:
    shop.place.add(1)
    shop.tell(told(cnpj(1)))
    pre_sale = shop.check(cnpj(1))
    _release(shop, pre_sale, shop.add_user())
    of_it = partial(shop.check, cnpj(1), OrderKind.ORDER, previous_id=pre_sale.check_id)
    assert of_it(reference="V-1").allowed
    assert of_it(reference="V-1").allowed
    other = of_it(reference="V-2")
    assert (other.allowed, other.release_needed) == (False, True)
    assert f"A liberação da avaliação {pre_sale.check_id} já serviu à venda V-1." in other.reasons[0]
    assert not of_it().allowed


def test_a_release_serves_the_first_sale_that_gives_no_reference_and_no_other(shop: Shop) -> None:
    shop.place.add(1)
    shop.tell(told(cnpj(1)))
    pre_sale = shop.check(cnpj(1))
    _release(shop, pre_sale, shop.add_user())
    of_it = partial(shop.check, cnpj(1), previous_id=pre_sale.check_id)
    assert of_it(OrderKind.ORDER).allowed
    for kind in (OrderKind.ORDER, OrderKind.INVOICE):
        second = of_it(kind)
        assert (second.allowed, second.release_needed) == (False, True)
        assert (
            f"A liberação da avaliação {pre_sale.check_id} já serviu a uma venda, e sem a referência desta não há como "
            "saber se é a mesma."
        ) in second.reasons[0]
    other = of_it(OrderKind.ORDER, reference="V-2")
    assert not other.allowed
    assert f"A liberação da avaliação {pre_sale.check_id} já serviu a outra venda." in other.reasons[0]


def test_the_order_and_the_invoice_of_one_sale_go_on_by_one_release(shop: Shop) -> None:
    shop.place.add(1)
    shop.tell(told(cnpj(1)))
    pre_sale = shop.check(cnpj(1))
    _release(shop, pre_sale, shop.add_user())
    for kind in (OrderKind.ORDER, OrderKind.INVOICE):
        assert shop.check(cnpj(1), kind, previous_id=pre_sale.check_id, reference="V-1").allowed


def test_a_sale_refused_for_another_reason_does_not_spend_the_release(shop: Shop) -> None:
    customer = shop.place.add(1)
    shop.tell(told(cnpj(1)))
    pre_sale = shop.check(cnpj(1))
    _release(shop, pre_sale, shop.add_user())
    of_it = partial(shop.check, cnpj(1), OrderKind.ORDER, previous_id=pre_sale.check_id)
    with shop.place.database.writing() as connection:
        manual_blocks.block(connection, customer, "Conferir o endereço", actor=ACTOR, at=NOON)
    assert not of_it(reference="V-1").allowed
    with shop.place.database.writing() as connection:
        held = [block.id for block in blocks.active(connection, customer)]
        manual_blocks.release(connection, customer, held, "Conferido", actor=ACTOR, at=NOON)
    assert of_it(reference="V-2").allowed


def test_of_two_sales_at_once_a_release_serves_one(shop: Shop) -> None:
    shop.place.add(1)
    shop.tell(told(cnpj(1)))
    pre_sale = shop.check(cnpj(1))
    _release(shop, pre_sale, shop.add_user())
    with ThreadPoolExecutor(8) as pool:
        asked = [
            pool.submit(shop.check, cnpj(1), OrderKind.ORDER, previous_id=pre_sale.check_id, reference=f"V-{number}")
            for number in range(8)
        ]
        assert sum(each.result().allowed for each in asked) == 1


@pytest.mark.parametrize(
    ("what", "sentence"),
    [
        ("missing", "Não existe a avaliação 999"),
        ("an order", "não é de um orçamento"),
        ("another customer", "é de outro cliente ou de outra empresa"),
        ("another company", "é de outro cliente ou de outra empresa"),
        ("of a pre-sale", "Só um pedido ou uma nota fiscal vem de outra avaliação"),
    ],
)
def test_a_previous_check_that_cannot_be_is_said_and_nothing_is_logged(shop: Shop, what: str, sentence: str) -> None:
    shop.tell()
    other = shop.add_company("SP")
    shop.tell(company=other)
    first = {
        "missing": None,
        "an order": shop.check(cnpj(1), OrderKind.ORDER),
        "another customer": shop.check(cnpj(2)),
        "another company": shop.check(cnpj(1), company=other),
        "of a pre-sale": shop.check(cnpj(1)),
    }[what]
    with shop.place.database.reading() as connection:
        before = order_checks.count(connection, CheckQuery())
    kind = OrderKind.PRE_SALE if what == "of a pre-sale" else OrderKind.ORDER
    with pytest.raises(NotAsked, match=sentence):
        shop.check(cnpj(1), kind, previous_id=999 if first is None else first.check_id)
    with shop.place.database.reading() as connection:
        assert order_checks.count(connection, CheckQuery()) == before


def test_instalments_told_wrong_are_refused_whole(shop: Shop) -> None:
    good = told(cnpj(1))
    for wrong, sentence in (
        (good, "P1 veio duas vezes"),
        (replace(good, external_id=" "), "não pode ficar vazio"),
        (replace(good, external_id="x" * 61), "61 caracteres"),
        (replace(good, external_id="P2", amount=Decimal("-0.01")), "não é um valor"),
        (replace(good, external_id="P2", paid=Decimal("0.001")), "não é um valor"),
        (replace(good, external_id="P2", amount=Decimal("NaN")), "não é um valor"),
    ):
        with pytest.raises(InvalidValue, match=sentence):
            shop.tell(good, wrong)
    assert OVERDUE_UNCHECKED.key in shop.check(cnpj(1)).rules  # nothing was received
    with shop.place.database.reading() as connection:
        assert instalments.open_ones(connection, cnpj(1)) == ()


def test_many_threads_ask_at_once(shop: Shop) -> None:
    shop.tell(*(told(cnpj(number), f"P{number}") for number in range(1, 5)))
    asked = [cnpj(1 + number % 8) for number in range(40)]
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(shop.check, asked))
    assert [answer.allowed for answer in answers] == [number % 8 >= 4 for number in range(40)]
    assert len({answer.check_id for answer in answers}) == 40
    assert all(shop.kept(answer).row.document == document for answer, document in zip(answers, asked, strict=True))


def _release(shop: Shop, refused: OrderAnswer, user: int) -> None:
    assert refused.overdue is not None
    with shop.place.database.writing() as connection:
        releases.record(
            connection,
            refused.check_id,
            user,
            "Paga amanhã",
            refused.overdue.instalments,
            counter_id=None,
            machine="",
            at=shop.clock(),
        )
