"""`clientes divergencias`: what SEFAZ's last answer contradicts in a registration, and taking it over."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from services.demo.example import made_up_cnpj
from services.demo.scenarios import Scenario
from services.demo.sefaz import DemoSefaz
from tests.ui.cli.conftest import Run

DOCUMENT = made_up_cnpj("AB12CD34")


def add(run: Run, **fields: str) -> int:
    given = {"documento": DOCUMENT, "nome": "Posto Alfa", "uf": "SP", **fields}
    outcome = run("cadastros", "clientes", "incluir", *(f"{name}={text}" for name, text in given.items()), "--json")
    assert outcome.status == 0
    return int(outcome.json["id"])


def compare(run: Run, customer: int, *more: str) -> dict[str, Any]:
    outcome = run("clientes", "divergencias", "--cliente", customer, *more, "--json")
    assert outcome.status == 0
    found: dict[str, Any] = outcome.json
    return found


def fields(found: dict[str, Any]) -> list[str]:
    return [difference["campo"] for difference in found["divergencias"]]


def test_nothing_to_compare_with_yet(run: Run, ready: Path) -> None:
    customer = add(run)
    found = compare(run, customer)
    assert found["motivo"] == "A SEFAZ ainda não respondeu sobre o documento e a UF deste cadastro."
    assert (found["consulta_id"], found["divergencias"], found["atualizados"]) == (None, [], [])
    assert run("clientes", "divergencias", "--cliente", customer).err.strip() == found["motivo"]
    assert run("clientes", "divergencias", "--cliente", 999).status == 1
    refused = run("clientes", "divergencias", "--cliente", customer, "--aplicar", "nome")
    assert refused.status == 1
    assert "não diverge" in refused.err


def test_some_fields_then_all_the_others(run: Run, ready_on_both: Path) -> None:
    customer = add(run)
    assert run("consultar", "--cliente", customer).status == 0
    found = compare(run, customer)
    assert fields(found) == ["ie", "nome", "fantasia", "cidade", "logradouro", "bairro", "cep"]
    assert found["inscricao"] == found["divergencias"][0]["sefaz"]
    assert all(difference["aplicavel"] for difference in found["divergencias"])
    table = run("clientes", "divergencias", "--cliente", customer).out
    assert "Posto Alfa" in table
    assert found["divergencias"][1]["sefaz"] in table
    after = compare(run, customer, "--aplicar", "ie, cep")
    assert after["atualizados"] == ["ie", "cep"]
    assert fields(after) == ["nome", "fantasia", "cidade", "logradouro", "bairro"]
    (kept,) = run("clientes", "listar", "--json").json
    assert (kept["ie"], kept["nome"], kept["resultado"]) == (found["inscricao"], "Posto Alfa", "habilitado")
    last = run("clientes", "divergencias", "--cliente", customer, "--aplicar", "todos")
    assert last.status == 0
    assert "5 campos atualizados: Nome, Nome fantasia, Cidade, Endereço e Bairro." in last.out
    assert "O cadastro confere com o que a SEFAZ informa." in last.out
    assert (
        "Nenhum campo a atualizar." in run("clientes", "divergencias", "--cliente", customer, "--aplicar", "todos").out
    )


def test_what_cannot_be_applied_is_refused_whole(run: Run, ready: Path, sefaz: DemoSefaz) -> None:
    customer = add(run)
    assert run("consultar", "--cliente", customer).status == 0
    number = compare(run, customer)["inscricao"]
    sefaz.scenarios[DOCUMENT] = Scenario.SUBSTITUTE
    run("cadastros", "clientes", "alterar", customer, f"ie={number}")
    assert run("consultar", "--cliente", customer).status == 0
    found = compare(run, customer)
    assert [d["campo"] for d in found["divergencias"] if not d["aplicavel"]] == [
        "cidade",
        "logradouro",
        "bairro",
        "cep",
    ]
    refused = run("clientes", "divergencias", "--cliente", customer, "--aplicar", "nome,cidade")
    assert refused.status == 1
    assert "o campo “cidade” não pode ser atualizado. O endereço fica em SC" in refused.err
    assert run("clientes", "listar", "--json").json[0]["nome"] == "Posto Alfa"
    for wrong in ("telefones", ","):
        assert run("clientes", "divergencias", "--cliente", customer, "--aplicar", wrong).status == 2
