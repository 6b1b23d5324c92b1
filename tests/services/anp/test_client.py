"""The ANP client over real sockets and real TLS: what it sends, what it returns and how it fails."""

from __future__ import annotations

import gzip
import os
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from app.domain import AnpOutcome, ConsultationFailed, FailureKind
from app.folders import Folders
from app.policies import AnpKind
from app.version import VERSION
from services.anp.answer import MAX_BODY
from services.anp.client import AnpClient
from services.anp.transport import MAX_REDIRECTS
from services.demo.ca import DemoAuthority
from services.demo.loopback import Ending, LoopbackServer, Reply, Request
from tests.services.anp.bodies import CNPJ, envelope, feature, features, page, row
from tests.services.tls_server import Connection, Script, TlsServer, always, dripping, endless, silent

Serve = Callable[[Script], TlsServer]


@pytest.fixture
def client(folders: Folders) -> Iterator[AnpClient]:
    client = AnpClient(folders)
    yield client
    client.close()


def raw(data: bytes) -> Script:
    """Those bytes, then the end of the connection."""

    def script(connection: Connection, number: int) -> None:
        connection.request()
        connection.tls.sendall(data)

    return script


def failing(client: AnpClient, address: str) -> ConsultationFailed:
    with pytest.raises(ConsultationFailed) as failed:
        client.ask(CNPJ, AnpKind.AUTOMOTIVE, address)
    failure = failed.value.failure
    assert failure.what
    assert "SEFAZ" not in failure.sentence
    assert "UF" not in failure.sentence
    return failed.value


@pytest.fixture
def anp(server_context: ssl.SSLContext) -> Iterator[tuple[str, list[Request], dict[str, Reply]]]:
    """The address of a server, the requests that it got, and what it answers by path."""
    seen: list[Request] = []
    replies: dict[str, Reply] = {}

    def handle(request: Request) -> Reply:
        seen.append(request)
        path = request.path.partition("?")[0]
        return replies.get(path, Reply(envelope(row()), content_type="application/json; charset=utf-8"))

    server = LoopbackServer(server_context, handle)
    server.start()
    yield f"https://localhost:{server.port}", seen, replies
    server.stop()


def test_what_is_sent_and_what_is_kept_of_it(
    client: AnpClient, anp: tuple[str, list[Request], dict[str, Reply]]
) -> None:
    address, seen, _ = anp
    answer = client.ask(CNPJ, AnpKind.AUTOMOTIVE, f"{address}/v1/combustivel")
    assert answer.outcome is AnpOutcome.UPDATED
    assert answer.registration is not None
    assert answer.registration.brand == "VIBRA"
    assert answer.response == envelope(row())
    host = address.removeprefix("https://")
    assert answer.request.decode().split("\r\n") == [
        f"GET {address}/v1/combustivel?cnpj={CNPJ} HTTP/1.1",
        f"Host: {host}",
        f"User-Agent: Retaguarda/{VERSION}",
        "Accept: application/json, text/html;q=0.9",
        "Accept-Encoding: gzip",
        "",
        "",
    ]
    (request,) = seen
    assert (request.method, request.path, request.body) == ("GET", f"/v1/combustivel?cnpj={CNPJ}", b"")
    assert request.headers["user-agent"] == f"Retaguarda/{VERSION}"
    assert request.headers["accept"].startswith("application/json")
    assert not request.certified


def test_each_register_at_its_address_over_one_connection(
    client: AnpClient, serve: Serve, server_context: ssl.SSLContext
) -> None:
    asked: list[bytes] = []

    def script(connection: Connection, number: int) -> None:
        while head := connection.request():
            asked.append(head.split(b" ")[1])
            connection.answer(envelope())

    with serve(script) as server:
        for kind in (AnpKind.AUTOMOTIVE, AnpKind.GLP, AnpKind.AUTOMOTIVE):
            answer = client.ask(CNPJ, kind, f"https://localhost:{server.port}/v1/combustivel")
            assert answer.outcome is AnpOutcome.NOT_FOUND
        assert server.connections == 1
    query = f"?cnpj={CNPJ}".encode()
    assert asked == [b"/v1/combustivel" + query, b"/v1/glp" + query, b"/v1/combustivel" + query]


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        (envelope(), AnpOutcome.NOT_FOUND),
        (features(feature("REVOGADA")), AnpOutcome.REVOKED),
        (page("Posto em processo de revogação"), AnpOutcome.REVOCATION),
    ],
)
def test_the_form_is_told_by_the_content_and_not_by_its_type(
    client: AnpClient, serve: Serve, body: bytes, outcome: AnpOutcome
) -> None:
    with serve(always(body)) as server:  # as application/soap+xml, which it is not
        assert client.ask(CNPJ, AnpKind.AUTOMOTIVE, server.url).outcome is outcome


def packed(data: bytes, *, cut: int = 0, headers: bytes = b"") -> bytes:
    whole = gzip.compress(data)
    sent = whole[: len(whole) - cut]
    length = f"Content-Length: {len(sent)}\r\n".encode()
    return b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n" + headers + length + b"\r\n" + sent


def test_compressed_chunked_and_unmeasured_answers(client: AnpClient, serve: Serve) -> None:
    body = envelope(row())
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    for data in (packed(body), chunked, b"HTTP/1.0 200 OK\r\n\r\n" + body):
        with serve(raw(data)) as server:
            answer = client.ask(CNPJ, AnpKind.AUTOMOTIVE, server.url)
        assert (answer.outcome, answer.response) == (AnpOutcome.UPDATED, body)


@pytest.mark.parametrize(
    "data",
    [
        packed(envelope(), cut=4),
        packed(envelope(), cut=12),
        packed(b"0" * (MAX_BODY * 20)),
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnada",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: %d\r\n\r\n%s" % (len(envelope()), envelope()),
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n" + envelope()[:-1],
    ],
    ids=["sum", "cut", "bomb", "not gzip", "brotli", "empty", "unmeasured"],
)
def test_bodies_that_cannot_be_read(client: AnpClient, serve: Serve, data: bytes) -> None:
    with serve(raw(data)) as server:
        failed = failing(client, server.url)
    assert failed.failure.kind is FailureKind.INVALID_RESPONSE
    assert len(failed.response) <= MAX_BODY + 1
    assert failed.request.startswith(b"GET https://localhost")


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(envelope()) + 1, envelope()),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n" % (len(envelope()), envelope()),
    ],
)
def test_an_answer_cut_short_is_no_answer(client: AnpClient, serve: Serve, data: bytes) -> None:
    with serve(raw(data)) as server:
        failed = failing(client, server.url)
    assert failed.failure.kind is FailureKind.NETWORK
    assert "meio da resposta" in failed.failure.what


@pytest.mark.parametrize(
    ("ending", "kind"),
    [(Ending.CUT, FailureKind.NETWORK), (Ending.RESET, FailureKind.NETWORK), (Ending.HANG, FailureKind.TIMEOUT)],
)
def test_a_server_that_misbehaves(
    folders: Folders, anp: tuple[str, list[Request], dict[str, Reply]], ending: Ending, kind: FailureKind
) -> None:
    address, _, replies = anp
    replies["/x"] = Reply(envelope(), content_type="application/json", ending=ending)
    client = AnpClient(folders, read_timeout=0.3)
    assert failing(client, f"{address}/x").failure.kind is kind
    client.close()


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (403, FailureKind.HTTP),
        (404, FailureKind.HTTP),
        (429, FailureKind.THROTTLED),
        (500, FailureKind.HTTP),
        (503, FailureKind.UNAVAILABLE),
    ],
)
def test_a_refusal_keeps_the_page_as_evidence(
    client: AnpClient, anp: tuple[str, list[Request], dict[str, Reply]], status: int, kind: FailureKind
) -> None:
    address, _, replies = anp
    body = "<html><title>Manutenção</title></html>".encode("cp1252")
    replies["/x"] = Reply(body, status, "text/html")
    failed = failing(client, f"{address}/x")
    assert (failed.failure.kind, failed.response) == (kind, body)
    assert "Manutenção" in failed.failure.details
    assert f"cnpj={CNPJ}".encode() in failed.request


@pytest.mark.parametrize(("status", "kind"), [(429, FailureKind.THROTTLED), (503, FailureKind.UNAVAILABLE)])
def test_the_pause_asked_for_in_seconds_and_as_a_date(
    client: AnpClient, anp: tuple[str, list[Request], dict[str, Reply]], status: int, kind: FailureKind
) -> None:
    address, _, replies = anp
    replies["/s"] = Reply(b"{}", status, headers=(("Retry-After", "300"),))
    failed = failing(client, f"{address}/s")
    assert (failed.failure.kind, failed.retry_after_s) == (kind, 300.0)
    until = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    replies["/d"] = Reply(b"{}", status, headers=(("Retry-After", until),))
    waited = failing(client, f"{address}/d").retry_after_s
    assert waited == pytest.approx(3600, abs=30)


def test_a_redirect_inside_the_server_is_followed(
    client: AnpClient, anp: tuple[str, list[Request], dict[str, Reply]]
) -> None:
    address, seen, replies = anp
    replies["/velho"] = Reply(b"", 301, headers=(("Location", f"/novo?cnpj={CNPJ}"),))
    answer = client.ask(CNPJ, AnpKind.AUTOMOTIVE, f"{address}/velho")
    assert answer.outcome is AnpOutcome.UPDATED
    assert [request.path for request in seen] == [f"/velho?cnpj={CNPJ}", f"/novo?cnpj={CNPJ}"]
    assert answer.request.count(b"GET ") == 2


@pytest.mark.parametrize(
    "location",
    [
        "https://outro.exemplo.br/",
        "http://localhost/",
        "https://localhost:1/",
        "https://127.0.0.1/",
        "https://maria@localhost:{port}/",
        "https://[",
        "",
        "/x",
    ],
)
def test_any_other_redirect_is_a_failure(
    client: AnpClient, anp: tuple[str, list[Request], dict[str, Reply]], location: str
) -> None:
    address, seen, replies = anp
    told = location.format(port=address.rpartition(":")[2])
    replies["/x"] = Reply(b"", 302, headers=(("Location", told),) if told else ())
    failed = failing(client, f"{address}/x")
    assert failed.failure.kind in (FailureKind.HTTP, FailureKind.CONFIGURATION)
    assert len(seen) == (1 + MAX_REDIRECTS if location == "/x" else 1)


def test_a_server_that_cannot_be_trusted(authority: DemoAuthority, client: AnpClient) -> None:
    now = datetime.now(UTC)
    cases = {
        "ac_adicionais.pem": DemoAuthority.create().server_context(require_client=False),
        "outro nome": authority.server_context(hosts=("anp.example",), require_client=False),
        "vencido": authority.server_context(
            require_client=False, not_before=now - timedelta(days=9), not_after=now - timedelta(days=1)
        ),
    }
    for words, context in cases.items():
        with TlsServer(context, always(envelope())) as server:
            failed = failing(client, server.url)
        assert failed.failure.kind is FailureKind.TRUST
        assert words in failed.failure.sentence


def test_the_file_of_authorities_counts_as_soon_as_it_changes(
    client: AnpClient, folders: Folders, authority: DemoAuthority, serve: Serve
) -> None:
    file = folders.additional_ca_file
    with serve(always(envelope())) as server:
        file.unlink()
        assert failing(client, server.url).failure.kind is FailureKind.TRUST
        file.write_text("nada")
        failure = failing(client, server.url).failure
        assert failure.kind is FailureKind.CONFIGURATION
        assert str(file) in failure.what
        file.write_bytes(authority.ca_pem)
        assert client.ask(CNPJ, AnpKind.AUTOMOTIVE, server.url).outcome is AnpOutcome.NOT_FOUND
        file.write_bytes(DemoAuthority.create().ca_pem)
        os.utime(file, ns=(1, 1))
        assert failing(client, server.url).failure.kind is FailureKind.TRUST


def test_a_broken_table_of_wordings_is_told_before_anything_is_asked(
    client: AnpClient, folders: Folders, serve: Serve
) -> None:
    with serve(always(features(feature("EM DILIGÊNCIA")))) as server:
        folders.anp_wordings_file.write_text('"Em diligência" = "bloqueia"', "utf-8")
        failed = failing(client, server.url)
        assert failed.failure.kind is FailureKind.CONFIGURATION
        assert "anp_situacoes.toml" in failed.failure.what
        assert server.connections == 0
        folders.anp_wordings_file.write_text('"Em diligência" = "candidato"', "utf-8")
        assert client.ask(CNPJ, AnpKind.AUTOMOTIVE, server.url).outcome is AnpOutcome.CANDIDATE


@pytest.mark.parametrize("address", ["http://localhost/x", "https://a..b/", "https://\u00ad/", "x"])
def test_an_address_that_cannot_be_used(client: AnpClient, address: str) -> None:
    failed = failing(client, address)
    assert failed.failure.kind in (FailureKind.CONFIGURATION, FailureKind.NETWORK)
    assert failed.request == b"" or address.startswith("https")


def test_refused_unknown_host_and_not_http(client: AnpClient, serve: Serve) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # and listens to nobody
        port = closed.getsockname()[1]
        assert failing(client, f"https://localhost:{port}/x").failure.kind is FailureKind.NETWORK
    unknown = failing(client, "https://anp.invalid/x").failure
    assert unknown.kind is FailureKind.NETWORK
    assert "anp.invalid" in unknown.what
    with serve(raw(b"220 smtp.example ESMTP\r\n\r\n")) as server:
        assert failing(client, server.url).failure.kind is FailureKind.HTTP


def test_connection_cut_in_the_handshake_and_not_tls(client: AnpClient, server_context: ssl.SSLContext) -> None:
    for reply in (b"", b"HTTP/1.1 400 Bad Request\r\n\r\n"):

        def cut(plain: socket.socket, reply: bytes = reply) -> None:
            plain.recv(1000)
            plain.sendall(reply)

        with TlsServer(server_context, always(envelope()), raw=cut) as server:
            assert failing(client, server.url).failure.kind is FailureKind.NETWORK


@pytest.mark.parametrize("script", [silent, dripping])
def test_slow_server(folders: Folders, serve: Serve, script: Script) -> None:
    client = AnpClient(folders, read_timeout=0.3)
    with serve(script) as server:
        begin = time.monotonic()
        assert failing(client, server.url).failure.kind is FailureKind.TIMEOUT
        assert time.monotonic() - begin < 8.0
    client.close()


def test_endless_answer_is_not_read_to_the_end(client: AnpClient, serve: Serve) -> None:
    with serve(endless) as server:
        assert "5 MB" in failing(client, server.url).failure.what


@pytest.mark.parametrize("where", ["answer", "body", "handshake"])
def test_cancel_from_another_thread_interrupts_at_once(
    folders: Folders, server_context: ssl.SSLContext, where: str
) -> None:
    waiting = threading.Event()

    def script(connection: Connection, number: int) -> None:
        connection.request()
        if where == "body":
            connection.answer(b'{"status":', length=1000)
        waiting.set()
        connection.tls.recv(1)

    def hang(plain: socket.socket) -> None:
        waiting.set()
        while plain.recv(1000):
            pass

    client = AnpClient(folders)
    failed: list[ConsultationFailed] = []

    def ask() -> None:
        with pytest.raises(ConsultationFailed) as error:
            client.ask(CNPJ, AnpKind.AUTOMOTIVE, server.url)
        failed.append(error.value)
        client.close()

    with TlsServer(server_context, script, raw=hang if where == "handshake" else None) as server:
        assert not client.cancel()
        thread = threading.Thread(target=ask)
        thread.start()
        assert waiting.wait(10)
        begin = time.monotonic()
        assert client.cancel()
        thread.join(5)
        assert time.monotonic() - begin < 4.0
        assert not thread.is_alive()
    assert failed[0].failure.kind is FailureKind.CANCELLED
    assert not client.cancel()


def test_after_a_cancel_the_client_asks_again(client: AnpClient, serve: Serve) -> None:
    def script(connection: Connection, number: int) -> None:
        while connection.request():
            if number == 1:
                client.cancel()
                connection.tls.recv(1)
                return
            connection.answer(envelope())

    with serve(script) as server:
        assert failing(client, server.url).failure.kind is FailureKind.CANCELLED
        assert client.ask(CNPJ, AnpKind.AUTOMOTIVE, server.url).outcome is AnpOutcome.NOT_FOUND


def test_given_up_before_anything_is_connected(client: AnpClient, serve: Serve) -> None:
    def cancel() -> bool:
        return client.cancel() and False

    with serve(always(envelope())) as server:
        for given_up in (cancel, lambda: True):
            with pytest.raises(ConsultationFailed) as failed:
                client.ask(CNPJ, AnpKind.AUTOMOTIVE, server.url, given_up=given_up)
            assert failed.value.failure.kind is FailureKind.CANCELLED
        assert server.connections == 0


def test_a_connection_closed_while_idle_is_replaced(client: AnpClient, serve: Serve) -> None:
    def script(connection: Connection, number: int) -> None:
        connection.request()
        connection.answer(envelope())
        if number == 1:
            connection.request()
            connection.reset()

    with serve(script) as server:
        for _ in range(3):
            assert client.ask(CNPJ, AnpKind.AUTOMOTIVE, server.url).outcome is AnpOutcome.NOT_FOUND
        assert server.connections == 3
