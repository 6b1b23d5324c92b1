"""The first words of PostgreSQL's protocol, spoken by hand (PostgreSQL, §55.2 and §55.7).

What a server answers before the login has a SQLSTATE, which the library does not hand over. Times are in seconds.
"""

from __future__ import annotations

import socket
import struct
import time
from dataclasses import dataclass

from app.data.server_refusal import decoded
from services.waited_socket import GiveUp, receive, send

_SSL_REQUEST = struct.pack("!ii", 8, 80877103)
_PROTOCOL_3 = 196608
_LONGEST = 1 << 16
"""How much of a message is read; PostgreSQL's first answer is never so long."""


class NotPostgreSQL(Exception):
    """Something else answers on the port; the message is how its answer begins."""


class HungUp(ConnectionError):
    """The server ended the connection without a word."""


@dataclass(frozen=True)
class Admission:
    """What a server answers to a user, a database and an address, before any password.

    `method` is the authentication asked for (§55.7, AuthenticationXXX), None when the server refused; then `sqlstate`
    and `message` are its own words.
    """

    method: int | None
    sqlstate: str = ""
    message: str = ""


def offers_encryption(connection: socket.socket, timeout: float, given_up: GiveUp) -> bool:
    """Whether the server would encrypt. After False the same connection goes on in clear.

    Raises NotPostgreSQL, GivenUp or OSError (TimeoutError for silence, HungUp for an end).
    """
    deadline = time.monotonic() + timeout
    send(connection, _SSL_REQUEST, deadline, given_up)
    answer = receive(connection, deadline, given_up, most=32)
    if answer in (b"S", b"N"):  # this letter alone: SSH begins with an S too
        return answer == b"S"
    if not answer:
        raise HungUp("connection closed")
    raise NotPostgreSQL(answer.decode("ascii", "backslashreplace"))


def ask_admission(connection: socket.socket, user: str, database: str, timeout: float, given_up: GiveUp) -> Admission:
    """Ask in clear to be let in, and stop before the password. Raises as `offers_encryption` does."""
    deadline = time.monotonic() + timeout
    named = b"".join(part.encode() + b"\0" for part in ("user", user, "database", database))
    body = struct.pack("!i", _PROTOCOL_3) + named + b"\0"
    send(connection, struct.pack("!i", len(body) + 4) + body, deadline, given_up)

    def read(count: int) -> bytes:
        got = b""
        while len(got) < count:
            more = receive(connection, deadline, given_up, most=count - len(got))
            if not more:
                raise HungUp("connection closed")
            got += more
        return got

    head = read(5)
    kind, length = head[:1], struct.unpack("!i", head[1:])[0] - 4
    if kind not in (b"R", b"E", b"v") or not 4 <= length <= _LONGEST:
        raise NotPostgreSQL(head.decode("ascii", "backslashreplace"))
    body = read(length)
    if kind == b"E":
        fields = {part[:1]: part[1:] for part in body.split(b"\0") if part}
        return Admission(None, decoded(fields.get(b"C", b"")), decoded(fields.get(b"M", b"")))
    # A server that would rather speak another minor version lets in all the same.
    return Admission(struct.unpack("!i", body[:4])[0] if kind == b"R" else -1)
