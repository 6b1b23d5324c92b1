"""Downloading ANP's lists over real sockets and real TLS: the whole file or nothing."""

from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Callable

import pytest

from app.domain import ConsultationFailed, FailureKind
from app.folders import Folders
from services.anp import lists
from services.anp.lists import download_list
from tests.services.tls_server import Connection, Script, TlsServer, endless, silent

Serve = Callable[[Script], TlsServer]
LIST = b"CODIGOISIMP;AUTORIZACAO;CNPJ\r\n" + b"9912345;PR/SP0912345;61820394000119\r\n" * 60_000


def sending(head: bytes, body: bytes) -> Script:
    def script(connection: Connection, number: int) -> None:
        connection.request()
        connection.tls.sendall(b"HTTP/1.1 " + head + b"\r\n\r\n" + body)

    return script


def whole(body: bytes, *, more: int = 0, extra: bytes = b"") -> Script:
    return sending(b"200 OK\r\n%sContent-Length: %d" % (extra, len(body) + more), body)


def failing(folders: Folders, address: str, *, cancelled: Callable[[], bool] = lambda: False) -> ConsultationFailed:
    with pytest.raises(ConsultationFailed) as failed:
        download_list(address, folders, progress=lambda received, total: None, cancelled=cancelled)
    assert failed.value.failure.what
    assert "SEFAZ" not in failed.value.failure.sentence
    return failed.value


@pytest.mark.parametrize("packed", [False, True])
def test_the_whole_file_and_how_much_of_it_came(folders: Folders, serve: Serve, packed: bool) -> None:
    sent = gzip.compress(LIST) if packed else LIST
    told: list[tuple[int, int | None]] = []
    with serve(whole(sent, extra=b"Content-Encoding: gzip\r\n" if packed else b"")) as server:
        body = download_list(server.url, folders, progress=lambda *each: told.append(each), cancelled=lambda: False)
    assert body == LIST
    received = [done for done, _ in told]
    assert received == sorted(received)
    assert told[-1] == (len(sent), len(sent))


def test_a_chunked_file_whose_size_is_not_told(folders: Folders, serve: Serve) -> None:
    told: list[int | None] = []
    chunks = b"%x\r\n%s\r\n0\r\n\r\n" % (len(LIST), LIST)
    with serve(sending(b"200 OK\r\nTransfer-Encoding: chunked", chunks)) as server:
        body = download_list(
            server.url, folders, progress=lambda done, total: told.append(total), cancelled=lambda: False
        )
    assert body == LIST
    assert set(told) == {None}


def test_a_redirect_inside_the_server(folders: Folders, serve: Serve) -> None:
    def script(connection: Connection, number: int) -> None:
        while head := connection.request():
            if head.startswith(b"GET /ws "):
                connection.answer(b"", "302 Found", "Location: /ws/@@download/file")
            else:
                connection.answer(LIST)

    with serve(script) as server:
        assert download_list(server.url, folders, progress=lambda *_: None, cancelled=lambda: False) == LIST
        assert server.connections == 1


PACKED = gzip.compress(LIST)


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        (whole(LIST, more=1), FailureKind.NETWORK),
        (sending(b"200 OK\r\nTransfer-Encoding: chunked", b"10\r\n0123456789abcdef\r\n"), FailureKind.NETWORK),
        (whole(PACKED, more=1, extra=b"Content-Encoding: gzip\r\n"), FailureKind.NETWORK),
        (whole(PACKED[:-9], extra=b"Content-Encoding: gzip\r\n"), FailureKind.INVALID_RESPONSE),
        (sending(b"200 OK\r\nContent-Encoding: gzip", PACKED[:-9]), FailureKind.INVALID_RESPONSE),
        (whole(LIST, extra=b"Content-Encoding: br\r\n"), FailureKind.INVALID_RESPONSE),
        (sending(b"200 OK", LIST), FailureKind.INVALID_RESPONSE),
        (sending(b"206 Partial Content\r\nContent-Length: %d" % len(LIST), LIST), FailureKind.HTTP),
        (whole(b"<!DOCTYPE html><html><title>Acesso negado</title></html>"), FailureKind.INVALID_RESPONSE),
        (whole(b"\xef\xbb\xbf\r\n<?xml version='1.0'?><Error/>"), FailureKind.INVALID_RESPONSE),
        (whole(b" \r\n"), FailureKind.INVALID_RESPONSE),
        (sending(b"403 Forbidden\r\nContent-Length: 0", b""), FailureKind.HTTP),
        (sending(b"404 Not Found\r\nContent-Length: 0", b""), FailureKind.HTTP),
        (sending(b"302 Found\r\nLocation: https://outro.invalid/\r\nContent-Length: 0", b""), FailureKind.HTTP),
    ],
    ids=["cut", "chunks", "gzip cut", "gzip short", "gzip open", "br", "open", "206", "html", "xml", "blank", *"432"],
)
def test_anything_but_the_whole_file_is_a_failure(
    folders: Folders, serve: Serve, script: Script, kind: FailureKind
) -> None:
    with serve(script) as server:
        failed = failing(folders, server.url)
    assert failed.failure.kind is kind
    assert failed.request.startswith(b"GET https://localhost")


def test_a_file_too_large_is_not_read_to_the_end(
    folders: Folders, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "MAX_LIST", 2 * 1024 * 1024)

    with serve(endless) as server:
        assert "2 MB" in failing(folders, server.url).failure.what


@pytest.mark.parametrize("answered", [False, True])
def test_cancelling_takes_less_than_a_second(folders: Folders, serve: Serve, answered: bool) -> None:
    waiting = threading.Event()
    asked: list[float] = []

    def script(connection: Connection, number: int) -> None:
        connection.request()
        if answered:
            connection.answer(LIST[:1000], length=len(LIST))
        waiting.set()
        connection.tls.recv(1)

    def cancelled() -> bool:
        if waiting.is_set():
            asked.append(time.monotonic())
        return waiting.is_set()

    with serve(script) as server:
        failed = failing(folders, server.url, cancelled=cancelled)
        assert time.monotonic() - asked[0] < 1.0
    assert failed.failure.kind is FailureKind.CANCELLED


def test_a_silent_server(folders: Folders, serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "READ_TIMEOUT_S", 0.3)

    with serve(silent) as server:
        assert failing(folders, server.url).failure.kind is FailureKind.TIMEOUT
