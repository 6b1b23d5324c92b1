"""Fetching the file of a version, over real TLS: whole and verified, or nothing is left."""

from __future__ import annotations

import os
import resource
import shutil
import stat
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from app.domain import FailureKind
from app.folders import Folders
from app.update_manifest import Manifest, read_manifest
from services.demo.ca import DemoAuthority
from services.updates.download import download
from services.updates.failed import UpdateFailed
from tests.services.tls_server import Connection, TlsServer
from tests.updates import NAME, SET_UP, Publisher

FILE = f"/novo/{NAME}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "Transferências"
    made.mkdir()
    return made


def _manifest(publisher: Publisher) -> Manifest:
    return read_manifest(publisher.files["/novo/atualizacao.json"])


def fetched(
    publisher: Publisher,
    folder: Path,
    folders: Folders,
    progress: Callable[[int, int | None], None] = lambda received, total: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Path:
    return download(publisher.channel, _manifest(publisher), folder, folders, progress=progress, cancelled=cancelled)


def failing(publisher: Publisher, folder: Path, folders: Folders) -> FailureKind:
    """How it fails; the folder is as it was."""
    before = {file: file.read_bytes() for file in folder.iterdir()} if folder.is_dir() else None
    with pytest.raises(UpdateFailed) as failed:
        fetched(publisher, folder, folders)
    assert ({file: file.read_bytes() for file in folder.iterdir()} if folder.is_dir() else None) == before
    assert failed.value.failure.what
    return failed.value.failure.kind


def test_the_whole_file_verified_and_not_made_to_run(publisher: Publisher, folder: Path, folders: Folders) -> None:
    told: list[tuple[int, int | None]] = []
    target = fetched(publisher, folder, folders, progress=lambda *each: told.append(each))
    assert target == folder / NAME
    assert target.read_bytes() == SET_UP
    assert list(folder.iterdir()) == [target]
    assert not target.stat().st_mode & (stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    assert told[-1] == (len(SET_UP), len(SET_UP))
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_one_that_is_there_already_is_not_fetched_again(publisher: Publisher, folder: Path, folders: Folders) -> None:
    (folder / NAME).write_bytes(SET_UP)
    assert fetched(publisher, folder, folders) == folder / NAME
    assert publisher.asked == []
    (folder / NAME).write_bytes(SET_UP[:-1] + b"x")
    assert fetched(publisher, folder, folders).read_bytes() == SET_UP
    assert len(publisher.asked) == 1


def test_one_that_a_guard_against_viruses_holds_takes_its_place_a_moment_later(
    publisher: Publisher, folder: Path, folders: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused: list[Path] = []
    replace = Path.replace

    def held(temporary: Path, target: Path) -> Path:
        if temporary.name.endswith(".parte") and len(refused) < 30:  # as Windows answers: none of Linux's refusals
            refused.append(temporary)
            raise PermissionError(13, "O arquivo já está sendo usado por outro processo", str(temporary))
        return replace(temporary, target)

    monkeypatch.setattr(Path, "replace", held)
    assert fetched(publisher, folder, folders).read_bytes() == SET_UP
    assert len(refused) == 30
    assert [file.name for file in folder.iterdir()] == [NAME]


class Sent(NamedTuple):
    name: str
    answer: bytes
    kind: FailureKind


HEAD = b"HTTP/1.1 200 OK\r\n"
WRONG = [
    Sent("bit", HEAD + b"Content-Length: %d\r\n\r\n" % len(SET_UP) + SET_UP[:-1] + b"x", FailureKind.INVALID_RESPONSE),
    Sent("short", HEAD + b"Content-Length: %d\r\n\r\n" % (len(SET_UP) - 1) + SET_UP[:-1], FailureKind.INVALID_RESPONSE),
    Sent(
        "long", HEAD + b"Content-Length: %d\r\n\r\n" % (len(SET_UP) + 1) + SET_UP + b"x", FailureKind.INVALID_RESPONSE
    ),
    Sent("cut", HEAD + b"Content-Length: %d\r\n\r\n" % len(SET_UP) + SET_UP[:-1], FailureKind.NETWORK),
    Sent("open", HEAD + b"\r\n" + SET_UP[:-1], FailureKind.INVALID_RESPONSE),
    Sent("gone", b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", FailureKind.HTTP),
    Sent("page", b"HTTP/1.1 503 Oops\r\nContent-Length: 4\r\n\r\noops", FailureKind.HTTP),
]


@pytest.mark.parametrize("sent", WRONG, ids=lambda sent: sent.name)
def test_another_file_leaves_nothing_behind(publisher: Publisher, folder: Path, folders: Folders, sent: Sent) -> None:
    publisher.answers[FILE] = sent.answer
    assert failing(publisher, folder, folders) is sent.kind
    (folder / NAME).write_bytes(b"de antes")
    assert failing(publisher, folder, folders) is sent.kind


def test_an_endless_file_is_left_at_its_size(publisher: Publisher, folder: Path, folders: Folders) -> None:
    publisher.files[FILE] = SET_UP + bytes(40_000_000)
    told: list[int] = []
    written: list[int] = []

    def progress(received: int, total: int | None) -> None:
        told.append(received)
        written.extend(file.stat().st_size for file in folder.iterdir())

    with pytest.raises(UpdateFailed) as failed:
        fetched(publisher, folder, folders, progress=progress)
    assert failed.value.distrusted
    assert max(told) <= len(SET_UP)
    assert 0 < max(written) <= len(SET_UP) + 1
    assert list(folder.iterdir()) == []


def test_a_page_in_place_of_the_file_is_not_read_to_its_end(
    publisher: Publisher, folder: Path, folders: Folders
) -> None:
    publisher.publish(tamanho=40_000_000)
    publisher.answers[FILE] = b"HTTP/1.1 404 Not Found\r\nContent-Length: 30000000\r\n\r\n" + bytes(30_000_000)
    told: list[int] = []
    with pytest.raises(UpdateFailed) as failed:
        fetched(publisher, folder, folders, progress=lambda received, total: told.append(received))
    assert failed.value.failure.kind is FailureKind.HTTP
    assert max(told) < 1_000_000


def test_a_pass_that_a_redirect_gives_is_not_told(publisher: Publisher, folder: Path, folders: Folders) -> None:
    publisher.answers[FILE] = b"HTTP/1.1 302 Found\r\nLocation: /guarda/1?passe=segredo\r\nContent-Length: 0\r\n\r\n"
    with pytest.raises(UpdateFailed) as failed:
        fetched(publisher, folder, folders)
    assert publisher.asked[-1].startswith(b"GET /guarda/1?passe=segredo ")
    assert "/guarda/1\n" in failed.value.failure.details
    publisher.answers["/guarda/1?passe=segredo"] = b"nada de HTTP\r\n\r\n"
    with pytest.raises(UpdateFailed) as unreadable:
        fetched(publisher, folder, folders)
    assert "/guarda/1\n" in unreadable.value.failure.details
    for error in (failed.value, unreadable.value):
        assert "segredo" not in repr(error.failure)


def test_a_redirect_to_where_files_are_kept(publisher: Publisher, folder: Path, folders: Folders) -> None:
    publisher.files["/guarda/1"] = SET_UP
    publisher.answers[FILE] = b"HTTP/1.1 302 Found\r\nLocation: /guarda/1\r\nContent-Length: 3\r\n\r\nabc"
    assert fetched(publisher, folder, folders).read_bytes() == SET_UP


def test_cancelling_in_the_middle(publisher: Publisher, folder: Path, folders: Folders) -> None:
    publisher.held = held = threading.Event()
    asked: list[float] = []

    def cancelled() -> bool:
        if held.is_set():
            asked.append(time.monotonic())
        return held.is_set()

    with pytest.raises(UpdateFailed) as failed:
        fetched(publisher, folder, folders, cancelled=cancelled)
    assert failed.value.failure.kind is FailureKind.CANCELLED
    assert time.monotonic() - asked[0] < 1.0
    assert list(folder.iterdir()) == []


def test_cancelling_what_does_not_say_how_long_it_is(
    publisher: Publisher, authority: DemoAuthority, folder: Path, folders: Folders
) -> None:
    held = threading.Event()

    def half(connection: Connection, number: int) -> None:
        connection.request()
        connection.tls.sendall(HEAD + b"\r\n" + SET_UP[:1000])
        held.set()
        connection.tls.recv(1)

    with TlsServer(authority.server_context(("localhost",), require_client=False), half) as server:
        publisher.url = f"https://localhost:{server.port}"
        with pytest.raises(UpdateFailed) as failed:
            fetched(publisher, folder, folders, cancelled=held.is_set)
    assert failed.value.failure.kind is FailureKind.CANCELLED
    assert list(folder.iterdir()) == []


def test_no_room_for_it(publisher: Publisher, folder: Path, folders: Folders, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(folder)
    monkeypatch.setattr(shutil, "disk_usage", lambda where: usage._replace(free=len(SET_UP) - 1))
    assert failing(publisher, folder, folders) is FailureKind.CONFIGURATION
    assert publisher.asked == []


@pytest.mark.parametrize("place", ["missing", "a file"])
def test_a_folder_that_is_none(publisher: Publisher, tmp_path: Path, folders: Folders, place: str) -> None:
    where = tmp_path / place
    if place == "a file":
        where.write_bytes(b"")
    assert failing(publisher, where, folders) is FailureKind.CONFIGURATION


def test_a_disk_that_fills_up_is_not_told_as_the_network(publisher: Publisher, folder: Path, folders: Folders) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(SET_UP) // 2, before[1]))
    try:
        kind = failing(publisher, folder, folders)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert kind is FailureKind.CONFIGURATION
    assert publisher.asked


def test_what_a_killed_program_left_is_removed_a_day_later(
    publisher: Publisher, folder: Path, folders: Folders
) -> None:
    old, young = (folder / f".{NAME}-{name}.parte" for name in ("aaa", "bbb"))
    for file in (old, young):
        file.write_bytes(b"MZ")
    os.utime(old, (0, time.time() - 2 * 86_400))
    fetched(publisher, folder, folders)
    assert {file.name for file in folder.iterdir()} == {NAME, young.name}
