"""How fast an authorizer may be asked, computed from what was kept: intervals, quotas, the silence after a 656."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.data import history
from app.data.database import Database
from app.documents import parse_document
from app.domain import Authority, Decision, Failure, FailureKind, Origin, SefazFinding, Verdict
from app.rules.pacing import BREAKER, FREEZE, TECHNICAL, Attempt, Turn, next_turn

NOW = datetime(2026, 11, 21, 18, 40, tzinfo=UTC)


def ago(seconds: float, failure: FailureKind | None = None) -> Attempt:
    return Attempt(NOW - timedelta(seconds=seconds), failure)


def turn(
    *newest: Attempt,
    limit_at: datetime | None = None,
    interval_s: float = 0,
    per_minute: int = 0,
    automatic: bool = True,
    now: datetime = NOW,
) -> Turn:
    return next_turn(newest, limit_at, interval_s=interval_s, per_minute=per_minute, automatic=automatic, now=now)


def wait(found: Turn) -> float:
    return (found.at - NOW).total_seconds()


@pytest.mark.parametrize("automatic", [True, False])
def test_at_once_when_there_is_nothing_to_wait_for(automatic: bool) -> None:
    assert turn(automatic=automatic, interval_s=5, per_minute=20) == Turn(NOW)
    assert turn(ago(0), ago(0), automatic=automatic) == Turn(NOW)


@pytest.mark.parametrize(("since", "expected"), [(0, 3), (1.5, 1.5), (2.999, 0.001), (3, 0), (500, 0)])
def test_the_interval_since_the_newest(since: float, expected: float) -> None:
    found = turn(ago(since), interval_s=3)
    assert wait(found) == pytest.approx(expected)
    assert bool(found.why) is (expected > 0)
    assert not found.frozen


def test_at_most_so_many_in_any_minute() -> None:
    newest = [ago(3 * n) for n in range(1, 20)]
    assert wait(turn(*newest, per_minute=20)) == 0
    found = turn(*newest, ago(59), per_minute=20)
    assert wait(found) == 1
    assert "20 consultas por minuto" in found.why
    assert wait(turn(*newest, ago(60), per_minute=20)) == 0
    # Older ones than the quota counts do not matter.
    assert wait(turn(ago(1), ago(30), ago(90), per_minute=2)) == 30


def test_the_longest_wait_counts_and_says_why() -> None:
    found = turn(ago(1), ago(2), interval_s=10, per_minute=2)
    assert wait(found) == 58
    assert "por minuto" in found.why
    found = turn(ago(1), ago(58), interval_s=10, per_minute=2)
    assert wait(found) == 9
    assert "Intervalo" in found.why


@pytest.mark.parametrize("automatic", [True, False])
@pytest.mark.parametrize(("minutes", "frozen"), [(0, True), (64.9, True), (65, False), (66, False), (10_000, False)])
def test_sixty_five_minutes_of_silence_after_a_656_for_the_button_too(
    automatic: bool, minutes: float, frozen: bool
) -> None:
    limit_at = NOW - timedelta(minutes=minutes)
    found = turn(limit_at=limit_at, automatic=automatic, interval_s=3, per_minute=20)
    assert found.frozen is frozen
    assert found.at == (limit_at + timedelta(minutes=65) if frozen else NOW)
    assert ("consumo indevido" in found.why) is frozen


def test_later_answers_do_not_end_the_silence() -> None:
    assert turn(ago(1), ago(2), limit_at=NOW - timedelta(minutes=5)).frozen


technical = st.sampled_from([kind for kind in FailureKind if kind in TECHNICAL])


@given(st.lists(technical, min_size=3, max_size=8))
def test_three_technical_failures_in_a_row_stop_the_service_but_not_the_button(kinds: list[FailureKind]) -> None:
    newest = [ago(60 * n, kind) for n, kind in enumerate(kinds, 1)]
    found = turn(*newest)
    assert found.at == newest[0].asked_at + BREAKER
    assert "Três falhas técnicas" in found.why
    assert not found.frozen
    assert turn(*newest, automatic=False) == Turn(NOW)
    assert turn(*newest, now=NOW + BREAKER) == Turn(NOW + BREAKER)


@given(st.permutations([FailureKind.TIMEOUT, FailureKind.NETWORK]), st.integers(0, 2))
def test_an_answer_among_the_last_three_keeps_the_service_going(kinds: list[FailureKind], place: int) -> None:
    newest: list[FailureKind | None] = [*kinds]
    newest.insert(place, None)
    attempts = [ago(60 * n, kind) for n, kind in enumerate([*newest, FailureKind.HTTP, FailureKind.HTTP], 1)]
    assert turn(*attempts) == Turn(NOW)
    assert turn(*attempts[:2]) == Turn(NOW)


@pytest.mark.parametrize("kind", [kind for kind in FailureKind if kind not in TECHNICAL])
def test_failures_about_one_customer_do_not_stop_the_service(kind: FailureKind) -> None:
    assert turn(*(ago(60 * n, kind) for n in range(1, 4))) == Turn(NOW)


@given(
    st.lists(st.floats(0, 7200), max_size=30),
    st.none() | st.floats(0, 7200),
    st.floats(0, 60),
    st.integers(0, 20),
    st.booleans(),
)
def test_once_waited_for_the_turn_has_come(
    seconds: list[float], limit: float | None, interval_s: float, per_minute: int, automatic: bool
) -> None:
    newest = [ago(s, FailureKind.TIMEOUT) for s in sorted(seconds)]
    limit_at = None if limit is None else NOW - timedelta(seconds=limit)

    def ask(now: datetime) -> Turn:
        return turn(
            *newest, limit_at=limit_at, interval_s=interval_s, per_minute=per_minute, automatic=automatic, now=now
        )

    first = ask(NOW)
    assert first.at >= NOW
    assert bool(first.why) is (first.at > NOW)
    later = first.at
    for _ in range(2):  # a freeze that ends may leave a shorter wait of another reason
        later = ask(later).at
    assert ask(later) == Turn(later)
    assert later <= NOW + max(FREEZE, BREAKER)


def test_the_silence_survives_a_restart_and_is_shared(database: Database) -> None:
    failure = Failure(FailureKind.LIMIT, "Consumo indevido.", "", "")
    finding = SefazFinding(
        parse_document("11222333000181"), "GO", Verdict.FAILURE, "", NOW, 1, failure=failure, authorizer="GO"
    )
    with database.writing() as connection:
        history.record(
            connection,
            finding,
            Decision("nada"),
            authority=Authority.SEFAZ,
            customer_id=None,
            origin=Origin.OPERATOR,
            user="maria",
            machine="PC-01",
            applied=False,
        )
    another = Database(database.engine.url)
    try:
        with another.reading() as connection:
            newest = history.newest_attempts(connection, "GO", 3)
            limit_at = history.last_limit(connection, "GO")
            assert history.last_limit(connection, "SVRS") is None
    finally:
        another.close()
    found = turn(*newest, limit_at=limit_at, automatic=False, now=NOW + timedelta(minutes=64))
    assert found.frozen
    assert found.at == NOW + FREEZE
