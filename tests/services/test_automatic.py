"""Whom the service consults on its own, when, and what it says while it does not."""

from __future__ import annotations

import platform
import random
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from threading import Thread

import pytest
from sqlalchemy import text

from app.data import lease, records
from app.data.database import Database
from app.domain import Authority, Origin, Phase, Verdict
from app.settings.catalog import (
    SEFAZ_AUTOMATIC,
    SEFAZ_BATCH,
    SEFAZ_BRANCH,
    SEFAZ_INTERVAL,
    SEFAZ_PERIOD,
    SEFAZ_USER,
)
from app.settings.draft import RESTORE
from app.settings.snapshot import Snapshot
from app.tables import CUSTOMERS, USERS
from services.automatic import Step, owner_name
from services.consultation import NotYet
from services.demo.scenarios import Scenario
from services.sefaz.automatic import AutomaticSefaz
from services.sefaz.consultation import SefazConsultation
from services.sefaz.endpoints import save_override
from tests.services.conftest import ACTOR, Clock, Place, cnpj

TOMORROW_NOON = (datetime.now(UTC) + timedelta(days=1)).replace(hour=15, minute=0, second=0, microsecond=0)


@pytest.fixture
def clock() -> Clock:
    return Clock(TOMORROW_NOON)


def service(place: Place, clock: Clock, owner: str = "PC-01/1") -> AutomaticSefaz:
    return AutomaticSefaz(place.database, place.backoffice.sefaz, clock=clock, owner=owner)


def work(place: Place, automatic: AutomaticSefaz, most: int = 50) -> tuple[list[int], Step]:
    """Consult while the service wants to: the customers in order, and the step that ended it."""
    asked: list[int] = []
    while (step := automatic.step(place.snapshot)).request is not None and len(asked) < most:
        assert step.request.customer_id is not None
        place.backoffice.sefaz.run(step.request, place.snapshot)
        automatic.asked(step.request)
        asked.append(step.request.customer_id)
    return asked, step


# --- why it does not work ---


def test_turned_off_it_says_so(timed: Place, clock: Clock) -> None:
    timed.add()
    timed.save({SEFAZ_AUTOMATIC: False})
    step = service(timed, clock).step(timed.snapshot)
    assert (step.phase, step.request) == (Phase.STOPPED, None)
    assert "desligada" in step.sentence


def test_without_a_branch_it_says_so(timed: Place, clock: Clock) -> None:
    timed.add()
    timed.save({SEFAZ_BRANCH: RESTORE})
    step = service(timed, clock).step(timed.snapshot)
    assert (step.phase, step.request, step.sentence) == (
        Phase.FAILED,
        None,
        "Falta escolher a Filial que consulta a SEFAZ.",
    )


def test_without_a_certificate_or_after_its_end_it_says_so(timed: Place, clock: Clock) -> None:
    timed.add()
    clock.now += timedelta(days=400)
    step = service(timed, clock).step(timed.snapshot)
    assert (step.phase, step.request) == (Phase.FAILED, None)
    assert "venceu em" in step.sentence
    with timed.database.writing() as connection:
        connection.execute(text("DELETE FROM certificate_key"))
        connection.execute(text("DELETE FROM branch_certificate"))
    step = service(timed, clock).step(timed.snapshot)
    assert (step.phase, step.request) == (Phase.FAILED, None)
    assert "não tem certificado digital instalado" in step.sentence


def test_the_service_of_another_computer_is_named_and_taken_over_when_released(timed: Place, clock: Clock) -> None:
    timed.add()
    other, mine = service(timed, clock, "PC-02/77"), service(timed, clock)
    assert other.step(timed.snapshot).request is not None
    step = mine.step(timed.snapshot)
    assert (step.phase, step.sentence, step.request) == (Phase.ELSEWHERE, "Serviço ativo em PC-02.", None)
    other.release()
    assert mine.step(timed.snapshot).request is not None


def test_another_program_on_this_computer_is_not_called_another_computer(timed: Place, clock: Clock) -> None:
    timed.add()
    assert service(timed, clock, f"{platform.node()}/0").step(timed.snapshot).request is not None
    step = service(timed, clock).step(timed.snapshot)
    assert (step.phase, step.request) == (Phase.ELSEWHERE, None)
    assert step.sentence.startswith("Outro Retaguarda neste computador está com o serviço")


def test_the_service_of_windows_of_this_computer_is_told_as_such(timed: Place, clock: Clock) -> None:
    timed.add()
    mine = service(timed, clock)
    assert service(timed, clock, owner_name(as_service=True)).step(timed.snapshot).request is not None
    step = mine.step(timed.snapshot)
    assert (step.phase, step.request) == (Phase.ELSEWHERE, None)
    assert step.sentence == "Serviço ativo neste computador, como serviço do Windows."


def test_that_of_another_computer_is_told_by_its_name_alone(timed: Place, clock: Clock) -> None:
    timed.add()
    assert service(timed, clock, "PC-02/servico/77").step(timed.snapshot).request is not None
    assert service(timed, clock).step(timed.snapshot).sentence == "Serviço ativo em PC-02."


def test_a_dead_owner_is_replaced_when_its_lease_ends(timed: Place, clock: Clock) -> None:
    timed.add()
    with timed.database.writing() as connection:
        assert lease.take(connection, Authority.SEFAZ.value, "PC-02/77", clock())
    mine = service(timed, clock)
    assert mine.step(timed.snapshot).phase is Phase.ELSEWHERE
    if timed.database.is_sqlite:
        clock.now += lease.DURATION
    else:  # there the server's own clock decides
        with timed.database.writing() as connection:
            connection.execute(text("UPDATE lease SET until = now()"))
    assert mine.step(timed.snapshot).request is not None


# --- whom, and in which order ---


def test_never_answered_first_then_the_longest_ago(timed: Place, clock: Clock) -> None:
    first, second, third, never = (timed.add(number) for number in range(1, 5))
    for customer in (third, first, second):
        clock.now += timedelta(minutes=1)
        timed.consult(customer)
    clock.now += timedelta(days=30)
    asked, step = work(timed, service(timed, clock))
    assert asked == [never, third, first, second]
    assert step.phase is Phase.IDLE


def test_only_active_customers_enabled_for_it_are_asked(timed: Place, clock: Clock) -> None:
    timed.add(1, consulta_automatica=False)
    inactive, wanted = timed.add(2), timed.add(3)
    timed.add(4, uf="MA")  # which has no service
    with timed.database.writing() as connection:
        records.set_active(connection, CUSTOMERS, inactive, False, ACTOR)
    assert work(timed, service(timed, clock))[0] == [wanted]


def test_a_manual_consultation_counts_for_the_period_and_days_are_of_the_calendar(timed: Place, clock: Clock) -> None:
    timed.save({SEFAZ_PERIOD: 2})
    customer = timed.add()
    clock.now = clock.now.replace(hour=20)
    timed.consult(customer)
    automatic = service(timed, clock)
    assert work(timed, automatic)[0] == []
    clock.now = clock.now.replace(hour=15) + timedelta(days=1)
    assert work(timed, automatic)[0] == []
    clock.now += timedelta(days=1)  # five hours short of 48, two days by the calendar
    assert work(timed, automatic)[0] == [customer]
    assert [row.origin for row in timed.history(customer)] == [Origin.SERVICE, Origin.OPERATOR]


def test_a_failure_does_not_count_and_is_tried_again_later(timed: Place, clock: Clock) -> None:
    customer = timed.add()
    timed.sefaz.scenarios[cnpj(1).value] = Scenario.HTTP_503
    automatic = service(timed, clock)
    assert work(timed, automatic)[0] == [customer]
    clock.now += timedelta(minutes=29)
    assert work(timed, automatic)[0] == []
    timed.sefaz.scenarios.clear()
    clock.now += timedelta(minutes=10)
    assert work(timed, automatic)[0] == [customer]
    assert timed.row(customer).verdict is Verdict.ENABLED


def test_a_document_that_sefaz_refuses_waits_for_the_registration(timed: Place, clock: Clock) -> None:
    customer = timed.add()
    timed.sefaz.scenarios[cnpj(1).value] = Scenario.INVALID_DOCUMENT
    automatic = service(timed, clock)
    assert work(timed, automatic)[0] == [customer]
    clock.now += timedelta(days=90)
    assert work(timed, automatic)[0] == []
    with timed.database.writing() as connection:
        records.change(connection, CUSTOMERS, customer, {"documento": cnpj(2).key}, ACTOR)
    automatic.look_now()
    assert work(timed, automatic)[0] == [customer]
    assert timed.row(customer).verdict is Verdict.ENABLED


def test_what_it_finds_is_applied_in_the_name_of_the_user_in_the_settings(timed: Place, clock: Clock) -> None:
    first, second = timed.add(1), timed.add(2)
    timed.sefaz.scenarios |= {cnpj(1).value: Scenario.DISABLED, cnpj(2).value: Scenario.DISABLED}
    automatic = service(timed, clock)
    step = automatic.step(timed.snapshot)
    assert step.sentence == "Consultando Posto 1."
    assert step.request is not None
    timed.backoffice.sefaz.run(step.request, timed.snapshot)
    with timed.database.writing() as connection:
        user = records.add(connection, USERS, {"login": "noturno", "nome": "Serviço noturno"}, Snapshot(), ACTOR)
    timed.save({SEFAZ_USER: user})
    work(timed, automatic)
    assert [row.user for row in timed.history()] == ["Serviço noturno", "Serviço de consulta"]
    assert [timed.blocks(customer)[0].by for customer in (first, second)] == [
        "Serviço de consulta",
        "Serviço noturno",
    ]


# --- how fast ---


def test_new_customers_are_noticed_at_the_next_batch_or_when_told_to_look(timed: Place, clock: Clock) -> None:
    timed.save({SEFAZ_BATCH: 10})
    automatic = service(timed, clock)
    step = automatic.step(timed.snapshot)
    noon = clock.now + timedelta(minutes=10)
    assert step.at == noon
    assert step.sentence == f"Nenhum cliente no prazo. Próxima verificação às {step.at.astimezone():%H:%M}."
    first = timed.add(1)
    clock.now += timedelta(minutes=9, seconds=59)
    assert automatic.step(timed.snapshot).at == noon
    clock.now += timedelta(seconds=1)
    assert work(timed, automatic)[0] == [first]
    second = timed.add(2)
    assert work(timed, automatic)[0] == []
    automatic.look_now()
    assert work(timed, automatic)[0] == [second]


@pytest.mark.parametrize(("setting", "authorizer", "pause"), [(7, 3.0, 7), (1, 4.0, 4)])
def test_the_pause_is_the_longer_of_the_setting_and_the_authorizer(
    timed: Place, clock: Clock, setting: int, authorizer: float, pause: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(random, "random", lambda: 0.0)
    timed.add(1)
    timed.add(2)
    timed.save({SEFAZ_INTERVAL: setting})
    save_override(timed.folders.endpoints_file, "SP", {"intervalo_s": authorizer})
    automatic = service(timed, clock)
    asked, step = work(timed, automatic)
    assert asked == [1]
    assert step.at == clock.now + timedelta(seconds=pause)
    assert (step.phase, step.somebody_waits) == (Phase.IDLE, True)
    automatic.look_now()  # saving settings must not make it faster
    clock.now += timedelta(seconds=pause - 0.001)
    assert work(timed, automatic)[0] == []
    clock.now += timedelta(seconds=0.001)
    assert work(timed, automatic)[0] == [2]


def test_the_limit_per_minute_of_svrs_counts_all_its_states(timed: Place, clock: Clock) -> None:
    for number, uf in enumerate(("RS", "SC", "PB", "RN"), 1):
        timed.add(number, uf)
        save_override(timed.folders.endpoints_file, uf, {"por_minuto": 3})
    asked, step = work(timed, service(timed, clock))
    assert asked == [1, 2, 3]
    assert step.at == clock.now + timedelta(minutes=1)
    assert "3 consultas por minuto" in step.sentence


def test_a_blocked_authorizer_leaves_the_turn_to_another_state(timed: Place, clock: Clock) -> None:
    limited, waiting, free = timed.add(1, "RS"), timed.add(2, "SC"), timed.add(3, "GO")
    timed.sefaz.scenarios[cnpj(1).value] = Scenario.LIMIT
    automatic = service(timed, clock)
    asked, step = work(timed, automatic)
    assert asked == [limited, free]
    assert step.phase is Phase.ATTENTION
    assert "consumo indevido" in step.sentence
    assert step.at == clock.now + timedelta(minutes=65)
    timed.sefaz.scenarios.clear()
    clock.now = step.at
    assert set(work(timed, automatic)[0]) == {limited, waiting}


def test_three_technical_failures_in_a_row_stop_that_authorizer_for_half_an_hour(timed: Place, clock: Clock) -> None:
    for number in range(1, 5):
        timed.add(number)
        timed.sefaz.scenarios[cnpj(number).value] = Scenario.SOAP_12_FAULT
    other = timed.add(5, "GO")
    automatic = service(timed, clock)
    asked, step = work(timed, automatic)
    assert asked == [1, 2, 3, other]
    assert step.phase is Phase.ATTENTION
    assert step.sentence == "3 falhas técnicas seguidas: nova consulta só depois de " + (
        f"{(clock.now + timedelta(minutes=30)).astimezone():%H:%M}."
    )
    timed.sefaz.scenarios.clear()
    with pytest.raises(NotYet, match="3 falhas técnicas seguidas"):
        timed.consult(4)
    clock.now += timedelta(minutes=30)
    automatic.look_now()
    assert work(timed, automatic)[0] == [1, 2, 3, 4]


def test_nobody_is_consulted_twice_by_two_computers(automatic_place: Place) -> None:
    """Each has its own connections and hands the service over after every consultation."""
    place, customers = automatic_place, 30
    for number in range(1, customers + 1):
        place.add(number)
    url = place.database.engine.url
    give_up = time.monotonic() + 30
    answered: Counter[str] = Counter()

    def computer(name: str) -> None:
        database = Database(url)
        consultation = SefazConsultation(database, place.folders)
        automatic = AutomaticSefaz(database, consultation, owner=f"{name}/1")
        snapshot = place.snapshot
        while sum(answered.values()) < customers and time.monotonic() < give_up:
            automatic.look_now()
            step = automatic.step(snapshot)
            if step.request is not None:
                consultation.run(step.request, snapshot)
                answered[name] += 1
                automatic.release()
            time.sleep(0.002)
        consultation.close()
        database.close()

    threads = [Thread(target=computer, args=(name,), name=name) for name in ("PC-01", "PC-02")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(row.customer_id for row in place.history()) == dict.fromkeys(range(1, customers + 1), 1)
    assert len(answered) == 2
