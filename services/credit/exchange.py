"""One HTTP exchange with a gerenciadora: its answer as it came, or why there is none, and whether it may be charged.

Importing this module imports httpx, so only what asks does it.
"""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import httpx

from app.domain import Failure, FailureKind
from app.folders import Folders
from app.version import VERSION
from services.certificate import CertificateUnusable, anonymous_context
from services.credit.addresses import host_of
from services.credit.credentials import Credentials
from services.credit.provider import AnalysisFailed, Contract
from services.http_channel import HttpAnswer, HttpChannel
from services.interruption import Interruption
from services.network import Network
from services.network_failure import Called, cancelled, network_failure

CONNECT_TIMEOUT_S = 5.0
READ_TIMEOUT_S = 40.0
"""How long the first byte may take. A login and a question are made well within `credit_analyses.RESERVATION`."""

MAX_BODY = 8 * 1024 * 1024
"""The largest answer read, in bytes. A real report has some tens of kilobytes."""

_BODY_TIMEOUT_S = 10.0


@dataclass(frozen=True)
class Message:
    """What is sent. `charged` tells whether it is the question itself, which may cost money once it has left.

    `shown` is the address as failures may name it: without what is secret and without the document.
    """

    method: str
    address: str
    shown: str
    headers: dict[str, str]
    content: bytes | None = None
    charged: bool = False


class Exchange:
    """Sends messages to one gerenciadora, `called` in words. One thread asks; `cancel` may come from any.

    Each message has a connection of its own and is sent once: of one kept from before, which the server may have
    closed, nobody knows whether a question written on it was read. Redirects are not followed: what is asked is not for
    others.
    """

    def __init__(
        self,
        folders: Folders,
        *,
        connect_timeout: float = CONNECT_TIMEOUT_S,
        read_timeout: float = READ_TIMEOUT_S,
    ) -> None:
        self._network = Network(folders)
        self._connect_timeout = connect_timeout
        self._read_timeout = read_timeout
        self._interruption = Interruption()
        self._began = 0.0
        self._too_long = False

    @contextmanager
    def asking(self, given_up: Callable[[], bool]) -> Iterator[None]:
        """All the messages of one query. `given_up` is looked at when `cancel` begins to take effect: one that came
        before is not lost. Raises AnalysisFailed when it had come."""
        self._interruption.begin()
        self._began = time.monotonic()
        try:
            if given_up():
                raise AnalysisFailed(cancelled())
            yield
        finally:
            self._interruption.end()

    @property
    def elapsed(self) -> float:
        """How many seconds the query has taken."""
        return time.monotonic() - self._began

    def cancel(self) -> bool:
        """Interrupt the query in progress, which then fails at once; False when there is none."""
        return self._interruption.interrupt()

    def send(self, message: Message, called: Called) -> HttpAnswer:
        """The answer, whatever its status, read to its end or to just over MAX_BODY.

        Raises AnalysisFailed when there is none: of kind UNCERTAIN when a question that may be charged had left.
        """
        channel = self._channel()
        self._too_long = False
        # Each wait for some more of an answer has its own limit, and there may be any number of them.
        limit = threading.Timer(self.longest_s, self._end_it)
        limit.start()
        try:
            return self._send(channel, message, called)
        finally:
            limit.cancel()
            limit.join()
            channel.close()

    @property
    def longest_s(self) -> float:
        """How long one message and its answer may take: connection, TLS, first byte, body, and a last wait in it."""
        return 2 * self._connect_timeout + 2 * self._read_timeout + _BODY_TIMEOUT_S

    def _end_it(self) -> None:
        self._too_long = True
        self._interruption.interrupt()

    def _send(self, channel: HttpChannel, message: Message, called: Called) -> HttpAnswer:
        for name, value in message.headers.items():
            if not value.isascii() or not value.isprintable() or value != value.strip():
                raise AnalysisFailed(_not_carried(name, called))  # the error of the library would tell what it was
        try:
            request = channel.request(message.method, message.address, content=message.content, headers=message.headers)
            if request.url.scheme != "https":
                raise httpx.InvalidURL("Not https")
        except httpx.InvalidURL as error:
            raise AnalysisFailed(_unusable(message.shown, called)) from error
        try:
            return channel.send(request, limit=MAX_BODY, body_timeout=_BODY_TIMEOUT_S)
        except (httpx.HTTPError, OSError) as error:
            if self._too_long:
                failure = _endless(message, called)
            elif self._interruption.interrupted:
                failure = cancelled()
            else:
                shown, sent = message.shown, message.method
                failure = network_failure(error, shown, called, sent=sent, answered=channel.answered)
            if message.charged and channel.sent:
                failure = _uncertain(failure, called)
            elif failure.kind is FailureKind.HTTP:  # what is there does not speak HTTP, and will not the next time
                failure = replace(failure, kind=FailureKind.CONFIGURATION)
            raise AnalysisFailed(failure) from error

    def _channel(self) -> HttpChannel:
        try:
            trust = self._network.trust()
            context = anonymous_context(trust.additional_ca, trust.system)
        except CertificateUnusable as error:
            # What to do is in the sentence.
            raise AnalysisFailed(Failure(FailureKind.CONFIGURATION, str(error), "", "")) from error
        headers = {"User-Agent": f"Retaguarda/{VERSION}", "Accept-Encoding": "gzip", "Connection": "close"}
        return HttpChannel(
            context,
            self._connect_timeout,
            self._read_timeout,
            self._interruption,
            self._network.proxy_to,
            headers,
        )


def basic(credentials: Credentials) -> str:
    """The credentials as HTTP's Basic presents them (RFC 7617). Raises AnalysisFailed when it cannot."""
    if ":" in credentials.user:
        what = "O usuário das credenciais da gerenciadora tem dois-pontos, e não pode ter."
        todo = "Informe as credenciais de novo em Gerenciadoras, o usuário e a senha cada um em seu campo."
        raise AnalysisFailed(Failure(FailureKind.CONFIGURATION, what, "", todo))
    return f"Basic {base64.b64encode(f'{credentials.user}:{credentials.password}'.encode()).decode()}"


def called_by(contract: Contract) -> Called:
    """Who is asked by that contract, in words."""
    name = f"gerenciadora {contract.manager.name}"
    address = "o endereço dela em Gerenciadoras"
    return Called(name, address, with_certificate=False, domain=host_of(contract.address))


def _uncertain(failure: Failure, called: Called) -> Failure:
    return replace(
        failure,
        kind=FailureKind.UNCERTAIN,
        what="O programa desistiu da consulta depois de enviá-la."
        if failure.kind is FailureKind.CANCELLED
        else failure.what,
        cause=f"A consulta já tinha saído: não se sabe se a {called.name} respondeu, e ela pode ter cobrado.",
        todo=f"Veja com a {called.name} se a consulta consta; se ainda precisar da análise, peça outra.",
    )


def _endless(message: Message, called: Called) -> Failure:
    return Failure(
        FailureKind.TIMEOUT,
        f"O servidor {host_of(message.shown)} não terminou a resposta a tempo.",
        f"O serviço da {called.name} está lento ou parado.",
        "Tente mais tarde.",
        f"{message.method} {message.shown}",
    )


def _unusable(shown: str, called: Called) -> Failure:
    return Failure(
        FailureKind.CONFIGURATION,
        f"O endereço “{shown}” não pode ser usado.",
        "Ele não é um endereço da internet que comece por https://.",
        f"Corrija {called.address}.",
    )


def _not_carried(header: str, called: Called) -> Failure:
    return Failure(
        FailureKind.CONFIGURATION,
        f"O cabeçalho {header} da consulta à {called.name} não pode ser enviado.",
        "O que se põe nele começa ou termina com espaço, ou tem acentos ou outros caracteres que não pode ter.",
        "Confira em Gerenciadoras as credenciais e os campos que o arquivo de mapeamento põe nesse cabeçalho.",
    )
