"""Carries messages to the SEFAZs and their answers back, over HTTP channels with one certificate.

Importing this module imports zeep, httpx and lxml, so only `client` does it, at the first query.
"""

from __future__ import annotations

import functools
import logging
import ssl
from collections.abc import Callable
from urllib.parse import urlsplit

import httpx

from app.domain import Document
from services.certificate import SECURITY_LEVEL
from services.http_channel import HttpAnswer, HttpChannel
from services.interruption import Interruption
from services.network_failure import dh_key_too_small
from services.proxy import ProxyTo
from services.sefaz.answer import MAX_BODY
from services.sefaz.endpoints import Endpoint
from services.sefaz.message import message
from services.sefaz.tls_profile import security_level

_log = logging.getLogger(__name__)

_HEADERS = {"User-Agent": "Retaguarda", "Accept": "application/soap+xml", "Accept-Encoding": "identity"}


class SefazTransport:
    """A channel with one certificate, and a second one for hosts whose 1024-bit DH key may be accepted.

    `context` is tried first; `lenient` gives the context of the same certificate that takes such a key. `sent` is the
    last message put on the wire. To be used by one thread; `interruption` tells it to give up.
    """

    def __init__(
        self,
        context: ssl.SSLContext,
        lenient: Callable[[], ssl.SSLContext] | None,
        connect_timeout: float,
        read_timeout: float,
        interruption: Interruption,
        proxy_to: ProxyTo,
    ) -> None:
        self.sent = b""
        self._lenient = lenient
        self._connect_timeout = connect_timeout
        self._read_timeout = read_timeout
        self._interruption = interruption
        self._proxy_to = proxy_to
        self._strict_channel = self._channel(context)
        self._lenient_channel: HttpChannel | None = None
        self._used = self._strict_channel
        self._weak: set[str] = set()

    @property
    def answered(self) -> bool:
        """Whether the answer to the last message began."""
        return self._used.answered

    @property
    def lowered(self) -> bool:
        """Whether a 1024-bit DH key was to be accepted for the last message."""
        return self._used is self._lenient_channel

    def ask(self, document: Document, endpoint: Endpoint) -> HttpAnswer:
        """One CONS-CAD query, which changes nothing at the SEFAZ. Raises httpx.HTTPError; what `lenient` raises passes
        through."""
        written = message(endpoint.envelope, document.kind, header=endpoint.header)
        self.sent = written.about(document.value, endpoint.uf)
        host = urlsplit(endpoint.production).hostname or ""
        lenient = self._lenient if security_level(endpoint) < SECURITY_LEVEL else None
        if lenient is None or host not in self._weak:
            try:
                return self._send(self._strict_channel, endpoint.production, written.headers)
            except httpx.ConnectError as error:
                if lenient is None or not dh_key_too_small(error):
                    raise
        if self._lenient_channel is None:
            self._lenient_channel = self._channel(lenient())
        self._weak.add(host)
        _say_lowered(host)
        return self._send(self._lenient_channel, endpoint.production, written.headers)

    def close(self) -> None:
        """Close every connection."""
        self._strict_channel.close()
        if self._lenient_channel is not None:
            self._lenient_channel.close()

    def _channel(self, context: ssl.SSLContext) -> HttpChannel:
        return HttpChannel(
            context, self._connect_timeout, self._read_timeout, self._interruption, self._proxy_to, _HEADERS
        )

    def _send(self, channel: HttpChannel, address: str, headers: dict[str, str]) -> HttpAnswer:
        self._used = channel
        request = channel.request("POST", address, content=self.sent, headers=headers)
        return channel.send(request, limit=MAX_BODY, body_timeout=self._read_timeout)


@functools.cache
def _say_lowered(host: str) -> None:
    _log.warning(
        "O servidor %s usa uma chave DH de 1024 bits. A conexão foi refeita com o nível de segurança 1, que a aceita: "
        "o endereço permite isso, e o certificado do servidor continua a ser verificado.",
        host,
    )
