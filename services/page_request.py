"""One page of an HTTP server, asked for over a socket whose waits can be given up. Times are in seconds."""

from __future__ import annotations

import selectors
import socket
import ssl
import time
from dataclasses import dataclass

from app.version import VERSION
from services.waited_socket import GiveUp, send, wait

_MOST = 1 << 16
"""How much of an answer is read."""


@dataclass(frozen=True)
class Page:
    """An answer. `server` is what the server calls itself, "" when it does not say."""

    status: int
    server: str
    body: bytes


def encrypted(
    connection: socket.socket, context: ssl.SSLContext, host: str, timeout: float, given_up: GiveUp
) -> ssl.SSLSocket:
    """The same connection with TLS, verified as `context` does. Takes the socket over, and closes it when it fails.

    Raises GivenUp or OSError (ssl.SSLCertVerificationError when the server is not trusted).
    """
    deadline = time.monotonic() + timeout
    tls = context.wrap_socket(connection, server_hostname=host, do_handshake_on_connect=False)
    try:
        while True:
            try:
                tls.do_handshake()
            except ssl.SSLWantReadError:
                wait(tls, selectors.EVENT_READ, deadline, given_up)
            else:
                return tls
    except BaseException:
        tls.close()
        raise


def get(connection: socket.socket, host: str, path: str, timeout: float, given_up: GiveUp) -> bytes:
    """All that the server answers to a GET, as it comes. Raises GivenUp or OSError."""
    deadline = time.monotonic() + timeout
    asked = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: Retaguarda/{VERSION}\r\nConnection: close\r\n\r\n"
    send(connection, asked.encode("ascii"), deadline, given_up)
    answer = b""
    while len(answer) < _MOST:
        try:
            more = connection.recv(_MOST)
        except (BlockingIOError, ssl.SSLWantReadError):
            wait(connection, selectors.EVENT_READ, deadline, given_up)
            continue
        except OSError:
            if answer:  # a server that closes too early may have said all there is
                break
            raise
        if not more:
            break
        answer += more
    return answer


def read_page(answer: bytes) -> Page | None:
    """What came back as an HTTP answer, None when it is something else."""
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    words = first.split(" ", 2)
    if not words[0].startswith("HTTP/") or len(words) < 2 or not words[1].isdecimal():
        return None
    named = (line.partition(":") for line in lines)
    server = next((value.strip() for name, _, value in named if name.casefold() == "server"), "")
    return Page(int(words[1]), server, body)
