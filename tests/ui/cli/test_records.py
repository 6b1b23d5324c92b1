"""`cadastros`, `clientes` and `certificado`: a machine set up by script, on each kind of database."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.tables import TABLES
from services.demo.ca import DemoAuthority
from services.demo.example import made_up_cnpj
from services.demo.memory_keyring import MemoryKeyring
from tests.ui.cli.conftest import CNPJ, PASSWORD, Run

ROWS = {
    "empresas": [f"cnpj={CNPJ}", "nome=Modelo = e Cia", "uf=sp"],
    "filiais": ["empresa=1", f"cnpj={CNPJ}", "nome=Matriz", "uf=AM"],
    "entidades": ["nome=Matriz", f"documento={CNPJ}"],
    "usuarios": ["login=maria", "nome=Maria", "perfil=supervisor"],
    "clientes": [f"documento={made_up_cnpj('10203040')}", "nome=Posto Alfa", "uf=GO"],
    "bandeiras": ["nome=Ipê", "tipo=branca", "nomes_anp=IPE; IPÊ ; IPE DO SUL"],
    "regioes": ["nome=Litoral"],
    "gerenciadoras": ["nome=Serasa", "provedor=serasa"],
}


@pytest.fixture
def filled(run: Run, machine: Path) -> dict[str, int]:
    """One row in every table, by its number."""
    numbers = {}
    for table in TABLES:
        outcome = run("cadastros", table, "incluir", *ROWS[table], "--json")
        assert outcome.status == 0, outcome.err
        numbers[table] = outcome.json["id"]
    return numbers


def test_every_table(run: Run, filled: dict[str, int]) -> None:
    for table, number in filled.items():
        rows = {row["id"]: row for row in run("cadastros", table, "listar", "--json").json}
        assert set(rows[number]) == {"id", "ativo", *(f.name for f in TABLES[table].fields)}
        assert run("cadastros", table, "alterar", number, "nome=Outro nome").status == 0
        assert "Outro nome" in run("cadastros", table, "listar").out
        assert run("cadastros", table, "desativar", number).status == 0
        assert number not in {row["id"] for row in run("cadastros", table, "listar", "--json").json}
        assert "inativo" in run("cadastros", table, "listar", "--inativos").out
        assert run("cadastros", table, "reativar", number).out.strip() == str(number)
        assert number in {row["id"] for row in run("cadastros", table, "listar", "--json").json}


def test_values_and_defaults(run: Run, filled: dict[str, int]) -> None:
    (company,) = run("cadastros", "empresas", "listar", "--json").json
    assert (company["nome"], company["uf"]) == ("Modelo = e Cia", "SP")
    (branch,) = run("cadastros", "filiais", "listar", "--json").json
    assert branch["fuso"] == "America/Manaus"
    (brand,) = (b for b in run("cadastros", "bandeiras", "listar", "--json").json if b["id"] == filled["bandeiras"])
    assert brand["nomes_anp"] == ["IPE", "IPE DO SUL"]


@pytest.mark.parametrize(
    ("arguments", "status", "sentence"),
    [
        (("empresas", "incluir", "cnpj=1", "nome=x", "uf=SP"), 2, "CNPJ: O CNPJ “1” tem 1 caractere "),
        (("empresas", "incluir", "cor=azul"), 2, "Os campos são: cnpj, nome, uf"),
        (("empresas", "incluir", "azul"), 2, "não está na forma campo=valor"),
        (("empresas", "incluir", "uf=SP", "uf=GO"), 2, "duas vezes"),
        (("empresas", "incluir"), 2, "falta informar: campo=valor"),
        (("carros", "listar"), 2, "“carros” não é uma das opções: empresas"),
        (("empresas", "apagar", "1"), 2, "“apagar” não é uma das opções: listar"),
        (("empresas", "incluir", "uf=SP"), 1, "Informe este campo"),
        (
            ("filiais", "incluir", "empresa=9", f"cnpj={CNPJ}", "nome=x", "uf=SP"),
            1,
            "Não existe o código 9 em Empresas",
        ),
        (("empresas", "alterar", "9", "nome=x"), 1, "Não existe o código 9 em Empresas"),
        (("empresas", "desativar", "9"), 1, "Não existe o código 9 em Empresas"),
    ],
)
def test_refusals(run: Run, file_machine: Path, arguments: tuple[str, ...], status: int, sentence: str) -> None:
    outcome = run("cadastros", *arguments, "--json")
    assert outcome.status == status
    assert sentence in outcome.json["erro"]
    assert sentence in outcome.err
    assert not run("cadastros", "empresas", "listar", "--json").json


def test_import_keeps_the_good_lines_and_names_the_bad(run: Run, machine: Path, tmp_path: Path) -> None:
    good, again = made_up_cnpj("10203040"), made_up_cnpj("50607080")
    file = tmp_path / "clientes.csv"
    file.write_text(
        f"documento;nome;uf\n{good};Posto São João;GO\n123;Errado;GO\n{again};Posto Beta;ZZ\n", encoding="utf-8"
    )
    outcome = run("clientes", "importar", file, "--json")
    assert outcome.status == 1
    assert outcome.json["incluidos"] == 1
    assert [refused["linha"] for refused in outcome.json["recusadas"]] == [3, 4]
    assert [row["nome"] for row in run("clientes", "listar", "--json").json] == ["Posto São João"]
    text = run("clientes", "importar", file)
    assert "Linha 3: " in text.err
    assert "“ZZ” não é uma UF" in text.err
    assert "1 já cadastrado" in text.out
    file.write_text(f"documento;nome;uf\n{again};Posto Beta;SP\n", encoding="utf-8")
    assert run("clientes", "importar", file).status == 0


def test_a_file_that_is_no_list_is_refused(run: Run, file_machine: Path, tmp_path: Path) -> None:
    file = tmp_path / "outro.csv"
    file.write_text("a;b\n1;2\n", encoding="utf-8")
    outcome = run("clientes", "importar", file, "--json")
    assert outcome.status == 1
    assert "Falta no cabeçalho" in outcome.json["erro"]
    assert run("clientes", "importar", tmp_path / "nenhum.csv").status == 2
    assert "é uma pasta" in run("clientes", "importar", tmp_path).err
    assert run("clientes", "listar").err == "Nenhum cliente encontrado.\n"


def test_certificate(run: Run, ready_on_both: Path, pfx: Path, memory_keyring: MemoryKeyring) -> None:
    run("cadastros", "filiais", "incluir", "empresa=1", f"cnpj={made_up_cnpj('11222333', '0002')}", "nome=Sul", "uf=PR")
    first, second = run("certificado", "mostrar", "--json").json
    assert set(first) == {"filial", "nome", "titular", "cnpj", "emissor", "raiz", "validade", "dias"}
    assert (first["filial"], first["titular"], first["cnpj"]) == (1, "DISTRIBUIDORA MODELO LTDA", CNPJ)
    assert first["raiz"].startswith("AC Raiz")
    assert first["dias"] == 364
    assert (second["filial"], second["nome"], second["titular"]) == (2, "Sul", None)
    table = run("certificado", "mostrar").out
    assert "válido por 364 dias" in table
    assert "sem certificado" in table
    assert PASSWORD not in memory_keyring.entries.values()


def test_certificate_refusals(
    run: Run, file_machine: Path, authority: DemoAuthority, pfx: Path, tmp_path: Path
) -> None:
    arguments = ("certificado", "instalar", "--filial", "1", pfx, "--json")
    assert run(*arguments, stdin=PASSWORD).json["erro"].startswith("Não existe o código 1 em Filiais")
    run("cadastros", "empresas", "incluir", f"cnpj={CNPJ}", "nome=Modelo", "uf=SP")
    run("cadastros", "filiais", "incluir", "empresa=1", f"cnpj={CNPJ}", "nome=Matriz", "uf=SP")
    wrong = run(*arguments, stdin="outra\n")
    assert wrong.status == 1
    assert "senha" in wrong.json["erro"]
    assert run(*arguments).status == 2
    missing = run("certificado", "instalar", "--filial", "1", tmp_path / "nenhum.pfx", "--json", stdin=PASSWORD)
    assert missing.status == 2
    assert run(*arguments, stdin=PASSWORD + "\n").json["titular"] == "DISTRIBUIDORA MODELO LTDA"
