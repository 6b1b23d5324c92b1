"""What a brand name said by ANP means to the Tabela de Bandeiras."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from app.kinds import folded


class BrandSaid(Enum):
    """How ANP's word about the brand stands to the table."""

    KNOWN = "cadastrada"
    UNKNOWN = "desconhecida"
    EMPTY = "vazia"


@dataclass(frozen=True)
class BrandReading:
    """ANP's name for the brand and, when the table knows it, whose it is. `why` says so in words."""

    said: BrandSaid
    name: str
    why: str
    brand_id: int | None = None

    @property
    def is_missing(self) -> bool:
        """Whether the rules about a "bandeira inexistente" fire: none stated, or one that the table does not know."""
        return self.said is not BrandSaid.KNOWN


@dataclass(frozen=True)
class BrandRow:
    """One active brand with the names by which ANP calls it."""

    id: int
    name: str
    anp_names: tuple[str, ...]


class BrandTable:
    """Looks brands up by ANP's names, compared without accents, case and double blanks.

    A name listed by two brands belongs to neither: which one is meant is never guessed.
    """

    def __init__(self, rows: Iterable[BrandRow]) -> None:
        self._owners: dict[str, list[BrandRow]] = {}
        for row in rows:
            for name in {folded(name) for name in row.anp_names}:
                self._owners.setdefault(name, []).append(row)

    def read(self, name: str) -> BrandReading:
        """What `name`, as ANP writes it, is."""
        owners = self._owners.get(folded(name), [])
        if not folded(name):
            return BrandReading(BrandSaid.EMPTY, "", "A ANP não informa bandeira.")
        if len(owners) == 1:
            why = f"A ANP informa a bandeira “{name}”, que é “{owners[0].name}” na Tabela de Bandeiras."
            return BrandReading(BrandSaid.KNOWN, name, why, owners[0].id)
        if owners:
            both = " e ".join(f"“{row.name}”" for row in owners)
            why = f"A ANP informa a bandeira “{name}”, que está em mais de uma linha da Tabela de Bandeiras: {both}."
        else:
            why = f"A ANP informa a bandeira “{name}”, que não está na Tabela de Bandeiras."
        return BrandReading(BrandSaid.UNKNOWN, name, why)
