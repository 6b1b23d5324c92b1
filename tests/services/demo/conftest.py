"""A client certificate of the demonstration authority, and messages as a client of SEFAZ sends them."""

from __future__ import annotations

import os
import secrets
import ssl
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat, pkcs12

from services.demo.ca import DemoAuthority


@pytest.fixture(scope="session")
def authority() -> DemoAuthority:
    return DemoAuthority.create()


@pytest.fixture(scope="session")
def bare_context(authority: DemoAuthority) -> ssl.SSLContext:
    """Trusts the authority and presents nothing."""
    return ssl.create_default_context(cadata=authority.ca_pem.decode())


@pytest.fixture(scope="session")
def context(authority: DemoAuthority, tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """Trusts the authority and presents a certificate that it issued."""
    pfx = authority.issue_pfx("11222333000181", "DISTRIBUIDORA MODELO LTDA", "senha")
    key, leaf, chain = pkcs12.load_key_and_certificates(pfx, b"senha")
    assert key is not None
    assert leaf is not None
    password = secrets.token_bytes(16).hex().encode()
    pem: Path = tmp_path_factory.mktemp("cliente") / "cliente.pem"
    pem.write_bytes(
        b"".join(certificate.public_bytes(Encoding.PEM) for certificate in (leaf, *chain))
        + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(password))
    )
    context = ssl.create_default_context(cadata=authority.ca_pem.decode())
    context.load_cert_chain(pem, password=password.decode())
    os.unlink(pem)  # noqa: PTH108 - gone before any test sees it
    return context


@pytest.fixture
def client(context: ssl.SSLContext) -> Iterator[httpx.Client]:
    with httpx.Client(verify=context, trust_env=False, timeout=10) as client:
        yield client
