"""The thread that consults ANP, alone and beside that of SEFAZ on the same database."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from pytestqt.qtbot import QtBot

import services.anp.consultation
from app.domain import AnpOutcome, Authority, FailureKind, Origin, Phase, Request, Verdict
from app.rules.pacing import Limits
from app.settings.catalog import (
    ANP_ONLINE,
    ANP_SERVICE_HOURS,
    ANP_SERVICE_INTERVAL,
    ANP_URL,
    SEFAZ_AUTOMATIC,
    SEFAZ_INTERVAL,
)
from app.working_hours import WorkingHours
from services.background import ConsultationThread
from services.demo.anp import AnpPath, DemoAnp
from services.demo.anp_scenarios import AnpScenario
from services.demo.ca import DemoAuthority
from tests.services.conftest import Place, cnpj
from tests.services.listener import Listener

Start = Callable[..., tuple[ConsultationThread, Listener]]
PATIENCE_MS = 20_000


@pytest.fixture
def anp(authority: DemoAuthority) -> Iterator[DemoAnp]:
    with DemoAnp(authority) as server:
        yield server


@pytest.fixture
def start(qtbot: QtBot) -> Iterator[Start]:
    """Starts the thread of an authority, with its listener; stops them at the end."""
    made: list[ConsultationThread] = []

    def one(
        place: Place,
        authority: Authority = Authority.ANP,
        *,
        once: bool = False,
        first: Callable[[ConsultationThread], None] = lambda thread: None,
    ) -> tuple[ConsultationThread, Listener]:
        thread = ConsultationThread(place.backoffice, authority, once=once)
        made.append(thread)
        heard = Listener(thread)
        first(thread)
        thread.start()
        return thread, heard

    yield one
    for thread in made:
        thread.stop()


def ready(place: Place, anp: DemoAnp, interval_s: int = 0) -> None:
    place.save({ANP_ONLINE: True, ANP_SERVICE_INTERVAL: interval_s, ANP_URL: anp.address(AnpPath.FUEL)})


def request(place: Place, customer: int) -> Request:
    """What the button asks of ANP."""
    return replace(place.request(customer), authority=Authority.ANP)


def patient(place: Place) -> None:
    """An ANP may take as long as in production."""
    place.backoffice.anp._client._read_timeout = 15.0


def test_the_operator_is_served_before_the_service(file_place: Place, anp: DemoAnp, qtbot: QtBot, start: Start) -> None:
    due, wanted = file_place.add(1), file_place.add(2)
    ready(file_place, anp)
    anp.scenarios |= {cnpj(number).value: AnpScenario.UPDATED for number in (1, 2)}

    def before(thread: ConsultationThread) -> None:
        thread.wake()
        thread.submit([request(file_place, wanted)])

    _, heard = start(file_place, first=before)
    qtbot.waitUntil(lambda: len(heard.results) == 2, timeout=PATIENCE_MS)
    assert heard.order() == [(Origin.OPERATOR, wanted), (Origin.SERVICE, due)]
    assert [result.finding.verdict for result in heard.results] == [AnpOutcome.UPDATED] * 2
    assert all(state.authority is Authority.ANP for state in heard.states)


def test_a_click_is_served_at_once_during_the_interval(
    file_place: Place, anp: DemoAnp, qtbot: QtBot, start: Start
) -> None:
    first, wanted = file_place.add(1), file_place.add(2)
    ready(file_place, anp, interval_s=3600)
    thread, heard = start(file_place)
    qtbot.waitUntil(lambda: thread.state.sentence.startswith("No intervalo"), timeout=PATIENCE_MS)
    thread.submit([request(file_place, wanted)])
    qtbot.waitUntil(lambda: len(heard.results) == 2, timeout=PATIENCE_MS)
    assert heard.order() == [(Origin.SERVICE, first), (Origin.OPERATOR, wanted)]


def test_cancel_interrupts_the_one_in_flight_and_refuses_those_waiting(
    file_place: Place, anp: DemoAnp, qtbot: QtBot, start: Start
) -> None:
    customers = [file_place.add(number) for number in range(1, 4)]
    file_place.save({ANP_ONLINE: True, ANP_URL: anp.address(AnpPath.FUEL), ANP_SERVICE_HOURS: never_open()})
    anp.scenarios[cnpj(1).value] = AnpScenario.TIMEOUT
    patient(file_place)
    thread, heard = start(file_place)
    thread.submit([request(file_place, customer) for customer in customers])
    qtbot.waitUntil(lambda: bool(anp.seen), timeout=PATIENCE_MS)
    started = time.monotonic()
    thread.cancel()
    qtbot.waitUntil(lambda: len(heard.results) == 1 and len(heard.refusals) == 2, timeout=PATIENCE_MS)
    assert time.monotonic() - started < 5
    failure = heard.results[0].finding.failure
    assert failure is not None
    assert failure.kind is FailureKind.CANCELLED
    assert [refusal.request.customer_id for refusal in heard.refusals] == customers[1:]


def never_open() -> WorkingHours:
    """A window of one minute, twelve hours away from now in every zone of the country."""
    far = datetime.now(UTC) + timedelta(hours=9)
    minute = far.hour * 60 + far.minute
    return WorkingHours(minute, minute + 1)


def test_a_pause_holds_the_service_and_not_the_operator(
    file_place: Place, anp: DemoAnp, qtbot: QtBot, start: Start
) -> None:
    due, wanted = file_place.add(1), file_place.add(2)
    ready(file_place, anp)
    until = datetime.now(UTC) + timedelta(hours=1)
    thread, heard = start(file_place, first=lambda thread: thread.pause(until))
    qtbot.waitUntil(lambda: thread.state.phase is Phase.PAUSED, timeout=PATIENCE_MS)
    thread.submit([request(file_place, wanted)])
    qtbot.waitUntil(lambda: len(heard.results) == 1, timeout=PATIENCE_MS)
    thread.pause(None)
    qtbot.waitUntil(lambda: len(heard.results) == 2, timeout=PATIENCE_MS)
    assert heard.order() == [(Origin.OPERATOR, wanted), (Origin.SERVICE, due)]


def test_stop_in_the_middle_of_a_consultation(file_place: Place, anp: DemoAnp, qtbot: QtBot, start: Start) -> None:
    customer = file_place.add(1)
    ready(file_place, anp)
    anp.scenarios[cnpj(1).value] = AnpScenario.TIMEOUT
    patient(file_place)
    thread, _ = start(file_place)
    qtbot.waitUntil(lambda: bool(anp.seen), timeout=PATIENCE_MS)
    started = time.monotonic()
    thread.stop()
    assert time.monotonic() - started < 5
    assert thread.isFinished()
    assert [(row.customer_id, row.verdict) for row in file_place.history()] == [(customer, AnpOutcome.FAILURE)]


def test_once_consults_all_that_is_due_and_ends(file_place: Place, anp: DemoAnp, qtbot: QtBot, start: Start) -> None:
    customers = [file_place.add(number) for number in (1, 2, 3)]
    ready(file_place, anp)
    thread, heard = start(file_place, once=True)
    qtbot.waitUntil(thread.isFinished, timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: bool(heard.states) and heard.states[-1].phase is Phase.STOPPED, timeout=PATIENCE_MS)
    assert heard.order() == [(Origin.SERVICE, customer) for customer in customers]
    assert heard.states[-2].sentence == "Nenhum cliente a consultar na ANP agora."


def test_once_outside_the_hours_ends_and_has_said_when_it_opens(
    file_place: Place, anp: DemoAnp, qtbot: QtBot, start: Start
) -> None:
    file_place.add(1)
    ready(file_place, anp)
    file_place.save({ANP_SERVICE_HOURS: never_open()})
    thread, heard = start(file_place, once=True)
    qtbot.waitUntil(thread.isFinished, timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: len(heard.states) == 2, timeout=PATIENCE_MS)
    assert heard.states[0].sentence.startswith("Fora do horário programado: volta em ")
    assert anp.seen == []


def test_both_authorities_are_consulted_at_the_same_time_on_one_database(
    place: Place, anp: DemoAnp, qtbot: QtBot, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On SQLite there is one file and one writer at a time: each waits for its turn, none gives up."""
    customers = [place.add(number) for number in range(1, 41)]
    anp.scenarios |= {cnpj(number).value: AnpScenario.UPDATED for number in customers}
    monkeypatch.setattr(services.anp.consultation, "_LIMITS", Limits(0, 0))  # as fast as both can
    ready(place, anp)
    place.save({SEFAZ_AUTOMATIC: True, SEFAZ_INTERVAL: 0})
    both = [start(place, authority) for authority in (Authority.SEFAZ, Authority.ANP)]
    qtbot.waitUntil(lambda: all(len(heard.results) == len(customers) for _, heard in both), timeout=60_000)
    for _, heard in both:
        assert sorted(result.request.customer_id or 0 for result in heard.results) == customers
        assert heard.refusals == []
        assert Phase.FAILED not in heard.phases()
    sefaz, at_anp = (heard.results for _, heard in both)
    assert {result.finding.verdict for result in sefaz} == {Verdict.ENABLED}
    assert {result.finding.verdict for result in at_anp} == {AnpOutcome.UPDATED}
    assert len(place.history()) == 2 * len(customers)
