"""The steps of a diagnosis that go as far as TLS: the name, the connection, who the server is, what it asks.

Importing this module imports httpx and cryptography, so only a diagnosis does it.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from urllib.parse import urlsplit

import httpx

from app.domain import Certificate, Failure, FailureKind
from app.portuguese import counted, day, exact
from services import waited_socket
from services.certificate import SECURITY_LEVEL
from services.check_list import Outcome, StepReport, elapsed_ms, failed, ok
from services.network_failure import Called, dh_key_too_small, network_failure
from services.proxy import NoWayOut, Proxy, ProxyFailed, ProxyTo, tunnel
from services.sefaz import server_chain, tls_probe
from services.sefaz.diagnosis_report import Step
from services.sefaz.endpoints import Endpoint
from services.sefaz.handshake_failure import handshake_failure
from services.sefaz.server_chain import SentCertificate
from services.sefaz.tls_probe import Handshake
from services.sefaz.tls_profile import CertificateRequest, TlsProfile, security_level, tls_profile
from services.tls_socket import ClientContext

_CALLED = Called("SEFAZ", "o endereço da UF", with_certificate=True)
_STRONG_DH_BITS = 2048
_ENDING = timedelta(days=7)
_SHOWN = 40
_OF_DATES, _OF_NAMES = (9, 10), (62, 64)  # X509_V_ERR_* of OpenSSL (x509_vfy.h)


@dataclass(frozen=True)
class Connector:
    """With what connections are tried: the branch's certificate and its context, and how long to wait, in seconds.

    `lenient` gives the context that takes a 1024-bit DH key, for the addresses where that is allowed. `proxy_to` tells
    by which proxy a host is reached.
    """

    certificate: Certificate
    context: ClientContext
    lenient: Callable[[], ClientContext]
    timeout_s: float
    given_up: Callable[[], bool]
    proxy_to: ProxyTo

    def steps(self, endpoint: Endpoint) -> Iterator[StepReport]:
        """Name, connection, TLS and what certificate is asked for, at that UF's address; ends after a step that failed.

        Raises GivenUp.
        """
        address = endpoint.production
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port or 443
        started = time.perf_counter()
        try:
            proxy = self.proxy_to(host)
        except NoWayOut as error:
            yield failed(Step.NAME, error.failure, started)
            return
        first, first_port = (proxy.host, proxy.port) if proxy is not None else (host, port)
        facts = (("Proxy", "nenhum" if proxy is None else f"{proxy.address}; o endereço vem {proxy.source.value}"),)
        try:
            found = waited_socket.resolve(first, first_port)
        except (OSError, UnicodeError) as error:
            yield replace(failed(Step.NAME, _explained(_of(proxy, error), address), started), facts=facts)
            return
        through = (
            f"As conexões deste computador passam pelo proxy {proxy.address}, e é ele que encontra {host}. "
            if proxy is not None
            else ""
        )
        named = f"{through}{first} é {', '.join(ip for ip, _ in found)}."
        yield replace(ok(Step.NAME, named, started), facts=facts)

        started = time.perf_counter()
        reach = partial(self._reached, found, proxy, host, port)
        try:
            connection = reach()
        except (OSError, ProxyFailed) as error:
            yield failed(Step.CONNECTION, _explained(error, address), started)
            return
        with connection:
            peer = connection.getpeername()[0]
            accepted = (
                f"{peer} aceitou a conexão na porta {port}."
                if proxy is None
                else f"O proxy {peer} aceitou a conexão e a levou até a porta {port} de {host}."
            )
            yield ok(Step.CONNECTION, accepted, started)
            started = time.perf_counter()
            made = tls_probe.handshake(connection, self.context, host, self.timeout_s, self.given_up)
        weak = made.error is not None and dh_key_too_small(made.error)
        lowered = weak and security_level(endpoint) < SECURITY_LEVEL
        if lowered:
            with suppress(OSError, ProxyFailed), reach() as connection:  # else the first handshake tells
                made = tls_probe.handshake(connection, self.lenient(), host, self.timeout_s, self.given_up)
        yield from self._judged(made, address, started, lowered=lowered)

    def _reached(self, found: list[waited_socket.Address], proxy: Proxy | None, host: str, port: int) -> socket.socket:
        """A connection to the server. Raises GivenUp, OSError or ProxyFailed."""
        try:
            connection = waited_socket.connect(found, self.timeout_s, self.given_up)
        except OSError as error:
            if proxy is None:
                raise
            raise ProxyFailed(proxy) from error
        if proxy is not None:
            try:
                tunnel(connection, proxy, host, port, self.timeout_s, self.given_up)
            except BaseException:
                connection.close()
                raise
        return connection

    def _judged(self, made: Handshake, address: str, started: float, *, lowered: bool) -> Iterator[StepReport]:
        chain = [server_chain.described(der) for der in made.said.chain]
        profile = tls_profile(urlsplit(address).hostname or "")
        failure = (
            None
            if made.error is None
            else _tls_failure(made, chain, address, lowered=lowered, with_system=self.context.with_system)
        )
        facts = _facts(made, chain)
        if chain:
            facts = (*facts, ("Autoridades", self._believed))
        if profile is not None:
            facts = (*facts, ("Já conhecido", profile.measured))
        # A server that refuses the branch's certificate has proved already who it is.
        refused = failure is not None and failure.kind is FailureKind.CERTIFICATE and made.said.asks_certificate
        if failure is not None and not refused:
            yield replace(failed(Step.TLS, failure, started), facts=facts)
            return
        of_system = server_chain.above(chain, self.context.only_of_system) if failure is None else ""
        yield _agreed(made, chain, facts, elapsed_ms(started), of_system, lowered=lowered)
        if failure is not None:
            yield replace(failed(Step.REQUEST, failure), facts=_accepted(made))
            return
        yield self._request(made, profile)

    @property
    def _believed(self) -> str:
        own = "as do programa e as de ac_adicionais.pem"
        if not self.context.with_system:
            return f"{own}; as do sistema não"
        more = counted(len(self.context.only_of_system), "autoridade a mais", "autoridades a mais")
        return f"{own}, e também as do sistema ({more})"

    def _request(self, made: Handshake, profile: TlsProfile | None) -> StepReport:
        if not made.said.asks_certificate:
            return _not_asked(profile)
        if not made.said.accepted:
            found = "Foi pedido no início da conexão e apresentado. O servidor não diz de que autoridades o aceita."
            return StepReport(Step.REQUEST, Outcome.OK, found)
        fits = server_chain.acceptance(
            made.said.accepted, self.certificate.chain_pem, self.context.get_ca_certs(binary_form=True)
        )
        many = counted(len(made.said.accepted), "autoridade que o servidor", "autoridades que o servidor")
        if fits.listed:
            found = f"Foi pedido no início da conexão e apresentado. {fits.root} está na lista de {many} diz aceitar."
            return StepReport(Step.REQUEST, Outcome.OK, found, facts=_accepted(made))
        who = "A raiz do certificado da filial" if fits.is_known_root else "O emissor do certificado da filial"
        found = (
            f"{who} ({fits.root}) não está na lista de {many} diz aceitar. O certificado foi apresentado mesmo assim, "
            "e o servidor não o recusou; se passar a recusar, a causa é esta."
        )
        return StepReport(Step.REQUEST, Outcome.WARNING, found, facts=_accepted(made))


def _not_asked(profile: TlsProfile | None) -> StepReport:
    found = "Não foi pedido no início da conexão"
    if profile is None:
        found += ": o servidor o pede depois, ao receber a consulta, ou não o exige."
        return StepReport(Step.REQUEST, Outcome.OK, found)
    known = f"em {profile.checked_on:%d/%m/%Y} este servidor o pedia {profile.asks_certificate.label}"
    if profile.asks_certificate is CertificateRequest.RENEGOTIATION:
        return StepReport(Step.REQUEST, Outcome.OK, f"{found}, como se sabe: {known}.")
    return StepReport(Step.REQUEST, Outcome.WARNING, f"{found}, e {known}. O servidor mudou, ou quem responde é outro.")


def _agreed(
    made: Handshake,
    chain: list[SentCertificate],
    facts: tuple[tuple[str, str], ...],
    ms: int,
    of_system: str,
    *,
    lowered: bool,
) -> StepReport:
    """`of_system` is the authority that answers for the server and only the system knows, "" without one."""
    server = chain[0] if chain else None
    found = f"{made.said.version} com {made.cipher}."
    warnings = []
    if server is not None and server.not_after is not None:
        found += f" Certificado de {server.subject}, emitido por {server.issuer}, até {day(server.not_after)}."
        if server.not_after - datetime.now(UTC) < _ENDING:
            warnings.append(f"O certificado do servidor vence em {exact(server.not_after)}: a SEFAZ precisa trocá-lo.")
    if of_system:
        warnings.append(
            f"Quem garante este servidor é “{of_system}”, que só o sistema deste computador conhece: ou a SEFAZ trocou "
            "de autoridade, ou a rede inspeciona a conexão."
        )
    if 0 < made.dh_bits < _STRONG_DH_BITS:
        warnings.append(
            f"O servidor usa Diffie-Hellman de {made.dh_bits} bits, menos que os {_STRONG_DH_BITS} recomendados"
            + ("; aceito porque este endereço permite o nível de segurança 1." if lowered else ".")
        )
    outcome = Outcome.WARNING if warnings else Outcome.OK
    return StepReport(Step.TLS, outcome, " ".join([found, *warnings]), ms, facts=facts)


def _facts(made: Handshake, chain: list[SentCertificate]) -> tuple[tuple[str, str], ...]:
    """What the server showed of itself, whether it is trusted or not."""
    facts = []
    if made.said.version:
        facts.append(("Versão", made.said.version))
    if made.cipher:
        facts.append(("Cifra", made.cipher))
    if made.dh_bits:
        facts.append(("Troca de chaves", f"Diffie-Hellman de {made.dh_bits} bits"))
    if made.curve:
        facts.append(("Troca de chaves", f"curva {made.curve}"))
    for number, one in enumerate(chain, 1):
        validity = (
            f"; de {day(one.not_before)} a {day(one.not_after)}"
            if one.not_before is not None and one.not_after is not None
            else ""
        )
        hosts = f"; para {', '.join(one.hosts[:_SHOWN])}" if one.hosts else ""
        issuer = f", emitido por {one.issuer}" if one.issuer else ""
        facts.append(
            (
                f"Certificado {number} de {len(chain)}",
                f"{one.subject}{issuer}{validity}{hosts}; SHA-256 {_grouped(one.sha256)}",
            )
        )
    return tuple(facts)


def _grouped(digits: str) -> str:
    """In groups of eight, which a narrow panel can break."""
    return " ".join(digits[place : place + 8] for place in range(0, len(digits), 8))


def _accepted(made: Handshake) -> tuple[tuple[str, str], ...]:
    names = [server_chain.name_of(der) for der in made.said.accepted]
    if not names:
        return ()
    more = f" e mais {len(names) - _SHOWN}" if len(names) > _SHOWN else ""
    return (("Autoridades aceitas", ", ".join(names[:_SHOWN]) + more),)


def _tls_failure(
    made: Handshake, chain: list[SentCertificate], address: str, *, lowered: bool, with_system: bool
) -> Failure:
    error = made.error
    assert error is not None
    failure = handshake_failure(error, chain, address, _CALLED, with_system=with_system, lowered=lowered)
    blamed = (
        _blamed(error.verify_code, server_chain.path(chain)) if isinstance(error, ssl.SSLCertVerificationError) else ""
    )
    return replace(failure, cause=blamed) if blamed else failure


def _blamed(verify_code: int, path: list[SentCertificate]) -> str:
    """What exactly is wrong with the certificates sent; "" when the general explanation says all there is."""
    now = datetime.now(UTC)
    if verify_code in _OF_DATES:
        for one in path:
            if one.not_after is not None and one.not_after <= now:
                return f"O certificado de “{one.subject}” venceu em {exact(one.not_after)}."
            if one.not_before is not None and one.not_before > now:
                return f"O certificado de “{one.subject}” só vale a partir de {exact(one.not_before)}."
    if verify_code in _OF_NAMES and path and path[0].hosts:
        return f"O certificado que ele apresentou é de outro nome: {', '.join(path[0].hosts[:_SHOWN])}."
    return ""


def _of(proxy: Proxy | None, error: Exception) -> Exception:
    """The error of who was called first: the proxy's, when there is one."""
    if proxy is None:
        return error
    failed = ProxyFailed(proxy)
    failed.__cause__ = error
    return failed


def _explained(error: BaseException, address: str) -> Failure:
    failed: httpx.TransportError = httpx.ConnectError(str(error))
    if isinstance(error, TimeoutError):
        failed = httpx.ConnectTimeout("timed out")
    elif isinstance(error, ProxyFailed):
        failed = httpx.ProxyError(str(error))
    failed.__cause__ = error
    return network_failure(failed, address, _CALLED, sent="TLS", answered=False)
