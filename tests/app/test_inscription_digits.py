"""The check digits of inscriptions by UF, against the examples that the UFs themselves published."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.inscription_digits import doubt
from app.uf import UFS

# The examples of the "roteiros de crítica da inscrição estadual" (SINTEGRA) and of the SEFAZ of BA; computed for MS.
PUBLISHED = {
    "AC": ("0100482300112",),
    "AL": ("240000048",),
    "AP": ("030123459",),
    "AM": ("999999990",),
    "BA": ("12345663", "61234557", "100000306", "123456748"),
    "CE": ("060000015",),
    "DF": ("0730000100109",),
    "ES": ("999999990",),
    "GO": ("109876547",),
    "MA": ("120000385",),
    "MG": ("0623079040081",),
    "MS": ("280000006",),
    "MT": ("00130000019", "130000019"),
    "PA": ("159999995",),
    "PB": ("060000015",),
    "PE": ("032141840", "18100100000049"),
    "PI": ("012345679",),
    "PR": ("1234567850",),
    "RJ": ("99999993",),
    "RN": ("200400401", "2000400400"),
    "RO": ("101625213", "00000000625213"),
    "RR": ("240066281", "240017556", "240034290"),
    "RS": ("2243658792",),
    "SC": ("251040852",),
    "SE": ("271234563",),
    "SP": ("110042490114",),
    "TO": ("29010227836",),
}
CASES = [(uf, ie) for uf, examples in PUBLISHED.items() for ie in examples]


def test_every_uf_has_its_rule() -> None:
    assert set(PUBLISHED) == set(UFS)


@pytest.mark.parametrize(("uf", "ie"), CASES)
def test_what_the_ufs_published_is_not_doubted(uf: str, ie: str) -> None:
    assert doubt(uf, ie) == ""


@pytest.mark.parametrize(("uf", "ie"), CASES)
def test_another_check_digit_is_doubted_and_said_in_words(uf: str, ie: str) -> None:
    place = 8 if uf == "SP" else -1
    others = {ie[:place] + digit + ie[len(ie[:place]) + 1 :] for digit in "0123456789"} - {ie}
    assert {doubt(uf, other) for other in others} == {
        f"O dígito verificador da inscrição não confere para {uf}: confira."
    }


@pytest.mark.parametrize(
    ("uf", "ie", "lengths"),
    [("MG", "623079040081", "13"), ("SP", "10042490114", "12"), ("BA", "1234566", "8 ou 9"), ("RJ", "999999930", "8")],
)
def test_a_number_too_short_or_too_long_asks_for_its_zeros(uf: str, ie: str, lengths: str) -> None:
    assert doubt(uf, ie) == (
        f"A inscrição estadual de {uf} tem {lengths} dígitos e esta tem {len(ie)}: confira os zeros à esquerda."
    )


@pytest.mark.parametrize(
    ("uf", "ie"), [("SP", ""), ("SP", "ISENTO"), ("XX", "123"), ("", "123"), ("SP", "１１００４２４９０１１４")]
)
def test_what_has_no_digits_to_check_is_not_doubted(uf: str, ie: str) -> None:
    assert doubt(uf, ie) == ""


@given(st.sampled_from(sorted(UFS)), st.from_regex(r"[0-9]{2,14}", fullmatch=True))
def test_any_number_has_an_opinion_and_one_in_ten_at_most_is_good_by_chance(uf: str, ie: str) -> None:
    said = doubt(uf, ie)
    assert said == "" or said.endswith("confira.") or said.endswith("confira os zeros à esquerda.")
    if said == "" and uf != "SP":
        assert all(doubt(uf, ie[:-1] + digit) for digit in "0123456789" if digit != ie[-1])


def test_goias_and_amapa_keep_the_exceptions_of_old_numbers() -> None:
    assert doubt("GO", "101031191") == doubt("GO", "101031190") == ""
    assert doubt("GO", "109876541") != ""
    assert doubt("AP", "030170071") == doubt("AP", "030000020") == ""
    assert doubt("AP", "030170070") != ""
