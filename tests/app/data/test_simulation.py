"""The simulation's counts: who is judged, who is left out and why, and giving up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert

from app.data import blocks, customers, records
from app.data.database import Database
from app.data.models import Customer
from app.data.simulation import SimulationCancelled, simulate
from app.domain import AnpOutcome, Authority, BlockOrigin, SefazAction, Verdict
from app.policies import AnpKind, AnpStatus, CustomerAction, EntityKind
from app.rules.simulation import Effect, Tally
from app.settings.catalog import ANP_CUSTOMER, SEFAZ_DEFAULT_ACTION, SEFAZ_ENTITY
from app.settings.snapshot import Kept, Snapshot
from app.tables import CUSTOMERS, ENTITIES
from services.demo.example import made_up_cnpj
from tests.consultations import note

NOW = datetime(2026, 11, 21, 18, 40, tzinfo=UTC)
BLOCK_REVOKED = {(ANP_CUSTOMER[AnpStatus.REVOKED], 0): Kept(CustomerAction.BLOCK)}


def add(
    database: Database,
    number: int,
    *,
    action: SefazAction = SefazAction.BLOCK_UNBLOCK,
    kind: AnpKind = AnpKind.AUTOMOTIVE,
) -> int:
    document = made_up_cnpj(f"{number:08}")
    values = {"documento": document, "nome": f"Posto {number}", "uf": "SP", "acao_sefaz": action, "cadastro_anp": kind}
    with database.writing() as connection:
        return records.add(connection, CUSTOMERS, values, Snapshot(), "maria")


def answer(database: Database, customer_id: int, outcome: AnpOutcome, at: datetime = NOW) -> None:
    with database.writing() as connection:
        asked = customers.subject(connection, customer_id)
        assert asked is not None
        customers.note_anp(connection, asked, outcome, "", at, None)


def test_those_without_an_answer_and_those_never_asked_about_are_left_out(database: Database) -> None:
    revoked, failed, _, _, inactive = (
        add(database, 1),
        add(database, 2),
        add(database, 3),
        add(database, 4, kind=AnpKind.NONE),
        add(database, 5),
    )
    answer(database, revoked, AnpOutcome.REVOKED, NOW - timedelta(days=31))
    answer(database, failed, AnpOutcome.FAILURE)
    answer(database, inactive, AnpOutcome.REVOKED)
    with database.writing() as connection:
        records.set_active(connection, CUSTOMERS, inactive, False, "maria")
    with database.reading() as connection:
        simulation = simulate(connection, Snapshot(BLOCK_REVOKED), Authority.ANP, now=NOW)
    assert [(row.customer_id, row.effect) for row in simulation.affected] == [(revoked, Effect.BLOCKED)]
    assert (simulation.unaffected, simulation.unanswered, simulation.outside) == (0, 2, 1)
    assert simulation.oldest_at == simulation.newest_at == NOW - timedelta(days=31)
    assert simulation.old == 1
    assert simulation.if_all_block is None


def test_at_sefaz_each_has_its_action_and_the_default_of_the_draft_changes_nobody(database: Database) -> None:
    ids = [add(database, 1), add(database, 2, action=SefazAction.NOTHING), add(database, 3), add(database, 4)]
    with database.writing() as connection:
        for customer_id in ids:
            note(connection, customer_id, Verdict.DISABLED, NOW, None)
        blocks.add(connection, ids[2], BlockOrigin.SEFAZ, "motivo", by="maria", at=NOW)
        entity = {"nome": "Filial 2", "documento": made_up_cnpj("00000004"), "tipo": EntityKind.BRANCH}
        entity_id = records.add(connection, ENTITIES, entity, Snapshot(), "maria")
    exempt = {(SEFAZ_ENTITY, 1): Kept(entity_id)}
    with database.reading() as connection:
        first, second = (
            simulate(
                connection,
                Snapshot({(SEFAZ_DEFAULT_ACTION, 0): Kept(action), **entities}),
                Authority.SEFAZ,
                now=NOW,
            )
            for action, entities in ((SefazAction.NOTHING, {}), (SefazAction.BLOCK_UNBLOCK, exempt))
        )
    assert {row.customer_id: row.effect for row in first.affected} == {
        ids[0]: Effect.BLOCKED,
        ids[2]: Effect.STAYS_BLOCKED,
        ids[3]: Effect.BLOCKED,
    }
    assert first.if_all_block == Tally(blocked=3, released=0)
    assert [row.customer_id for row in second.affected] == [ids[0], ids[2]]
    assert second.if_all_block == Tally(blocked=2, released=0)
    assert first.affected[0].why == "Bloqueado pela SEFAZ. Não habilitado, na consulta de 21/11/2026."


def test_it_tells_how_far_it_is_and_can_be_given_up(database: Database) -> None:
    blank = {"ie": "", "uf": "SP", "sefaz_action": SefazAction.NOTHING.value}
    rows = [{"document": made_up_cnpj(f"{n:08}"), "name": f"Posto {n}", **blank} for n in range(1, 2502)]
    with database.writing() as connection:
        connection.execute(insert(Customer), rows)
    told: list[tuple[int, int]] = []
    with database.reading() as connection:
        simulation = simulate(
            connection, Snapshot(), Authority.ANP, now=NOW, progress=lambda done, total: told.append((done, total))
        )
        assert simulation.unanswered == 2501
        assert told == [(1000, 2501), (2000, 2501), (2501, 2501)]
        with pytest.raises(SimulationCancelled):
            simulate(connection, Snapshot(), Authority.SEFAZ, now=NOW, cancelled=lambda: True)
