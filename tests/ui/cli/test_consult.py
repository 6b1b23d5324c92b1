"""`consultar`: what is printed, kept and returned for every outcome, over real mutual TLS."""

from __future__ import annotations

import math
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from app.folders import find_folders
from services.backoffice import open_backoffice
from services.demo.example import made_up_cnpj
from services.demo.scenarios import Scenario
from services.demo.sefaz import DemoSefaz
from tests.ui.cli.conftest import Run
from ui.cli import consult

KEYS = [
    "autoridade",
    "documento",
    "uf",
    "resultado",
    "cStat",
    "xMotivo",
    "infCad",
    "falha",
    "duracao_ms",
    "consulta_id",
    "mudancas",
]
DOCUMENT = made_up_cnpj("10203040")


def ask(run: Run, *more: str) -> dict[str, Any]:
    outcome = run("consultar", "--documento", DOCUMENT, "--uf", "SP", "--json", *more)
    answer: dict[str, Any] = outcome.json
    assert list(answer) == KEYS
    assert outcome.status == (0 if answer["resultado"] == "habilitado" else 1)
    return answer


def test_an_enabled_document(run: Run, ready_on_both: Path) -> None:
    answer = ask(run)
    assert (answer["autoridade"], answer["documento"], answer["uf"]) == ("sefaz", DOCUMENT, "SP")
    assert (answer["resultado"], answer["cStat"], answer["falha"]) == ("habilitado", "111", None)
    assert answer["consulta_id"] == 1
    assert isinstance(answer["duracao_ms"], int)
    (inscription,) = answer["infCad"]
    assert inscription["CNPJ"] == DOCUMENT
    assert inscription["cSit"] == "1"
    assert inscription["ender"]["xMun"]


@pytest.mark.parametrize(
    ("scenario", "verdict", "c_stat", "failure"),
    [
        (Scenario.DISABLED, "nao_habilitado", "111", None),
        (Scenario.NOT_TAXPAYER, "nao_contribuinte", "259", None),
        (Scenario.SEVERAL_OPEN, "habilitado", "112", None),
        (Scenario.INVALID_DOCUMENT, "dado_invalido", "258", None),
        (Scenario.PAUSED, "falha", "108", "servico_paralisado"),
        (Scenario.HTML_PAGE, "falha", "", "http"),
        (Scenario.GARBAGE, "falha", "", "resposta_invalida"),
        (Scenario.SOAP_12_FAULT, "falha", "", "falha_soap"),
    ],
)
def test_every_outcome(
    run: Run, ready: Path, sefaz: DemoSefaz, scenario: Scenario, verdict: str, c_stat: str, failure: str | None
) -> None:
    sefaz.scenarios[DOCUMENT] = scenario
    answer = ask(run)
    assert (answer["resultado"], answer["cStat"]) == (verdict, c_stat)
    found = answer["falha"]
    assert (found["classe"] if found else None) == failure
    assert answer["consulta_id"] == 1


def test_what_changed_since_the_answer_before(run: Run, ready_on_both: Path, sefaz: DemoSefaz) -> None:
    sefaz.scenarios[DOCUMENT] = Scenario.CHANGED
    first = ask(run)
    assert first["mudancas"] is None
    second = ask(run)["mudancas"]
    assert second["resumo"].endswith(": razão social, endereço, regime de apuração e credenciamento mudaram.")
    name = next(field for field in second["campos"] if field["campo"] == "xNome")
    assert (name["IE"], name["antes"]) == (first["infCad"][0]["IE"], first["infCad"][0]["xNome"])
    assert name["agora"].endswith("E CONVENIENCIA LTDA")
    assert (second["novas"], second["nao_vieram_mais"]) == ([], [])
    sefaz.scenarios[DOCUMENT] = Scenario.NOT_TAXPAYER
    assert ask(run)["mudancas"]["nao_vieram_mais"] == [name["IE"]]
    sefaz.scenarios[DOCUMENT] = Scenario.CHANGED
    outcome = run("consultar", "--documento", DOCUMENT, "--uf", "SP")
    assert "Mudou: Desde a consulta de" in outcome.out
    assert "há 1 inscrição nova." in outcome.out


def test_a_failure_is_told_in_parts_on_the_standard_error(run: Run, ready: Path, sefaz: DemoSefaz) -> None:
    sefaz.scenarios[DOCUMENT] = Scenario.HTML_PAGE
    outcome = run("consultar", "--documento", DOCUMENT, "--uf", "SP")
    assert outcome.status == 1
    first, *rest = outcome.err.splitlines()
    assert first.startswith("Erro HTTP: ")
    assert [line.split(":")[0] for line in rest[:3]] == ["Causa provável", "O que fazer", "Detalhes"]
    assert "Resultado: Falha na consulta" in outcome.out


def test_after_656_nothing_is_asked(run: Run, ready: Path, sefaz: DemoSefaz) -> None:
    sefaz.scenarios[DOCUMENT] = Scenario.LIMIT
    assert ask(run)["consulta_id"] == 1
    asked = len(sefaz.seen)
    answer = ask(run)
    assert answer["consulta_id"] is None
    assert answer["falha"]["classe"] == "consumo_indevido"
    assert len(sefaz.seen) == asked


def test_the_table_has_every_inscription(run: Run, ready: Path, sefaz: DemoSefaz) -> None:
    sefaz.scenarios[DOCUMENT] = Scenario.SEVERAL
    outcome = run("consultar", "--documento", DOCUMENT, "--uf", "sp")
    answer = ask(run)
    for inscription in answer["infCad"]:
        assert inscription["IE"] in outcome.out
    assert "consulta 1" in outcome.out
    assert "sem cadastro de cliente" in outcome.out


def test_a_customer_by_number_is_consulted_and_only_changed_when_asked(
    run: Run, ready_on_both: Path, sefaz: DemoSefaz
) -> None:
    sefaz.scenarios[DOCUMENT] = Scenario.DISABLED
    added = run(
        "cadastros", "clientes", "incluir", f"documento={DOCUMENT}", "nome=Posto Alfa", "uf=GO",
        "acao_sefaz=bloqueia_desbloqueia", "--json",
    )  # fmt: skip
    number = added.json["id"]
    answer = run("consultar", "--cliente", number, "--json")
    assert answer.status == 1
    assert (answer.json["documento"], answer.json["uf"]) == (DOCUMENT, "GO")
    (customer,) = run("clientes", "listar", "--json").json
    assert (customer["resultado"], customer["bloqueado"]) == ("nao_habilitado", False)
    outcome = run("consultar", "--cliente", number, "--aplicar")
    assert "Posto Alfa" in outcome.out
    assert "Bloqueado pela SEFAZ" in outcome.out
    (customer,) = run("clientes", "listar", "--busca", "alfa", "--json").json
    assert customer["bloqueado"] is True


def test_a_document_of_one_customer_is_kept_with_it(run: Run, ready: Path) -> None:
    for ie in ("110042490114", "244001800119"):
        run("cadastros", "clientes", "incluir", f"documento={DOCUMENT}", "nome=Dois", "uf=SP", f"ie={ie}")
    run("cadastros", "clientes", "incluir", f"documento={DOCUMENT}", "nome=Um", "uf=GO")
    assert "sem cadastro de cliente" in run("consultar", "--documento", DOCUMENT, "--uf", "SP").out
    assert "Um (cliente 3)" in run("consultar", "--documento", DOCUMENT, "--uf", "GO").out


def test_an_inscription_is_asked_as_such(run: Run, ready: Path, sefaz: DemoSefaz) -> None:
    outcome = run("consultar", "--documento", "110.042.490.114", "--tipo", "ie", "--uf", "SP", "--json")
    assert outcome.json["documento"] == "110042490114"
    assert sefaz.seen[-1].document.kind.value == "IE"


def test_waits_for_the_authorizers_turn_or_refuses(
    run: Run, ready: Path, sefaz: DemoSefaz, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []

    def interval(seconds: float) -> None:
        text = sefaz.endpoints_override().replace("intervalo_s = 0.0", f"intervalo_s = {seconds}")
        (ready / "sefaz_enderecos.toml").write_text(text, "utf-8")

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        interval(0.0)  # as if it had passed

    monkeypatch.setattr(consult, "time", SimpleNamespace(sleep=sleep))
    interval(600.0)
    ask(run)
    outcome = run("consultar", "--documento", DOCUMENT, "--uf", "SP", "--json")
    assert outcome.status == 1
    assert outcome.json["falha"]["classe"] == "cedo_demais"
    assert outcome.json["consulta_id"] is None
    assert waited == []
    interval(40.0)  # far below what is left of the other one, which is then left out of account
    ask(run)
    outcome = run("consultar", "--documento", DOCUMENT, "--uf", "SP", "--json")
    assert outcome.status == 0
    (wait_s,) = waited
    assert 0 < wait_s <= 52
    assert f"Aguardando {math.ceil(wait_s)} s: Intervalo mínimo" in outcome.err


def test_a_silence_after_656_is_kept_by_the_next_command(run: Run, ready_on_both: Path, sefaz: DemoSefaz) -> None:
    sefaz.ufs["RS"] = Scenario.LIMIT
    assert run("consultar", "--documento", DOCUMENT, "--uf", "RS", "--json").json["cStat"] == "656"
    met = (sefaz.requests, sefaz.handshakes)
    outcome = run("consultar", "--documento", DOCUMENT, "--uf", "SC", "--json")  # the same authorizer, SVRS
    failure = outcome.json["falha"]
    assert (outcome.status, failure["classe"], outcome.json["consulta_id"]) == (1, "consumo_indevido", None)
    assert re.search(r"acusou consumo indevido: nova consulta só depois de .*\d\d:\d\d", failure["mensagem"])
    assert (sefaz.requests, sefaz.handshakes) == met


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--documento", DOCUMENT), "Falta informar --uf"),
        (("--documento", "123", "--uf", "SP"), "tem 3 caracteres"),
        (("--documento", DOCUMENT[:-1] + "0", "--uf", "SP"), "dígitos verificadores"),
        (("--documento", DOCUMENT, "--uf", "XX"), "“XX” não é uma UF"),
        (("--cliente", "1", "--uf", "SP"), "--uf não se usa com --cliente"),
        (("--cliente", "1", "--documento", DOCUMENT), "não pode ser usado junto"),
        (("--cliente", "zero"), "não é um código"),
        (("--documento", DOCUMENT, "--uf", "SP", "--autoridade", "receita"), "“receita” não é uma das opções"),
        ((), "informe um destes: --documento, --cliente"),
    ],
)
def test_usage_is_2_and_still_one_document(
    run: Run, file_machine: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    outcome = run("consultar", *arguments, "--json")
    assert outcome.status == 2
    assert list(outcome.json) == KEYS
    assert outcome.json["resultado"] == "falha"
    assert sentence in outcome.json["falha"]["mensagem"]
    assert sentence in outcome.err


def test_without_a_branch_or_certificate_it_is_configuration(run: Run, file_machine: Path) -> None:
    outcome = run("consultar", "--documento", DOCUMENT, "--uf", "SP", "--json")
    assert outcome.status == 2
    assert outcome.json["falha"]["classe"] == "configuracao"
    assert outcome.json["documento"] == DOCUMENT
    assert outcome.json["consulta_id"] is None


def test_a_customer_that_does_not_exist_is_refused_by_the_data(run: Run, ready: Path) -> None:
    outcome = run("consultar", "--cliente", "99", "--json")
    assert outcome.status == 1
    assert "Não existe o cliente 99" in outcome.json["falha"]["mensagem"]


def test_the_consultation_is_of_whoever_uses_the_program(run: Run, ready: Path) -> None:
    ask(run)
    office = open_backoffice(find_folders())
    try:
        from app.data import history

        with office.database.reading() as connection:
            (row,) = history.latest(connection)
        assert (row.user, row.origin.value, row.applied) == (office.actor, "linha_de_comando", False)
    finally:
        office.close()
