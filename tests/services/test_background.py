"""The consulting thread: the operator first, cancel, pause, stop; every outcome told by a signal in the GUI thread."""

from __future__ import annotations

import ast
import itertools
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

import services.background
from app.data import pace
from app.domain import Decision, Document, FailureKind, Origin, Phase, Request, Verdict
from app.settings.catalog import SEFAZ_AUTOMATIC, SEFAZ_INTERVAL
from services.background import ConsultationThread
from services.demo.ca import DemoAuthority
from services.demo.scenarios import Scenario
from services.demo.sefaz import DemoSefaz
from services.sefaz.consultation import SefazConsultation
from services.sefaz.endpoints import save_override
from tests.services.conftest import CNPJ, Place, cnpj
from tests.services.listener import Listener

Make = Callable[..., tuple[ConsultationThread, Listener]]


@pytest.fixture
def make(qtbot: QtBot) -> Iterator[Make]:
    """Makes threads, not started, each with its listener; stops them at the end."""
    made: list[ConsultationThread] = []

    def one(place: Place, *, once: bool = False) -> tuple[ConsultationThread, Listener]:
        thread = ConsultationThread(place.backoffice, once=once)
        made.append(thread)
        return thread, Listener(thread)

    yield one
    for thread in made:
        thread.stop()


def hang(place: Place, number: int = 1) -> None:
    place.sefaz.scenarios[cnpj(number).value] = Scenario.TIMEOUT


def patient(place: Place) -> None:
    """A SEFAZ may take as long as in production."""
    place.backoffice.sefaz._read_timeout = 45.0


def test_the_operator_is_served_before_the_service_and_in_order(file_place: Place, qtbot: QtBot, make: Make) -> None:
    due = file_place.add(1)
    wanted = [file_place.add(number, consulta_automatica=False) for number in range(2, 6)]
    file_place.save({SEFAZ_AUTOMATIC: True, SEFAZ_INTERVAL: 0})
    thread, heard = make(file_place)
    thread.wake()
    thread.submit([file_place.request(customer) for customer in wanted])
    thread.start()
    qtbot.waitUntil(lambda: len(heard.results) == 5)
    assert heard.order() == [*((Origin.OPERATOR, customer) for customer in wanted), (Origin.SERVICE, due)]
    assert heard.started == [result.request for result in heard.results]


def test_a_click_is_served_at_once_during_the_pause_of_the_service(file_place: Place, qtbot: QtBot, make: Make) -> None:
    for number in (1, 2):
        file_place.add(number)
    wanted = file_place.add(3, consulta_automatica=False)
    file_place.save({SEFAZ_AUTOMATIC: True, SEFAZ_INTERVAL: 3600})
    thread, heard = make(file_place)
    thread.start()
    qtbot.waitUntil(lambda: bool(heard.states) and heard.states[-1].sentence.startswith("No intervalo"))
    pause = heard.states[-1].next_at
    started = time.monotonic()
    with qtbot.waitSignal(thread.finished_one):
        thread.submit([file_place.request(wanted)])
    assert time.monotonic() - started < 10
    qtbot.waitUntil(lambda: heard.states[-1].phase is Phase.IDLE)
    assert heard.states[-1].next_at == pause
    with qtbot.waitSignal(thread.state_changed, raising=False, timeout=300):
        thread.wake()
    assert heard.order() == [(Origin.SERVICE, 1), (Origin.OPERATOR, wanted)]


def test_cancel_interrupts_the_one_in_flight_and_refuses_those_waiting(
    file_place: Place, qtbot: QtBot, make: Make
) -> None:
    patient(file_place)
    customers = [file_place.add(number) for number in range(1, 5)]
    hang(file_place)
    thread, heard = make(file_place)
    thread.start()
    thread.submit([file_place.request(customer) for customer in customers])
    qtbot.waitUntil(lambda: bool(file_place.sefaz.seen))
    started = time.monotonic()
    thread.cancel()
    qtbot.waitUntil(lambda: len(heard.refusals) == 3)
    assert time.monotonic() - started < 10
    (result,) = heard.results
    assert result.finding.failure is not None
    assert result.finding.failure.kind is FailureKind.CANCELLED
    assert file_place.row(customers[0]).verdict is None
    assert [refusal.request.customer_id for refusal in heard.refusals] == customers[1:]
    assert {refusal.failure.kind for refusal in heard.refusals} == {FailureKind.CANCELLED}
    file_place.sefaz.scenarios.clear()
    thread.submit([file_place.request(customers[0])])
    qtbot.waitUntil(lambda: len(heard.results) == 2)
    assert heard.results[-1].finding.verdict is Verdict.ENABLED


def test_cancel_does_not_interrupt_the_consultation_of_the_service(file_place: Place, qtbot: QtBot, make: Make) -> None:
    file_place.add(1)
    other = file_place.add(2, consulta_automatica=False)
    file_place.sefaz.scenarios[cnpj(1).value] = Scenario.SLOW
    file_place.save({SEFAZ_AUTOMATIC: True})
    thread, heard = make(file_place)
    thread.start()
    qtbot.waitUntil(lambda: bool(file_place.sefaz.seen))
    thread.submit([file_place.request(other)])
    thread.cancel()
    qtbot.waitUntil(lambda: bool(heard.results) and bool(heard.refusals))
    assert heard.results[0].finding.verdict is Verdict.ENABLED
    assert heard.refusals[0].request.customer_id == other


def test_a_wait_for_the_turn_of_the_authorizer_can_be_cancelled(file_place: Place, qtbot: QtBot, make: Make) -> None:
    customer = file_place.add()
    save_override(file_place.folders.endpoints_file, "SP", {"intervalo_s": 40.0})
    file_place.consult(customer)
    thread, heard = make(file_place)
    thread.start()
    thread.submit([file_place.request(customer)])
    qtbot.waitUntil(lambda: Phase.WORKING in heard.phases())
    thread.cancel()
    qtbot.waitUntil(lambda: bool(heard.refusals), timeout=20_000)
    assert heard.refusals[0].failure.kind is FailureKind.CANCELLED
    assert len(file_place.sefaz.seen) == 1


def test_a_turn_too_far_away_is_refused_with_the_hour(file_place: Place, qtbot: QtBot, make: Make) -> None:
    customer = file_place.add()
    save_override(file_place.folders.endpoints_file, "SP", {"intervalo_s": 600.0})
    file_place.consult(customer)
    thread, heard = make(file_place)
    thread.start()
    with qtbot.waitSignal(thread.refused_one):
        thread.submit([file_place.request(customer)])
    failure = heard.refusals[0].failure
    assert failure.kind is FailureKind.TOO_SOON
    with file_place.database.reading() as connection:
        turn = pace.read(connection, CNPJ, "SP").next_at
    assert turn is not None
    asked_at = file_place.history()[0].asked_at
    assert timedelta(minutes=9) < turn - asked_at <= timedelta(minutes=13)
    assert f"{turn.astimezone():%H:%M:%S}" in failure.todo


def test_656_refuses_the_operator_too(file_place: Place, qtbot: QtBot, make: Make) -> None:
    limited, neighbour = file_place.add(1, "RS"), file_place.add(2, "SC")
    file_place.sefaz.scenarios[cnpj(1).value] = Scenario.LIMIT
    thread, heard = make(file_place)
    thread.start()
    thread.submit([file_place.request(limited), file_place.request(neighbour)])
    qtbot.waitUntil(lambda: bool(heard.refusals))
    assert len(heard.results) == 1
    assert heard.refusals[0].failure.kind is FailureKind.LIMIT
    assert len(file_place.sefaz.seen) == 1


def test_a_pause_holds_the_service_and_not_the_operator(file_place: Place, qtbot: QtBot, make: Make) -> None:
    due, wanted = file_place.add(1), file_place.add(2, consulta_automatica=False)
    file_place.save({SEFAZ_AUTOMATIC: True})
    thread, heard = make(file_place)
    until = datetime.now(UTC) + timedelta(hours=1)
    thread.pause(until)
    thread.start()
    qtbot.waitUntil(lambda: Phase.PAUSED in heard.phases())
    paused = heard.states[-1]
    assert (paused.paused_until, paused.next_at) == (until, until)
    assert paused.sentence == f"Em pausa até {until.astimezone():%d/%m %H:%M}."
    thread.submit([file_place.request(wanted)])
    qtbot.waitUntil(lambda: len(heard.results) == 1)
    qtbot.waitUntil(lambda: thread.state.phase is Phase.PAUSED)
    thread.pause(None)
    qtbot.waitUntil(lambda: len(heard.results) == 2)
    assert heard.order() == [(Origin.OPERATOR, wanted), (Origin.SERVICE, due)]


def test_a_pause_promises_nothing_of_a_service_that_is_switched_off(
    file_place: Place, qtbot: QtBot, make: Make
) -> None:
    due = file_place.add(1)
    thread, heard = make(file_place)
    until = datetime.now(UTC) + timedelta(hours=1)
    thread.pause(until)
    thread.start()
    qtbot.waitUntil(lambda: bool(heard.states))
    assert (thread.state.phase, thread.state.paused_until) == (Phase.STOPPED, until)
    file_place.save({SEFAZ_AUTOMATIC: True})
    thread.wake()  # switched on meanwhile, it is paused all the same
    qtbot.waitUntil(lambda: thread.state.phase is Phase.PAUSED)
    thread.pause(None)
    qtbot.waitUntil(lambda: heard.order() == [(Origin.SERVICE, due)])


def test_a_pause_that_ends_resumes_by_itself(file_place: Place, qtbot: QtBot, make: Make) -> None:
    file_place.add(1)
    file_place.save({SEFAZ_AUTOMATIC: True})
    thread, heard = make(file_place)
    thread.pause(datetime.now(UTC) + timedelta(seconds=0.3))
    thread.start()
    qtbot.waitUntil(lambda: len(heard.results) == 1)
    assert heard.phases()[0] is Phase.PAUSED


def test_saved_settings_act_when_it_is_woken(file_place: Place, qtbot: QtBot, make: Make) -> None:
    due = file_place.add(1)
    thread, heard = make(file_place)
    thread.start()
    qtbot.waitUntil(lambda: bool(heard.states))
    assert "desligada" in heard.states[-1].sentence
    assert thread.state.phase is Phase.STOPPED
    file_place.save({SEFAZ_AUTOMATIC: True})
    thread.wake()
    qtbot.waitUntil(lambda: heard.order() == [(Origin.SERVICE, due)])


def test_states_tell_what_it_is_doing(file_place: Place, qtbot: QtBot, make: Make) -> None:
    file_place.add(1)
    file_place.save({SEFAZ_AUTOMATIC: True, SEFAZ_INTERVAL: 0})
    thread, heard = make(file_place)
    thread.start()
    qtbot.waitUntil(lambda: bool(heard.states) and heard.states[-1].sentence.startswith("Nenhum cliente"))
    working = next(state for state in heard.states if state.phase is Phase.WORKING)
    assert working.sentence == "Consultando Posto 1."
    assert working.current is not None
    assert working.current.customer_id == 1
    idle = heard.states[-1]
    assert idle.last_at == heard.results[0].finding.asked_at
    assert idle.next_at is not None
    assert 500 < (idle.next_at - datetime.now(UTC)).total_seconds() <= 600
    assert idle.certificate is not None
    assert idle.certificate.cnpj == "11222333000181"
    thread.stop()
    qtbot.waitUntil(lambda: heard.states[-1].sentence == "O serviço foi encerrado.")


@pytest.mark.parametrize("scenario", [Scenario.TIMEOUT, Scenario.SLOW], ids=["nunca responde", "responde devagar"])
def test_stop_in_the_middle_of_a_consultation(file_place: Place, qtbot: QtBot, make: Make, scenario: Scenario) -> None:
    patient(file_place)
    file_place.sefaz._slow_s = 20.0
    first, second = file_place.add(1), file_place.add(2)
    file_place.sefaz.scenarios[cnpj(1).value] = scenario
    thread, heard = make(file_place)
    thread.start()
    thread.submit([file_place.request(first), file_place.request(second)])
    qtbot.waitUntil(lambda: bool(file_place.sefaz.seen))
    started = time.monotonic()
    thread.stop()
    assert time.monotonic() - started < 10
    assert thread.isFinished()
    qtbot.waitUntil(lambda: bool(heard.refusals))
    assert [refusal.request.customer_id for refusal in heard.refusals] == [second]
    assert [row.verdict for row in file_place.history()] == [Verdict.FAILURE]
    assert file_place.row(first).verdict is None


def test_stop_before_start_and_twice(file_place: Place, make: Make) -> None:
    thread, _ = make(file_place)
    thread.stop()
    other, _ = make(file_place)
    other.start()
    other.stop()
    other.stop()
    assert other.isFinished()


def test_once_consults_all_that_is_due_at_the_pace_of_svrs_and_ends(
    file_place: Place, qtbot: QtBot, make: Make, turns_taken: list[datetime]
) -> None:
    for number, uf in enumerate(("RS", "SC", "SP", "PB"), 1):
        file_place.add(number, uf)
    for uf in ("RS", "SC", "PB"):
        save_override(file_place.folders.endpoints_file, uf, {"intervalo_s": 0.4})
    file_place.save({SEFAZ_AUTOMATIC: True, SEFAZ_INTERVAL: 0})
    thread, heard = make(file_place, once=True)
    with qtbot.waitSignal(thread.finished):
        thread.start()
    qtbot.waitUntil(lambda: heard.phases()[-1] is Phase.STOPPED)
    assert {result.request.customer_id for result in heard.results} == {1, 2, 3, 4}
    svrs = sorted(row.asked_at for row in file_place.history() if row.uf != "SP")
    assert all(later - earlier >= timedelta(seconds=0.4) for earlier, later in itertools.pairwise(turns_taken))
    assert len(turns_taken) == 3
    assert all(asked >= turn for asked, turn in zip(svrs, turns_taken, strict=True))


def test_once_with_nothing_to_do_ends_and_has_said_why(file_place: Place, qtbot: QtBot, make: Make) -> None:
    thread, heard = make(file_place, once=True)
    with qtbot.waitSignal(thread.finished):
        thread.start()
    qtbot.waitUntil(lambda: len(heard.states) == 2)
    assert "desligada" in heard.states[0].sentence


def test_a_broken_database_is_shown_and_the_thread_goes_on(place: Place, qtbot: QtBot, make: Make) -> None:
    customer = place.add()
    place.save({SEFAZ_AUTOMATIC: True, SEFAZ_INTERVAL: 0})
    request = place.request(customer)
    with place.database.writing() as connection:
        connection.execute(text("ALTER TABLE customer RENAME TO elsewhere"))
    thread, heard = make(place)
    thread.start()
    qtbot.waitUntil(lambda: Phase.FAILED in heard.phases())
    assert heard.states[-1].sentence.startswith("O banco de dados não respondeu, ou recusou o pedido: ")
    with qtbot.waitSignal(thread.refused_one):
        thread.submit([request])
    failure = heard.refusals[0].failure
    assert failure.kind is FailureKind.INTERNAL
    assert "customer" in failure.details
    assert thread.isRunning()
    with place.database.writing() as connection:
        connection.execute(text("ALTER TABLE elsewhere RENAME TO customer"))
    thread.wake()
    qtbot.waitUntil(lambda: heard.order() == [(Origin.SERVICE, customer)])


def fail_with(monkeypatch: pytest.MonkeyPatch, document: Document) -> None:
    """Let the program itself fail whenever it decides about this document."""
    decide = SefazConsultation._decide

    def decided(self: SefazConsultation, *arguments: Any) -> Decision:
        if arguments[-1].document == document:
            raise KeyError(f"bandeira de {document}")
        return decide(self, *arguments)

    monkeypatch.setattr(SefazConsultation, "_decide", decided)


def test_a_customer_with_whom_the_program_fails_is_left_for_another_day_and_the_others_go_on(
    place: Place, qtbot: QtBot, make: Make, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    hopeless, other = place.add(1), place.add(2)
    place.save({SEFAZ_AUTOMATIC: True, SEFAZ_INTERVAL: 0})
    fail_with(monkeypatch, cnpj(1))
    thread, heard = make(place)
    thread.start()
    qtbot.waitUntil(lambda: Phase.FAILED in heard.phases())
    failed = next(state for state in heard.states if state.phase is Phase.FAILED)
    assert failed.sentence == (
        f"A consulta de {cnpj(1)} não pôde ser feita por um erro inesperado do programa. "
        "Este cliente fica para amanhã e os outros seguem. Veja o registro do programa."
    )
    assert [refusal.request.customer_id for refusal in heard.refusals] == [hopeless]
    assert "KeyError" in heard.refusals[0].failure.details
    assert "consulting for the service: KeyError\n" in caplog.text
    assert str(cnpj(1)) not in caplog.text
    thread.wake()  # rather than waiting for the minute that the state is shown
    qtbot.waitUntil(lambda: bool(heard.states) and heard.states[-1].sentence.startswith("Nenhum cliente"))
    assert heard.order() == [(Origin.SERVICE, other)]
    assert [row.customer_id for row in place.history()] == [other]


@pytest.mark.parametrize(
    "error",
    [OperationalError("COMMIT", None, ConnectionError()), NoConnectionFree("QueuePool limit reached")],
    ids=["no connection", "no connection free"],
)
def test_a_customer_is_tried_again_soon_after_a_moment_without_the_database(
    place: Place, qtbot: QtBot, make: Make, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    customer = place.add(1)
    place.save({SEFAZ_AUTOMATIC: True, SEFAZ_INTERVAL: 0})
    decide, moments = SefazConsultation._decide, [error]

    def decided(self: SefazConsultation, *arguments: Any) -> Decision:
        if moments:
            raise moments.pop()
        return decide(self, *arguments)

    monkeypatch.setattr(SefazConsultation, "_decide", decided)
    thread, heard = make(place)
    thread.start()
    qtbot.waitUntil(lambda: Phase.FAILED in heard.phases())
    failed = next(state for state in heard.states if state.phase is Phase.FAILED)
    assert failed.sentence.startswith("O banco de dados não respondeu")
    assert heard.refusals == []
    thread.wake()  # rather than waiting for the minute that the state is shown
    qtbot.waitUntil(lambda: heard.order() == [(Origin.SERVICE, customer)])


def test_once_goes_on_after_a_customer_with_whom_the_program_fails(
    file_place: Place, qtbot: QtBot, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    customers = [file_place.add(number) for number in (1, 2, 3)]
    file_place.save({SEFAZ_AUTOMATIC: True, SEFAZ_INTERVAL: 0})
    fail_with(monkeypatch, cnpj(2))
    thread, heard = make(file_place, once=True)
    with qtbot.waitSignal(thread.finished, timeout=10_000):
        thread.start()
    qtbot.waitUntil(lambda: heard.phases()[-1] is Phase.STOPPED)
    assert heard.order() == [(Origin.SERVICE, customers[0]), (Origin.SERVICE, customers[2])]
    assert [refusal.request.customer_id for refusal in heard.refusals] == [customers[1]]


def test_broken_addresses_are_the_state_of_the_service(file_place: Place, qtbot: QtBot, make: Make) -> None:
    file_place.add()
    file_place.save({SEFAZ_AUTOMATIC: True})
    file_place.folders.endpoints_file.write_text("[SP", encoding="utf-8")
    thread, heard = make(file_place)
    thread.start()
    qtbot.waitUntil(lambda: Phase.FAILED in heard.phases())
    assert "não é um TOML válido" in heard.states[-1].sentence


def test_three_hundred_consultations_told_one_by_one(file_place: Place, qtbot: QtBot, make: Make) -> None:
    requests = [Request(cnpj(number), "SP", Origin.OPERATOR, "maria", apply=False) for number in range(1, 301)]
    thread, heard = make(file_place)
    thread.start()
    thread.submit(requests)
    qtbot.waitUntil(lambda: len(heard.results) == 300, timeout=30_000)
    assert [result.request for result in heard.results] == requests == heard.started
    assert file_place.sefaz.handshakes == 1


def test_a_sefaz_that_goes_away_and_comes_back(
    file_place: Place, authority: DemoAuthority, qtbot: QtBot, make: Make
) -> None:
    customer = file_place.add()
    thread, heard = make(file_place)
    thread.start()
    with DemoSefaz(authority, varied=False) as moved:
        file_place.folders.endpoints_file.write_text(moved.endpoints_override(), encoding="utf-8")
        thread.submit([file_place.request(customer)])
        qtbot.waitUntil(lambda: len(heard.results) == 1)
    thread.submit([file_place.request(customer)])
    qtbot.waitUntil(lambda: len(heard.results) == 2)
    failure = heard.results[1].finding.failure
    assert failure is not None
    assert failure.kind is FailureKind.NETWORK
    file_place.folders.endpoints_file.write_text(file_place.sefaz.endpoints_override(), encoding="utf-8")
    thread.submit([file_place.request(customer)])
    qtbot.waitUntil(lambda: len(heard.results) == 3)
    assert heard.results[2].finding.verdict is Verdict.ENABLED


@pytest.mark.parametrize("slept", [False, True])
def test_after_sleep_a_connection_kept_from_before_is_not_trusted(
    slept: bool, file_place: Place, qtbot: QtBot, make: Make
) -> None:
    customer = file_place.add(consulta_automatica=False)
    thread, heard = make(file_place)
    thread.start()
    thread.submit([file_place.request(customer)])
    qtbot.waitUntil(lambda: len(heard.results) == 1)
    if slept:
        thread.woke_up()
    thread.submit([file_place.request(customer)])
    qtbot.waitUntil(lambda: len(heard.results) == 2)
    assert file_place.sefaz.handshakes == (2 if slept else 1)
    assert [result.finding.failure for result in heard.results] == [None, None]


def test_signals_of_the_thread_are_never_connected_to_lambdas() -> None:
    """A lambda would run in the consulting thread; so would a plain function."""
    root = Path(services.background.__file__).parents[1]
    for file in [*(root / "ui").rglob("*.py"), *(root / "services").rglob("*.py")]:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "connect":
                signal = node.func.value
                if isinstance(signal, ast.Attribute) and hasattr(ConsultationThread, signal.attr):
                    assert not any(isinstance(slot, ast.Lambda) for slot in node.args), f"{file}:{node.lineno}"
