"""One TLS handshake with a server, and all that it says in the clear, also when the handshake fails.

TLS runs over memory, so that every byte of the server can be read on its way. Verification is never turned off: what
the server says before it is trusted is shown, never believed. Times are in seconds.
"""

from __future__ import annotations

import re
import socket
import ssl
import time
from contextlib import suppress
from dataclasses import dataclass

from services.sefaz.tls_flight import ServerFlight
from services.waited_socket import GiveUp, receive, send

_HEAD_LIMIT = 1 << 14
"""How much of a proxy's answer is read; one that has not ended by then is no answer."""


@dataclass(frozen=True)
class Handshake:
    """How a handshake went. `error` is None when it ended well: then the server is trusted and took the certificate.

    `cipher` is the name of the suite, "" when the server chose none.
    """

    said: ServerFlight
    cipher: str
    error: OSError | None

    @property
    def dh_bits(self) -> int:
        """The size of the group of a DHE exchange; 0 for any other."""
        return self.said.dh_bits() if self.cipher.startswith("DHE-") else 0

    @property
    def curve(self) -> str:
        """The curve of an ECDHE exchange; "" for any other."""
        return self.said.curve() if self.cipher.startswith("ECDHE-") else ""


class ProxyRefused(Exception):
    """The proxy did not lead to the server; the message is its status line."""


def tunnel(
    connection: socket.socket,
    host: str,
    port: int,
    authorization: str,
    timeout: float,
    given_up: GiveUp,
) -> None:
    """Ask the HTTP proxy at the other end for a way to the server (RFC 9110 §9.3.6); `authorization` may be "".

    Raises GivenUp, OSError or ProxyRefused.
    """
    deadline = time.monotonic() + timeout
    name = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    login = f"Proxy-Authorization: {authorization}\r\n" if authorization else ""
    send(connection, f"CONNECT {name} HTTP/1.1\r\nHost: {name}\r\n{login}\r\n".encode(), deadline, given_up)
    head = b""
    while b"\r\n\r\n" not in head and len(head) < _HEAD_LIMIT:
        received = receive(connection, deadline, given_up)
        if not received:
            break
        head += received
    status = head.partition(b"\r\n")[0].decode("latin-1")
    if not re.fullmatch(r"HTTP/1\.[01] 2\d\d( .*)?", status):
        raise ProxyRefused(status)


def handshake(
    connection: socket.socket, context: ssl.SSLContext, host: str, timeout: float, given_up: GiveUp
) -> Handshake:
    """Do one handshake over a connection of `waited_socket.connect`, presenting and verifying as `context` does.

    The connection is left open, to be closed by the caller. Raises GivenUp; any other failure is in the result.
    """
    said = ServerFlight()
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing, server_hostname=host)
    deadline = time.monotonic() + timeout
    error: OSError | None = None
    try:
        while not _step(tls):
            send(connection, outgoing.read(), deadline, given_up)
            # The server's first words come whole before OpenSSL judges them: it would stop listening at the first
            # certificate that it does not trust.
            while True:
                received = receive(connection, deadline, given_up)
                said.feed(received)
                if received:
                    incoming.write(received)
                else:
                    incoming.write_eof()
                if said.ended or not received:
                    break
        send(connection, outgoing.read(), deadline, given_up)
        with suppress(ssl.SSLError):
            tls.unwrap()
    except OSError as failed:
        error = failed
    with suppress(OSError):  # the goodbye: an alert, or the end of TLS
        connection.send(outgoing.read())
    return Handshake(said, _cipher(context, said.suite), error)


def _step(tls: ssl.SSLObject) -> bool:
    try:
        tls.do_handshake()
    except ssl.SSLWantReadError:
        return False
    return True


def _cipher(context: ssl.SSLContext, suite: int) -> str:
    if suite == 0:
        return ""
    names = {int(cipher["id"]) & 0xFFFF: str(cipher["name"]) for cipher in context.get_ciphers()}
    return names.get(suite, f"{suite:#06x}")
