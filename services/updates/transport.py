"""Fetches from the address of the updates, over HttpChannel: https from the first to the last, few redirects.

Redirects may lead to another server, as where files are published by a hosting service: what comes is believed by its
signature and its hash alone. What is sent is the program's name and version, and no cookie ever goes back.

Importing this module imports httpx, so only looking for an update does it.
"""

from __future__ import annotations

from collections.abc import Callable

import httpx

from app.domain import FailureKind
from app.folders import Folders
from app.version import VERSION
from services.certificate import CertificateUnusable, anonymous_context
from services.http_channel import HttpAnswer, HttpChannel
from services.interruption import Interruption
from services.network import Network
from services.network_failure import Called, network_failure
from services.updates.failed import UpdateFailed

MAX_REDIRECTS = 5
CONNECT_TIMEOUT_S = 10.0
READ_TIMEOUT_S = 60.0
"""How long the server may stay silent."""

# "identity": the signature and the hash are of what is published, and a size is known before it comes.
_HEADERS = {"User-Agent": f"Retaguarda/{VERSION}", "Accept": "*/*", "Accept-Encoding": "identity"}
_REDIRECTS = (301, 302, 303, 307, 308)
_ADDRESS = "o endereço das atualizações em Balcão › Integração › Este computador"


class UpdateTransport:
    """GETs that present no certificate. To be used by one thread; `interruption` tells it to give up.

    Making one raises UpdateFailed when the authorities that it should believe cannot be read.
    """

    def __init__(self, folders: Folders, interruption: Interruption) -> None:
        self._interruption = interruption
        self._network = Network(folders)
        try:
            trust = self._network.trust()
            self._context = anonymous_context(trust.additional_ca, trust.system)
        except CertificateUnusable as error:
            raise UpdateFailed(FailureKind.CONFIGURATION, str(error), "", "") from error

    def get(
        self,
        address: str,
        *,
        limit: int,
        body_timeout: float,
        progress: Callable[[int, int | None], None] = lambda received, total: None,
        into: Callable[[bytes], object] | None = None,
    ) -> HttpAnswer:
        """The answer 200 of that address, with at most `limit` bytes, or given to `into` as it comes.

        Raises UpdateFailed for anything else, and what `into` raises; an OSError is taken for the network's.
        """
        asked = address
        try:
            for _ in range(1 + MAX_REDIRECTS):
                answer, following = self._once(asked, limit, body_timeout, progress, into)
                if following is None:
                    return _good(answer, asked)
                asked = following
        except httpx.InvalidURL as error:
            raise UpdateFailed(
                FailureKind.CONFIGURATION,
                f"O endereço “{_shown(asked)}” não pode ser usado.",
                "Ele não é um endereço da internet, ou o servidor mandou para um que não é.",
                f"Confira {_ADDRESS}.",
                str(error),
            ) from error
        raise UpdateFailed(
            FailureKind.HTTP,
            f"O servidor mandou para outro endereço mais de {MAX_REDIRECTS} vezes.",
            "A página das atualizações manda de um lugar para outro sem fim.",
            f"Confira {_ADDRESS} e avise quem distribui o programa.",
            f"GET {_shown(address)}",
        )

    def _once(
        self,
        address: str,
        limit: int,
        body_timeout: float,
        progress: Callable[[int, int | None], None],
        into: Callable[[bytes], object] | None,
    ) -> tuple[HttpAnswer, str | None]:
        """An answer, and where it sends to. A channel of its own: nothing that one server set goes to the next."""
        channel = HttpChannel(
            self._context,
            CONNECT_TIMEOUT_S,
            READ_TIMEOUT_S,
            self._interruption,
            self._network.proxy_to,
            _HEADERS,
        )
        try:
            request = channel.request("GET", address)
            answer = channel.send(request, limit=limit, body_timeout=body_timeout, progress=progress, into=into)
        except (httpx.HTTPError, OSError) as error:
            if self._interruption.interrupted:
                raise _cancelled() from error
            called = Called("página das atualizações", _ADDRESS, with_certificate=False, domain=httpx.URL(address).host)
            raise UpdateFailed.of(
                network_failure(error, _shown(address), called, sent="GET", answered=channel.answered)
            ) from error
        finally:
            channel.close()
        if self._interruption.interrupted:
            raise _cancelled()
        location = answer.headers.get("Location", "")
        if answer.status not in _REDIRECTS or not location:
            return answer, None
        following = request.url.join(location)
        if following.scheme != "https" or following.userinfo:
            bad = "sem criptografia" if following.scheme != "https" else "que não pode ser usado"
            raise UpdateFailed(
                FailureKind.HTTP,
                f"O servidor {request.url.host} mandou para um endereço {bad}, e nada foi buscado lá.",
                "A página das atualizações está mal configurada, ou um equipamento da rede respondeu no lugar dela.",
                f"Confira {_ADDRESS} e avise quem distribui o programa.",
                f"GET {_shown(address)}\nHTTP {answer.status}, para {following.scheme}://{following.host}",
            )
        return answer, str(following)


def _shown(address: str) -> str:
    """Without its query, in which a place that keeps files has whoever is sent there carry a pass."""
    return address.partition("?")[0].partition("#")[0]


def _good(answer: HttpAnswer, address: str) -> HttpAnswer:
    if answer.status == 200:
        return answer
    details = f"GET {_shown(address)}\nHTTP {answer.status}"
    if answer.status in (404, 410):
        raise UpdateFailed(
            FailureKind.HTTP,
            "O que se procura não está no endereço das atualizações.",
            "O endereço está errado, ou a publicação está sendo trocada neste momento.",
            f"Confira {_ADDRESS}; se está certo, procure de novo em alguns minutos.",
            details,
        )
    raise UpdateFailed(
        FailureKind.HTTP,
        f"A página das atualizações respondeu com um erro (HTTP {answer.status}).",
        "O serviço está fora do ar, ou não aceita este computador ou esta rede.",
        f"Tente mais tarde; se repetir, confira {_ADDRESS}.",
        details,
    )


def _cancelled() -> UpdateFailed:
    return UpdateFailed(FailureKind.CANCELLED, "Cancelado: nada ficou pela metade.", "", "")
