"""An HTTP/1.1 server over TLS on loopback, one thread per connection, that can also misbehave on purpose.

Small so that it costs little beside what it measures: kept connections, one write per reply, no Nagle delay.
"""

from __future__ import annotations

import os
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self

from services.tls_socket import TlsSocket

# struct linger: two shorts on Windows, two ints elsewhere
_LINGER_NOTHING = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)
_MAX_HEAD = 64 * 1024
_MAX_BODY = 1024 * 1024


class Ending(Enum):
    """How a reply leaves the connection."""

    KEPT = "mantida"
    CUT = "interrompida"  # half of the body promised, then closed
    RESET = "derrubada"  # TCP RST, no byte of reply
    HANG = "sem resposta"  # silence until the client leaves or the server stops


@dataclass(frozen=True, slots=True)
class Request:
    """One request. Header names are in lower case; `client` is the name in the client's certificate, "" without one."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    client: str

    @property
    def certified(self) -> bool:
        """Whether the client presented a certificate."""
        return bool(self.client)


@dataclass(frozen=True, slots=True)
class Reply:
    """What is sent back, `delay_s` seconds after the request was read. `headers` are sent beside the usual ones."""

    body: bytes = b""
    status: int = 200
    content_type: str = "application/soap+xml; charset=utf-8"
    ending: Ending = Ending.KEPT
    delay_s: float = 0.0
    headers: tuple[tuple[str, str], ...] = ()


class LoopbackServer:
    """Listens on 127.0.0.1 from `start` to `stop`; `handle` is called from the connections' threads."""

    def __init__(self, context: ssl.SSLContext, handle: Callable[[Request], Reply], *, port: int = 0) -> None:
        context.sslsocket_class = TlsSocket
        self._context = context
        self._handle = handle
        self._port = port
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._connections: list[tuple[ssl.SSLSocket, threading.Thread]] = []
        self._listener: socket.socket | None = None
        self._acceptor: threading.Thread | None = None
        self.handshakes = 0

    @property
    def port(self) -> int:
        """The port listened on; the one asked for while not started."""
        return self._port

    def start(self) -> None:
        """Begin to listen. OSError when the port asked for is taken."""
        if self._acceptor is not None:
            raise RuntimeError("The server has already been started")
        self._stopping.clear()
        self._listener = socket.create_server(("127.0.0.1", self._port), backlog=128)
        self._port = self._listener.getsockname()[1]
        self._acceptor = threading.Thread(
            target=self._accept, args=(self._listener,), name=f"loopback-{self._port}", daemon=True
        )
        self._acceptor.start()

    def stop(self) -> None:
        """Drop every connection, whatever it is doing, and wait for all threads. Does nothing when not started."""
        if self._acceptor is None or self._listener is None:
            return
        self._stopping.set()
        # accept() is woken by a connection: closing the listener would not wake it everywhere
        socket.create_connection(("127.0.0.1", self._port)).close()
        self._acceptor.join()
        self._listener.close()
        self._acceptor = self._listener = None
        for connection, _ in self._connections:
            # the plain socket's own method: SSLSocket's would take the TLS state away from under the thread reading it
            with suppress(OSError):  # already closed by the client or by its own thread
                socket.socket.shutdown(connection, socket.SHUT_RDWR)
        for _, thread in self._connections:
            thread.join()
        self._connections.clear()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                plain, _ = listener.accept()
            except OSError:  # the client gave up before it was accepted
                continue
            if self._stopping.is_set():
                plain.close()
                return
            try:
                plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                connection = self._context.wrap_socket(plain, server_side=True, do_handshake_on_connect=False)
            except OSError:
                plain.close()
                continue
            thread = threading.Thread(
                target=self._serve, args=(connection,), name=f"loopback-{self._port}-conexao", daemon=True
            )
            thread.start()
            # only this thread changes the list, and `stop` reads it after this thread has ended
            self._connections = [known for known in self._connections if known[1].is_alive()]
            self._connections.append((connection, thread))

    def _serve(self, connection: ssl.SSLSocket) -> None:
        try:
            connection.do_handshake()
            with self._lock:
                self.handshakes += 1
            client = _name(connection.getpeercert())
            buffer = bytearray()
            while (request := _read(connection, buffer, client)) is not None:
                if not self._reply(connection, request):
                    break
        except OSError:
            # a client that refuses the certificate, leaves in the middle or is shut down by `stop`: nothing to tell it
            pass
        finally:
            connection.close()

    def _reply(self, connection: ssl.SSLSocket, request: Request) -> bool:
        """Answer one request; whether the connection stays open."""
        reply = self._handle(request)
        if reply.delay_s:
            self._stopping.wait(reply.delay_s)
        if reply.ending is Ending.RESET:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOTHING)
            return False
        if reply.ending is Ending.HANG:
            while connection.recv(4096):
                pass
            return False
        keep = reply.ending is Ending.KEPT and request.headers.get("connection", "").lower() != "close"
        body = reply.body if reply.ending is Ending.KEPT else reply.body[: len(reply.body) // 2]
        connection.sendall(_head(reply, keep=keep) + body)
        return keep


class LoopbackService:
    """An authority of the demonstration: its server runs from `start` to `stop`, or inside a `with`."""

    def __init__(self, server: LoopbackServer) -> None:
        self._server = server

    def start(self) -> None:
        """Begin to answer. OSError when the port asked for is taken."""
        self._server.start()

    def stop(self) -> None:
        """Drop every connection, waiting ones included, and wait for all threads."""
        self._server.stop()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def port(self) -> int:
        """The port chosen, once started."""
        return self._server.port


def _head(reply: Reply, *, keep: bool) -> bytes:
    headers = (
        ("Content-Type", reply.content_type),
        ("Content-Length", str(len(reply.body))),
        *(() if keep else (("Connection", "close"),)),
        *reply.headers,
    )
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
    return f"HTTP/1.1 {reply.status} {HTTPStatus(reply.status).phrase}\r\n{lines}\r\n".encode("ascii")


def _name(certificate: Any) -> str:
    """The common name in a certificate as `ssl` tells it, None or {} without one."""
    fields = (field for part in (certificate or {}).get("subject", ()) for field in part)
    return next((value for name, value in fields if name == "commonName"), "")


def _read(connection: ssl.SSLSocket, buffer: bytearray, client: str) -> Request | None:
    """The next request, or None when the client has left or does not speak HTTP. `buffer` keeps what came beyond."""
    while (end := buffer.find(b"\r\n\r\n")) < 0:
        received = connection.recv(65536)
        if not received or len(buffer) > _MAX_HEAD:
            return None
        buffer += received
    lines = buffer[:end].decode("latin-1").split("\r\n")
    first = lines[0].split(" ")
    if len(first) != 3:
        return None
    headers = {}
    for line in lines[1:]:
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    length = headers.get("content-length", "0")
    if not length.isdecimal() or int(length) > _MAX_BODY:
        return None
    total = end + 4 + int(length)
    if headers.get("expect", "").lower() == "100-continue" and len(buffer) < total:
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    while len(buffer) < total:
        received = connection.recv(65536)
        if not received:
            return None
        buffer += received
    body = bytes(buffer[end + 4 : total])
    del buffer[:total]
    return Request(first[0], first[1], headers, body, client)
