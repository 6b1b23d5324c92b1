"""The demonstration ANP through real TLS: what each path writes in each scenario, faults, lists and switches."""

from __future__ import annotations

import json
import signal
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from lxml import html

from app.domain import AnpRegistration, ListKind
from services.demo import anp_lists
from services.demo.anp import AnpPath, Asked, DemoAnp, main
from services.demo.anp_scenarios import UNKNOWN_BRAND, WHITE_BRAND, AnpScenario
from services.demo.ca import DemoAuthority

BY_CNPJ = (AnpPath.FUEL, AnpPath.GLP, AnpPath.MAP, AnpPath.PAGE)
LISTS = {
    AnpPath.AUTOMOTIVE_LIST: ListKind.AUTOMOTIVE,
    AnpPath.GLP_LIST: ListKind.GLP,
    AnpPath.DISTRIBUTOR_LIST: ListKind.DISTRIBUTOR,
}
STATION = replace(anp_lists.resellers(1)[0], brand="RAIZEN", complement="", district="")
GAS = anp_lists.gas_resellers(1)[0]
CNPJ = STATION.cnpj


@pytest.fixture
def client(bare_context: ssl.SSLContext) -> Iterator[httpx.Client]:
    """Presents no certificate: ANP asks for none."""
    with httpx.Client(verify=bare_context, trust_env=False, timeout=10) as client:
        yield client


@pytest.fixture
def anp(authority: DemoAuthority) -> Iterator[DemoAnp]:
    distributors = anp_lists.distributors()
    with DemoAnp(authority, resellers=[STATION], gas=[GAS], distributors=distributors, retry_after_s=7) as server:
        yield server


def ask(client: httpx.Client, anp: DemoAnp, path: AnpPath, cnpj: str = CNPJ) -> httpx.Response:
    address = anp.address(path)
    if path in (AnpPath.FUEL, AnpPath.GLP):
        return client.get(address, params={"cnpj": cnpj})
    return client.get(address.replace("{cnpj}", cnpj))


def row(client: httpx.Client, anp: DemoAnp, cnpj: str = CNPJ, path: AnpPath = AnpPath.FUEL) -> dict[str, Any]:
    answer = ask(client, anp, path, cnpj).json()
    assert (answer["status"], answer["succeeded"], answer["title"]) == (200, True, "Dados Encontrados")
    assert answer["searchPageFilter"]["totalRegistro"] == 1
    (only,) = answer["data"]
    return dict(only)


def feature(client: httpx.Client, anp: DemoAnp, cnpj: str = CNPJ) -> dict[str, Any]:
    answer = ask(client, anp, AnpPath.MAP, cnpj).json()
    assert (answer["type"], answer["totalFeatures"]) == ("FeatureCollection", 1)
    (only,) = answer["features"]
    return dict(only["properties"])


def page(client: httpx.Client, anp: DemoAnp, cnpj: str = CNPJ) -> tuple[str, dict[str, str]]:
    """The heading and the rows of the old page."""
    answer = ask(client, anp, AnpPath.PAGE, cnpj)
    assert answer.headers["content-type"] == "text/html; charset=iso-8859-1"
    root: Any = html.fromstring(answer.content.decode("iso-8859-1"))
    (heading,) = root.xpath("//font[@size=3]")
    cells = [[cell.text_content().strip() for cell in line.xpath("td")] for line in root.xpath("//tr[count(td)=2]")]
    return heading.text_content().strip(), {label: value for label, value in cells if label}


def test_a_station_in_each_form(client: httpx.Client, anp: DemoAnp) -> None:
    told = row(client, anp)
    assert (told["cnpj"], told["razaoSocial"], told["autorizacao"]) == (CNPJ, STATION.name, STATION.authorization)
    assert (told["distribuidora"], told["dataVinculacao"]) == ("RAIZEN", STATION.brand_since)
    assert (told["complemento"], told["bairro"], told["statusSIGAF"]) == (" ", "", " ")
    assert told["situacaoConstatada"] == "200"
    assert told["inadimplenciaPMQC"] == []
    on_map = feature(client, anp)
    assert (on_map["CNPJ_CPF"], on_map["Situacao_Atual"]) == (CNPJ, "EM OPERAÇÃO")
    assert (on_map["PRC_Distribuidora"], on_map["Geo_Situacao_Constatada"]) == ("RAIZEN", "200")
    heading, rows = page(client, anp)
    assert heading == "Posto revendedor autorizado"
    assert rows["Autorização:"] == STATION.authorization
    assert rows["Bandeira/Início:"] == f"RAIZEN - {STATION.brand_since}"
    assert rows["CNPJ/CPF:"].replace(".", "").replace("/", "").replace("-", "") == CNPJ


def test_products_are_objects_in_most_rows_and_names_in_some(client: httpx.Client, anp: DemoAnp) -> None:
    many = anp_lists.resellers(40)
    anp.publish(ListKind.AUTOMOTIVE, many)
    told = [row(client, anp, station.cnpj)["produtos"] for station in many]
    named = [products for products in told if isinstance(products[0], str)]
    assert 0 < len(named) < 20
    described = next(products for products in told if products not in named)
    assert set(described[0]) == {"produto", "tancagem", "unidMedidaTancagem", "qtdeBicos"}


def test_gas_is_another_register(client: httpx.Client, anp: DemoAnp) -> None:
    told = row(client, anp, GAS.cnpj, AnpPath.GLP)
    assert (told["autorizacao"], told["classe"]) == (GAS.authorization, GAS.reseller_class)
    assert ask(client, anp, AnpPath.FUEL, GAS.cnpj).json()["data"] == []
    assert ask(client, anp, AnpPath.GLP, CNPJ).json()["data"] == []
    assert feature(client, anp, GAS.cnpj)["GLP_Classe"] == GAS.reseller_class


@pytest.mark.parametrize(
    ("scenario", "brand"),
    [
        (AnpScenario.UPDATED, "RAIZEN"),
        (AnpScenario.WHITE_BRAND, WHITE_BRAND),
        (AnpScenario.UNKNOWN_BRAND, UNKNOWN_BRAND),
        (AnpScenario.NO_BRAND, ""),
    ],
)
def test_brands(client: httpx.Client, anp: DemoAnp, scenario: AnpScenario, brand: str) -> None:
    anp.scenarios[CNPJ] = scenario
    assert row(client, anp)["distribuidora"] == (brand or " ")
    assert feature(client, anp)["PRC_Distribuidora"] == (brand or None)
    assert page(client, anp)[1].get("Bandeira/Início:", "").partition(" - ")[0] == brand
    assert f";{brand};" in client.get(anp.address(AnpPath.AUTOMOTIVE_LIST)).text.splitlines()[1]


@pytest.mark.parametrize(
    ("scenario", "situation", "heading"),
    [
        (AnpScenario.REVOKED, "REVOGADA", "Posto com autorização revogada"),
        (AnpScenario.REVOCATION, "EM PROCESSO DE REVOGAÇÃO", "Posto em processo de revogação"),
        (AnpScenario.CANDIDATE, "CANDIDATO A POSTO REVENDEDOR", "Candidato a posto revendedor"),
        (AnpScenario.UNKNOWN_WORDING, "EM DILIGÊNCIA", "Posto em diligência"),
    ],
)
def test_only_some_forms_have_a_situation(
    client: httpx.Client, anp: DemoAnp, scenario: AnpScenario, situation: str, heading: str
) -> None:
    anp.scenarios[CNPJ] = scenario
    answer = ask(client, anp, AnpPath.FUEL).json()
    assert (answer["succeeded"], answer["data"], answer["searchPageFilter"]["totalRegistro"]) == (True, [], 0)
    assert feature(client, anp)["Situacao_Atual"] == situation
    assert page(client, anp)[0] == heading
    assert CNPJ not in client.get(anp.address(AnpPath.AUTOMOTIVE_LIST)).text


def test_the_page_of_a_revoked_station_has_no_authorization_and_no_brand(client: httpx.Client, anp: DemoAnp) -> None:
    anp.scenarios[CNPJ] = AnpScenario.REVOKED
    _, rows = page(client, anp)
    assert not {"Autorização:", "Bandeira/Início:"} & rows.keys()
    assert {"CNPJ/CPF:", "Razão Social:", "Data Publicação:"} < rows.keys()


def test_interdicted_and_without_authorization(client: httpx.Client, anp: DemoAnp) -> None:
    anp.scenarios[CNPJ] = AnpScenario.SIGAF
    assert row(client, anp)["statusSIGAF"] == "INTERDITADO"
    anp.scenarios[CNPJ] = AnpScenario.WITHOUT_AUTHORIZATION
    assert row(client, anp)["autorizacao"] == " "
    assert feature(client, anp)["Numero_Autorizacao"] is None


def test_who_is_not_found(client: httpx.Client, anp: DemoAnp) -> None:
    unknown = anp_lists.resellers(3)[2].cnpj
    assert ask(client, anp, AnpPath.FUEL, unknown).json()["data"] == []
    assert ask(client, anp, AnpPath.MAP, unknown).json()["features"] == []
    assert "Nenhum registro encontrado" in ask(client, anp, AnpPath.PAGE, unknown).text
    anp.scenarios[CNPJ] = AnpScenario.NOT_FOUND
    assert ask(client, anp, AnpPath.FUEL).json()["data"] == []
    anp.scenarios[CNPJ] = AnpScenario.NOT_FOUND_404
    answer = ask(client, anp, AnpPath.FUEL)
    assert (answer.status_code, answer.json()["status"], answer.json()["data"]) == (404, 404, [])


def test_somebody_with_a_scenario_is_known_without_being_listed(client: httpx.Client, anp: DemoAnp) -> None:
    unknown = anp_lists.resellers(3)[2].cnpj
    anp.scenarios[unknown] = AnpScenario.REVOKED
    assert feature(client, anp, unknown)["CNPJ_CPF"] == unknown
    anp.scenarios[unknown] = AnpScenario.UPDATED
    assert row(client, anp, unknown)["cnpj"] == unknown


def test_an_answer_about_somebody_else(client: httpx.Client, anp: DemoAnp) -> None:
    anp.scenarios[CNPJ] = AnpScenario.OTHER_CNPJ
    other = row(client, anp)["cnpj"]
    assert other != CNPJ
    assert feature(client, anp)["CNPJ_CPF"] == other


@pytest.mark.parametrize("path", [*BY_CNPJ, *LISTS])
@pytest.mark.parametrize(
    ("scenario", "status", "words"),
    [
        (AnpScenario.FORBIDDEN_HTML, 403, "Request Rejected"),
        (AnpScenario.HTML_200, 200, "Sistema em manutenção"),
        (AnpScenario.UNAVAILABLE, 503, '{"status":503}'),
        (AnpScenario.THROTTLED, 429, "Too Many Requests"),
        (AnpScenario.SERVER_ERROR, 500, "Erro interno"),
    ],
)
def test_faults_everywhere(
    client: httpx.Client, anp: DemoAnp, path: AnpPath, scenario: AnpScenario, status: int, words: str
) -> None:
    asked = "" if path in LISTS else CNPJ
    anp.faults[path, asked] = scenario
    answer = ask(client, anp, path)
    assert (answer.status_code, words in answer.text) == (status, True)
    assert answer.headers.get("retry-after") == ("7" if scenario is AnpScenario.THROTTLED else None)
    other = AnpPath.MAP if path is AnpPath.FUEL else AnpPath.FUEL
    assert ask(client, anp, other).status_code == 200


def test_a_success_that_is_none(client: httpx.Client, anp: DemoAnp) -> None:
    anp.scenarios[CNPJ] = AnpScenario.SUCCEEDED_FALSE
    assert ask(client, anp, AnpPath.FUEL).json()["succeeded"] is False
    on_map = ask(client, anp, AnpPath.MAP)
    assert (on_map.status_code, "<ServiceException>" in on_map.text) == (200, True)
    on_page = ask(client, anp, AnpPath.PAGE)
    assert (on_page.status_code, "80040e31" in on_page.text) == (200, True)


@pytest.mark.parametrize("path", [*BY_CNPJ[:1], AnpPath.MAP, AnpPath.AUTOMOTIVE_LIST])
def test_broken_answers(client: httpx.Client, anp: DemoAnp, path: AnpPath) -> None:
    whole = ask(client, anp, path).content
    asked = "" if path in LISTS else CNPJ
    anp.faults[path, asked] = AnpScenario.TRUNCATED
    assert ask(client, anp, path).content == whole[: len(whole) // 2]
    anp.faults[path, asked] = AnpScenario.CUT
    with pytest.raises(httpx.TransportError, match="without sending complete message body"):
        ask(client, anp, path)
    anp.faults[path, asked] = AnpScenario.RESET
    # Python's ssl may show a reset (ECONNRESET) as the end of the stream
    with pytest.raises(httpx.TransportError, match=r"without sending a response|reset by peer"):
        ask(client, anp, path)
    anp.faults[path, asked] = AnpScenario.TIMEOUT
    client.timeout = httpx.Timeout(0.2)
    with pytest.raises(httpx.ReadTimeout):
        ask(client, anp, path)


def test_a_path_that_is_down(client: httpx.Client, anp: DemoAnp) -> None:
    anp.down |= {AnpPath.FUEL, AnpPath.AUTOMOTIVE_LIST}
    answers = {path: ask(client, anp, path).status_code for path in AnpPath}
    assert [path for path, status in answers.items() if status == 503] == [AnpPath.FUEL, AnpPath.AUTOMOTIVE_LIST]
    anp.down.clear()
    assert ask(client, anp, AnpPath.FUEL).status_code == 200


def test_what_was_asked_is_seen(client: httpx.Client, anp: DemoAnp) -> None:
    client.headers["User-Agent"] = "Retaguarda/0"
    masked = f"{CNPJ[:2]}.{CNPJ[2:5]}.{CNPJ[5:8]}/{CNPJ[8:12]}-{CNPJ[12:]}"
    ask(client, anp, AnpPath.FUEL)
    ask(client, anp, AnpPath.MAP, masked)
    client.post(anp.address(AnpPath.PAGE).partition("?")[0], data={"sCnpj": CNPJ})
    ask(client, anp, AnpPath.GLP_LIST)
    assert anp.seen == [
        Asked(AnpPath.FUEL, CNPJ, "Retaguarda/0"),
        Asked(AnpPath.MAP, CNPJ, "Retaguarda/0"),
        Asked(AnpPath.PAGE, CNPJ, "Retaguarda/0"),
        Asked(AnpPath.GLP_LIST, "", "Retaguarda/0"),
    ]


def test_who_does_not_say_what_it_is_and_what_is_not_there(client: httpx.Client, anp: DemoAnp) -> None:
    assert client.get(f"https://localhost:{anp.port}/swagger").status_code == 404
    client.headers["User-Agent"] = ""
    assert ask(client, anp, AnpPath.FUEL).status_code == 403


def test_the_lists_are_those_of_the_registers(client: httpx.Client, anp: DemoAnp) -> None:
    anp.scenarios[CNPJ] = AnpScenario.TIMEOUT  # says nothing about the reseller, who is listed
    automotive = client.get(anp.address(AnpPath.AUTOMOTIVE_LIST))
    assert automotive.headers["content-type"] == "text/csv"
    assert automotive.content == anp_lists.automotive_csv([STATION])
    assert client.get(anp.address(AnpPath.GLP_LIST)).content == anp_lists.gas_csv([GAS])
    assert client.get(anp.address(AnpPath.DISTRIBUTOR_LIST)).content == anp_lists.distributors_csv(
        anp_lists.distributors()
    )
    later = anp_lists.mutated([STATION], new=1)
    anp.publish(ListKind.AUTOMOTIVE, later)
    assert client.get(anp.address(AnpPath.AUTOMOTIVE_LIST)).content == anp_lists.automotive_csv(later)
    assert row(client, anp, later[1].cnpj)["razaoSocial"] == later[1].name


def test_a_list_in_the_other_encoding(client: httpx.Client, authority: DemoAuthority) -> None:
    station = AnpRegistration(STATION.cnpj, name="POSTO IRMÃOS SANT¿ANA LTDA")
    with DemoAnp(authority, resellers=[station], encoding="cp1252") as anp:
        assert "IRMÃOS SANT¿ANA" in client.get(anp.address(AnpPath.AUTOMOTIVE_LIST)).content.decode("cp1252")


def test_slowness_and_an_end_while_somebody_waits(client: httpx.Client, authority: DemoAuthority) -> None:
    before = set(threading.enumerate())
    anp = DemoAnp(authority, scenarios={CNPJ: AnpScenario.TIMEOUT}, latency_ms=100)
    anp.start()
    begin = time.monotonic()
    ask(client, anp, AnpPath.GLP_LIST)
    assert time.monotonic() - begin >= 0.1
    errors: list[Exception] = []

    def wait_for_an_answer() -> None:
        try:
            ask(client, anp, AnpPath.FUEL)
        except httpx.TransportError as error:
            errors.append(error)

    waiting = threading.Thread(target=wait_for_an_answer)
    waiting.start()
    while len(anp.seen) < 2:
        time.sleep(0.01)
    anp.stop()
    waiting.join(5)
    assert len(errors) == 1
    assert set(threading.enumerate()) == before


def test_alone_as_a_process(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "services.demo.anp", "--pasta", str(tmp_path), "--revendedores", "3"]
    with subprocess.Popen([*command, "--cenario", f"{CNPJ}=revogado"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        addresses = json.loads(process.stdout.readline())["enderecos"]
        trusting = ssl.create_default_context(cafile=str(tmp_path / "ac.pem"))
        with httpx.Client(verify=trusting, trust_env=False) as client:
            listed = client.get(addresses["automotive_list"]).text.splitlines()
            assert len(listed) == 3  # the header and two: the revoked one is not in it
            answer = client.get(addresses["map"].replace("{cnpj}", CNPJ)).json()
            assert answer["features"][0]["properties"]["Situacao_Atual"] == "REVOGADA"
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


def test_the_command_line_names_what_it_does_not_know(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with pytest.raises(SystemExit):
        main(["--pasta", str(tmp_path), "--cenario", "1=inexistente"])
    assert "não há o cenário “inexistente”" in capsys.readouterr().err
