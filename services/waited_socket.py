"""Sockets whose every wait ends: at a deadline, or when the person gives up. Times are in seconds."""

from __future__ import annotations

import errno
import os
import selectors
import socket
import time
from collections.abc import Callable
from contextlib import suppress

LOOK_S = 0.05
"""How often a wait looks whether it was given up."""

# On Windows these are the numbers of Windows Sockets, which Python's errno names there.
NO_ROUTE = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EHOSTDOWN})
"""Errors of an address to which there is no way."""

Address = tuple[str, int]

GiveUp = Callable[[], bool]
"""Whether the person no longer wants to know."""


class GivenUp(Exception):
    """The person no longer wants to know."""


def resolve(host: str, port: int) -> list[Address]:
    """The addresses of a name, in the order in which they are to be tried. Raises OSError or UnicodeError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys((str(address[0]), int(address[1])) for *_, address in found))


def connect(addresses: list[Address], timeout: float, given_up: GiveUp) -> socket.socket:
    """A socket connected to the first address that takes it, each one given `timeout`. Not blocking.

    Raises GivenUp, or the OSError of the last address (TimeoutError when it was silence).
    """
    failed: OSError = OSError("no address")
    for address in addresses:
        family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        connection = socket.socket(family, socket.SOCK_STREAM)
        try:
            connection.setblocking(False)
            with suppress(BlockingIOError):
                connection.connect(address)
            wait(connection, selectors.EVENT_WRITE, time.monotonic() + timeout, given_up)
            reason = connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if reason == 0:
                return connection
            connection.close()
            failed = OSError(reason, os.strerror(reason))
        except OSError as error:
            connection.close()
            failed = error
        except GivenUp:
            connection.close()
            raise
    raise failed


def send(connection: socket.socket, data: bytes, deadline: float, given_up: GiveUp) -> None:
    """Send all of it. `deadline` is of time.monotonic(). Raises TimeoutError, GivenUp or OSError."""
    while data:
        wait(connection, selectors.EVENT_WRITE, deadline, given_up)
        data = data[connection.send(data) :]


def receive(connection: socket.socket, deadline: float, given_up: GiveUp, *, most: int = 65536) -> bytes:
    """What comes next, b"" at the end. `deadline` is of time.monotonic(). Raises TimeoutError, GivenUp or OSError."""
    wait(connection, selectors.EVENT_READ, deadline, given_up)
    return connection.recv(most)


def wait(connection: socket.socket, event: int, deadline: float, given_up: GiveUp) -> None:
    """Until the socket is ready for the selector's `event`. Raises TimeoutError or GivenUp."""
    with selectors.DefaultSelector() as selector:
        selector.register(connection, event)
        while True:
            if given_up():
                raise GivenUp
            left = deadline - time.monotonic()
            if selector.select(max(0.0, min(left, LOOK_S))):  # also when it is late: what came in time is there
                return
            if left <= 0:
                raise TimeoutError("timed out")
