"""The mirror of ANP's lists on both databases: taking lists in, what they changed, who is or was in them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.anp_lists import UnreadableList
from app.data import audit, mirror, records
from app.data.database import Database
from app.data.mirror import ChangeQuery, IncompleteList, ListReport, OlderList, take_list
from app.domain import AnpRegistration, ListKind
from app.rules.anp_difference import ChangeKind
from app.rules.anp_mirror import Listed
from app.settings.snapshot import Snapshot
from app.tables import CUSTOMERS
from services.demo import anp_lists as made_up

MONDAY = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)
ROWS = made_up.resellers(40)
_EVERY = ChangeQuery()


def _take(
    database: Database, rows: list[AnpRegistration], days: int = 0, *, accept_smaller: bool = False
) -> ListReport:
    return take_list(
        database,
        made_up.automotive_csv(rows),
        None,
        source="lista.csv",
        taken_at=MONDAY + timedelta(days=days),
        actor="maria",
        accept_smaller=accept_smaller,
    )


def _changes(database: Database, query: ChangeQuery = _EVERY) -> list[mirror.ChangeRow]:
    with database.reading() as connection:
        rows = mirror.changes(connection, query, 0, 1000)
        assert mirror.count_changes(connection, query) == len(rows)
        return rows


def _found(database: Database, cnpj: str) -> Listed | None:
    with database.reading() as connection:
        return mirror.find(connection, ListKind.AUTOMOTIVE, cnpj)


def _customer(database: Database, cnpj: str, name: str, uf: str = "SP") -> int:
    values = {"documento": cnpj, "nome": name, "uf": uf}
    with database.writing() as connection:
        return records.add(connection, CUSTOMERS, values, Snapshot(), "maria")


def test_the_first_list_is_kept_whole_and_nobody_in_it_is_new(database: Database) -> None:
    report = _take(database, ROWS)
    assert (report.list.rows, report.previous, report.same, dict(report.counts)) == (40, None, False, {})
    assert report.sentence == "Primeira lista guardada: Revendedores de combustíveis automotivos, 40 estabelecimentos."
    listed = _found(database, ROWS[7].cnpj)
    assert listed is not None
    assert listed.vanished_at is None
    assert (listed.registration.name, listed.registration.brand) == (ROWS[7].name, ROWS[7].brand)
    assert _changes(database) == []
    with database.reading() as connection:
        (entry,) = audit.latest(connection, "listas_anp/")
    assert (entry.actor, entry.new) == ("maria", f"{report.sentence} Origem: lista.csv")


def test_the_same_list_again_is_only_confirmed(database: Database) -> None:
    _take(database, ROWS)
    report = _take(database, ROWS, 1)
    assert (report.same, report.list.taken_at, report.list.confirmed_at) == (True, MONDAY, MONDAY + timedelta(days=1))
    assert _take(database, ROWS, 0).list.confirmed_at == MONDAY + timedelta(days=1)
    with database.reading() as connection:
        assert len(mirror.lists(connection)) == 1


def test_who_leaves_and_comes_back_is_told(database: Database) -> None:
    _take(database, ROWS)
    _take(database, ROWS, 1)
    gone = ROWS[3]
    report = _take(database, [row for row in ROWS if row is not gone], 2)
    assert dict(report.counts) == {ChangeKind.LEFT: 1}
    assert "1 saiu" in report.sentence
    listed = _found(database, gone.cnpj)
    assert listed is not None
    last_seen, left = MONDAY + timedelta(days=1), MONDAY + timedelta(days=2)
    assert (listed.last_seen_at, listed.vanished_at, listed.confirmed) == (last_seen, left, False)

    _take(database, made_up.mutated([row for row in ROWS if row is not gone], names=1), 3)
    listed = _found(database, gone.cnpj)
    assert listed is not None
    assert (listed.vanished_at, listed.confirmed) == (left, True)

    report = _take(database, [*ROWS[:3], replace(gone, brand="OUTRA"), *ROWS[4:]], 4)
    assert report.counts[ChangeKind.BACK] == 1
    listed = _found(database, gone.cnpj)
    assert listed is not None
    assert (listed.vanished_at, listed.last_seen_at, listed.registration.brand) == (None, None, "OUTRA")
    mine = [row.change.kind for row in _changes(database, ChangeQuery(text=gone.cnpj))]
    assert mine == [ChangeKind.BACK, ChangeKind.BRAND, ChangeKind.LEFT]


def test_who_is_in_a_broken_line_neither_leaves_nor_comes_back_nor_is_confirmed_gone(database: Database) -> None:
    _take(database, ROWS)
    broken = made_up.automotive_csv(ROWS, encoding="utf-8").replace(f";{ROWS[5].uf};".encode(), b";XX;", 1)
    report = take_list(database, broken, None, source="x", taken_at=MONDAY + timedelta(days=1), actor="maria")
    assert (len(report.rejected), report.unreadable, dict(report.counts)) == (1, 1, {})
    with database.reading() as connection:
        assert mirror.rejected_lines(connection, report.list.id) == report.rejected
    broken_cnpj = next(row.cnpj for row in ROWS if row.uf == ROWS[5].uf)
    listed = _found(database, broken_cnpj)
    assert listed is not None
    assert listed.vanished_at is None

    _take(database, [row for row in ROWS if row.cnpj != broken_cnpj], 2)
    take_list(database, broken + b"\r\n", None, source="x", taken_at=MONDAY + timedelta(days=3), actor="maria")
    listed = _found(database, broken_cnpj)
    assert listed is not None
    assert listed.vanished_at is not None
    assert not listed.confirmed


def test_every_kind_of_change_is_listed_and_found(database: Database) -> None:
    _take(database, ROWS)
    old = ROWS[10]
    new = replace(old, name="RAZÃO NOVA LTDA", brand="", street="RUA B,  2", authorization="PR/SP0999999")
    extra = made_up.resellers(41)[40]
    _take(database, [*ROWS[:10], new, *ROWS[11:], extra], 1)
    changes = {row.change.kind: row.change for row in _changes(database)}
    assert set(changes) == set(ChangeKind) - {ChangeKind.LEFT, ChangeKind.BACK, ChangeKind.SITUATION}
    assert (changes[ChangeKind.BRAND].before, changes[ChangeKind.BRAND].after) == (old.brand, "")
    assert changes[ChangeKind.NAME].after == "RAZÃO NOVA LTDA"
    assert changes[ChangeKind.ADDRESS].after.startswith("RUA B, 2, ")
    assert (changes[ChangeKind.NEW].cnpj, changes[ChangeKind.NEW].after) == (extra.cnpj, extra.brand)
    assert len(_changes(database, ChangeQuery(text="razao nova"))) == 4
    assert len(_changes(database, ChangeQuery(change=ChangeKind.NAME))) == 1
    assert _changes(database, ChangeQuery(kind=ListKind.GLP)) == []
    assert _changes(database, ChangeQuery(list_id=1)) == []


def test_the_situation_of_a_distributor_is_followed(database: Database) -> None:
    rows = made_up.distributors()
    cancelled = replace(rows[0], registration=replace(rows[0].registration, situation="CANCELADA"))
    for days, list_ in enumerate(([*rows], [cancelled, *rows[1:]])):
        report = take_list(
            database,
            made_up.distributors_csv(list_),
            ListKind.DISTRIBUTOR,
            source="x",
            taken_at=MONDAY + timedelta(days=days),
            actor="maria",
        )
    assert dict(report.counts) == {ChangeKind.SITUATION: 1}


def test_changes_that_touch_customers_are_alerts_of_the_newest_list(database: Database) -> None:
    first = _customer(database, ROWS[0].cnpj, "Posto nosso")
    _customer(database, ROWS[0].cnpj, "O mesmo em outra UF", "MG")
    inactive = _customer(database, ROWS[1].cnpj, "Inativo")
    with database.writing() as connection:
        records.set_active(connection, CUSTOMERS, inactive, False, "maria")
    _take(database, ROWS)
    _take(database, [replace(row, brand="OUTRA") for row in ROWS[:3]] + ROWS[3:], 1)
    with database.reading() as connection:
        (alert,) = mirror.alerts(connection)
    assert (alert.customer_id, alert.customer, alert.change.after) == (first, "Posto nosso", "OUTRA")
    assert _changes(database, ChangeQuery(only_customers=True)) == [alert]
    assert len(_changes(database)) == 3
    _take(database, made_up.mutated([replace(row, brand="OUTRA") for row in ROWS[:3]] + ROWS[3:], new=1), 2)
    with database.reading() as connection:
        assert mirror.alerts(connection) == []


def test_a_list_much_smaller_is_refused_unless_accepted(database: Database) -> None:
    _take(database, ROWS)
    with pytest.raises(IncompleteList, match="tem 35 estabelecimentos e a anterior, de 16/11/2026, tinha 40"):
        _take(database, ROWS[:35], 1)
    assert _changes(database) == []
    assert _take(database, ROWS[:36], 1).counts[ChangeKind.LEFT] == 4
    assert _take(database, ROWS[:10], 2, accept_smaller=True).counts[ChangeKind.LEFT] == 26


def test_a_list_older_than_the_one_kept_is_refused(database: Database) -> None:
    _take(database, ROWS, 1)
    with pytest.raises(OlderList, match="anterior à que está guardada"):
        _take(database, ROWS[:39])
    with database.reading() as connection:
        assert [one.rows for one in mirror.lists(connection)] == [40]
        assert len(audit.latest(connection, "listas_anp/")) == 1


def test_what_cannot_be_read_changes_nothing(database: Database) -> None:
    _take(database, ROWS)
    with pytest.raises(UnreadableList):
        take_list(
            database,
            made_up.automotive_csv(ROWS)[:-20],
            None,
            source="x",
            taken_at=MONDAY + timedelta(days=1),
            actor="maria",
        )
    with database.reading() as connection:
        assert len(mirror.lists(connection)) == 1
