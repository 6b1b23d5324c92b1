"""The demonstration stays on this computer: whatever address its settings are given, nothing is sent elsewhere."""

from __future__ import annotations

import errno
import ipaddress
import sys
from collections.abc import Iterator
from contextlib import contextmanager

REFUSED = "a demonstração não sai deste computador"

_here_only = False
_is_watched = False


@contextmanager
def only_here() -> Iterator[None]:
    """Refuse, in the whole process, to look up a name or to connect to an address that is not of this computer.

    What asks gets an OSError, as where there is no network.
    """
    global _here_only, _is_watched
    if not _is_watched:
        sys.addaudithook(_watch)  # for good: Python takes no hook away
        _is_watched = True
    before, _here_only = _here_only, True
    try:
        yield
    finally:
        _here_only = before


def _watch(event: str, args: tuple[object, ...]) -> None:
    if not _here_only:
        return
    if event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host = args[0]
    elif event in ("socket.connect", "socket.sendto") and isinstance(args[1], tuple):  # else a socket of Unix
        host = args[1][0]
    else:
        return
    if not _is_here(host):
        raise OSError(errno.ENETUNREACH, f"{REFUSED}: {host}")


def _is_here(host: object) -> bool:
    if isinstance(host, bytes | bytearray):
        host = host.decode("ascii", "replace")
    if host in (None, "", "localhost"):
        return True
    try:
        return ipaddress.ip_address(str(host)).is_loopback
    except ValueError:
        return False
