"""Asks a SEFAZ about one document: the answer as it came, or a failure explained."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from app.clock_difference import ClockDifference
from app.domain import ConsultationFailed, Document, DocumentKind, Failure, FailureKind, SefazAnswer
from app.uf import Missing
from services.interruption import Interruption
from services.network_failure import Called, cancelled, network_failure
from services.proxy import ProxyTo, straight
from services.sefaz.answer import ParsedAnswer, invalid_response, parse_answer
from services.sefaz.endpoints import Endpoint, EndpointStatus
from services.sefaz.status_codes import StatusClass, StatusCode, status_code
from services.sefaz.tls_profile import tls_profile

if TYPE_CHECKING:
    from services.http_channel import HttpAnswer
    from services.sefaz.transport import SefazTransport

_CERTIFICATE_DATES = "281"
_OF_TLS = (FailureKind.CERTIFICATE, FailureKind.TRUST, FailureKind.ENCRYPTION)
_SEFAZ = Called("SEFAZ", "o endereço da UF", with_certificate=True)


class SefazClient:
    """Queries with one certificate, keeping one connection to each authorizer.

    `ask` and `close` belong to one thread; `cancel` may come from any. Times are in seconds: `read_timeout` is for the
    first byte, and again for the whole body. `lenient` gives the context of the same certificate that takes a 1024-bit
    DH key, where `tls_profile.security_level` allows it; what it raises passes through `ask`. `clock` is how this
    computer's clock compares with the last SEFAZ that told its own.
    """

    def __init__(
        self,
        context: ssl.SSLContext,
        lenient: Callable[[], ssl.SSLContext] | None = None,
        *,
        proxy_to: ProxyTo = straight,
        connect_timeout: float = 15.0,
        read_timeout: float = 45.0,
    ) -> None:
        self.clock: ClockDifference | None = None
        self._context = context
        self._lenient = lenient
        self._proxy_to = proxy_to
        self._connect_timeout = connect_timeout
        self._read_timeout = read_timeout
        self._interruption = Interruption()
        self._transport: SefazTransport | None = None

    def ask(
        self, document: Document, endpoint: Endpoint, *, given_up: Callable[[], bool] = lambda: False
    ) -> SefazAnswer:
        """Ask the production service of `endpoint.uf` about a document.

        `given_up` is looked at when `cancel` begins to take effect: one that came before is not lost.
        Returns what the SEFAZ said about the customer: 111, 112, a final no (259, 261, 264) or invalid data (258, 260,
        263). Raises ConsultationFailed for anything else.
        """
        if endpoint.status is EndpointStatus.NONE or not endpoint.production:
            raise _without_service(endpoint)
        self._interruption.begin()
        try:
            if given_up():
                raise ConsultationFailed(cancelled(), authorizer=endpoint.authorizer)
            response, request = self._post(document, endpoint)
        finally:
            self._interruption.end()
        try:
            parsed = parse_answer(response.body, response.status, response.content_type)
            return _interpreted(parsed, document, endpoint, request, response.body)
        except ConsultationFailed as failed:
            failed.failure = self._with_what_is_known(failed.failure, endpoint, failed.c_stat)
            failed.request = request
            failed.authorizer = endpoint.authorizer
            raise

    def open(self) -> None:
        """Import what a query needs; done at the first `ask` otherwise, whose time would then be the imports'."""
        self._open()

    def cancel(self) -> bool:
        """Interrupt the query in progress, which then raises ConsultationFailed of kind CANCELLED at once.

        False, and no effect, when none is in progress: whoever is stopping a thread may call it until the thread ends.
        While a name is resolved or a connection is being opened, it takes effect when that ends.
        """
        return self._interruption.interrupt()

    def close(self) -> None:
        """Close the connections. The client may still be used and opens them again."""
        if self._transport is not None:
            self._transport.close()
            self._transport = None

    def _post(self, document: Document, endpoint: Endpoint) -> tuple[HttpAnswer, bytes]:
        import httpx

        transport = self._open()
        try:
            response = transport.ask(document, endpoint)
        except (httpx.HTTPError, OSError) as error:
            if self._interruption.interrupted:
                failure = cancelled()
            else:
                failure = network_failure(
                    error,
                    endpoint.production,
                    _SEFAZ,
                    sent="POST",
                    answered=transport.answered,
                    clock_warning=self._clock_warning,
                    lowered=transport.lowered,
                )
                failure = self._with_what_is_known(failure, endpoint)
            raise ConsultationFailed(failure, request=transport.sent, authorizer=endpoint.authorizer) from error
        if self._interruption.interrupted:
            raise ConsultationFailed(cancelled(), request=transport.sent, authorizer=endpoint.authorizer)
        if response.clock_ahead is not None:
            self.clock = ClockDifference(response.clock_ahead, _named(endpoint))
        return response, transport.sent

    @property
    def _clock_warning(self) -> str:
        return self.clock.warning if self.clock is not None else ""

    def _with_what_is_known(self, failure: Failure, endpoint: Endpoint, c_stat: str = "") -> Failure:
        """The failure with what was measured of the server, and with the clock where a wrong one may be the cause."""
        if c_stat == _CERTIFICATE_DATES and self._clock_warning:
            return replace(failure, todo=f"{self._clock_warning} {failure.todo}")
        profile = tls_profile(urlsplit(endpoint.production).hostname or "")
        if c_stat or profile is None or failure.kind not in _OF_TLS:
            return failure
        return replace(failure, details=f"{failure.details}\n{profile.measured}")

    def _open(self) -> SefazTransport:
        if self._transport is None:
            from services.sefaz.transport import SefazTransport

            self._transport = SefazTransport(
                self._context,
                self._lenient,
                self._connect_timeout,
                self._read_timeout,
                self._interruption,
                self._proxy_to,
            )
        return self._transport


def _named(endpoint: Endpoint) -> str:
    return f"da SEFAZ de {endpoint.uf}" if endpoint.authorizer == endpoint.uf else f"da {endpoint.authorizer}"


def _interpreted(
    parsed: ParsedAnswer, document: Document, endpoint: Endpoint, request: bytes, response: bytes
) -> SefazAnswer:
    code = status_code(parsed.c_stat)
    kind = code.status_class.failure
    if kind is not None:
        raise _rejected(kind, code, parsed, endpoint, response)
    _check_subject(parsed, document, endpoint.uf, response)
    found = len(parsed.inscriptions)
    if (code.status_class is StatusClass.ANSWER) != (found > 0):
        raise invalid_response(
            "A resposta da SEFAZ se contradiz.",
            f"O código {parsed.c_stat} ({code.text}) veio com {found} inscrições.",
            f"cStat {parsed.c_stat}: {parsed.x_motivo}",
            response,
        )
    return SefazAnswer(
        c_stat=parsed.c_stat,
        x_motivo=parsed.x_motivo,
        uf=endpoint.uf,
        inscriptions=parsed.inscriptions,
        request=request,
        response=response,
        authorizer=endpoint.authorizer,
        ver_aplic=parsed.ver_aplic,
        dh_cons=parsed.dh_cons,
    )


def _check_subject(parsed: ParsedAnswer, document: Document, uf: str, response: bytes) -> None:
    """Refuse an answer about somebody else. Masks, lost leading zeros and a missing echo are tolerated."""
    wrong = ""
    if parsed.uf and parsed.uf.upper() != uf:
        wrong = f"A resposta é da UF {parsed.uf[:20]}, e a consulta foi para {uf}."
    echo = {tag: value for tag, text in parsed.echo.items() if (value := _comparable(text))}
    if echo and echo.get(document.kind.value) != _comparable(document.value):
        said = ", ".join(f"{tag} {value[:20]}" for tag, value in echo.items())
        wrong = f"A resposta é sobre {said}, e a consulta foi sobre {document.kind.value} {document.value}."
    holders = {_holder(value, document.kind) for i in parsed.inscriptions if (value := _stated(i, document.kind))}
    if holders and _holder(document.value, document.kind) not in holders:
        wrong = f"Nenhuma inscrição da resposta é de {document.kind.value} {document.value}."
    if wrong:
        raise invalid_response("A SEFAZ respondeu sobre outro contribuinte.", wrong, f"cStat {parsed.c_stat}", response)


def _comparable(text: str) -> str:
    return "".join(filter(str.isalnum, text)).upper().lstrip("0")


def _stated(inscription: object, kind: DocumentKind) -> str:
    # An IE may come back as another one (IEAtual, IEUnica), so only CNPJ and CPF tell whose it is.
    return "" if kind is DocumentKind.IE else _comparable(getattr(inscription, kind.value))


def _holder(value: str, kind: DocumentKind) -> str:
    # A company's branches share one inscription in some UFs, so the root of the CNPJ is what must agree.
    return _comparable(value).zfill(14)[:8] if kind is DocumentKind.CNPJ else _comparable(value)


def _rejected(
    kind: FailureKind, code: StatusCode, parsed: ParsedAnswer, endpoint: Endpoint, response: bytes
) -> ConsultationFailed:
    said = parsed.x_motivo or code.text
    cause, todo = code.cause, code.todo
    if code.missing is Missing.SERVICE and endpoint.status is EndpointStatus.OFFICIAL:
        cause += " A UF consta na relação do Portal da NF-e: é provável que o endereço dela tenha mudado."
    if kind is FailureKind.NOT_SERVED and endpoint.public_page:
        todo = f"{todo} Consulta pública: {endpoint.public_page}"
    failure = Failure(
        kind,
        f"A SEFAZ ({endpoint.authorizer}) respondeu {code.code}: {said}",
        cause,
        todo,
        f"POST {endpoint.production}\ncStat {code.code}: {said}\nverAplic {parsed.ver_aplic}, dhCons {parsed.dh_cons}",
    )
    return ConsultationFailed(failure, c_stat=parsed.c_stat, x_motivo=parsed.x_motivo, response=response)


def _without_service(endpoint: Endpoint) -> ConsultationFailed:
    failure = Failure(
        FailureKind.NOT_SERVED,
        f"A SEFAZ de {endpoint.uf} não oferece a consulta de cadastro a programas.",
        endpoint.source,
        f"Consulte à mão em {endpoint.public_page}" if endpoint.public_page else "Consulte à mão no portal dela.",
        f"UF {endpoint.uf}: status {endpoint.status.value}, endereço “{endpoint.production}”",
    )
    return ConsultationFailed(failure, authorizer=endpoint.authorizer)
