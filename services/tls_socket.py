"""A TLS socket that is closed, and never half made, when the connection is lost before the handshake, and that tells
how far the handshake went when it fails."""

from __future__ import annotations

import errno
import os
import socket
import ssl
from collections.abc import Sequence
from typing import Any


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
            super().do_handshake(block)
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
