"""Whom the ANP service consults on its own, when, and what it says while it does not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.data import customers, lease, records
from app.domain import AnpOutcome, Authority, Origin, Phase, SefazAction
from app.policies import AnpKind, AnpStatus, CustomerAction, ServiceAction
from app.settings.catalog import (
    ANP_CUSTOMER,
    ANP_KEPT,
    ANP_ONLINE,
    ANP_SERVICE_ACTION,
    ANP_SERVICE_HOURS,
    ANP_SERVICE_INTERVAL,
    ANP_SERVICE_USER,
    ANP_URL,
    ANP_URL_SECONDARY,
    ANP_VALIDITY,
)
from app.settings.snapshot import Snapshot
from app.tables import BRANCHES, CUSTOMERS, USERS
from app.working_hours import WorkingHours
from services.anp.automatic import AutomaticAnp
from services.anp.consultation import AnpConsultation
from services.automatic import Step
from services.demo.anp import AnpPath, DemoAnp
from services.demo.anp_scenarios import AnpScenario
from services.demo.ca import DemoAuthority
from tests.services.conftest import ACTOR, Clock, Place, cnpj

SATURDAY = datetime(2026, 11, 21, 16, 0, tzinfo=UTC)  # 13:00 in Brasília


@pytest.fixture
def clock() -> Clock:
    return Clock(SATURDAY)


@pytest.fixture
def anp(authority: DemoAuthority) -> Iterator[DemoAnp]:
    with DemoAnp(authority) as server:
        yield server


@pytest.fixture
def timed(place: Place, anp: DemoAnp, clock: Clock) -> Iterator[Place]:
    """The service of ANP is on and never rests, and everything goes by the clock of the test."""
    place.backoffice.anp.close()
    consultation = AnpConsultation(place.database, place.folders, clock=clock)
    place.backoffice = replace(place.backoffice, anp=consultation)
    place.save({ANP_ONLINE: True, ANP_SERVICE_INTERVAL: 0, ANP_VALIDITY: 24, ANP_URL: anp.address(AnpPath.FUEL)})
    yield place
    consultation.close()


def service(place: Place, clock: Clock, owner: str = "PC-01/1") -> AutomaticAnp:
    return AutomaticAnp(place.database, place.backoffice.anp, clock=clock, owner=owner)


def work(
    place: Place, automatic: AutomaticAnp, clock: Clock, *, lasts: timedelta = timedelta(seconds=1), most: int = 20
) -> tuple[list[int], Step]:
    """Consult while the service wants to, each taking a while: the customers in order, and the step that ended it."""
    asked: list[int] = []
    while (step := automatic.step(place.snapshot)).request is not None and len(asked) < most:
        assert step.request.customer_id is not None
        place.backoffice.anp.run(step.request, place.snapshot)
        clock.now += lasts
        automatic.asked(step.request)
        asked.append(step.request.customer_id)
    return asked, step


def answered(place: Place, customer: int, at: datetime, outcome: AnpOutcome = AnpOutcome.UPDATED) -> None:
    """As if ANP had answered then."""
    with place.database.writing() as connection:
        subject = customers.subject(connection, customer)
        assert subject is not None
        customers.note_anp(connection, subject, outcome, "", at, None)


# --- whom, in which order ---


def test_never_consulted_first_then_the_longest_ago(timed: Place, anp: DemoAnp, clock: Clock) -> None:
    first, never, longest, never_too = (timed.add(number) for number in range(1, 5))
    answered(timed, first, clock.now - timedelta(days=2))
    answered(timed, longest, clock.now - timedelta(days=9))
    asked, step = work(timed, service(timed, clock), clock)
    assert asked == [never, never_too, longest, first]
    assert [seen.cnpj for seen in anp.seen] == [cnpj(number).value for number in (2, 4, 3, 1)]
    assert (step.phase, step.sentence) == (Phase.IDLE, "Nenhum cliente a consultar na ANP agora.")
    assert step.at == clock.now + timedelta(seconds=60)
    assert not step.somebody_waits


def test_a_result_is_valid_to_the_last_second_and_then_asked_again(timed: Place, clock: Clock) -> None:
    timed.save({ANP_VALIDITY: 4})
    customer = timed.add()
    automatic = service(timed, clock)
    answered(timed, customer, clock.now)
    clock.now += timedelta(hours=4)  # 13:00 and 4 hours: 17:00:00 is still valid
    assert work(timed, automatic, clock)[0] == []
    clock.now += timedelta(seconds=1)
    assert work(timed, automatic, clock)[0] == [customer]
    assert work(timed, automatic, clock)[0] == []


def test_only_active_customers_that_anp_can_know_are_asked(timed: Place, clock: Clock) -> None:
    timed.add(1, cadastro_anp=AnpKind.NONE)
    timed.add(2, document="52998224725")
    inactive, wanted = timed.add(3), timed.add(4, cadastro_anp=AnpKind.GLP)
    with timed.database.writing() as connection:
        records.set_active(connection, CUSTOMERS, inactive, False, ACTOR)
    assert work(timed, service(timed, clock), clock)[0] == [wanted]


def test_a_consultation_by_the_button_counts(timed: Place, clock: Clock) -> None:
    customer = timed.add()
    request = replace(timed.request(customer, apply=False), authority=Authority.ANP)
    timed.backoffice.anp.run(request, timed.snapshot)
    assert work(timed, service(timed, clock), clock)[0] == []


def test_a_failure_does_not_count_and_is_tried_again_later(timed: Place, anp: DemoAnp, clock: Clock) -> None:
    customer, other = timed.add(1), timed.add(2)
    anp.scenarios[cnpj(1).value] = AnpScenario.UNAVAILABLE
    automatic = service(timed, clock)
    assert work(timed, automatic, clock)[0] == [customer, other]
    clock.now += timedelta(minutes=29)
    asked, step = work(timed, automatic, clock)
    assert asked == []
    assert "válida" not in step.sentence  # one customer has no answer at all
    anp.scenarios.clear()
    clock.now += timedelta(minutes=2)
    assert work(timed, automatic, clock)[0] == [customer]


# --- what it does with the answer ---


@pytest.mark.parametrize(
    ("action", "blocked"), [(ServiceAction.CONSULT, False), (ServiceAction.CONSULT_AND_BLOCK, True)]
)
def test_only_consult_or_apply(timed: Place, anp: DemoAnp, clock: Clock, action: ServiceAction, blocked: bool) -> None:
    customer = timed.add()
    timed.save({ANP_SERVICE_ACTION: action, ANP_CUSTOMER[AnpStatus.NOT_FOUND]: CustomerAction.BLOCK})
    anp.scenarios[cnpj(1).value] = AnpScenario.NOT_FOUND
    work(timed, service(timed, clock), clock)
    (row,) = timed.history(customer)
    assert (row.authority, row.origin, row.verdict) == (Authority.ANP, Origin.SERVICE, AnpOutcome.NOT_FOUND)
    assert row.applied is blocked
    assert bool(timed.blocks(customer)) is blocked


def test_it_consults_in_the_name_of_the_user_in_the_settings(timed: Place, clock: Clock) -> None:
    timed.add(1)
    automatic = service(timed, clock)
    step = automatic.step(timed.snapshot)
    assert step.sentence == "Consultando Posto 1."
    assert step.request is not None
    assert step.request.user == "Serviço de consulta"
    with timed.database.writing() as connection:
        user = records.add(connection, USERS, {"login": "anp", "nome": "Serviço ANP"}, Snapshot(), ACTOR)
    timed.save({ANP_SERVICE_USER: user})
    work(timed, automatic, clock)
    assert [row.user for row in timed.history()] == ["Serviço ANP"]


def test_the_newest_are_kept_and_those_of_sefaz_too(timed: Place, clock: Clock) -> None:
    timed.save({ANP_KEPT: 3, ANP_VALIDITY: 1})
    customer, other = timed.add(1, acao_sefaz=SefazAction.NOTHING), timed.add(2)
    timed.consult(customer)
    automatic = service(timed, clock)
    for _ in range(5):
        assert work(timed, automatic, clock)[0] == [customer, other]
        clock.now += timedelta(hours=2)
    rows = timed.history(customer)
    assert [row.authority for row in rows] == [Authority.ANP] * 3 + [Authority.SEFAZ]
    times = [row.asked_at for row in rows[:3]]
    assert times == sorted(times, reverse=True)
    assert clock.now - times[-1] < timedelta(hours=7)
    assert len(timed.history(other)) == 3


# --- when ---


def test_the_interval_counts_from_the_end_of_the_last_one(timed: Place, clock: Clock) -> None:
    first, second = timed.add(1), timed.add(2)
    timed.save({ANP_SERVICE_INTERVAL: 60})
    automatic = service(timed, clock)
    asked, step = work(timed, automatic, clock, lasts=timedelta(seconds=9))
    assert asked == [first]
    assert (step.phase, step.somebody_waits) == (Phase.IDLE, True)
    assert step.sentence == "No intervalo entre uma consulta e outra."
    assert step.at == clock.now + timedelta(seconds=60)
    automatic.look_now()  # saving settings must not make it faster
    clock.now += timedelta(seconds=59)
    assert work(timed, automatic, clock)[0] == []
    clock.now += timedelta(seconds=1)
    assert work(timed, automatic, clock)[0] == [second]


NIGHT = WorkingHours(22 * 60, 6 * 60, frozenset(range(5)))  # 22:00 to 06:00, from Monday to Friday


@pytest.mark.parametrize(
    ("uf", "moment", "opens"),
    [
        ("SP", "2026-11-21T08:59Z", None),  # Saturday 05:59: Friday's night
        ("SP", "2026-11-21T09:00Z", "2026-11-24T01:00Z"),
        ("SP", "2026-11-24T00:59Z", "2026-11-24T01:00Z"),  # Monday 21:59
        ("SP", "2026-11-24T01:00Z", None),
        ("AM", "2026-11-21T09:00Z", None),  # Manaus, an hour behind: 05:00
        ("AM", "2026-11-21T10:00Z", "2026-11-24T02:00Z"),
        ("AC", "2026-11-21T10:59Z", None),  # Rio Branco, two hours behind
        ("AC", "2026-11-21T11:00Z", "2026-11-24T03:00Z"),
    ],
)
def test_it_works_within_its_hours_by_the_clocks_of_the_branch(
    timed: Place, clock: Clock, uf: str, moment: str, opens: str | None
) -> None:
    with timed.database.writing() as connection:
        branch = records.find(connection, BRANCHES, timed.branch)
        assert branch is not None
        zone = {"SP": "America/Sao_Paulo", "AM": "America/Manaus", "AC": "America/Rio_Branco"}[uf]
        records.change(connection, BRANCHES, timed.branch, {"uf": uf, "fuso": zone}, ACTOR)
    customer = timed.add()
    timed.save({ANP_SERVICE_HOURS: NIGHT})
    clock.now = datetime.fromisoformat(moment)
    asked, step = work(timed, service(timed, clock), clock)
    if opens is None:
        assert asked == [customer]
        return
    assert asked == []
    assert (step.phase, step.somebody_waits) == (Phase.IDLE, False)
    assert step.at == datetime.fromisoformat(opens)
    assert step.sentence == "Fora do horário programado: volta em 23/11 às 22:00."


# --- why not ---


def test_turned_off_it_says_so(timed: Place, clock: Clock) -> None:
    timed.add()
    timed.save({ANP_ONLINE: False})
    step = service(timed, clock).step(timed.snapshot)
    assert (step.phase, step.request) == (Phase.STOPPED, None)
    assert step.sentence == "A consulta on-line à ANP está desligada nas configurações."


def test_one_computer_at_a_time(timed: Place, clock: Clock) -> None:
    timed.add()
    working, waiting = service(timed, clock, "PC-01/1"), service(timed, clock, "PC-02/1")
    assert working.step(timed.snapshot).request is not None
    step = waiting.step(timed.snapshot)
    assert (step.phase, step.sentence, step.request) == (Phase.ELSEWHERE, "Serviço ativo em PC-01.", None)
    with timed.database.reading() as connection:
        assert lease.holder(connection, Authority.SEFAZ.value) is None  # the lease of SEFAZ is another
    working.release()
    clock.now += timedelta(seconds=1)
    assert waiting.step(timed.snapshot).request is not None


def test_anp_is_left_alone_as_long_as_it_asks(
    timed: Place, anp: DemoAnp, authority: DemoAuthority, clock: Clock
) -> None:
    customer, other = timed.add(1), timed.add(2)
    anp.scenarios[cnpj(1).value] = AnpScenario.THROTTLED  # Retry-After: 30
    automatic = service(timed, clock)
    asked, step = work(timed, automatic, clock)
    assert asked == [customer]
    assert (step.phase, step.somebody_waits) == (Phase.IDLE, True)
    assert step.sentence.startswith("A ANP pediu para esperar até ")
    again = step.at
    assert timedelta(seconds=28) <= again - clock.now <= timedelta(seconds=31)
    restarted = service(timed, clock, "PC-01/2")
    automatic.release()
    clock.now = again - timedelta(seconds=0.5)
    assert restarted.step(timed.snapshot).request is None
    clock.now = again
    assert work(timed, restarted, clock)[0] == [other]


def test_while_one_address_rests_the_other_answers(timed: Place, anp: DemoAnp, clock: Clock) -> None:
    first, second = timed.add(1), timed.add(2)
    timed.save({ANP_URL_SECONDARY: anp.address(AnpPath.MAP)})
    anp.faults |= {(AnpPath.FUEL, cnpj(1).value): AnpScenario.THROTTLED}
    assert work(timed, service(timed, clock), clock)[0] == [first, second]
    assert [(seen.path, seen.cnpj) for seen in anp.seen] == [
        (AnpPath.FUEL, cnpj(1).value),
        (AnpPath.MAP, cnpj(1).value),
        (AnpPath.MAP, cnpj(2).value),
    ]


def test_three_technical_failures_in_a_row_stop_it_for_half_an_hour(timed: Place, anp: DemoAnp, clock: Clock) -> None:
    everybody = [timed.add(number) for number in range(1, 5)]
    anp.down.add(AnpPath.FUEL)
    automatic = service(timed, clock)
    asked, step = work(timed, automatic, clock)
    assert asked == everybody[:3]
    assert (step.phase, step.somebody_waits) == (Phase.ATTENTION, True)
    assert step.sentence.startswith("3 falhas técnicas seguidas: nova consulta só depois de ")
    last = timed.history()[0].asked_at
    assert step.at == last + timedelta(minutes=30)
    anp.down.clear()
    clock.now = step.at + timedelta(seconds=1)
    assert work(timed, automatic, clock)[0] == everybody


def test_the_customer_set_aside_has_its_turn_the_next_day(timed: Place, clock: Clock) -> None:
    hopeless, other = timed.add(1), timed.add(2)
    automatic = service(timed, clock)
    step = automatic.step(timed.snapshot)
    assert step.request is not None
    assert step.request.customer_id == hopeless
    automatic.set_aside(step.request)
    assert work(timed, automatic, clock)[0] == [other]
    assert timed.row(hopeless).tried_at is None  # at SEFAZ nothing changed
    clock.now += timedelta(days=1)
    assert hopeless in work(timed, automatic, clock)[0]
