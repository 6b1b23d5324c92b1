"""What disagrees between a registration and an inscription, and what is only written in another way."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain import Address, Inscription
from app.rules.registration_difference import Difference, differences
from services.demo import example

CNPJ = example.made_up_cnpj("48217305")
HERE: dict[str, Any] = {
    "documento": CNPJ,
    "ie": "244913027118",
    "nome": "Posto Serra Azul Ltda",
    "fantasia": "Serra Azul",
    "uf": "SP",
    "cidade": "São José do Rio Preto",
    "logradouro": "Av. das Andorinhas, 1520",
    "complemento": "",
    "bairro": "Centro",
    "cep": "01310150",
}
SAME = Inscription(
    IE="244913027118",
    CNPJ=CNPJ,
    UF="SP",
    cSit="1",
    xNome="POSTO SERRA AZUL LTDA.",
    xFant="SERRA AZUL",
    ender=Address("AVENIDA DAS ANDORINHAS", "01520", "", "CENTRO", "3549805", "SAO JOSE DO RIO PRETO", "1310150"),
)
MOVED = replace(SAME, ender=Address("RUA DO CAIS", "S/N", "GALPAO 2", "PORTO", "3548500", "SANTOS", "11015-200"))


def fields(found: tuple[Difference, ...]) -> dict[str, tuple[str, str]]:
    return {difference.field: (difference.here, difference.there) for difference in found}


def test_what_is_only_written_in_another_way_is_no_difference() -> None:
    assert differences(HERE, SAME) == ()


def test_each_field_is_told_with_both_values_as_people_read_them() -> None:
    found = differences(HERE, replace(MOVED, xNome="REDE NOVA LTDA", xFant="REDE NOVA"))
    assert fields(found) == {
        "nome": ("Posto Serra Azul Ltda", "REDE NOVA LTDA"),
        "fantasia": ("Serra Azul", "REDE NOVA"),
        "cidade": ("São José do Rio Preto", "SANTOS"),
        "logradouro": ("Av. das Andorinhas, 1520", "RUA DO CAIS, S/N"),
        "complemento": ("", "GALPAO 2"),
        "bairro": ("Centro", "PORTO"),
        "cep": ("01310-150", "11015-200"),
    }
    assert [d.label for d in found][:2] == ["Nome", "Nome fantasia"]
    assert not any(difference.hindrance or difference.remark for difference in found)


@pytest.mark.parametrize(
    ("street", "number", "here"),
    [
        ("RUA DO CAIS", "S/N", "R. do Cais, s/nº"),
        ("R DO CAIS", "SN", "Rua do Cais, s/n"),
        ("ROD ESTADUAL", "KM 12", "Rodovia Estadual - km 12"),
        ("PCA D'OESTE", "7", "Praça D’Oeste 7"),
        ("RUA DO CAIS 310", "310", "Rua do Cais, 310"),
        ("RUA DO CAIS, 310", "0310", "Rua do Cais, 310"),
        ("RUA DO CAIS", "", "Rua do Cais"),
        ("RUA DO CAIS", "***", "Rua do Cais"),
        ("", "310", "Rua do Cais, 310"),
        ("-", "310", "Rua do Cais, 310"),
    ],
)
def test_streets_written_alike(street: str, number: str, here: str) -> None:
    assert differences({**HERE, "logradouro": here}, replace(SAME, ender=Address(street, number))) == ()


@pytest.mark.parametrize(
    ("street", "number", "here"),
    [
        ("RUA DO CAIS", "31", "Rua do Cais, 310"),
        ("AV DO CAIS", "310", "Rua do Cais, 310"),
        ("RUA DO CAIS", "310", "Rua do Cais"),
        ("RUA DR JOAO", "1", "Rua Doutor João, 1"),
        ("RUA 10", "0", "Rua 1, 0"),
        ("RUA DO CAIS 1310", "310", "Rua do Cais, 1310"),
    ],
)
def test_streets_that_differ(street: str, number: str, here: str) -> None:
    found = differences({**HERE, "logradouro": here}, replace(SAME, ender=Address(street, number)))
    assert fields(found) == {"logradouro": (here, f"{street}, {number}")}


def test_what_sefaz_leaves_out_contradicts_nothing() -> None:
    bare = Inscription(IE=SAME.IE, UF="SP", cSit="1")
    assert differences(HERE, bare) == ()
    assert differences(HERE, replace(bare, xFant="****", ender=Address(CEP="00000000", xCpl="."))) == ()


def test_a_name_cut_by_the_layout_is_the_same_name() -> None:
    long = "Comércio de Combustíveis e Lubrificantes Estrela do Planalto Central Limitada"
    cut = long.upper()[:60]
    assert differences({**HERE, "nome": long}, replace(SAME, xNome=cut)) == ()
    assert fields(differences({**HERE, "nome": long}, replace(SAME, xNome=cut[:40]))) == {"nome": (long, cut[:40])}


def test_what_does_not_fit_is_said_and_never_cut() -> None:
    street = "RUA " + "MUITO COMPRIDA " * 16
    (found,) = differences(HERE, replace(SAME, ender=Address(street, "10")))
    assert found.there == f"{' '.join(street.split())}, 10"
    assert found.hindrance.startswith("Não cabe no cadastro. O texto tem ")
    assert "o limite é 150" in found.hindrance


def test_an_address_in_another_uf_is_shown_but_not_taken_over() -> None:
    found = differences(HERE, replace(MOVED, UF="PR"))
    assert {difference.field for difference in found if difference.hindrance} == {
        "cidade",
        "logradouro",
        "complemento",
        "bairro",
        "cep",
    }
    assert all("fica em PR e o cadastro é de SP" in difference.hindrance for difference in found)


@pytest.mark.parametrize(
    ("document", "ie", "own", "there", "remark"),
    [
        (CNPJ, "", SAME, "244913027118", ""),
        (CNPJ, "ISENTO", SAME, "244913027118", ""),
        (CNPJ, "", replace(SAME, cSit="0"), "244913027118", "não está habilitada"),
        (CNPJ, "0244913027118", SAME, None, ""),
        (CNPJ, "777", replace(SAME, IEUnica="777"), None, ""),
        (CNPJ, "244913027118", replace(SAME, IEAtual="555"), "555", "a 244913027118 foi substituída pela 555"),
        (CNPJ, "", replace(SAME, IEAtual="555"), "555", "substituída"),
        (CNPJ, "244913027118", replace(SAME, IEAtual="244913027118"), None, ""),
        (CNPJ, "", replace(SAME, IE=""), None, ""),
        ("IE 244913027118", "", SAME, None, ""),
        ("IE 244913027118", "", replace(SAME, IE="999"), "999", ""),
    ],
)
def test_the_inscription(document: str, ie: str, own: Inscription, there: str | None, remark: str) -> None:
    found = differences({**HERE, "documento": document, "ie": ie}, own)
    assert fields(found) == ({} if there is None else {"ie": (ie, there)})
    assert remark in "".join(difference.remark for difference in found)


_texts = st.text(max_size=80) | st.sampled_from(["RUA A", "R. a", "S/N", "000", "01310-100"])


@given(
    st.fixed_dictionaries(dict.fromkeys(("nome", "fantasia", "cidade", "logradouro", "complemento", "bairro"), _texts))
)
def test_nothing_differs_from_itself_in_capitals(written: dict[str, str]) -> None:
    own = replace(
        SAME,
        xNome=written["nome"].upper(),
        xFant=written["fantasia"].upper(),
        ender=Address(
            xLgr=written["logradouro"].upper(),
            xCpl=written["complemento"].upper(),
            xBairro=written["bairro"].upper(),
            xMun=written["cidade"].upper(),
        ),
    )
    assert differences({**HERE, **written}, own) == ()


@given(st.builds(Address, *[_texts] * 7), _texts, _texts)
def test_what_is_taken_over_differs_no_more(address: Address, name: str, trade_name: str) -> None:
    own = replace(SAME, xNome=name, xFant=trade_name, ender=address)
    found = differences(HERE, own)
    for difference in found:
        assert difference.there.strip()
    fitting = [difference for difference in found if not difference.hindrance]
    after = {
        **HERE,
        **{d.field: "".join(filter(str.isdigit, d.there)) if d.field == "cep" else d.there for d in fitting},
    }
    left = differences(after, own)
    assert {d.field for d in left} == {d.field for d in found if d.hindrance}
