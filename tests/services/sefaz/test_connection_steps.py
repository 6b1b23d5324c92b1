"""The steps as far as TLS, against real sockets and real `openssl s_server` processes."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from app.domain import Certificate, Failure, FailureKind
from services.certificate import client_context
from services.check_list import Outcome, StepReport
from services.demo.ca import DemoAuthority
from services.proxy import NoWayOut, Proxy, ProxySource, ProxyTo, basic, straight
from services.sefaz import connection_steps
from services.sefaz.connection_steps import Connector
from services.sefaz.diagnosis_report import Step
from services.sefaz.endpoints import Endpoint, load_endpoints
from services.sefaz.tls_profile import CertificateRequest, TlsProfile, tls_profile
from services.tls_socket import ClientContext
from services.waited_socket import GivenUp
from tests.services.openssl_server import OpensslServer
from tests.services.proxy_server import ProxyServer
from tests.services.sefaz.test_openssl import DH_1024

ALL = [Step.NAME, Step.CONNECTION, Step.TLS, Step.REQUEST]


@dataclass(frozen=True)
class Bench:
    """The files of a server, and the branch that connects to it."""

    folder: Path
    authority: DemoAuthority
    key: rsa.RSAPrivateKey
    certificate: Certificate
    password: str

    def written(self, name: str, content: bytes | str) -> Path:
        file = self.folder / name
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return file

    def options(
        self, host: str = "localhost", *extra: str | Path, chain: bool = True, **validity: datetime
    ) -> tuple[str | Path, ...]:
        """A server with a certificate for that host, over TLS 1.2."""
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        names = [x509.DNSName(host)]
        leaf = self.authority.sign(subject, self.key.public_key(), names, ExtendedKeyUsageOID.SERVER_AUTH, **validity)
        own = self.written("servidor.pem", leaf.public_bytes(Encoding.PEM))
        sent = ("-cert_chain", self.folder / "intermediaria.pem") if chain else ()
        return ("-tls1_2", "-cert", own, "-key", self.folder / "chave.pem", *sent, *extra)

    def connector(
        self,
        trusted: bytes,
        *,
        system: tuple[bytes, ...] = (),
        given_up: Callable[[], bool] = lambda: False,
        timeout_s: float = 10,
        proxy_to: ProxyTo = straight,
    ) -> Connector:
        additional = self.written("adicionais.pem", trusted)

        def context(level: int) -> ClientContext:
            return client_context(self.certificate, self.password, additional, system, security_level=level)

        return Connector(self.certificate, context(2), lambda: context(1), timeout_s, given_up, proxy_to)

    def steps(
        self,
        url: str,
        *,
        trusted: bytes | None = None,
        system: tuple[bytes, ...] = (),
        proxy_to: ProxyTo = straight,
        **changes: Any,
    ) -> list[StepReport]:
        own = self.authority.ca_pem if trusted is None else trusted
        connector = self.connector(own, system=system, proxy_to=proxy_to)
        return list(connector.steps(at(url, **changes)))


def at(url: str, **changes: Any) -> Endpoint:
    return replace(load_endpoints(None)["SP"], production=url, **changes)


@pytest.fixture(scope="module")
def bench(
    tmp_path_factory: pytest.TempPathFactory, authority: DemoAuthority, opened_pfx: tuple[Certificate, str]
) -> Bench:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    made = Bench(tmp_path_factory.mktemp("servidor"), authority, key, *opened_pfx)
    made.written("chave.pem", key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    intermediate = authority.intermediate.public_bytes(Encoding.PEM)
    made.written("intermediaria.pem", intermediate)
    made.written("aceitas.pem", authority.ca_pem + intermediate)
    return made


@contextmanager
def listening(serve: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that does that with its one connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(20)

        def accept() -> None:
            connection, _ = listener.accept()
            with connection:
                serve(connection)

        thread = threading.Thread(target=accept, name="servidor-de-teste")
        thread.start()
        yield f"https://localhost:{listener.getsockname()[1]}/ws"
        thread.join()


def silent(connection: socket.socket) -> None:
    """Read until the client leaves, and answer nothing."""
    while connection.recv(4096):
        pass


def failure(steps: list[StepReport], step: Step) -> Failure:
    """The explanation of the last step, which is that one and failed."""
    last = steps[-1]
    assert (last.step, last.outcome) == (step, Outcome.FAILED)
    assert last.failure is not None
    assert last.failure.what and last.failure.todo
    return last.failure


def facts(steps: list[StepReport], step: Step) -> dict[str, str]:
    return dict(next(one for one in steps if one.step is step).facts)


def test_a_name_that_does_not_exist(bench: Bench) -> None:
    steps = bench.steps("https://nada.invalid/ws")
    assert failure(steps, Step.NAME).kind is FailureKind.NETWORK
    assert len(steps) == 1


def test_a_port_where_nobody_listens(bench: Bench) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        steps = bench.steps(f"https://localhost:{closed.getsockname()[1]}/ws")
    assert failure(steps, Step.CONNECTION).kind is FailureKind.NETWORK


def test_a_server_that_accepts_and_says_nothing(bench: Bench) -> None:
    with listening(silent) as url:
        connector = bench.connector(bench.authority.ca_pem, timeout_s=1.5)
        steps = list(connector.steps(at(url)))
    assert failure(steps, Step.TLS).kind is FailureKind.TIMEOUT


def test_giving_up_is_prompt(bench: Bench) -> None:
    asked = threading.Event()

    def hear(connection: socket.socket) -> None:
        connection.recv(4096)
        asked.set()
        silent(connection)

    with listening(hear) as url:
        connector = bench.connector(bench.authority.ca_pem, given_up=asked.is_set, timeout_s=60)
        started = time.monotonic()
        with pytest.raises(GivenUp):
            list(connector.steps(at(url)))
    assert time.monotonic() - started < 10


def test_something_that_is_not_tls(bench: Bench) -> None:
    def speak_http(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        silent(connection)

    with listening(speak_http) as url:
        steps = bench.steps(url)
    assert failure(steps, Step.TLS).kind is FailureKind.NETWORK
    assert facts(steps, Step.TLS) == {}


def test_all_that_a_server_shows_is_told(bench: Bench) -> None:
    options = bench.options("localhost", "-Verify", "2", "-CAfile", bench.folder / "aceitas.pem")
    with OpensslServer(*options) as server:
        steps = bench.steps(server.url)
    assert [(one.step, one.outcome) for one in steps] == [(step, Outcome.OK) for step in ALL]
    shown = facts(steps, Step.TLS)
    assert (shown["Versão"], shown["Cifra"]) == ("TLS 1.2", "ECDHE-RSA-AES256-GCM-SHA384")
    assert shown["Certificado 1 de 2"].startswith("localhost, emitido por AC Demonstração RFB G1; de ")
    assert "SHA-256" in shown["Certificado 2 de 2"]
    assert "AC Raiz Demonstração v1 está na lista de 2 autoridades" in steps[-1].found
    assert facts(steps, Step.REQUEST) == {"Autoridades aceitas": "AC Raiz Demonstração v1, AC Demonstração RFB G1"}


def test_a_root_that_the_server_does_not_list_is_a_warning(bench: Bench) -> None:
    other = bench.written(
        "outra.pem",
        DemoAuthority.create()
        .sign(
            x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Autoridade Certificadora Raiz Brasileira v10")]),
            bench.key.public_key(),
            [],
            ExtendedKeyUsageOID.CLIENT_AUTH,
        )
        .public_bytes(Encoding.PEM),
    )
    # Without -verify_return_error it lists that authority, and takes any other's certificates too.
    with OpensslServer(*bench.options("localhost", "-Verify", "2", "-CAfile", other)) as server:
        steps = bench.steps(server.url)
    assert [one.outcome for one in steps] == [Outcome.OK, Outcome.OK, Outcome.OK, Outcome.WARNING]
    assert (
        "A raiz do certificado da filial (AC Raiz Demonstração v1) não está na lista de 1 autoridade" in steps[-1].found
    )
    assert facts(steps, Step.REQUEST) == {"Autoridades aceitas": "Autoridade Certificadora Raiz Brasileira v10"}


def test_a_server_that_refuses_the_certificate_is_trusted_all_the_same(bench: Bench) -> None:
    strangers = bench.written("estranhos.pem", DemoAuthority.create().ca_pem)
    options = bench.options("localhost", "-Verify", "2", "-verify_return_error", "-CAfile", strangers)
    with OpensslServer(*options) as server:
        steps = bench.steps(server.url)
    assert steps[2].outcome is Outcome.OK
    assert failure(steps, Step.REQUEST).kind is FailureKind.CERTIFICATE


@pytest.mark.parametrize("chain", [True, False])
def test_the_issuer_that_is_missing_is_named_and_the_chain_shown(bench: Bench, chain: bool) -> None:
    with OpensslServer(*bench.options(chain=chain)) as server:
        steps = bench.steps(server.url, trusted=DemoAuthority.create().ca_pem)
    said = failure(steps, Step.TLS)
    assert said.kind is FailureKind.TRUST
    assert f"“{'AC Raiz Demonstração v1' if chain else 'AC Demonstração RFB G1'}”" in said.cause
    shown = facts(steps, Step.TLS)
    assert f"Certificado 1 de {2 if chain else 1}" in shown
    assert shown["Versão"] == "TLS 1.2"


def test_an_expired_server_and_one_of_another_name(bench: Bench) -> None:
    now = datetime.now(UTC)
    month_ago, yesterday = now - timedelta(days=30), now - timedelta(days=1)
    with OpensslServer(*bench.options(not_before=month_ago, not_after=yesterday)) as server:
        said = failure(bench.steps(server.url), Step.TLS)
    assert said.kind is FailureKind.TRUST
    assert "“localhost” venceu em" in said.cause
    with OpensslServer(*bench.options("outro.example")) as server:
        said = failure(bench.steps(server.url), Step.TLS)
    assert "é de outro nome: outro.example" in said.cause


def test_a_certificate_near_its_end_is_a_warning(bench: Bench) -> None:
    soon = datetime.now(UTC) + timedelta(days=3)
    with OpensslServer(*bench.options(not_after=soon)) as server:
        steps = bench.steps(server.url)
    assert steps[2].outcome is Outcome.WARNING
    assert "a SEFAZ precisa trocá-lo" in steps[2].found


@pytest.mark.parametrize("level", [2, 1])
def test_a_weak_dh_key_is_measured_and_taken_only_where_allowed(bench: Bench, level: int) -> None:
    weak = bench.written("dh.pem", DH_1024)
    options = bench.options("localhost", "-cipher", "DHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0", "-dhparam", weak)
    with OpensslServer(*options) as server:
        steps = bench.steps(server.url, security_level=level)
    assert facts(steps, Step.TLS)["Troca de chaves"] == "Diffie-Hellman de 1024 bits"
    if level == 2:
        assert failure(steps, Step.TLS).kind is FailureKind.ENCRYPTION
    else:
        assert [one.outcome for one in steps[2:]] == [Outcome.WARNING, Outcome.OK]
        assert "Diffie-Hellman de 1024 bits" in steps[2].found


@pytest.mark.parametrize("request_of", [*CertificateRequest, None])
def test_a_server_that_does_not_ask_at_first(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, request_of: CertificateRequest | None
) -> None:
    known = tls_profile("nfe.fazenda.sp.gov.br")
    assert known is not None

    def profile(_host: str) -> TlsProfile | None:
        return None if request_of is None else replace(known, asks_certificate=request_of)

    monkeypatch.setattr(connection_steps, "tls_profile", profile)
    with OpensslServer(*bench.options()) as server:
        steps = bench.steps(server.url)
    usual = request_of in (None, CertificateRequest.RENEGOTIATION)
    assert steps[-1].outcome is (Outcome.OK if usual else Outcome.WARNING)
    assert steps[-1].found.startswith("Não foi pedido no início da conexão")
    assert ("Já conhecido" in facts(steps, Step.TLS)) is (request_of is not None)


def test_through_a_proxy_as_the_consultations_go(bench: Bench) -> None:
    with OpensslServer(*bench.options("nfe.teste")) as server, ProxyServer(login=("maria", "senha")) as proxy:
        way = Proxy("127.0.0.1", proxy.port, ProxySource.SETTINGS, basic("maria", "senha"))
        steps = bench.steps(server.url.replace("localhost", "nfe.teste"), proxy_to=lambda host: way)
    assert [one.outcome for one in steps] == [Outcome.OK] * 4
    assert f"passam pelo proxy 127.0.0.1:{proxy.port}, e é ele que encontra nfe.teste" in steps[0].found
    assert facts(steps, Step.NAME)["Proxy"] == way.address + "; o endereço vem das configurações deste computador"
    assert proxy.asked[0].startswith(b"CONNECT nfe.teste:")
    told = [text for one in steps for text in (one.found, *(value for _, value in one.facts))]
    assert not any("senha" in text or way.authorization in text for text in told)


def test_without_a_proxy_it_is_told(bench: Bench) -> None:
    with OpensslServer(*bench.options()) as server:
        steps = bench.steps(server.url)
    assert facts(steps, Step.NAME)["Proxy"] == "nenhum"
    assert facts(steps, Step.TLS)["Autoridades"].endswith("as do sistema não")


@pytest.mark.parametrize(
    ("answer", "what"),
    [
        (b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "pediu usuário e senha"),
        (b"HTTP/1.1 407 Auth\r\nProxy-Authenticate: NTLM\r\n\r\n", "identificação que este programa não faz"),
        (b"HTTP/1.1 403 Forbidden\r\n\r\n", "não deixou chegar a nfe.teste"),
        (b"nonsense\r\n\r\n", "não respondeu como um proxy"),
        (b"", "não respondeu como um proxy"),
    ],
)
def test_a_proxy_that_refuses(bench: Bench, answer: bytes, what: str) -> None:
    with ProxyServer(refusal=answer) as proxy:
        way = Proxy("127.0.0.1", proxy.port, ProxySource.ENVIRONMENT)
        steps = bench.steps("https://nfe.teste/ws", proxy_to=lambda host: way)
    said = failure(steps, Step.CONNECTION)
    assert said.kind is FailureKind.NETWORK
    assert said.what.startswith("O proxy 127.0.0.1:")
    assert what in said.what


def test_a_proxy_that_is_not_there(bench: Bench) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        way = Proxy("127.0.0.1", listener.getsockname()[1], ProxySource.WINDOWS)
    said = failure(bench.steps("https://nfe.teste/ws", proxy_to=lambda host: way), Step.CONNECTION)
    assert said.what == f"O proxy {way.address} não aceitou a conexão."
    assert "das configurações de rede do Windows" in said.cause
    unknown = Proxy("proxy.teste", 3128, ProxySource.WINDOWS)
    said = failure(bench.steps("https://nfe.teste/ws", proxy_to=lambda host: unknown), Step.NAME)
    assert said.what == "O nome do proxy, proxy.teste, não foi encontrado."


def test_settings_that_tell_no_way_out_end_it(bench: Bench) -> None:
    def nowhere(host: str) -> None:
        raise NoWayOut(Failure(FailureKind.CONFIGURATION, "Falta o proxy.", "", "Informe-o."))

    assert failure(bench.steps("https://nfe.teste/ws", proxy_to=nowhere), Step.NAME).what == "Falta o proxy."


def test_an_authority_that_only_the_system_knows_is_believed_when_it_may_and_is_told(bench: Bench) -> None:
    system = (ssl.PEM_cert_to_DER_cert(bench.authority.ca_pem.decode()),)
    other = DemoAuthority.create().ca_pem
    with OpensslServer(*bench.options()) as server:
        without = failure(bench.steps(server.url, trusted=other), Step.TLS)
        steps = bench.steps(server.url, trusted=other, system=system)
    assert "“Confiar também nas autoridades do sistema”" in without.todo
    assert "pela qual o certificado da filial não passa" in without.todo
    assert steps[2].outcome is Outcome.WARNING
    assert "que só o sistema deste computador conhece" in steps[2].found
    assert "também as do sistema (1 autoridade a mais)" in facts(steps, Step.TLS)["Autoridades"]


def test_an_authority_that_not_even_the_system_knows_is_not_suggested_again(bench: Bench) -> None:
    other = DemoAuthority.create().ca_pem
    system = (ssl.PEM_cert_to_DER_cert(other.decode()),)
    with OpensslServer(*bench.options()) as server:
        said = failure(bench.steps(server.url, trusted=DemoAuthority.create().ca_pem, system=system), Step.TLS)
    assert said.kind is FailureKind.TRUST
    assert "autoridades do sistema" not in said.todo
