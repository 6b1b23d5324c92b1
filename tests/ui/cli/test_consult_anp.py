"""`consultar --autoridade anp`: what is printed, kept and returned for every outcome, at an ANP on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.domain import AnpRegistration
from services.demo.anp import AnpPath, DemoAnp
from services.demo.anp_scenarios import AnpScenario
from services.demo.ca import DemoAuthority
from services.demo.example import made_up_cnpj
from tests.ui.cli.conftest import Run

KEYS = [
    "autoridade",
    "documento",
    "resultado",
    "status",
    "bandeira",
    "bandeira_cadastrada",
    "autorizacao",
    "razaoSocial",
    "fonte",
    "falha",
    "consulta_id",
    "motivos",
]
DOCUMENT = made_up_cnpj("10203040")
STRANGER = made_up_cnpj("99887766")
ONE = AnpRegistration(
    DOCUMENT,
    name="POSTO MODELO LTDA",
    authorization="PR/SP0123456",
    published="02/02/2015",
    brand="VIBRA",
    brand_since="29/04/2026",
    city="CAMPINAS",
    uf="SP",
    products=("GASOLINA C COMUM",),
)


@pytest.fixture
def anp(authority: DemoAuthority) -> Iterator[DemoAnp]:
    with DemoAnp(authority, resellers=[ONE]) as server:
        yield server


def set_up(run: Run, folder: Path, anp: DemoAnp, authority: DemoAuthority) -> None:
    (folder / "ac_adicionais.pem").write_bytes(authority.ca_pem)
    primary, secondary = anp.address(AnpPath.FUEL), anp.address(AnpPath.MAP)
    for arguments in (
        ("cadastros", "bandeiras", "incluir", "nome=Vibra", "tipo=concorrente", "nomes_anp=VIBRA"),
        (
            "config",
            "gravar",
            "anp.permite_online=sim",
            f"anp.url_principal={primary}",
            f"anp.url_secundaria={secondary}",
        ),
        ("config", "gravar", "anp.cliente.nao_localizado=bloqueia", "anp.cliente.cadastro_atualizado=desbloqueia"),
    ):
        outcome = run(*arguments)
        assert outcome.status == 0, outcome.err


@pytest.fixture
def ready(run: Run, file_machine: Path, anp: DemoAnp, authority: DemoAuthority) -> Path:
    set_up(run, file_machine, anp, authority)
    return file_machine


@pytest.fixture
def ready_on_both(run: Run, machine: Path, anp: DemoAnp, authority: DemoAuthority) -> Path:
    set_up(run, machine, anp, authority)
    return machine


def ask(run: Run, document: str = DOCUMENT, *more: str) -> dict[str, Any]:
    outcome = run("consultar", "--autoridade", "anp", "--documento", document, "--json", *more)
    answer: dict[str, Any] = outcome.json
    assert list(answer) == KEYS
    assert answer["autoridade"] == "anp"
    assert answer["documento"] == document
    assert outcome.status == (0 if answer["resultado"] == "cadastro_atualizado" else 1)
    return answer


def add(run: Run, name: str, uf: str, *more: str) -> int:
    added = run(
        "cadastros", "clientes", "incluir", f"documento={DOCUMENT}", f"nome={name}", f"uf={uf}", *more, "--json"
    )
    return int(added.json["id"])


def test_an_updated_registration(run: Run, ready_on_both: Path) -> None:
    answer = ask(run)
    assert (answer["resultado"], answer["status"]) == ("cadastro_atualizado", "cadastro_atualizado")
    assert (answer["bandeira"], answer["bandeira_cadastrada"]) == ("VIBRA", True)
    assert (answer["autorizacao"], answer["razaoSocial"]) == ("PR/SP0123456", "POSTO MODELO LTDA")
    assert (answer["fonte"], answer["falha"], answer["consulta_id"]) == ("principal", None, 1)
    assert answer["motivos"][-1] == "Consulta avulsa: nenhum cliente foi alterado."


@pytest.mark.parametrize(
    ("scenario", "status", "brand", "is_known", "source"),
    [
        (AnpScenario.NO_BRAND, "cadastro_atualizado", "", False, "principal"),
        (AnpScenario.UNKNOWN_BRAND, "cadastro_atualizado", "PETROLUZ DO VALE", False, "principal"),
        (AnpScenario.NOT_FOUND, "nao_localizado", "", None, "principal"),
        (AnpScenario.WITHOUT_AUTHORIZATION, "nao_reconhecida", "VIBRA", True, "principal"),
    ],
)
def test_every_answer(
    run: Run,
    ready: Path,
    anp: DemoAnp,
    scenario: AnpScenario,
    status: str,
    brand: str,
    is_known: bool | None,
    source: str,
) -> None:
    anp.scenarios[DOCUMENT] = scenario
    answer = ask(run)
    assert (answer["resultado"], answer["status"], answer["falha"]) == (status, status, None)
    assert (answer["bandeira"], answer["bandeira_cadastrada"], answer["fonte"]) == (brand, is_known, source)


def test_the_second_address_answers_where_the_first_fails(run: Run, ready: Path, anp: DemoAnp) -> None:
    anp.down.add(AnpPath.FUEL)
    anp.scenarios[DOCUMENT] = AnpScenario.REVOKED
    answer = ask(run)
    assert (answer["status"], answer["fonte"]) == ("autorizacao_revogada", "secundaria")


@pytest.mark.parametrize(
    ("scenario", "failure"),
    [
        (AnpScenario.FORBIDDEN_HTML, "http"),
        (AnpScenario.HTML_200, "resposta_invalida"),
        (AnpScenario.UNAVAILABLE, "servico_paralisado"),
        (AnpScenario.TRUNCATED, "resposta_invalida"),
    ],
)
def test_a_failure_is_never_an_answer(run: Run, ready: Path, anp: DemoAnp, scenario: AnpScenario, failure: str) -> None:
    number = add(run, "Posto Alfa", "SP")
    anp.scenarios[DOCUMENT] = scenario
    answer = ask(run, DOCUMENT, "--aplicar")
    assert (answer["resultado"], answer["status"], answer["fonte"]) == ("falha", None, None)
    assert (answer["bandeira"], answer["bandeira_cadastrada"]) == ("", None)
    assert answer["falha"]["classe"] == failure
    assert answer["consulta_id"] == 1
    (customer,) = run("clientes", "listar", "--json").json
    assert (customer["id"], customer["bloqueado"]) == (number, False)


def test_the_only_customer_with_the_document_is_changed_when_asked(run: Run, ready_on_both: Path, anp: DemoAnp) -> None:
    add(run, "Posto Alfa", "GO")
    anp.scenarios[DOCUMENT] = AnpScenario.NOT_FOUND
    assert "Somente consulta" in ask(run)["motivos"][1]
    assert not run("clientes", "listar", "--json").json[0]["bloqueado"]
    assert "Bloqueado pelo status na ANP." in ask(run, DOCUMENT, "--aplicar")["motivos"][1]
    assert run("clientes", "listar", "--json").json[0]["bloqueado"]
    anp.scenarios[DOCUMENT] = AnpScenario.UPDATED
    outcome = run("consultar", "--autoridade", "anp", "--cliente", "1", "--aplicar", "--json")
    assert outcome.status == 0
    assert "Bloqueio pelo status na ANP retirado." in outcome.json["motivos"][1]
    assert not run("clientes", "listar", "--json").json[0]["bloqueado"]


def test_of_customers_with_one_cnpj_the_first_active_reseller_is_consulted_and_the_others_are_said(
    run: Run, ready: Path
) -> None:
    assert run("cadastros", "clientes", "desativar", add(run, "Parado", "SP")).status == 0
    add(run, "Transportadora", "MG", "cadastro_anp=nenhum")
    third, fourth = add(run, "Posto Três", "GO"), add(run, "Posto Quatro", "MT")
    answer = ask(run)
    assert f"{fourth} (Posto Quatro, MT)" in answer["motivos"][2]
    assert f"{third} (" not in answer["motivos"][2]
    outcome = run("consultar", "--autoridade", "anp", "--documento", DOCUMENT, "--uf", "mt")
    assert outcome.status == 0
    assert f"Posto Quatro (cliente {fourth})" in outcome.out
    assert f"{third} (Posto Três, GO)" in outcome.out


def test_the_text_has_every_field(run: Run, ready: Path) -> None:
    outcome = run("consultar", "--autoridade", "anp", "--documento", DOCUMENT)
    assert outcome.status == 0
    assert "ANP · sem cadastro de cliente" in outcome.out
    assert "Resultado: Cadastro atualizado" in outcome.out
    assert "Consulta on-line (endereço principal) · " in outcome.out
    for word in ("POSTO MODELO LTDA", "PR/SP0123456", "VIBRA", "29/04/2026", "CAMPINAS", "GASOLINA C COMUM"):
        assert word in outcome.out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--documento", "123"), "tem 3 caracteres"),
        (("--documento", "52998224725"), "só é consultada por CNPJ"),
        (("--cliente", "1", "--uf", "SP"), "--uf não se usa com --cliente"),
        ((), "informe um destes: --documento, --cliente"),
    ],
)
def test_usage_is_2_and_still_one_document(run: Run, ready: Path, arguments: tuple[str, ...], sentence: str) -> None:
    for authority in (("--autoridade", "anp"), ("--autoridade=anp",)):
        outcome = run("consultar", *authority, *arguments, "--json")
        assert outcome.status == 2
        assert list(outcome.json) == KEYS
        assert (outcome.json["resultado"], outcome.json["status"], outcome.json["consulta_id"]) == ("falha", None, None)
        assert sentence in outcome.json["falha"]["mensagem"]
        assert sentence in outcome.json["motivos"][0]


def test_with_the_master_switch_off_nothing_is_asked(run: Run, ready: Path, anp: DemoAnp) -> None:
    assert run("config", "gravar", "anp.permite_online=nao").status == 0
    outcome = run("consultar", "--autoridade", "anp", "--documento", STRANGER, "--json")
    assert outcome.status == 2
    assert "está desligada" in outcome.json["falha"]["mensagem"]
    assert outcome.json["documento"] == STRANGER
    assert not anp.seen
