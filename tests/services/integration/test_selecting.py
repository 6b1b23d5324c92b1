"""The loop listens on, whoever hangs up at the door and however many come."""

from __future__ import annotations

import asyncio
import socket
import struct
import sys
import time
from collections.abc import Coroutine
from typing import Any, ClassVar

import pytest

from services.integration import protocol, selecting
from services.integration.selecting import MOST_SOCKETS, BoundedSelector, counters_loop
from tests.services.integration.conftest import PATIENCE_S, Service


def test_windows_has_the_loop_that_goes_on_listening(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[BoundedSelector] = []

    class Noted(BoundedSelector):
        def __init__(self) -> None:
            super().__init__()
            made.append(self)

    monkeypatch.setattr(selecting, "BoundedSelector", Noted)
    with monkeypatch.context() as windows:
        windows.setattr(sys, "platform", "win32")
        loop = counters_loop()
    loop.close()
    assert isinstance(loop, asyncio.SelectorEventLoop)
    assert len(made) == 1


def test_the_service_runs_in_that_loop(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    loops: list[asyncio.AbstractEventLoop] = []

    def noted() -> asyncio.AbstractEventLoop:
        loops.append(counters_loop())
        return loops[-1]

    monkeypatch.setattr(selecting, "counters_loop", noted)
    service.server.stop()
    service.server.start()
    service.server.wait(PATIENCE_S)
    assert len(loops) == 1


def test_the_connections_taken_leave_room_for_the_loops_own_sockets() -> None:
    listening, waking = 1, 1
    assert protocol.MOST_CONNECTIONS + listening + waking <= MOST_SOCKETS


def test_who_hangs_up_at_the_door_does_not_close_it() -> None:
    async def hang_up_and_call() -> bytes:
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
        server = await asyncio.start_server(_greet, "127.0.0.1", 0)
        async with server:
            where = server.sockets[0].getsockname()
            for _ in range(5):
                with socket.create_connection(where) as leaving:
                    leaving.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return await _called(where)

    assert _in_bounded_loop(hang_up_and_call()) == b"ola"


class _Answering(asyncio.Protocol):
    """Answers what comes; `taken` has every connection that was."""

    taken: ClassVar[list[asyncio.Transport]] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.taken.append(transport)

    def data_received(self, data: bytes) -> None:
        self.transport.write(b"ola")


def test_one_connection_too_many_does_not_end_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selecting, "MOST_SOCKETS", 5)  # two are the loop's own
    monkeypatch.setattr(_Answering, "taken", [])
    noted: list[object] = []

    async def crowd_and_call() -> bytes:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda loop, context: noted.append(context["exception"]))
        async with await loop.create_server(_Answering, "127.0.0.1", 0) as server:
            crowd = [socket.create_connection(server.sockets[0].getsockname(), PATIENCE_S) for _ in range(8)]
            deadline = time.monotonic() + PATIENCE_S
            while len(noted) < 5 and time.monotonic() < deadline:
                await asyncio.sleep(0.01)
            crowd[0].sendall(b"x")
            answer = await asyncio.to_thread(crowd[0].recv, 3)
            for one in crowd:
                one.close()
            for transport in _Answering.taken:
                transport.abort()
            await asyncio.sleep(0.01)
            return answer

    assert _in_bounded_loop(crowd_and_call()) == b"ola"
    assert len(noted) == 5
    assert all(isinstance(one, OSError) for one in noted)


def _in_bounded_loop(work: Coroutine[Any, Any, bytes]) -> bytes:
    with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(BoundedSelector())) as runner:
        return runner.run(work)


async def _greet(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"ola")
    writer.close()


async def _called(where: tuple[str, int]) -> bytes:
    reader, writer = await asyncio.wait_for(asyncio.open_connection(*where), PATIENCE_S)
    said = await asyncio.wait_for(reader.read(), PATIENCE_S)
    writer.close()
    return said
