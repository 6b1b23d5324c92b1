"""The HTTP proxy by which this computer reaches a server: what it is, asking it for the way, why it gives none."""

from __future__ import annotations

import re
import socket
import time
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

from app.domain import Failure, FailureKind
from services.waited_socket import NO_ROUTE, GiveUp, receive, send

PLACE = "Balcão › Integração › Este computador"
"""Where the proxy and the trust of this computer are set."""

_HEAD_LIMIT = 1 << 14
"""How much of a proxy's answer is read; one that has not ended by then is no answer."""

_UNAUTHORIZED = 407


class ProxySource(Enum):
    """Who told the proxy; the value is the end of a sentence that begins “o endereço dele vem”."""

    ENVIRONMENT = "das variáveis de ambiente do sistema"
    WINDOWS = "das configurações de rede do Windows"
    SETTINGS = "das configurações deste computador"


@dataclass(frozen=True)
class Proxy:
    """`authorization` is the header's value, "" without a user."""

    host: str
    port: int
    source: ProxySource
    authorization: str = field(default="", repr=False)

    @property
    def address(self) -> str:
        """Host and port, as they are written in an address."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


ProxyTo = Callable[[str], Proxy | None]
"""The proxy by which a host is reached now, None for no proxy. Raises NoWayOut."""


class NoWayOut(Exception):
    """The settings do not tell how to go out to the internet; `failure` says why."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.what)
        self.failure = failure


class ProxyFailed(Exception):
    """The proxy did not lead to the server; `__cause__` is why when it did not even answer.

    `status` is that of its answer, 0 when there was none that is HTTP. `schemes` are the ways of showing who one is
    that it takes, as it names them (RFC 9110 §11.7.1).
    """

    def __init__(self, proxy: Proxy, status: int = 0, schemes: tuple[str, ...] = ()) -> None:
        super().__init__(f"Proxy {proxy.address}: {status or 'no answer'}")
        self.proxy = proxy
        self.status = status
        self.schemes = schemes


def straight(host: str) -> None:
    """The way of who needs no proxy."""


def basic(user: str, password: str) -> str:
    """The value of Proxy-Authorization (RFC 7617)."""
    return f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"


def schemes(challenges: list[str]) -> tuple[str, ...]:
    """The names of the schemes in the values of Proxy-Authenticate, which may have several each, in order."""
    parts = (part.split() for text in challenges for part in re.sub(r'"[^"]*"', '""', text).split(","))
    return tuple(dict.fromkeys(words[0] for words in parts if words and "=" not in words[0]))


def tunnel(connection: socket.socket, proxy: Proxy, host: str, port: int, timeout: float, given_up: GiveUp) -> None:
    """Ask the proxy at the other end for a way to the server (RFC 9110 §9.3.6). Times are in seconds.

    Raises GivenUp or ProxyFailed.
    """
    deadline = time.monotonic() + timeout
    name = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    login = f"Proxy-Authorization: {proxy.authorization}\r\n" if proxy.authorization else ""
    head = b""
    try:
        send(connection, f"CONNECT {name} HTTP/1.1\r\nHost: {name}\r\n{login}\r\n".encode(), deadline, given_up)
        while b"\r\n\r\n" not in head and len(head) < _HEAD_LIMIT:
            received = receive(connection, deadline, given_up)
            if not received:
                break
            head += received
    except OSError as error:
        raise ProxyFailed(proxy) from error
    first, *lines = head.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
    status = re.fullmatch(r"HTTP/1\.[01] (\d{3})( .*)?", first)
    number = int(status[1]) if status else 0
    if not 200 <= number < 300:
        named = (line.partition(":") for line in lines)
        asked = [value.strip() for name, _, value in named if name.casefold() == "proxy-authenticate"]
        raise ProxyFailed(proxy, number, schemes(asked))


def proxy_failure(failed: ProxyFailed, host: str, details: str) -> Failure:
    """What to tell the operator when the proxy did not lead to that host."""
    proxy = failed.proxy
    known = f"O endereço dele vem {proxy.source.value}."
    if failed.status == _UNAUTHORIZED:
        what, cause, todo = _unauthorized(failed)
    elif failed.status >= 500:
        what = f"O proxy {proxy.address} não conseguiu chegar a {host}."
        cause = f"Ele respondeu {failed.status}: o servidor está fora do ar, ou o proxy não o encontra."
        todo = "Tente mais tarde; se outras páginas abrem, peça à informática para ver o proxy."
    elif failed.status:
        what = f"O proxy {proxy.address} não deixou chegar a {host}."
        cause = f"Ele respondeu {failed.status}: este endereço não está liberado nele."
        todo = f"Peça à informática para liberar {host} no proxy, sem inspeção de TLS."
    else:
        what, cause = _silent(failed.__cause__, proxy)
        cause = f"{cause} {known}"
        todo = f"Confira se o proxy está ligado e se é este; o programa usa o que estiver em {PLACE}."
    return Failure(FailureKind.NETWORK, what, cause, todo, details)


def _unauthorized(failed: ProxyFailed) -> tuple[str, str, str]:
    proxy = failed.proxy
    if failed.schemes and "basic" not in {scheme.casefold() for scheme in failed.schemes}:
        return (
            f"O proxy {proxy.address} exige uma identificação que este programa não faz.",
            f"Ele só aceita {', '.join(failed.schemes)}, e o programa só se identifica por usuário e senha (Basic).",
            "Peça à informática para deixar este computador sair sem identificação, ou com Basic, para os endereços "
            "que o programa usa.",
        )
    if proxy.authorization:
        return (
            f"O proxy {proxy.address} recusou o usuário e a senha.",
            f"Eles estão errados, vencidos ou sem permissão; o endereço dele vem {proxy.source.value}.",
            f"Informe de novo o usuário e a senha do proxy em {PLACE}.",
        )
    return (
        f"O proxy {proxy.address} pediu usuário e senha.",
        f"Ele só leva à internet quem se identifica, e nenhum usuário foi informado; o endereço dele vem "
        f"{proxy.source.value}.",
        f"Em {PLACE}, escolha o proxy “Este endereço” e informe o usuário e a senha dele.",
    )


def _silent(error: BaseException | None, proxy: Proxy) -> tuple[str, str]:
    causes = []
    while error is not None:
        causes.append(error)
        error = error.__cause__ or error.__context__
    if any(isinstance(cause, socket.gaierror | UnicodeError) for cause in causes):
        return f"O nome do proxy, {proxy.host}, não foi encontrado.", "Ele está errado, ou o DNS da rede falhou."
    if any(isinstance(cause, TimeoutError) for cause in causes):
        return f"O proxy {proxy.address} não respondeu a tempo.", "Ele está lento ou parado, ou não é um proxy."
    if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
        return f"O proxy {proxy.address} não aceitou a conexão.", "Nada atende nesta porta."
    if any(isinstance(cause, OSError) and cause.errno in NO_ROUTE for cause in causes):
        return f"Não há caminho até o proxy {proxy.address}.", "A rede ou a VPN caiu, ou o endereço não é desta rede."
    return f"O proxy {proxy.address} não respondeu como um proxy.", "Ele cortou a conexão ou não fala HTTP."
