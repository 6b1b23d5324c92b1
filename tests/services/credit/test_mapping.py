"""The file that describes a gerenciadora: what is wrong in it is said by name, and any answer is a report or is not."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.credit_analysis import CreditReport
from app.documents import parse_document
from app.domain import FailureKind
from app.policies import Environment
from services.credit.json_values import NotAReport, parse_object
from services.credit.mapped_answer import MAX_TEXT, Declined, check_declined, read_report
from services.credit.mapping import MODEL, InvalidMapping, Mapping, load_mapping, parse_mapping

CNPJ = parse_document("11222333000181")
SMALL = """
[acesso]
forma = "basica"
[consulta.cnpj]
caminho = "/consulta"
json = { doc = "{documento}" }
[resposta]
score = "score"
"""


def small(extra: str = "") -> Mapping:
    return parse_mapping(SMALL + extra, "minha.toml")


def test_the_model_is_a_mapping_and_tells_every_key() -> None:
    mapping = parse_mapping(MODEL.read_text("utf-8"), MODEL.name)
    assert mapping.answer.statuses == {402: FailureKind.REQUESTER}
    assert [group.kind for group in mapping.answer.negatives] == ["Pendências financeiras", "Protestos"]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("[resposta]", "[resposta", "na linha 7"),
        ('"basica"', '"basico"', "tabela [acesso], a chave “forma” deve ser uma destas: basica, token"),
        ('forma = "basica"', "", "tabela [acesso], a chave “forma” deve ser uma destas"),
        ('"basica"', '"login"', "a chave “login” não existe, e é uma tabela que precisa existir"),
        ('"basica"', '"cabecalho"', "a chave “cabecalho” não existe, e é preciso informá-la"),
        ("caminho", "camino", "tabela [consulta.cnpj], a chave “caminho” não existe"),
        ("score =", "escore =", "tabela [resposta], a chave “score” não existe, nem “negativos”"),
        ('score = "score"', 'score = "score"\nescore = "x"', "tabela [resposta], a chave “escore” não existe: confira"),
        ('"/consulta"', '"consulta"', "deve começar com “/”"),
        ('"/consulta"', '"/consulta?doc=1"', "deve começar com “/”"),
        ('"/consulta"', '"/consulta/{documento}"', "documento_no_endereco = true"),
        ('"/consulta"', '"/consulta"\nparametros = { d = "{documento_formatado}" }', "documento_no_endereco = true"),
        ("{documento}", "{cnpj}", "tem {cnpj}, que não é um campo daqui; os campos são: {documento}"),
        ("{documento}", "{senha}", "tem {senha}, que não é um campo daqui"),
        ("{documento}", "{documento", "sem par"),
        ("{documento}", "fixo", "não diz por quem se pergunta"),
        ('"/consulta"', '"/consulta"\nmetodo = "PUT"', "deve ser GET ou POST"),
        ('"/consulta"', '"/consulta"\nmetodo = "GET"', "a chave “json” só se usa com metodo = “POST”"),
        ('"/consulta"', '"/consulta"\nformulario = { a = "b" }', "não se usa junto de “json”"),
        ('"/consulta"', '"/consulta"\ncabecalhos = { Host = "x" }', "tem “Host”"),
        ('"/consulta"', '"/consulta"\ncabecalhos = { "a b" = "x" }', "tem “a b”"),
        ('"/consulta"', '"/consulta"\ncabecalhos = { X = "a\\nb" }', "um caractere que não se escreve"),
        ('score = "score"', 'score = ""', "deve ser um caminho na resposta"),
        ('score = "score"', 'score = "a..b"', "deve ser um caminho na resposta"),
        ('score = "score"', "score = 3", "deve ser um caminho na resposta"),
        ('score = "score"', 'score = "s"\n[[resposta.negativos]]\ntipo = "A"', "[resposta.negativos, a 1ª]"),
        ('score = "score"', 'score = "s"\n[[resposta.recusas]]\ncampo = "e"', "a chave “motivo” deve ser uma destas"),
        ('score = "score"', 'score = "s"\n[resposta.http]\n999 = "espera"', "“999”, que não é um código HTTP"),
        ("[consulta.cnpj]", "[consulta.cpj]", "tabela [consulta], a chave “cnpj” não existe, nem a “cpf”"),
        ('doc = "{documento}"', 'doc = "{documento}", quando = 2026-11-20', "a chave “json” deve ser uma tabela"),
    ],
)
def test_what_is_wrong_is_named(before: str, after: str, said: str) -> None:
    assert before in SMALL
    with pytest.raises(InvalidMapping) as caught:
        parse_mapping(SMALL.replace(before, after, 1), "minha.toml")
    assert said in str(caught.value)
    assert "minha.toml" in str(caught.value)


def test_a_file_that_is_no_text_or_too_large_is_said(tmp_path: Path) -> None:
    (tmp_path / "latin.toml").write_bytes("# não".encode("latin-1"))
    with pytest.raises(InvalidMapping, match="não está em UTF-8"):
        load_mapping(tmp_path, "latin.toml")
    (tmp_path / "grande.toml").write_bytes(b"#" * 300_000)
    with pytest.raises(InvalidMapping, match="grande demais"):
        load_mapping(tmp_path, "grande.toml")
    (tmp_path / "bom.toml").write_bytes(b"\xef\xbb\xbf" + SMALL.encode())
    assert load_mapping(tmp_path, "bom.toml").person is None


def told(mapping: Mapping, answer: object) -> CreditReport:
    return read_report(parse_object(json.dumps(answer).encode()), mapping.answer, CNPJ, Environment.PRODUCTION).report


@pytest.mark.parametrize(
    ("form", "written", "total"),
    [
        ("ponto", 1234.5, "1234.50"),
        ("ponto", "1234.56", "1234.56"),
        ("virgula", "1.234,56", "1234.56"),
        ("virgula", "R$ 1234,5", "1234.50"),
        ("virgula", "1.234", "1234.00"),
        ("virgula", 1234.5, "1234.50"),
        ("centavos", 123456, "1234.56"),
        ("centavos", "123456", "1234.56"),
    ],
)
def test_amounts_are_read_as_the_file_says(form: str, written: object, total: str) -> None:
    mapping = small(f'valores = "{form}"\n[[resposta.negativos]]\ntipo = "A"\nlista = "itens"\nvalor = "v"\n')
    assert told(mapping, {"itens": [{"v": written}]}).negative_total == Decimal(total)


@pytest.mark.parametrize(
    ("form", "written"),
    [("ponto", "1.234,56"), ("virgula", "1,234.56"), ("virgula", "12.34"), ("centavos", "12.34"), ("ponto", "muito")],
)
def test_an_amount_written_otherwise_is_never_guessed(form: str, written: str) -> None:
    mapping = small(f'valores = "{form}"\n[[resposta.negativos]]\ntipo = "A"\nlista = "itens"\nvalor = "v"\n')
    with pytest.raises(NotAReport):
        told(mapping, {"itens": [{"v": written}]})


@pytest.mark.parametrize(
    ("form", "written"), [("aaaa-mm-dd", "2026-03-09T10:00:00"), ("dd/mm/aaaa", "09/03/2026"), ("aaaammdd", 20260309)]
)
def test_days_are_read_as_the_file_says(form: str, written: object) -> None:
    mapping = small(f'datas = "{form}"\n[[resposta.negativos]]\ntipo = "A"\nlista = "itens"\ndata = "d"\n')
    groups = told(mapping, {"itens": [{"d": written}, {"d": "00/00/0000"}]}).negatives
    assert groups is not None
    assert [str(record.on) for record in groups[0].records] == ["2026-03-09", "None"]


def test_names_with_points_and_places_in_lists_are_found() -> None:
    mapping = parse_mapping(SMALL.replace('score = "score"', 'score = ["a.b", "1", "s"]'), "minha.toml")
    assert told(mapping, {"a.b": [{"s": 1}, {"s": "650"}]}).score == 650
    assert told(mapping, {"a.b": [{"s": 1}]}).score is None
    assert told(mapping, {"a.b": "x"}).score is None


def test_nothing_known_of_negative_records_is_not_that_there_are_none() -> None:
    group = '[[resposta.negativos]]\ntipo = "A"\nquantidade = "n"\n'
    assert told(small(group), {"score": 1}).negatives is None
    assert told(small(), {"score": 1}).negatives is None
    said = told(small(f"{group}ausente_e_nenhum = true\n"), {"score": 1})
    assert (said.negative_count, said.suppressed) == (0, False)


def test_a_list_of_texts_is_read_and_one_of_lists_is_none() -> None:
    mapping = small('avisos = ["avisos"]\nnome = "nome"\n')
    read = told(mapping, {"score": 1, "avisos": ["um", 2, None, True], "nome": ["x" * 200] * 1000})
    assert read.notices == ("um", "2", "sim")
    assert len(read.name) == MAX_TEXT
    deep: object = "um"
    for _ in range(900):
        deep = [deep]
    with pytest.raises(NotAReport):
        told(mapping, {"score": 1, "avisos": deep})


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)


def _shaped(inner: Any) -> Any:
    """Answers shaped almost as the model says, so that every place is read."""
    debts = st.fixed_dictionaries({}, optional=dict.fromkeys(("data", "credor", "valor", "contrato"), inner))
    pending = st.fixed_dictionaries(
        {}, optional={"quantidade": inner, "valor": inner, "primeira": inner, "itens": st.lists(debts) | inner}
    )
    return st.fixed_dictionaries(
        {"consulta": st.just({"documento": CNPJ.value}) | inner},
        optional={
            "score": st.fixed_dictionaries({}, optional={"pontos": inner, "faixa": inner}) | inner,
            "restricoes": st.fixed_dictionaries(
                {}, optional={"pendencias": pending | inner, "protestos": st.lists(debts) | inner, "suprimidas": inner}
            ),
            "avisos": inner,
            "erro": st.fixed_dictionaries({}, optional={"codigo": inner, "mensagem": inner}) | inner,
        },
    )


@given(_shaped(_JSON))
def test_any_answer_is_a_report_that_can_be_kept_or_is_none(answer: object) -> None:
    mapping = parse_mapping(MODEL.read_text("utf-8"), MODEL.name).answer
    try:
        parsed = parse_object(json.dumps(answer).encode())
        check_declined(parsed, mapping)
        read = read_report(parsed, mapping, CNPJ, Environment.PRODUCTION)
    except (NotAReport, Declined):
        return
    fields = json.loads(json.dumps(read.report.as_fields()))
    assert "\\u0000" not in json.dumps(fields)
    assert CreditReport.from_fields(fields) == read.report
    assert read.report.document == CNPJ.value
    total = read.report.negative_total
    assert total is None or total >= 0
    assert len(read.request_id) <= 80


@given(st.text())
def test_any_text_is_a_mapping_or_is_refused(text: str) -> None:
    with pytest.raises(InvalidMapping):
        parse_mapping(text, "minha.toml")
