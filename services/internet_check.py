"""The test of the way out to the internet: by which proxy, how far it leads, and whose certificate is shown there.

It goes to ANP's server, as the consultations do, and no further than the encryption: nothing is asked.
Importing this module imports httpx and cryptography, so only a test does it.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Generator, Iterator
from datetime import UTC, datetime
from urllib.parse import urlsplit

import httpx

from app import secrets
from app.domain import Failure, FailureKind
from app.folders import Folders
from app.kinds import is_this_computer
from app.network_profile import NetworkProfile
from app.portuguese import day
from app.settings.catalog import ANP_URL
from app.settings.snapshot import Snapshot
from services import system_proxy, waited_socket
from services.certificate import CertificateUnusable, anonymous_context
from services.check_list import CheckReport, CheckStep, Outcome, StepReport, elapsed_ms, failed, ok, told
from services.network import proxy_of, trust_of
from services.network_failure import Called, network_failure
from services.proxy import NoWayOut, Proxy, ProxyFailed, tunnel
from services.sefaz import server_chain, tls_probe
from services.sefaz.handshake_failure import handshake_failure
from services.system_trust import system_authorities
from services.tls_socket import ClientContext
from services.waited_socket import GiveUp

_TIMEOUT_S = 10.0
_ANP = Called("ANP", "o endereço da ANP nas configurações", with_certificate=False)


class InternetStep(CheckStep):
    """What is looked at, in this order."""

    PROXY = "proxy", "Proxy"
    NAME = "dns", "Nome (DNS)"
    CONNECTION = "tcp", "Conexão (TCP)"
    TLS = "tls", "Criptografia e confiança"


def check_internet(
    snapshot: Snapshot,
    folders: Folders,
    given_up: GiveUp,
    read_password: Callable[[str], str | None] = secrets.read,
) -> Iterator[CheckReport]:
    """Go out as these settings say; the report comes again at every step, the last time finished.

    Not for the window's own thread: it waits for the network.
    """
    address = snapshot[ANP_URL]
    report = CheckReport(
        "Teste da saída para a internet", f"Até {urlsplit(address).netloc}", datetime.now(UTC), tuple(InternetStep)
    )
    return told(report, _steps(NetworkProfile.of(snapshot), address, folders, given_up, read_password))


def _steps(
    profile: NetworkProfile,
    address: str,
    folders: Folders,
    given_up: GiveUp,
    read_password: Callable[[str], str | None],
) -> Generator[StepReport, None, str]:
    parts = urlsplit(address)
    host, port = parts.hostname or "", parts.port or 443
    started = time.perf_counter()
    try:
        proxy = None if is_this_computer(host) else proxy_of(profile, host, read_password)
    except NoWayOut as error:
        yield failed(InternetStep.PROXY, error.failure, started)
        return ""
    yield _by(proxy)
    first, first_port = (proxy.host, proxy.port) if proxy is not None else (host, port)
    step, started = InternetStep.NAME, time.perf_counter()
    try:
        addresses = waited_socket.resolve(first, first_port)
        found = ", ".join(ip for ip, _ in addresses)
        is_ip = found == first
        yield ok(step, "É um endereço IP: não há nome a procurar." if is_ip else f"{first} é {found}.", started)
        step, started = InternetStep.CONNECTION, time.perf_counter()
        with waited_socket.connect(addresses, _TIMEOUT_S, given_up) as connection:
            if proxy is not None:
                tunnel(connection, proxy, host, port, _TIMEOUT_S, given_up)
            led = f"O proxy {proxy.address} levou até {host}." if proxy is not None else f"{host} aceitou a conexão."
            yield ok(step, led, started)
            step, started = InternetStep.TLS, time.perf_counter()
            context = _context(profile, folders)
            made = tls_probe.handshake(connection, context, host, _TIMEOUT_S, given_up)
    except CertificateUnusable as unusable:
        yield failed(step, Failure(FailureKind.CONFIGURATION, str(unusable), "", ""), started)
        return ""
    except (OSError, UnicodeError, ProxyFailed) as error:
        yield failed(step, _explained(error, proxy, address), started)
        return ""
    chain = [server_chain.described(der) for der in made.said.chain]
    if made.error is not None:
        failure = handshake_failure(made.error, chain, address, _ANP, with_system=context.with_system)
        yield failed(step, failure, started)
        return ""
    server = chain[0]
    until = f", até {day(server.not_after)}" if server.not_after is not None else ""
    found = f"{made.said.version}; certificado de {server.subject}, emitido por {server.issuer}{until}."
    inspector = server_chain.above(chain, context.only_of_system)
    if inspector:
        found += (
            f" Quem o garante é “{inspector}”, que só o sistema deste computador conhece: um antivírus ou proxy "
            "inspeciona a conexão e pode ler o que passa por ela."
        )
    yield StepReport(step, Outcome.WARNING if inspector else Outcome.OK, found, elapsed_ms(started))
    return "Este computador chega à ANP" + ("." if proxy is None else f" pelo proxy {proxy.address}.")


def _by(proxy: Proxy | None) -> StepReport:
    if proxy is not None:
        told_by = "o endereço e o usuário vêm" if proxy.authorization else "o endereço vem"
        return ok(InternetStep.PROXY, f"{proxy.address}: {told_by} {proxy.source.value}.")
    script = system_proxy.automatic_script()
    if script:
        found = (
            f"Nenhum. O Windows escolhe o proxy pelo script {script}, que este programa não segue: se a conexão não "
            "passar, informe o endereço do proxy."
        )
        return StepReport(InternetStep.PROXY, Outcome.WARNING, found)
    return ok(InternetStep.PROXY, "Nenhum: a conexão é direta.")


def _context(profile: NetworkProfile, folders: Folders) -> ClientContext:
    """As the consultations' is, but for TLS 1.3, in which nothing of the server is said in the clear. Raises
    CertificateUnusable."""
    trust = trust_of(profile, folders, system_authorities)
    context = anonymous_context(trust.additional_ca, trust.system)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    return context


def _explained(error: Exception, proxy: Proxy | None, address: str) -> Failure:
    """`proxy` is who was being called, when it was not yet the server."""
    if proxy is not None and not isinstance(error, ProxyFailed):
        of_proxy = ProxyFailed(proxy)
        of_proxy.__cause__ = error
        error = of_proxy
    met = httpx.ConnectTimeout("timed out") if isinstance(error, TimeoutError) else httpx.ConnectError(str(error))
    met.__cause__ = error
    return network_failure(met, address, _ANP, sent="TLS", answered=False)
