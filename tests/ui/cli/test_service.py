"""`servico` in this process: what is printed and how it ends, on each kind of database."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QApplication

from services.demo.example import made_up_cnpj
from services.demo.scenarios import Scenario
from services.demo.sefaz import DemoSefaz
from tests.ui.cli.conftest import Run


def add(run: Run, number: int, uf: str) -> str:
    document = made_up_cnpj(f"{number:08}")
    assert (
        run("cadastros", "clientes", "incluir", f"documento={document}", f"nome=Posto {number}", f"uf={uf}").status == 0
    )
    return document


def test_once_consults_all_that_is_due(qapp: QApplication, run: Run, ready_on_both: Path, sefaz: DemoSefaz) -> None:
    run("config", "gravar", "sefaz.automatica=sim", "sefaz.intervalo=0")
    for number, uf in enumerate(("SP", "GO", "MT"), 1):
        add(run, number, uf)
    outcome = run("servico", "--uma-vez", "--json")
    assert outcome.status == 0, outcome.err
    assert sorted(done["uf"] for done in outcome.json["consultas"]) == ["GO", "MT", "SP"]
    assert (outcome.json["nao_consultados"], outcome.json["estado"]) == ([], "ativo")
    again = run("servico", "--uma-vez")
    assert (again.status, again.out) == (0, "")
    assert "Nenhum cliente no prazo" in again.err


def test_once_is_1_when_a_consultation_failed(qapp: QApplication, run: Run, ready: Path, sefaz: DemoSefaz) -> None:
    run("config", "gravar", "sefaz.automatica=sim", "sefaz.intervalo=0")
    sefaz.scenarios[add(run, 1, "SP")] = Scenario.HTML_PAGE
    add(run, 2, "GO")
    outcome = run("servico", "--uma-vez")
    assert outcome.status == 1
    assert len(outcome.out.splitlines()) == 2
    assert "Posto 1: Falha na consulta" in outcome.out
    assert "Posto 2: Habilitado" in outcome.out


def test_once_is_2_when_the_settings_do_not_let_it_run(qapp: QApplication, run: Run, file_machine: Path) -> None:
    outcome = run("servico", "--uma-vez", "--json")
    assert (outcome.status, outcome.json["consultas"], outcome.json["estado"]) == (2, [], "parado")
    assert "desligada" in outcome.json["mensagem"]
    outcome = run("servico", "--uma-vez")
    assert (outcome.status, outcome.out) == (2, "")
    assert "Parado: A consulta automática está desligada" in outcome.err
    run("config", "gravar", "sefaz.automatica=sim")
    outcome = run("servico", "--uma-vez")
    assert outcome.status == 2
    assert "Falta escolher a Filial" in outcome.err
