"""All customers checked against the mirror, on both databases: by the rules of a consultation, in whole batches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.data import audit, blocks, customers, history, mirror_check, records
from app.data.database import Database
from app.data.mirror import take_list
from app.data.mirror_check import CheckReport, ListNotUsable, check_customers
from app.data.models import Customer
from app.domain import (
    AnpOutcome,
    AnpRegistration,
    AnpSource,
    Authority,
    BlockOrigin,
    Origin,
)
from app.policies import AnpKind, AnpStatus, CustomerAction, MissingBrandAction
from app.settings.catalog import (
    ANP_CUSTOMER,
    ANP_CUSTOMER_NO_BRAND,
    ANP_KEPT,
    ANP_MIRROR_AGE,
    ANP_UPDATE_BRAND,
    SEFAZ_ENTITY,
)
from app.settings.setting import Setting
from app.settings.snapshot import GENERAL_COMPANY, Kept, Snapshot
from app.tables import BRANDS, CUSTOMERS, ENTITIES
from services.demo import anp_lists as made_up
from tests.app.sentences import is_sentence

MONDAY = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)
LISTED, UNBRANDED, LEAVING, ABSENT = made_up.resellers(4)
BRANDED = replace(LISTED, brand="VIBRA")
NO_BRAND = replace(UNBRANDED, brand="")
OTHERS = made_up.resellers(44)[4:]


RULES_VALUES: dict[tuple[Setting[Any], int], Kept] = {
    (ANP_CUSTOMER[AnpStatus.NOT_FOUND], GENERAL_COMPANY): Kept(CustomerAction.BLOCK),
    (ANP_CUSTOMER[AnpStatus.UPDATED], GENERAL_COMPANY): Kept(CustomerAction.UNBLOCK),
    (ANP_CUSTOMER_NO_BRAND, GENERAL_COMPANY): Kept(MissingBrandAction.BLOCK),
    (ANP_UPDATE_BRAND, GENERAL_COMPANY): Kept(True),
}


def _settings(*values: tuple[Setting[Any], object]) -> Snapshot:
    return Snapshot({**RULES_VALUES, **{(setting, GENERAL_COMPANY): Kept(value) for setting, value in values}})


RULES = _settings()


@pytest.fixture
def numbers(database: Database) -> dict[str, int]:
    """The customers by name, and the brand."""
    with database.writing() as connection:
        brand = records.add(
            connection,
            BRANDS,
            records.parse(BRANDS, {"nome": "Vibra", "tipo": "concorrente", "nomes_anp": "VIBRA"}),
            Snapshot(),
            "maria",
        )
        added = {
            name: records.add(
                connection,
                CUSTOMERS,
                {"documento": row.cnpj, "nome": name, "uf": row.uf},
                Snapshot(),
                "maria",
            )
            for name, row in {"consta": BRANDED, "sem": NO_BRAND, "saiu": LEAVING, "nunca": ABSENT}.items()
        }
    return {**added, "vibra": brand}


def _take(database: Database, rows: list[AnpRegistration], days: int = 0) -> None:
    take_list(
        database,
        made_up.automotive_csv([*rows, *OTHERS]),
        None,
        source="x",
        taken_at=MONDAY + timedelta(days=days),
        actor="maria",
    )


def _check(
    database: Database,
    days: float = 0.1,
    snapshot: Snapshot = RULES,
    *,
    apply: bool = True,
    cancelled: Callable[[], bool] = lambda: False,
) -> CheckReport:
    now = MONDAY + timedelta(days=days)
    return check_customers(database, snapshot, apply=apply, actor="maria", now=now, cancelled=cancelled)


def _blocked(database: Database, numbers: dict[str, int]) -> dict[str, set[BlockOrigin]]:
    with database.reading() as connection:
        found = {
            name: {block.origin for block in blocks.active(connection, number)}
            for name, number in numbers.items()
            if name != "vibra"
        }
        for name, number in numbers.items():
            subject = customers.subject(connection, number)
            if name != "vibra":
                assert subject is not None
                assert subject.blocked is bool(found[name])
    return {name: origins for name, origins in found.items() if origins}


def test_every_customer_is_judged_by_the_list_and_the_rules_applied(
    database: Database, numbers: dict[str, int]
) -> None:
    _take(database, [BRANDED, NO_BRAND, LEAVING])
    report = _check(database)
    assert (report.total, report.checked, report.newer, report.recorded) == (4, 4, 0, 4)
    assert report.outcomes == {AnpOutcome.UPDATED: 3, AnpOutcome.NOT_FOUND: 1}
    assert (report.blocked, report.released, report.left, report.cancelled) == (2, 0, (), False)
    blocked = _blocked(database, numbers)
    assert blocked["nunca"] == {BlockOrigin.ANP_STATUS}
    assert blocked["sem"] == {BlockOrigin.ANP_BRAND}
    with database.reading() as connection:
        subject = customers.subject(connection, numbers["consta"])
        (kept,) = history.latest(connection, customer_id=numbers["consta"])
        whole = history.get(connection, kept.id)
        (block,) = blocks.history(connection, numbers["nunca"])
        (reason,) = history.latest(connection, customer_id=numbers["nunca"])
        entries = audit.latest(connection, f"clientes/{numbers['nunca']}")
        noted = connection.execute(
            select(
                Customer.anp_at, Customer.anp_status, Customer.anp_brand, Customer.anp_tried_at, Customer.anp_outcome
            ).where(Customer.id == numbers["consta"])
        ).one()
    assert subject is not None
    assert subject.brand_id == numbers["vibra"]
    assert (kept.authority, kept.source, kept.origin, kept.verdict, kept.applied, kept.asked_at) == (
        Authority.ANP,
        AnpSource.MIRROR,
        Origin.LIST_CHECK,
        AnpOutcome.UPDATED,
        True,
        MONDAY + timedelta(days=0.1),
    )
    assert whole is not None
    assert whole.registration is not None
    assert (whole.registration.authorization, whole.listed_at) == (BRANDED.authorization, MONDAY)
    assert (block.consultation_id, block.raised_by, block.reason) == (reason.id, "maria", reason.reason)
    assert (entries[0].actor, entries[0].new) == ("maria", reason.decision)
    tried = MONDAY + timedelta(days=0.1)
    assert tuple(noted) == (MONDAY, "cadastro_atualizado", "VIBRA", tried, "cadastro_atualizado")


def test_checking_again_records_nothing_and_notes_the_try(database: Database, numbers: dict[str, int]) -> None:
    _take(database, [BRANDED, NO_BRAND, LEAVING])
    _check(database)
    report = _check(database, 0.2)
    assert (report.checked, report.recorded, report.blocked, report.released) == (4, 0, 0, 0)
    with database.reading() as connection:
        assert len(history.latest(connection)) == 4
        tried = connection.execute(select(Customer.anp_tried_at)).scalars().all()
    assert set(tried) == {MONDAY + timedelta(days=0.2)}


def test_who_leaves_is_blocked_only_when_a_second_list_confirms_it(database: Database, numbers: dict[str, int]) -> None:
    _take(database, [BRANDED, NO_BRAND, LEAVING])
    _check(database)
    _take(database, [BRANDED, NO_BRAND], 1)
    report = _check(database, 1.1)
    (left,) = report.left
    assert (left.id, left.until, left.confirmed, report.recorded, report.blocked) == (
        numbers["saiu"],
        MONDAY,
        False,
        1,
        0,
    )
    assert "saiu" not in _blocked(database, numbers)
    _take(database, [replace(BRANDED, name="OUTRO NOME"), NO_BRAND], 2)
    report = _check(database, 2.1)
    assert (report.left[0].confirmed, report.recorded, report.blocked) == (True, 1, 1)
    assert _blocked(database, numbers)["saiu"] == {BlockOrigin.ANP_STATUS}
    with database.reading() as connection:
        newest = history.latest(connection, customer_id=numbers["saiu"])[0]
    assert "constava até 16/11/2026" in newest.reason

    _take(database, [BRANDED, NO_BRAND, LEAVING], 3)
    report = _check(database, 3.1)
    assert (report.released, report.left) == (1, ())
    assert "saiu" not in _blocked(database, numbers)


def test_only_reasons_of_anp_are_lifted(database: Database, numbers: dict[str, int]) -> None:
    with database.writing() as connection:
        for origin in (BlockOrigin.MANUAL, BlockOrigin.ANP_STATUS):
            blocks.add(connection, numbers["consta"], origin, "antes", by="joao", at=MONDAY - timedelta(days=1))
    _take(database, [BRANDED, NO_BRAND, LEAVING])
    assert _check(database).released == 1
    assert _blocked(database, numbers)["consta"] == {BlockOrigin.MANUAL}
    with database.reading() as connection:
        lifted = [block for block in blocks.history(connection, numbers["consta"]) if block.lifted_at]
        (kept,) = history.latest(connection, customer_id=numbers["consta"])
    assert [(b.origin, b.lifted_by, b.lift_reason, b.lift_consultation_id) for b in lifted] == [
        (BlockOrigin.ANP_STATUS, "maria", kept.reason, kept.id)
    ]


def test_without_applying_only_the_answers_are_kept(database: Database, numbers: dict[str, int]) -> None:
    _take(database, [BRANDED, NO_BRAND, LEAVING])
    report = _check(database, apply=False)
    assert (report.recorded, report.blocked, report.brands_changed) == (4, 0, 0)
    assert _blocked(database, numbers) == {}
    assert _check(database, 0.2).blocked == 2


def test_an_answer_of_anp_newer_than_the_list_stays(database: Database, numbers: dict[str, int]) -> None:
    _take(database, [BRANDED, NO_BRAND, LEAVING])
    with database.writing() as connection:
        asked = customers.subject(connection, numbers["nunca"])
        assert asked is not None
        customers.note_anp(connection, asked, AnpOutcome.UPDATED, "VIBRA", MONDAY + timedelta(hours=1), None)
    report = _check(database)
    assert (report.checked, report.newer, report.recorded) == (4, 1, 3)
    assert "nunca" not in _blocked(database, numbers)
    _take(database, [BRANDED, NO_BRAND, LEAVING], 1)  # ANP still publishes the same: its word is newer now
    assert _check(database, 1.1).newer == 0
    assert "nunca" in _blocked(database, numbers)


def test_an_entity_that_stands_for_a_branch_is_never_blocked(database: Database, numbers: dict[str, int]) -> None:
    with database.writing() as connection:
        values = records.parse(ENTITIES, {"nome": "Congênere", "documento": ABSENT.cnpj, "tipo": "congenere"})
        entity = records.add(connection, ENTITIES, values, Snapshot(), "maria")
    _take(database, [BRANDED, NO_BRAND, LEAVING])
    snapshot = Snapshot({**RULES_VALUES, (SEFAZ_ENTITY, 1): Kept(entity)})
    _check(database, snapshot=snapshot)
    assert "nunca" not in _blocked(database, numbers)
    with database.reading() as connection:
        (kept,) = history.latest(connection, customer_id=numbers["nunca"])
    assert "“Congênere”" in kept.decision


def test_only_so_many_consultations_are_kept(database: Database, numbers: dict[str, int]) -> None:
    snapshot = _settings((ANP_KEPT, 1))
    _take(database, [BRANDED, NO_BRAND, LEAVING])
    _check(database, snapshot=snapshot)
    _take(database, [replace(BRANDED, brand=""), NO_BRAND, LEAVING], 1)
    assert _check(database, 1.1, snapshot).recorded == 1
    with database.reading() as connection:
        (kept,) = history.latest(connection, customer_id=numbers["consta"])
        assert len(history.latest(connection)) == 4
    assert kept.asked_at == MONDAY + timedelta(days=1.1)


def test_a_list_that_is_missing_or_old_is_refused(database: Database, numbers: dict[str, int]) -> None:
    with pytest.raises(ListNotUsable, match="Nenhuma lista foi importada ainda") as missing:
        _check(database)
    _take(database, [BRANDED])
    with pytest.raises(ListNotUsable, match=r"é de 16/11/2026 e a configuração aceita até 3 dias") as old:
        _check(database, 3.1)
    with pytest.raises(ListNotUsable, match="não aceita a lista") as never:
        _check(database, 0.1, _settings((ANP_MIRROR_AGE, 0)))
    for refused in (missing, old, never):
        assert is_sentence(str(refused.value))
    with database.writing() as connection:
        records.change(connection, CUSTOMERS, numbers["consta"], {"cadastro_anp": AnpKind.GLP}, "maria")
    with pytest.raises(ListNotUsable, match="Revendedores de GLP"):
        _check(database)
    with database.reading() as connection:
        assert history.latest(connection) == []


def test_cancelling_keeps_whole_batches(
    database: Database, numbers: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    _take(database, [BRANDED, NO_BRAND, LEAVING])
    told: list[tuple[int, int]] = []
    report = check_customers(
        database,
        RULES,
        apply=True,
        actor="maria",
        now=MONDAY,
        progress=lambda done, total: told.append((done, total)),
        cancelled=lambda: True,
    )
    assert (report.checked, report.cancelled, told) == (0, True, [(0, 4)])
    assert report.sentence.startswith("Interrompido: 0 de 4 clientes conferidos")
    monkeypatch.setattr(mirror_check, "BATCH", 2)
    asked = iter([False, True])
    report = _check(database, cancelled=lambda: next(asked))
    assert (report.checked, report.recorded, report.cancelled) == (2, 2, True)
    with database.reading() as connection:
        assert len(history.latest(connection)) == 2
    assert _check(database, 0.2).recorded == 2


def test_customers_that_anp_is_not_asked_about_are_left_alone(database: Database, numbers: dict[str, int]) -> None:
    with database.writing() as connection:
        records.set_active(connection, CUSTOMERS, numbers["nunca"], False, "maria")
        records.change(connection, CUSTOMERS, numbers["saiu"], {"cadastro_anp": AnpKind.NONE}, "maria")
    _take(database, [BRANDED, NO_BRAND])
    report = _check(database)
    assert (report.total, report.checked) == (2, 2)
    with database.reading() as connection:
        assert {row.customer_id for row in history.latest(connection)} == {numbers["consta"], numbers["sem"]}
        (entry,) = audit.latest(connection, "listas_anp/conferencia")
    assert entry.new == report.sentence
