"""One TLS handshake with a server, and all that it says in the clear, also when the handshake fails.

TLS runs over memory, so that every byte of the server can be read on its way. Verification is never turned off: what
the server says before it is trusted is shown, never believed. Times are in seconds.
"""

from __future__ import annotations

import socket
import ssl
import time
from contextlib import suppress
from dataclasses import dataclass

from services.sefaz.tls_flight import ServerFlight
from services.waited_socket import GiveUp, receive, send


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
