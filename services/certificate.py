"""The TLS context with which a branch presents itself: one place, one context per certificate.

`cryptography` is not imported here: the key was re-encrypted as PEM at installation (see `services.pfx`) and OpenSSL
reads it by itself, so the background service starts without paying for it.
"""

from __future__ import annotations

import os
import ssl
import tempfile
from pathlib import Path

import certifi
import certifi_icpbr

from app.domain import Certificate


class CertificateUnusable(Exception):
    """The certificate or the additional authorities cannot be used; the message is a sentence in Portuguese."""


def client_context(certificate: Certificate, password: str, additional_ca: Path | None) -> ssl.SSLContext:
    """A client's context for every authority: TLS 1.2 only, server and name verified, certificate presented.

    TLS 1.2 alone, because SP, BA and MT ask for the certificate by renegotiation, which TLS 1.3 does not have.
    Trust is certifi (MG and ES use public authorities), ICP-Brasil of `certifi_icpbr`, and the PEM file
    `additional_ca` when given. `password` is that of `certificate.key_pem`. Raises CertificateUnusable.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.load_verify_locations(certifi.where())
    context.load_verify_locations(certifi_icpbr.where())
    if additional_ca is not None:
        _trust(context, additional_ca)
    load_chain(context, certificate.chain_pem, certificate.key_pem, password)
    return context


def load_chain(context: ssl.SSLContext, chain_pem: bytes, key_pem: bytes, password: str) -> None:
    """Give `context` the chain and its encrypted key. Raises CertificateUnusable when they do not open or do not match.

    Python's ssl reads them only from a file: a temporary one, its owner's alone (0600), gone when this returns.
    """
    descriptor, name = tempfile.mkstemp(prefix="retaguarda-", suffix=".pem")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(chain_pem + key_pem)
        context.load_cert_chain(name, password=password)
    except ssl.SSLError as error:
        raise CertificateUnusable(
            "A senha guardada no cofre do sistema não abre a chave do certificado instalado. Instale o certificado "
            f"novamente em Certificado digital. Detalhe: {error.reason or type(error).__name__}."
        ) from error
    finally:
        Path(name).unlink()


def _trust(context: ssl.SSLContext, pem: Path) -> None:
    try:
        context.load_verify_locations(pem)
    except ssl.SSLError as error:
        raise CertificateUnusable(
            f"O arquivo de autoridades adicionais “{pem}” não contém certificados em formato PEM que se possam ler. "
            "Corrija o arquivo, ou retire-o da configuração."
        ) from error
    except OSError as error:
        raise CertificateUnusable(
            f"Não foi possível ler o arquivo de autoridades adicionais “{pem}”: {error.strerror}. "
            "Corrija o caminho ou a permissão, ou retire-o da configuração."
        ) from error
