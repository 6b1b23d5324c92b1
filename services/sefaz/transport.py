"""Carries messages to the SEFAZs and their answers back, over one httpx.Client.

Importing this module imports zeep, httpx and lxml, so only `client` does it, at the first query.
"""

from __future__ import annotations

import socket
import ssl
import time
from dataclasses import dataclass
from typing import Any

import httpx

from app.domain import Document
from services.interruption import Interruption
from services.sefaz.answer import MAX_BODY
from services.sefaz.message import message
from services.tls_socket import TlsSocket

KEEP_ALIVE_S = 60.0
"""How long an idle connection is kept; servers that close it earlier cost only a new handshake."""


@dataclass(frozen=True)
class HttpAnswer:
    """An HTTP response read whole; `body` stops one chunk after `MAX_BODY`."""

    status: int
    content_type: str
    body: bytes


class SefazTransport:
    """One httpx.Client: HTTP/1.1, connections kept, no redirects, one certificate.

    `sent` is the last message put on the wire, `answered` whether its answer began. To be used by one thread;
    `interruption` tells it to give up.
    """

    def __init__(
        self, context: ssl.SSLContext, connect_timeout: float, read_timeout: float, interruption: Interruption
    ) -> None:
        self.sent = b""
        self._read_timeout = read_timeout
        self._interruption = interruption
        self._sockets: dict[str, socket.socket] = {}
        self._handshaking: socket.socket | None = None
        self._reused = False
        self.answered = False
        self._origin = ""
        context.sslsocket_class = TlsSocket
        self._http = httpx.Client(
            verify=context,
            http2=False,
            follow_redirects=False,
            timeout=httpx.Timeout(read_timeout, connect=connect_timeout),
            limits=httpx.Limits(keepalive_expiry=KEEP_ALIVE_S),
            headers={"User-Agent": "Retaguarda", "Accept": "application/soap+xml", "Accept-Encoding": "identity"},
        )

    def ask(self, document: Document, uf: str, address: str, envelope: str) -> HttpAnswer:
        """One CONS-CAD query. Raises httpx.HTTPError."""
        written = message(envelope, document.kind)
        self.sent = written.about(document.value, uf)
        return self.post(address, self.sent, written.headers)

    def post(self, address: str, message: bytes, headers: dict[str, str]) -> HttpAnswer:
        """Send a message and read the whole answer.

        A query changes nothing at the SEFAZ, so it is sent once more, on a new connection, when a connection kept
        from before turns out to have been closed by the server and nothing was answered on it.
        """
        try:
            return self._exchange(address, message, headers)
        except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError) as error:
            if not self._reused or self.answered or self._interruption.interrupted or _tls_alert(error):
                raise
        return self._exchange(address, message, headers)

    def close(self) -> None:
        """Close every connection."""
        self._http.close()
        self._sockets.clear()

    def _exchange(self, address: str, message: bytes, headers: dict[str, str]) -> HttpAnswer:
        request = self._http.build_request(
            "POST", address, content=message, headers=headers, extensions={"trace": self._trace}
        )
        self._origin = str(request.url.netloc)
        self._reused = True
        self.answered = False
        if self._interruption.interrupted:
            # Interrupted while the message was built; opening a connection could take as long as its timeout.
            raise httpx.ConnectError("Interrupted before the connection", request=request)
        self._interruption.use(self._sockets.get(self._origin))
        try:
            response = self._http.send(request, stream=True)
            try:
                body = self._read(response)
            finally:
                response.close()
        finally:
            self._interruption.use(None)
            self._end_handshake()
        return HttpAnswer(response.status_code, response.headers.get("Content-Type", ""), body)

    def _read(self, response: httpx.Response) -> bytes:
        deadline = time.monotonic() + self._read_timeout
        body = bytearray()
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) > MAX_BODY:
                break
            if time.monotonic() > deadline:
                raise httpx.ReadTimeout("The body did not end in time", request=response.request)
        return bytes(body)

    def _trace(self, event: str, info: dict[str, Any]) -> None:
        """httpcore's account of what it does: the only public way to the socket while a call waits on it."""
        match event:
            case "connection.connect_tcp.started" | "socks.connect_tcp.started":
                self._reused = False
            case "connection.connect_tcp.complete" | "socks.connect_tcp.complete":
                # TLS takes the descriptor out of this socket; the duplicate stays good for a shutdown meanwhile.
                self._handshaking = info["return_value"].get_extra_info("socket").dup()
                self._interruption.use(self._handshaking)
            case "connection.start_tls.complete" | "proxy.start_tls.complete" | "socks.start_tls.complete":
                connection = info["return_value"].get_extra_info("socket")
                self._sockets[self._origin] = connection
                self._interruption.use(connection)
                self._end_handshake()
            case "http11.receive_response_headers.complete":
                self.answered = True

    def _end_handshake(self) -> None:
        if self._handshaking is not None:
            self._handshaking.close()
            self._handshaking = None


def _tls_alert(error: BaseException) -> bool:
    """Whether the server did answer, with a TLS alert."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError) and not isinstance(cause, ssl.SSLEOFError | ssl.SSLZeroReturnError):
            return True
        cause = cause.__cause__ or cause.__context__
    return False
