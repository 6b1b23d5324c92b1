"""A loopback TLS server that does exactly what a test tells it, good or bad, one connection after another."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable
from types import TracebackType

from services.tls_socket import TlsSocket

Script = Callable[["Connection", int], None]
"""What to do with a connection, given its number from 1 on. When it returns, the connection is closed."""


class Connection:
    """One connection after its TLS handshake."""

    def __init__(self, tls: ssl.SSLSocket) -> None:
        self.tls = tls

    def request(self) -> bytes:
        """One whole HTTP request, head and body; b"" when the client closed."""
        received = b""
        while b"\r\n\r\n" not in received:
            data = self.tls.recv(65536)
            if not data:
                return b""
            received += data
        head, _, body = received.partition(b"\r\n\r\n")
        lengths = (line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
        length = next((int(line.partition(b":")[2]) for line in lengths), 0)
        while len(body) < length:
            data = self.tls.recv(65536)
            if not data:
                return b""
            body += data
        return head + b"\r\n\r\n" + body

    def answer(self, body: bytes, status: str = "200 OK", *headers: str, length: int | None = None) -> None:
        """A response; `length` may lie."""
        fields = (
            f"HTTP/1.1 {status}",
            "Content-Type: application/soap+xml; charset=utf-8",
            f"Content-Length: {len(body) if length is None else length}",
            *headers,
        )
        self.tls.sendall("\r\n".join(fields).encode() + b"\r\n\r\n" + body)

    def reset(self) -> None:
        """Send a TCP reset instead of closing in order."""
        self.tls.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


class TlsServer:
    """Serves `script` over TLS on a free port, or leaves the handshake to `raw`."""

    def __init__(
        self, context: ssl.SSLContext, script: Script, *, raw: Callable[[socket.socket], None] | None = None
    ) -> None:
        context.sslsocket_class = TlsSocket
        self._context = context
        self._script = script
        self._raw = raw
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.url = f"https://localhost:{self.port}/ws"
        self.connections = 0
        self.errors: list[Exception] = []
        self._open: list[socket.socket] = []
        self._thread = threading.Thread(target=self._serve, name="tls-server")

    def __enter__(self) -> TlsServer:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for each in (self._listener, *self._open):
            with contextlib.suppress(OSError):
                socket.socket.shutdown(each, socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()
        if self.errors and error is None:
            raise self.errors[0]

    def _serve(self) -> None:
        while True:
            try:
                plain, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(plain)
            with plain, contextlib.suppress(OSError):
                if self._raw is not None:
                    self._raw(plain)
                    continue
                with self._context.wrap_socket(plain, server_side=True) as tls:
                    self._open.append(tls)
                    try:
                        self._script(Connection(tls), self.connections)
                    except (AssertionError, ValueError, StopIteration) as error:
                        self.errors.append(error)


def always(*answers: object, **options: object) -> Script:
    """A script that gives every request the same answer."""

    def script(connection: Connection, number: int) -> None:
        while connection.request():
            connection.answer(*answers, **options)  # type: ignore[arg-type]  # handed through as given

    return script


def silent(connection: Connection, number: int) -> None:
    """A script that never answers."""
    connection.request()
    connection.tls.recv(1)


def dripping(connection: Connection, number: int) -> None:
    """A script that answers one byte at a time."""
    connection.request()
    connection.tls.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    for _ in range(200):
        connection.tls.sendall(b"x")
        time.sleep(0.05)


def endless(connection: Connection, number: int) -> None:
    """A script whose answer has no end."""
    connection.request()
    connection.answer(b"<a>", length=10**12)
    while True:
        connection.tls.sendall(b" " * 100_000)
