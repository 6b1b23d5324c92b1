"""The client against real `openssl s_server` processes, set up as the SEFAZs' servers were measured to be, and worse.

The measures are in `resources/sefaz_tls.toml`.
"""

from __future__ import annotations

import logging
import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from app.documents import parse_cnpj
from app.domain import Certificate, ConsultationFailed, Failure, FailureKind, Verdict
from services.certificate import client_context
from services.check_list import Outcome
from services.demo.ca import DemoAuthority
from services.demo.example import made_up_cnpj
from services.demo.memory_keyring import MemoryKeyring
from services.pfx import open_pfx
from services.sefaz import transport
from services.sefaz.client import SefazClient
from services.sefaz.diagnosis_report import Step
from services.sefaz.endpoints import load_endpoints, save_override
from tests.services.conftest import Place as Office
from tests.services.openssl_server import OpensslServer

BRANCH = "11222333000181"
CUSTOMER = parse_cnpj(made_up_cnpj("00000001"))
GO = "nfe.sefaz.go.gov.br"
FOUND = b"<retConsCad><infCons><cStat>259</cStat></infCons></retConsCad>"


def http(status: str, body: bytes, content_type: str = "application/soap+xml") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


ANSWER = http("200 OK", FOUND)

# Made with `openssl dhparam`: making them takes long.
DH_1024 = """-----BEGIN DH PARAMETERS-----
MIGHAoGBAKA8mvHjg8wSxBL7wohGpdeIo/tm5eRbQZFtnfaMeyvFuYZet4gzX2M2
79EYbd4NUBLE0npVrXo3sdRl3UlqQM75iecKj1/GSRngFs5RXb+G1odhTneV8/Mi
wzMbchvLOp0JZGXc6/uo2KjC/Oy0wpzyMBwf5D0z3VwU1IroqA0PAgEC
-----END DH PARAMETERS-----
"""


@dataclass
class Place:
    """The files of servers and clients, and what issues them."""

    folder: Path
    authority: DemoAuthority
    key: rsa.RSAPrivateKey
    certificate: Certificate
    password: str

    def written(self, name: str, *contents: bytes | str) -> Path:
        """A file with those contents."""
        file = self.folder / name
        file.write_bytes(b"".join(each.encode() if isinstance(each, str) else each for each in contents))
        return file

    def server_certificate(self, name: str, host: str = "localhost", **validity: datetime) -> Path:
        """The server's own certificate, alone."""
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        names = [x509.DNSName(host)]
        leaf = self.authority.sign(subject, self.key.public_key(), names, ExtendedKeyUsageOID.SERVER_AUTH, **validity)
        return self.written(name, leaf.public_bytes(Encoding.PEM))

    def presenting(self, certificate: Path | None = None, *, chain: bool = True) -> tuple[str | Path, ...]:
        """The options of a server which presents that certificate, with its intermediate or alone, over TLS 1.2."""
        sent = ("-cert_chain", self.folder / "intermediaria.pem") if chain else ()
        certificate = certificate or self.folder / "servidor.pem"
        return ("-tls1_2", "-cert", certificate, "-key", self.folder / "servidor.key.pem", *sent)

    def context(self, *trusted: bytes, **options: Any) -> ssl.SSLContext:
        """The branch's context, trusting these besides the authorities of every installation."""
        additional = self.written("adicionais.pem", *trusted)
        return client_context(self.certificate, self.password, additional, **options)


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Place:
    authority = DemoAuthority.create()
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pfx = authority.issue_pfx(BRANCH, "DISTRIBUIDORA DE TESTE LTDA", "segredo")
    certificate, password = open_pfx(pfx, "segredo", branch_id=1, branch_cnpj=BRANCH, now=datetime.now(UTC))
    place = Place(tmp_path_factory.mktemp("openssl"), authority, key, certificate, password)
    place.written("servidor.key.pem", key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    intermediate = authority.intermediate.public_bytes(Encoding.PEM)
    place.written("intermediaria.pem", intermediate)
    place.written("clientes.pem", authority.ca_pem, intermediate)
    place.server_certificate("servidor.pem")
    return place


@pytest.fixture(scope="module")
def strict(at: Place) -> ssl.SSLContext:
    return at.context(at.authority.ca_pem)


@pytest.fixture(scope="module")
def lenient(at: Place) -> ssl.SSLContext:
    return at.context(at.authority.ca_pem, security_level=1)


Open = Callable[..., SefazClient]


@pytest.fixture
def client_of() -> Iterator[Open]:
    """Makes clients, and closes them."""
    made: list[SefazClient] = []

    def make(*contexts: Any) -> SefazClient:
        made.append(SefazClient(*contexts, connect_timeout=30.0, read_timeout=30.0))
        return made[-1]

    yield make
    for client in made:
        client.close()


@pytest.fixture
def client(client_of: Open, strict: ssl.SSLContext, lenient: ssl.SSLContext) -> SefazClient:
    return client_of(strict, lambda: lenient)


def ask(client: SefazClient, url: str, **changes: Any) -> str:
    """The cStat of the answer."""
    return client.ask(CUSTOMER, replace(load_endpoints(None)["SP"], production=url, **changes)).c_stat


def failing(client: SefazClient, url: str, **changes: Any) -> Failure:
    with pytest.raises(ConsultationFailed) as failed:
        ask(client, url, **changes)
    failure = failed.value.failure
    assert failure.todo
    assert "{" not in failure.sentence
    assert failure.kind is not FailureKind.NETWORK
    return failure


def asking_for_certificate(at: Place) -> tuple[str | Path, ...]:
    return ("-Verify", "3", "-verify_return_error", "-CAfile", at.folder / "clientes.pem")


# --- as the SEFAZs are ---


def test_certificate_asked_in_the_handshake(at: Place, client: SefazClient) -> None:
    with OpensslServer(*at.presenting(), *asking_for_certificate(at), answer=ANSWER) as server:
        assert [ask(client, server.url) for _ in range(2)] == ["259", "259"]
    assert BRANCH.encode() in server.said
    assert server.queries == 2
    assert server.said.count(b"BEGIN SSL SESSION PARAMETERS") == 1


@pytest.mark.parametrize("cipher", ["ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-RSA-AES128-SHA256"])
def test_certificate_asked_by_renegotiation_after_the_query(at: Place, client: SefazClient, cipher: str) -> None:
    options = (*at.presenting(), "-CAfile", at.folder / "clientes.pem", "-verify_return_error", "-cipher", cipher)
    with OpensslServer(*options, answer=ANSWER, renegotiate=True) as server:
        assert [ask(client, server.url) for _ in range(2)] == ["259", "259"]
    before, _, after = server.said.partition(b"</soap-env:Envelope>")
    assert BRANCH.encode() not in before
    assert BRANCH.encode() in after


@pytest.mark.parametrize(
    "cipher",
    ["ECDHE-RSA-AES128-SHA256", "ECDHE-RSA-AES256-SHA384", "DHE-RSA-AES128-GCM-SHA256"],
    ids=["PR, CBC only", "BA, CBC only", "GO, DHE of 2048 bits only"],
)
def test_ciphers_as_measured(at: Place, client_of: Open, strict: ssl.SSLContext, cipher: str) -> None:
    options = (*at.presenting(), *asking_for_certificate(at), "-cipher", cipher)
    with OpensslServer(*options, answer=ANSWER) as server:
        assert ask(client_of(strict), server.url) == "259"
    assert f"CIPHER is {cipher}".encode() in server.said


def test_server_that_sends_only_its_own_certificate(at: Place, client: SefazClient, client_of: Open) -> None:
    whole = at.context(at.authority.ca_pem, (at.folder / "intermediaria.pem").read_bytes())
    with OpensslServer(*at.presenting(chain=False), answer=ANSWER) as server:
        failure = failing(client, server.url)
        assert failure.kind is FailureKind.TRUST
        assert "“AC Demonstração RFB G1”" in failure.cause
        assert "Autoridade que falta: AC Demonstração RFB G1" in failure.details
        assert "ac_adicionais.pem" in failure.todo
        assert server.queries == 0
        assert ask(client_of(whole), server.url) == "259"


# --- 1024-bit DH ---


def weak(at: Place, certificate: Path | None = None, *, asking: bool = True) -> tuple[str | Path, ...]:
    cipher = "DHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0"
    file = at.written("dh.pem", DH_1024)
    asked = asking_for_certificate(at) if asking else ()
    return (*at.presenting(certificate), *asked, "-dhparam", file, "-cipher", cipher)


def said_in(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]


@pytest.fixture(autouse=True)
def nothing_said() -> None:
    transport._say_lowered.cache_clear()


def test_short_dh_key_is_refused_where_nobody_allowed_it(
    at: Place, client: SefazClient, caplog: pytest.LogCaptureFixture
) -> None:
    with OpensslServer(*weak(at), answer=ANSWER) as server:
        failure = failing(client, server.url)
    assert failure.kind is FailureKind.ENCRYPTION
    assert "usa uma chave DH de 1024 bits" in failure.what
    assert "não foi a rede nem o certificado" in failure.cause
    assert "nivel_seguranca = 1" in failure.todo
    assert server.queries == 0
    assert said_in(caplog) == []


def test_short_dh_key_is_taken_where_the_administrator_allows_it(
    at: Place, client: SefazClient, caplog: pytest.LogCaptureFixture
) -> None:
    with OpensslServer(*weak(at), answer=ANSWER) as server:
        assert [ask(client, server.url, security_level=1) for _ in range(3)] == ["259"] * 3
        assert server.queries == 3
        assert server.said.count(b"BEGIN SSL SESSION PARAMETERS") == 1
    (said,) = said_in(caplog)
    assert "localhost usa uma chave DH de 1024 bits" in said
    assert BRANCH.encode() in server.said


def test_short_dh_key_is_taken_of_the_server_known_to_use_one(
    at: Place, client: SefazClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    resolve = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *rest, **named: resolve("127.0.0.1", *rest, **named))
    certificate = at.server_certificate("goias.pem", GO)
    with OpensslServer(*weak(at, certificate=certificate), answer=ANSWER) as server:
        url = f"https://{GO}:{urlsplit(server.url).port}/nfe/services/CadConsultaCadastro4"
        assert failing(client, url, security_level=2).kind is FailureKind.ENCRYPTION
        assert ask(client, url) == "259"
    assert len(said_in(caplog)) == 1


def test_short_dh_key_is_taken_once_the_administrators_file_says_so(at: Place, file_place: Office) -> None:
    file_place.folders.additional_ca_file.write_bytes(at.authority.ca_pem)
    customer = file_place.add(1)
    with OpensslServer(*weak(at, asking=False), answer=ANSWER) as server:
        save_override(file_place.folders.endpoints_file, "SP", {"producao": server.url})
        refused = file_place.consult(customer).finding.failure
        assert refused is not None
        assert refused.kind is FailureKind.ENCRYPTION
        save_override(file_place.folders.endpoints_file, "SP", {"nivel_seguranca": 1})
        assert file_place.consult(customer).finding.verdict is Verdict.NOT_TAXPAYER


def test_keyring_that_closes_in_the_middle_of_a_diagnosis_fails_that_uf_alone(
    at: Place, file_place: Office, memory_keyring: MemoryKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = file_place.folders
    folders.additional_ca_file.write_bytes(folders.additional_ca_file.read_bytes() + at.authority.ca_pem)
    opened: list[str] = []
    password = memory_keyring.get_password

    def once(service: str, username: str) -> str | None:
        opened.append(username)
        if len(opened) > 1:
            raise RuntimeError("locked")
        return password(service, username)

    monkeypatch.setattr(memory_keyring, "get_password", once)
    with OpensslServer(*weak(at, asking=False)) as server:
        save_override(folders.endpoints_file, "SP", {"producao": server.url, "nivel_seguranca": 1})
        diagnosis = file_place.backoffice.diagnosis(file_place.snapshot, consult=False)
        found = {one.uf: one for one in diagnosis.reports(("SP", "GO")) if one.finished}
    assert len(opened) == 2
    failed = found["SP"].failed
    assert failed is not None
    assert failed.step is Step.TLS
    assert failed.failure is not None
    assert failed.failure.kind is FailureKind.CERTIFICATE
    assert "cofre de senhas do sistema não está disponível" in failed.found
    assert found["SP"].steps[-1].found == "Depende do passo “TLS”, que falhou."
    assert found["GO"].outcome is Outcome.OK


def test_failure_of_the_second_try_tells_of_the_first(at: Place, client: SefazClient) -> None:
    with (
        OpensslServer(*weak(at), "-naccept", "1", answer=ANSWER) as server,
        pytest.raises(ConsultationFailed) as failed,
    ):
        ask(client, server.url, security_level=1)
    assert failed.value.failure.kind is FailureKind.NETWORK
    assert "Segunda tentativa, com nível de segurança 1" in failed.value.failure.details


def test_trust_is_the_same_on_the_second_try(at: Place, client_of: Open, strict: ssl.SSLContext) -> None:
    stranger = at.context(DemoAuthority.create().ca_pem, security_level=1)
    with OpensslServer(*weak(at), answer=ANSWER) as server:
        failure = failing(client_of(strict, lambda: stranger), server.url, security_level=1)
    assert failure.kind is FailureKind.TRUST
    assert "Segunda tentativa" in failure.details
    assert server.queries == 0


def test_cancelled_between_the_two_tries(at: Place, client_of: Open, strict: ssl.SSLContext) -> None:
    def cancelling() -> ssl.SSLContext:
        assert asking.cancel()
        return strict

    asking = client_of(strict, cancelling)
    with OpensslServer(*weak(at), answer=ANSWER) as server:
        assert failing(asking, server.url, security_level=1).kind is FailureKind.CANCELLED


# --- the certificate of the branch refused: never "no network" ---


@pytest.mark.parametrize(
    ("options", "alert"),
    [
        (("-verify_hostname", "outra.example"), "BAD_CERTIFICATE"),
        (("-purpose", "sslserver"), "UNSUPPORTED_CERTIFICATE"),
        (("-attime", str(int((datetime.now(UTC) + timedelta(days=800)).timestamp()))), "CERTIFICATE_EXPIRED"),
        (("-policy", "1.2.3.4", "-explicit_policy"), "CERTIFICATE_UNKNOWN"),
    ],
    ids=["42", "43", "45", "46"],
)
def test_alerts_that_refuse_the_certificate(
    at: Place, client: SefazClient, options: tuple[str, ...], alert: str
) -> None:
    with OpensslServer(*at.presenting(), *asking_for_certificate(at), *options, answer=ANSWER) as server:
        failure = failing(client, server.url)
    assert failure.kind is FailureKind.CERTIFICATE
    assert f"ALERT_{alert}”" in failure.cause
    assert "Não foi a rede" in failure.cause
    assert server.queries == 0


@pytest.mark.parametrize("renegotiate", [False, True])
def test_certificate_of_an_authority_unknown_to_the_server(at: Place, client: SefazClient, renegotiate: bool) -> None:
    others = at.written("outras.pem", DemoAuthority.create().ca_pem)
    asking = () if renegotiate else ("-Verify", "3")
    options = (*at.presenting(), *asking, "-verify_return_error", "-CAfile", others)
    with OpensslServer(*options, answer=ANSWER, renegotiate=renegotiate) as server:
        failure = failing(client, server.url)
    assert failure.kind is FailureKind.CERTIFICATE
    assert "ALERT_UNKNOWN_CA" in failure.cause
    assert server.queries == int(renegotiate)


def test_no_certificate_presented(at: Place, client_of: Open) -> None:
    nobody = ssl.create_default_context(cafile=str(at.folder / "clientes.pem"))
    nobody.maximum_version = ssl.TLSVersion.TLSv1_2
    with OpensslServer(*at.presenting(), *asking_for_certificate(at), answer=ANSWER) as server:
        failure = failing(client_of(nobody), server.url)
    assert failure.kind is FailureKind.CERTIFICATE
    assert "HANDSHAKE_FAILURE" in failure.cause  # alert 40, as MG's


def test_access_denied_page(at: Place, client: SefazClient) -> None:
    page = b"<html><head><title>403 - Forbidden</title></head><body></body></html>"
    with OpensslServer(*at.presenting(), answer=http("403 Forbidden", page, "text/html")) as server:
        failure = failing(client, server.url)
    assert failure.kind is FailureKind.CERTIFICATE
    assert "Não foi a rede" in failure.cause


def test_connection_cut_after_the_query(at: Place, client: SefazClient) -> None:
    with OpensslServer(*at.presenting(), *asking_for_certificate(at)) as server:
        failure = failing(client, server.url)
    assert failure.kind is FailureKind.CERTIFICATE
    assert "cortou a conexão" in failure.what
    assert "Não foi a rede" in failure.cause


# --- the server is not to be trusted, or cannot be talked to ---


def test_server_of_an_unknown_root(at: Place, client_of: Open) -> None:
    stranger = client_of(at.context(DemoAuthority.create().ca_pem))
    with OpensslServer(*at.presenting(), answer=ANSWER) as server:
        failure = failing(stranger, server.url)
    assert failure.kind is FailureKind.TRUST
    # Both roots have the same name, and one of them is trusted: its signature is what does not match.
    assert server.queries == 0


def test_server_whose_root_was_never_heard_of(at: Place, client_of: Open) -> None:
    alone = client_of(client_context(at.certificate, at.password, None))
    sent = at.written("cadeia.pem", (at.folder / "intermediaria.pem").read_bytes(), at.authority.ca_pem)
    presenting = at.presenting(chain=False)
    for options in (at.presenting(), (*presenting, "-cert_chain", sent)):
        with OpensslServer(*options, answer=ANSWER) as server:
            failure = failing(alone, server.url)
        assert failure.kind is FailureKind.TRUST
        assert "“AC Raiz Demonstração v1”" in failure.cause
        assert "Autoridade que falta: AC Raiz Demonstração v1" in failure.details


def test_expired_server(at: Place, client: SefazClient) -> None:
    expired = at.server_certificate("vencido.pem", not_after=datetime.now(UTC) - timedelta(days=1))
    with OpensslServer(*at.presenting(expired), answer=ANSWER) as server:
        failure = failing(client, server.url)
    assert failure.kind is FailureKind.TRUST
    assert "vencido" in failure.cause
    assert "data e a hora deste computador" in failure.todo


def test_server_without_a_cipher_in_common(at: Place, client: SefazClient) -> None:
    with OpensslServer(*at.presenting(), "-cipher", "AES128-SHA", answer=ANSWER) as server:
        failure = failing(client, server.url)
    assert failure.kind is FailureKind.ENCRYPTION
    assert "nenhuma das cifras" in failure.what
    assert "não foi a rede nem o certificado" in failure.cause
