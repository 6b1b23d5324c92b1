"""An HTTP proxy of this computer, which leads every name to this computer: the names of tests have no other place."""

from __future__ import annotations

import contextlib
import socket
import threading
from types import TracebackType

from services.proxy import basic


class ProxyServer:
    """Leads who asks with CONNECT to the port asked for, with `login` (user and password) only who shows it.

    `refusal` is what everybody gets instead, as it is. `asked` are the heads of what was asked, in order.
    """

    def __init__(self, *, login: tuple[str, str] | None = None, refusal: bytes | None = None) -> None:
        self.asked: list[bytes] = []
        self._shown = basic(*login).encode() if login is not None else None
        self._refusal = refusal
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept, name="proxy-de-teste")]

    def __enter__(self) -> ProxyServer:
        self._threads[0].start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for each in (self._listener, *self._open):
            _end(each)
        for thread in self._threads:
            thread.join()
        for each in (self._listener, *self._open):
            each.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(client)
            self._start(self._serve, client)

    def _start(self, target: object, *args: socket.socket) -> None:
        thread = threading.Thread(target=target, args=args, name="proxy-de-teste")  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _serve(self, client: socket.socket) -> None:
        head = b""
        with contextlib.suppress(OSError):
            while b"\r\n\r\n" not in head:
                data = client.recv(4096)
                if not data:
                    break
                head += data
            self.asked.append(head)
            answer = self._answer(head)
            if answer is not None:
                client.sendall(answer)
                _end(client)
                return
            server = socket.create_connection(("127.0.0.1", int(head.split(b" ")[1].rpartition(b":")[2])))
            self._open.append(server)
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            self._start(_pass_on, server, client)
            _pass_on(client, server)

    def _answer(self, head: bytes) -> bytes | None:
        """What is said instead of leading on; None to lead."""
        if self._refusal is not None:
            return self._refusal
        shown = b"Proxy-Authorization: " + (self._shown or b"") + b"\r\n"
        if self._shown is None or shown in head:
            return None
        asks = b'Proxy-Authenticate: Basic realm="loja, matriz"\r\n'
        return b"HTTP/1.1 407 Proxy Authentication Required\r\n" + asks + b"Content-Length: 0\r\n\r\n"


def _pass_on(one: socket.socket, other: socket.socket) -> None:
    """Give what comes from one to the other, to the end of either."""
    with contextlib.suppress(OSError):
        while data := one.recv(65536):
            other.sendall(data)
    _end(one)
    _end(other)


def _end(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
