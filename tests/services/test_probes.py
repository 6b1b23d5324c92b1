"""The test of the database's connection against real servers and against what servers answer in two languages."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url

from app.data.database import DatabaseUnavailable
from app.policies import DatabaseKind, SslMode
from app.settings.catalog import (
    DATABASE_KIND,
    DATABASE_NAME,
    DATABASE_PORT,
    DATABASE_SSL,
    DATABASE_USER,
    SERVER,
)
from app.settings.setting import Setting
from app.settings.snapshot import Kept, Snapshot
from services.probes import probe_database


def settings(port: int, **other: Any) -> Snapshot:
    values: dict[Setting[Any], Any] = {
        DATABASE_KIND: DatabaseKind.SERVER,
        SERVER: other.get("host", "127.0.0.1"),
        DATABASE_PORT: port,
        DATABASE_USER: other.get("user", "operador"),
        DATABASE_NAME: other.get("name", "retaguarda"),
        DATABASE_SSL: other.get("ssl", SslMode.PREFER),
    }
    return Snapshot({(setting, 0): Kept(value) for setting, value in values.items()})


@contextmanager
def server_that_says(answer: bytes, *, negotiates: bool = True) -> Iterator[int]:
    """A server on loopback that answers every start-up with these bytes; gives its port.

    One that negotiates refuses encryption first, as PostgreSQL does; another answers whatever it is asked.
    """
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    while (message := connection.recv(4096)) and negotiates and len(message) == 8:
                        connection.sendall(b"N")
                    connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(5)


def refusal(code: str, text: bytes) -> bytes:
    """PostgreSQL's ErrorResponse (documentation, §55.7)."""
    fields = b"SFATAL\0VFATAL\0C" + code.encode() + b"\0M" + text + b"\0\0"
    return b"E" + struct.pack("!i", len(fields) + 4) + fields


@pytest.mark.parametrize(
    ("code", "text", "expected"),
    [
        ("28P01", "password authentication failed for user “operador”", "não aceitou o usuário “operador”"),
        ("28P01", "autenticação do tipo senha falhou para o usuário “operador”", "não aceitou o usuário “operador”"),
        ("28000", "no pg_hba.conf entry for host “10.0.0.2”, no encryption", "não autoriza este computador"),
        ("28000", "nenhuma entrada no pg_hba.conf para máquina “10.0.0.2”", "não autoriza este computador"),
        ("3D000", "database “retaguarda” does not exist", "O banco “retaguarda” não existe"),
        ("3D000", "banco de dados “retaguarda” não existe", "O banco “retaguarda” não existe"),
        ("53300", "sorry, too many clients already", "sem conexões livres"),
        ("53300", "desculpe, muitos clientes conectados", "sem conexões livres"),
        ("57P03", "the database system is starting up", "está iniciando"),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
def test_a_refusal_is_explained_in_either_language_and_encoding(
    tmp_path: Path, code: str, text: str, expected: str, encoding: str
) -> None:
    with server_that_says(refusal(code, text.encode(encoding))) as port, pytest.raises(DatabaseUnavailable) as caught:
        probe_database(settings(port), tmp_path / "x.db", "segredo")
    failure = caught.value.failure
    assert expected in failure.what
    assert failure.cause
    assert failure.todo
    assert "segredo" not in failure.sentence + failure.details


@pytest.mark.parametrize("negotiates", [True, False])
def test_another_program_on_the_port(tmp_path: Path, negotiates: bool) -> None:
    page = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"
    with server_that_says(page, negotiates=negotiates) as port, pytest.raises(DatabaseUnavailable) as caught:
        probe_database(settings(port), tmp_path / "x.db", "segredo")
    assert caught.value.failure.what == f"A porta {port} de 127.0.0.1 responde, mas não como um PostgreSQL."


def test_encryption_that_the_server_does_not_have(tmp_path: Path) -> None:
    with server_that_says(b"") as port, pytest.raises(DatabaseUnavailable) as caught:
        probe_database(settings(port, ssl=SslMode.REQUIRE), tmp_path / "x.db", "segredo")
    assert "não oferece conexão criptografada" in caught.value.failure.what


def test_a_name_that_nobody_knows(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnavailable) as caught:
        probe_database(settings(5432, host="nenhum.invalid"), tmp_path / "x.db", "segredo")
    assert caught.value.failure.what == "O nome “nenhum.invalid” não foi encontrado na rede."


def test_a_server_that_answers_says_its_version_and_nothing_is_created(
    tmp_path: Path, empty_postgresql_url: str
) -> None:
    from sqlalchemy import create_engine, inspect

    url = make_url(empty_postgresql_url)
    assert url.port is not None
    snapshot = settings(url.port, host=url.host, user=url.username, name=url.database)
    sentence = probe_database(snapshot, tmp_path / "x.db", url.password)
    assert f"Conectado a “{url.database}”" in sentence
    assert "PostgreSQL" in sentence
    engine = create_engine(url)
    assert inspect(engine).get_table_names() == []
    engine.dispose()
    assert list(tmp_path.glob("*.db")) == []
