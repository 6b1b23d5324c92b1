"""The release of a refused sale: who may, of what, for how long, once; and what is kept of every try."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import Connection

from app.data import manual_blocks
from app.data.releases import Released
from app.kinds import InvalidValue
from app.policies import OrderKind, OverdueAction
from app.settings.catalog import ANP_ORDER_CONSULT, OVERDUE_ACTION
from services.order_gate import OrderAnswer
from services.release import NotReleased, Refusal, release
from tests.services.conftest import ACTOR, Place, cnpj
from tests.services.overdue_shop import NOON, PASSWORD, Shop, told

WHY = "Paga na sexta, falou com o gerente"


@pytest.fixture
def shop(place: Place) -> Shop:
    """Customer 1 owes."""
    made = Shop.open(place)
    made.tell(told(cnpj(1)))
    return made


def let_go(shop: Shop, answer: OrderAnswer, login: str = "ana", password: str = PASSWORD, why: str = WHY) -> Released:
    return release(
        shop.place.database,
        answer.check_id,
        login,
        password,
        why,
        counter_id=None,
        actor="balcão 1",
        now=shop.clock(),
    )


def refusal(shop: Shop, answer: OrderAnswer, login: str = "ana", password: str = PASSWORD) -> NotReleased:
    with pytest.raises(NotReleased) as refused:
        let_go(shop, answer, login, password)
    assert PASSWORD not in refused.value.failure.sentence
    return refused.value


def test_a_release_is_kept_with_who_why_and_what(shop: Shop) -> None:
    shop.add_user()
    answer = shop.check(cnpj(1))
    shop.clock.now += timedelta(minutes=30)
    released = let_go(shop, answer, why=f"  {WHY} ")
    assert (released.login, released.name, released.reason, released.at) == ("ana", "Ana", WHY, shop.clock())
    assert answer.overdue is not None
    assert released.instalments == answer.overdue.instalments == (1,)
    kept = shop.kept(answer)
    assert kept.release == released
    assert (kept.row.allowed, kept.row.release_needed, kept.row.released) == (False, True, True)
    (entry,) = shop.audited(f"avaliacoes/{answer.check_id}")
    assert entry.what == f"avaliação {answer.check_id}: liberada por ana, {cnpj(1).named}"
    assert (entry.actor, entry.new, entry.old) == ("balcão 1", WHY, answer.reasons[0])
    assert PASSWORD not in repr(shop.audited(""))
    again = refusal(shop, answer)
    assert again.refusal is Refusal.ALREADY
    assert "já foi liberada por ana" in again.failure.what


def test_the_sale_goes_on_by_the_release(shop: Shop) -> None:
    shop.add_user()
    shop.place.save({ANP_ORDER_CONSULT: False})
    answer = shop.check(cnpj(1))
    assert not shop.check(cnpj(1), OrderKind.ORDER, previous_id=answer.check_id).allowed
    let_go(shop, answer)
    assert shop.check(cnpj(1), OrderKind.ORDER, previous_id=answer.check_id).allowed


def test_what_could_not_be_checked_may_be_released_too_and_covers_only_that(shop: Shop) -> None:
    shop.add_user()
    shop.clock.now = NOON + timedelta(hours=73)
    answer = shop.check(cnpj(1))
    assert let_go(shop, answer).instalments == ()
    sale = shop.check(cnpj(1), OrderKind.ORDER, previous_id=answer.check_id)
    assert sale.allowed
    assert f"sem verificação foi liberada na avaliação {answer.check_id}" in sale.reasons[0]
    shop.tell(told(cnpj(1)))
    assert not shop.check(cnpj(1), OrderKind.ORDER, previous_id=answer.check_id).allowed


@pytest.mark.parametrize("why", ["", "  \n", "x" * 301])
def test_a_reason_is_needed(shop: Shop, why: str) -> None:
    shop.add_user()
    answer = shop.check(cnpj(1))
    with pytest.raises(InvalidValue):
        let_go(shop, answer, why=why)
    assert shop.kept(answer).release is None


def test_only_what_needs_it_can_be_released(shop: Shop) -> None:
    shop.add_user()
    customer = shop.place.add(1)
    allowed = shop.check(cnpj(2))
    fine = refusal(shop, allowed)
    assert (fine.refusal, fine.failure.what) == (
        Refusal.NOT_NEEDED,
        f"A avaliação {allowed.check_id} já foi permitida.",
    )
    shop.place.save({OVERDUE_ACTION: OverdueAction.BLOCK})
    assert refusal(shop, shop.check(cnpj(1))).refusal is Refusal.NOT_NEEDED
    shop.place.save({OVERDUE_ACTION: OverdueAction.RELEASE, ANP_ORDER_CONSULT: False})
    pre_sale = shop.check(cnpj(1))
    with shop.place.database.writing() as connection:
        manual_blocks.block(connection, customer, "Cheque devolvido", actor=ACTOR, at=shop.clock())
    blocked = shop.check(cnpj(1), OrderKind.ORDER, previous_id=pre_sale.check_id)
    assert (blocked.allowed, blocked.release_needed) == (False, False)
    assert "por outro motivo" in refusal(shop, blocked).failure.what
    with pytest.raises(NotReleased) as unknown:
        release(shop.place.database, 999, "ana", PASSWORD, WHY, counter_id=None, actor="balcão 1", now=shop.clock())
    assert unknown.value.refusal is Refusal.UNKNOWN


def test_after_half_an_hour_it_must_be_checked_again(shop: Shop) -> None:
    shop.add_user()
    answer = shop.check(cnpj(1))
    shop.clock.now += timedelta(minutes=30, seconds=1)
    late = refusal(shop, answer)
    assert late.refusal is Refusal.TOO_LATE
    assert "passaram mais de 30 minutos" in late.failure.sentence


def test_only_who_has_the_permission_releases(shop: Shop) -> None:
    shop.add_user("rui", releases=False)
    answer = shop.check(cnpj(1))
    assert refusal(shop, answer, "rui").refusal is Refusal.NOT_ALLOWED
    (entry,) = shop.audited(f"avaliacoes/{answer.check_id}")
    assert (entry.what, entry.new) == (
        f"avaliação {answer.check_id}: liberação recusada",
        "rui não tem permissão para liberar",
    )
    assert shop.kept(answer).release is None


def test_wrong_passwords_are_counted_and_every_try_is_audited(shop: Shop) -> None:
    shop.add_user()
    answer = shop.check(cnpj(1))
    nobody = refusal(shop, answer, "senha digitada no lugar do login")
    for _ in range(3):
        wrong = refusal(shop, answer, password="errada errada")
        assert wrong.refusal is Refusal.WRONG_PASSWORD
        assert wrong.failure == nobody.failure
    waiting = refusal(shop, answer)
    assert (waiting.refusal, waiting.wait_s) == (Refusal.MUST_WAIT, 30)
    assert "Espere 30 segundos e tente de novo." in waiting.failure.sentence
    entries = shop.audited(f"avaliacoes/{answer.check_id}")
    assert [entry.new for entry in entries] == [
        "senhas erradas demais: espera de 30 segundos",
        *["login ou senha não conferem"] * 4,
    ]
    assert "senha digitada no lugar do login" not in repr(shop.audited(""))
    shop.clock.now += timedelta(seconds=30)
    assert let_go(shop, answer).login == "ana"


def test_two_people_at_once_release_it_once(shop: Shop) -> None:
    for login in ("ana", "eva", "lia"):
        shop.add_user(login)
    answer = shop.check(cnpj(1))

    def attempt(login: str) -> str:
        try:
            return let_go(shop, answer, login).login
        except NotReleased as refused:
            return refused.refusal.value

    with ThreadPoolExecutor(3) as threads:
        found = list(threads.map(attempt, ("ana", "eva", "lia")))
    kept = shop.kept(answer).release
    assert kept is not None
    assert sorted(found) == sorted([kept.login, Refusal.ALREADY.value, Refusal.ALREADY.value])


def test_what_is_kept_with_the_release_is_kept_or_lost_with_it(shop: Shop) -> None:
    shop.add_user()
    answer = shop.check(cnpj(1))

    def fail(connection: Connection, released: Released) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        release(
            shop.place.database,
            answer.check_id,
            "ana",
            PASSWORD,
            WHY,
            counter_id=None,
            actor="balcão 1",
            now=shop.clock(),
            within=fail,
        )
    assert shop.kept(answer).release is None
    assert let_go(shop, answer).login == "ana"
