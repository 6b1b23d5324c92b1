"""The lists of ANP read: the three kinds, what is refused line by line, and what is no list at all."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.anp_lists import Establishment, UnreadableList, is_cnpj, read_list
from app.documents import InvalidDocument, parse_cnpj
from app.domain import ListKind
from app.uf import UFS
from services.demo import anp_lists as made_up
from services.demo.example import made_up_cnpj
from tests.app.sentences import is_sentence

ONE, TWO, LETTERS = made_up_cnpj("31415926"), made_up_cnpj("27182818"), made_up_cnpj("AB12CD34", "0007")
HEADER = (
    "CODIGOISIMP;AUTORIZACAO;DATAPUBLICACAO;RAZAOSOCIAL;CNPJ;ENDERECO;COMPLEMENTO;BAIRRO;CEP;UF;MUNICIPIO;"
    "BANDEIRA;DATAVINCULACAO"
)


def _line(cnpj: str = ONE, **cells: str) -> str:
    values = {
        "simp": "1700001",
        "authorization": "PR/SP0700001",
        "published": "03/04/2015",
        "name": "POSTO IPÊ ROXO LTDA",
        "cnpj": cnpj,
        "street": "RUA DAS FLORES,  10",
        "complement": "",
        "district": "CENTRO",
        "cep": "13010000",
        "uf": "SP",
        "city": "CAMPINAS",
        "brand": "VIBRA",
        "since": "05/06/2020",
    }
    return ";".join({**values, **cells}.values())


def _file(*lines: str, header: str = HEADER, end: str = "\r\n", encoding: str = "utf-8") -> bytes:
    return "".join(line + end for line in (header, *lines)).encode(encoding)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("end", ["\r\n", "\n"])
def test_a_line_becomes_an_establishment(encoding: str, end: str) -> None:
    file = read_list(_file(_line(), encoding=encoding, end=end), ListKind.AUTOMOTIVE)
    assert (file.kind, file.rejected, file.unreadable) == (ListKind.AUTOMOTIVE, (), frozenset())
    assert file.rows == (
        Establishment(
            cnpj=ONE,
            name="POSTO IPÊ ROXO LTDA",
            short_name="",
            situation="",
            authorization="PR/SP0700001",
            published="03/04/2015",
            brand="VIBRA",
            brand_since="05/06/2020",
            simp_code="1700001",
            street="RUA DAS FLORES, 10",
            complement="",
            district="CENTRO",
            postal_code="13010000",
            city="CAMPINAS",
            uf="SP",
            reseller_class="",
        ),
    )


def test_lines_of_both_encodings_may_be_in_one_file() -> None:
    data = _file(_line()) + (_line(TWO) + "\r\n").encode("cp1252")
    assert [row.name for row in read_list(data).rows] == ["POSTO IPÊ ROXO LTDA"] * 2


def test_the_three_lists_are_known_by_their_headers() -> None:
    stations, gas = made_up.resellers(30), made_up.gas_resellers(30)
    distributors = made_up.distributors()
    automotive = read_list(made_up.automotive_csv(stations))
    assert (automotive.kind, len(automotive.rows), automotive.rejected) == (ListKind.AUTOMOTIVE, 30, ())
    glp = read_list(made_up.gas_csv(gas, encoding="cp1252"))
    assert (glp.kind, len(glp.rows), glp.rejected) == (ListKind.GLP, 30, ())
    assert [(row.brand, row.reseller_class) for row in glp.rows] == [(g.brand, g.reseller_class) for g in gas]
    listed = read_list(made_up.distributors_csv(distributors))
    assert (listed.kind, listed.rejected) == (ListKind.DISTRIBUTOR, ())
    assert [(row.cnpj, row.short_name, row.situation, row.postal_code) for row in listed.rows] == [
        (d.registration.cnpj, d.short_name, d.registration.situation, d.registration.postal_code) for d in distributors
    ]


def test_the_columns_may_come_in_any_order_and_in_quotes() -> None:
    names = HEADER.split(";")
    cells = dict(zip(names, next(csv.reader([_line(name='"POSTO; E LOJA"')], delimiter=";")), strict=True))
    out = io.StringIO()
    writer = csv.DictWriter(out, sorted(names), delimiter=";", quoting=csv.QUOTE_ALL)
    writer.writeheader()
    writer.writerow(cells)
    (row,) = read_list(out.getvalue().encode()).rows
    assert (row.cnpj, row.name, row.city) == (ONE, "POSTO; E LOJA", "CAMPINAS")


def test_masks_are_removed_and_the_zero_of_a_cep_of_sao_paulo_is_put_back() -> None:
    masked = str(parse_cnpj(LETTERS))
    rows = read_list(_file(_line(masked, cep="13010-000"), _line(TWO, cep="1310100"))).rows
    assert [(row.cnpj, row.postal_code) for row in rows] == [(LETTERS, "13010000"), (TWO, "01310100")]


@pytest.mark.parametrize(
    ("line", "reason", "seen"),
    [
        (_line() + ";A MAIS", "Tem 14 colunas e o cabeçalho tem 13.", True),
        (_line().replace(";CENTRO", ""), "Tem 12 colunas e o cabeçalho tem 13.", True),
        (_line().replace(ONE, ONE[:-1] + str(9 - int(ONE[-1]))), "não é um CNPJ", False),
        (_line(""), "“” não é um CNPJ.", False),
        (_line(uf="XX"), "“XX” não é uma UF.", True),
        (_line(cep="1301"), "“1301” não é um CEP.", True),
        (_line(brand="72914114"), "as colunas parecem deslocadas", True),
        (_line(brand="29/04/2026"), "as colunas parecem deslocadas", True),
        (_line(name=""), "Falta a razão social.", True),
        (_line(name='"POSTO'), "aspas", True),
        (_line(name="POSTO \ufffd"), "não podem ser lidos", True),
        (_line(name="POSTO \x00"), "não podem ser lidos", True),
    ],
)
def test_a_line_that_cannot_be_trusted_is_reported(line: str, reason: str, seen: bool) -> None:
    file = read_list(_file(_line(TWO), line))
    assert [row.cnpj for row in file.rows] == [TWO]
    (rejected,) = file.rejected
    assert rejected.line == 3
    assert reason in rejected.sentence
    assert rejected.sentence.endswith(".")
    assert file.unreadable == (frozenset({ONE}) if seen else frozenset())


def test_bytes_that_are_text_in_no_encoding_are_reported() -> None:
    data = _file(_line(TWO)) + _line().encode("cp1252").replace(b"POSTO", b"POST\x81") + b"\r\n"
    file = read_list(data)
    assert ([row.cnpj for row in file.rows], file.unreadable) == ([TWO], frozenset({ONE}))


def test_of_a_repeated_cnpj_the_first_line_counts() -> None:
    file = read_list(_file(_line(), _line(), _line(brand="ALE"), _line(TWO)))
    assert [(row.cnpj, row.brand) for row in file.rows] == [(ONE, "VIBRA"), (TWO, "VIBRA")]
    (rejected,) = file.rejected
    assert (rejected.line, "linha 2" in rejected.sentence, file.unreadable) == (4, True, frozenset())


def test_a_good_line_makes_up_for_a_broken_one() -> None:
    file = read_list(_file(_line(uf="XX"), _line()))
    assert ([row.cnpj for row in file.rows], file.unreadable) == ([ONE], frozenset())


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "vazio"),
        (b" \r\n", "vazio"),
        (b"PK\x03\x04abc", "Excel"),
        (b"\xd0\xcf\x11\xe0abc", "Excel"),
        (b"\n<!DOCTYPE html><html>", "página da internet"),
        (b"\xef\xbb\xbf<html>", "página da internet"),
        (b"documento;nome;uf\r\n1;2;SP\r\n", "cabeçalho"),
        (_file(_line(), header=HEADER.replace("BANDEIRA;", "OUTRA;")), "BANDEIRA"),
        (_file(header=HEADER), "nenhum estabelecimento"),
        (_file(_line(), _line(TWO))[:-30], "cortada"),
        (_file(_line(), _line(TWO))[:-3], "cortada"),
    ],
)
def test_what_is_no_whole_list_is_refused(data: bytes, words: str) -> None:
    with pytest.raises(UnreadableList, match=words) as refused:
        read_list(data)
    assert is_sentence(str(refused.value))


def test_a_last_line_without_its_end_is_accepted_when_it_is_whole() -> None:
    assert len(read_list(_file(_line(), _line(TWO)).rstrip()).rows) == 2


def test_another_list_than_the_one_expected_is_refused() -> None:
    with pytest.raises(UnreadableList, match=r"revendedores de combustíveis automotivos.*revendedores de GLP"):
        read_list(_file(_line()), ListKind.GLP)


def test_a_list_with_too_many_broken_lines_is_refused() -> None:
    rows = made_up.resellers(1500)
    lines = made_up.automotive_csv(rows, encoding="utf-8").decode().split("\r\n")
    twenty = "\r\n".join([*lines[:1], *(line.replace(";", "|", 1) for line in lines[1:21]), *lines[21:]])
    assert len(read_list(twenty.encode()).rejected) == 20
    more = "\r\n".join([*lines[:1], *(line.replace(";", "|", 1) for line in lines[1:22]), *lines[22:]])
    with pytest.raises(UnreadableList, match="21 das 1500 linhas") as refused:
        read_list(more.encode())
    assert is_sentence(str(refused.value))


@given(
    st.text("0123456789ABCXYZ", min_size=12, max_size=12).map(lambda base: made_up_cnpj(base[:8], base[8:]))
    | st.text("0123456789ABCXYZ ¹٣", max_size=15)
)
def test_the_fast_check_of_a_cnpj_agrees_with_the_program_s_own(text: str) -> None:
    try:
        canonical = parse_cnpj(text).value == text
    except InvalidDocument:
        canonical = False
    assert is_cnpj(text) is canonical


_words = st.text("ABC Ç¿,'\"/.-&0", max_size=20).map(lambda text: " ".join(text.split()))
_dates = st.dates().map(lambda day: f"{day:%d/%m/%Y}")
_rows = st.lists(
    st.builds(
        Establishment,
        cnpj=st.text("0123456789AB", min_size=8, max_size=8).filter(lambda root: root != "00000000").map(made_up_cnpj),
        name=_words.filter(bool),
        short_name=st.just(""),
        situation=st.just(""),
        authorization=_words,
        published=_dates,
        brand=st.sampled_from(["", "BANDEIRA BRANCA", "ALE", 'A "B" C']),
        brand_since=_dates,
        simp_code=st.text("0123456789", max_size=7),
        street=_words,
        complement=_words,
        district=_words,
        postal_code=st.just("") | st.text("0123456789", min_size=8, max_size=8),
        city=_words,
        uf=st.sampled_from(list(UFS)),
        reseller_class=st.just(""),
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda row: row.cnpj,
)
_FIELDS = (
    *("simp_code", "authorization", "published", "name", "cnpj", "street", "complement", "district", "postal_code"),
    *("uf", "city", "brand", "brand_since"),
)


def _written(rows: list[Establishment]) -> list[str]:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\n")
    writer.writerow(HEADER.split(";"))
    writer.writerows([getattr(row, name) for name in _FIELDS] for row in rows)
    return out.getvalue().splitlines(keepends=True)


@given(_rows)
@settings(max_examples=60)
def test_a_list_written_comes_back_as_it_was(rows: list[Establishment]) -> None:
    file = read_list("".join(_written(rows)).encode())
    assert (file.rows, file.rejected) == (tuple(rows), ())


@given(_rows, st.data())
@settings(max_examples=150)
def test_a_mangled_line_is_rejected_or_still_of_the_same_establishment(
    rows: list[Establishment], data: st.DataObject
) -> None:
    """Cut, with a separator or quote too many, or with cells exchanged or gone: it is never taken for another's."""
    lines = _written(rows)
    at = data.draw(st.integers(1, len(lines) - 1))
    line = lines[at].rstrip("\n")
    place = data.draw(st.integers(0, len(line)))
    cells = line.split(";")
    cell, other = (data.draw(st.integers(0, len(cells) - 1)) for _ in range(2))
    exchanged = list(cells)
    exchanged[cell], exchanged[other] = cells[other], cells[cell]
    lines[at] = data.draw(
        st.sampled_from(
            [
                line[:place],
                line[place:],
                line[:place] + ";" + line[place:],
                line[:place] + '"' + line[place:],
                ";".join(cells[:cell] + cells[cell + 1 :]),
                ";".join(exchanged),
            ]
        )
    )
    lines[at] += "\n"
    try:
        file = read_list("".join(lines).encode())
    except UnreadableList:
        return
    known = {row.cnpj: row for row in rows}
    for row in file.rows:
        assert row == known[row.cnpj] or row.cnpj == rows[at - 1].cnpj
    assert {row.cnpj for row in file.rows} >= known.keys() - {rows[at - 1].cnpj}
    assert file.unreadable <= known.keys()


def test_the_registrations_of_the_demonstration_come_back() -> None:
    rows = [replace(row, products=()) for row in made_up.resellers(2000)]
    read = read_list(made_up.automotive_csv(rows)).rows
    for row, back in zip(rows, read, strict=True):
        assert (back.cnpj, back.brand, back.uf, back.authorization) == (row.cnpj, row.brand, row.uf, row.authorization)
