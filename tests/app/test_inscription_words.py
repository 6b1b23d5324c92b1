"""Fields of an inscription are all named, codes spelled, and two answers compared field by field."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

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
    now = replace(ONE, IE="123", cSit="0", dBaixa="2026-01-02", ender=Address(xLgr="RUA B", nro="1"))
    found = changes((now,), (ONE,))
    assert found.fields == {(0, "IE"): "0123", (0, "cSit"): "1", (0, "dBaixa"): "", (0, "xLgr"): "RUA A"}
    assert not found.new
    assert not found.gone


def test_a_new_inscription_and_one_that_is_gone_are_told_apart_from_changes() -> None:
    other = replace(ONE, IE="999")
    found = changes((ONE, other), (replace(ONE, IE="555"), ONE))
    assert found.fields == {}
    assert found.new == {1}
    assert [i.IE for i in found.gone] == ["555"]
    assert not changes((ONE,), (ONE,))
