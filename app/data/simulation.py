"""Applying settings that are not saved to what is known of every customer, without changing anything.

A few queries for all, never one a customer; the deciding is done by the rules that a consultation uses.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, lru_cache, partial
from typing import Any, NamedTuple

from sqlalchemy import Connection, and_, exists, func, literal, select

from app.anp_profile import AnpProfile
from app.data import blocks, brands
from app.data.exemption import exempt_documents
from app.data.models import AnpList, AnpListed, Consultation, Customer
from app.documents import from_key
from app.domain import (
    ActiveBlock,
    AnpOutcome,
    AnpSource,
    Authority,
    Decision,
    Outcome,
    SefazAction,
    outcome_of,
)
from app.rules.blocking import decide_anp, decide_sefaz
from app.rules.simulation import OLD, Affected, Effect, Simulation, Tally, effect_of
from app.settings.snapshot import Snapshot

_PART = 1000


class SimulationCancelled(Exception):
    """The person gave up."""


class _Known(NamedTuple):
    """What is known of one customer: the last answer, as a sentence too, and the blocks."""

    customer_id: int
    document: str
    outcome: Any
    reason: str
    blocks: tuple[ActiveBlock, ...]


@dataclass(frozen=True)
class _Rules:
    """The part of one authority: the columns of its last answer, and what its rules make of it.

    `asked` is whether the authority is ever asked about the customer; `decide` is given the values of `columns` too.
    """

    asked: Any
    answer: Any
    answered_at: Any
    columns: tuple[Any, ...]
    decide: Callable[..., Decision]
    if_all_block: Callable[[_Known], Decision] | None = None


def simulate(
    connection: Connection,
    snapshot: Snapshot,
    authority: Authority,
    *,
    now: datetime,
    progress: Callable[[int, int], None] = lambda done, total: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Simulation:
    """What the settings of `snapshot` would do if each active customer were consulted and answered as last time.

    `progress(done, total)` is told every thousand customers, and `cancelled` asked. Raises SimulationCancelled.
    """
    rules = _RULES[authority](connection, snapshot)
    total = connection.execute(select(func.count()).select_from(Customer).where(Customer.active)).scalar_one()
    held = blocks.active_of_all(connection)
    c = Customer
    columns = (c.id, c.name, c.document, c.uf, rules.asked, rules.answer, rules.answered_at, *rules.columns)
    # By name, as lists begin: the search text starts with it, without accents and case.
    statement = select(*columns).where(c.active).order_by(c.search_text, c.id)
    affected: list[Affected] = []
    moments: list[datetime] = []
    if_all: Counter[Effect] = Counter()
    done = unaffected = unanswered = outside = 0
    # Closed whatever happens: on a server this is a cursor that would stay open when the person gives up.
    with connection.execute(statement, execution_options={"yield_per": _PART}) as found:
        for part in found.partitions():
            if cancelled():
                raise SimulationCancelled
            for customer_id, name, document, uf, asked, answer, at, *own in part:
                if not answer:
                    unanswered += bool(asked)
                    outside += not asked
                    continue
                outcome, own_blocks = outcome_of(authority, answer), held.get(customer_id, ())
                known = _Known(customer_id, document, outcome, _reason(outcome, at.astimezone().date()), own_blocks)
                decision = rules.decide(known, *own)
                effect, new_brand = effect_of(decision, own_blocks), decision.brand_id is not None
                if effect is Effect.STAYS_FREE and not new_brand:
                    unaffected += 1
                else:
                    affected.append(
                        Affected(
                            customer_id, name, from_key(document), uf, outcome, at, effect, new_brand, decision.why
                        )
                    )
                if rules.if_all_block is not None:
                    if_all[effect_of(rules.if_all_block(known), own_blocks)] += 1
                moments.append(at)
            done += len(part)
            progress(done, total)
    return Simulation(
        authority,
        tuple(affected),
        unaffected,
        unanswered,
        outside,
        min(moments, default=None),
        max(moments, default=None),
        sum(now - at > OLD for at in moments),
        None if rules.if_all_block is None else Tally(if_all[Effect.BLOCKED], if_all[Effect.RELEASED]),
    )


@lru_cache(maxsize=10_000)
def _reason(outcome: Outcome, day: date) -> str:
    return f"{outcome.label}, na consulta de {day:%d/%m/%Y}."


def _sefaz(connection: Connection, snapshot: Snapshot) -> _Rules:
    exempt = exempt_documents(connection, snapshot)

    def decide(known: _Known, action: str) -> Decision:
        return decide_sefaz(
            known.outcome,
            known.reason,
            action=SefazAction(action),
            blocks=known.blocks,
            exempt_as=exempt.get(known.document),
            apply=True,
        )

    return _Rules(
        literal(True),
        Customer.sefaz_verdict,
        Customer.sefaz_at,
        (Customer.sefaz_action,),
        decide,
        partial(decide, action=SefazAction.BLOCK_UNBLOCK.value),
    )


def _anp(connection: Connection, snapshot: Snapshot) -> _Rules:
    exempt, profile = exempt_documents(connection, snapshot), AnpProfile.of(snapshot)
    reading, unconfirmed = cache(brands.table(connection).read), _unconfirmed(connection)

    def decide(known: _Known, brand: str, current_brand: int | None) -> Decision:
        return decide_anp(
            known.outcome,
            known.reason,
            reading(brand),
            profile=profile,
            current_brand=current_brand,
            blocks=known.blocks,
            exempt_as=exempt.get(known.document),
            confirmed=known.customer_id not in unconfirmed,
            apply=True,
        )

    own = (Customer.anp_brand, Customer.brand_id)
    return _Rules(Customer.anp_consulted, Customer.anp_status, Customer.anp_at, own, decide)


_RULES: dict[Authority, Callable[[Connection, Snapshot], _Rules]] = {Authority.SEFAZ: _sefaz, Authority.ANP: _anp}


def _unconfirmed(connection: Connection) -> frozenset[int]:
    """The customers that only the newest list of the mirror lacks, and of whom ANP itself did not say so."""
    newest = select(func.max(AnpList.id)).where(AnpList.kind == AnpListed.kind).scalar_subquery()
    said_by_anp = exists().where(
        Consultation.customer_id == Customer.id,
        Consultation.authority == Authority.ANP.value,
        Consultation.asked_at == Customer.anp_at,
        Consultation.source != AnpSource.MIRROR.value,
    )
    found = connection.execute(
        select(Customer.id)
        .join(AnpListed, and_(AnpListed.kind == Customer.anp_kind, AnpListed.cnpj == Customer.document))
        .where(
            Customer.anp_status == AnpOutcome.NOT_FOUND.value,
            AnpListed.vanished_list_id == newest,
            ~said_by_anp,
        )
    )
    return frozenset(found.scalars())
