"""A CNPJ with letters through every front door of the command line, and zeros that a spreadsheet must not take away."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.documents import parse_cnpj
from app.domain import Document, DocumentKind
from services.demo.anp import AnpPath, DemoAnp
from services.demo.anp_scenarios import AnpScenario
from services.demo.ca import DemoAuthority
from services.demo.example import made_up_cnpj
from services.demo.sefaz import DemoSefaz
from tests.ui.cli.conftest import PASSWORD, Run

COMPANY = made_up_cnpj("ABCDEFGH", "IJKL")
BRANCH = made_up_cnpj("ABCDEFGH", "0002")
CUSTOMER = made_up_cnpj("1A2B3C4D")
LETTERS = made_up_cnpj("ZZXWVUTS", "RQPO")


def masked(cnpj: str) -> str:
    """As a person may type it: with the mask, in lower case."""
    return str(parse_cnpj(cnpj)).lower()


@pytest.fixture
def anp(authority: DemoAuthority) -> Iterator[DemoAnp]:
    with DemoAnp(authority) as server:
        yield server


@pytest.fixture(scope="session")
def letters_pfx(authority: DemoAuthority, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The A1 file of the company."""
    file = tmp_path_factory.mktemp("a1") / "letras.pfx"
    file.write_bytes(authority.issue_pfx(COMPANY, "DISTRIBUIDORA DE LETRAS LTDA", PASSWORD))
    return file


@pytest.fixture
def place(run: Run, machine: Path, sefaz: DemoSefaz, anp: DemoAnp, authority: DemoAuthority, letters_pfx: Path) -> Path:
    """A company, a branch and a certificate with letters, all typed with masks, in lower case."""
    (machine / "ac_adicionais.pem").write_bytes(authority.ca_pem)
    (machine / "sefaz_enderecos.toml").write_text(sefaz.endpoints_override(), encoding="utf-8")
    for arguments, stdin in (
        (("cadastros", "empresas", "incluir", f"cnpj={masked(COMPANY)}", "nome=Letras", "uf=SP"), ""),
        (("cadastros", "filiais", "incluir", "empresa=1", f"cnpj={masked(BRANCH)}", "nome=Norte", "uf=AM"), ""),
        (("certificado", "instalar", "--filial", "1", letters_pfx), PASSWORD + "\n"),
        (("config", "gravar", "sefaz.filial=1", "anp.permite_online=sim"), ""),
        (("config", "gravar", f"anp.url_principal={anp.address(AnpPath.FUEL)}"), ""),
    ):
        outcome = run(*arguments, stdin=stdin)
        assert outcome.status == 0, outcome.err
    return machine


def add_customer(run: Run, cnpj: str, **more: str) -> int:
    fields = {"documento": masked(cnpj), "nome": "Posto das Letras", "uf": "SP", **more}
    outcome = run("cadastros", "clientes", "incluir", "--json", *(f"{name}={text}" for name, text in fields.items()))
    assert outcome.status == 0, outcome.err
    return int(outcome.json["id"])


def test_tables_keep_it_bare_show_it_masked_and_a_branch_has_the_zone_of_its_uf(run: Run, place: Path) -> None:
    (branch,) = run("cadastros", "filiais", "listar", "--json").json
    assert (branch["cnpj"], branch["fuso"]) == (BRANCH, "America/Manaus")
    assert str(parse_cnpj(COMPANY)) in run("cadastros", "empresas", "listar").out
    (certificate,) = run("certificado", "mostrar", "--json").json
    assert certificate["cnpj"] == COMPANY
    wrong = run(
        "cadastros", "empresas", "incluir", f"cnpj={COMPANY[:-1]}{(int(COMPANY[-1]) + 1) % 10}", "nome=x", "uf=SP"
    )
    assert "dígitos verificadores" in wrong.err


def test_sefaz_is_asked_and_its_echo_is_recognised(run: Run, place: Path, sefaz: DemoSefaz) -> None:
    for number, written in enumerate((LETTERS, LETTERS.lower(), masked(LETTERS)), 1):
        outcome = run("consultar", "--documento", written, "--uf", "SP", "--json")
        assert outcome.status == 0, outcome.err
        assert (outcome.json["resultado"], outcome.json["documento"]) == ("habilitado", LETTERS)
        assert [query.document for query in sefaz.seen] == [Document(DocumentKind.CNPJ, LETTERS)] * number


def test_anp_is_asked_and_the_order_gate_knows_the_customer(run: Run, place: Path, anp: DemoAnp) -> None:
    add_customer(run, CUSTOMER)
    anp.scenarios[CUSTOMER] = AnpScenario.UPDATED
    asked = run("consultar", "--autoridade", "anp", "--documento", masked(CUSTOMER), "--json")
    assert asked.status == 0, asked.err
    assert asked.json["resultado"] == "cadastro_atualizado"
    order = run("avaliar", "pedido", "--documento", masked(CUSTOMER), "--empresa", "1", "--json")
    assert order.status == 0, order.err
    assert "O cliente está ativo e sem bloqueios." in order.json["motivos"]


def test_a_customer_that_is_an_entity_is_recognised_however_it_was_written(run: Run, place: Path) -> None:
    assert run("cadastros", "entidades", "incluir", "nome=Nossa", f"documento={masked(CUSTOMER)}").status == 0
    twin = run("cadastros", "entidades", "incluir", "nome=Outra", f"documento={CUSTOMER}")
    assert twin.status != 0


def test_the_search_finds_it_with_and_without_mask_in_any_case(run: Run, place: Path) -> None:
    found = add_customer(run, LETTERS)
    add_customer(run, CUSTOMER, nome="Posto dos Números")
    pieces = ("ZZ.XWV.UTS", "zz.xwv.uts/rqpo", "ZZXWVUTS", LETTERS[-6:].lower())
    for typed in (LETTERS, LETTERS.lower(), masked(LETTERS), *pieces):
        assert [row["id"] for row in run("clientes", "listar", "--busca", typed, "--json").json] == [found], typed


def test_a_file_brings_it_and_what_lost_its_zeros_is_refused_in_clear_words(run: Run, place: Path) -> None:
    zeros = made_up_cnpj("00031415")
    assert zeros.startswith("000")
    file = place / "clientes.csv"
    file.write_text(
        "\n".join(
            (
                "CNPJ;nome;uf;ie;cep",
                f"{masked(LETTERS)};Com máscara;SP;;01310-100",
                f"{CUSTOMER.lower()};Em minúsculas;SP;;",
                f"{zeros.lstrip('0')};Sem os zeros;SP;;",
                "3,1415E+13;Arredondado;SP;;",
                f"{zeros};CEP sem zero;SP;;1310100",
                "529.982.247-25;CPF na coluna de CNPJ;SP;;",
                f"{made_up_cnpj('00031416')};IE sem zero;MG;623079040081;",
            )
        ),
        encoding="utf-8",
    )
    outcome = run("clientes", "importar", file)
    kept = {row["documento"]: row["nome"] for row in run("clientes", "listar", "--json").json}
    assert kept == {LETTERS: "Com máscara", CUSTOMER: "Em minúsculas", made_up_cnpj("00031416"): "IE sem zero"}
    said = outcome.out + outcome.err
    for line, word in ((4, "zero à esquerda"), (5, "arredondado pela planilha"), (6, "zero à esquerda"), (7, "CNPJ")):
        assert any(f"inha {line}:" in each and word in each for each in said.splitlines()), (line, said)
    assert "confira os zeros à esquerda na linha 8" in said


def test_an_inscription_with_a_wrong_digit_is_kept_and_told_of(run: Run, place: Path) -> None:
    outcome = run(
        "cadastros", "clientes", "incluir", f"documento={CUSTOMER}", "nome=Posto", "uf=SP", "ie=110.042.490.115"
    )
    assert outcome.status == 0
    assert "O dígito verificador da inscrição não confere para SP: confira." in outcome.err
