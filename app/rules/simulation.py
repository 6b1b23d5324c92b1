"""What settings not saved yet would do to the customers, by what each authority last answered about them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from app.domain import ActiveBlock, Authority, Decision, Document, Outcome

OLD = timedelta(days=30)
"""From this age on an answer says little about today."""


class Effect(Enum):
    """What becomes of a customer's block."""

    BLOCKED = "bloqueado"
    RELEASED = "desbloqueado"
    STAYS_BLOCKED = "continua_bloqueado"
    STAYS_FREE = "continua_livre"

    @property
    def label(self) -> str:
        """The words shown to the operator."""
        return {
            Effect.BLOCKED: "Seria bloqueado",
            Effect.RELEASED: "Seria desbloqueado",
            Effect.STAYS_BLOCKED: "Continua bloqueado",
            Effect.STAYS_FREE: "Continua livre",
        }[self]


def effect_of(decision: Decision, blocks: Collection[ActiveBlock]) -> Effect:
    """What a decision makes of a customer with these blocks."""
    blocked = bool(decision.add) or any(block.id not in decision.lift for block in blocks)
    if blocks:
        return Effect.STAYS_BLOCKED if blocked else Effect.RELEASED
    return Effect.BLOCKED if blocked else Effect.STAYS_FREE


@dataclass(frozen=True)
class Affected:
    """One customer that is blocked, before or after, or whose brand changes. `why` is the decision in words."""

    customer_id: int
    name: str
    document: Document
    uf: str
    outcome: Outcome
    answered_at: datetime
    effect: Effect
    new_brand: bool
    why: str


@dataclass(frozen=True)
class Tally:
    """How many customers would be blocked, and how many released."""

    blocked: int = 0
    released: int = 0


@dataclass(frozen=True)
class Simulation:
    """What would become of the active customers.

    `unaffected` stay free, with the brand they have; `unanswered` have no answer of the authority yet; `outside` are
    those whom it is never asked about. `old` counts the answers older than OLD. `if_all_block` is, for SEFAZ, what
    would happen if every customer had the action "Bloqueia/Desbloqueia".
    """

    authority: Authority
    affected: tuple[Affected, ...]
    unaffected: int
    unanswered: int
    outside: int
    oldest_at: datetime | None
    newest_at: datetime | None
    old: int
    if_all_block: Tally | None

    @property
    def answered(self) -> int:
        """How many customers the simulation could judge."""
        return len(self.affected) + self.unaffected

    def count(self, effect: Effect) -> int:
        """How many of the customers listed have this effect."""
        return sum(row.effect is effect for row in self.affected)

    @property
    def new_brands(self) -> int:
        """How many customers would get another brand."""
        return sum(row.new_brand for row in self.affected)
