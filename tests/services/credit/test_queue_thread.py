"""The thread that works off the queue of credit analyses, from the request to the answer, with a scripted provider."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from pytestqt.qtbot import QtBot

from app.credit_analysis import AnalysisOutcome, AnalysisState
from app.domain import Authority, FailureKind, Phase
from services.background import ConsultationThread
from tests.services.conftest import Place, cnpj
from tests.services.credit.scripted import BAD, RAW, Queue, failed
from tests.services.listener import Listener

Make = Callable[..., tuple[ConsultationThread, Listener]]


@pytest.fixture
def make(qtbot: QtBot) -> Iterator[Make]:
    """Makes threads of credit analyses, not started, each with its listener; stops them at the end."""
    made: list[ConsultationThread] = []

    def one(queue: Queue, *, once: bool = False) -> tuple[ConsultationThread, Listener]:
        thread = ConsultationThread(queue.place.backoffice, Authority.CREDIT, once=once)
        made.append(thread)
        return thread, Listener(thread)

    yield one
    for thread in made:
        thread.stop()


def test_the_service_works_off_the_whole_queue_one_after_the_other(place: Place, qtbot: QtBot, make: Make) -> None:
    queue = Queue.open(place)
    queue.provider.about[cnpj(2)] = BAD
    queue.provider.about[cnpj(3)] = failed(FailureKind.REJECTION, http_status=404, raw=b"nao existe")
    numbers = [queue.ask(cnpj(number)) for number in (1, 2, 3)]
    thread, heard = make(queue, once=True)
    with qtbot.waitSignal(thread.finished):
        thread.start()
    assert queue.provider.asked == [cnpj(1), cnpj(2), cnpj(3)]
    assert [result.consultation_id for result in heard.results] == numbers
    assert [result.finding.verdict for result in heard.results] == [
        AnalysisOutcome.APPROVED,
        AnalysisOutcome.REFUSED,
        AnalysisOutcome.FAILURE,
    ]
    assert queue.states() == [AnalysisState.ANSWERED, AnalysisState.ANSWERED, AnalysisState.FAILED]
    approved = queue.get(numbers[0])
    assert (approved.raw, approved.http_status, approved.request_id) == (RAW, 200, "pergunta-1")
    assert approved.row.outcome is AnalysisOutcome.APPROVED
    assert approved.report is not None
    assert approved.report.score == 700
    lost = queue.get(numbers[2])
    assert (lost.raw, lost.http_status) == (b"nao existe", 404)
    assert heard.states[-2].sentence.startswith("Nenhuma análise na fila. Próxima verificação às ")


def test_what_is_urgent_leaves_at_once_when_the_service_is_woken(file_place: Place, qtbot: QtBot, make: Make) -> None:
    queue = Queue.open(file_place)
    thread, heard = make(queue)
    thread.start()
    qtbot.waitUntil(lambda: bool(heard.states) and heard.states[-1].phase is Phase.IDLE)
    queue.ask(cnpj(1), urgent=True)
    thread.wake()
    qtbot.waitUntil(lambda: len(heard.results) == 1)
    assert heard.results[0].request.document == cnpj(1)


def test_stopping_before_the_question_left_puts_the_analysis_back(file_place: Place, qtbot: QtBot, make: Make) -> None:
    queue = Queue.open(file_place)
    queue.provider.hangs, queue.provider.interrupted = True, FailureKind.CANCELLED
    number = queue.ask(cnpj(1))
    thread, _ = make(queue)
    thread.start()
    qtbot.waitUntil(lambda: bool(queue.provider.asked))
    thread.stop()
    found = queue.get(number)
    assert (found.row.state, found.row.attempts, found.failure) == (AnalysisState.QUEUED, 0, None)
    assert queue.provider.closed == 1


def test_stopping_after_it_left_is_a_failure_that_is_not_asked_again(
    file_place: Place, qtbot: QtBot, make: Make
) -> None:
    queue = Queue.open(file_place)
    queue.provider.hangs = True
    number = queue.ask(cnpj(1))
    thread, _ = make(queue)
    thread.start()
    qtbot.waitUntil(lambda: bool(queue.provider.asked))
    thread.stop()
    found = queue.get(number)
    assert found.row.state is AnalysisState.FAILED
    assert found.failure is not None
    assert found.failure.kind is FailureKind.UNCERTAIN


def test_a_service_that_is_off_asks_nothing_and_says_so(file_place: Place, qtbot: QtBot, make: Make) -> None:
    from app.settings.catalog import CREDIT_ALLOWED

    queue = Queue.open(file_place)
    queue.ask(cnpj(1))
    file_place.save({CREDIT_ALLOWED: False})
    thread, heard = make(queue, once=True)
    with qtbot.waitSignal(thread.finished):
        thread.start()
    assert queue.provider.asked == []
    assert "A análise de crédito está desligada nas configurações." in [state.sentence for state in heard.states]
