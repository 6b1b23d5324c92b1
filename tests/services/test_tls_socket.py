"""A connection lost before its TLS handshake: refused with an error and closed, over real sockets."""

from __future__ import annotations

import gc
import socket
import ssl
import struct
import warnings

import pytest

from services.tls_socket import TlsSocket


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
