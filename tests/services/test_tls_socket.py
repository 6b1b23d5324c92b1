"""A connection lost before its TLS handshake: refused with an error and closed, over real sockets; and waits that end
where a shutdown wakes nobody, as on Windows."""

from __future__ import annotations

import errno
import gc
import socket
import ssl
import struct
import sys
import threading
import time
import warnings
from collections.abc import Iterator

import pytest

from services.demo.ca import DemoAuthority
from services.tls_socket import TlsSocket
from tests.services.tls_server import TlsServer


def lost_connection(how: str) -> socket.socket:
    """A connected socket whose peer is gone."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        ours = socket.create_connection(listener.getsockname())
        theirs, _ = listener.accept()
    if how == "reset":
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    else:
        ours.shutdown(socket.SHUT_RDWR)
    theirs.close()
    return ours


@pytest.mark.parametrize("how", ["reset", "interrupted"])
def test_connection_lost_before_the_handshake(how: str) -> None:
    context = ssl.create_default_context()
    context.sslsocket_class = TlsSocket
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        with pytest.raises(OSError, match="reset"):
            context.wrap_socket(lost_connection(how), server_hostname="localhost")
        gc.collect()
    assert [str(each.message) for each in warned] == []


@pytest.fixture
def client() -> Iterator[TlsSocket]:
    """A socket whose handshake has not begun, with a timeout of two seconds."""
    context = ssl.create_default_context()
    context.sslsocket_class = TlsSocket
    with socket.create_server(("127.0.0.1", 0)) as listener:
        ours = socket.create_connection(listener.getsockname(), 2)
        theirs, _ = listener.accept()
    with theirs, context.wrap_socket(ours, server_hostname="localhost", do_handshake_on_connect=False) as tls:
        assert isinstance(tls, TlsSocket)
        yield tls


class _Windows:
    """Waits as Windows does: to the timeout, whatever another thread does; then a new try fails when it was shut."""

    def __init__(self) -> None:
        self.shut = threading.Event()
        self.arrives_at = float("inf")
        self.lost: OSError | None = None
        self.tries = 0

    def recv(self, tls: ssl.SSLSocket) -> bytes:
        self.tries += 1
        if self.lost is not None:
            raise self.lost
        if self.shut.is_set():
            raise BrokenPipeError("shut down")
        until = time.monotonic() + (tls.gettimeout() or 3600)
        if self.arrives_at <= until:
            return b"chegou"
        time.sleep(max(until - time.monotonic(), 0))
        raise TimeoutError("timed out")


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> Iterator[_Windows]:
    waiting = _Windows()
    with monkeypatch.context() as patched:
        patched.setattr(sys, "platform", "win32")
        patched.setattr(ssl.SSLSocket, "recv", lambda tls, size, flags: waiting.recv(tls))
        yield waiting


@pytest.mark.parametrize("timeout", [60.0, None])
def test_a_shutdown_that_wakes_nobody_ends_the_wait(
    client: TlsSocket, windows: _Windows, timeout: float | None
) -> None:
    client.settimeout(timeout)
    threading.Timer(0.3, windows.shut.set).start()
    with pytest.raises(BrokenPipeError):
        client.recv(10)
    assert client.gettimeout() == timeout


def test_what_comes_late_is_waited_for(client: TlsSocket, windows: _Windows) -> None:
    client.settimeout(60)
    windows.arrives_at = time.monotonic() + 0.35
    assert client.recv(10) == b"chegou"
    assert client.gettimeout() == 60


def test_silence_lasts_the_whole_timeout(client: TlsSocket, windows: _Windows) -> None:
    client.settimeout(0.35)
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        client.recv(10)
    assert 0.34 < time.monotonic() - began < 30
    assert client.gettimeout() == 0.35


def test_a_connection_that_the_network_gave_up_is_not_tried_anew(client: TlsSocket, windows: _Windows) -> None:
    windows.lost = TimeoutError(errno.ETIMEDOUT, "Connection timed out")
    with pytest.raises(TimeoutError, match="Connection"):
        client.recv(10)
    assert windows.tries == 1


def test_a_handshake_is_taken_up_where_it_was(authority: DemoAuthority, monkeypatch: pytest.MonkeyPatch) -> None:
    serving = authority.server_context(require_client=False)

    def slowly(plain: socket.socket) -> None:
        time.sleep(0.35)  # some looks
        with serving.wrap_socket(plain, server_side=True) as tls:
            tls.sendall(b"ola")

    context = ssl.create_default_context(cadata=authority.ca_pem.decode("ascii"))
    context.sslsocket_class = TlsSocket
    with TlsServer(serving, lambda connection, number: None, raw=slowly) as server:
        plain = socket.create_connection(("127.0.0.1", server.port), 60)
        with monkeypatch.context() as patched:
            patched.setattr(sys, "platform", "win32")
            with context.wrap_socket(plain, server_hostname="localhost") as tls:
                assert tls.recv(10) == b"ola"
