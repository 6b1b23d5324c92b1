"""The client's TLS context against real servers on loopback that require its certificate."""

from __future__ import annotations

import json
import os
import re
import socket
import ssl
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import certifi
import certifi_icpbr
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from app.domain import Certificate
from services.certificate import CertificateUnusable, ClientContexts, client_context, load_chain
from services.demo.ca import DemoAuthority
from services.pfx import open_pfx

MATRIZ = "11222333000181"


@pytest.fixture(scope="module")
def authority() -> DemoAuthority:
    return DemoAuthority.create()


@pytest.fixture(scope="module")
def ca_file(authority: DemoAuthority, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("ca") / "adicionais.pem"
    file.write_bytes(authority.ca_pem)
    return file


@pytest.fixture(scope="module")
def installed(authority: DemoAuthority) -> tuple[Certificate, str]:
    data = authority.issue_pfx(MATRIZ, "POSTO BOA VIAGEM LTDA", "senha")
    return open_pfx(data, "senha", branch_id=1, branch_cnpj=MATRIZ, now=datetime.now(UTC))


@pytest.fixture(scope="module")
def context(installed: tuple[Certificate, str], ca_file: Path) -> ssl.SSLContext:
    return client_context(*installed, ca_file)


class Peer:
    """What a server saw of its one client."""

    port = 0
    certificate: dict[str, Any] | None = None
    version: str | None = None
    error: OSError | None = None


@contextmanager
def serving(context: ssl.SSLContext) -> Iterator[Peer]:
    """A server for one connection, which echoes what it receives until the client closes."""
    peer = Peer()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(10)
        peer.port = listener.getsockname()[1]

        def serve() -> None:
            try:
                plain, _ = listener.accept()
                plain.settimeout(10)
                with plain, context.wrap_socket(plain, server_side=True) as secure:
                    peer.certificate = secure.getpeercert()
                    peer.version = secure.version()
                    while data := secure.recv(100):
                        secure.sendall(data)
            except OSError as error:
                peer.error = error

        thread = threading.Thread(target=serve, name="test-server")
        thread.start()
        try:
            yield peer
        finally:
            thread.join(15)
            assert not thread.is_alive()


def exchange(context: ssl.SSLContext, port: int, host: str = "localhost") -> bytes:
    with (
        socket.create_connection(("127.0.0.1", port), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname=host) as secure,
    ):
        secure.sendall(b"consulta")
        return secure.recv(100)


# Handshakes


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_server_and_client_know_each_other(authority: DemoAuthority, context: ssl.SSLContext, host: str) -> None:
    with serving(authority.server_context()) as peer:
        assert exchange(context, peer.port, host) == b"consulta"

    assert peer.error is None
    assert peer.version == "TLSv1.2"
    assert peer.certificate is not None
    assert (("commonName", f"POSTO BOA VIAGEM LTDA:{MATRIZ}"),) in peer.certificate["subject"]


def test_the_chain_is_sent_so_that_a_server_knowing_only_the_root_accepts(
    authority: DemoAuthority, context: ssl.SSLContext
) -> None:
    server = authority.server_context(require_client=False)
    server.verify_mode = ssl.CERT_REQUIRED
    server.load_verify_locations(cadata=authority.ca_pem.decode())

    with serving(server) as peer:
        assert exchange(context, peer.port) == b"consulta"


def test_a_file_with_the_leaf_alone_identifies_too(authority: DemoAuthority, ca_file: Path) -> None:
    data = authority.issue_pfx(MATRIZ, "POSTO", "senha", with_chain=False)
    leaf_only = open_pfx(data, "senha", branch_id=1, branch_cnpj=MATRIZ, now=datetime.now(UTC))

    with serving(authority.server_context()) as peer:
        assert exchange(client_context(*leaf_only, ca_file), peer.port) == b"consulta"


def test_a_certificate_of_an_authority_unknown_to_the_server_is_not_accepted(
    authority: DemoAuthority, ca_file: Path
) -> None:
    stranger = DemoAuthority.create().issue_pfx(MATRIZ, "POSTO", "senha")
    foreign = open_pfx(stranger, "senha", branch_id=1, branch_cnpj=MATRIZ, now=datetime.now(UTC))

    with serving(authority.server_context()) as peer, pytest.raises(ssl.SSLError, match=r"(?i)unknown.ca"):
        exchange(client_context(*foreign, ca_file), peer.port)


def test_a_server_with_another_name_is_refused(authority: DemoAuthority, context: ssl.SSLContext) -> None:
    with (
        serving(authority.server_context(hosts=("nfe.outra.example",))) as peer,
        pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"),
    ):
        exchange(context, peer.port)


def test_an_expired_server_is_refused(authority: DemoAuthority, context: ssl.SSLContext) -> None:
    yesterday = datetime.now(UTC) - timedelta(days=1)

    with (
        serving(authority.server_context(not_after=yesterday)) as peer,
        pytest.raises(ssl.SSLCertVerificationError, match="expired"),
    ):
        exchange(context, peer.port)


def test_a_server_of_an_unknown_authority_is_refused(context: ssl.SSLContext) -> None:
    with (
        serving(DemoAuthority.create().server_context(require_client=False)) as peer,
        pytest.raises(ssl.SSLCertVerificationError, match="unable to get local issuer"),
    ):
        exchange(context, peer.port)


def test_without_the_additional_file_its_authority_is_unknown(
    authority: DemoAuthority, installed: tuple[Certificate, str]
) -> None:
    with serving(authority.server_context()) as peer, pytest.raises(ssl.SSLCertVerificationError):
        exchange(client_context(*installed, None), peer.port)


def test_only_tls_1_2_is_spoken(authority: DemoAuthority, context: ssl.SSLContext) -> None:
    server = authority.server_context()
    server.maximum_version = ssl.TLSVersion.TLSv1_3
    server.minimum_version = ssl.TLSVersion.TLSv1_3

    with serving(server) as peer, pytest.raises(ssl.SSLError, match=r"(?i)protocol.version"):
        exchange(context, peer.port)
    assert context.minimum_version is context.maximum_version is ssl.TLSVersion.TLSv1_2
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname


def test_the_certificate_is_presented_when_asked_by_renegotiation(
    authority: DemoAuthority, context: ssl.SSLContext, tmp_path: Path
) -> None:
    """SP, BA and MT ask for the certificate only after the request, by renegotiating: OpenSSL's own server does so."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    names = [x509.DNSName("localhost")]
    leaf = authority.sign(name, key.public_key(), names, ExtendedKeyUsageOID.SERVER_AUTH)
    pem = serialization.Encoding.PEM
    (tmp_path / "server.pem").write_bytes(leaf.public_bytes(pem))
    (tmp_path / "issuer.pem").write_bytes(authority.intermediate.public_bytes(pem))
    (tmp_path / "root.pem").write_bytes(authority.ca_pem)
    (tmp_path / "key.pem").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    files = "-cert server.pem -key key.pem -cert_chain issuer.pem -CAfile root.pem"
    fresh = "-no_ticket -no_cache"  # a resumed session would not ask for the certificate
    with subprocess.Popen(
        f"openssl s_server -accept 127.0.0.1:0 -tls1_2 -naccept 1 {files} {fresh}".split(),
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as server:
        watchdog = threading.Timer(20, server.kill)
        watchdog.start()
        try:
            assert server.stdin is not None
            assert server.stdout is not None
            port = next(int(found.group(1)) for line in server.stdout if (found := re.match(r"ACCEPT .*:(\d+)", line)))
            with (
                socket.create_connection(("127.0.0.1", port), timeout=10) as plain,
                context.wrap_socket(plain, server_hostname="localhost") as secure,
            ):
                secure.sendall(b"pedido\n")
                before = "".join(takewhile(lambda line: line != "pedido\n", server.stdout))
                answers: list[bytes] = []
                reader = threading.Thread(target=lambda: answers.append(secure.recv(100)))
                reader.start()
                print("R", file=server.stdin, flush=True)
                presented = next(line for line in server.stdout if line.startswith("depth=0"))
                print("resposta", file=server.stdin, flush=True)
                reader.join(15)
        finally:
            watchdog.cancel()
            server.kill()
    assert "depth=" not in before
    assert MATRIZ in presented
    assert answers == [b"resposta\n"]


# Trust


def test_trust_is_certifi_and_icp_brasil_without_what_certifi_removed(installed: tuple[Certificate, str]) -> None:
    trusted = set(client_context(*installed, None).get_ca_certs(binary_form=True))

    public = set(_ders(Path(certifi.where())))
    repeated = set(_ders(Path(certifi_icpbr.where())))
    assert public <= trusted
    icp = trusted - public
    assert icp == {der for der in repeated if b"ICP-Brasil" in der}
    assert repeated - trusted, "the package still brings authorities that certifi removed"
    common_names = b"".join(icp)
    for root in (b"Raiz Brasileira v5", b"Raiz Brasileira v10", b"AC SOLUTI SSL EV G4"):
        assert root in common_names


def _ders(bundle: Path) -> Iterator[bytes]:
    pems = re.findall(r"-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----", bundle.read_text(encoding="utf-8"))
    return map(ssl.PEM_cert_to_DER_cert, pems)


@pytest.mark.parametrize(
    "content",
    [b"", b"isto nao e um certificado", b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"],
    ids=["empty", "text", "broken"],
)
def test_a_bad_additional_file_is_told(installed: tuple[Certificate, str], tmp_path: Path, content: bytes) -> None:
    bad = tmp_path / "ruim.pem"
    bad.write_bytes(content)

    with pytest.raises(CertificateUnusable, match=r"ruim\.pem.*não traz certificados em formato PEM.*\.$"):
        client_context(*installed, bad)


def test_a_missing_or_unreadable_additional_file_is_told(installed: tuple[Certificate, str], tmp_path: Path) -> None:
    for unreadable in (tmp_path / "nada.pem", tmp_path):
        with pytest.raises(CertificateUnusable, match=r"Não foi possível ler o arquivo de autoridades adicionais"):
            client_context(*installed, unreadable)
    with pytest.raises(CertificateUnusable, match=r"nada\.pem"):
        ClientContexts(lambda name: "x").of(installed[0], tmp_path / "nada.pem")


# The key


def test_a_password_that_does_not_open_the_key_tells_to_install_again(installed: tuple[Certificate, str]) -> None:
    with pytest.raises(CertificateUnusable, match="Instale o certificado novamente") as caught:
        client_context(installed[0], "outra-senha", None)
    assert "outra-senha" not in f"{caught.value!r} {caught.value.__cause__!r}"


def test_the_key_of_another_certificate_tells_to_install_again(
    authority: DemoAuthority, installed: tuple[Certificate, str]
) -> None:
    data = authority.issue_pfx(MATRIZ, "POSTO", "senha")
    other, other_password = open_pfx(data, "senha", branch_id=1, branch_cnpj=MATRIZ, now=datetime.now(UTC))
    mixed = replace(installed[0], key_pem=other.key_pem)

    with pytest.raises(CertificateUnusable, match="Instale o certificado novamente"):
        client_context(mixed, other_password, None)


class Watching(ssl.SSLContext):
    """Looks at the file it is told to load."""

    mode = 0
    content = b""

    def load_cert_chain(self, certfile: Any, keyfile: Any = None, password: Any = None) -> None:
        self.mode = stat.S_IMODE(Path(certfile).stat().st_mode)
        self.content = Path(certfile).read_bytes()
        super().load_cert_chain(certfile, keyfile, password)


@pytest.mark.parametrize("right", [True, False], ids=["loaded", "failed"])
def test_the_key_passes_encrypted_through_a_file_that_is_gone_after(
    installed: tuple[Certificate, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, right: bool
) -> None:
    folder = tmp_path / "temporaria"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    certificate, password = installed
    watching = Watching(ssl.PROTOCOL_TLS_CLIENT)
    if right:
        load_chain(watching, certificate.chain_pem, certificate.key_pem, password)
    else:
        with pytest.raises(CertificateUnusable):
            load_chain(watching, certificate.chain_pem, certificate.key_pem, "outra")

    if os.name == "posix":
        assert watching.mode == 0o600
    assert watching.content.count(b"-----BEGIN ENCRYPTED PRIVATE KEY-----") == 1
    assert b"BEGIN PRIVATE KEY" not in watching.content
    assert b"BEGIN RSA PRIVATE KEY" not in watching.content
    assert list(folder.iterdir()) == []


def test_a_temporary_folder_that_cannot_be_written_is_told(
    installed: tuple[Certificate, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nao-existe"))

    with pytest.raises(CertificateUnusable, match="pasta temporária"):
        client_context(*installed, None)


def test_a_guard_that_refuses_the_file_of_the_key_is_told_at_once(
    installed: tuple[Certificate, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With tempfile, on Windows, every name would be tried: the folder takes other files."""
    tried: list[str] = []
    opened = os.open

    def refuse(name: str | Path, *which: int, **how: int) -> int:
        if str(name).endswith(".pem"):
            tried.append(str(name))
            raise PermissionError(13, "Acesso negado", str(name))
        return opened(name, *which, **how)

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(tempfile, "_os", SimpleNamespace(**{**vars(os), "name": "nt", "open": refuse}))
    monkeypatch.setattr(tempfile, "TMP_MAX", 1_000)
    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(CertificateUnusable, match="pasta temporária"):
        client_context(*installed, None)
    assert len(tried) == 1


def test_what_a_killed_program_left_behind_is_removed(
    installed: tuple[Certificate, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    names = ("retaguarda-velho.pem", "retaguarda-novo.pem", "outro.pem")
    for name in names:
        (tmp_path / name).write_bytes(b"")
    for name in ("retaguarda-velho.pem", "outro.pem"):
        os.utime(tmp_path / name, (1, 1))
    client_context(*installed, None)
    assert {file.name for file in tmp_path.glob("*.pem")} == {"retaguarda-novo.pem", "outro.pem"}


def test_a_context_is_built_without_importing_cryptography(installed: tuple[Certificate, str], ca_file: Path) -> None:
    certificate, password = installed
    script = """
import json, sys
from datetime import UTC, datetime
from pathlib import Path
from app.domain import Certificate
from services.certificate import ClientContexts
given = json.load(sys.stdin)
password, ca = given.pop("password"), Path(given.pop("ca"))
pem = {name: given.pop(name).encode() for name in ("chain_pem", "key_pem")}
now = datetime.now(UTC)
certificate = Certificate(**given, **pem, not_before=now, not_after=now, installed_at=now)
ClientContexts(lambda name: password).of(certificate, ca)
print(sorted(name for name in sys.modules if name.split(".")[0] in {"cryptography", "httpx", "zeep", "PySide6"}))
"""
    texts = {
        name: getattr(certificate, name)
        for name in ("branch_id", "holder", "cnpj", "issuer", "root", "serial", "fingerprint", "secret_name")
    }
    pems = {"chain_pem": certificate.chain_pem.decode(), "key_pem": certificate.key_pem.decode()}
    done = subprocess.run(
        [sys.executable, "-c", script],
        input=json.dumps({**texts, **pems, "password": password, "ca": str(ca_file)}),
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.strip() == "[]"


# One context per certificate


def test_one_context_is_kept_per_certificate(
    authority: DemoAuthority, installed: tuple[Certificate, str], ca_file: Path
) -> None:
    certificate, password = installed
    asked: list[str] = []

    def read(name: str) -> str:
        asked.append(name)
        return password

    contexts = ClientContexts(read)
    built: list[ssl.SSLContext] = []
    threads = [threading.Thread(target=lambda: built.append(contexts.of(certificate, ca_file))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert len(built) == 4
    assert len(set(map(id, built))) == 1
    assert asked == [certificate.secret_name]
    assert contexts.of(replace(certificate, branch_id=2), ca_file) is built[0]

    data = authority.issue_pfx(MATRIZ, "POSTO", "senha")
    renewed, password = open_pfx(data, "senha", branch_id=1, branch_cnpj=MATRIZ, now=datetime.now(UTC))
    assert contexts.of(renewed, ca_file) is not built[0]
    assert contexts.of(certificate, ca_file) is built[0]


def test_a_lower_security_level_lowers_only_what_ciphers_and_keys_are_taken(
    installed: tuple[Certificate, str], ca_file: Path
) -> None:
    certificate, password = installed
    contexts = ClientContexts(lambda name: password)
    strict, lenient = (contexts.of(certificate, ca_file, security_level=level) for level in (2, 1))
    assert contexts.of(certificate, ca_file) is strict
    assert contexts.of(certificate, ca_file, security_level=1) is lenient
    assert lenient is not strict
    assert lenient.get_ca_certs(binary_form=True) == strict.get_ca_certs(binary_form=True)
    for context in (strict, lenient):
        assert context.verify_mode is ssl.CERT_REQUIRED
        assert context.check_hostname
        assert context.minimum_version is context.maximum_version is ssl.TLSVersion.TLSv1_2
    assert {cipher["name"] for cipher in strict.get_ciphers()} < {cipher["name"] for cipher in lenient.get_ciphers()}
    assert (strict.security_level, lenient.security_level) == (2, 1)


def test_a_changed_file_of_authorities_is_read_again(installed: tuple[Certificate, str], tmp_path: Path) -> None:
    certificate, password = installed
    contexts = ClientContexts(lambda name: password)
    file = tmp_path / "adicionais.pem"
    first, second = DemoAuthority.create(), DemoAuthority.create()
    file.write_bytes(first.ca_pem)
    before = contexts.of(certificate, file)
    file.write_bytes(second.ca_pem)
    os.utime(file, ns=(1, 1))

    after = contexts.of(certificate, file)

    assert after is not before
    assert contexts.of(certificate, file) is after
    with serving(second.server_context(require_client=False)) as peer:
        assert exchange(after, peer.port) == b"consulta"
    assert contexts.of(certificate, None) is not after


def test_a_failure_is_not_kept(installed: tuple[Certificate, str]) -> None:
    certificate, password = installed
    answers = iter([None, "errada", password])
    contexts = ClientContexts(lambda name: next(answers))

    with pytest.raises(CertificateUnusable, match="não está no cofre de senhas em uso neste computador"):
        contexts.of(certificate, None)
    with pytest.raises(CertificateUnusable, match="não abre com a senha guardada"):
        contexts.of(certificate, None)
    assert contexts.of(certificate, None) is contexts.of(certificate, None)


# The demonstration authority


def test_an_authority_kept_in_a_folder_issues_for_those_who_trust_it(
    authority: DemoAuthority, context: ssl.SSLContext, tmp_path: Path
) -> None:
    folder = tmp_path / "demo"
    authority.save(folder)
    authority.save(folder)
    again = DemoAuthority.load(folder)

    assert (folder / "raiz.pem").read_bytes() == again.ca_pem == authority.ca_pem
    if os.name == "posix":
        assert stat.S_IMODE((folder / "raiz.key.pem").stat().st_mode) == 0o600
    with serving(again.server_context()) as peer:
        assert exchange(context, peer.port) == b"consulta"
    with pytest.raises(FileNotFoundError):
        DemoAuthority.load(tmp_path / "nada")
