"""A TLS socket that is closed, and never half made, when the connection is lost before the handshake, that tells how
far the handshake went when it fails, and whose waits end when another thread shuts it down, on Windows too."""

from __future__ import annotations

import errno
import math
import os
import socket
import ssl
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

_Given = TypeVar("_Given")

_LOOK_S = 0.1
"""How often a wait looks whether the socket was shut down meanwhile."""


class HandshakeFailed(OSError):
    """A TLS handshake failed; `__cause__` is how.

    `begun` tells whether the server had presented itself, without which it cannot have seen a client's certificate.
    `missing_issuer` is the common name of the first authority, from the server's certificate upwards, that was neither
    sent by it nor is trusted, or that of the root sent which is not; "" when the chain tells of none. `with_system`
    tells whether the system's authorities were believed too.
    """

    def __init__(self, message: str, *, begun: bool, missing_issuer: str, with_system: bool = False) -> None:
        super().__init__(message)
        self.begun = begun
        self.missing_issuer = missing_issuer
        self.with_system = with_system


class ClientContext(ssl.SSLContext):
    """A context of this program's as a client. `with_system` tells whether the system's authorities are believed too,
    `only_of_system` those, as DER, that are not the program's own or the administrator's."""

    with_system = False
    only_of_system: tuple[bytes, ...] = ()


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

    def do_handshake(self, block: bool = False) -> None:
        """Negotiate. Raises HandshakeFailed, or TimeoutError."""
        try:
            self._attentive(partial(super().do_handshake, block))
        except TimeoutError:
            raise
        except OSError as error:
            # Public only from Python 3.13; OpenSSL 3 keeps what was sent also when the trust in it failed.
            sent = self._sslobj.get_unverified_chain() or ()  # type: ignore[attr-defined]
            untrusted = isinstance(error, ssl.SSLCertVerificationError)
            missing = _missing_issuer(sent, self.context) if untrusted else ""
            with_system = isinstance(self.context, ClientContext) and self.context.with_system
            raise HandshakeFailed(
                str(error), begun=bool(sent), missing_issuer=missing, with_system=with_system
            ) from error

    def recv(self, buflen: int = 1024, flags: int = 0) -> bytes:
        """What comes next. Raises TimeoutError when nothing does."""
        return self._attentive(partial(super().recv, buflen, flags))

    def _attentive(self, wait: Callable[[], _Given]) -> _Given:
        """What `wait` gives, within the socket's own timeout.

        A shutdown by another thread ends a wait that goes on, but not on Windows (python/cpython#91913,
        rust-lang/rust#31657), where only the next try fails: there it is tried anew all the time. OpenSSL takes up
        where it was.
        """
        whole = self.gettimeout()
        if sys.platform == "win32" and whole != 0:
            deadline = math.inf if whole is None else time.monotonic() + whole
            try:
                while (left := deadline - time.monotonic()) > _LOOK_S:
                    self.settimeout(_LOOK_S)
                    try:
                        return wait()
                    except TimeoutError as late:
                        if late.errno is not None:  # not the socket's timeout: the network's own, and it is lost
                            raise
                self.settimeout(max(left, 0.001))
                return wait()
            finally:
                self.settimeout(whole)
        return wait()

    def _lost(self) -> int:
        try:
            pending = self.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        except OSError:  # closed already
            return errno.EBADF
        # Never ENOTCONN, which `wrap_socket` takes for a socket yet to be connected.
        return pending if pending not in (0, errno.ENOTCONN) else errno.ECONNRESET


def _missing_issuer(sent: Sequence[Any], context: ssl.SSLContext) -> str:
    try:
        chain = [certificate.get_info() for certificate in sent]
    except (ValueError, ssl.SSLError):  # it has something that Python cannot read, such as a date
        return ""
    trusted = {authority["subject"]: authority["issuer"] for authority in context.get_ca_certs()}
    issuers = trusted | {certificate["subject"]: certificate["issuer"] for certificate in chain}
    subject = chain[0]["subject"] if chain else ()
    for _ in range(len(issuers) if chain else 0):
        issuer = issuers[subject]
        if issuer not in issuers or (issuer == subject and subject not in trusted):
            return next((value for part in issuer for name, value in part if name == "commonName"), "")
        subject = issuer
    return ""
