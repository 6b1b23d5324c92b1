"""`servico` and the queue of credit analyses: from the commands that set it up to what it prints, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from services.demo.ca import DemoAuthority
from services.demo.credit import PASSWORD, USER, CreditFault, DemoSerasa
from services.demo.example import made_up_cnpj
from tests.ui.cli.conftest import Run

GOOD, LOST, LATER = (made_up_cnpj(f"{number:08}") for number in (1, 2, 3))


@pytest.fixture
def serasa(authority: DemoAuthority, machine: Path) -> Iterator[DemoSerasa]:
    """On loopback; the machine trusts it, asks it and has its credentials."""
    (machine / "ac_adicionais.pem").write_bytes(authority.ca_pem)
    with DemoSerasa(authority, faults={LOST: CreditFault.UNKNOWN}) as server:
        yield server


def configure(run: Run, serasa: DemoSerasa) -> None:
    for command in (
        ("cadastros", "empresas", "incluir", "cnpj=11444777000161", "nome=Distribuidora", "uf=SP"),
        (
            *("cadastros", "gerenciadoras", "incluir", "nome=Serasa", "provedor=serasa"),
            f"url_producao={serasa.address}",
        ),
        ("cadastros", "clientes", "incluir", f"documento={GOOD}", "nome=Posto Boa Viagem", "uf=SP"),
        (
            *("config", "gravar", "credito.permite=sim", "credito.gerenciadora=1", "credito.ambiente=producao"),
            "credito.forma=qualquer_entidade",
        ),
    ):
        done = run(*command)
        assert done.status == 0, done.err


def ask(run: Run, document: str) -> int:
    done = run("credito", "pedir", "--documento", document, "--empresa", 1, "--json")
    assert done.status == 0, done.err
    return int(done.json["numero"])


def give_credentials(run: Run, password: str = PASSWORD) -> None:
    of = ("--gerenciadora", 1, "--ambiente", "producao")
    kept = run("credito", "credencial", "informar", *of, "--usuario", USER, stdin=f"{password}\n")
    assert kept.status == 0, kept.err


def test_the_queue_is_worked_off_once_and_told_line_by_line_or_as_a_document(
    qapp: QApplication, run: Run, serasa: DemoSerasa
) -> None:
    configure(run, serasa)
    give_credentials(run)
    ask(run, GOOD)
    ask(run, LOST)
    outcome = run("servico", "--uma-vez", "--autoridade", "credito")
    assert outcome.status == 1
    good, lost = outcome.out.splitlines()
    assert "  Crédito  " in good
    assert "Posto Boa Viagem: Aprovada. " in good
    assert "Falha na consulta" in lost
    assert "Crédito  Ativo: Nenhuma análise na fila." in outcome.err
    number = ask(run, LATER)
    outcome = run("servico", "--uma-vez", "--json")
    assert outcome.status == 0, outcome.err
    (done,) = outcome.json["consultas"]
    assert (done["autoridade"], done["documento"], done["gerenciadora"]) == ("credito", LATER, "Serasa")
    assert (done["resultado"], done["analise_id"], done["falha"]) == ("aprovada", number, None)
    assert done["motivos"]
    assert {each["autoridade"]: each["estado"] for each in outcome.json["servicos"]} == {
        "sefaz": "parado",
        "anp": "parado",
        "credito": "ativo",
    }
    assert [asked.document for asked in serasa.asked] == [GOOD, LOST, LATER]


def test_credentials_that_are_missing_or_not_taken_cost_nothing_and_once_given_the_queue_goes_on(
    qapp: QApplication, run: Run, serasa: DemoSerasa
) -> None:
    configure(run, serasa)
    number = ask(run, GOOD)
    without = run("servico", "--uma-vez", "--autoridade", "credito")
    assert (without.status, without.out) == (2, "")
    assert "este computador não tem as credenciais de Serasa (Produção)" in without.err
    give_credentials(run, "errada")
    refused = run("servico", "--uma-vez", "--autoridade", "credito")
    assert refused.status == 1
    assert "não é consultada até que se corrija o que houve" in refused.err
    give_credentials(run)
    assert serasa.asked == []
    done = run("servico", "--uma-vez", "--autoridade", "credito", "--json")
    assert [one["analise_id"] for one in done.json["consultas"]] == [number]
    assert [asked.document for asked in serasa.asked] == [GOOD]
    assert PASSWORD not in refused.err + refused.out + done.out + done.err
