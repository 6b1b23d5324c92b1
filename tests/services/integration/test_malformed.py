"""What is no request: ten thousand of them over real sockets. None is served, none harms the service."""

from __future__ import annotations

import json
import random
import re
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from queue import Queue

import pytest

from services.integration import protocol
from services.integration.size_limit import BODY_BYTES
from tests.services.integration.conftest import PATIENCE_S, Service

REQUESTS = 10_000
_THREADS = 4
_SEED = 8082
_STATUS = re.compile(rb"HTTP/1\.1 ([0-9]{3}) ")

Maker = Callable[[random.Random, str], bytes]


def _good(token: str, path: str = "/v1/balcao") -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n".encode()


def _noise(dice: random.Random, token: str) -> bytes:
    return dice.randbytes(dice.randint(1, 400))


def _cut(dice: random.Random, token: str) -> bytes:
    whole = _good(token)
    return whole[: dice.randint(1, len(whole) - 1)]


def _flipped(dice: random.Random, token: str) -> bytes:
    """One byte of the token or of the version is another one."""
    whole = bytearray(_good(token))
    place = whole.index(b"rtg_") + dice.randint(0, 40) if dice.random() < 0.5 else whole.index(b"HTTP/1.1") + 3
    whole[place] ^= dice.choice([0x80, 0x01 if whole[place] not in b"\x0b" else 0x80])
    return bytes(whole)


def _bad_line(dice: random.Random, token: str) -> bytes:
    lines = (
        "GET\r\n\r\n",
        f"GET  /v1/balcao HTTP/1.1\r\nAuthorization: Bearer {token}\r\n\r\n",
        f"GET /v1/balcao HTTP/9.9\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n",
        f"GET /v1/balcao\r\nAuthorization: Bearer {token}\r\n\r\n",
        f"G\x00T /v1/balcao HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n",
        f"GET /v1/balcao HTTP/1.1\r\nHost: x\r\nAuthorization : Bearer {token}\r\n\r\n",
        f"GET /v1/balcao HTTP/1.1\r\nHost: x\r\nHost: y\r\nAuthorization: Bearer {token}\r\n\r\n",
        f"GET /v1/balcao HTTP/1.1\r\nAuthorization: Bearer {token}\r\n\r\n",
        f"GET /v1/balcão HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        "\r\n\r\n\r\n\r\n",
    )
    return dice.choice(lines).encode("latin-1")


def _bad_length(dice: random.Random, token: str) -> bytes:
    length = dice.choice(["-1", "1e9", "0x10", "9" * 30, "5, 6", "٣", "", "+5", "1 1"])
    head = f"POST /v1/balcao HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Length: {length}\r\n\r\n"
    return head.encode() + b"{}"


def _bad_chunks(dice: random.Random, token: str) -> bytes:
    chunks = dice.choice(
        [b"zz\r\n", b"-5\r\nabc\r\n", b"5\r\nabcdefgh\r\n0\r\n\r\n", b"ffffffffffffffffffffff\r\n", b"5 5\r\n"]
    )
    head = f"POST /v1/nada HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}x\r\nTransfer-Encoding: chunked\r\n\r\n"
    return head.encode() + chunks


def _bad_coding(dice: random.Random, token: str) -> bytes:
    coding = dice.choice(["gzip", "chunked, gzip", "identity", "chunked, chunked", "xchunked"])
    head = f"GET /v1/balcao HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nTransfer-Encoding: {coding}\r\n\r\n"
    return head.encode() + b"0\r\n\r\n"


def _huge_head(dice: random.Random, token: str) -> bytes:
    filler = "a" * dice.randint(70_000, 90_000)
    return f"GET /v1/balcao?{filler} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n".encode()


MAKERS: tuple[Maker, ...] = (_noise, _cut, _flipped, _bad_line, _bad_length, _bad_chunks, _bad_coding, _huge_head)


@contextmanager
def connected(port: int) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S) as connection:
        yield connection


def exchange(port: int, sent: bytes) -> bytes:
    """What comes back until the service closes; no more is sent."""
    with connected(port) as connection:
        try:
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
        except (ConnectionResetError, BrokenPipeError, OSError):
            pass  # it was refused before it was all sent
        received = b""
        try:
            while part := connection.recv(65536):
                received += part
        except ConnectionResetError:
            pass  # closed with something of it still unread
        return received


def body_of(answer: bytes) -> dict[str, dict[str, str]]:
    body: dict[str, dict[str, str]] = json.loads(answer.partition(b"\r\n\r\n")[2])
    return body


def test_ten_thousand_malformed_requests(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    before = threading.active_count()
    # None of them is to reach the database: which one that is need not be tried with all.
    requests = REQUESTS if service.database.is_sqlite else REQUESTS // 10

    def send(number: int) -> tuple[int, bytes, bytes]:
        dice = random.Random(_SEED + number)
        sent = MAKERS[number % len(MAKERS)](dice, service.token)
        return number, sent, exchange(service.port, sent)

    with ThreadPoolExecutor(_THREADS) as pool:
        for number, sent, answer in pool.map(send, range(requests)):
            kind = MAKERS[number % len(MAKERS)].__name__
            statuses = {int(status) for status in _STATUS.findall(answer)}
            assert statuses <= {400, 401, 404, 405, 408, 422, 429, 431, 505}, (kind, sent[:200], answer[:200])
            assert b'balcao":' not in answer, (kind, sent[:200])
    assert service.ask("GET", "/v1/balcao").status_code == 200
    assert threading.active_count() <= before + 8
    assert [record for record in caplog.records if record.levelname in ("ERROR", "CRITICAL")] == []
    assert service.token not in caplog.text


def test_what_is_no_http_is_told_so_in_the_form_of_every_error(service: Service) -> None:
    answer = exchange(service.port, b"ola\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert body_of(answer)["erro"]["codigo"] == "http_invalido"


@pytest.mark.parametrize(
    "sent", [b"GET /v1/balcao HTTP/1.1\r\nHo", b"POST /v1/nada HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab"]
)
def test_a_request_that_never_ends_is_given_up(service: Service, monkeypatch: pytest.MonkeyPatch, sent: bytes) -> None:
    # Without a token the answer need not wait for the body; what never ends is then only closed.
    expected = (b"401", b"token_ausente") if b"POST" in sent else (b"408", b"pedido_lento")
    came: Queue[protocol.CounterProtocol] = Queue()
    watch = protocol.CounterProtocol._watch

    def watched(self: protocol.CounterProtocol) -> None:
        watch(self)
        came.put(self)

    monkeypatch.setattr(protocol.CounterProtocol, "_watch", watched)
    with connected(service.port) as connection:
        connection.sendall(sent)
        unfinished = came.get(timeout=PATIENCE_S)
        received = b""
        while b"POST" in sent and expected[1] not in received:
            part = connection.recv(65536)
            assert part
            received += part
        assert unfinished._deadline is not None
        unfinished.loop.call_soon_threadsafe(unfinished._give_up)
        while part := connection.recv(65536):
            received += part
    assert received.startswith(b"HTTP/1.1 " + expected[0])
    assert expected[1] in received
    assert service.ask("GET", "/v1/balcao").status_code == 200


def test_a_connection_without_a_word_is_closed(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "REQUEST_DEADLINE_S", 0.2)
    with connected(service.port) as connection:
        assert connection.recv(65536) == b""


def test_a_kept_connection_may_rest_between_requests(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """The deadline is of a request, not of a connection."""
    running = threading.Event()
    ended = threading.Event()
    begin, end = protocol.CounterProtocol._begin_deadline, protocol.CounterProtocol._end_deadline

    def begun(self: protocol.CounterProtocol) -> None:
        begin(self)
        running.set()

    def over(self: protocol.CounterProtocol) -> None:
        end(self)
        ended.set()

    monkeypatch.setattr(protocol.CounterProtocol, "_begin_deadline", begun)
    monkeypatch.setattr(protocol.CounterProtocol, "_end_deadline", over)
    with connected(service.port) as connection:
        assert running.wait(PATIENCE_S)
        for _ in range(3):
            ended.clear()
            connection.sendall(_good(service.token))
            received = b""
            while b"versao" not in received:
                received += connection.recv(65536)
            assert ended.wait(PATIENCE_S)


def test_requests_sent_ahead_are_all_answered(service: Service) -> None:
    with connected(service.port) as connection:
        connection.sendall(_good(service.token) * 5)
        connection.shutdown(socket.SHUT_WR)
        received = b""
        while part := connection.recv(65536):
            received += part
    assert _STATUS.findall(received) == [b"200"] * 5


def test_there_may_not_be_too_many_connections(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "MOST_CONNECTIONS", 3)
    opened = [socket.create_connection(("127.0.0.1", service.port), timeout=PATIENCE_S) for _ in range(8)]
    try:
        dropped = 0
        for connection in opened:
            try:
                connection.sendall(_good(service.token))
                dropped += connection.recv(65536) == b""
            except (ConnectionResetError, BrokenPipeError):
                dropped += 1
        assert dropped >= 5
    finally:
        for connection in opened:
            connection.close()


@pytest.mark.parametrize("size", [BODY_BYTES + 1, 10 * BODY_BYTES])
def test_a_body_too_large_is_refused_by_its_length_before_it_comes(service: Service, size: int) -> None:
    head = f"POST /v1/balcao HTTP/1.1\r\nHost: x\r\nContent-Length: {size}\r\n\r\n"
    with connected(service.port) as connection:
        connection.sendall(head.encode())
        received = b""
        while b"corpo_grande_demais" not in received:
            part = connection.recv(65536)
            assert part
            received += part
    assert received.startswith(b"HTTP/1.1 413 ")
