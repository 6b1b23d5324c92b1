"""`diagnostico`: text for a person, JSON of a stable shape, and how it ends."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest

from app.uf import UFS
from services.demo.scenarios import Scenario
from services.demo.sefaz import DemoSefaz
from tests.ui.cli.conftest import CNPJ, PASSWORD, Run

STEPS = ["certificado_da_filial", "dns", "tcp", "tls", "certificado_pedido", "http", "relogio", "soap", "cstat"]
KEYS = {
    "uf",
    "autorizador",
    "endereco",
    "em",
    "resultado",
    "cStat",
    "consulta_id",
    "ultima_resposta",
    "passos",
}
STEP_KEYS = {"passo", "resultado", "encontrado", "duracao_ms", "dados", "falha"}


def outcomes(report: dict[str, Any]) -> dict[str, str]:
    assert report.keys() == KEYS
    assert all(step.keys() == STEP_KEYS for step in report["passos"])
    assert [step["passo"] for step in report["passos"]] == STEPS
    return {step["passo"]: step["resultado"] for step in report["passos"]}


@pytest.mark.parametrize("command", ["diagnostico", "diagnostico sefaz"])
def test_without_more_it_is_sefaz_of_the_branchs_uf(run: Run, ready: Path, sefaz: DemoSefaz, command: str) -> None:
    outcome = run(*command.split(), "--json")
    assert outcome.status == 0, outcome.err
    (report,) = outcome.json
    assert set(outcomes(report).values()) == {"ok"}
    assert (report["uf"], report["cStat"], report["resultado"]) == ("SP", "111", "ok")
    assert [(query.uf, query.document.value) for query in sefaz.seen] == [("SP", CNPJ)]


def test_the_text_tells_every_step_and_no_secret(run: Run, ready: Path, sefaz: DemoSefaz) -> None:
    sefaz.ufs["GO"] = Scenario.REQUESTER_REFUSED
    outcome = run("diagnostico", "sefaz", "--uf", "go")
    assert outcome.status == 1
    for words in ("GO · Goiás · Falha", "TLS: OK", "Resposta (cStat): Falha", "Causa provável:", "O que fazer:"):
        assert words in outcome.out
    assert "No passo “Resposta (cStat)”. O autorizador GO ainda não respondeu" in outcome.out
    assert PASSWORD not in outcome.out
    assert "PRIVATE KEY" not in outcome.out


def test_every_uf_in_one_go_connects_once_to_a_shared_server(run: Run, ready: Path, sefaz: DemoSefaz) -> None:
    outcome = run("diagnostico", "sefaz", "--todas", "--sem-consulta", "--json")
    assert outcome.status == 0, outcome.err
    assert [report["uf"] for report in outcome.json] == list(UFS)
    assert sefaz.handshakes == 1
    assert sefaz.requests == 0
    by_uf = {report["uf"]: report for report in outcome.json}
    assert outcomes(by_uf["SC"])["certificado_pedido"] == "ok"
    assert outcomes(by_uf["SC"])["http"] == "nao_feito"
    assert by_uf["MA"]["resultado"] == "nao_feito"


def test_it_ends_with_1_when_nothing_could_be_seen_and_2_when_not_understood(run: Run, ready: Path) -> None:
    assert run("diagnostico", "sefaz", "--uf", "MA").status == 1
    for wrong in (("--uf", "XX"), ("--uf", "SP", "--todas"), ("banana",)):
        assert run("diagnostico", *wrong).status == 2


def test_without_a_branch_it_says_which_to_choose(run: Run, file_machine: Path) -> None:
    outcome = run("diagnostico", "--json")
    assert outcome.status == 1
    assert "Escolha a Filial" in outcome.json["erro"]
    (report,) = run("diagnostico", "--uf", "SP", "--json").json
    assert outcomes(report)["certificado_da_filial"] == "falha"


def test_a_closed_port_fails_at_the_connection(run: Run, ready: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        (ready / "sefaz_enderecos.toml").write_text(f'[SP]\nproducao = "https://localhost:{port}/ws"\n', "utf-8")
        outcome = run("diagnostico", "sefaz", "--json")
    assert outcome.status == 1
    found = outcomes(outcome.json[0])
    assert [found[step] for step in STEPS[:4]] == ["ok", "ok", "falha", "nao_feito"]
    failure = outcome.json[0]["passos"][2]["falha"]
    assert failure.keys() == {"classe", "o_que_aconteceu", "causa_provavel", "o_que_fazer", "detalhes"}
    assert failure["classe"] == "rede"
