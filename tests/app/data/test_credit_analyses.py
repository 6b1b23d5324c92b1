"""The queue of credit analyses: one in flight, reserved by one, never made twice by itself; and what is known of it."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import insert, select, text

from app.credit_analysis import AnalysisOutcome, AnalysisState, CreditReport, NegativeGroup, NegativeRecord
from app.data import credit_analyses, credit_managers, credit_pauses, records
from app.data.credit_analyses import RESERVATION, AnalysisQuery, FullAnalysis, NewAnalysis, QueueGroup, Standing
from app.data.credit_managers import Manager
from app.data.credit_pauses import Pause
from app.data.database import Database
from app.data.models import CreditAnalysis
from app.documents import parse_document
from app.domain import CreditFinding, Document, DocumentKind, Failure, FailureKind, Origin
from app.policies import Environment
from app.settings.snapshot import Snapshot
from app.tables import COMPANIES, CREDIT_MANAGERS, CUSTOMERS, Provider
from tests.query_plan import plan

NOON = datetime(2026, 11, 22, 15, tzinfo=UTC)
SECOND = timedelta(seconds=1)
CNPJ = parse_document("11222333000181")
CPF = parse_document("52998224725", DocumentKind.CPF)
DOWN = Failure(FailureKind.NETWORK, "Não houve conexão.", "A rede caiu.", "Espere.", "ECONNREFUSED")
REPORT = CreditReport(
    "11222333000181",
    "Posto Boa Viagem",
    "ATIVA",
    480,
    "H4PJ",
    "C",
    "12,5%",
    (
        NegativeGroup(
            "PEFIN",
            2,
            Decimal("334.62"),
            NOON.date(),
            NOON.date(),
            (NegativeRecord(NOON.date(), "Credor", "Duplicata", "123", Decimal("334.62")), NegativeRecord()),
        ),
        NegativeGroup("Cheques", 1, None),
    ),
    suppressed=True,
    facts=(("Falências", "Nenhuma"),),
    notices=("Leia antes.",),
)


@dataclass
class Shop:
    """One company and one gerenciadora, with the queue as the tests use it."""

    database: Database
    company: int
    manager: Manager

    def new(self, document: Document = CNPJ, **more: Any) -> NewAnalysis:
        usual = NewAnalysis(
            document,
            None,
            self.company,
            self.manager.id,
            self.manager.source,
            Environment.PRODUCTION,
            Origin.ORDER,
            "maria",
            "PC-01",
            manual=False,
        )
        return replace(usual, **more)

    def ask(self, document: Document = CNPJ, at: datetime = NOON, **more: Any) -> tuple[int, bool]:
        with self.database.writing() as connection:
            return credit_analyses.enqueue(connection, self.new(document, **more), at)

    def reserve(self, number: int, at: datetime = NOON, owner: str = "PC-01/1") -> bool:
        with self.database.writing() as connection:
            return credit_analyses.reserve(connection, number, owner, at)

    def settle(
        self, number: int, finding: CreditFinding, retry_at: datetime | None = None, *, counts: bool = True
    ) -> bool:
        with self.database.writing() as connection:
            return credit_analyses.settle(connection, number, finding, retry_at, counts=counts)

    def answer(self, number: int, report: CreditReport = REPORT, at: datetime = NOON) -> None:
        assert self.reserve(number, at)
        assert self.settle(number, answered(report, at))

    def get(self, number: int) -> FullAnalysis:
        with self.database.reading() as connection:
            found = credit_analyses.get(connection, number)
        assert found is not None
        return found

    def state(self, number: int) -> AnalysisState:
        return self.get(number).row.state

    def groups(self, at: datetime = NOON) -> list[QueueGroup]:
        with self.database.reading() as connection:
            return credit_analyses.groups(connection, at)

    def next(self, at: datetime = NOON, *, only_urgent: bool = False) -> int | None:
        with self.database.reading() as connection:
            free = [group for group in credit_analyses.groups(connection, at) if not group.held]
            found = credit_analyses.next_due(connection, at, free, only_urgent=only_urgent)
        return None if found is None else found.id

    def force(self, number: int | None = None, at: datetime = NOON) -> int:
        with self.database.writing() as connection:
            return credit_analyses.force(connection, number, at)

    def hold(self, until: datetime | None = None, environment: Environment = Environment.PRODUCTION) -> None:
        with self.database.writing() as connection:
            credit_pauses.hold(connection, Pause(self.manager.id, environment, until, "Porque sim."))

    def pauses(self, at: datetime = NOON) -> list[Pause]:
        with self.database.reading() as connection:
            return credit_pauses.in_force(connection, at)

    def standing(self, document: Document = CNPJ) -> Standing | None:
        with self.database.reading() as connection:
            found = credit_analyses.standings(connection, [document], self.manager.source, Environment.PRODUCTION)
        return found.get(document)


@pytest.fixture
def shop(database: Database) -> Shop:
    with database.writing() as connection:
        given: dict[str, Any] = {"cnpj": "11222333000181", "nome": "Posto", "uf": "SP"}
        company = records.add(connection, COMPANIES, given, Snapshot(), "maria")
        given = {"nome": "Serasa", "provedor": Provider.SERASA}
        manager = credit_managers.get(connection, records.add(connection, CREDIT_MANAGERS, given, Snapshot(), "maria"))
    assert manager is not None
    return Shop(database, company, manager)


def answered(report: CreditReport = REPORT, at: datetime = NOON) -> CreditFinding:
    return CreditFinding(
        CNPJ,
        "",
        AnalysisOutcome.REFUSED,
        "O score é 480.",
        at,
        900,
        response=b'{"score": 480}',
        report=report,
        reasons=("O score é 480.", "Há registros."),
        http_status=200,
        request_id="pergunta-1",
    )


def not_answered(failure: Failure = DOWN, at: datetime = NOON) -> CreditFinding:
    return CreditFinding(CNPJ, "", AnalysisOutcome.FAILURE, failure.sentence, at, 30, failure)


# --- asking ---


def test_one_is_in_flight_by_document_source_and_environment(shop: Shop) -> None:
    number, new = shop.ask()
    assert new
    assert shop.ask() == (number, False)
    assert shop.reserve(number)
    assert shop.ask() == (number, False)
    others = [
        shop.ask(CPF),
        shop.ask(source="spc"),
        shop.ask(environment=Environment.TEST),
    ]
    assert all(added for _, added in others)
    assert shop.settle(number, answered())
    again, new = shop.ask()
    assert new
    assert again not in (number, *(other for other, _ in others))


def test_many_connections_that_ask_at_once_get_the_same_one(shop: Shop) -> None:
    every = threading.Barrier(6)
    said: list[tuple[int, bool]] = []

    def ask() -> None:
        every.wait()
        said.append(shop.ask())

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({number for number, _ in said}) == 1
    assert sorted(new for _, new in said) == [False] * 5 + [True]
    (group,) = shop.groups()
    assert group.waiting == 1


def test_many_connections_that_reserve_at_once_leave_it_to_one(shop: Shop) -> None:
    number, _ = shop.ask()
    every = threading.Barrier(6)
    got: list[bool] = []

    def reserve(owner: str) -> None:
        every.wait()
        got.append(shop.reserve(number, owner=owner))

    threads = [threading.Thread(target=reserve, args=(f"PC-0{n}/1",)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == [False] * 5 + [True]
    assert shop.get(number).row.attempts == 1


def test_who_cannot_wait_makes_the_one_in_the_queue_urgent(shop: Shop) -> None:
    number, _ = shop.ask()
    assert shop.next(only_urgent=True) is None
    assert shop.ask(urgent=True) == (number, False)
    assert shop.next(only_urgent=True) == number


def test_an_order_does_not_hurry_a_try_that_failed_and_a_person_does(shop: Shop) -> None:
    number, _ = shop.ask()
    assert shop.reserve(number)
    assert shop.settle(number, not_answered(), NOON + 300 * SECOND)
    shop.ask(urgent=True)
    assert shop.next() is None
    assert shop.next(NOON + 300 * SECOND, only_urgent=True) == number
    shop.ask(urgent=True, manual=True)
    assert shop.next() == number


def test_only_what_waits_is_handed_over(shop: Shop) -> None:
    with shop.database.writing() as connection:
        given: dict[str, Any] = {"cnpj": "11444777000161", "nome": "Filial", "uf": "SP"}
        other = records.add(connection, COMPANIES, given, Snapshot(), "maria")
    number, _ = shop.ask()

    def company_after_handing_over() -> int:
        with shop.database.writing() as connection:
            credit_analyses.hand_over(connection, number, other, shop.manager.id, NOON)
        return shop.get(number).row.company_id

    assert shop.reserve(number)  # by another computer, which has just begun to ask
    assert company_after_handing_over() == shop.company
    assert shop.settle(number, not_answered(), NOON)
    assert company_after_handing_over() == other


# --- the queue ---


def test_the_urgent_leave_first_and_the_others_in_order(shop: Shop) -> None:
    first, _ = shop.ask()
    second, _ = shop.ask(CPF)
    third, _ = shop.ask(source="spc", urgent=True)
    left = []
    while (number := shop.next()) is not None:
        left.append(number)
        assert shop.reserve(number)
    assert left == [third, first, second]


def test_only_the_groups_given_are_looked_at(shop: Shop) -> None:
    production, _ = shop.ask()
    test, _ = shop.ask(environment=Environment.TEST)
    with shop.database.reading() as connection:
        groups = credit_analyses.groups(connection, NOON)
        by_environment = {group.environment: group for group in groups}
        for environment, number in ((Environment.PRODUCTION, production), (Environment.TEST, test)):
            found = credit_analyses.next_due(connection, NOON, [by_environment[environment]], only_urgent=False)
            assert found is not None
            assert found.id == number
        assert credit_analyses.next_due(connection, NOON, [], only_urgent=False) is None


def test_groups_count_what_waits_and_say_who_is_held(shop: Shop) -> None:
    assert shop.groups() == []
    number, _ = shop.ask()
    shop.ask(CPF)
    assert shop.reserve(number)
    assert shop.settle(number, not_answered(), NOON + 300 * SECOND)
    (group,) = shop.groups()
    assert (group.manager, group.company_id, group.environment) == ("Serasa", shop.company, Environment.PRODUCTION)
    assert (group.waiting, group.held) == (2, False)
    shop.hold(NOON + 60 * SECOND)
    (group,) = shop.groups()
    assert (group.held, group.held_until, group.held_why) == (True, NOON + 60 * SECOND, "Porque sim.")
    assert not shop.groups(NOON + 61 * SECOND)[0].held
    shop.hold(None)
    (group,) = shop.groups(NOON + timedelta(days=400))
    assert (group.held, group.held_until) == (True, None)


def test_what_is_asked_is_neither_cancelled_nor_forced(shop: Shop) -> None:
    number, _ = shop.ask()
    assert shop.reserve(number)
    with shop.database.writing() as connection:
        assert not credit_analyses.cancel(connection, number)
    assert shop.force() == 0
    assert shop.settle(number, answered())
    with shop.database.writing() as connection:
        assert not credit_analyses.cancel(connection, number)


def test_one_that_was_cancelled_is_not_made_and_may_be_asked_for_again(shop: Shop) -> None:
    number, _ = shop.ask()
    with shop.database.writing() as connection:
        assert credit_analyses.cancel(connection, number)
    assert (shop.state(number), shop.next()) == (AnalysisState.CANCELLED, None)
    assert not shop.reserve(number)
    again, new = shop.ask()
    assert new
    assert shop.next() == again


def test_to_force_ends_the_hold_that_waits_for_a_person_and_not_the_one_that_was_asked_for(shop: Shop) -> None:
    number, _ = shop.ask()
    shop.hold(None, Environment.TEST)
    shop.hold(None)
    assert shop.force(number) == 1
    assert [pause.environment for pause in shop.pauses()] == [Environment.TEST]
    shop.hold(NOON + 60 * SECOND)
    assert shop.force() == 1
    assert len(shop.pauses()) == 2


# --- what came of it ---


def test_an_answer_is_kept_whole(shop: Shop) -> None:
    number, _ = shop.ask()
    shop.answer(number)
    found = shop.get(number)
    assert (found.row.state, found.row.outcome) == (AnalysisState.ANSWERED, AnalysisOutcome.REFUSED)
    assert (found.row.consulted_at, found.row.failed, found.failure) == (NOON, False, None)
    assert found.report == REPORT
    assert found.reasons == ("O score é 480.", "Há registros.")
    assert (found.http_status, found.request_id, found.duration_ms) == (200, "pergunta-1", 900)
    assert found.raw == b'{"score": 480}'


def test_a_try_that_failed_waits_and_one_that_is_final_does_not(shop: Shop) -> None:
    number, _ = shop.ask()
    for attempt in (1, 2):
        assert shop.reserve(number)
        assert shop.settle(number, not_answered(), NOON)
        assert shop.get(number).row.attempts == attempt
    found = shop.get(number)
    assert (found.row.state, found.row.failed, found.failure) == (AnalysisState.QUEUED, True, DOWN)
    assert shop.reserve(number)
    assert shop.settle(number, not_answered(), NOON, counts=False)
    assert shop.get(number).row.attempts == 2
    assert shop.reserve(number)
    assert shop.settle(number, not_answered())
    assert (shop.state(number), shop.get(number).row.attempts) == (AnalysisState.FAILED, 3)


def test_an_answer_after_a_failure_leaves_nothing_of_it(shop: Shop) -> None:
    number, _ = shop.ask()
    assert shop.reserve(number)
    assert shop.settle(number, not_answered(), NOON)
    shop.answer(number)
    found = shop.get(number)
    assert (found.failure, found.row.failed) == (None, False)


def test_what_was_given_back_is_as_if_it_had_not_been_tried(shop: Shop) -> None:
    number, _ = shop.ask()
    assert shop.reserve(number)
    with shop.database.writing() as connection:
        credit_analyses.give_back(connection, number)
    assert (shop.state(number), shop.get(number).row.attempts, shop.next()) == (AnalysisState.QUEUED, 0, number)


def test_what_a_program_that_ended_was_asking_has_failed_and_is_never_asked_again(shop: Shop) -> None:
    number, _ = shop.ask()
    assert shop.reserve(number)
    with shop.database.writing() as connection:
        credit_analyses.tidy(connection, NOON + RESERVATION - SECOND)
    assert shop.state(number) is AnalysisState.ASKING
    with shop.database.writing() as connection:
        credit_analyses.tidy(connection, NOON + RESERVATION)
    found = shop.get(number)
    assert (found.row.state, shop.next(NOON + timedelta(days=30))) == (AnalysisState.FAILED, None)
    assert found.failure is not None
    assert found.failure.kind is FailureKind.UNCERTAIN


def test_an_answer_that_came_too_late_is_kept_and_a_failure_is_not(shop: Shop) -> None:
    number, _ = shop.ask()
    assert shop.reserve(number)
    with shop.database.writing() as connection:
        credit_analyses.tidy(connection, NOON + RESERVATION)
    assert not shop.settle(number, not_answered(), NOON)
    assert shop.state(number) is AnalysisState.FAILED
    assert not shop.settle(number, answered())
    found = shop.get(number)
    assert (found.row.state, found.failure, found.report) == (AnalysisState.ANSWERED, None, REPORT)


def test_the_providers_own_answer_is_erased_and_the_rest_stays(shop: Shop) -> None:
    number, _ = shop.ask()
    shop.answer(number)
    with shop.database.writing() as connection:
        credit_analyses.erase_raw(connection, NOON)
    assert shop.get(number).raw
    with shop.database.writing() as connection:
        credit_analyses.erase_raw(connection, NOON + SECOND)
    found = shop.get(number)
    assert (found.raw, found.report, found.row.outcome) == (b"", REPORT, AnalysisOutcome.REFUSED)


# --- what is known ---


def test_what_is_known_is_the_newest_answer_and_what_came_after_it(shop: Shop) -> None:
    def known(number: int) -> FullAnalysis:
        """Without the provider's own answer: orders wait for what is known."""
        return replace(shop.get(number), raw=b"")

    assert shop.standing() is None
    first, _ = shop.ask()
    assert shop.standing() == Standing(None, known(first))
    shop.answer(first)
    assert shop.standing() == Standing(known(first), None)
    assert shop.get(first).raw
    second, _ = shop.ask()
    assert shop.reserve(second)
    assert shop.settle(second, not_answered())
    assert shop.standing() == Standing(known(first), known(second))
    third, _ = shop.ask()
    assert shop.standing() == Standing(known(first), known(third))
    shop.answer(third)
    assert shop.standing() == Standing(known(third), None)


def test_what_is_known_of_a_few_is_found_by_the_index_however_many_there_are(shop: Shop) -> None:
    number, _ = shop.ask()
    shop.answer(number)
    others = [{"document": f"{n:014}", "state": AnalysisState.ANSWERED.value} for n in range(5000)]
    with shop.database.writing() as connection:
        row = connection.execute(select(CreditAnalysis.__table__)).mappings().one()
        connection.execute(
            insert(CreditAnalysis),
            [{**{name: value for name, value in row.items() if name != "id"}, **other} for other in others],
        )
        connection.execute(text("ANALYZE credit_analysis"))
    told = plan(
        shop.database,
        lambda c: credit_analyses.standings(c, [CNPJ, CPF], shop.manager.source, Environment.PRODUCTION),
    )
    assert "ix_credit_analysis_document_id" in told
    assert "SCAN credit_analysis" not in told  # SQLite
    assert "Seq Scan on credit_analysis" not in told
    assert "SubPlan" not in told  # PostgreSQL would go through every row to look for it there


def test_what_was_cancelled_or_is_of_another_place_says_nothing(shop: Shop) -> None:
    number, _ = shop.ask()
    with shop.database.writing() as connection:
        assert credit_analyses.cancel(connection, number)
    for more in ({"environment": Environment.TEST}, {"source": "spc"}):
        shop.answer(shop.ask(**more)[0])
    assert shop.standing() is None
    assert shop.standing(CPF) is None


def test_a_list_finds_by_customer_words_and_state(shop: Shop) -> None:
    with shop.database.writing() as connection:
        given = {"documento": CPF.key, "nome": "Maria da Silva", "uf": "SP"}
        customer = records.add(connection, CUSTOMERS, given, Snapshot(), "maria")
    number, _ = shop.ask()
    shop.answer(number)
    before, _ = shop.ask(CPF)
    shop.answer(before)
    after, _ = shop.ask(CPF, customer_id=customer)

    def found(**query: Any) -> list[int]:
        with shop.database.reading() as connection:
            rows = credit_analyses.page(connection, AnalysisQuery(**query), 0, 10)
            assert credit_analyses.count(connection, AnalysisQuery(**query)) == len(rows)
        return [row.id for row in rows]

    assert found() == [after, before, number]
    assert found(text="silva") == [after]
    assert found(text="112223330001") == [number]
    assert found(state=AnalysisState.QUEUED) == [after]
    assert found(outcome=AnalysisOutcome.REFUSED) == [before, number]
    assert found(customer_id=customer) == [after]
    assert found(customer_id=customer, document=CPF) == [after, before]
    assert found(environment=Environment.TEST) == []
    assert found(company_id=shop.company + 1) == []


# --- gerenciadoras on hold ---


def test_a_hold_is_of_one_gerenciadora_in_one_environment_and_the_newest_counts(shop: Shop) -> None:
    shop.hold(NOON + 60 * SECOND)
    shop.hold(None)
    shop.hold(NOON + 30 * SECOND, Environment.TEST)
    assert {(pause.environment, pause.until) for pause in shop.pauses()} == {
        (Environment.PRODUCTION, None),
        (Environment.TEST, NOON + 30 * SECOND),
    }
    with shop.database.writing() as connection:
        assert credit_pauses.resume(connection, shop.manager.id, Environment.PRODUCTION)
        assert not credit_pauses.resume(connection, shop.manager.id, Environment.PRODUCTION)
    assert [pause.environment for pause in shop.pauses()] == [Environment.TEST]
    assert shop.pauses(NOON + 30 * SECOND) == []


def test_a_change_of_the_row_of_a_gerenciadora_ends_its_hold(shop: Shop) -> None:
    shop.hold(None)
    with shop.database.writing() as connection:
        records.change(connection, CREDIT_MANAGERS, shop.manager.id, {"nome": "Serasa"}, "maria")
    assert shop.pauses()  # nothing changed
    with shop.database.writing() as connection:
        records.change(connection, CREDIT_MANAGERS, shop.manager.id, {"centro_custo": "12"}, "maria")
    assert shop.pauses() == []


def test_a_gerenciadora_that_is_active_again_is_asked_again(shop: Shop) -> None:
    with shop.database.writing() as connection:
        records.set_active(connection, CREDIT_MANAGERS, shop.manager.id, False, "maria")
    shop.hold(None)
    with shop.database.writing() as connection:
        records.set_active(connection, CREDIT_MANAGERS, shop.manager.id, True, "maria")
    assert shop.pauses() == []


def test_a_gerenciadora_that_asked_to_be_left_alone_is_whatever_is_mended(shop: Shop) -> None:
    shop.hold(NOON + 60 * SECOND)
    shop.hold(None, Environment.TEST)
    with shop.database.writing() as connection:
        credit_pauses.mended(connection, shop.manager.id, Environment.PRODUCTION)
    assert len(shop.pauses()) == 2
    with shop.database.writing() as connection:
        records.change(connection, CREDIT_MANAGERS, shop.manager.id, {"centro_custo": "12"}, "maria")
    assert [(pause.environment, pause.until) for pause in shop.pauses()] == [
        (Environment.PRODUCTION, NOON + 60 * SECOND)
    ]
