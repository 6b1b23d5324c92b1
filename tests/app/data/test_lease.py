"""One machine at a time runs the service of an authority."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, select, update

from app.data import lease
from app.data.database import Database
from app.data.lease import DURATION
from app.data.models import Lease


def take(database: Database, owner: str, now: datetime | None = None, name: str = "sefaz") -> bool:
    with database.writing() as connection:
        return lease.take(connection, name, owner, now or datetime.now(UTC))


def holder(database: Database) -> lease.Holder:
    with database.reading() as connection:
        found = lease.holder(connection, "sefaz")
    assert found is not None
    return found


def let_time_pass(database: Database) -> None:
    """The lease as it is once its duration is over, by whichever clock decides."""
    with database.writing() as connection:
        connection.execute(update(Lease).values(until=datetime.now(UTC) - timedelta(seconds=1)))


def test_nobody_has_it_at_first(database: Database) -> None:
    with database.reading() as connection:
        assert lease.holder(connection, "sefaz") is None


def test_one_owner_at_a_time_who_renews_it(database: Database) -> None:
    assert take(database, "PC-01")
    first = holder(database)
    assert first.owner == "PC-01"
    assert abs(first.until - datetime.now(UTC) - DURATION) < timedelta(seconds=10)
    assert not take(database, "PC-02")
    assert holder(database) == first
    assert take(database, "PC-01")
    assert holder(database).until > first.until
    assert take(database, "PC-02", name="anp")


def test_it_passes_on_when_it_was_not_renewed(database: Database) -> None:
    assert take(database, "PC-01")
    let_time_pass(database)
    assert take(database, "PC-02")
    assert not take(database, "PC-01")
    assert holder(database).owner == "PC-02"


def test_it_passes_on_when_it_was_given_back_by_its_owner(database: Database) -> None:
    assert take(database, "PC-01")
    with database.writing() as connection:
        lease.release(connection, "sefaz", "PC-02", datetime.now(UTC))
    assert not take(database, "PC-02")
    with database.writing() as connection:
        lease.release(connection, "sefaz", "PC-01", datetime.now(UTC))
    assert take(database, "PC-02")


@pytest.mark.parametrize("minutes", [-60, 60])
def test_a_wrong_clock_of_a_machine_does_not_matter_on_the_server(postgresql_url: str, minutes: int) -> None:
    database = Database(postgresql_url)
    wrong = datetime.now(UTC) + timedelta(minutes=minutes)
    try:
        assert take(database, "PC-01")
        assert not take(database, "PC-02", wrong)
        assert take(database, "PC-01", wrong)
        assert abs(holder(database).until - datetime.now(UTC) - DURATION) < timedelta(seconds=10)
    finally:
        database.close()


@pytest.mark.parametrize("there_is_an_old_one", [False, True])
def test_of_two_who_ask_at_once_one_gets_it(database: Database, there_is_an_old_one: bool) -> None:
    second = Database(database.engine.url)
    try:
        for _ in range(8):
            with database.writing() as connection:
                connection.execute(delete(Lease))
            if there_is_an_old_one:
                assert take(database, "PC-00")
                let_time_pass(database)
            start = threading.Barrier(2)
            got: dict[str, bool] = {}

            def ask(mine: Database, owner: str, start: threading.Barrier, got: dict[str, bool]) -> None:
                start.wait()
                got[owner] = take(mine, owner)

            threads = [
                threading.Thread(target=ask, args=(mine, owner, start, got))
                for mine, owner in ((database, "PC-01"), (second, "PC-02"))
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert sorted(got.values()) == [False, True], got
            assert got[holder(database).owner]
            with database.reading() as connection:
                assert len(connection.execute(select(Lease.name)).all()) == 1
    finally:
        second.close()
