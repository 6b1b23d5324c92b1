"""The steps of a diagnosis that go as far as TLS: the name, the connection, who the server is, what it asks.

Importing this module imports httpx and cryptography, so only a diagnosis does it.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import httpx

from app.domain import Certificate, Failure, FailureKind
from app.portuguese import counted, day, exact
from services.network_failure import Called, network_failure
from services.sefaz import server_chain, tls_probe
from services.sefaz.diagnosis_report import Outcome, Step, StepReport
from services.sefaz.server_chain import SentCertificate
from services.sefaz.tls_probe import Handshake

_CALLED = Called("SEFAZ", "o endereço da UF", with_certificate=True)
_STRONG_DH_BITS = 2048
_ENDING = timedelta(days=7)
_SHOWN = 40
_UNTRUSTED = {2, 18, 19, 20, 21}  # X509_V_ERR_*: no issuer, or one that is not trusted


@dataclass(frozen=True)
class Connector:
    """With what connections are tried: the branch's certificate and its context, and how long to wait, in seconds."""

    certificate: Certificate
    context: ssl.SSLContext
    timeout_s: float
    given_up: Callable[[], bool]

    def steps(self, address: str) -> Iterator[StepReport]:
        """Name, connection, TLS and what certificate is asked for, at that address; ends after a step that failed.

        Raises GivenUp.
        """
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port or 443
        started = time.perf_counter()
        try:
            found = tls_probe.resolve(host, port)
        except (OSError, UnicodeError) as error:
            yield _failed(Step.NAME, started, _explained(error, address))
            return
        listed = ", ".join(ip for ip, _ in found)
        yield StepReport(Step.NAME, Outcome.OK, f"{host} é {listed}.", _ms(started))

        started = time.perf_counter()
        try:
            connection = tls_probe.connect(found, self.timeout_s, self.given_up)
        except OSError as error:
            yield _failed(Step.CONNECTION, started, _explained(error, address))
            return
        with connection:
            peer = connection.getpeername()
            yield StepReport(Step.CONNECTION, Outcome.OK, f"{peer[0]} aceitou a conexão na porta {port}.", _ms(started))
            started = time.perf_counter()
            made = tls_probe.handshake(connection, self.context, host, self.timeout_s, self.given_up)
        yield from self._judged(made, address, started)

    def _judged(self, made: Handshake, address: str, started: float) -> Iterator[StepReport]:
        chain = [server_chain.described(der) for der in made.said.chain]
        failure = None if made.error is None else _tls_failure(made, chain, address)
        facts = _facts(made, chain)
        # A server that refuses the branch's certificate has proved already who it is.
        refused = failure is not None and failure.kind is FailureKind.CERTIFICATE and made.said.asks_certificate
        if failure is not None and not refused:
            yield replace(_failed(Step.TLS, started, failure), facts=facts)
            return
        yield _agreed(made, chain, facts, _ms(started))
        if failure is not None:
            yield replace(_failed(Step.REQUEST, None, failure), facts=_accepted(made))
            return
        yield self._request(made)

    def _request(self, made: Handshake) -> StepReport:
        if not made.said.asks_certificate:
            return StepReport(
                Step.REQUEST,
                Outcome.OK,
                "Não foi pedido no início da conexão: o servidor o pede depois, ao receber a consulta, ou não o exige.",
            )
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


def _agreed(made: Handshake, chain: list[SentCertificate], facts: tuple[tuple[str, str], ...], ms: int) -> StepReport:
    server = chain[0] if chain else None
    found = f"{made.said.version} com {made.cipher}."
    warnings = []
    if server is not None and server.not_after is not None:
        found += f" Certificado de {server.subject}, emitido por {server.issuer}, até {day(server.not_after)}."
        if server.not_after - datetime.now(UTC) < _ENDING:
            warnings.append(f"O certificado do servidor vence em {exact(server.not_after)}: a SEFAZ precisa trocá-lo.")
    if 0 < made.dh_bits < _STRONG_DH_BITS:
        warnings.append(
            f"O servidor usa Diffie-Hellman de {made.dh_bits} bits, menos que os {_STRONG_DH_BITS} recomendados."
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
                f"{one.subject}{issuer}{validity}{hosts}; SHA-256 {one.sha256}",
            )
        )
    return tuple(facts)


def _accepted(made: Handshake) -> tuple[tuple[str, str], ...]:
    names = [server_chain.name_of(der) for der in made.said.accepted]
    if not names:
        return ()
    more = f" e mais {len(names) - _SHOWN}" if len(names) > _SHOWN else ""
    return (("Autoridades aceitas", ", ".join(names[:_SHOWN]) + more),)


def _tls_failure(made: Handshake, chain: list[SentCertificate], address: str) -> Failure:
    error = made.error
    assert error is not None
    host = urlsplit(address).hostname
    if isinstance(error, TimeoutError):
        return Failure(
            FailureKind.TIMEOUT,
            f"O servidor {host} aceitou a conexão e não combinou a criptografia a tempo.",
            "O serviço está lento ou parado, ou um equipamento da rede segura a conexão.",
            "Tente mais tarde; se outras páginas abrem, peça à informática para liberar *.gov.br sem inspeção de TLS.",
            f"TLS {address}",
        )
    failure = _explained(error, address)
    if not isinstance(error, ssl.SSLCertVerificationError):
        return failure
    return replace(failure, cause=_blamed(error.verify_code, chain) or failure.cause)


def _blamed(verify_code: int, chain: list[SentCertificate]) -> str:
    """Which of the certificates sent is to blame; "" when the general explanation says all there is."""
    path = server_chain.path(chain)
    if not path:
        return ""
    now = datetime.now(UTC)
    if verify_code in _UNTRUSTED:
        top = path[-1]
        if top.is_root:
            return f"A cadeia dele termina em “{top.subject}”, que não está entre as autoridades deste programa."
        return (
            f"Falta a autoridade “{top.issuer}”, que emitiu “{top.subject}”: o servidor não a enviou e ela não está "
            "entre as deste programa."
        )
    for one in path:
        if one.not_after is not None and one.not_after <= now:
            return f"O certificado de “{one.subject}” venceu em {exact(one.not_after)}."
        if one.not_before is not None and one.not_before > now:
            return f"O certificado de “{one.subject}” só vale a partir de {exact(one.not_before)}."
    if path[0].hosts:
        return f"O certificado que ele apresentou é para {', '.join(path[0].hosts[:_SHOWN])}."
    return ""


def _explained(error: BaseException, address: str) -> Failure:
    if isinstance(error, TimeoutError):
        late = httpx.ConnectTimeout("timed out")
        late.__cause__ = error
        error = late
    return network_failure(error, address, _CALLED, sent="TLS", answered=False)


def _failed(step: Step, started: float | None, failure: Failure) -> StepReport:
    return StepReport(step, Outcome.FAILED, failure.what, None if started is None else _ms(started), failure)


def _ms(started: float) -> int:
    return round((time.perf_counter() - started) * 1000)
