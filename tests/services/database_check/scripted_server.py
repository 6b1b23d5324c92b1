"""A server that says what it is told to, in PostgreSQL's protocol or in none."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tests.services.scripted_port import scripted_port


def refusal(code: str, text: bytes) -> bytes:
    """PostgreSQL's ErrorResponse (§55.7)."""
    fields = b"SFATAL\0VFATAL\0C" + code.encode() + b"\0M" + text + b"\0\0"
    return b"E" + struct.pack("!i", len(fields) + 4) + fields


@contextmanager
def server_that_says(start_up: bytes, login: bytes = b"", *, ssl: bytes = b"N") -> Iterator[int]:
    """A server on loopback; gives its port. It answers `ssl` to the question about encryption, `start_up` to who wants
    to enter and `login` to the password; with nothing to say it hangs up."""

    def answer(connection: socket.socket) -> None:
        with connection, suppress(ConnectionError):  # the other side may have heard enough
            while message := connection.recv(4096):
                said = ssl if len(message) == 8 else login if message[:1] == b"p" else start_up
                if not said:
                    return
                connection.sendall(said)

    with scripted_port(answer) as port:
        yield port
