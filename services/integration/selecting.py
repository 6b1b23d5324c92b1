"""The event loop of the counters' service: one that goes on listening whatever becomes of who calls.

asyncio's own on Windows closes the listening socket for good when a counter gives up its connection before it was
taken (it went off, or something only looked whether the port answers): python/cpython#93821, open in the 3.13s.
"""

from __future__ import annotations

import asyncio
import errno
import os
import selectors
import sys
from typing import Any

MOST_SOCKETS = 512
"""What select() takes on Windows (FD_SETSIZE of CPython's selectmodule.c); with one more it would end the service."""


class BoundedSelector(selectors.SelectSelector):
    """select(), which refuses the socket that would be one too many, and not every one."""

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        """Watch one more socket. Raises OSError when there are too many: the loop notes it, and who calls with that
        one waits until the deadline of its connection closes it."""
        if len(self.get_map()) >= MOST_SOCKETS:
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        return super().register(fileobj, events, data)


def counters_loop() -> asyncio.AbstractEventLoop:
    """A new loop, for uvicorn to run in."""
    return asyncio.SelectorEventLoop(BoundedSelector() if sys.platform == "win32" else None)
