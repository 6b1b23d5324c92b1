"""Servers that stand for ANP's, and folders of somebody who trusts them."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from pathlib import Path

import pytest

from app.folders import Folders
from services.demo.ca import DemoAuthority
from tests.services.tls_server import Script, TlsServer


@pytest.fixture(scope="session")
def server_context(authority: DemoAuthority) -> ssl.SSLContext:
    """That of a server which asks for no certificate, over TLS 1.2 or 1.3."""
    context = authority.server_context(require_client=False)
    context.maximum_version = ssl.TLSVersion.TLSv1_3
    return context


@pytest.fixture
def serve(server_context: ssl.SSLContext) -> Callable[[Script], TlsServer]:
    return lambda script: TlsServer(server_context, script)


@pytest.fixture
def folders(data_folder: Path, authority: DemoAuthority) -> Folders:
    """Folders whose file of additional authorities has that of the servers."""
    folders = Folders(data_folder, data_folder)
    folders.additional_ca_file.write_bytes(authority.ca_pem)
    return folders
