"""What changes while analyses wait in the queue: nothing is asked, or paid, that the change made another thing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from app.credit_analysis import AnalysisState
from app.data import credit_managers, credit_pauses, records
from app.data.credit_pauses import Pause
from app.domain import FailureKind
from app.policies import Environment, OrderKind, OrderOperation
from app.rules.credit_order import AnalysisSituation, AnalysisTold
from app.rules.order_gate import OrderQuestion
from app.settings.catalog import CREDIT_ALLOWED, CREDIT_INTERVAL, CREDIT_MANAGER
from app.settings.snapshot import Snapshot
from app.tables import COMPANIES, CREDIT_MANAGERS, ManagerEnvironment, Provider
from services.credit import credentials
from services.credit.credentials import Credentials
from services.demo.example import made_up_cnpj
from services.order_gate import OrderGate
from tests.services.conftest import ACTOR, Clock, Place, cnpj
from tests.services.credit.scripted import GOOD, Queue, failed


def change(queue: Queue, **given: Any) -> None:
    """The row of the gerenciadora."""
    with queue.place.database.writing() as connection:
        records.change(connection, CREDIT_MANAGERS, queue.manager.id, given, ACTOR)


def work_off(queue: Queue) -> None:
    while queue.automatic().step(queue.place.snapshot).request is not None:
        queue.work()


def test_a_gerenciadora_that_became_another_provider_is_asked_once_about_one_document(place: Place) -> None:
    queue = Queue.open(place)
    before = queue.ask(cnpj(1))
    change(queue, provedor=Provider.SPC)
    with place.database.reading() as connection:
        now = credit_managers.get(connection, queue.manager.id)
    assert now is not None
    assert credentials.read(now, Environment.PRODUCTION) is None  # what was kept is for the former one alone to see
    credentials.keep(now, Environment.PRODUCTION, Credentials("outro", "segredo"))
    after = queue.ask(cnpj(1))
    work_off(queue)
    assert queue.provider.asked == [cnpj(1)]
    failure = queue.get(before).failure
    assert failure is not None
    assert (failure.kind, failure.what) == (
        FailureKind.REJECTION,
        "A gerenciadora Serasa passou a ser de outro provedor.",
    )
    assert queue.get(after).row.state is AnalysisState.ANSWERED
    assert queue.pauses() == []


def test_a_gerenciadora_that_became_one_of_tests_is_not_asked_what_would_be_charged(place: Place) -> None:
    queue = Queue.open(place)
    number = queue.ask(cnpj(1))
    change(queue, ambiente=ManagerEnvironment.TEST)
    work_off(queue)
    failure = queue.get(number).failure
    assert failure is not None
    assert failure.what == "A gerenciadora Serasa passou a ser consultada só em Homologação."
    assert queue.provider.asked == []


def test_a_database_that_is_gone_before_anything_was_sent_leaves_the_analysis_in_the_queue(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue = Queue.open(place)
    number = queue.ask(cnpj(1))
    step = queue.automatic().step(place.snapshot)
    assert step.request is not None

    def gone(*_given: Any) -> None:
        raise OperationalError("", {}, Exception("caiu"))

    with monkeypatch.context() as patch:
        patch.setattr(credit_managers, "get", gone)
        with pytest.raises(OperationalError):
            queue.consultation.run(step.request, place.snapshot)
    assert queue.get(number).row.state is AnalysisState.QUEUED
    assert queue.provider.asked == []


def test_a_question_that_is_always_refused_does_not_keep_the_others_from_being_asked(place: Place) -> None:
    queue = Queue.open(place)
    queue.provider.about[cnpj(1)] = failed(FailureKind.REQUESTER)
    for number in (1, 2, 3):
        queue.ask(cnpj(number))
    for _ in range(2):
        work_off(queue)
        queue.force()
    assert queue.states() == [AnalysisState.QUEUED, AnalysisState.ANSWERED, AnalysisState.ANSWERED]


def branch(queue: Queue, *, own_contract: bool) -> int:
    """A second company, which asks the same gerenciadora or, with a contract of its own, another at the same source."""
    with queue.place.database.writing() as connection:
        firm = {"cnpj": made_up_cnpj("90000002"), "nome": "Filial", "uf": "SP"}
        company = records.add(connection, COMPANIES, firm, Snapshot(), ACTOR)
        contract = {"nome": "Serasa da filial", "provedor": Provider.SERASA}
        number = records.add(connection, CREDIT_MANAGERS, contract, Snapshot(), ACTOR)
        own = credit_managers.get(connection, number)
    assert own is not None
    credentials.keep(own, Environment.PRODUCTION, Credentials("usuario", "segredo"))
    if own_contract:
        queue.place.save({CREDIT_MANAGER: number}, company)
    return company


def order(queue: Queue, company: int) -> AnalysisTold:
    """What an order of that company is told of the analysis."""
    question = OrderQuestion(cnpj(1), company, OrderKind.ORDER, OrderOperation.INCLUSION, ACTOR)
    gate = OrderGate(queue.place.database, queue.place.backoffice.anp)
    told = gate.check(question, queue.place.snapshot).analysis
    assert told is not None
    return told


def test_what_waits_for_a_company_that_asks_for_none_any_more_is_made_for_another_whose_order_needs_it(
    place: Place,
) -> None:
    queue = Queue.open(place)
    company = branch(queue, own_contract=False)
    number = queue.ask(cnpj(1))
    place.save({CREDIT_ALLOWED: False}, 1)
    told = order(queue, company)
    assert (told.situation, told.number) == (AnalysisSituation.PENDING, number)
    assert queue.get(number).row.company_id == company
    work_off(queue)
    assert order(queue, company).situation is AnalysisSituation.APPROVED
    assert queue.provider.asked == [cnpj(1)]


def test_what_waits_is_not_handed_over_to_a_contract_that_is_held_too(place: Place) -> None:
    queue = Queue.open(place)
    company = branch(queue, own_contract=True)
    number = queue.ask(cnpj(1))
    with place.database.writing() as connection:
        for manager in credit_managers.every(connection):
            credit_pauses.hold(connection, Pause(manager.id, Environment.PRODUCTION, None, "Senha recusada."))
    assert order(queue, company).number == number
    assert queue.get(number).row.company_id == 1


def test_what_waits_for_a_contract_that_is_held_is_made_by_another_company_s_own(place: Place) -> None:
    queue = Queue.open(place)
    company = branch(queue, own_contract=True)
    queue.provider.said = failed(FailureKind.REQUESTER)
    number = queue.ask(cnpj(1))
    queue.work()
    queue.provider.said = GOOD
    assert order(queue, 1).number == number  # whose own contract is the one that is held
    assert queue.automatic().step(place.snapshot).request is None
    assert order(queue, company).number == number
    work_off(queue)
    assert [contract.manager.name for contract in queue.provider.contracts] == ["Serasa", "Serasa da filial"]
    assert {order(queue, each).situation for each in (1, company)} == {AnalysisSituation.APPROVED}


def test_a_clock_that_was_put_back_stops_no_round(file_place: Place) -> None:
    queue, clock = Queue.open(file_place), Clock()
    right = clock.now
    clock.now += timedelta(days=30)
    automatic = queue.automatic(clock=clock)
    assert automatic.step(file_place.snapshot).request is None
    clock.now = right
    queue.ask(cnpj(1))
    clock.now += timedelta(seconds=5)
    assert automatic.step(file_place.snapshot).request is not None


def test_a_shorter_interval_is_heeded_at_once(file_place: Place) -> None:
    queue, clock = Queue.open(file_place), Clock()
    automatic = queue.automatic(clock=clock)
    file_place.save({CREDIT_INTERVAL: 60})
    assert automatic.step(file_place.snapshot).request is None
    queue.ask(cnpj(1))
    clock.now += timedelta(seconds=5)
    assert automatic.step(file_place.snapshot).request is None
    file_place.save({CREDIT_INTERVAL: 5})
    assert automatic.step(file_place.snapshot).request is not None
