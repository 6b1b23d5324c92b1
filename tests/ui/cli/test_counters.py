"""`balcoes`: a counter is let in, listed and revoked from the command line."""

from __future__ import annotations

from pathlib import Path

from tests.ui.cli.conftest import Run


def test_a_counter_from_the_beginning_to_the_end(run: Run, machine: Path) -> None:
    included = run("balcoes", "incluir", "Balcão 1", "--json")
    assert included.status == 0
    token = included.json["token"]
    assert token.startswith("rtg_")
    assert included.json | {"codigo": 1, "nome": "Balcão 1", "empresa": None} == included.json

    (listed,) = run("balcoes", "listar", "--json").json
    assert "token" not in listed
    assert token.endswith(listed["token_termina_em"])
    assert (listed["revogado_em"], listed["ultimo_contato"], listed["situacao"]) == (None, None, "nunca_entrou")

    revoked = run("balcoes", "revogar", "1")
    assert (revoked.status, "Balcão 1 revogado" in revoked.out) == (0, True)
    (listed,) = run("balcoes", "listar", "--json").json
    assert listed["revogado_em"] is not None
    assert listed["situacao"] == "revogado"
    assert run("balcoes", "revogar", "1").status == 0

    again = run("balcoes", "incluir", "balcão 1", "--json").json
    assert (again["codigo"], again["token"] == token) == (1, False)


def test_the_token_goes_alone_to_the_output(run: Run, machine: Path) -> None:
    outcome = run("balcoes", "incluir", "Balcão 1")
    assert outcome.out.startswith("rtg_")
    assert len(outcome.out.splitlines()) == 1
    assert "só desta vez" in outcome.err


def test_what_people_read(run: Run, machine: Path) -> None:
    assert "Nenhum balcão" in run("balcoes", "listar").err
    run("balcoes", "incluir", "Balcão 1")
    run("balcoes", "incluir", "Caixa")
    run("balcoes", "revogar", "2")
    shown = run("balcoes", "listar").out
    assert all(words in shown for words in ("todas", "Nunca entrou", "Revogado em"))


def test_what_cannot_be(run: Run, machine: Path) -> None:
    run("balcoes", "incluir", "Balcão 1")
    twin = run("balcoes", "incluir", "BALCÃO 1", "--json")
    assert (twin.status, "Já existe o balcão 1" in twin.json["erro"]) == (1, True)
    nameless = run("balcoes", "incluir", " ")
    assert (nameless.status, "vazio" in nameless.err) == (1, True)
    assert "Não existe o código 9 em Empresas" in run("balcoes", "incluir", "Caixa", "--empresa", "9").err
    assert (run("balcoes", "revogar", "7").status, run("balcoes", "revogar", "x").status) == (1, 2)
    assert len(run("balcoes", "listar", "--json").json) == 1
