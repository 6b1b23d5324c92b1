"""A credit analysis from the queue to what follows from it: kept, judged, held, tried again, and what it blocks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.exc import OperationalError

from app.credit_analysis import AnalysisOutcome, AnalysisState
from app.data import audit, blocks, credit_analyses, decisions, records
from app.data.audit import AuditQuery
from app.data.models import CreditManager
from app.domain import BlockOrigin, FailureKind, Phase
from app.policies import CreditCustomerAction, Environment
from app.rules.credit_retry import HOLD, WAITS
from app.settings.catalog import (
    CREDIT_ALLOWED,
    CREDIT_CUSTOMER,
    CREDIT_ENVIRONMENT,
    CREDIT_INTERVAL,
    CREDIT_KEEP,
    SEFAZ_ENTITY,
)
from app.settings.snapshot import Snapshot
from app.tables import COMPANIES, CREDIT_MANAGERS, CUSTOMERS, ENTITIES
from services.consultation import NotYet
from services.credit import credentials
from tests.services.conftest import ACTOR, Clock, Place, cnpj
from tests.services.credit.scripted import BAD, GOOD, RAW, Queue, failed

NOON = datetime(2026, 11, 22, 15, tzinfo=UTC)


@pytest.fixture
def queue(place: Place) -> Queue:
    return at_noon(Queue.open(place))


@pytest.fixture
def file_queue(file_place: Place) -> Queue:
    return at_noon(Queue.open(file_place))


def at_noon(queue: Queue) -> Queue:
    queue.consultation._clock = Clock(NOON)
    return queue


def clock(queue: Queue) -> Clock:
    found = queue.consultation._clock
    assert isinstance(found, Clock)
    return found


def blocking(queue: Queue, number: int = 1) -> int:
    """A customer whom analyses block and free."""
    queue.place.save({CREDIT_CUSTOMER: CreditCustomerAction.BLOCK_UNBLOCK})
    return queue.place.add(number)


def make(queue: Queue) -> AnalysisState:
    """Make the next, and say how it was left."""
    return queue.get(queue.work(clock=clock(queue)).consultation_id).row.state


# --- failures ---


@pytest.mark.parametrize("kind", [FailureKind.REQUESTER, FailureKind.CONFIGURATION])
def test_what_a_person_must_mend_holds_the_gerenciadora_and_costs_no_try(queue: Queue, kind: FailureKind) -> None:
    queue.provider.said = failed(kind, http_status=401)
    number = queue.ask(cnpj(1))
    queue.ask(cnpj(2))
    assert make(queue) is AnalysisState.QUEUED
    found = queue.get(number)
    assert (found.row.attempts, found.row.failed, found.http_status) == (0, True, 401)
    (pause,) = queue.pauses()
    assert (pause.environment, pause.until) == (Environment.PRODUCTION, None)
    assert pause.why == f"Falhou: {kind.value}. Por causa disto. Faça aquilo."
    clock(queue).now += timedelta(days=30)
    step = queue.automatic(clock=clock(queue)).step(queue.place.snapshot)
    assert (step.request, step.phase) == (None, Phase.ATTENTION)
    assert step.sentence.startswith("2 análises esperam: Serasa em Produção não é consultada até que se corrija")
    assert queue.provider.asked == [cnpj(1)]
    queue.provider.said = GOOD
    queue.resume()
    assert [make(queue), make(queue)] == [AnalysisState.ANSWERED] * 2


def test_to_force_asks_again_a_gerenciadora_that_is_held(file_queue: Queue) -> None:
    file_queue.provider.said = failed(FailureKind.REQUESTER)
    number = file_queue.ask(cnpj(1))
    assert make(file_queue) is AnalysisState.QUEUED
    file_queue.provider.said = GOOD
    assert file_queue.force(number) == 1
    assert make(file_queue) is AnalysisState.ANSWERED


def test_a_row_that_was_mended_is_asked_again(file_queue: Queue) -> None:
    file_queue.provider.said = failed(FailureKind.CONFIGURATION)
    file_queue.ask(cnpj(1))
    assert make(file_queue) is AnalysisState.QUEUED
    with file_queue.place.database.writing() as connection:
        records.change(connection, CREDIT_MANAGERS, file_queue.manager.id, {"relatorio": "695"}, ACTOR)
    file_queue.provider.said = GOOD
    assert make(file_queue) is AnalysisState.ANSWERED


@pytest.mark.parametrize(("asked_s", "waited"), [(None, HOLD), (90.0, timedelta(seconds=90))])
def test_who_asks_to_be_left_alone_is(queue: Queue, asked_s: float | None, waited: timedelta) -> None:
    queue.provider.said = failed(FailureKind.THROTTLED, http_status=429, retry_after_s=asked_s)
    queue.ask(cnpj(1))
    assert make(queue) is AnalysisState.QUEUED
    assert [pause.until for pause in queue.pauses()] == [NOON + waited]
    queue.force()
    queue.provider.said = GOOD
    clock(queue).now = NOON + waited - timedelta(seconds=1)
    assert queue.automatic(clock=clock(queue)).step(queue.place.snapshot).request is None
    clock(queue).now = NOON + waited
    assert make(queue) is AnalysisState.ANSWERED


def test_who_is_not_reached_is_tried_again_ever_later_and_then_no_more(queue: Queue) -> None:
    queue.provider.said = failed(FailureKind.NETWORK)
    number = queue.ask(cnpj(1))
    for wait in WAITS:
        assert make(queue) is AnalysisState.QUEUED
        assert queue.get(number).row.next_at == clock(queue).now + wait
        assert queue.automatic(clock=clock(queue)).step(queue.place.snapshot).request is None
        clock(queue).now += wait
    assert make(queue) is AnalysisState.FAILED
    assert (queue.get(number).row.attempts, queue.pauses()) == (5, [])


@pytest.mark.parametrize(
    "kind", [FailureKind.UNCERTAIN, FailureKind.REJECTION, FailureKind.INVALID_RESPONSE, FailureKind.INTERNAL]
)
def test_what_may_have_been_charged_or_will_say_the_same_has_failed(queue: Queue, kind: FailureKind) -> None:
    queue.provider.said = failed(kind, raw=b"<html>", http_status=200)
    number = queue.ask(cnpj(1))
    assert make(queue) is AnalysisState.FAILED
    found = queue.get(number)
    assert found.failure is not None
    assert (found.failure.kind, found.raw, found.row.consulted_at) == (kind, b"<html>", NOON)
    clock(queue).now += timedelta(days=30)
    assert queue.automatic(clock=clock(queue)).step(queue.place.snapshot).request is None


def test_a_defect_of_the_program_is_a_failure_and_the_next_is_made(
    queue: Queue, caplog: pytest.LogCaptureFixture
) -> None:
    queue.provider.about[cnpj(1)] = ValueError(f"o documento {cnpj(1).value} não presta")
    queue.ask(cnpj(1))
    queue.ask(cnpj(2))
    assert [make(queue), make(queue)] == [AnalysisState.FAILED, AnalysisState.ANSWERED]
    assert "ValueError" in caplog.text
    assert cnpj(1).value not in caplog.text


def test_a_gerenciadora_that_was_switched_off_is_not_asked(file_queue: Queue) -> None:
    file_queue.ask(cnpj(1))
    with file_queue.place.database.writing() as connection:
        connection.execute(update(CreditManager).values(active=False))
    assert make(file_queue) is AnalysisState.QUEUED
    assert file_queue.provider.asked == []
    assert "está inativa" in file_queue.pauses()[0].why


# --- one at a time ---


def test_what_another_took_or_somebody_cancelled_is_not_asked(queue: Queue) -> None:
    number = queue.ask(cnpj(1))
    step = queue.automatic(clock=clock(queue)).step(queue.place.snapshot)
    assert step.request is not None
    with queue.place.database.writing() as connection:
        assert credit_analyses.cancel(connection, number)
    with pytest.raises(NotYet):
        queue.consultation.run(step.request, queue.place.snapshot)
    assert queue.provider.asked == []


def test_an_answer_that_the_database_would_not_take_is_kept_later_and_not_asked_twice(
    queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = queue.ask(cnpj(1))
    settle, answers = credit_analyses.settle, iter([OperationalError("", {}, Exception("caiu"))])

    def fails_once(*given: Any, **more: Any) -> bool:
        for error in answers:
            raise error
        return settle(*given, **more)

    monkeypatch.setattr(credit_analyses, "settle", fails_once)
    with pytest.raises(OperationalError):
        queue.work(clock=clock(queue))
    assert queue.get(number).row.state is AnalysisState.ASKING
    step = queue.automatic(clock=clock(queue)).step(queue.place.snapshot)
    assert (step.request, queue.provider.asked) == (None, [cnpj(1)])
    found = queue.get(number)
    assert (found.row.state, found.raw) == (AnalysisState.ANSWERED, RAW)


def test_an_answer_is_kept_though_its_block_could_not_be(queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    customer = blocking(queue)
    number = queue.ask(cnpj(1), customer=customer)
    queue.provider.said = BAD

    def fail(*given: Any, **more: Any) -> None:
        raise LookupError

    monkeypatch.setattr(decisions, "carry_out", fail)
    with pytest.raises(LookupError):
        queue.work(clock=clock(queue))
    assert queue.get(number).row.state is AnalysisState.ANSWERED
    assert queue.place.blocks(customer) == ()


def test_what_a_program_killed_in_the_middle_was_asking_fails_at_the_next_look(queue: Queue) -> None:
    number = queue.ask(cnpj(1))
    with queue.place.database.writing() as connection:
        assert credit_analyses.reserve(connection, number, "PC-09/1", NOON)
    clock(queue).now += credit_analyses.RESERVATION
    assert queue.automatic(clock=clock(queue)).step(queue.place.snapshot).request is None
    assert queue.get(number).row.state is AnalysisState.FAILED
    assert queue.provider.asked == []


# --- rounds ---


def test_a_round_waits_for_its_time_and_what_is_urgent_does_not(file_queue: Queue) -> None:
    queue = file_queue
    queue.place.save({CREDIT_INTERVAL: 15})
    automatic, now = queue.automatic(clock=clock(queue)), clock(queue)
    snapshot = queue.place.snapshot
    assert automatic.step(snapshot).at == NOON + timedelta(minutes=15)
    queue.ask(cnpj(1))
    now.now += timedelta(minutes=14)
    step = automatic.step(snapshot)
    assert (step.request, step.phase) == (None, Phase.IDLE)
    assert step.sentence.startswith("1 análise na fila. Próxima verificação às ")
    queue.ask(cnpj(2), urgent=True)
    step = automatic.step(snapshot)
    assert step.request is not None
    assert step.request.document == cnpj(2)
    queue.consultation.run(step.request, snapshot)
    assert automatic.step(snapshot).request is None
    now.now += timedelta(minutes=1)
    step = automatic.step(snapshot)
    assert step.request is not None
    assert step.request.document == cnpj(1)


def test_who_presses_the_button_does_not_wait_for_the_round(file_queue: Queue) -> None:
    automatic = file_queue.automatic(clock=clock(file_queue))
    assert automatic.step(file_queue.place.snapshot).request is None
    file_queue.ask(cnpj(1))
    assert automatic.step(file_queue.place.snapshot).request is None
    automatic.look_now()
    assert automatic.step(file_queue.place.snapshot).request is not None


def test_a_company_that_asks_for_none_any_more_is_left_in_the_queue(file_queue: Queue) -> None:
    queue = file_queue
    with queue.place.database.writing() as connection:
        given = {"cnpj": cnpj(90).value, "nome": "Outra", "uf": "SP"}
        other = records.add(connection, COMPANIES, given, Snapshot(), ACTOR)
    queue.ask(cnpj(1))
    queue.ask(cnpj(2), company=other)
    queue.place.save({CREDIT_ALLOWED: False}, company=1)
    assert make(queue) is AnalysisState.ANSWERED
    assert queue.provider.asked == [cnpj(2)]
    assert queue.automatic(clock=clock(queue)).step(queue.place.snapshot).request is None
    queue.place.save({CREDIT_ALLOWED: True}, company=1)
    assert make(queue) is AnalysisState.ANSWERED


def test_a_computer_without_the_credentials_leaves_the_queue_to_one_that_has_them(file_queue: Queue) -> None:
    queue = file_queue
    queue.ask(cnpj(1))
    kept = credentials.read(queue.manager, Environment.PRODUCTION)
    assert kept is not None
    credentials.forget(queue.manager, Environment.PRODUCTION)
    without = queue.automatic(clock=clock(queue), owner="PC-02/1")
    step = without.step(queue.place.snapshot)
    assert (step.request, step.phase) == (None, Phase.FAILED)
    assert step.sentence.startswith("1 análise espera: este computador não tem as credenciais de Serasa (Produção).")
    assert (queue.pauses(), queue.states()) == ([], [AnalysisState.QUEUED])
    credentials.keep(queue.manager, Environment.PRODUCTION, kept)
    assert make(queue) is AnalysisState.ANSWERED  # and the other did not take the lease


def test_one_computer_at_a_time_works(queue: Queue) -> None:
    queue.ask(cnpj(1))
    assert queue.automatic(clock=clock(queue), owner="PC-01/1").step(queue.place.snapshot).request is not None
    step = queue.automatic(clock=clock(queue), owner="PC-02/1").step(queue.place.snapshot)
    assert (step.request, step.phase) == (None, Phase.ELSEWHERE)


def test_the_providers_own_answers_are_erased_also_where_nothing_is_asked(queue: Queue) -> None:
    number = queue.ask(cnpj(1))
    assert make(queue) is AnalysisState.ANSWERED
    queue.place.save({CREDIT_KEEP: 30, CREDIT_ALLOWED: False})
    automatic = queue.automatic(clock=clock(queue))
    clock(queue).now = NOON + timedelta(days=29)
    automatic.step(queue.place.snapshot)
    assert queue.get(number).raw == RAW
    clock(queue).now = NOON + timedelta(days=30)
    automatic.step(queue.place.snapshot)
    assert (queue.get(number).raw, queue.get(number).report) == (b"", queue.provider.said)


def test_a_shorter_time_of_keeping_erases_at_once(file_queue: Queue) -> None:
    number = file_queue.ask(cnpj(1))
    assert make(file_queue) is AnalysisState.ANSWERED
    clock(file_queue).now += timedelta(days=10)
    automatic = file_queue.automatic(clock=clock(file_queue))
    automatic.step(file_queue.place.snapshot)
    assert file_queue.get(number).raw == RAW
    automatic.step(file_queue.place.save({CREDIT_KEEP: 10}))
    assert file_queue.get(number).raw == b""


def test_what_was_kept_long_enough_is_erased_as_the_day_begins_in_the_zone_of_the_branch(file_queue: Queue) -> None:
    number = file_queue.ask(cnpj(1))
    assert make(file_queue) is AnalysisState.ANSWERED
    file_queue.place.save({CREDIT_KEEP: 30})
    automatic = file_queue.automatic(clock=clock(file_queue))
    midnight = datetime(2026, 12, 22, 3, tzinfo=UTC)
    clock(file_queue).now = midnight - timedelta(minutes=1)  # another day in London already
    automatic.step(file_queue.place.snapshot)
    assert file_queue.get(number).raw == RAW
    clock(file_queue).now = midnight
    automatic.step(file_queue.place.snapshot)
    assert file_queue.get(number).raw == b""


# --- the customer ---


def test_refused_blocks_once_and_approved_lifts_what_it_raised(queue: Queue) -> None:
    customer = blocking(queue)
    queue.provider.said = BAD
    first = queue.ask(cnpj(1), customer=customer)
    result = queue.work(clock=clock(queue))
    assert (result.customer, result.consultation_id) == ("Posto 1", first)
    (block,) = queue.place.blocks(customer)
    assert (block.origin, block.by) == (BlockOrigin.CREDIT, ACTOR)
    assert block.reason == (
        f"Análise de crédito nº {first}, de 22/11/2026, reprovada: O score é 120, abaixo do mínimo de 500."
    )
    queue.ask(cnpj(1), customer=customer)
    queue.work(clock=clock(queue))
    assert len(queue.place.blocks(customer)) == 1
    assert queue.place.row(customer).blocked
    queue.provider.said = GOOD
    third = queue.ask(cnpj(1), customer=customer)
    queue.work(clock=clock(queue))
    assert queue.place.blocks(customer) == ()
    assert not queue.place.row(customer).blocked
    with queue.place.database.reading() as connection:
        said = [entry.what for entry in audit.page(connection, AuditQuery(subject=f"clientes/{customer}"), 0, 10)]
        (past,) = blocks.history(connection, customer)
    assert [one for one in said if "análise" in one] == [
        f"cliente {customer}: bloqueio pela análise de crédito {third}",
        f"cliente {customer}: bloqueio pela análise de crédito {first}",
    ]
    assert past.lift_reason.startswith(f"Análise de crédito nº {third}, de 22/11/2026, aprovada: ")


def test_homologacao_a_failure_and_a_document_of_nobodys_change_nobody(queue: Queue) -> None:
    customer = blocking(queue)
    queue.provider.said = BAD
    queue.place.save({CREDIT_ENVIRONMENT: Environment.TEST})
    queue.ask(cnpj(1), customer=customer)
    assert make(queue) is AnalysisState.ANSWERED
    queue.place.save({CREDIT_ENVIRONMENT: Environment.PRODUCTION})
    queue.ask(cnpj(1))
    assert make(queue) is AnalysisState.ANSWERED
    queue.provider.said = failed(FailureKind.REJECTION)
    queue.ask(cnpj(1), customer=customer)
    assert make(queue) is AnalysisState.FAILED
    assert queue.place.blocks(customer) == ()
    assert [contract.environment for contract in queue.provider.contracts][:2] == [
        Environment.TEST,
        Environment.PRODUCTION,
    ]


def test_an_exempt_entity_is_never_blocked(file_queue: Queue) -> None:
    queue = file_queue
    customer = blocking(queue)
    with queue.place.database.writing() as connection:
        given = {"documento": cnpj(1).key, "nome": "Filial 2"}
        entity = records.add(connection, ENTITIES, given, Snapshot(), ACTOR)
    queue.place.save({SEFAZ_ENTITY: entity}, company=1)
    queue.provider.said = BAD
    queue.ask(cnpj(1), customer=customer)
    assert "Filial 2" in queue.work(clock=clock(queue)).decision.why
    assert queue.place.blocks(customer) == ()


def test_a_customer_whose_document_changed_meanwhile_is_left_as_it_is(file_queue: Queue) -> None:
    queue = file_queue
    customer = blocking(queue)
    queue.provider.said = BAD

    def change() -> None:
        with queue.place.database.writing() as connection:
            records.change(connection, CUSTOMERS, customer, {"documento": cnpj(2).key}, ACTOR)

    queue.provider.during = change
    queue.ask(cnpj(1), customer=customer)
    result = queue.work(clock=clock(queue))
    assert result.finding.verdict is AnalysisOutcome.REFUSED
    assert not result.decision.changes
    assert queue.place.blocks(customer) == ()
