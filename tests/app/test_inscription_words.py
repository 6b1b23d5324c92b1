"""Fields of an inscription are all named, codes spelled, and two answers compared field by field."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain import Address, Inscription
from app.inscription_words import LABELS, changes, fields_of, spelled

ONE = Inscription(IE="0123", UF="SP", cSit="1", indCredNFe="1", xNome="POSTO", ender=Address(xLgr="RUA A", nro="1"))


def test_every_field_of_the_layout_has_a_label() -> None:
    names = {f.name for f in fields(Inscription)} - {"ender"} | {f.name for f in fields(Address)}
    assert set(LABELS) == names


def test_fields_present_come_in_the_order_of_the_layout_with_the_address_last() -> None:
    assert list(fields_of(ONE)) == ["IE", "UF", "cSit", "indCredNFe", "xNome", "xLgr", "nro"]


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("cSit", "0", "0 · não habilitado"),
        ("cSit", "7", "7 · código não previsto no leiaute"),
        ("indCredCTe", "4", "4 · a SEFAZ não informa"),
        ("dBaixa", "2025-03-09", "09/03/2025"),
        ("dBaixa", "março", "março"),
        ("UF", "GO", "GO · Goiás"),
        ("CNPJ", "11222333000181", "11.222.333/0001-81"),
        ("CEP", "13010150", "13010-150"),
        ("CNAE", "4731800", "4731-8/00"),
        ("xNome", "POSTO", "POSTO"),
    ],
)
def test_values_are_spelled(name: str, value: str, said: str) -> None:
    assert spelled(name, value) == said


def test_fields_that_differ_are_marked_with_the_old_value() -> None:
    now = replace(ONE, cSit="0", dBaixa="2026-01-02", ender=Address(xLgr="RUA B", nro="1"))
    found = changes((now,), (ONE,))
    assert found.fields == {(0, "cSit"): "1", (0, "dBaixa"): "", (0, "xLgr"): "RUA A"}
    assert not found.new
    assert not found.gone
    assert found.sentence == "situação e endereço mudaram"


@pytest.mark.parametrize(
    "same",
    [
        replace(ONE, IE="123"),
        replace(ONE, IE="00123", xNome="pósto"),
        replace(ONE, xNome="POSTO  "),
        replace(ONE, ender=Address(xLgr="Rua  Á", nro="1")),
        replace(ONE, ender=None),
    ],
)
def test_what_is_only_written_differently_is_no_change(same: Inscription) -> None:
    assert not changes((same,), (ONE,))
    assert not changes((ONE,), (same,))


def test_a_postal_code_without_its_zero_is_the_same() -> None:
    with_zero, without = (replace(ONE, ender=Address(xLgr="RUA A", CEP=cep)) for cep in ("01310100", "1310100"))
    assert not changes((without,), (with_zero,))
    assert (
        changes((replace(ONE, ender=Address(xLgr="RUA A", CEP="01310101")),), (without,)).sentence == "endereço mudou"
    )


def test_a_new_inscription_and_one_that_is_gone_are_told_apart_from_changes() -> None:
    other = replace(ONE, IE="999")
    found = changes((ONE, other), (replace(ONE, IE="555"), ONE))
    assert found.fields == {}
    assert found.new == {1}
    assert [i.IE for i in found.gone] == ["555"]
    assert found.sentence == "há 1 inscrição nova; a inscrição 555 não veio mais"
    assert not changes((ONE,), (ONE,))
    assert changes((ONE,), (ONE,)).sentence == ""


def test_an_inscription_whose_holder_moved_to_another_uf_is_still_the_same() -> None:
    found = changes((replace(ONE, UF="PR"), replace(ONE, UF="SP")), (ONE,))
    assert found.new == {0}
    assert changes((replace(ONE, UF="PR"),), (ONE,)).fields == {(0, "UF"): "SP"}


def test_many_inscriptions_gone_are_counted() -> None:
    before = tuple(replace(ONE, IE=str(number)) for number in range(11, 16))
    assert changes((), before).sentence == "as inscrições 11, 12 e 13 e mais 2 não vieram mais"


_texts = st.sampled_from(["", "POSTO", "Posto", "BAR"])
_ones = st.builds(
    Inscription,
    IE=st.sampled_from(["", "1", "01", "2"]),
    UF=st.sampled_from(["SP", "PR"]),
    cSit=st.sampled_from(["0", "1"]),
    xNome=_texts,
    ender=st.none() | st.builds(Address, xLgr=_texts, CEP=st.sampled_from(["", "01", "1", "2"])),
)
_answers = st.lists(_ones, max_size=4).map(tuple)


@given(_answers, _answers)
def test_every_inscription_is_paired_new_or_gone_and_nothing_is_lost(
    now: tuple[Inscription, ...], before: tuple[Inscription, ...]
) -> None:
    found = changes(now, before)
    assert len(now) - len(found.new) == len(before) - len(found.gone)
    assert all(gone in before for gone in found.gone)
    assert not {position for position, _ in found.fields} & found.new
    assert bool(found) == bool(found.sentence)
    assert not changes(now, now)
