"""A place of updates on loopback, over TLS, with the key of who distributes."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app.folders import Folders
from app.settings.catalog import UPDATE_ADDRESS, UPDATE_KEY
from app.settings.machine import MachineStore
from distribution.manifest import public_key, sign
from services.demo.ca import DemoAuthority
from services.updates.channel import UpdateChannel
from tests.services.tls_server import Connection, TlsServer

PUBLISHED_AT = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
HOST = "atualizacoes.teste"
"""A name that only a proxy leads to the publisher."""

_HOSTS = ("localhost", "127.0.0.1")
SET_UP = b"MZ" + bytes(range(256)) * 4096
NAME = "Retaguarda-9.1.0-instalar.exe"


def content(**changed: Any) -> dict[str, Any]:
    """What a manifest of SET_UP says, but for what is changed."""
    return {
        "versao": "9.1.0",
        "arquivo": NAME,
        "sha256": hashlib.sha256(SET_UP).hexdigest(),
        "tamanho": len(SET_UP),
        "publicada_em": PUBLISHED_AT.isoformat(),
        "novidades": "Consulta mais rápida.\nCorreções.",
        **changed,
    }


@dataclass
class Publisher:
    """What is published: bodies by path, and whole answers where a test wants another. `asked` has each request."""

    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    files: dict[str, bytes] = field(default_factory=dict)
    answers: dict[str, bytes] = field(default_factory=dict)
    asked: list[bytes] = field(default_factory=list)
    held: threading.Event | None = None
    url: str = ""

    def publish(self, *, set_up: bytes = SET_UP, **changed: Any) -> None:
        """A version, well signed; `changed` replaces fields of its manifest."""
        self.publish_bytes(json.dumps(content(**changed)).encode())
        self.files[f"/novo/{changed.get('arquivo', NAME)}"] = set_up

    def publish_bytes(self, manifest: bytes) -> None:
        """Anything at all as the manifest, well signed."""
        self.files["/novo/atualizacao.json"] = manifest
        self.files["/novo/atualizacao.json.sig"] = sign(manifest, self.key)

    @property
    def channel(self) -> UpdateChannel:
        """What an administrator would have set."""
        return UpdateChannel(f"{self.url}/novo/atualizacao.json", public_key(self.key))

    def script(self, connection: Connection, number: int) -> None:
        """Serve one connection."""
        while request := connection.request():
            self.asked.append(request)
            path = request.split(b" ")[1].decode()
            if path in self.answers:
                connection.tls.sendall(self.answers[path])
                return
            body = self.files.get(path)
            if body is None:
                connection.answer(b"", "404 Not Found")
            elif self.held is not None and path.endswith(".exe"):
                connection.answer(body[: len(body) // 2], length=len(body))
                self.held.set()
                connection.tls.recv(1)  # the other half never comes
            else:
                connection.answer(body, "200 OK", "Set-Cookie: quem=voce; Path=/; Secure")


@contextmanager
def running_publisher(authority: DemoAuthority) -> Iterator[Publisher]:
    """A publisher with version 9.1.0 published, served while this is entered."""
    publisher = Publisher()
    publisher.publish()
    context = authority.server_context((*_HOSTS, HOST), require_client=False)
    with TlsServer(context, publisher.script) as server:
        publisher.url = f"https://localhost:{server.port}"
        yield publisher


def subscribe(folders: Folders, publisher: Publisher, authority: DemoAuthority) -> None:
    """Have this computer's settings name the publisher, and trust its server."""
    folders.additional_ca_file.write_bytes(authority.ca_pem)
    channel = publisher.channel
    store = MachineStore(folders.machine_file)
    store.save({**store.load(), UPDATE_ADDRESS: channel.address, UPDATE_KEY: channel.key})
