"""Carries messages to the SEFAZs and their answers back, over one HttpChannel.

Importing this module imports zeep, httpx and lxml, so only `client` does it, at the first query.
"""

from __future__ import annotations

import ssl

from app.domain import Document
from services.http_channel import HttpAnswer, HttpChannel
from services.interruption import Interruption
from services.sefaz.answer import MAX_BODY
from services.sefaz.endpoints import Endpoint
from services.sefaz.message import message

_HEADERS = {"User-Agent": "Retaguarda", "Accept": "application/soap+xml", "Accept-Encoding": "identity"}


class SefazTransport:
    """A channel with one certificate. `sent` is the last message put on the wire, `answered` whether its answer began.

    To be used by one thread; `interruption` tells it to give up.
    """

    def __init__(
        self, context: ssl.SSLContext, connect_timeout: float, read_timeout: float, interruption: Interruption
    ) -> None:
        self.sent = b""
        self._read_timeout = read_timeout
        self._channel = HttpChannel(context, connect_timeout, read_timeout, interruption, _HEADERS)

    @property
    def answered(self) -> bool:
        """Whether the answer to the last message began."""
        return self._channel.answered

    def ask(self, document: Document, endpoint: Endpoint) -> HttpAnswer:
        """One CONS-CAD query, which changes nothing at the SEFAZ. Raises httpx.HTTPError."""
        written = message(endpoint.envelope, document.kind, header=endpoint.header)
        self.sent = written.about(document.value, endpoint.uf)
        request = self._channel.request("POST", endpoint.production, content=self.sent, headers=written.headers)
        return self._channel.send(request, limit=MAX_BODY, body_timeout=self._read_timeout)

    def close(self) -> None:
        """Close every connection."""
        self._channel.close()
