"""A real `openssl s_server` on a free port of loopback, which answers each query whole."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import threading
from pathlib import Path
from types import TracebackType

_START_S = 60.0
_END_OF_QUERY = b"</soap-env:Envelope>"
_PRESENTED = rb"depth=0.*?verify return:1"
_ASK_FOR_CERTIFICATE = b"R\n"  # s_server(1), CONNECTED COMMANDS


class OpensslServer:
    """Serves with these `options` of s_server(1). `answer` is sent as it is to each query; none ends the server.

    With `renegotiate` the client's certificate is asked for after the first query, by a second negotiation, and the
    answer waits for it.
    """

    def __init__(self, *options: str | Path, answer: bytes = b"", renegotiate: bool = False) -> None:
        self._options = [str(option) for option in options]
        if renegotiate:
            self._options.append("-no_resumption_on_reneg")  # which would go without asking
        self._answer = answer
        self._renegotiate = renegotiate
        self._listening = threading.Event()
        self._port = 0
        self._thread = threading.Thread(target=self._serve, name="openssl-s_server")
        self.said = b""
        """All that it wrote, the queries too."""

    @property
    def url(self) -> str:
        """An address of it."""
        return f"https://localhost:{self._port}/ws"

    @property
    def queries(self) -> int:
        """How many whole queries came."""
        return self.said.count(_END_OF_QUERY)

    def __enter__(self) -> OpensslServer:
        self._process = subprocess.Popen(
            ["openssl", "s_server", "-accept", "127.0.0.1:0", *self._options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, "OPENSSL_CONF": os.devnull},
        )
        self._thread.start()
        if not self._listening.wait(_START_S) or not self._port:
            self.__exit__(None, None, None)
            raise AssertionError(f"openssl s_server did not start: {self.said.decode(errors='replace')}")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        self._thread.join()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            with contextlib.suppress(BrokenPipeError):
                pipe.close()

    def _serve(self) -> None:
        pipe = self._process.stdout
        assert pipe is not None
        awaited, after = _END_OF_QUERY, 0
        while data := os.read(pipe.fileno(), 65536):
            self.said += data
            if not self._port and (found := re.search(rb"ACCEPT 127\.0\.0\.1:(\d+)", self.said)):
                self._port = int(found[1])
                self._listening.set()
            if not (reached := re.compile(awaited, re.DOTALL).search(self.said, after)):
                continue
            after = reached.end()
            if awaited is _END_OF_QUERY and self._renegotiate:
                awaited = _PRESENTED
                self._renegotiate = False  # s_server asks for it once in a connection
                self._send(_ASK_FOR_CERTIFICATE)
            else:
                awaited = _END_OF_QUERY
                self._send(self._answer)
        self._listening.set()

    def _send(self, data: bytes) -> None:
        assert self._process.stdin is not None
        if not data:
            self._process.kill()
            return
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(data)
            self._process.stdin.flush()
