"""Which brand of the table a name seen at ANP may be: a suggestion with its degree, never an association by itself."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache

from app.brands import BrandRow
from app.kinds import folded
from app.policies import BrandKind

NO_BRAND = ("BANDEIRA BRANCA", "BRANCA", "INDEPENDENTE")
"""How ANP writes that a reseller shows no distributor's brand: the first in the list of automotive fuels, the others
in that of GLP."""

LEAST_DEGREE = 60
"""Below it two names are taken for different ones, and nothing is suggested."""

_LEAST_RUN = 3

_RENAMED: tuple[frozenset[str], ...] = (
    # Petrobras Distribuidora, of the BR stations, has been called Vibra Energia since August 2021.
    frozenset({"petrobras", "br", "vibra"}),
    # AleSat Combustíveis is the company of the ALE stations.
    frozenset({"alesat", "ale"}),
)
_SAY_NOTHING = frozenset(
    (
        *("distribuidora", "distribuidores", "distribuicao", "comercio", "comercial"),
        *("combustivel", "combustiveis", "petroleo", "derivados", "produtos", "energia"),
        *("cia", "companhia", "ltda", "eireli", "epp", "me", "sa", "s", "a"),
        *("de", "da", "do", "das", "dos", "e", "em"),
    )
)


@dataclass(frozen=True)
class KnownBrand:
    """One active brand of the table, with its kind."""

    row: BrandRow
    kind: BrandKind


@dataclass(frozen=True)
class Suggestion:
    """The brand that a name may be, how alike they are (0 to 100 %), and why it is thought so, in words."""

    brand_id: int
    brand: str
    degree: int
    why: str


def suggest(name: str, brands: Iterable[KnownBrand]) -> Suggestion | None:
    """The brand most like `name`, as ANP writes it; None when no brand is like it, or which one cannot be told."""
    known = list(brands)
    if folded(name) in {folded(none) for none in NO_BRAND}:
        white = [brand.row for brand in known if brand.kind is BrandKind.WHITE]
        if len(white) != 1:
            return None
        return Suggestion(white[0].id, white[0].name, 100, "É como a ANP escreve que o revendedor não tem bandeira.")
    candidates = [found for brand in known if (found := _compared(name, brand.row)) is not None]
    candidates.sort(key=lambda found: (-found.degree, found.brand_id))
    if not candidates or (len(candidates) > 1 and candidates[0].degree == candidates[1].degree):
        return None
    return candidates[0]


def _compared(name: str, row: BrandRow) -> Suggestion | None:
    said = _telling_part(name)
    best, like = 0, ""
    for each in (row.name, *row.anp_names):
        known = _telling_part(each)
        if said != known and any({said, known} <= names for names in _RENAMED):
            return Suggestion(row.id, row.name, 100, f"“{name}” e “{each}” são nomes da mesma distribuidora.")
        degree = _degree(said, known)
        if degree > best:
            best, like = degree, each
    if best < LEAST_DEGREE:
        return None
    if best == 100:
        return Suggestion(row.id, row.name, best, f"É o mesmo nome que “{like}”, sem contar o tipo da empresa.")
    return Suggestion(row.id, row.name, best, f"É parecido com “{like}”: confira se é a mesma bandeira.")


@lru_cache(maxsize=4096)
def _telling_part(name: str) -> str:
    """The name without punctuation and the words that any distributor's name may have; whole when nothing is left."""
    words = re.findall(r"\w+", folded(name))
    return " ".join([word for word in words if word not in _SAY_NOTHING] or words)


def _degree(one: str, other: str) -> int:
    """How much of both is the same (0 to 100 %), by runs of three letters or more: any two words share single ones."""
    if one == other:
        return 100
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    if 100 * matcher.real_quick_ratio() < LEAST_DEGREE or 100 * matcher.quick_ratio() < LEAST_DEGREE:
        return 0
    runs = [block.size for block in matcher.get_matching_blocks() if block.size >= _LEAST_RUN]
    return 200 * sum(runs) // (len(one) + len(other))
