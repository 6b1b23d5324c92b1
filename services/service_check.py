"""The test of the counters' service: whether something listens on its port, whether that is it, and who reaches it.

From the computer of the service it also tells who has the port, and why the port could not be had. Nothing is changed:
neither the firewall nor the service.
"""

from __future__ import annotations

import errno
import ipaddress
import json
import os
import socket
import ssl
import time
from collections.abc import Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from app.domain import Failure, FailureKind
from app.kinds import is_this_computer
from app.out_of_reach import NO_ROUTE, UNKNOWN_NAME
from app.policies import DatabaseKind
from app.portuguese import listed
from app.settings.catalog import (
    DATABASE_KIND,
    DATABASE_PORT,
    INTEGRATION_ACTIVE,
    INTEGRATION_ADDRESS,
    INTEGRATION_CERTIFICATE,
    INTEGRATION_KEY,
    INTEGRATION_PORT,
    SERVER,
)
from app.settings.snapshot import Snapshot
from app.version import VERSION
from services import page_request, port_users, waited_socket
from services.check_list import (
    CheckReport,
    CheckStep,
    Outcome,
    Remedy,
    StepReport,
    ToCopy,
    ToRetry,
    elapsed_ms,
    failed,
    ok,
    told,
)
from services.database_check.protocol import NotPostgreSQL, offers_encryption
from services.firewall import opening_command
from services.integration.listening import CannotServe, listen, tls_context
from services.page_request import Page
from services.waited_socket import Address, GiveUp

_TIMEOUT_S = 5.0
"""Windows takes two to say that a port of its own is closed, and a network a moment."""
_PATH = "/saude"
_RULE = "Integração de Clientes"
_PAGE = "Balcão › Integração, aba Serviço de integração"


class ServiceStep(CheckStep):
    """What is looked at, in this order."""

    ADDRESS = "endereco", "Endereço e porta"
    NAME = "dns", "Nome (DNS)"
    PORT = "porta", "A porta neste computador"
    CONNECTION = "tcp", "Conexão (TCP)"
    PROTOCOL = "protocolo", "O que responde"
    SERVICE = "saude", "Serviço de integração"
    REACH = "alcance", "Outros computadores"


@dataclass(frozen=True)
class _Target:
    """Where the service is looked for. `own` tells that it is this computer."""

    snapshot: Snapshot
    own: bool
    host: str
    port: int

    @property
    def where(self) -> str:
        """In a sentence."""
        return "neste computador" if self.own else f"em {self.host}"

    @property
    def opening(self) -> Remedy:
        """The command that opens the server's firewall."""
        return ToCopy("comando do firewall", opening_command(self.port, _RULE))


def check_service(snapshot: Snapshot, given_up: GiveUp) -> Iterator[CheckReport]:
    """Look for the service where these settings say; the report comes again at every step, the last time finished.

    Not for the window's own thread: it waits for the network, and for the programs of Windows that know the ports.
    """
    target = _target(snapshot)
    report = CheckReport(
        "Teste do serviço de integração",
        f"Serviço {target.where}, endereço {target.host}, porta {target.port}",
        datetime.now(UTC),
        tuple(ServiceStep),
    )
    return told(report, _steps(target, given_up))


def _target(snapshot: Snapshot) -> _Target:
    server, port = snapshot[SERVER], snapshot[INTEGRATION_PORT]
    if not _is_own(server):
        return _Target(snapshot, False, server, port)
    address = snapshot[INTEGRATION_ADDRESS]
    with suppress(ValueError):
        if (every := ipaddress.ip_address(address)).is_unspecified:
            address = "::1" if every.version == 6 else "127.0.0.1"
    return _Target(snapshot, True, address, port)


def _is_own(host: str) -> bool:
    """Whether an address is one of this computer's; a name that would have to be looked up is not asked for."""
    if is_this_computer(host) or host.casefold() == socket.gethostname().casefold():
        return True
    try:
        family = socket.AF_INET6 if ipaddress.ip_address(host).version == 6 else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((host, 0))
    except (ValueError, OSError):
        return False
    return True


def _steps(target: _Target, given_up: GiveUp) -> Generator[StepReport, None, str]:
    yield _address(target)
    step, started = ServiceStep.NAME, time.perf_counter()
    try:
        addresses = waited_socket.resolve(target.host, target.port)
        yield _named(target, addresses)
        if target.own:
            yield _port(target)
        step, started = ServiceStep.CONNECTION, time.perf_counter()
        with waited_socket.connect(addresses, _TIMEOUT_S, given_up) as connection:
            yield ok(step, f"{connection.getpeername()[0]} aceitou a conexão na porta {target.port}.", started)
            step, started = ServiceStep.PROTOCOL, time.perf_counter()
            answer = _asked(target, connection, given_up)
        page, how = page_request.read_page(answer), "HTTP, sem criptografia"
        if page is None:
            if _is_postgresql(addresses, given_up):
                yield failed(step, _postgresql(target), started)
            page, how = page_request.read_page(_asked_over_tls(target, addresses, given_up)), "HTTPS"
        if page is None:
            yield failed(step, _other_program(target, repr(answer[:80])), started)
            return ""
        yield ok(step, f"Responde por {how}.", started)
    except ssl.SSLCertVerificationError as error:
        yield StepReport(step, Outcome.WARNING, _unverified(error), elapsed_ms(started))
        return f"Há um serviço por HTTPS {target.where}, na porta {target.port}, que não pôde ser conferido."
    except (OSError, UnicodeError) as error:
        yield failed(step, _explained(target, step, error), started, _ways_out(target, error))
        return ""
    yield _service(target, page)
    yield _reach(target)
    return f"O serviço de integração atende {target.where}, na porta {target.port}."


def _address(target: _Target) -> StepReport:
    found = f"Procurado {target.where}, no endereço {target.host}, porta {target.port}."
    snapshot = target.snapshot
    if snapshot[DATABASE_KIND] is DatabaseKind.SERVER and snapshot[DATABASE_PORT] == target.port:
        found += " O banco de dados tem a mesma porta: no mesmo computador, só um dos dois consegue atender nela."
        return StepReport(ServiceStep.ADDRESS, Outcome.WARNING, found)
    return ok(ServiceStep.ADDRESS, found)


def _named(target: _Target, addresses: list[Address]) -> StepReport:
    found = ", ".join(dict.fromkeys(ip for ip, _ in addresses))
    same = found == target.host
    return ok(ServiceStep.NAME, "É um endereço IP: não há nome a procurar." if same else f"{target.host} é {found}.")


# --- the port, on the service's own computer -----------------------------------------------------------------


def _port(target: _Target) -> StepReport:
    """Who has the port; when nobody has, whether the service could begin there."""
    step, started = ServiceStep.PORT, time.perf_counter()
    users = port_users.port_users(target.port)
    if users:
        ours = any(user.pid == os.getpid() for user in users)
        who = "este programa" if ours else listed([str(user) for user in users])
        return ok(step, f"Quem escuta na porta {target.port} é {who}.", started)
    try:
        listen(target.snapshot[INTEGRATION_ADDRESS], target.port).close()
    except CannotServe as error:
        return _not_to_be_had(target, error, started)
    try:
        tls_context(target.snapshot[INTEGRATION_CERTIFICATE], target.snapshot[INTEGRATION_KEY])
    except CannotServe as error:
        return failed(step, error.failure, started)
    return ok(step, f"Nenhum programa escuta na porta {target.port}, e ela está livre para o serviço.", started)


def _not_to_be_had(target: _Target, error: CannotServe, started: float) -> StepReport:
    step, failure, port = ServiceStep.PORT, error.failure, target.port
    if isinstance(error.__cause__, OSError) and error.__cause__.errno == errno.EADDRINUSE:
        return ok(step, f"A porta {port} está em uso por um programa que o sistema não mostra.", started)
    excluded = next((pair for pair in port_users.excluded_ranges() if pair[0] <= port <= pair[1]), None)
    if excluded is None:
        return failed(step, failure, started)
    first, last = excluded
    failure = Failure(
        failure.kind,
        f"O Windows reservou a porta {port}: nenhum programa pode escutar nela.",
        f"Ela está na faixa de {first} a {last}, reservada em geral pelo Hyper-V, pelo WSL ou pelo Docker.",
        "Escolha outra porta aqui e nos balcões, ou execute os comandos que se copiam, como administrador.",
        failure.details,
    )
    commands = (
        "net stop winnat\n"
        f"netsh int ipv4 add excludedportrange protocol=tcp startport={port} numberofports=1\n"
        "net start winnat"
    )
    return failed(step, failure, started, (ToCopy("comandos que devolvem a porta", commands),))


# --- who answers ---------------------------------------------------------------------------------------------


def _asked(target: _Target, connection: socket.socket, given_up: GiveUp) -> bytes:
    """What comes back to a GET; b"" from a server that ends what it does not understand."""
    try:
        return page_request.get(connection, target.host, _PATH, _TIMEOUT_S, given_up)
    except ConnectionError:
        return b""


def _is_postgresql(addresses: list[Address], given_up: GiveUp) -> bool:
    with waited_socket.connect(addresses, _TIMEOUT_S, given_up) as connection:
        try:
            offers_encryption(connection, _TIMEOUT_S, given_up)
        except (NotPostgreSQL, ConnectionError, TimeoutError):
            return False
        return True


def _asked_over_tls(target: _Target, addresses: list[Address], given_up: GiveUp) -> bytes:
    """What comes back to a GET by https; b"" from what does not speak TLS. Raises ssl.SSLCertVerificationError."""
    context, name = ssl.create_default_context(), target.host
    if target.own:
        # Asking oneself at 127.0.0.1 the name is another: the very certificate of the settings is what is looked for.
        with suppress(OSError, ValueError):
            pem = Path(target.snapshot[INTEGRATION_CERTIFICATE]).read_bytes()
            name = _name_in(pem) or name
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.verify_flags |= ssl.VerifyFlags.VERIFY_X509_PARTIAL_CHAIN
            context.load_verify_locations(cadata=pem.decode("ascii"))
    connection = waited_socket.connect(addresses, _TIMEOUT_S, given_up)
    try:
        tls = page_request.encrypted(connection, context, name, _TIMEOUT_S, given_up)
    except ssl.SSLCertVerificationError:
        raise
    except (ssl.SSLError, ConnectionError, TimeoutError):
        return b""
    with tls:
        return _asked(target, tls, given_up)


def _name_in(pem: bytes) -> str:
    """A name for which the certificate was issued, "" when it has none. Raises ValueError when it is no certificate."""
    from cryptography import x509

    certificate = x509.load_pem_x509_certificate(pem)
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ""
    found = [*names.get_values_for_type(x509.DNSName), *map(str, names.get_values_for_type(x509.IPAddress))]
    return found[0].replace("*", "x", 1) if found else ""


def _service(target: _Target, page: Page) -> StepReport:
    """Whether what answers is the service, and of which version."""
    step = ServiceStep.SERVICE
    said: Any = None
    with suppress(ValueError):
        said = json.loads(page.body)
    if isinstance(said, dict) and isinstance(said.get("versao"), str) and "situacao" in said:
        version = said["versao"]
        if version == VERSION:
            return ok(step, f"É o serviço do Retaguarda {version}, e está atendendo.")
        found = f"É o serviço do Retaguarda {version}; este computador tem a versão {VERSION}. Atualize a mais antiga."
        return StepReport(step, Outcome.WARNING, found)
    error = said.get("erro") if isinstance(said, dict) else None
    if isinstance(error, dict) and "codigo" in error:
        return failed(step, _troubled(target, page, error))
    return failed(step, _other_program(target, f"HTTP {page.status} {page.server}".strip()))


def _reach(target: _Target) -> StepReport:
    """What this test says, and what it cannot say, of the way from other computers."""
    step = ServiceStep.REACH
    if not target.own:
        return ok(step, "Este teste veio de outro computador: a rede e o firewall do servidor deixam passar.")
    if is_this_computer(target.snapshot[INTEGRATION_ADDRESS]):
        found = (
            f"O serviço atende só programas deste computador ({target.snapshot[INTEGRATION_ADDRESS]}). Para balcões em "
            f"outros computadores, mude o endereço em {_PAGE}."
        )
        return StepReport(step, Outcome.WARNING, found)
    found = (
        "Este teste não saiu do computador e não passa pelo firewall: não prova que os balcões entram. Repita-o em um "
        "balcão; se lá o tempo se esgotar, libere a porta."
    )
    return StepReport(step, Outcome.NOT_DONE, found, remedies=(target.opening,))


# --- failures ------------------------------------------------------------------------------------------------


def _explained(target: _Target, step: ServiceStep, error: OSError | UnicodeError) -> Failure:
    host, port, details = target.host, target.port, f"{target.host}:{target.port}\n{error}"
    if step is ServiceStep.NAME:
        return UNKNOWN_NAME.failure(host, details)
    if isinstance(error, TimeoutError):
        silent = step is ServiceStep.CONNECTION
        return Failure(
            FailureKind.TIMEOUT,
            f"{host} não respondeu em {_TIMEOUT_S:.0f} segundos na porta {port}."
            if silent
            else f"A porta {port} de {host} aceita conexões, mas nada responde.",
            "O firewall do servidor não deixa passar, ou o servidor está desligado."
            if silent
            else "O programa que escuta nela está travado, ou não é o serviço de integração.",
            f"Confira se {host} está ligado e libere a porta {port} no firewall dele, com o comando que se copia."
            if silent
            else "Reinicie o serviço de integração no servidor.",
            details,
        )
    number = error.errno if isinstance(error, OSError) else None
    if number in waited_socket.NO_ROUTE:
        return NO_ROUTE.failure(host, details)
    if number == errno.ECONNREFUSED:
        return Failure(
            FailureKind.NETWORK,
            f"O serviço de integração não está em execução {target.where}: nenhum programa escuta na porta {port}.",
            _why_not_running(target),
            f"Inicie o serviço em {_PAGE}." if target.own else "Inicie o serviço no servidor, e confira a porta.",
            details,
        )
    return Failure(
        FailureKind.NETWORK,
        f"{host} encerrou a conexão na porta {port}.",
        "O serviço está reiniciando, ou um antivírus ou proxy da rede corta a conexão.",
        "Tente de novo; se repetir, veja as regras do antivírus.",
        details,
    )


def _why_not_running(target: _Target) -> str:
    if not target.own:
        return "O serviço está parado no servidor, ou atende em outra porta ou endereço. Não é o firewall."
    if not target.snapshot[INTEGRATION_ACTIVE]:
        return f"“{INTEGRATION_ACTIVE.label}” está desligado."
    return "O programa que atende os balcões está fechado, ou os valores desta tela ainda não valem."


def _ways_out(target: _Target, error: OSError | UnicodeError) -> tuple[Remedy, ...]:
    return (ToRetry(), target.opening) if isinstance(error, TimeoutError) and not target.own else (ToRetry(),)


def _postgresql(target: _Target) -> Failure:
    return Failure(
        FailureKind.CONFIGURATION,
        f"Na porta {target.port} de {target.host} responde um PostgreSQL, não o serviço de integração.",
        "A porta do banco de dados foi informada no lugar da porta do serviço.",
        "Informe a porta do serviço, que de fábrica é 8082; a do banco é outra.",
    )


def _other_program(target: _Target, said: str) -> Failure:
    return Failure(
        FailureKind.CONFIGURATION,
        f"Na porta {target.port} de {target.host} responde outro programa, não o serviço de integração.",
        "Outro programa ocupou a porta antes do serviço.",
        "Feche o outro programa, ou escolha outra porta aqui e em todos os balcões.",
        said,
    )


def _troubled(target: _Target, page: Page, error: dict[str, Any]) -> Failure:
    return Failure(
        FailureKind.UNAVAILABLE,
        f"O serviço de integração responde {target.where}, mas não está atendendo.",
        str(error.get("mensagem", "")),
        "No servidor, use “Testar conexão” em Balcão › Integração para ver o banco de dados.",
        f"HTTP {page.status} {error['codigo']}",
    )


def _unverified(error: ssl.SSLCertVerificationError) -> str:
    return (
        "Responde por HTTPS, com um certificado que este computador não confere "
        f"({error.verify_message}); por isso não se perguntou mais nada."
    )
