"""Handshakes that no `openssl s_server` of today fails as old servers and firewalls do: written byte by byte."""

from __future__ import annotations

import socket
import ssl
import struct
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.documents import parse_cnpj
from app.domain import ConsultationFailed, Failure, FailureKind
from services.certificate import client_context
from services.demo.ca import DemoAuthority
from services.demo.example import made_up_cnpj
from services.pfx import open_pfx
from services.sefaz.client import SefazClient
from services.sefaz.endpoints import load_endpoints
from tests.services.tls_server import TlsServer, silent

BRANCH = "11222333000181"
CUSTOMER = parse_cnpj(made_up_cnpj("00000001"))
_LARGEST = 65536


@pytest.fixture(scope="module")
def server_context(authority: DemoAuthority) -> ssl.SSLContext:
    return authority.server_context()


@pytest.fixture(scope="module")
def client(authority: DemoAuthority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SefazClient]:
    pfx = authority.issue_pfx(BRANCH, "DISTRIBUIDORA DE TESTE LTDA", "segredo")
    certificate, password = open_pfx(pfx, "segredo", branch_id=1, branch_cnpj=BRANCH, now=datetime.now(UTC))
    trusted: Path = tmp_path_factory.mktemp("ca") / "raiz.pem"
    trusted.write_bytes(authority.ca_pem)
    client = SefazClient(client_context(certificate, password, trusted), connect_timeout=30.0, read_timeout=30.0)
    yield client
    client.close()


def failing(client: SefazClient, context: ssl.SSLContext, raw: Callable[[socket.socket], None]) -> Failure:
    with TlsServer(context, silent, raw=raw) as server, pytest.raises(ConsultationFailed) as failed:
        client.ask(CUSTOMER, replace(load_endpoints(None)["SP"], production=server.url))
    assert "{" not in failed.value.failure.sentence
    return failed.value.failure


def alert(number: int) -> bytes:
    """A fatal alert (RFC 5246 §7.2)."""
    return struct.pack(">BHHBB", 21, 0x0301, 2, 2, number)


def server_hello(version: int) -> bytes:
    """A ServerHello without extensions, so without RFC 5746 (RFC 5246 §7.4.1.3)."""
    body = struct.pack(">H", version) + bytes(32) + b"\0" + struct.pack(">HB", 0xC02F, 0)
    message = b"\x02" + len(body).to_bytes(3, "big") + body
    return struct.pack(">BHH", 22, version, len(message)) + message


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (alert(70), "versões antigas do TLS"),
        (server_hello(0x0301), "versões antigas do TLS"),
        (server_hello(0x0302), "versões antigas do TLS"),
        (server_hello(0x0303), "renegociação segura"),
        (alert(40), "nenhuma das cifras"),
        (alert(71), "nenhuma das cifras"),
    ],
    ids=["alert 70", "TLS 1.0", "TLS 1.1", "no RFC 5746", "alert 40", "alert 71"],
)
def test_encryption_of_another_time(
    client: SefazClient, server_context: ssl.SSLContext, reply: bytes, words: str
) -> None:
    def answer(plain: socket.socket) -> None:
        plain.recv(_LARGEST)
        plain.sendall(reply)
        plain.recv(_LARGEST)

    failure = failing(client, server_context, answer)
    assert failure.kind is FailureKind.ENCRYPTION
    assert words in failure.what
    assert "não foi a rede nem o certificado da filial" in failure.cause


@pytest.mark.parametrize("reset", [True, False])
def test_connection_cut_once_the_server_presented_itself(
    client: SefazClient, server_context: ssl.SSLContext, reset: bool
) -> None:
    """As MS does, but already in the handshake: the branch's certificate has gone, so it is what was refused."""

    def present_and_cut(plain: socket.socket) -> None:
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = server_context.wrap_bio(incoming, outgoing, server_side=True)
        incoming.write(plain.recv(_LARGEST))
        with pytest.raises(ssl.SSLWantReadError):
            tls.do_handshake()
        plain.sendall(outgoing.read())
        plain.recv(_LARGEST)
        if reset:
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    failure = failing(client, server_context, present_and_cut)
    assert failure.kind is FailureKind.CERTIFICATE
    assert "Não foi a rede" in failure.cause
