"""The SEFAZ client over real sockets and real TLS: what it sends, what it returns and how it fails."""

from __future__ import annotations

import gc
import re
import socket
import ssl
import struct
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.documents import parse_cnpj, parse_cpf, parse_ie
from app.domain import ConsultationFailed, Document, FailureKind, SefazAnswer
from services.certificate import client_context
from services.demo.ca import DemoAuthority
from services.pfx import open_pfx
from services.sefaz.answer import MAX_BODY
from services.sefaz.client import SefazClient
from services.sefaz.endpoints import Endpoint, load_endpoints
from tests.services.tls_server import Connection, Script, TlsServer, always, dripping, endless, silent

SAMPLES = Path(__file__).parent / "samples"
SP_111 = (SAMPLES / "sp_111.xml").read_bytes()
BRANCH = "11222333000181"
CUSTOMER = parse_cnpj("33014556000196")
ACTION = "http://www.portalfiscal.inf.br/nfe/wsdl/CadConsultaCadastro4/consultaCadastro"


@pytest.fixture(scope="module")
def authority() -> DemoAuthority:
    return DemoAuthority.create()


@pytest.fixture(scope="module")
def server_context(authority: DemoAuthority) -> ssl.SSLContext:
    return authority.server_context()


@pytest.fixture(scope="module")
def context(authority: DemoAuthority, tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    pfx = authority.issue_pfx(BRANCH, "DISTRIBUIDORA DE TESTE LTDA", "segredo")
    now = datetime.now(UTC)
    certificate, password = open_pfx(pfx, "segredo", branch_id=1, branch_cnpj=BRANCH, now=now)
    trusted = tmp_path_factory.mktemp("ca") / "raiz.pem"
    trusted.write_bytes(authority.ca_pem)
    return client_context(certificate, password, trusted)


@pytest.fixture
def client(context: ssl.SSLContext) -> Iterator[SefazClient]:
    client = SefazClient(context, connect_timeout=30.0, read_timeout=30.0)
    yield client
    client.close()


@pytest.fixture
def serve(server_context: ssl.SSLContext) -> Callable[[Script], TlsServer]:
    return lambda script: TlsServer(server_context, script)


def at(url: str, uf: str = "SP") -> Endpoint:
    return replace(load_endpoints(None)[uf], production=url)


def failing(client: SefazClient, url: str, document: Document = CUSTOMER, uf: str = "SP") -> ConsultationFailed:
    with pytest.raises(ConsultationFailed) as failed:
        client.ask(document, at(url, uf))
    failure = failed.value.failure
    assert failure.what
    assert failure.todo
    assert failed.value.authorizer == load_endpoints(None)[uf].authorizer
    assert "segredo" not in failure.details
    return failed.value


@pytest.mark.parametrize(
    ("document", "tag"),
    [
        (CUSTOMER, "<CNPJ>33014556000196</CNPJ>"),
        (parse_cnpj("12.ABC.345/01DE-35"), "<CNPJ>12ABC34501DE35</CNPJ>"),
        (parse_cpf("52998224725"), "<CPF>52998224725</CPF>"),
        (parse_ie("13123456789"), "<IE>13123456789</IE>"),
    ],
)
@pytest.mark.parametrize(("uf", "header"), [("SP", ""), ("MT", ""), ("MG", "31"), ("MT", "51")])
def test_request_is_the_canonical_one(
    client: SefazClient, serve: Callable[[Script], TlsServer], document: Document, tag: str, uf: str, header: str
) -> None:
    seen: list[bytes] = []

    def script(connection: Connection, number: int) -> None:
        seen.append(connection.request())
        connection.answer(b"<retConsCad><infCons><cStat>258</cStat></infCons></retConsCad>")

    with serve(script) as server:
        answer = client.ask(document, replace(at(server.url, uf), header=bool(header)))
    head, _, body = seen[0].partition(b"\r\n\r\n")
    assert answer.request == body
    message = (
        '<nfeDadosMsg{}><ConsCad xmlns="http://www.portalfiscal.inf.br/nfe" versao="2.00">'
        f"<infCons><xServ>CONS-CAD</xServ><UF>{uf}</UF>{tag}</infCons></ConsCad></nfeDadosMsg>"
    )
    namespace = ' xmlns="http://www.portalfiscal.inf.br/nfe/wsdl/CadConsultaCadastro4"'
    if uf == "MT":
        message = f"<consultaCadastro{namespace}>{message.format('')}</consultaCadastro>"
    else:
        message = message.format(namespace)
    if header:
        header = (
            f"<soap-env:Header><nfeCabecMsg{namespace}><cUF>{header}</cUF><versaoDados>2.00</versaoDados>"
            "</nfeCabecMsg></soap-env:Header>"
        )
    envelope = body.decode()
    assert envelope == (
        '<?xml version="1.0" encoding="utf-8"?>'
        '<soap-env:Envelope xmlns:soap-env="http://www.w3.org/2003/05/soap-envelope">'
        f"{header}<soap-env:Body>{message}</soap-env:Body></soap-env:Envelope>"
    )
    assert not re.search(r">\s+<", envelope)
    lines = head.decode().split("\r\n")
    assert lines[0] == "POST /ws HTTP/1.1"
    assert f'Content-Type: application/soap+xml; charset=utf-8; action="{ACTION}"' in lines
    assert f'SOAPAction: "{ACTION}"' in lines


def test_answer_comes_whole(client: SefazClient, serve: Callable[[Script], TlsServer]) -> None:
    with serve(always(SP_111)) as server:
        answer = client.ask(CUSTOMER, at(server.url))
    assert isinstance(answer, SefazAnswer)
    assert (answer.c_stat, answer.uf, answer.authorizer, answer.ver_aplic) == ("111", "SP", "SP", "DEMO1")
    assert answer.inscriptions[0].IE == "110042490114"
    assert answer.response == SP_111


def test_one_handshake_for_200_queries(client: SefazClient, serve: Callable[[Script], TlsServer]) -> None:
    with serve(always(SP_111)) as server:
        for _ in range(200):
            client.ask(CUSTOMER, at(server.url))
        assert server.connections == 1


@pytest.mark.parametrize("how", ["idle", "close", "reset"])
def test_connection_lost_while_idle_or_at_the_next_request(
    client: SefazClient, serve: Callable[[Script], TlsServer], how: str
) -> None:
    def script(connection: Connection, number: int) -> None:
        connection.request()
        connection.answer(SP_111)
        if number == 1 and how != "idle":
            connection.request()
            if how == "reset":
                connection.reset()

    with serve(script) as server:
        for _ in range(3):
            assert client.ask(CUSTOMER, at(server.url)).c_stat == "111"
        assert server.connections == 3


def test_new_connection_lost_is_not_tried_again(client: SefazClient, serve: Callable[[Script], TlsServer]) -> None:
    def script(connection: Connection, number: int) -> None:
        connection.request()
        connection.reset()

    with serve(script) as server:
        failed = failing(client, server.url)
        assert server.connections == 1
    assert failed.failure.kind is FailureKind.CERTIFICATE
    assert "Provavelmente" in failed.failure.cause
    assert failed.request


def test_answer_cut_short_on_a_kept_connection_is_not_asked_again(
    client: SefazClient, serve: Callable[[Script], TlsServer]
) -> None:
    def script(connection: Connection, number: int) -> None:
        connection.request()
        connection.answer(SP_111)
        connection.request()
        connection.answer(SP_111[:100], length=len(SP_111))

    with serve(script) as server:
        client.ask(CUSTOMER, at(server.url))
        assert failing(client, server.url).failure.kind is FailureKind.NETWORK
        assert server.connections == 1


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        (always(SP_111[:-30]), FailureKind.INVALID_RESPONSE),
        (always(b""), FailureKind.INVALID_RESPONSE),
        (always(b"x" * (MAX_BODY + 100_000)), FailureKind.INVALID_RESPONSE),
        (always((SAMPLES / "pagina_200_manutencao.html").read_bytes()), FailureKind.HTTP),
        (always((SAMPLES / "pagina_403.html").read_bytes(), "403 Forbidden"), FailureKind.CERTIFICATE),
        (always(b"", "302 Found", "Location: https://localhost:1/outro"), FailureKind.HTTP),
        (always((SAMPLES / "falha_soap12.xml").read_bytes(), "500 Internal Server Error"), FailureKind.SOAP_FAULT),
        (always(b"", "503 Service Unavailable"), FailureKind.HTTP),
    ],
    ids=["truncated", "empty", "huge", "html", "403", "redirect", "fault", "503"],
)
def test_answers_that_are_none(
    client: SefazClient, serve: Callable[[Script], TlsServer], script: Script, kind: FailureKind
) -> None:
    with serve(script) as server:
        failed = failing(client, server.url)
    assert failed.failure.kind is kind
    assert failed.request.startswith(b"<?xml")


def test_endless_answer_is_not_read_to_the_end(client: SefazClient, serve: Callable[[Script], TlsServer]) -> None:
    with serve(endless) as server:
        failed = failing(client, server.url)
    assert failed.failure.kind is FailureKind.INVALID_RESPONSE
    assert len(failed.response) == MAX_BODY


def test_something_that_is_not_http(client: SefazClient, serve: Callable[[Script], TlsServer]) -> None:
    def script(connection: Connection, number: int) -> None:
        connection.request()
        connection.tls.sendall(b"220 smtp.example ESMTP\r\n\r\n")

    with serve(script) as server:
        assert failing(client, server.url).failure.kind is FailureKind.HTTP


def answer_with(c_stat: str, *, uf: str = "SP", echo: str = "", found: str = "") -> bytes:
    return (
        f"<retConsCad><infCons><cStat>{c_stat}</cStat><xMotivo>Motivo {c_stat}</xMotivo><UF>{uf}</UF>{echo}{found}"
        "</infCons></retConsCad>"
    ).encode()


@pytest.mark.parametrize(
    ("c_stat", "kind"),
    [
        ("108", FailureKind.UNAVAILABLE),
        ("109", FailureKind.UNAVAILABLE),
        ("999", FailureKind.UNAVAILABLE),
        ("215", FailureKind.REJECTION),
        ("257", FailureKind.REQUESTER),
        ("262", FailureKind.NOT_SERVED),
        ("265", FailureKind.NOT_SERVED),
        ("281", FailureKind.CERTIFICATE),
        ("656", FailureKind.LIMIT),
        ("777", FailureKind.REJECTION),
    ],
)
def test_rejections(client: SefazClient, serve: Callable[[Script], TlsServer], c_stat: str, kind: FailureKind) -> None:
    with serve(always(answer_with(c_stat))) as server:
        failed = failing(client, server.url)
    assert (failed.failure.kind, failed.c_stat, failed.x_motivo) == (kind, c_stat, f"Motivo {c_stat}")
    assert c_stat in failed.failure.what
    assert failed.request
    assert failed.response == answer_with(c_stat)


@pytest.mark.parametrize(("uf", "expected"), [("SP", True), ("AL", False)])
def test_that_an_official_uf_does_not_serve_is_said_to_be_odd(
    client: SefazClient, serve: Callable[[Script], TlsServer], uf: str, expected: bool
) -> None:
    with serve(always(answer_with("265", uf=uf))) as server:
        failure = failing(client, server.url, uf=uf).failure
    assert ("consta na relação do Portal da NF-e" in failure.cause) is expected
    assert load_endpoints(None)[uf].public_page in failure.todo


@pytest.mark.parametrize("c_stat", ["258", "259", "260", "261", "263", "264"])
def test_final_answers(client: SefazClient, serve: Callable[[Script], TlsServer], c_stat: str) -> None:
    with serve(always(answer_with(c_stat))) as server:
        answer = client.ask(CUSTOMER, at(server.url))
    assert (answer.c_stat, answer.inscriptions) == (c_stat, ())


OWN = "<infCad><IE>1</IE><CNPJ>33014556000196</CNPJ></infCad>"


@pytest.mark.parametrize(
    "body",
    [
        answer_with("111"),
        answer_with("112"),
        answer_with("259", found=OWN),
        answer_with("111", uf="PR", found=OWN),
        answer_with("111", echo="<CNPJ>11222333000181</CNPJ>", found=OWN),
        answer_with("111", echo="<CPF>52998224725</CPF>", found=OWN),
        answer_with("259", echo="<CNPJ>11222333000181</CNPJ>"),
        answer_with("111", found="<infCad><IE>1</IE><CNPJ>11222333000181</CNPJ></infCad>"),
    ],
)
def test_answer_about_another_or_contradictory(
    client: SefazClient, serve: Callable[[Script], TlsServer], body: bytes
) -> None:
    with serve(always(body)) as server:
        failed = failing(client, server.url)
    assert failed.failure.kind is FailureKind.INVALID_RESPONSE
    assert failed.response == body


@pytest.mark.parametrize(
    ("document", "body"),
    [
        (CUSTOMER, answer_with("111", echo="<CNPJ>33.014.556/0001-96</CNPJ>", found=OWN)),
        (CUSTOMER, answer_with("111", uf="", found=OWN)),
        (CUSTOMER, answer_with("111", echo="<CNPJ>00000000000000</CNPJ>", found=OWN)),
        (CUSTOMER, answer_with("111", found="<infCad><CNPJ>33014556000277</CNPJ></infCad>")),
        (CUSTOMER, answer_with("111", found="<infCad><IE>1</IE></infCad>")),
        (
            parse_cnpj("00000000000191"),
            answer_with("111", echo="<CNPJ>191</CNPJ>", found="<infCad><CNPJ>191</CNPJ></infCad>"),
        ),
        (parse_ie("0012345678"), answer_with("111", echo="<IE>12.345.678</IE>", found="<infCad><IE>99</IE></infCad>")),
    ],
)
def test_tolerated_echoes(
    client: SefazClient, serve: Callable[[Script], TlsServer], document: Document, body: bytes
) -> None:
    with serve(always(body)) as server:
        assert client.ask(document, at(server.url)).c_stat == "111"


def test_uf_without_service_names_the_manual_page(client: SefazClient) -> None:
    endpoint = load_endpoints(None)["MA"]
    with pytest.raises(ConsultationFailed) as failed:
        client.ask(CUSTOMER, endpoint)
    assert failed.value.failure.kind is FailureKind.NOT_SERVED
    assert endpoint.public_page in failed.value.failure.todo


def test_unknown_authority_wrong_name_and_expired_server(authority: DemoAuthority, client: SefazClient) -> None:
    now = datetime.now(UTC)
    cases = {
        "ac_adicionais.pem": DemoAuthority.create().server_context(),
        "outro nome": authority.server_context(hosts=("sefaz.example",)),
        "vencido": authority.server_context(not_before=now - timedelta(days=9), not_after=now - timedelta(days=1)),
    }
    for words, context in cases.items():
        with TlsServer(context, always(SP_111)) as server:
            failed = failing(client, server.url)
        assert failed.failure.kind is FailureKind.TRUST
        assert words in failed.failure.sentence


def test_client_certificate_of_an_unknown_authority(
    authority: DemoAuthority, client: SefazClient, tmp_path: Path
) -> None:
    accepted = tmp_path / "aceitas.pem"
    accepted.write_bytes(DemoAuthority.create().ca_pem)
    context = authority.server_context(require_client=False)
    context.load_verify_locations(accepted)
    context.verify_mode = ssl.CERT_REQUIRED
    with TlsServer(context, always(SP_111)) as server:
        failed = failing(client, server.url)
    assert failed.failure.kind is FailureKind.CERTIFICATE
    assert "ALERT" in failed.failure.details


def test_no_client_certificate(authority: DemoAuthority, tmp_path: Path) -> None:
    trusted = tmp_path / "raiz.pem"
    trusted.write_bytes(authority.ca_pem)
    nobody = ssl.create_default_context(cafile=str(trusted))
    nobody.maximum_version = ssl.TLSVersion.TLSv1_2
    client = SefazClient(nobody, connect_timeout=30.0, read_timeout=30.0)
    with TlsServer(authority.server_context(), always(SP_111)) as server:
        failed = failing(client, server.url)
    client.close()
    assert failed.failure.kind is FailureKind.CERTIFICATE


def test_connection_cut_before_the_server_presents_itself(client: SefazClient, server_context: ssl.SSLContext) -> None:
    def cut(plain: socket.socket) -> None:
        plain.recv(10)

    for raw in (cut, reset_at_once):
        with TlsServer(server_context, always(SP_111), raw=raw) as server:
            failure = failing(client, server.url).failure
        assert failure.kind is FailureKind.NETWORK
        assert "antes de o TLS começar" in failure.what
        assert "Nenhum certificado chegou a ser apresentado" in failure.cause


def test_not_tls_at_all(client: SefazClient, server_context: ssl.SSLContext) -> None:
    def plain_http(plain: socket.socket) -> None:
        plain.recv(1000)
        plain.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with TlsServer(server_context, always(SP_111), raw=plain_http) as server:
        assert failing(client, server.url).failure.kind is FailureKind.NETWORK


def test_refused_and_unknown_host(client: SefazClient) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # and listens to nobody
        port = closed.getsockname()[1]
        refused = failing(client, f"https://localhost:{port}/ws")
    assert refused.failure.kind is FailureKind.NETWORK
    unknown = failing(client, "https://sefaz.invalid/ws")
    assert unknown.failure.kind is FailureKind.NETWORK
    assert "sefaz.invalid" in unknown.failure.what


@pytest.mark.parametrize("script", [silent, dripping])
def test_slow_server(context: ssl.SSLContext, serve: Callable[[Script], TlsServer], script: Script) -> None:
    client = SefazClient(context, connect_timeout=30.0, read_timeout=0.3)
    with serve(script) as server:
        begin = time.monotonic()
        assert failing(client, server.url).failure.kind is FailureKind.TIMEOUT
        assert time.monotonic() - begin < 8.0
    client.close()


def hang_at_handshake(plain: socket.socket) -> None:
    while plain.recv(1000):
        pass


@pytest.mark.parametrize("where", ["answer", "second_answer", "handshake"])
def test_cancel_interrupts_at_once(context: ssl.SSLContext, server_context: ssl.SSLContext, where: str) -> None:
    waiting = threading.Event()

    def script(connection: Connection, number: int) -> None:
        connection.request()
        if where == "second_answer":
            connection.answer(SP_111)
            connection.request()
        waiting.set()
        connection.tls.recv(1)

    def raw(plain: socket.socket) -> None:
        waiting.set()
        hang_at_handshake(plain)

    client = SefazClient(context)
    failed: list[ConsultationFailed] = []

    def ask() -> None:
        try:
            while True:
                client.ask(CUSTOMER, at(server.url))
        except ConsultationFailed as error:
            failed.append(error)
        client.close()

    with TlsServer(server_context, script, raw=raw if where == "handshake" else None) as server:
        assert not client.cancel()
        thread = threading.Thread(target=ask)
        thread.start()
        assert waiting.wait(10)
        begin = time.monotonic()
        while thread.is_alive() and time.monotonic() - begin < 5:
            assert client.cancel() or failed
            thread.join(0.2)
        assert time.monotonic() - begin < 5.0
        assert not thread.is_alive()
    assert failed[0].failure.kind is FailureKind.CANCELLED
    assert not client.cancel()


def test_after_a_cancel_the_client_asks_again(client: SefazClient, serve: Callable[[Script], TlsServer]) -> None:
    def script(connection: Connection, number: int) -> None:
        while connection.request():
            if number == 1:
                client.cancel()
                connection.tls.recv(1)
                return
            connection.answer(SP_111)

    with serve(script) as server:
        assert failing(client, server.url).failure.kind is FailureKind.CANCELLED
        assert client.ask(CUSTOMER, at(server.url)).c_stat == "111"


def late_handshake(plain: socket.socket) -> None:
    time.sleep(0.03)
    plain.recv(1)


def reset_at_once(plain: socket.socket) -> None:
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@pytest.mark.parametrize("raw", [hang_at_handshake, late_handshake, reset_at_once, None])
def test_cancel_at_any_moment_is_prompt_and_closes_every_socket(
    context: ssl.SSLContext, server_context: ssl.SSLContext, raw: Callable[[socket.socket], None] | None
) -> None:
    kinds: list[FailureKind] = []

    def ask(client: SefazClient, url: str) -> None:
        try:
            client.ask(CUSTOMER, at(url))
        except ConsultationFailed as failed:
            kinds.append(failed.failure.kind)
        client.close()

    moments_s = [*(step / 2000 for step in range(30)), 0.02, 0.03, 0.05, 0.1]
    gc.collect()
    with warnings.catch_warnings(record=True) as warned, TlsServer(server_context, silent, raw=raw) as server:
        warnings.simplefilter("always")
        for moment_s in moments_s:
            client = SefazClient(context)
            thread = threading.Thread(target=ask, args=(client, server.url))
            thread.start()
            time.sleep(moment_s)
            begin = time.monotonic()
            while not client.cancel() and thread.is_alive():  # it has not begun yet
                time.sleep(0.0005)
            thread.join(10)
            assert not thread.is_alive()
            assert time.monotonic() - begin < 10.0
        gc.collect()
    assert [str(each.message) for each in warned] == []
    assert len(kinds) == len(moments_s)
    if raw in (hang_at_handshake, None):  # the others may end the connection before the cancellation does
        assert {*kinds} == {FailureKind.CANCELLED}


def test_cancelled_before_the_connection_nothing_is_connected(
    client: SefazClient, serve: Callable[[Script], TlsServer]
) -> None:
    with serve(always(SP_111)) as server:

        def cancel() -> bool:
            client.cancel()
            return False

        with pytest.raises(ConsultationFailed) as failed:
            client.ask(CUSTOMER, at(server.url), given_up=cancel)
        assert failed.value.failure.kind is FailureKind.CANCELLED
        assert server.connections == 0
