"""How a certificate stands with an authorizer is kept by the database, for all machines and through a restart."""

from __future__ import annotations

import itertools
import random
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, MetaData, Table, func, insert, select

from app.data import pace, uf_gaps
from app.data.database import MIGRATIONS, Database
from app.data.models import AuthorizerPace
from app.data.uf_gaps import REMEMBERED, Gap
from app.domain import FailureKind
from app.rules.pacing import FREEZE, Hold, Limits, Pace, Said, after, turn
from app.uf import Missing

NOW = datetime(2026, 11, 21, 18, 40, 7, 123456, tzinfo=UTC)
CNPJ, OTHER = "11222333000181", "12ABC34501DE35"
LIMITS = Limits(3.0, 20)
FULL = Pace(
    calls=(NOW - timedelta(seconds=40), NOW),
    next_at=NOW + timedelta(seconds=3.3),
    streak_of="108",
    streak=4,
    held_until=NOW + timedelta(hours=1),
    held_why="A SEFAZ respondeu 108",
    last_limit_at=NOW - timedelta(hours=2),
    frozen_until=NOW + timedelta(hours=9),
    fingerprint="f" * 64,
)


def keep(database: Database, kept: Pace, cnpj: str = CNPJ, authorizer: str = "SVRS") -> None:
    with database.writing() as connection:
        pace.held(connection, cnpj, authorizer)
        pace.keep(connection, cnpj, authorizer, kept)


def read(database: Database, cnpj: str = CNPJ, authorizer: str = "SVRS") -> Pace:
    with database.reading() as connection:
        return pace.read(connection, cnpj, authorizer)


def reserve(connection: Connection, now: datetime, *, limits: Limits = LIMITS, fingerprint: str = "a") -> Any:
    return pace.reserve(connection, CNPJ, "SVRS", fingerprint=fingerprint, limits=limits, now=now, jitter=0.0)


# --- kept ---


def test_all_of_it_comes_back_after_a_restart(database: Database) -> None:
    assert read(database) == Pace()
    keep(database, FULL)
    another = Database(database.engine.url)
    try:
        assert read(another) == FULL
        with another.reading() as connection:
            assert pace.all_of(connection, CNPJ) == {"SVRS": FULL}
    finally:
        another.close()


def test_each_certificate_stands_by_itself_with_each_authorizer(database: Database) -> None:
    keep(database, FULL)
    keep(database, Pace(streak=1, streak_of="215"), authorizer="SP")
    keep(database, Pace(streak=2, streak_of="215"), cnpj=OTHER)
    keep(database, Pace(), cnpj="")
    assert (read(database, OTHER).streak, read(database, CNPJ, "SP").streak) == (2, 1)
    assert read(database, OTHER, "SP") == read(database, "", "SVRS") == Pace()
    with database.reading() as connection:
        assert set(pace.all_of(connection, CNPJ)) == {"SP", "SVRS"}


def test_a_reservation_counts_the_call_and_the_next_one_waits(database: Database) -> None:
    with database.writing() as connection:
        assert reserve(connection, NOW).at == NOW
    with database.writing() as connection:
        refused = reserve(connection, NOW + timedelta(seconds=1))
    assert (refused.at, refused.hold) == (NOW + timedelta(seconds=3), Hold.INTERVAL)
    kept = read(database)
    assert (kept.calls, kept.next_at, kept.fingerprint) == ((NOW,), NOW + timedelta(seconds=3), "a")


def test_nothing_is_reserved_in_a_freeze_nor_by_another_certificate_of_the_same_holder(database: Database) -> None:
    keep(database, after(FULL, Said(FailureKind.LIMIT), NOW, "America/Sao_Paulo"))
    before = read(database)
    with database.writing() as connection:
        assert reserve(connection, NOW, fingerprint="nova").hold is Hold.FREEZE
    assert read(database) == before


def test_another_certificate_of_the_same_holder_is_not_held_for_the_failures_of_the_old(database: Database) -> None:
    keep(database, Pace(streak_of="280", streak=1, held_until=NOW + timedelta(hours=9), fingerprint="velha"))
    with database.writing() as connection:
        assert reserve(connection, NOW, fingerprint="velha").hold is Hold.FAILURES
        assert reserve(connection, NOW, fingerprint="nova").at == NOW
    assert (read(database).streak, read(database).held_until, read(database).fingerprint) == (0, None, "nova")


# --- several machines ---


def test_of_machines_that_ask_at_once_only_one_gets_each_turn(database: Database) -> None:
    """Two computers of two threads, each with its own connection and a clock that all move together."""
    limits, step, tries = Limits(3.0, 5), timedelta(seconds=1.5), 60
    clock, lock = [NOW], threading.Lock()
    allowed: list[datetime] = []
    start = threading.Barrier(4)

    def machine(opened: Database, seed: int) -> None:
        chance = random.Random(seed)
        start.wait()
        for _ in range(tries):
            with opened.writing() as connection:
                with lock:
                    clock[0] += step * chance.random() / 2
                    now = clock[0]
                found = pace.reserve(
                    connection, CNPJ, "SVRS", fingerprint="a", limits=limits, now=now, jitter=chance.random()
                )
            if found.at <= now:
                with lock:
                    allowed.append(now)

    computers = [Database(database.engine.url) for _ in range(2)]
    threads = [
        threading.Thread(target=machine, args=(computers[number % 2], number), name=f"computador-{number}")
        for number in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for computer in computers:
        computer.close()
    allowed.sort()
    assert len(allowed) > 5
    assert all(after_it - one >= timedelta(seconds=3) for one, after_it in itertools.pairwise(allowed))
    for last in allowed:
        assert sum(timedelta() <= last - one < timedelta(minutes=1) for one in allowed) <= 5


def test_two_machines_may_meet_a_new_authorizer_at_once(database: Database) -> None:
    start = threading.Barrier(6)
    got: list[bool] = []

    def machine() -> None:
        opened = Database(database.engine.url)
        start.wait()
        with opened.writing() as connection:
            got.append(reserve(connection, NOW).at == NOW)
        opened.close()

    threads = [threading.Thread(target=machine) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == [False] * 5 + [True]
    with database.reading() as connection:
        assert connection.execute(select(func.count()).select_from(AuthorizerPace)).scalar_one() == 1


# --- what UFs said that they lack ---


def learn(database: Database, missing: Missing, *, now: datetime = NOW, address: str = "https://a/") -> None:
    with database.writing() as connection:
        uf_gaps.learn(connection, "AL", missing, address=address, c_stat="265", x_motivo="Não atende.", now=now)


def known(database: Database, now: datetime = NOW) -> list[Gap]:
    with database.reading() as connection:
        return uf_gaps.known(connection, now)


def test_a_gap_is_believed_for_thirty_days(database: Database) -> None:
    learn(database, Missing.SERVICE)
    expected = Gap("AL", Missing.SERVICE, "https://a/", "265", "Não atende.", NOW, NOW + timedelta(days=30))
    assert known(database) == known(database, NOW + REMEMBERED - timedelta(seconds=1)) == [expected]
    assert known(database, NOW + REMEMBERED) == []


def test_what_is_learnt_again_counts_from_then_and_for_the_new_address(database: Database) -> None:
    learn(database, Missing.SERVICE)
    learn(database, Missing.CPF)
    later = NOW + timedelta(days=3)
    learn(database, Missing.SERVICE, now=later, address="https://b/")
    assert [(gap.missing, gap.address, gap.until) for gap in known(database)] == [
        (Missing.SERVICE, "https://b/", later + REMEMBERED),
        (Missing.CPF, "https://a/", NOW + REMEMBERED),
    ]


def test_a_gap_may_be_forgotten(database: Database) -> None:
    learn(database, Missing.SERVICE)
    learn(database, Missing.CPF)
    with database.writing() as connection:
        uf_gaps.forget(connection, "AL", Missing.SERVICE)
        uf_gaps.forget(connection, "SP", Missing.CPF)
    assert [gap.missing for gap in known(database)] == [Missing.CPF]


# --- a program that has just been updated ---


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'vazio.sqlite'}"
    return str(request.getfixturevalue("empty_postgresql_url"))


def test_a_freeze_that_was_running_is_kept_by_the_update(empty_url: str) -> None:
    now = datetime.now(UTC)
    refusals = [
        (CNPJ, "SVRS", now - timedelta(minutes=30), FailureKind.LIMIT.value),
        (CNPJ, "SVRS", now - timedelta(days=9), FailureKind.LIMIT.value),
        (CNPJ, "SP", now - timedelta(minutes=1), FailureKind.TIMEOUT.value),
        (OTHER, "SVRS", now - timedelta(minutes=70), FailureKind.LIMIT.value),
        ("", "SVRS", now, FailureKind.LIMIT.value),
    ]
    database = Database(empty_url)
    try:
        with database.writing() as connection:
            config = Config()
            config.set_main_option("script_location", str(MIGRATIONS))
            config.attributes["connection"] = connection
            command.upgrade(config, "0002")
            table = Table("consultation", MetaData(), autoload_with=connection)
            connection.execute(insert(table), [_consultation(table, *one) for one in refusals])
        database.migrate()
        assert turn(read(database), LIMITS, now).at == refusals[0][2] + FREEZE
        assert turn(read(database).of("qualquer"), LIMITS, now).hold is Hold.FREEZE
        assert read(database, CNPJ, "SP") == Pace()
        gone = read(database, OTHER)
        assert (turn(gone, LIMITS, now).hold, gone.last_limit_at) == (Hold.NOTHING, refusals[3][2])
        keep(database, FULL, OTHER)
        with database.reading() as connection:
            assert set(pace.all_of(connection, CNPJ)) == {"SVRS"}
    finally:
        database.close()


def _consultation(table: Table, cnpj: str, authorizer: str, at: datetime, failure: str) -> dict[str, Any]:
    given = {"certificate_cnpj": cnpj, "authorizer": authorizer, "asked_at": at, "failure_kind": failure}
    blank: dict[type, Any] = {str: "", int: 0, bool: False, bytes: b"", object: [], datetime: at}
    needed = (column for column in table.columns if not column.nullable and column.name != "id")
    return {column.name: blank[column.type.python_type] for column in needed} | given
