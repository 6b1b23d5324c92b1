"""Exchanges HTTP/1.1 messages over TLS connections that are kept, and that another thread may interrupt.

Importing this module imports httpx, so only what carries a message does it, at the first one.
"""

from __future__ import annotations

import socket
import ssl
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from services.interruption import Interruption
from services.proxy import NoWayOut, Proxy, ProxyFailed, ProxyTo, schemes
from services.tls_socket import TlsSocket

KEEP_ALIVE_S = 60.0
"""How long an idle connection is kept; servers that close it earlier cost only a new handshake."""

_GZIP = 31  # the wbits with which zlib reads gzip
_OK = 200

_REFUSAL_LIMIT = 1 << 16
"""How much is read of a body that is not the one asked for, when that one is given away as it comes."""


@dataclass(frozen=True)
class HttpAnswer:
    """An HTTP response read to its end; `body` is as it was before any compression.

    `whole` is False when the body passed the limit (it is then cut, and longer than it), and when its compression is
    broken, ends early or is none that was offered. `measured` is False when only the end of the connection told where
    the body ends, so that a cut looks like the end. `clock_ahead` is by how much this computer's clock is ahead of the
    server's, give or take half the time that the answer took; None when the server does not tell its own.
    """

    status: int
    headers: httpx.Headers = field(repr=False)
    body: bytes = field(repr=False)
    whole: bool = True
    measured: bool = True
    clock_ahead: timedelta | None = None

    @property
    def content_type(self) -> str:
        """What the server says that the body is; "" when it does not say."""
        return str(self.headers.get("Content-Type", ""))


class HttpChannel:
    """One httpx.Client: HTTP/1.1, connections kept, no redirects followed, one TLS context.

    `proxy_to` is asked at every message by which proxy its host is reached. `sent` tells whether the last message began
    to leave, which it does only over TLS; `answered` whether its answer began. To be used by one thread;
    `interruption` tells it to give up. Times are in seconds.
    """

    def __init__(
        self,
        context: ssl.SSLContext,
        connect_timeout: float,
        read_timeout: float,
        interruption: Interruption,
        proxy_to: ProxyTo,
        headers: dict[str, str],
    ) -> None:
        self._interruption = interruption
        self._sockets: dict[str, socket.socket] = {}
        self._handshaking: socket.socket | None = None
        self._reused = False
        self._encrypted = False
        self._led = False
        self._refusal: tuple[int, tuple[str, ...]] = (0, ())
        self.sent = False
        self.answered = False
        self._origin = ""
        self._sent_at = datetime.now(UTC)
        context.sslsocket_class = TlsSocket
        self._ways = _Ways(context, proxy_to)
        self._http = httpx.Client(
            transport=self._ways,
            trust_env=False,
            follow_redirects=False,
            timeout=httpx.Timeout(read_timeout, connect=connect_timeout),
            headers=headers,
        )

    def request(
        self, method: str, address: str, *, content: bytes | None = None, headers: dict[str, str] | None = None
    ) -> httpx.Request:
        """A message ready to be sent, with all its headers. Raises httpx.InvalidURL."""
        return self._http.build_request(
            method, address, content=content, headers=headers, extensions={"trace": self._trace}
        )

    def send(
        self,
        request: httpx.Request,
        *,
        limit: int,
        body_timeout: float,
        progress: Callable[[int, int | None], None] = lambda received, total: None,
        into: Callable[[bytes], object] | None = None,
    ) -> HttpAnswer:
        """Send a message that may be sent twice, and read the whole answer: at most `limit` bytes, in `body_timeout`.

        It is sent once more, on a new connection, when a connection kept from before turns out to have been closed by
        the server and nothing was answered on it. `progress` gets the bytes that came and how many will, if known.
        `into` gets the body of a 200 piece by piece, at most `limit` bytes and one more; the answer has then none, and
        that of any other status is cut at 64 KiB.
        Raises httpx.HTTPError, and what `into` raises.
        """
        try:
            return self._exchange(request, limit, body_timeout, progress, into)
        except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError) as error:
            if not self._reused or self.answered or self._interruption.interrupted or _tls_alert(error):
                raise
        return self._exchange(request, limit, body_timeout, progress, into)

    def close(self) -> None:
        """Close every connection."""
        self._http.close()
        self._sockets.clear()

    def _exchange(
        self,
        request: httpx.Request,
        limit: int,
        body_timeout: float,
        progress: Callable[[int, int | None], None],
        into: Callable[[bytes], object] | None,
    ) -> HttpAnswer:
        self._origin = str(request.url.netloc)
        self._reused = self._encrypted = self._led = True
        self._refusal = (0, ())
        self.sent = self.answered = False
        if self._interruption.interrupted:
            # Interrupted while the message was built; opening a connection could take as long as its timeout.
            raise httpx.ConnectError("Interrupted before the connection", request=request)
        self._interruption.use(self._sockets.get(self._origin))
        try:
            response = self._http.send(request, stream=True)
            try:
                clock_ahead = _clock_ahead(response.headers.get("Date", ""), self._sent_at, datetime.now(UTC))
                answer = _read(response, limit, time.monotonic() + body_timeout, progress, into)
                return replace(answer, clock_ahead=clock_ahead)
            finally:
                response.close()
        except NoWayOut as error:
            raise httpx.ProxyError(str(error), request=request) from error
        except (httpx.HTTPError, UnicodeError) as error:
            proxy = self._ways.proxy
            if proxy is not None:
                error.add_note(f"Pelo proxy {proxy.address}; o endereço dele vem {proxy.source.value}.")
            if proxy is not None and not self._led:
                failed = ProxyFailed(proxy, *self._refusal)
                failed.__cause__ = error
                raise httpx.ProxyError(str(failed), request=request) from failed
            if isinstance(error, UnicodeError):  # a host that the resolver cannot even ask about, as "a..b"
                raise httpx.ConnectError("The name of the host is no name", request=request) from error
            raise
        finally:
            self._interruption.use(None)
            self._end_handshake()

    def _trace(self, event: str, info: dict[str, Any]) -> None:
        """httpcore's account of what it does: the only public way to the socket while a call waits on it."""
        match event:
            case "connection.connect_tcp.started":
                self._reused = self._encrypted = self._led = False
            case "connection.connect_tcp.complete":
                # TLS takes the descriptor out of this socket; the duplicate stays good for a shutdown meanwhile.
                self._handshaking = info["return_value"].get_extra_info("socket").dup()
                self._interruption.use(self._handshaking)
            case "proxy.start_tls.started":
                self._led = True
            case "connection.start_tls.complete" | "proxy.start_tls.complete":
                connection = info["return_value"].get_extra_info("socket")
                self._sockets[self._origin] = connection
                self._interruption.use(connection)
                self._end_handshake()
                self._encrypted = True
            case "http11.send_request_headers.started":
                self._sent_at = datetime.now(UTC)
                self.sent = self._encrypted  # else it is only a proxy that is asked for a way
            case "http11.receive_response_headers.complete" if self._encrypted:
                self.answered = True
            case "http11.receive_response_headers.complete":
                _, status, _, headers, *_ = info["return_value"]
                asked = [value.decode("latin-1") for name, value in headers if name.lower() == b"proxy-authenticate"]
                self._refusal = (status, schemes(asked))

    def _end_handshake(self) -> None:
        if self._handshaking is not None:
            self._handshaking.close()
            self._handshaking = None


class _Ways(httpx.BaseTransport):
    """Sends each message by the proxy of its host, which may change meanwhile, or by none.

    `proxy` is that of the last message. Raises NoWayOut too.
    """

    def __init__(self, context: ssl.SSLContext, proxy_to: ProxyTo) -> None:
        self.proxy: Proxy | None = None
        self._context = context
        self._proxy_to = proxy_to
        self._made: dict[Proxy | None, httpx.HTTPTransport] = {}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.proxy = None
        self.proxy = self._proxy_to(request.url.host)
        if self.proxy is not None and self.proxy not in self._made:
            # There is one proxy at a time: whatever is open by the one of before, or by its old password, is closed.
            for before in [known for known in self._made if known is not None]:
                self._made.pop(before).close()
        way = self._made.get(self.proxy)
        if way is None:
            way = self._made[self.proxy] = self._make(self.proxy)
        return way.handle_request(request)

    def close(self) -> None:
        for way in self._made.values():
            way.close()

    def _make(self, proxy: Proxy | None) -> httpx.HTTPTransport:
        by = None
        if proxy is not None:
            login = {"Proxy-Authorization": proxy.authorization} if proxy.authorization else {}
            by = httpx.Proxy(f"http://{proxy.address}", headers=login)
        limits = httpx.Limits(keepalive_expiry=KEEP_ALIVE_S)
        return httpx.HTTPTransport(verify=self._context, trust_env=False, limits=limits, proxy=by)


def _clock_ahead(date: str, sent_at: datetime, answered_at: datetime) -> timedelta | None:
    try:
        said = parsedate_to_datetime(date)
    except (ValueError, OverflowError):  # a zone of too many digits is the latter
        return None
    # The server writes it (RFC 9110 §6.6.1, in whole seconds) somewhere between the two moments.
    middle = sent_at + (answered_at - sent_at) / 2
    return middle - (said if said.tzinfo is not None else said.replace(tzinfo=UTC))


def _read(
    response: httpx.Response,
    limit: int,
    deadline: float,
    progress: Callable[[int, int | None], None],
    into: Callable[[bytes], object] | None,
) -> HttpAnswer:
    length = response.headers.get("Content-Length", "")
    total = int(length) if length.isascii() and length.isdecimal() else None
    coding = response.headers.get("Content-Encoding", "identity").strip().lower()
    unpacked = _Gzip() if coding in ("gzip", "x-gzip") else None
    body = bytearray()
    keep: Callable[[bytes], object] = body.extend
    if into is not None and response.status_code == _OK:
        keep = into
    elif into is not None:
        limit = min(limit, _REFUSAL_LIMIT)  # such a limit may be of what no memory has room for
    received = size = 0
    for chunk in response.iter_raw():
        received += len(chunk)
        progress(received, total)
        part = chunk if unpacked is None else unpacked.more(chunk, limit + 1 - size)
        part = part[: limit + 1 - size]
        size += len(part)
        keep(part)
        if size > limit or (unpacked is not None and unpacked.broken):
            break
        if time.monotonic() > deadline:
            raise httpx.ReadTimeout("The body did not end in time", request=response.request)
    whole = size <= limit and (unpacked.ended if unpacked is not None else coding in ("identity", ""))
    measured = unpacked is not None or total is not None or "Transfer-Encoding" in response.headers
    return HttpAnswer(response.status_code, response.headers, bytes(body), whole, measured)


class _Gzip:
    """Unpacks gzip as it comes, never much more than was asked for."""

    def __init__(self) -> None:
        self._stream = zlib.decompressobj(_GZIP)
        self.broken = False

    @property
    def ended(self) -> bool:
        """Whether the compressed data came to its end, with the sum that it carries, and nothing after it."""
        return self._stream.eof and not self._stream.unused_data and not self.broken

    def more(self, chunk: bytes, most: int) -> bytes:
        """What `chunk` unpacks to, at most that many bytes; the reading ends when there were more."""
        try:
            return self._stream.decompress(chunk, most)
        except zlib.error:
            self.broken = True
            return b""


def _tls_alert(error: BaseException) -> bool:
    """Whether the server did answer, with a TLS alert."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError) and not isinstance(cause, ssl.SSLEOFError | ssl.SSLZeroReturnError):
            return True
        cause = cause.__cause__ or cause.__context__
    return False
