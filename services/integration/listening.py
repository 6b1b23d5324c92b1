"""Taking the port and the certificate of the service, with each way in which that fails explained."""

from __future__ import annotations

import errno
import socket
import ssl
import sys
from datetime import UTC, datetime
from pathlib import Path

from app.domain import Failure, FailureKind
from app.portuguese import exact, listed
from services.port_users import port_users

_PAGE = "Balcão › Integração, aba Serviço de integração"
_BACKLOG = 128
# Windows has numbers of its own (Windows Sockets Error Codes), which errno names only there.
_WSAEACCES, _WSAEADDRINUSE, _WSAEADDRNOTAVAIL = 10013, 10048, 10049


class CannotServe(Exception):
    """The service cannot start; `failure` says why."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.what)
        self.failure = failure


def listen(address: str, port: int) -> socket.socket:
    """A socket that listens there; 0 is any port that is free. Raises CannotServe."""
    try:
        family, kind, number, _, where = socket.getaddrinfo(
            address, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError as error:
        raise CannotServe(_unknown(address, error)) from error
    listener = socket.socket(family, kind, number)
    try:
        if sys.platform == "win32":  # where another program could otherwise take the same port, and the tokens with it
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(where)
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise CannotServe(_refused(address, port, error)) from error
    listener.setblocking(False)
    return listener


def tls_context(chain: str, key: str) -> ssl.SSLContext | None:
    """What encrypts the service with the certificate in these files, None when there is none. Raises CannotServe."""
    if not chain:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    asked = False

    def no_password() -> str:  # without this, OpenSSL would ask for one on the terminal
        nonlocal asked
        asked = True
        return ""

    try:
        context.load_cert_chain(chain, key or None, no_password)
    except ssl.SSLError as error:
        raise CannotServe(_unusable(chain, key or chain, error, locked=asked)) from error
    except OSError as error:
        missing = next((name for name in (chain, key) if name and not Path(name).exists()), chain)
        raise CannotServe(
            _certificate_failure(
                f"O arquivo {missing} não pôde ser lido.",
                "Ele não existe, ou o usuário que roda o programa não pode lê-lo.",
                f"Confira o caminho em {_PAGE}.",
                error,
            )
        ) from error
    _check_validity(chain)
    return context


def _check_validity(chain: str) -> None:
    from cryptography import x509

    ended = x509.load_pem_x509_certificates(Path(chain).read_bytes())[0].not_valid_after_utc
    if ended <= datetime.now(UTC):
        raise CannotServe(
            Failure(
                FailureKind.CERTIFICATE,
                f"O certificado do serviço venceu em {exact(ended)} ({chain}).",
                "Nenhum balcão confia em um certificado vencido.",
                f"Peça outro e informe o arquivo em {_PAGE}.",
            )
        )


def url(address: str, port: int, *, encrypted: bool) -> str:
    """Where the service is called."""
    host = f"[{address}]" if ":" in address else address
    return f"{'https' if encrypted else 'http'}://{host}:{port}"


def _unknown(address: str, error: OSError) -> Failure:
    return Failure(
        FailureKind.CONFIGURATION,
        f"O endereço {address} não é conhecido por este computador.",
        "O nome não existe na rede, ou está escrito errado.",
        f"Informe em {_PAGE} um endereço deste computador, como 127.0.0.1 ou 0.0.0.0.",
        str(error),
    )


def _refused(address: str, port: int, error: OSError) -> Failure:
    number = getattr(error, "winerror", None) or error.errno
    if number in (errno.EADDRINUSE, _WSAEADDRINUSE):
        what = f"A porta {port} já está em uso neste computador."
        users = listed([str(user) for user in port_users(port)])
        cause = f"Quem escuta nela é {users}." if users else "Outro programa, ou outra cópia deste, já atende nela."
        todo = "Feche o outro programa, ou escolha outra porta aqui e em todos os balcões."
    elif number in (errno.EACCES, errno.EPERM, _WSAEACCES):
        what = f"O sistema não deixa este programa usar a porta {port}."
        cause = (
            "No Windows, ela pode estar em uma faixa reservada (Hyper-V, Docker); no Linux, portas abaixo de 1024 são "
            "do administrador."
        )
        todo = (
            "Escolha outra porta, ou veja as reservadas com “netsh interface ipv4 show excludedportrange protocol=tcp”."
        )
    elif number in (errno.EADDRNOTAVAIL, _WSAEADDRNOTAVAIL):
        what = f"O endereço {address} não é deste computador."
        cause = "Está escrito errado, ou a rede mudou e o computador recebeu outro."
        todo = f"Informe em {_PAGE} um endereço deste computador, ou 0.0.0.0 para todas as redes."
    else:
        what = f"Não foi possível atender em {address}, porta {port}."
        cause = "O sistema recusou abrir a porta."
        todo = f"Confira o endereço e a porta em {_PAGE}."
    return Failure(FailureKind.NETWORK, what, cause, todo, str(error))


def _unusable(chain: str, key: str, error: ssl.SSLError, *, locked: bool) -> Failure:
    if error.reason == "KEY_VALUES_MISMATCH":
        what, cause = f"A chave em {key} não é do certificado em {chain}.", "São de pedidos diferentes."
        todo = "Use a chave com que este certificado foi pedido."
    elif locked:
        what, cause = f"A chave em {key} tem senha.", "O serviço começa sem ninguém para digitá-la."
        todo = "Grave a chave sem senha, em um arquivo que só quem roda o programa possa ler."
    else:
        what, cause = (
            f"O certificado do serviço não pôde ser usado ({chain}).",
            "O arquivo não é PEM, ou falta a chave.",
        )
        todo = f"Informe em {_PAGE} um arquivo PEM com o certificado e a cadeia, e outro com a chave."
    return _certificate_failure(what, cause, todo, error)


def _certificate_failure(what: str, cause: str, todo: str, error: OSError) -> Failure:
    return Failure(FailureKind.CERTIFICATE, what, cause, todo, str(error))
