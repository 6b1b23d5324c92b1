"""CNPJ with and without letters, CPF and inscrição estadual, as people type them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.documents import InvalidDocument, cnpj_root, from_key, parse_cnpj, parse_cpf, parse_document, parse_ie
from app.domain import Document, DocumentKind
from tests.app.sentences import is_sentence

CHARACTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def cnpj_with_digits(first_twelve: str) -> str:
    """The CNPJ with its check digits by NT Conjunta 2025.001: values are ord − 48, weights 2 to 9 from the right."""
    number = first_twelve
    for _ in range(2):
        total = sum((ord(c) - 48) * (2 + i % 8) for i, c in enumerate(reversed(number)))
        number += "0" if total % 11 < 2 else str(11 - total % 11)
    return number


cnpjs = st.text(CHARACTERS, min_size=12, max_size=12).filter(lambda text: set(text) != {"0"}).map(cnpj_with_digits)


@given(cnpjs)
def test_every_cnpj_round_trips_through_mask_case_and_key(value: str) -> None:
    document = parse_cnpj(value)
    assert document == Document(DocumentKind.CNPJ, value)
    mask = str(document)
    assert mask == f"{value[:2]}.{value[2:5]}.{value[5:8]}/{value[8:12]}-{value[12:]}"
    assert parse_cnpj(mask) == parse_cnpj(f"  {mask.lower()}\n") == from_key(document.key) == document
    assert cnpj_root(mask) == value[:8]


@given(cnpjs, st.integers(0, 13), st.sampled_from(CHARACTERS))
def test_one_wrong_character_is_noticed(value: str, place: int, other: str) -> None:
    wrong = value[:place] + other + value[place + 1 :]
    # The rule itself lets a few pass: modulo 11 takes 10 as 0, and letters 11 apart weigh the same.
    if wrong == value or (wrong[12:].isdigit() and cnpj_with_digits(wrong[:12]) == wrong):
        return
    with pytest.raises(InvalidDocument):
        parse_cnpj(wrong)


@pytest.mark.parametrize(
    "value",
    [
        "12ABC34501DE35",
        "1A2B3C4D000179",
        "AB12CD34000184",
        "ABCDEFGHIJKL80",
        "ZZZZZZZZ000191",
        "12ABC345000188",
        "11222333000181",
        "00000000000191",
    ],
)
def test_examples_with_letters_and_leading_zeros(value: str) -> None:
    assert parse_cnpj(value).value == value
    assert parse_document(value) == parse_cnpj(value)
    assert cnpj_with_digits(value[:12]) == value


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "Informe o CNPJ"),
        ("  ", "Informe o CNPJ"),
        ("191", "zero à esquerda"),
        ("1222333000181", "zero à esquerda"),
        ("11222333000182", "dígitos verificadores"),
        ("00000000000000", "dígitos verificadores"),
        ("12ABC34501DEA5", "dígitos verificadores"),
        ("１1222333000181", "dígitos verificadores"),
        ("1122233300018１", "dígitos verificadores"),
        ("١1222333000181", "dígitos verificadores"),
        ("ſB12CD34000184", "dígitos verificadores"),
        ("11222333000181;", "15 caracteres"),
    ],
)
def test_what_is_not_a_cnpj(text: str, says: str) -> None:
    with pytest.raises(InvalidDocument) as refused:
        parse_cnpj(text)
    assert says in str(refused.value)
    assert is_sentence(str(refused.value))


@pytest.mark.parametrize("text", ["52998224725", "529.982.247-25", " 529 982 247 25 "])
def test_a_cpf_with_and_without_mask(text: str) -> None:
    assert parse_cpf(text) == parse_document(text) == Document(DocumentKind.CPF, "52998224725")
    assert str(parse_cpf(text)) == "529.982.247-25"


@pytest.mark.parametrize(
    "text",
    ["52998224726", "5299822472", "５2998224725", "5299822472A", "00000000000", *(f"{d}" * 11 for d in range(1, 10))],
)
def test_what_is_not_a_cpf(text: str) -> None:
    with pytest.raises(InvalidDocument) as refused:
        parse_cpf(text)
    assert is_sentence(str(refused.value))


@given(st.from_regex(r"[0-9]{2,14}", fullmatch=True))
def test_every_ie_round_trips_and_is_never_taken_for_another_document(value: str) -> None:
    document = parse_ie(value)
    assert document.value == value
    assert document.key == f"IE {value}"
    assert from_key(document.key) == document
    assert parse_ie(str(document).removeprefix("IE ")) == document


@pytest.mark.parametrize(
    ("text", "value"), [("110.042.490.114", "110042490114"), ("isento", "ISENTO"), ("07-3", "073")]
)
def test_an_ie_with_mask_or_exempt(text: str, value: str) -> None:
    assert parse_ie(text).value == value


@pytest.mark.parametrize("text", ["", "1", "1" * 15, "１２３", "12A", "ISENTA", "ISENTO 1"])
def test_what_is_not_an_ie(text: str) -> None:
    with pytest.raises(InvalidDocument) as refused:
        parse_ie(text)
    assert is_sentence(str(refused.value))


@pytest.mark.parametrize("length", [0, 1, 10, 12, 13, 15, 40])
def test_without_a_kind_only_eleven_or_fourteen_characters_are_read(length: int) -> None:
    with pytest.raises(InvalidDocument) as refused:
        parse_document("1" * length)
    assert is_sentence(str(refused.value))


@pytest.mark.parametrize("kind", DocumentKind)
def test_the_kind_said_decides(kind: DocumentKind) -> None:
    text = {DocumentKind.CNPJ: "11222333000181", DocumentKind.CPF: "52998224725", DocumentKind.IE: "52998224725"}[kind]
    assert parse_document(text, kind).kind is kind


@given(st.text(max_size=20))
def test_any_text_is_read_in_ascii_or_refused_in_a_sentence(text: str) -> None:
    try:
        document = parse_document(text)
    except InvalidDocument as refused:
        assert is_sentence(str(refused))
    else:
        assert document.value.isascii()
        assert from_key(document.key) == document
