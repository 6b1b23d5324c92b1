"""The credit analyses of the demonstration: every outcome is there to be seen, and an order waits for one."""

from __future__ import annotations

from datetime import UTC, datetime

from app.credit_analysis import AnalysisOutcome, AnalysisState
from app.data import blocks, credit_analyses, credit_lists, credit_pauses, customers, order_checks
from app.data.credit_analyses import AnalysisQuery
from app.domain import Authority, BlockOrigin, FailureKind, Origin
from app.policies import Environment
from app.settings.catalog import CREDIT_ALLOWED
from services.background import ConsultationThread
from services.demo import example
from services.demo.credit_example import EXPIRED, IN_TEST, PENDING, UNKNOWN_YET
from services.demo.demonstration import demonstration, open_demonstration

DOCUMENTS = {customer.code: customer.document for customer in example.CUSTOMERS}


def test_without_analyses_nothing_of_credit_is_on() -> None:
    with demonstration(automatic=False) as demo:
        office = open_demonstration(demo.folders)
        try:
            assert not office.settings.load()[CREDIT_ALLOWED]
        finally:
            office.close()


def test_every_outcome_is_there_and_the_queue_is_worked_off() -> None:
    with demonstration(automatic=False, analyses=True) as demo:
        office = open_demonstration(demo.folders)
        try:
            snapshot, now = office.settings.load(), datetime.now(UTC)
            with office.database.reading() as connection:
                listed = credit_lists.page(connection, AnalysisQuery(), 0, 100, snapshot, now)
                full = {one.row.document: credit_analyses.get(connection, one.id) for one in listed}
                checks = order_checks.page(connection, order_checks.CheckQuery(), 0, 10)
                assert credit_pauses.in_force(connection, now) == []
                refused = customers.all_by_document(connection, DOCUMENTS[102])[0]
                origins = [block.origin for block in blocks.active(connection, refused.id)]
            by_document = {one.row.document: one for one in listed}
            assert len(by_document) == len(listed)
            outcomes = {one.row.outcome for one in listed if one.row.environment is Environment.PRODUCTION}
            assert outcomes == {
                AnalysisOutcome.APPROVED,
                AnalysisOutcome.REFUSED,
                AnalysisOutcome.UNDECIDED,
                None,
            }
            failures = {one.failure.kind for one in full.values() if one is not None and one.failure is not None}
            assert failures == {FailureKind.REJECTION, FailureKind.INVALID_RESPONSE, FailureKind.UNCERTAIN}
            assert by_document[DOCUMENTS[EXPIRED]].expired
            assert by_document[DOCUMENTS[IN_TEST]].row.environment is Environment.TEST
            assert by_document[DOCUMENTS[IN_TEST]].row.outcome is AnalysisOutcome.APPROVED
            assert origins == [BlockOrigin.CREDIT]
            waiting = by_document[DOCUMENTS[PENDING]].row
            assert (waiting.state, waiting.origin) == (AnalysisState.QUEUED, Origin.ORDER)
            assert not {DOCUMENTS[code] for code in UNKNOWN_YET if code != PENDING} & set(by_document)
            (check,) = checks
            assert (check.document, check.allowed) == (DOCUMENTS[PENDING], False)

            demo.managers.serasa.delay_s = 0.0
            thread = ConsultationThread(office, Authority.CREDIT, once=True)
            thread.start()
            assert thread.wait(60_000)
            with office.database.reading() as connection:
                made = credit_analyses.get(connection, waiting.id)
            assert made is not None
            assert made.row.outcome is AnalysisOutcome.APPROVED
        finally:
            office.close()
