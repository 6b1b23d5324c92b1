"""Reading a CSV of customers: encodings, separators, both header vocabularies, and every kind of bad file or line."""

from __future__ import annotations

import csv
import io
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.customers_import import UnreadableFile, read_customers

CNPJ = "11222333000181"
OTHER = "11444777000161"
ANP_HEADER = (
    "CODIGOISIMP;AUTORIZACAO;DATAPUBLICACAO;RAZAOSOCIAL;CNPJ;ENDERECO;COMPLEMENTO;BAIRRO;CEP;UF;MUNICIPIO;"
    "BANDEIRA;DATAVINCULACAO"
)
ANP_LINE = (
    f"1000001;PR/SP0000001;02/02/2015;POSTO ÁGUA BOA LTDA;{CNPJ};RUA DAS FLORES,  10;LOJA 2;CENTRO;13140000;SP;"
    "PAULÍNIA;BANDEIRA BRANCA;29/04/2020"
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("separator", [";", ",", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_encoding_separator_and_line_end(encoding: str, separator: str, end: str) -> None:
    text = end.join(
        (separator.join(("Documento", "NOME", "uf", "Inscrição estadual")), separator.join((CNPJ, "Pão", "sp", "123")))
    )
    (line,) = read_customers((text + end).encode(encoding)).lines
    assert (line.line, line.values) == (2, {"documento": CNPJ, "nome": "Pão", "uf": "SP", "ie": "123"})


def test_the_list_as_anp_publishes_it() -> None:
    file = read_customers(f"{ANP_HEADER}\n{ANP_LINE}\n".encode("cp1252"))
    (line,) = file.lines
    assert line.values == {
        "documento": CNPJ,
        "nome": "POSTO ÁGUA BOA LTDA",
        "uf": "SP",
        "cidade": "PAULÍNIA",
        "logradouro": "RUA DAS FLORES, 10",
        "complemento": "LOJA 2",
        "bairro": "CENTRO",
        "cep": "13140000",
        "autorizacao_anp": "PR/SP0000001",
    }
    assert line.brand == "BANDEIRA BRANCA"
    assert (file.rejected, file.remarks) == ((), ())


def test_encodings_mixed_in_one_file_are_read_line_by_line() -> None:
    head = b"documento;nome;uf\n"
    data = head + f"{CNPJ};Água;SP\n".encode() + f"{OTHER};Pão;SP\n".encode("cp1252")
    assert [line.values["nome"] for line in read_customers(data).lines] == ["Água", "Pão"]


def test_letters_that_no_encoding_has_are_told() -> None:
    file = read_customers(f"documento;nome;uf\n{CNPJ};P".encode() + b"\x81o;SP\n")
    assert file.lines[0].values["nome"] == "P�o"
    assert "na linha 2" in file.remarks[0]


def test_quotes_blank_lines_and_lines_inside_a_field() -> None:
    text = (
        f'\n"sep=;"\ndocumento;nome;uf;fantasia\n\n;;;\n{CNPJ};"Posto ""Bom""; o\nmelhor";SP;3" TUBO\n{OTHER};B;GO;\n'
    )
    file = read_customers(text.encode())
    assert [(line.line, line.values["nome"]) for line in file.lines] == [(6, 'Posto "Bom"; o melhor'), (8, "B")]
    assert file.lines[0].values["fantasia"] == '3" TUBO'
    assert file.rejected == ()


def test_every_bad_line_is_named_with_all_its_reasons_and_the_others_go_on() -> None:
    lines = [
        "documento;nome;uf;acao_sefaz",
        "11222333000182;;XX;explode",
        f"{CNPJ};A",
        f"{CNPJ};A;SP;;sobra",
        f'{CNPJ};"A;SP;',
        f'{CNPJ};"A"x;SP;',
        f"{CNPJ};{'A' * 151};SP;",
        f"{CNPJ};A;SP;",
        f"{OTHER};A;SP;;;",
    ]
    file = read_customers("\n".join(lines).encode())
    reasons = {line.line: line.reasons for line in file.rejected}
    assert [reason.split(":")[0] for reason in reasons[2]] == [
        "Documento",
        "Nome",
        "UF",
        "Ação quando não habilitado na SEFAZ",
    ]
    assert reasons[3] == ("Tem 2 colunas e o cabeçalho tem 4.",)
    assert reasons[4] == ("Tem 5 colunas e o cabeçalho tem 4.",)
    assert "aspas" in reasons[5][0]
    assert "aspas" in reasons[6][0]
    assert "151" in reasons[7][0]
    assert [line.line for line in file.lines] == [8, 9]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", ["vazio"]),
        (b"\xef\xbb\xbf\r\n \r\n", ["vazio"]),
        (b"PK\x03\x04\x14\x00", ["planilha do Excel", "CSV"]),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", ["planilha do Excel"]),
        (b"MZ\x00\x00", ["CSV"]),
        (b"nome;cidade\nA;B\n", ["documento, uf", "“nome”", "“cidade”", "bandeira"]),
        (b"oi\n", ["documento, nome, uf", "“oi”"]),
        (b"CNPJ;documento;nome;uf\n", ["“CNPJ” e “documento”"]),
    ],
)
def test_a_file_that_is_no_list_of_customers_says_what_it_is(data: bytes, words: list[str]) -> None:
    with pytest.raises(UnreadableFile) as refused:
        read_customers(data)
    for word in words:
        assert word in str(refused.value)


def test_an_unknown_column_is_told_and_ignored() -> None:
    file = read_customers(f"documento;nome;uf;Cor do portão\n{CNPJ};A;SP;azul\n".encode())
    assert file.remarks == ("A coluna “Cor do portão” não é conhecida e foi ignorada.",)
    assert len(file.lines) == 1


_cell = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=40)


@given(st.lists(st.tuples(_cell, _cell), max_size=12), st.sampled_from(";,\t"), st.sampled_from(["\n", "\r\n"]))
def test_whatever_a_spreadsheet_writes_is_read_back(cells: list[tuple[str, str]], separator: str, end: str) -> None:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=separator, lineterminator=end)
    writer.writerow(["documento", "nome", "fantasia", "uf"])
    for name, trade_name in cells:
        writer.writerow([CNPJ, f"x{name}", trade_name, "SP"])
    file = read_customers(out.getvalue().encode())
    assert file.rejected == ()
    assert [(line.values["nome"], line.values.get("fantasia", "")) for line in file.lines] == [
        (" ".join(f"x{name}".split()), " ".join(trade_name.split())) for name, trade_name in cells
    ]


@given(st.binary(max_size=400))
def test_no_bytes_break_it(noise: bytes) -> None:
    with suppress(UnreadableFile):
        read_customers(noise)
    head = b"documento;nome;uf\n"
    with suppress(UnreadableFile):
        file = read_customers(head + noise + f"\n{CNPJ};A;SP\n".encode())
        numbers = [line.line for line in file.lines] + [line.line for line in file.rejected]
        assert len(numbers) == len(set(numbers))
