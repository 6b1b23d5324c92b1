"""`servico` in this process: what is printed and how it ends, on each kind of database."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from services.demo.anp import AnpPath, DemoAnp
from services.demo.anp_scenarios import AnpScenario
from services.demo.ca import DemoAuthority
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


@pytest.fixture
def anp(authority: DemoAuthority) -> Iterator[DemoAnp]:
    with DemoAnp(authority) as server:
        yield server


def with_anp(run: Run, anp: DemoAnp) -> None:
    address = anp.address(AnpPath.FUEL)
    run("config", "gravar", "anp.permite_online=sim", "anp.servico_intervalo=0", f"anp.url_principal={address}")


def test_once_ends_when_both_have_nobody_due(
    qapp: QApplication, run: Run, ready_on_both: Path, sefaz: DemoSefaz, anp: DemoAnp
) -> None:
    run("config", "gravar", "sefaz.automatica=sim", "sefaz.intervalo=0")
    with_anp(run, anp)
    for number, uf in enumerate(("SP", "GO"), 1):
        anp.scenarios[add(run, number, uf)] = AnpScenario.UPDATED
    outcome = run("servico", "--uma-vez", "--json")
    assert outcome.status == 0, outcome.err
    said = sorted((done["autoridade"], done["resultado"]) for done in outcome.json["consultas"])
    assert said == [*[("anp", "cadastro_atualizado")] * 2, *[("sefaz", "habilitado")] * 2]
    assert (outcome.json["estado"], outcome.json["nao_consultados"]) == ("ativo", [])
    assert [(each["autoridade"], each["estado"]) for each in outcome.json["servicos"]] == [
        ("sefaz", "ativo"),
        ("anp", "ativo"),
        ("credito", "parado"),
    ]


def test_the_lines_say_the_authority_and_one_of_them_may_be_run_alone(
    qapp: QApplication, run: Run, ready: Path, sefaz: DemoSefaz, anp: DemoAnp
) -> None:
    run("config", "gravar", "sefaz.automatica=sim", "sefaz.intervalo=0")
    with_anp(run, anp)
    document = add(run, 1, "SP")
    anp.scenarios[document] = AnpScenario.UNAVAILABLE
    outcome = run("servico", "--uma-vez", "--autoridade", "anp")
    assert outcome.status == 1
    (line,) = outcome.out.splitlines()
    assert "  ANP  " in line
    assert "Posto 1: Falha na consulta" in line
    assert "ANP  Ativo: Nenhum cliente a consultar na ANP agora." in outcome.err
    assert sefaz.seen == []
    outcome = run("servico", "--uma-vez", "--autoridade", "sefaz", "--json")
    assert (outcome.status, outcome.json["consultas"][0]["autoridade"]) == (0, "sefaz")
    assert [each["autoridade"] for each in outcome.json["servicos"]] == ["sefaz"]


def test_a_service_that_is_switched_off_does_not_make_the_other_fail(
    qapp: QApplication, run: Run, file_machine: Path, authority: DemoAuthority, anp: DemoAnp
) -> None:
    (file_machine / "ac_adicionais.pem").write_bytes(authority.ca_pem)
    with_anp(run, anp)
    anp.scenarios[add(run, 1, "SP")] = AnpScenario.UPDATED
    outcome = run("servico", "--uma-vez", "--json")
    assert outcome.status == 0, outcome.err
    assert [done["resultado"] for done in outcome.json["consultas"]] == ["cadastro_atualizado"]
    assert outcome.json["estado"] == "ativo"
    alone = run("servico", "--uma-vez", "--autoridade", "sefaz")
    assert alone.status == 2
    run("config", "gravar", "sefaz.automatica=sim")  # on, and without a branch: that is no choice but a lack
    outcome = run("servico", "--uma-vez", "--json")
    assert (outcome.status, outcome.json["estado"]) == (2, "falha")
    assert "Falta escolher a Filial" in outcome.json["mensagem"]
    assert json.loads(outcome.out)["servicos"][1]["estado"] == "ativo"


@pytest.mark.skipif(sys.platform == "win32", reason="there it is installed")
@pytest.mark.parametrize("action", ["instalar", "remover", "estado"])
def test_the_service_of_windows_is_of_windows_alone(run: Run, data_folder: Path, action: str) -> None:
    outcome = run("servico", action)
    assert outcome.status == 2
    assert "Só o Windows tem este serviço. No Linux, faça uma unidade do systemd" in outcome.err


@pytest.mark.skipif(sys.platform == "win32", reason="there the service manager is asked")
def test_only_windows_starts_it_as_a_service(run: Run, data_folder: Path) -> None:
    outcome = run("servico", "--como-servico")
    assert (outcome.status, outcome.out) == (2, "")
    assert "Só o Windows inicia o programa assim" in outcome.err


@pytest.mark.skipif(sys.platform == "win32", reason="there the computer may have a vault")
@pytest.mark.parametrize("action", ["computador", "usuario", "permitir"])
def test_the_vault_of_the_computer_is_of_windows_alone(run: Run, data_folder: Path, action: str) -> None:
    outcome = run("segredos", action)
    assert outcome.status == 2
    assert "só existe no Windows" in outcome.err
