"""The simulation against what really happens when each customer is then consulted and answered as before."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import insert, select

from app.data import blocks, customers, records
from app.data.models import AnpList, AnpListed, Customer
from app.data.simulation import simulate
from app.domain import (
    AnpOutcome,
    AnpRegistration,
    Authority,
    BlockOrigin,
    ConsultationFailed,
    Failure,
    FailureKind,
    ListKind,
    Origin,
    Request,
    SefazAction,
)
from app.policies import AnpKind, AnpStatus, BrandKind, CustomerAction, EntityKind, MissingBrandAction
from app.rules.pacing import Limits
from app.rules.simulation import Effect
from app.settings.catalog import ANP_CUSTOMER, ANP_CUSTOMER_NO_BRAND, ANP_ONLINE, ANP_UPDATE_BRAND, SEFAZ_ENTITY
from app.settings.snapshot import Kept, Snapshot
from app.tables import BRANDS, ENTITIES
from services.anp.client import AnpAnswer
from services.anp.consultation import AnpConsultation
from services.demo.scenarios import Scenario
from tests.services.conftest import ACTOR, Place, cnpj

NOW = datetime.now(UTC)
CUSTOMERS = 30
BRAND_NAMES = ("", "BANDEIRA UM", "bandeira dois", "Bandeira nova")


class Anp:
    """In the place of the network: each CNPJ is answered as told, and one not told about not at all."""

    answers: dict[str, tuple[AnpOutcome, str]] = {}

    def __init__(self, *_: Any, **__: Any) -> None: ...

    def ask(self, cnpj: str, kind: AnpKind, address: str, *, given_up: Callable[[], bool]) -> AnpAnswer:
        if cnpj not in self.answers:
            raise ConsultationFailed(Failure(FailureKind.TIMEOUT, "A ANP não respondeu.", "", ""))
        outcome, brand = self.answers[cnpj]
        registration = AnpRegistration(cnpj, brand=brand) if outcome.is_listed else None
        return AnpAnswer(outcome, "O que a ANP diz.", registration, b"", b"")

    def cancel(self) -> bool:
        return False

    def close(self) -> None: ...


def consult_all(place: Place, anp: AnpConsultation, authority: Authority, snapshot: Snapshot, *, apply: bool) -> None:
    consultation = anp if authority is Authority.ANP else place.backoffice.sefaz
    for number in range(1, CUSTOMERS + 1):
        request = Request(cnpj(number), "SP", Origin.OPERATOR, ACTOR, apply, number, authority)
        place.forget_paces()
        consultation.run(request, snapshot)


def situation(place: Place) -> dict[int, tuple[bool, int | None]]:
    """Of each customer, whether it is blocked and which brand it has."""
    with place.database.reading() as connection:
        found = (customers.subject(connection, number) for number in range(1, CUSTOMERS + 1))
        return {subject.id: (subject.blocked, subject.brand_id) for subject in found if subject}


def prepare(place: Place, chance: Random) -> Snapshot:
    """Customers with blocks, answers and brands of every sort, and settings nobody saved."""
    empty = Snapshot()
    with place.database.writing() as connection:
        own = [
            records.add(connection, BRANDS, {"nome": name, "tipo": BrandKind.WHITE, "nomes_anp": (name,)}, empty, ACTOR)
            for name in ("Bandeira um", "Bandeira dois")
        ]
        entity = {"nome": "Filial", "documento": cnpj(1).value, "tipo": EntityKind.BRANCH}
        entity_id = records.add(connection, ENTITIES, entity, empty, ACTOR)
        connection.execute(insert(AnpList), [listing(1), listing(2)])
    for number in range(1, CUSTOMERS + 1):
        customer = place.add(number, acao_sefaz=chance.choice(list(SefazAction)), bandeira=chance.choice([None, *own]))
        place.sefaz.scenarios[cnpj(number).value] = chance.choice(
            [Scenario.ENABLED, Scenario.DISABLED, Scenario.NOT_TAXPAYER, Scenario.INVALID_DOCUMENT, Scenario.PAUSED]
        )
        with place.database.writing() as connection:
            for origin in chance.sample(list(BlockOrigin), chance.choice([0, 0, 1, 2, 3])):
                blocks.add(connection, customer, origin, "motivo", by=ACTOR, at=NOW)
            if number % 3:
                outcome = chance.choice([outcome for outcome in AnpOutcome if outcome.is_answer])
                Anp.answers[cnpj(number).value] = outcome, chance.choice(BRAND_NAMES)
            vanished = chance.choice([None, 1, 2])
            if number % 2:
                connection.execute(insert(AnpListed).values(listed(number, vanished, chance.choice(BRAND_NAMES))))
    values: dict[Any, Any] = {setting: chance.choice(list(CustomerAction)) for setting in ANP_CUSTOMER.values()}
    values[ANP_CUSTOMER[AnpStatus.NOT_FOUND]] = CustomerAction.BLOCK
    values[ANP_CUSTOMER_NO_BRAND] = chance.choice(list(MissingBrandAction))
    values |= {ANP_UPDATE_BRAND: True, ANP_ONLINE: True}
    kept = {(setting, 0): Kept(value) for setting, value in values.items()}
    return Snapshot({**place.snapshot.values, **kept, (SEFAZ_ENTITY, 1): Kept(entity_id)})


def listing(number: int) -> dict[str, Any]:
    moment = NOW - timedelta(hours=24 * (2 - number) + 1)
    texts = {"source": "arquivo", "sha256": str(number), "actor": ACTOR, "machine": "PC-01"}
    return {
        "kind": ListKind.AUTOMOTIVE.value,
        "taken_at": moment,
        "confirmed_at": moment,
        "rows": 100,
        "rejected": [],
        **texts,
    }


def listed(number: int, vanished: int | None, brand: str) -> dict[str, Any]:
    texts = {column.name: "" for column in AnpListed.__table__.columns}
    return {
        **texts,
        "kind": ListKind.AUTOMOTIVE.value,
        "cnpj": cnpj(number).value,
        "authorization": "PR/SP0001",
        "brand": brand,
        "vanished_list_id": vanished,
        "last_seen_at": NOW - timedelta(days=2) if vanished else None,
    }


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("consulted", [Authority.SEFAZ, Authority.ANP])
def test_what_is_simulated_is_what_happens(
    place: Place, consulted: Authority, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.anp.consultation.AnpClient", Anp)
    monkeypatch.setattr(Anp, "answers", {})
    monkeypatch.setattr("services.anp.consultation._LIMITS", Limits(0, 0))
    anp = AnpConsultation(place.database, place.folders)
    draft = prepare(place, Random(seed))
    consult_all(place, anp, consulted, draft, apply=False)
    before = situation(place)

    with place.database.reading() as connection:
        simulation = simulate(connection, draft, consulted, now=datetime.now(UTC))
        column = Customer.anp_status if consulted is Authority.ANP else Customer.sefaz_verdict
        answered = set(connection.execute(select(Customer.id).where(column != "")).scalars())
    assert situation(place) == before
    consult_all(place, anp, consulted, draft, apply=True)
    after = situation(place)
    assert {number for number in before if before[number] != after[number]} <= answered
    happened = {number: change(before[number], after[number]) for number in answered}
    simulated = {row.customer_id: (row.effect, row.new_brand) for row in simulation.affected}
    assert simulated == {number: what for number, what in happened.items() if what != (Effect.STAYS_FREE, False)}
    assert simulation.unaffected == len(answered) - len(simulated)
    assert simulation.unanswered == CUSTOMERS - len(answered)
    assert simulation.count(Effect.BLOCKED) > 0


def change(before: tuple[bool, int | None], after: tuple[bool, int | None]) -> tuple[Effect, bool]:
    """What became of a customer: of its block, and whether its brand is another."""
    effects = {
        (False, True): Effect.BLOCKED,
        (True, False): Effect.RELEASED,
        (True, True): Effect.STAYS_BLOCKED,
        (False, False): Effect.STAYS_FREE,
    }
    return effects[before[0], after[0]], before[1] != after[1]
