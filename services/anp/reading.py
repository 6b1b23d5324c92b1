"""What the forms in which ANP answers have in common: clean texts, and one registration out of those that came."""

from __future__ import annotations

import math
import unicodedata
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

from app.domain import AnpRegistration
from app.kinds import folded

MAX_TEXT = 150
"""The most characters in one field, as the customer's brand has room for. The longest real ones have some 60."""


class NotAnAnswer(Exception):
    """Why a response says nothing about the reseller asked about; the end of a Portuguese sentence, with no stop."""


@dataclass(frozen=True)
class Reading:
    """A registration as it was read, and what its form always states of a reseller whose registration is in order."""

    registration: AnpRegistration
    states_situation: bool
    states_authorization: bool


def clean(text: str) -> str:
    """One line of text that can be kept and shown: blanks joined, and what is no character made visible as �."""
    joined = " ".join(text.split())
    return "".join("�" if unicodedata.category(c) in ("Cc", "Cs") else c for c in joined)


def field(row: dict[str, Any], name: str) -> str:
    """A field as text: "" when it is missing, null or blank. Raises NotAnAnswer for what is no text nor number."""
    value = row.get(name)
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise NotAnAnswer(f"o campo {clean(name)} não é um texto")
    if isinstance(value, float) and not math.isfinite(value):
        raise NotAnAnswer(f"o campo {clean(name)} não é um número possível")
    text = clean(str(value))
    if len(text) > MAX_TEXT:
        raise NotAnAnswer(f"o campo {clean(name)} tem {len(text)} caracteres")
    return text


def same_cnpj(stated: str, cnpj: str) -> bool:
    """Whether ANP's text is that CNPJ. Masks and lost leading zeros are tolerated."""
    bare = "".join(filter(str.isalnum, stated)).upper()
    return bool(bare) and bare.zfill(14) == cnpj


def about(cnpj: str, registrations: list[AnpRegistration]) -> AnpRegistration:
    """The registration of that CNPJ. Raises NotAnAnswer when none is, or when two of them disagree."""
    own = [each for each in registrations if same_cnpj(each.cnpj, cnpj)]
    if not own:
        raise NotAnAnswer("ela não fala do CNPJ consultado, e sim de outro")
    if len({(folded(each.brand), folded(each.authorization), folded(each.situation)) for each in own}) > 1:
        raise NotAnAnswer("ela traz mais de um registro deste CNPJ, com bandeira, autorização ou situação diferentes")
    products = tuple(dict.fromkeys(chain.from_iterable(each.products for each in own)))
    return replace(own[0], cnpj=cnpj, products=products)
