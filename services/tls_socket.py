"""A TLS socket that is closed, and never half made, when the connection is lost before the handshake."""

from __future__ import annotations

import errno
import os
import socket
import ssl
from typing import Any


class TlsSocket(ssl.SSLSocket):
    """What an `ssl.SSLContext` gives with `sslsocket_class = TlsSocket`.

    `SSLContext.wrap_socket` asks for the peer first. When it is gone already (interrupted, or reset by the other
    side), Python's own class goes on: it raises without closing the descriptor it has just taken over, or returns a
    socket without TLS, that would write in clear (CPython 3.11, `SSLSocket._create`).
    """

    def getpeername(self) -> Any:
        """The peer's address. Without a peer the socket is closed and OSError raised."""
        try:
            return super().getpeername()
        except OSError as error:
            reason = self._lost()
            self.close()
            raise OSError(reason, os.strerror(reason)) from error

    def _lost(self) -> int:
        try:
            pending = self.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        except OSError:  # closed already
            return errno.EBADF
        # Never ENOTCONN, which `wrap_socket` takes for a socket yet to be connected.
        return pending if pending not in (0, errno.ENOTCONN) else errno.ECONNRESET
