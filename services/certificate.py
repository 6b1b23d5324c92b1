"""The TLS contexts of this program as a client: that with which a branch presents itself, and the anonymous one.

`cryptography` is not imported here: the key was re-encrypted as PEM at installation (see `services.pfx`) and OpenSSL
reads it by itself, so the background service starts without paying for it.
"""

from __future__ import annotations

import contextlib
import os
import re
import ssl
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import certifi
import certifi_icpbr

from app import secrets
from app.domain import Certificate
from app.new_file import create
from services.tls_socket import ClientContext

SECURITY_LEVEL = 2
"""OpenSSL's level for everybody: keys of RSA and DH from 2048 bits on (SSL_CTX_set_security_level(3))."""

_PREFIX, _SUFFIX = "retaguarda-", ".pem"
_LEFTOVER_S = 3600.0  # no key takes this long to load


class CertificateUnusable(Exception):
    """The certificate or the additional authorities cannot be used; the message is a sentence in Portuguese."""


class ClientContexts:
    """One context per certificate, kept while neither the certificate nor whom to believe besides changes.

    Building one costs about 100 ms, nearly all of it reading authorities. May be shared by threads.
    `read_password` gives the password kept under a certificate's `secret_name`, None when there is none.
    """

    def __init__(self, read_password: Callable[[str], str | None] = secrets.read) -> None:
        self._read_password = read_password
        self._lock = threading.Lock()
        self._built: dict[tuple[str, int], tuple[object, ClientContext]] = {}

    def of(
        self,
        certificate: Certificate,
        additional_ca: Path | None,
        system: Sequence[bytes] = (),
        *,
        security_level: int = SECURITY_LEVEL,
    ) -> ClientContext:
        """The context of `certificate`, the same object as before while it may be. Raises CertificateUnusable.

        SecretsUnavailable passes through when the keyring does not answer. The rest is as in `client_context`.
        """
        state = (None if additional_ca is None else file_state(additional_ca), tuple(system))
        key = (certificate.fingerprint, security_level)
        with self._lock:
            previous = self._built.get(key)
            if previous is not None and previous[0] == state:
                return previous[1]
            password = self._read_password(certificate.secret_name)
            if password is None:
                raise CertificateUnusable(
                    "A senha da chave do certificado não está no cofre de senhas em uso neste computador. "
                    "Instale o certificado novamente em Certificado digital."
                )
            context = client_context(certificate, password, additional_ca, system, security_level=security_level)
            self._built[key] = (state, context)
            return context


def client_context(
    certificate: Certificate,
    password: str,
    additional_ca: Path | None,
    system: Sequence[bytes] = (),
    *,
    security_level: int = SECURITY_LEVEL,
) -> ClientContext:
    """A client's context for every authority: TLS 1.2 only, server and name verified, certificate presented.

    TLS 1.2 alone, because SP, BA and MT ask for the certificate by renegotiation, which TLS 1.3 does not have.
    Trust is certifi (MG and ES use public authorities), ICP-Brasil of `certifi_icpbr`, the PEM file `additional_ca`
    when given, and the authorities of the system in `system`, as DER. `password` is that of `certificate.key_pem`.
    A `security_level` of 1 takes 1024-bit DH keys and every cipher of OpenSSL's default, and nothing else changes.
    Raises CertificateUnusable.
    """
    context = ClientContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    if security_level != SECURITY_LEVEL:
        context.set_ciphers(f"DEFAULT:@SECLEVEL={security_level}")
    context.load_verify_locations(certifi.where())
    for authority in icp_brasil():
        context.load_verify_locations(cadata=authority)
    _trust_besides(context, additional_ca, system)
    load_chain(context, certificate.chain_pem, certificate.key_pem, password)
    return context


def anonymous_context(additional_ca: Path | None, system: Sequence[bytes] = ()) -> ClientContext:
    """A client's context that presents nothing: TLS 1.2 or later, server and name verified.

    Trust is certifi, the PEM file `additional_ca` when given, and `system`. Raises CertificateUnusable.
    """
    context = ClientContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_verify_locations(certifi.where())
    _trust_besides(context, additional_ca, system)
    return context


def load_chain(context: ssl.SSLContext, chain_pem: bytes, key_pem: bytes, password: str) -> None:
    """Give `context` the chain and its encrypted key. Raises CertificateUnusable when they do not open or do not match.

    Python's ssl reads them only from a file: a temporary one, its owner's alone (0600), gone when this returns.
    """
    try:
        with _temporary_file(chain_pem + key_pem) as name:
            context.load_cert_chain(name, password=password)
    except ssl.SSLError as error:
        raise CertificateUnusable(
            "A chave do certificado instalado não abre com a senha guardada no cofre do sistema, ou não é a dele. "
            "Instale o certificado novamente em Certificado digital."
        ) from error
    except OSError as error:
        raise CertificateUnusable(
            "Não foi possível usar a pasta temporária do sistema, por onde passa a chave (cifrada) do certificado: "
            f"{error.strerror}. Confira o espaço em disco e a permissão da pasta."
        ) from error


@contextlib.contextmanager
def _temporary_file(content: bytes) -> Iterator[str]:
    _remove_leftovers()
    path = Path(tempfile.gettempdir()) / f"{_PREFIX}{os.urandom(8).hex()}{_SUFFIX}"
    descriptor = create(path)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        yield str(path)
    finally:
        path.unlink(missing_ok=True)


def _remove_leftovers() -> None:
    """Remove what a program that was killed while it loaded a key left behind; the system keeps others' files safe."""
    for file in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*{_SUFFIX}"):
        with contextlib.suppress(OSError):  # somebody else's, or gone meanwhile
            if time.time() - file.stat().st_mtime > _LEFTOVER_S:
                file.unlink()


def icp_brasil() -> Iterator[bytes]:
    """The authorities of ICP-Brasil in `certifi_icpbr`, roots and intermediates, as DER.

    The package also repeats Mozilla's list of 2023, with authorities that certifi has since removed: those are left
    out. They come one by one because loading holds the interpreter, and the window must keep painting.
    """
    bundle = Path(certifi_icpbr.where()).read_text("ascii", errors="replace")
    for pem in re.findall(r"-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----", bundle):
        der = ssl.PEM_cert_to_DER_cert(pem)
        if b"ICP-Brasil" in der:
            yield der


def _trust_besides(context: ClientContext, additional_ca: Path | None, system: Sequence[bytes]) -> None:
    if additional_ca is not None:
        _trust(context, additional_ca)
    if not system:
        return
    own = frozenset(context.get_ca_certs(binary_form=True))
    context.with_system = True
    context.only_of_system = tuple(authority for authority in system if authority not in own)
    for authority in context.only_of_system:
        with contextlib.suppress(ssl.SSLError):  # OpenSSL does not read all that a system's store may have
            context.load_verify_locations(cadata=authority)


def _trust(context: ssl.SSLContext, pem: Path) -> None:
    try:
        context.load_verify_locations(pem)
    except ssl.SSLError as error:
        raise CertificateUnusable(
            f"O arquivo de autoridades adicionais “{pem}” não traz certificados em formato PEM que se possam ler. "
            "Corrija o arquivo, ou retire-o da configuração."
        ) from error
    except OSError as error:
        raise _unreadable(pem, error) from error


def file_state(pem: Path) -> tuple[Path, int, int]:
    """What tells whether the file of additional authorities changed. Raises CertificateUnusable."""
    try:
        found = pem.stat()
    except OSError as error:
        raise _unreadable(pem, error) from error
    return pem, found.st_mtime_ns, found.st_size


def _unreadable(pem: Path, error: OSError) -> CertificateUnusable:
    return CertificateUnusable(
        f"Não foi possível ler o arquivo de autoridades adicionais “{pem}”: {error.strerror}. "
        "Corrija o caminho ou a permissão, ou retire-o da configuração."
    )
