"""The two lists of the window, customers and consultations: searched, sorted and paged by the database."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.data import customers, history, records
from app.data.customers import Order, Query, Situation
from app.data.database import Database
from app.data.history import HistoryQuery
from app.documents import parse_document
from app.domain import AnpOutcome, Authority, Decision, Origin, SefazFinding, Verdict
from app.policies import AnpKind
from app.settings.snapshot import Snapshot
from app.tables import CUSTOMERS
from tests.consultations import note

NOW = datetime(2026, 11, 21, 18, 40, tzinfo=UTC)
DOCUMENTS = ("11222333000181", "AB12CD34000184", "52998224725")


@pytest.fixture
def three(database: Database) -> list[int]:
    names = ("Posto Água Limpa", "posto Avenida", "Auto Posto Zebu")
    with database.writing() as connection:
        return [
            records.add(
                connection,
                CUSTOMERS,
                {**records.parse(CUSTOMERS, {"nome": name, "uf": "SP"}), "documento": document},
                Snapshot(),
                "maria",
            )
            for name, document in zip(names, DOCUMENTS, strict=True)
        ]


def _consulted(database: Database, customer_id: int | None, document: str, verdict: Verdict, origin: Origin) -> int:
    finding = SefazFinding(parse_document(document), "SP", verdict, "motivo", NOW, 120)
    with database.writing() as connection:
        return history.record(
            connection,
            finding,
            Decision("por quê"),
            authority=Authority.SEFAZ,
            customer_id=customer_id,
            origin=origin,
            user="maria",
            machine="PC-01",
            applied=False,
        )


def test_names_are_sorted_without_accents_and_case(database: Database, three: list[int]) -> None:
    with database.reading() as connection:
        names = [row.name for row in customers.page(connection, Query(order=Order.NAME), 0, 10)]
    assert names == ["Auto Posto Zebu", "Posto Água Limpa", "posto Avenida"]


def test_rows_of_chosen_customers_are_read_again(database: Database, three: list[int]) -> None:
    with database.writing() as connection:
        note(connection, three[1], Verdict.DISABLED, NOW, NOW + timedelta(days=1))
    with database.reading() as connection:
        found = {row.id: row for row in customers.rows(connection, [three[1], 999_999])}
    assert set(found) == {three[1]}
    assert found[three[1]].verdict is Verdict.DISABLED


def test_consultations_are_found_by_words_document_verdict_and_origin(database: Database, three: list[int]) -> None:
    one = _consulted(database, three[0], DOCUMENTS[0], Verdict.ENABLED, Origin.SERVICE)
    two = _consulted(database, three[1], DOCUMENTS[1], Verdict.FAILURE, Origin.OPERATOR)
    stranger = _consulted(database, None, DOCUMENTS[2], Verdict.ENABLED, Origin.OPERATOR)

    def found(query: HistoryQuery) -> list[int]:
        with database.reading() as connection:
            ids = [row.id for row in history.page(connection, query, 0, 10)]
            assert history.count(connection, query) == len(ids)
        return ids

    assert found(HistoryQuery()) == [stranger, two, one]
    assert found(HistoryQuery("agua LIMPA")) == [one]
    assert found(HistoryQuery("ab.12c.d34/0001-84")) == [two]
    assert found(HistoryQuery("zz12cd34")) == []
    assert found(HistoryQuery("ab12cd34")) == [two]
    assert found(HistoryQuery("529.982.247")) == [stranger]
    assert found(HistoryQuery("maria")) == []
    assert found(HistoryQuery(verdict=Verdict.FAILURE)) == [two]
    assert found(HistoryQuery(origin=Origin.OPERATOR)) == [stranger, two]
    with database.reading() as connection:
        assert [row.id for row in history.page(connection, HistoryQuery(), 1, 1)] == [two]


def test_the_answer_before_skips_failures_and_other_customers(database: Database, three: list[int]) -> None:
    first = _consulted(database, three[0], DOCUMENTS[0], Verdict.ENABLED, Origin.SERVICE)
    _consulted(database, three[0], DOCUMENTS[0], Verdict.FAILURE, Origin.SERVICE)
    _consulted(database, three[1], DOCUMENTS[1], Verdict.DISABLED, Origin.SERVICE)
    _consulted(database, None, DOCUMENTS[0], Verdict.DISABLED, Origin.OPERATOR)
    last = _consulted(database, three[0], DOCUMENTS[0], Verdict.DISABLED, Origin.SERVICE)
    stranger = _consulted(database, None, DOCUMENTS[0], Verdict.DISABLED, Origin.OPERATOR)
    with database.reading() as connection:
        rows = {row.id: row for row in history.latest(connection)}
        before = history.answer_before(connection, rows[last])
        assert before is not None
        assert before.row.id == first
        assert history.answer_before(connection, rows[first]) is None
        alone = history.answer_before(connection, rows[stranger])
        assert alone is not None
        assert alone.row.customer_id is None


def _answered_by_anp(database: Database, customer_id: int, outcome: AnpOutcome, at: datetime, brand: str = "") -> None:
    with database.writing() as connection:
        asked = customers.subject(connection, customer_id)
        assert asked is not None
        assert customers.note_anp(connection, asked, outcome, brand, at, None) is not None


def _found(database: Database, query: Query) -> list[int]:
    with database.reading() as connection:
        ids = [row.id for row in customers.page(connection, query, 0, 10)]
        assert customers.count(connection, query) == len(ids)
    return ids


def test_what_anp_said_is_in_the_line_and_a_failed_try_keeps_it(database: Database, three: list[int]) -> None:
    _answered_by_anp(database, three[0], AnpOutcome.UPDATED, NOW, "VIBRA")
    _answered_by_anp(database, three[0], AnpOutcome.FAILURE, NOW + timedelta(hours=1))
    with database.reading() as connection:
        row = customers.row(connection, three[0])
        person = customers.row(connection, three[2])
    assert row is not None
    assert (row.anp_kind, row.anp_consulted, row.anp_brand) == (AnpKind.AUTOMOTIVE, True, "VIBRA")
    assert (row.anp_status, row.anp_at) == (AnpOutcome.UPDATED, NOW)
    assert (row.anp_outcome, row.anp_tried_at) == (AnpOutcome.FAILURE, NOW + timedelta(hours=1))
    assert row.tried_at is None
    assert row.consulted_at == NOW + timedelta(hours=1)
    assert person is not None
    assert (person.anp_kind, person.anp_consulted, person.anp_status) == (AnpKind.NONE, False, None)


@pytest.mark.parametrize(
    ("outcome", "is_irregular"),
    [
        (AnpOutcome.UPDATED, False),
        (AnpOutcome.REVOKED, True),
        (AnpOutcome.REVOCATION, True),
        (AnpOutcome.CANDIDATE, True),
        (AnpOutcome.NOT_FOUND, True),
        (AnpOutcome.UNRECOGNISED, False),
        (AnpOutcome.FAILURE, False),
    ],
)
def test_whom_anp_does_not_have_as_authorised(
    database: Database, three: list[int], outcome: AnpOutcome, is_irregular: bool
) -> None:
    _answered_by_anp(database, three[1], outcome, NOW)
    irregular = Query(situations=frozenset({Situation.ANP_IRREGULAR}))
    assert _found(database, irregular) == ([three[1]] if is_irregular else [])
    _answered_by_anp(database, three[1], AnpOutcome.FAILURE, NOW)
    assert _found(database, irregular) == ([three[1]] if is_irregular else [])


def test_who_was_never_asked_about_at_anp_is_a_reseller(database: Database, three: list[int]) -> None:
    never = Query(situations=frozenset({Situation.ANP_NEVER}))
    assert set(_found(database, never)) == {three[0], three[1]}  # the third has a CPF
    _answered_by_anp(database, three[0], AnpOutcome.FAILURE, NOW)
    assert _found(database, never) == [three[1]]


def test_a_failure_of_either_authority_is_found(database: Database, three: list[int]) -> None:
    with database.writing() as connection:
        note(connection, three[2], Verdict.FAILURE, NOW, None)
    _answered_by_anp(database, three[0], AnpOutcome.FAILURE, NOW)
    assert set(_found(database, Query(situations=frozenset({Situation.FAILED})))) == {three[0], three[2]}


def test_the_last_consultation_is_that_of_either_authority(database: Database, three: list[int]) -> None:
    """The second was never consulted; the third by SEFAZ only; the first by both, ANP last."""
    with database.writing() as connection:
        note(connection, three[0], Verdict.ENABLED, NOW - timedelta(days=2), None)
        note(connection, three[2], Verdict.ENABLED, NOW - timedelta(days=1), None)
    _answered_by_anp(database, three[0], AnpOutcome.UPDATED, NOW)
    ordered = Query(order=Order.CONSULTED)
    assert _found(database, ordered) == [three[1], three[2], three[0]]
    assert _found(database, replace(ordered, descending=True)) == [three[0], three[2], three[1]]


def test_the_list_may_be_sorted_by_what_anp_says(database: Database, three: list[int]) -> None:
    _answered_by_anp(database, three[0], AnpOutcome.NOT_FOUND, NOW)
    _answered_by_anp(database, three[2], AnpOutcome.UPDATED, NOW)
    assert _found(database, Query(order=Order.ANP)) == [three[1], three[2], three[0]]
