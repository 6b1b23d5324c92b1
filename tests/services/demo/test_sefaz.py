"""The demonstration SEFAZ through real mutual TLS: shapes by UF, refusals, every scenario, threads left behind."""

from __future__ import annotations

import json
import signal
import ssl
import subprocess
import sys
import threading
import time
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from html import unescape
from pathlib import Path

import httpx
import pytest
from lxml import etree

from app.domain import Document, DocumentKind
from app.uf import UFS
from services.demo.ca import DemoAuthority
from services.demo.checks import Query
from services.demo.quota import Quota
from services.demo.scenarios import STATUS, Rule, Scenario, in_turn, without_cpf
from services.demo.sefaz import DemoSefaz
from services.sefaz.status_codes import status_codes

WSDL = "http://www.portalfiscal.inf.br/nfe/wsdl/CadConsultaCadastro4"
NFE = "http://www.portalfiscal.inf.br/nfe"
SOAP = "http://www.w3.org/2003/05/soap-envelope"
CNPJ = "11222333000181"
ALPHANUMERIC = "12ABC34501DE35"
HEADERS = {
    "Content-Type": f'application/soap+xml; charset=utf-8; action="{WSDL}/consultaCadastro"',
    "SOAPAction": f'"{WSDL}/consultaCadastro"',
}
WITHOUT_ACTION = {"Content-Type": "application/soap+xml; charset=utf-8"}


def cons_cad(uf: str, value: str = CNPJ, kind: str = "CNPJ") -> str:
    fields = f"<infCons><xServ>CONS-CAD</xServ><UF>{uf}</UF><{kind}>{value}</{kind}></infCons>"
    return f'<ConsCad xmlns="{NFE}" versao="2.00">{fields}</ConsCad>'


def envelope(content: str, *, wrapped: bool = False) -> bytes:
    message = (
        f"<nfeDadosMsg>{content}</nfeDadosMsg>" if wrapped else f'<nfeDadosMsg xmlns="{WSDL}">{content}</nfeDadosMsg>'
    )
    if wrapped:
        message = f'<consultaCadastro xmlns="{WSDL}">{message}</consultaCadastro>'
    return f'<e:Envelope xmlns:e="{SOAP}"><e:Body>{message}</e:Body></e:Envelope>'.encode()


def ask(
    client: httpx.Client, sefaz: DemoSefaz, uf: str = "SP", value: str = CNPJ, kind: str = "CNPJ"
) -> httpx.Response:
    return client.post(sefaz.url(uf), content=envelope(cons_cad(uf, value, kind), wrapped=uf == "MT"), headers=HEADERS)


def texts(response: httpx.Response, name: str) -> list[str]:
    root = etree.fromstring(response.content)
    return [element.text or "" for element in root.iter(f"{{{NFE}}}{name}")]


def status(response: httpx.Response) -> str:
    return texts(response, "cStat")[0]


@pytest.fixture
def sefaz(authority: DemoAuthority) -> Iterator[DemoSefaz]:
    with DemoSefaz(authority, varied=False) as sefaz:
        yield sefaz


@pytest.mark.parametrize("uf", sorted(set(UFS) - {"MA"}))
def test_every_uf_says_that_the_customer_is_enabled(client: httpx.Client, sefaz: DemoSefaz, uf: str) -> None:
    answer = ask(client, sefaz, uf)
    assert answer.status_code == 200
    assert (status(answer), texts(answer, "cSit"), texts(answer, "UF")) == ("111", ["1"], [uf, uf])
    assert texts(answer, "CNPJ") == [CNPJ, CNPJ]
    assert texts(answer, "cUF") == [str(UFS[uf].code)]
    assert sefaz.seen == [Query(uf, Document(DocumentKind.CNPJ, CNPJ))]


def test_each_authorizer_has_its_own_shape(client: httpx.Client, sefaz: DemoSefaz) -> None:
    said = {uf: ask(client, sefaz, uf).text for uf in UFS}
    for uf, prefix in {"SP": "soap", "PR": "env", "GO": "env", "PE": "soapenv", "MT": "soapenv", "MG": "S"}.items():
        assert f"<{prefix}:Envelope " in said[uf], uf
    assert f'<consultaCadastro4Result xmlns="{WSDL}"><retConsCad versao="2.00"><infCons xmlns="{NFE}">' in said["MG"]
    assert f'<nfeResultMsg xmlns="{WSDL}"><consultaCadastroResult><retConsCad ' in said["MT"]
    assert "<consultaCadastro2Result " in said["AM"]
    assert all("-04:00</dhCons>" in said[uf] for uf in ("MS", "MT", "AM"))
    assert "-03:00</dhCons>" in said["SP"]
    assert "   </xNome>" in said["SP"]
    assert "   </xNome>" in said["MS"]
    assert "uma ocorrência<" in said["SP"]
    assert "uma ocorrencia<" in said["SC"]
    assert 'versao="2.00 "' in said["RS"]
    assert "<indCredNFe>4</indCredNFe>" in said["GO"]
    assert "<ender>" not in said["PE"]
    assert "<cStat>265</cStat>" in said["MA"]


def test_one_handshake_serves_many_queries(client: httpx.Client, sefaz: DemoSefaz) -> None:
    for uf in ("SP", "SC", "MT", "SP"):
        assert status(ask(client, sefaz, uf)) == "111"
    assert (sefaz.handshakes, sefaz.requests, len(sefaz.seen)) == (1, 4, 4)


def test_the_override_sends_every_uf_here(sefaz: DemoSefaz) -> None:
    tables = tomllib.loads(sefaz.endpoints_override())
    assert set(tables) == set(UFS)
    assert {table["producao"] for table in tables.values()} == {sefaz.url(uf) for uf in UFS}
    assert {(table["intervalo_s"], table["por_minuto"]) for table in tables.values()} == {(0.0, 0)}


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (cons_cad("SP").replace("ConsCad", "consCad"), "516"),
        (cons_cad("SP").replace(' versao="2.00"', ""), "517"),
        (cons_cad("SP").replace('"2.00"', '"3.10"'), "215"),
        (cons_cad("SP").replace("<xServ>CONS-CAD</xServ>", ""), "215"),
        (cons_cad("SP", CNPJ.lower()[:13]), "215"),
        (cons_cad("SP", "12abc34501de35"), "215"),
        (cons_cad("XX"), "215"),
        (cons_cad("SP").replace("<infCons>", "\n<infCons>"), "588"),
        ("\n" + cons_cad("SP"), "588"),
        (cons_cad("SP").replace("</ConsCad>", "</ConsCad> "), "588"),
        (cons_cad("SP").replace("<", "<n:").replace("<n:/", "</n:").replace("xmlns=", "xmlns:n="), "404"),
        (cons_cad("SP").replace(NFE, "urn:outro"), "587"),
        (cons_cad("GO"), "265"),
        (cons_cad("SP", "11222333000199"), "258"),
        (cons_cad("SP", "12345678900", "CPF"), "263"),
        (cons_cad("SP", ALPHANUMERIC), "111"),
        (cons_cad("SP", "110042490114", "IE"), "111"),
        (cons_cad("SP", "52998224725", "CPF"), "111"),
    ],
)
def test_what_a_message_gets(client: httpx.Client, sefaz: DemoSefaz, content: str, expected: str) -> None:
    assert status(client.post(sefaz.url("SP"), content=envelope(content), headers=HEADERS)) == expected


def test_a_missing_action_is_taken_as_each_authorizer_takes_it(client: httpx.Client, sefaz: DemoSefaz) -> None:
    def without_action(uf: str) -> httpx.Response:
        body = envelope(cons_cad(uf), wrapped=uf == "MT")
        return client.post(sefaz.url(uf), content=body, headers=WITHOUT_ACTION)

    assert status(without_action("GO")) == "999"
    for uf, words in {
        "SP": "valid action parameter",
        "SC": "valid action parameter",
        "MT": "WSA Action = null",
        "PE": "Client.NoSOAPAction",
    }.items():
        answer = without_action(uf)
        assert (answer.status_code, words in answer.text) == (500, True), uf
        version = "http://schemas.xmlsoap.org/soap/envelope/" if uf == "PE" else SOAP
        assert etree.fromstring(answer.content).tag == f"{{{version}}}Envelope", uf
    assert status(without_action("PR")) == "111"


def test_only_mt_wraps_the_message(client: httpx.Client, sefaz: DemoSefaz) -> None:
    assert status(client.post(sefaz.url("MT"), content=envelope(cons_cad("MT")), headers=HEADERS)) == "215"
    assert (
        status(client.post(sefaz.url("SP"), content=envelope(cons_cad("SP"), wrapped=True), headers=HEADERS)) == "215"
    )


def test_a_client_without_certificate(authority: DemoAuthority, bare_context: ssl.SSLContext) -> None:
    with (
        DemoSefaz(authority, require_client=False) as optional,
        httpx.Client(verify=bare_context, trust_env=False) as bare,
    ):
        answer = ask(bare, optional)
        assert (answer.status_code, answer.headers["content-type"][:9]) == (403, "text/html")
        assert optional.seen == []
    with DemoSefaz(authority) as strict, httpx.Client(verify=bare_context, trust_env=False) as bare:
        with pytest.raises(httpx.TransportError):
            ask(bare, strict)
        assert strict.handshakes == 0


@pytest.mark.parametrize(
    ("scenario", "kind", "value", "expected"),
    [
        (Scenario.NOT_TAXPAYER, "CNPJ", CNPJ, "259"),
        (Scenario.NOT_TAXPAYER, "IE", "110042490114", "261"),
        (Scenario.NOT_TAXPAYER, "CPF", "52998224725", "264"),
        (Scenario.INVALID_DOCUMENT, "CNPJ", CNPJ, "258"),
        (Scenario.INVALID_DOCUMENT, "IE", "110042490114", "260"),
        (Scenario.NO_CPF, "CPF", "52998224725", "262"),
        (Scenario.OTHER_UF, "CNPJ", CNPJ, "265"),
        (Scenario.REQUESTER_REFUSED, "CNPJ", CNPJ, "257"),
        (Scenario.CERTIFICATE_CHAIN, "CNPJ", CNPJ, "283"),
        (Scenario.PAUSED, "CNPJ", CNPJ, "108"),
        (Scenario.LIMIT, "CNPJ", CNPJ, "656"),
    ],
)
def test_scenarios_that_are_one_status(
    client: httpx.Client, sefaz: DemoSefaz, scenario: Scenario, kind: str, value: str, expected: str
) -> None:
    sefaz.scenarios[value] = scenario
    answer = ask(client, sefaz, "SP", value, kind)
    assert (status(answer), texts(answer, "infCad"), texts(answer, kind)) == (expected, [], [value])


def test_disabled_and_several(client: httpx.Client, sefaz: DemoSefaz) -> None:
    sefaz.scenarios[CNPJ] = Scenario.DISABLED
    answer = ask(client, sefaz, "SC")
    assert (status(answer), texts(answer, "cSit")) == ("111", ["0"])
    sefaz.scenarios[CNPJ] = Scenario.SEVERAL
    answer = ask(client, sefaz, "SC")
    assert (status(answer), texts(answer, "cSit"), texts(answer, "UF")) == ("112", ["0", "1", "1"], ["SC"] * 3 + ["SP"])
    assert texts(answer, "IEAtual") == texts(answer, "IEUnica") == texts(answer, "IE")[1:2]
    assert texts(answer, "dBaixa")
    assert "1310100" in texts(answer, "CEP"), "the zero at the left is lost"
    sefaz.scenarios[CNPJ] = Scenario.SEVERAL_OPEN
    answer = ask(client, sefaz, "SC")
    assert texts(answer, "cSit") == ["1", "1", "0"]
    assert len(set(texts(answer, "IE"))) == 3


@pytest.mark.parametrize("uf", ["SP", "MG"])
def test_odd_bodies_still_carry_the_answer(client: httpx.Client, sefaz: DemoSefaz, uf: str) -> None:
    sefaz.scenarios[CNPJ] = Scenario.ESCAPED_BODY
    escaped = ask(client, sefaz, uf).text
    assert "&lt;cStat&gt;111&lt;" in escaped
    assert "<cStat>111</cStat>" in unescape(escaped)
    sefaz.scenarios[CNPJ] = Scenario.CDATA_BODY
    assert '<![CDATA[<?xml version="1.0"' in ask(client, sefaz, uf).text
    sefaz.scenarios[CNPJ] = Scenario.PREFIXED_BODY
    prefixed = ask(client, sefaz, uf)
    assert "<nfe:cStat>111</nfe:cStat>" in prefixed.text
    assert status(prefixed) == "111"


def test_answers_not_to_be_believed(client: httpx.Client, sefaz: DemoSefaz) -> None:
    sefaz.scenarios[CNPJ] = Scenario.WRONG_ECHO
    assert CNPJ not in texts(ask(client, sefaz), "CNPJ")
    sefaz.scenarios[CNPJ] = Scenario.UNKNOWN_SITUATION
    assert texts(ask(client, sefaz), "cSit") == ["5"]
    sefaz.scenarios[CNPJ] = Scenario.LONG_NAME
    assert len(texts(ask(client, sefaz), "xNome")[0].strip()) == 20_000
    sefaz.scenarios[CNPJ] = Scenario.TRUNCATED
    with pytest.raises(etree.XMLSyntaxError):
        etree.fromstring(ask(client, sefaz).content)
    sefaz.scenarios[CNPJ] = Scenario.EMPTY
    assert ask(client, sefaz).content == b""
    sefaz.scenarios[CNPJ] = Scenario.GARBAGE
    assert len(ask(client, sefaz).content) == 1024
    sefaz.scenarios[CNPJ] = Scenario.DTD_BOMB
    assert ask(client, sefaz).text.count("<!ENTITY") == 10


@pytest.mark.parametrize(
    ("scenario", "code", "words"),
    [
        (Scenario.SOAP_11_FAULT, 500, "<faultstring>"),
        (Scenario.SOAP_12_FAULT, 500, "<soap:Reason>"),
        (Scenario.HTML_PAGE, 200, "manutenção"),
        (Scenario.HTML_FORBIDDEN, 403, "Access is denied"),
        (Scenario.HTTP_503, 503, "Service Unavailable"),
    ],
)
def test_faults_and_pages(client: httpx.Client, sefaz: DemoSefaz, scenario: Scenario, code: int, words: str) -> None:
    sefaz.scenarios[CNPJ] = scenario
    answer = ask(client, sefaz)
    assert (answer.status_code, words in answer.text) == (code, True)


@pytest.mark.parametrize(
    ("scenario", "words"),
    [
        # Python's ssl may show a reset (ECONNRESET) as the end of the stream
        (Scenario.RESET, "without sending a response|reset by peer"),
        (Scenario.CUT, "without sending complete message body"),
    ],
)
def test_broken_connections(client: httpx.Client, sefaz: DemoSefaz, scenario: Scenario, words: str) -> None:
    sefaz.scenarios[CNPJ] = scenario
    with pytest.raises(httpx.TransportError, match=words):
        ask(client, sefaz)
    sefaz.scenarios.clear()
    assert status(ask(client, sefaz)) == "111"
    assert sefaz.handshakes == 2


def test_silence_and_slowness(client: httpx.Client, authority: DemoAuthority) -> None:
    with DemoSefaz(authority, scenarios={CNPJ: Scenario.SLOW}, slow_ms=150, latency_ms=50) as sefaz:
        begin = time.monotonic()
        assert status(ask(client, sefaz)) == "111"
        assert time.monotonic() - begin >= 0.2
        sefaz.scenarios[CNPJ] = Scenario.TIMEOUT
        client.timeout = httpx.Timeout(0.2)
        with pytest.raises(httpx.ReadTimeout):
            ask(client, sefaz)


def test_stop_ends_a_request_that_hangs_and_leaves_no_thread(client: httpx.Client, authority: DemoAuthority) -> None:
    before = set(threading.enumerate())
    sefaz = DemoSefaz(authority, scenarios={CNPJ: Scenario.TIMEOUT})
    sefaz.start()
    errors: list[Exception] = []

    def wait_for_an_answer() -> None:
        try:
            ask(client, sefaz)
        except httpx.TransportError as error:
            errors.append(error)

    waiting = threading.Thread(target=wait_for_an_answer)
    waiting.start()
    while not sefaz.seen:
        time.sleep(0.01)
    sefaz.stop()
    waiting.join(5)
    assert not waiting.is_alive()
    assert len(errors) == 1
    assert set(threading.enumerate()) == before
    sefaz.stop()


def test_unlisted_documents_vary_and_each_stays_the_same(client: httpx.Client, authority: DemoAuthority) -> None:
    with DemoSefaz(authority) as sefaz:
        documents = [str(110042490000 + number) for number in range(150)]
        first = [ask(client, sefaz, "SP", value, "IE").text.partition("<dhCons>")[0] for value in documents]
        again = [ask(client, sefaz, "SP", value, "IE").text.partition("<dhCons>")[0] for value in documents]
    assert first == again
    counted = {code: sum(f"<cStat>{code}</cStat>" in text for text in first) for code in ("111", "112", "261")}
    assert counted["111"] > 120
    assert counted["112"] > 0
    assert counted["261"] > 0


def test_faults_come_at_the_rate_asked_for_and_repeat_with_the_seed(
    client: httpx.Client, authority: DemoAuthority
) -> None:
    runs = []
    for _ in range(2):
        with DemoSefaz(authority, varied=False, fault_rate={Scenario.UNCATALOGUED: 0.2}, seed=7) as sefaz:
            runs.append([status(ask(client, sefaz)) for _ in range(100)])
    assert runs[0] == runs[1]
    assert 8 <= runs[0].count("999") <= 35
    with pytest.raises(ValueError, match="add up to 1"):
        DemoSefaz(authority, fault_rate={Scenario.RESET: 0.7, Scenario.TIMEOUT: 0.7})


def test_every_status_of_the_table_can_be_had_by_document_and_by_uf(
    client: httpx.Client, authority: DemoAuthority
) -> None:
    documents = {"CNPJ": CNPJ, "IE": "110042490114", "CPF": "52998224725"}
    for place in ("scenarios", "ufs"):
        said: set[str] = set()
        with DemoSefaz(authority, varied=False) as sefaz:
            for scenario in (
                *STATUS,
                Scenario.ENABLED,
                Scenario.SEVERAL,
                Scenario.NOT_TAXPAYER,
                Scenario.INVALID_DOCUMENT,
            ):
                for kind, value in documents.items():
                    if place == "scenarios":
                        sefaz.scenarios[value] = scenario
                    else:
                        sefaz.ufs["SP"] = scenario
                    said.add(status(ask(client, sefaz, "SP", value, kind)))
        assert said == set(status_codes())


def test_a_uf_has_a_conduct_of_its_own_whoever_is_asked_about(client: httpx.Client, authority: DemoAuthority) -> None:
    ufs: dict[str, Scenario | Rule] = {"PA": Scenario.OTHER_UF, "BA": Scenario.UF_NOT_SERVED, "MS": without_cpf}
    with DemoSefaz(authority, varied=False, ufs=ufs, scenarios={CNPJ: Scenario.ENABLED}) as sefaz:
        assert [status(ask(client, sefaz, uf)) for uf in ("PA", "BA", "MS", "SP", "MA")] == [
            "265",
            "410",
            "111",
            "111",
            "265",
        ]
        assert status(ask(client, sefaz, "MS", "52998224725", "CPF")) == "262"
        assert status(ask(client, sefaz, "SP", "52998224725", "CPF")) == "111"


def test_a_failure_that_passes(client: httpx.Client, sefaz: DemoSefaz) -> None:
    sefaz.ufs["SP"] = in_turn(Scenario.PAUSED, Scenario.HTTP_503, Scenario.ENABLED)
    answers = [ask(client, sefaz) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 503, 200, 200]
    assert [status(answers[number]) for number in (0, 2, 3)] == ["108", "111", "111"]


def test_the_quota_is_counted_and_a_try_while_frozen_begins_it_again(
    client: httpx.Client, authority: DemoAuthority
) -> None:
    now = 0.0
    with DemoSefaz(authority, varied=False, quota=Quota(3, frozen_s=3600, clock=lambda: now)) as sefaz:

        def said(uf: str, seconds: float) -> str:
            nonlocal now
            now = seconds
            return status(ask(client, sefaz, uf))

        assert [said(uf, at) for uf, at in (("RS", 0), ("PA", 1), ("CE", 2), ("AC", 3))] == ["111"] * 3 + ["656"]
        assert said("SP", 3) == "111", "SVRS is one authorizer for all its UFs, SP is another"
        assert said("RS", 3602) == "656"
        assert said("RS", 7201) == "656"
        assert said("RS", 10_801) == "111"
        assert [said("SP", at) for at in (59, 61, 64)] == ["111"] * 3, "the first ones are more than a minute ago"


def test_the_quota_is_of_each_client(authority: DemoAuthority) -> None:
    quota = Quota(1)
    calls = [("Uma Ltda", "SVRS"), ("Outra Ltda", "SVRS"), ("Uma Ltda", "SVRS"), ("Uma Ltda", "SP")]
    assert [quota.exceeded_by(*call) for call in calls] == [False, False, True, False]
    with pytest.raises(ValueError, match="one call at least"):
        Quota(0)


@pytest.mark.parametrize("uf", ["SP", "MT"])
def test_a_uf_may_still_want_the_header(client: httpx.Client, sefaz: DemoSefaz, uf: str) -> None:
    def said(*fields: str) -> str:
        header = f'<nfeCabecMsg xmlns="{WSDL}">{"".join(fields)}</nfeCabecMsg>'
        body = envelope(cons_cad(uf), wrapped=uf == "MT").replace(
            b"<e:Body>", f"<e:Header>{header}</e:Header><e:Body>".encode()
        )
        return status(client.post(sefaz.url(uf), content=body, headers=HEADERS))

    code, version = f"<cUF>{UFS[uf].code}</cUF>", "<versaoDados>2.00</versaoDados>"
    assert said() == "111"
    sefaz.header_wanted.add(uf)
    assert status(ask(client, sefaz, uf)) == "409"
    assert said(version) == "409"
    assert said("<cUF>53</cUF>", version) == "410"
    assert said(code) == "411"
    assert said(code, "<versaoDados>4.00</versaoDados>") == "545"
    assert said(code, version) == "111"
    sefaz.header_wanted.clear()
    assert status(ask(client, sefaz, uf)) == "111"


def test_the_clock_may_be_wrong(client: httpx.Client, sefaz: DemoSefaz) -> None:
    for ahead in (timedelta(), timedelta(hours=2), timedelta(days=-3)):
        sefaz.clock_offset = ahead
        answer = ask(client, sefaz)
        expected = datetime.now(UTC) + ahead
        assert abs(parsedate_to_datetime(answer.headers["Date"]) - expected) < timedelta(seconds=30)
        assert abs(datetime.fromisoformat(texts(answer, "dhCons")[0]) - expected) < timedelta(seconds=30)


def test_a_rule_may_decide(client: httpx.Client, authority: DemoAuthority) -> None:
    with DemoSefaz(authority, rule=lambda query: Scenario.STOPPED if query.uf == "BA" else Scenario.ENABLED) as sefaz:
        assert [status(ask(client, sefaz, uf)) for uf in ("BA", "SP")] == ["109", "111"]


def test_alone_as_a_process(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "services.demo.sefaz", "--pasta", str(tmp_path), "--cenario", f"{CNPJ}=paralisado"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        overrides = tomllib.loads((tmp_path / "sefaz_enderecos.toml").read_text("utf-8"))
        assert overrides["SP"]["producao"].startswith(ready["url"])
        assert (tmp_path / "ac.pem").read_bytes().startswith(b"-----BEGIN CERTIFICATE-----")
        assert (tmp_path / "cliente.pfx").stat().st_size > 1000
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


def test_the_command_line_names_what_it_does_not_know(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    from services.demo.sefaz import main

    with pytest.raises(SystemExit):
        main(["--pasta", str(tmp_path), "--cenario", "1=inexistente"])
    assert "não há o cenário “inexistente”" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["--pasta", str(tmp_path), "--uf", "XX=paralisado"])
    assert "“XX” não é uma UF" in capsys.readouterr().err
