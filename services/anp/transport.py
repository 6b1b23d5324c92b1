"""Fetches what ANP's servers publish, over one HttpChannel, and explains what went wrong on the way.

Importing this module imports httpx, so only a query or a download does it.
"""

from __future__ import annotations

from collections.abc import Callable

import httpx

from app.domain import ConsultationFailed, Failure, FailureKind
from app.folders import Folders
from app.version import VERSION
from services.certificate import CertificateUnusable, anonymous_context, file_state
from services.http_channel import HttpAnswer, HttpChannel
from services.interruption import Interruption
from services.network import Network
from services.network_failure import Called, cancelled, network_failure

MAX_REDIRECTS = 5

_ANP = Called("ANP", "o endereço da ANP nas configurações", with_certificate=False)
_HEADERS = {"User-Agent": f"Retaguarda/{VERSION}", "Accept-Encoding": "gzip"}
_EVIDENCE = ("Host", "User-Agent", "Accept", "Accept-Encoding")
_REDIRECTS = (301, 302, 303, 307, 308)


class AnpTransport:
    """GETs with no certificate of our own. `sent` has the head of the last messages, redirects included.

    To be used by one thread; `interruption` tells it to give up. Times are in seconds.
    """

    def __init__(
        self, folders: Folders, connect_timeout: float, read_timeout: float, interruption: Interruption
    ) -> None:
        self.sent = b""
        self._connect_timeout = connect_timeout
        self._read_timeout = read_timeout
        self._interruption = interruption
        self._channel: HttpChannel | None = None
        self._network = Network(folders)
        self._trusts: object = None

    def get(
        self,
        address: str,
        accept: str,
        *,
        limit: int,
        body_timeout: float,
        progress: Callable[[int, int | None], None] = lambda received, total: None,
    ) -> HttpAnswer:
        """The answer of that address, read to its end or to `limit` bytes, whatever its status.

        Redirects are followed inside the same server, over https; another is returned as it is. Raises
        ConsultationFailed, with what was sent, when there is no answer.
        """
        self.sent = b""
        channel = self._open()
        try:
            for _ in range(1 + MAX_REDIRECTS):
                request = channel.request("GET", address, headers={"Accept": accept})
                if request.url.scheme != "https":
                    raise httpx.InvalidURL("Not https")
                answer = self._send(channel, request, limit, body_timeout, progress)
                following = _followed(request.url, answer)
                if following is None:
                    break
                address = str(following)
            return answer
        except httpx.InvalidURL as error:
            raise ConsultationFailed(_unusable(address, error), request=self.sent) from error
        except (httpx.HTTPError, OSError) as error:
            if self._interruption.interrupted:
                failure = cancelled()
            else:
                failure = network_failure(error, address, _ANP, sent="GET", answered=channel.answered)
            raise ConsultationFailed(failure, request=self.sent) from error

    def close(self) -> None:
        """Close the connections. The transport may still be used and opens them again."""
        if self._channel is not None:
            self._channel.close()
            self._channel = None

    def _send(
        self,
        channel: HttpChannel,
        request: httpx.Request,
        limit: int,
        body_timeout: float,
        progress: Callable[[int, int | None], None],
    ) -> HttpAnswer:
        self.sent += _head(request)
        answer = channel.send(request, limit=limit, body_timeout=body_timeout, progress=progress)
        if self._interruption.interrupted:
            raise ConsultationFailed(cancelled(), request=self.sent)
        return answer

    def _open(self) -> HttpChannel:
        try:
            trust = self._network.trust()
            trusts = trust, file_state(trust.additional_ca) if trust.additional_ca is not None else None
            if self._channel is not None and trusts == self._trusts:
                return self._channel
            context = anonymous_context(trust.additional_ca, trust.system)
        except CertificateUnusable as error:
            # What to do is in the sentence.
            raise ConsultationFailed(Failure(FailureKind.CONFIGURATION, str(error), "", "")) from error
        self.close()
        self._channel = HttpChannel(
            context,
            self._connect_timeout,
            self._read_timeout,
            self._interruption,
            self._network.proxy_to,
            _HEADERS,
        )
        self._trusts = trusts
        return self._channel


def _followed(url: httpx.URL, answer: HttpAnswer) -> httpx.URL | None:
    """Where the answer sends to, when it is where this program goes."""
    location = answer.headers.get("Location", "")
    if answer.status not in _REDIRECTS or not location:
        return None
    following = url.join(location)
    same = (following.scheme, following.host, following.port) == ("https", url.host, url.port)
    return following.copy_with(fragment=None) if same and not following.userinfo else None


def _head(request: httpx.Request) -> bytes:
    lines = [f"GET {request.url} HTTP/1.1"]
    lines += [f"{name}: {request.headers[name]}" for name in _EVIDENCE if name in request.headers]
    return "\r\n".join((*lines, "", "")).encode()


def _unusable(address: str, error: Exception) -> Failure:
    return Failure(
        FailureKind.CONFIGURATION,
        f"O endereço “{address}” não pode ser usado.",
        "Ele não é um endereço da internet, ou o servidor mandou para um que não é.",
        "Confira o endereço nas configurações.",
        str(error),
    )
