"""How fast one certificate asks one authorizer, and when it leaves it alone: examples, and any course of events."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from app.domain import FailureKind
from app.rules.pacing import (
    BREAKER,
    FREEZE,
    TECHNICAL,
    Hold,
    Limits,
    Pace,
    Said,
    Turn,
    after,
    called,
    turn,
)
from services.sefaz.endpoints import EndpointStatus, load_endpoints
from services.sefaz.status_codes import status_code

NOW = datetime(2026, 11, 21, 18, 40, tzinfo=UTC)
ZONE = "America/Sao_Paulo"
MIDNIGHT = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
"""The next day at ZONE, which is three hours behind UTC."""
FREE = Limits(0, 0)
SHIPPED = Limits(3.0, 20)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
ANSWER = Said(None)


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


def technical(kind: FailureKind = FailureKind.TIMEOUT) -> Said:
    return Said(kind)


def calls(*ago: float) -> tuple[datetime, ...]:
    return tuple(NOW - seconds(one) for one in ago)


def course(*said: Said, every: timedelta = MINUTE, start: datetime = NOW, zone: str = ZONE) -> tuple[Pace, datetime]:
    """The pace once these things were said one after the other, and the moment of the last."""
    pace = Pace()
    for number, one in enumerate(said):
        pace = after(pace, one, start + every * number, zone)
    return pace, start + every * (len(said) - 1)


# --- the pace ---


def test_at_once_when_there_is_nothing_to_wait_for() -> None:
    assert turn(Pace(), SHIPPED, NOW) == Turn(NOW)
    assert turn(called(Pace(), FREE, NOW, 1), FREE, NOW) == Turn(NOW)


@pytest.mark.parametrize(("jitter", "wait"), [(0, 3.0), (0.5, 3.45), (1, 3.9)])
def test_the_interval_is_lengthened_at_random(jitter: float, wait: float) -> None:
    pace = called(Pace(), SHIPPED, NOW, jitter)
    found = turn(pace, SHIPPED, NOW)
    assert (found.at, found.hold) == (NOW + seconds(wait), Hold.INTERVAL)
    assert "Intervalo mínimo" in found.why
    assert turn(pace, SHIPPED, found.at) == Turn(found.at)


def test_at_most_so_many_in_any_minute() -> None:
    limits = Limits(0, 3)
    pace = Pace(calls=calls(59, 30, 1))
    found = turn(pace, limits, NOW)
    assert (found.at, found.hold) == (NOW + seconds(1), Hold.INTERVAL)
    assert "3 consultas por minuto" in found.why
    assert turn(Pace(calls=calls(60, 30, 1)), limits, NOW) == Turn(NOW)
    # A lower limit than when they were made counts the newest.
    assert turn(pace, Limits(0, 1), NOW).at == NOW + seconds(59)


def test_the_longest_wait_counts_and_says_why() -> None:
    pace = Pace(calls=calls(58, 1), next_at=NOW + seconds(9))
    assert turn(pace, Limits(10, 2), NOW).why == "Intervalo mínimo entre consultas do autorizador."
    pace = Pace(calls=calls(2, 1), next_at=NOW + seconds(9))
    assert turn(pace, Limits(10, 2), NOW).at == NOW + seconds(58)


def test_only_the_calls_of_the_last_minute_are_remembered() -> None:
    pace = called(Pace(calls=calls(61, 60, 59)), SHIPPED, NOW, 0)
    assert pace.calls == calls(59, 0)
    assert called(pace, Limits(3, 0), NOW, 0).calls == ()


# --- consumo indevido ---


def limited(*, at: datetime = NOW, pace: Pace | None = None, zone: str = ZONE) -> Pace:
    return after(pace or Pace(), status_code("656").said, at, zone)


def test_656_is_followed_by_65_minutes_of_silence_whatever_is_said_meanwhile() -> None:
    pace = limited()
    for said in (ANSWER, technical(), status_code("108").said, Said(FailureKind.CANCELLED)):
        pace = after(pace, said, NOW + MINUTE, ZONE)
        found = turn(pace, FREE, NOW + MINUTE)
        assert (found.at, found.hold) == (NOW + FREEZE, Hold.FREEZE)
        assert "só depois de " in found.why
        assert f"{(NOW + FREEZE).astimezone():%H:%M}." in found.why
    assert turn(limited(), FREE, NOW + FREEZE) == Turn(NOW + FREEZE)


@pytest.mark.parametrize(
    ("zone", "begins"),
    [("America/Noronha", 2), ("America/Sao_Paulo", 3), ("America/Manaus", 4), ("America/Rio_Branco", 5)],
)
def test_the_second_656_in_a_day_silences_until_the_next_day_of_the_branch(zone: str, begins: int) -> None:
    pace = limited(at=NOW + timedelta(hours=4), pace=limited(), zone=zone)
    next_day = MIDNIGHT.replace(hour=begins)
    assert NOW + timedelta(hours=4) < next_day  # 22:40 in UTC: the day of the branch is still the 21st
    assert turn(pace, FREE, NOW + timedelta(hours=5)).at == next_day


def test_the_next_day_is_never_sooner_than_65_minutes() -> None:
    late = MIDNIGHT - timedelta(minutes=10)
    assert limited(at=late, pace=limited()).frozen_until == late + FREEZE


def test_656_a_day_after_is_the_first_again() -> None:
    assert limited(at=NOW + DAY, pace=limited()).frozen_until == NOW + DAY + FREEZE
    almost = NOW + DAY - seconds(1)
    assert limited(at=almost, pace=limited()).frozen_until == MIDNIGHT + DAY


def test_the_pace_is_halved_for_a_day_after_656() -> None:
    pace = replace(limited(), frozen_until=None, calls=calls(*range(9, -1, -1)))
    assert turn(pace, Limits(0, 20), NOW).at == NOW + seconds(51)
    assert turn(pace, Limits(0, 21), NOW) == Turn(NOW)
    for passed, wait in ((timedelta(hours=23), 6), (DAY, 3)):
        now = NOW + passed
        assert turn(called(pace, SHIPPED, now, 0), SHIPPED, now).at == now + seconds(wait)


# --- failures in a row ---


@pytest.mark.parametrize("kind", [kind for kind in FailureKind if kind in TECHNICAL])
def test_three_technical_failures_in_a_row_hold_for_half_an_hour(kind: FailureKind) -> None:
    pace, last = course(technical(), technical(kind))
    assert turn(pace, FREE, last) == Turn(last)
    pace, last = course(technical(), technical(kind), technical())
    found = turn(pace, FREE, last)
    assert (found.at, found.hold) == (last + BREAKER, Hold.FAILURES)
    assert found.why.startswith("3 falhas técnicas seguidas: nova consulta só depois de ")
    assert turn(pace, FREE, found.at) == Turn(found.at)
    # One more try is let through, and holds at once when it fails too.
    again = after(pace, technical(), found.at, ZONE)
    assert turn(again, FREE, found.at).at == found.at + BREAKER
    assert turn(after(pace, ANSWER, found.at, ZONE), FREE, found.at) == Turn(found.at)


def test_an_answer_or_another_failure_between_them_starts_the_count_again() -> None:
    for between in (ANSWER, status_code("215").said, status_code("259").said):
        pace, last = course(technical(), technical(), between, technical(), technical())
        assert turn(pace, FREE, last) == Turn(last)


@pytest.mark.parametrize("kind", [FailureKind.CANCELLED, FailureKind.CONFIGURATION, FailureKind.INTERNAL])
def test_what_says_nothing_of_the_authorizer_changes_nothing(kind: FailureKind) -> None:
    pace, last = course(technical(), technical())
    assert after(pace, Said(kind), last, ZONE) == pace


@pytest.mark.parametrize("code", ["215", "516", "258", "nunca visto"])
def test_ten_equal_rejections_hold_until_the_next_day(code: str) -> None:
    said = status_code(code).said
    pace, last = course(*[said] * 9)
    assert turn(pace, FREE, last) == Turn(last)
    pace, last = course(*[said] * 10)
    found = turn(pace, FREE, last)
    assert (found.at, found.hold) == (MIDNIGHT, Hold.FAILURES)
    assert found.why.startswith(f"10 rejeições {code} seguidas: ")


def test_nine_equal_rejections_and_another_one_do_not() -> None:
    pace, last = course(*[status_code("215").said] * 9, status_code("516").said, *[status_code("215").said] * 9)
    assert turn(pace, FREE, last) == Turn(last)


@pytest.mark.parametrize("code", ["111", "112", "259", "261", "264", "262", "265", "410"])
def test_answers_of_an_authorizer_that_works_let_it_go(code: str) -> None:
    pace, last = course(technical(), technical(), technical())
    assert turn(after(pace, status_code(code).said, last, ZONE), FREE, last) == Turn(last)
    pace, last = course(*[status_code(code).said] * 50)
    assert pace == Pace()


@pytest.mark.parametrize(
    ("code", "minutes"),
    [
        ("108", [5, 15, 30, 60, 120, 360, 360]),
        ("109", [30, 60, 60]),
        ("999", [0.5, 5, 5, 15, 30, 60, 120, 360, 360]),
        ("283", [60, None, None]),
        ("286", [30, 60, 60]),
        *((code, [None, None]) for code in ("257", "280", "281", "282", "284", "285")),
    ],
)
def test_a_status_may_ask_for_a_wait_that_grows(code: str, minutes: list[float | None]) -> None:
    pace, now = Pace(), NOW
    for wait in minutes:
        pace = after(pace, status_code(code).said, now, ZONE)
        found = turn(pace, FREE, now)
        assert found.hold is Hold.FAILURES
        assert f"A SEFAZ respondeu {code}" in found.why
        if wait is None:
            assert found.at > now
            assert (found.at.hour, found.at.minute, found.at - now <= DAY) == (3, 0, True)
        else:
            assert found.at == now + timedelta(minutes=wait)
        now = found.at
    assert after(pace, ANSWER, now, ZONE) == Pace()


def test_a_diagnosis_without_faults_lets_go_of_failures_and_not_of_656() -> None:
    pace, last = course(technical(), technical(), technical())
    assert turn(pace.released, FREE, last) == Turn(last)
    assert turn(limited().released, FREE, NOW).hold is Hold.FREEZE


# --- another certificate, another clock ---


def test_another_certificate_starts_clean_but_not_out_of_the_silence() -> None:
    pace, last = course(technical(), technical(), technical())
    pace = pace.of("nova")
    assert pace.of("nova") is pace
    assert turn(pace, FREE, last) == Turn(last)
    pace = after(pace, technical(), last, ZONE)
    assert turn(pace, FREE, last) == Turn(last)
    frozen = called(limited(), SHIPPED, NOW, 0).of("nova")
    assert turn(frozen, SHIPPED, NOW).hold is Hold.FREEZE
    assert turn(replace(frozen, frozen_until=None), SHIPPED, NOW).hold is Hold.INTERVAL


def test_what_was_written_by_a_wrong_clock_holds_nothing() -> None:
    wrong = NOW + timedelta(days=900)
    pace = Pace(
        calls=(wrong,) * 30, next_at=wrong, held_until=wrong, held_why="x", last_limit_at=wrong, frozen_until=wrong
    )
    assert turn(pace, SHIPPED, NOW) == Turn(NOW)
    pace = called(pace, SHIPPED, NOW, 0)
    assert (pace.calls, pace.next_at) == ((NOW,), NOW + seconds(3))
    frozen = limited(pace=pace)
    assert turn(frozen, SHIPPED, NOW).at == NOW + FREEZE


def test_the_calls_of_a_machine_whose_clock_is_a_little_ahead_count() -> None:
    ahead = called(Pace(), Limits(3, 1), NOW + seconds(40), 1)
    assert turn(ahead, Limits(3, 0), NOW).at == NOW + seconds(43.9)
    assert turn(ahead, Limits(0, 1), NOW).at == NOW + seconds(100)
    mixed = Pace(calls=(NOW + seconds(40), NOW))
    assert turn(mixed, Limits(0, 2), NOW).at == NOW + seconds(60)


# --- the shipped limits ---


def test_no_shipped_authorizer_may_be_asked_faster_than_is_prudent() -> None:
    asked = [endpoint for endpoint in load_endpoints(None).values() if endpoint.status is not EndpointStatus.NONE]
    assert len(asked) >= 26
    for endpoint in asked:
        assert endpoint.limits.interval_s >= 3, endpoint.uf
        assert 1 <= endpoint.limits.per_minute <= 20, endpoint.uf


# --- any course of events, against a count of its own ---

TABLE: dict[str, list[timedelta | None]] = {
    "108": [timedelta(minutes=m) for m in (5, 15, 30, 60, 120, 360)],
    "283": [timedelta(minutes=60), None],
    "280": [None],
}
"""The waits of some codes, as sefaz.md asks for them; None is until the next day."""
OFFSET = {"America/Sao_Paulo": 3, "America/Manaus": 4, "America/Noronha": 2}
EVENTS = ["answer", "technical", "215", "516", *TABLE, "656", "cancelled"]
JUMPS = [0, 0.5, 1, 3, 7, 30, 59, 60, 299, 300, 1799, 1800, 3899, 3900, 20_000, 80_000, 90_000]


def next_day(moment: datetime, zone: str) -> datetime:
    here = (moment - timedelta(hours=OFFSET[zone])).replace(hour=0, minute=0, second=0, microsecond=0)
    return here + timedelta(days=1, hours=OFFSET[zone])


class Authorizer(RuleBasedStateMachine):
    """One authorizer asked for days; all that happened is kept, and what is allowed is counted from it each time."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.pace = Pace()
        self.calls: list[tuple[datetime, timedelta]] = []
        self.events: list[tuple[datetime, str]] = []
        self.limits = SHIPPED
        self.zone = ZONE

    @initialize(
        interval=st.sampled_from([0, 1, 3, 10]),
        per_minute=st.sampled_from([0, 1, 3, 20]),
        zone=st.sampled_from(sorted(OFFSET)),
    )
    def authorizer(self, interval: int, per_minute: int, zone: str) -> None:
        self.limits, self.zone = Limits(interval, per_minute), zone

    # the count

    def limit_moments(self) -> list[datetime]:
        return [at for at, event in self.events if event == "656"]

    def halved(self, now: datetime) -> bool:
        return any(now - at < DAY for at in self.limit_moments())

    def frozen_until(self) -> datetime:
        ends, before = [NOW], None
        for at in self.limit_moments():
            again = before is not None and at - before < DAY
            ends.append(max(at + timedelta(minutes=65), next_day(at, self.zone) if again else NOW))
            before = at
        return max(ends)

    def held_until(self) -> datetime:
        told = [(at, event) for at, event in self.events if event != "cancelled"]
        if not told:
            return NOW
        last, same = told[-1]
        run = 0
        for _, event in reversed(told):
            if event != same:
                break
            run += 1
        if same == "technical" and run >= 3:
            return last + timedelta(minutes=30)
        if same in ("215", "516") and run >= 10:
            return next_day(last, self.zone)
        if same in TABLE:
            wait = TABLE[same][min(run, len(TABLE[same])) - 1]
            return next_day(last, self.zone) if wait is None else last + wait
        return NOW

    def allowed_at(self, now: datetime) -> bool:
        if now < self.frozen_until() or now < self.held_until():
            return False
        if self.calls and now < self.calls[-1][0] + self.calls[-1][1]:
            return False
        most = self.limits.per_minute
        most = (most + 1) // 2 if self.halved(now) else most
        return most == 0 or sum(now - at < MINUTE for at, _ in self.calls) < most

    # what happens

    @rule(passed=st.sampled_from(JUMPS))
    def wait(self, passed: float) -> None:
        self.now += seconds(passed)

    @rule()
    def wait_for_the_turn(self) -> None:
        for _ in range(4):  # a hold that ends may leave another, shorter one
            self.now = max(self.now, turn(self.pace, self.limits, self.now).at)
        assert self.allowed_at(self.now)

    @rule(
        event=st.sampled_from(EVENTS), times=st.sampled_from([1, 1, 2, 3, 9, 10]), jitter=st.sampled_from([0, 0.5, 1])
    )
    def ask(self, event: str, times: int, jitter: float) -> None:
        for _ in range(times):
            if turn(self.pace, self.limits, self.now).at > self.now:
                self.wait_for_the_turn()
            assert self.allowed_at(self.now)
            interval = self.limits.interval_s * (2 if self.halved(self.now) else 1) * (1 + 0.3 * jitter)
            self.pace = called(self.pace, self.limits, self.now, jitter)
            self.calls.append((self.now, seconds(interval)))
            self.now += seconds(0.2)
            self.pace = after(self.pace, said(event), self.now, self.zone)
            self.events.append((self.now, event))

    @rule(number=st.integers(0, 3))
    def install_certificate(self, number: int) -> None:
        fingerprint = f"{number}"
        if fingerprint != self.pace.fingerprint:
            self.events.append((self.now, "answer"))  # it counts as one that was never refused
        self.pace = self.pace.of(fingerprint)

    @rule()
    def diagnose(self) -> None:
        self.pace = self.pace.released
        self.events.append((self.now, "answer"))

    @invariant()
    def the_turn_is_neither_too_soon_nor_too_late(self) -> None:
        found = turn(self.pace, self.limits, self.now)
        assert (found.at <= self.now) == self.allowed_at(self.now)
        assert bool(found.why) == (found.at > self.now) == (found.hold is not Hold.NOTHING)
        if found.at > self.now:
            assert not self.allowed_at(found.at - timedelta(microseconds=1))
        assert (found.hold is Hold.FREEZE) == (self.now < self.frozen_until())


def said(event: str) -> Said:
    plain = {"answer": ANSWER, "technical": technical(), "cancelled": Said(FailureKind.CANCELLED)}
    return plain[event] if event in plain else status_code(event).said


TestAuthorizer = Authorizer.TestCase
TestAuthorizer.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
