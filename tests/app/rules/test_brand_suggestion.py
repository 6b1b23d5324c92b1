"""What a name seen at ANP may be: a suggestion with its degree, and none where it would be a guess."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.brands import BrandRow
from app.policies import BrandKind
from app.rules.brand_suggestion import LEAST_DEGREE, KnownBrand, Suggestion, suggest


def brand(number: int, name: str, *anp_names: str, kind: BrandKind = BrandKind.COMPETITOR) -> KnownBrand:
    return KnownBrand(BrandRow(number, name, anp_names), kind)


BRANDS = (
    brand(1, "Branca", kind=BrandKind.WHITE),
    brand(2, "Vibra", "VIBRA"),
    brand(3, "Raízen", "RAIZEN"),
    brand(4, "Ipê do Sul", "IPE SUL DISTRIBUIDORA"),
    brand(5, "Ale"),
)


def degree(name: str) -> tuple[str, int] | None:
    found = suggest(name, BRANDS)
    return None if found is None else (found.brand, found.degree)


@pytest.mark.parametrize("name", ["BANDEIRA BRANCA", "Branca", "INDEPENDENTE", "  bandeira  branca "])
def test_no_brand_is_the_white_one(name: str) -> None:
    assert degree(name) == ("Branca", 100)


def test_no_brand_is_not_guessed_without_exactly_one_white_brand() -> None:
    assert suggest("BANDEIRA BRANCA", BRANDS[1:]) is None
    assert suggest("BANDEIRA BRANCA", [*BRANDS, brand(9, "Livre", kind=BrandKind.WHITE)]) is None


def test_words_that_any_distributor_has_do_not_count() -> None:
    assert degree("VIBRA ENERGIA S.A.") == ("Vibra", 100)
    assert degree("IPÊ SUL COMBUSTÍVEIS LTDA") == ("Ipê do Sul", 100)
    assert degree("DISTRIBUIDORA DE COMBUSTIVEIS LTDA") is None


@pytest.mark.parametrize(
    ("name", "wanted"), [("PETROBRAS DISTRIBUIDORA S.A.", "Vibra"), ("ALESAT COMBUSTIVEIS S.A.", "Ale")]
)
def test_a_distributor_that_changed_its_name_is_known(name: str, wanted: str) -> None:
    found = suggest(name, BRANDS)
    assert found is not None
    assert (found.brand, found.degree) == (wanted, 100)
    assert "mesma distribuidora" in found.why


def test_a_longer_name_is_only_like_it() -> None:
    found = suggest("RAIZEN MIME", BRANDS)
    assert found is not None
    assert (found.brand, LEAST_DEGREE <= found.degree < 100) == ("Raízen", True)
    assert "confira" in found.why


def test_a_slip_in_the_writing_is_seen_and_letters_in_common_are_not_enough() -> None:
    found = suggest("IPIRNGA", [brand(1, "Ipiranga")])
    assert found is not None
    assert found.degree > 90
    assert suggest("SUPERGASBRAS", [brand(1, "Vibra", "PETROBRAS DISTRIBUIDORA")]) is None
    assert suggest("XY", [brand(1, "XZ")]) is None


def test_nothing_is_suggested_for_a_name_like_none_or_like_two() -> None:
    assert degree("TABAJARA") is None
    assert suggest("CEDRO", [brand(1, "Cedro"), brand(2, "Outra", "CEDRO S.A.")]) is None
    assert suggest("CEDRO", []) is None


@given(st.text(max_size=30), st.lists(st.tuples(st.text(max_size=20), st.lists(st.text(max_size=20), max_size=3))))
def test_any_names_are_compared(name: str, rows: list[tuple[str, list[str]]]) -> None:
    brands = [brand(number, each, *names) for number, (each, names) in enumerate(rows)]
    found = suggest(name, brands)
    if found is not None:
        assert isinstance(found, Suggestion)
        assert LEAST_DEGREE <= found.degree <= 100
        assert brands[found.brand_id].row.name == found.brand
        assert found.why.endswith(".")
