"""Consulting SEFAZ with the certificate of the branch in the settings."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from app import secrets
from app.clock_difference import ClockDifference
from app.data import blocks, certificates, customers, pace, uf_gaps
from app.data.customers import Subject
from app.data.database import Database
from app.data.exemption import exempting_entity
from app.data.standing import Standing, look
from app.data.uf_gaps import Gap
from app.data.zone import branch_zone
from app.domain import (
    Certificate,
    ConsultationFailed,
    Decision,
    Document,
    DocumentKind,
    Failure,
    FailureKind,
    Request,
    SefazAnswer,
    SefazFinding,
    Verdict,
)
from app.folders import Folders
from app.portuguese import exact
from app.rules import pacing, schedule
from app.rules.blocking import decide_sefaz
from app.rules.sefaz_verdict import Judgement, judge
from app.settings.catalog import SEFAZ_BRANCH
from app.settings.checks import usable_here_error
from app.settings.snapshot import Snapshot
from services.certificate import SECURITY_LEVEL, CertificateUnusable, ClientContexts
from services.consultation import Asked, Consultation, NotAsked, NotYet, not_configured
from services.network import Network
from services.sefaz.client import SefazClient
from services.sefaz.endpoints import Endpoint, EndpointStatus, InvalidEndpoints, load_endpoints
from services.sefaz.status_codes import StatusClass, status_code
from services.tls_socket import ClientContext

if TYPE_CHECKING:
    from sqlalchemy import Connection


_NO_LIMITS = pacing.Limits(0, 0)


_WAY_OUT = {
    pacing.Hold.FREEZE: "Insistir antes pode atingir a emissão de notas.",
    pacing.Hold.FAILURES: "Um diagnóstico da SEFAZ sem falhas libera antes.",
}
"""What to do about a hold, in few words; a refusal says it at length."""


@dataclass(frozen=True)
class _Client:
    """A client and the certificate it presents."""

    certificate: Certificate
    context: ClientContext
    sefaz: SefazClient


class SefazConsultation(Consultation[SefazFinding]):
    """Consults the authorizer of the customer's UF, presenting the certificate of the branch in the settings.

    `endpoints`, `gaps` and `holds` only read, and may be called from any thread too.
    """

    def __init__(
        self,
        database: Database,
        folders: Folders,
        *,
        contexts: ClientContexts | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        read_timeout: float = 45.0,
    ) -> None:
        """`contexts` may be shared by several of these."""
        super().__init__(database, clock=clock)
        self._folders = folders
        self._network = Network(folders)
        self._read_timeout = read_timeout
        self._contexts = contexts or ClientContexts()
        self._client: _Client | None = None
        self._endpoints: dict[str, Endpoint] = {}
        self._endpoints_state: object = None
        self._held: dict[str, pacing.Turn] = {}
        self._clock_difference: ClockDifference | None = None

    def endpoints(self) -> dict[str, Endpoint]:
        """The addresses in force, read again when the administrator's file changes. Raises NotAsked."""
        file = self._folders.endpoints_file
        try:
            found = file.stat()
            state = (found.st_mtime_ns, found.st_size)
        except FileNotFoundError:
            state = None
        if not self._endpoints or state != self._endpoints_state:
            try:
                self._endpoints = load_endpoints(file)
            except InvalidEndpoints as error:
                todo = f"Corrija o arquivo {file}, ou apague-o para voltar aos endereços que vieram com o programa."
                raise not_configured(str(error), todo) from error
            self._endpoints_state = state
        return self._endpoints

    def next_turn(self, uf: str, snapshot: Snapshot) -> pacing.Turn:
        """When the authorizer of that UF may be asked next, by its limits and by what it last answered."""
        endpoint = self._endpoint(uf)
        with self._database.reading() as connection:
            presented = certificates.presented(connection, _branch(snapshot))
            if presented is None:
                return pacing.Turn(self._clock())
            cnpj, fingerprint = presented
            known = pace.read(connection, cnpj, endpoint.authorizer).of(fingerprint)
        return pacing.turn(known, endpoint.limits, self._clock())

    def turn_for(self, request: Request, snapshot: Snapshot) -> pacing.Turn:
        """When the authorizer of the request's UF may be asked by a person: no sooner than by the service."""
        return self.next_turn(request.uf, snapshot)

    def gaps(self) -> list[Gap]:
        """What UFs said that they lack at the addresses in force."""
        endpoints = self.endpoints()
        with self._database.reading() as connection:
            found = uf_gaps.known(connection, self._clock())
        return [gap for gap in found if gap.address == endpoints[gap.uf].production]

    @property
    def clock_difference(self) -> ClockDifference | None:
        """How this computer's clock compares with that of the last SEFAZ that told its own; None before the first."""
        return self._clock_difference

    def holds(self, snapshot: Snapshot) -> dict[str, pacing.Turn]:
        """The authorizers left alone beyond their usual pace, whoever made it so: until when and why."""
        branch_id, now = snapshot[SEFAZ_BRANCH], self._clock()
        if branch_id is None:
            return {}
        with self._database.reading() as connection:
            presented = certificates.presented(connection, branch_id)
            if presented is None:
                return {}
            cnpj, fingerprint = presented
            paces = pace.all_of(connection, cnpj)
        turns = {name: pacing.turn(known.of(fingerprint), _NO_LIMITS, now) for name, known in paces.items()}
        return {name: turn for name, turn in turns.items() if turn.hold is not pacing.Hold.NOTHING}

    def look_at_holds(self, snapshot: Snapshot) -> None:
        """See which authorizers are left alone, for `warnings` to say."""
        self._held = self.holds(snapshot)

    @property
    def warnings(self) -> tuple[str, ...]:
        """That this computer's clock is wrong, when it is; which authorizers are left alone, until when and why."""
        now = self._clock()
        clock = self._clock_difference.warning if self._clock_difference is not None else ""
        held = (
            f"{name}: {turn.why} {_WAY_OUT[turn.hold]}" for name, turn in sorted(self._held.items()) if turn.at > now
        )
        return (*filter(None, (clock,)), *held)

    def cancel(self) -> bool:
        """Interrupt the query in flight, from any thread; False when there is none."""
        return self._client is not None and self._client.sefaz.cancel()

    def close(self) -> None:
        """Close the connections to the authorities."""
        if self._client is not None:
            self._client.sefaz.close()

    def certificate(self, snapshot: Snapshot) -> Certificate | None:
        """The certificate that consultations use, or None when no branch or certificate is chosen."""
        branch_id = snapshot[SEFAZ_BRANCH]
        if branch_id is None:
            return None
        with self._database.reading() as connection:
            return certificates.for_branch(connection, branch_id)

    def presented(self, snapshot: Snapshot, security_level: int = SECURITY_LEVEL) -> tuple[Certificate, ClientContext]:
        """The certificate that consultations use, fit for it, and the context that presents it, with that level of
        OpenSSL's. Raises NotAsked."""
        branch_id = _branch(snapshot)
        with self._database.reading() as connection:
            client = self._client_for(connection, branch_id, certificates.fingerprint(connection, branch_id))
        return client.certificate, self._context_of(client.certificate, security_level)

    def _endpoint(self, uf: str) -> Endpoint:
        endpoint = self.endpoints().get(uf)
        if endpoint is None:
            raise not_configured(f"“{uf}” não é uma UF.", "Informe a sigla da UF, como SP ou GO.")
        return endpoint

    def _client_for(self, connection: Connection, branch_id: int, fingerprint: str | None) -> _Client:
        now = self._clock()
        client = self._client
        if client is None or client.certificate.fingerprint != fingerprint:
            certificate = certificates.for_branch(connection, branch_id)
            error = usable_here_error(connection, branch_id, now)
            if certificate is None or error is not None:
                raise _certificate(error or "")
            client = self._opened(certificate)
        elif not client.certificate.not_before <= now < client.certificate.not_after:
            raise _certificate(usable_here_error(connection, branch_id, now) or "")
        elif self._context_of(client.certificate) is not client.context:
            client = self._opened(client.certificate)
        self._client = client
        return client

    def _opened(self, certificate: Certificate) -> _Client:
        self.close()
        context = self._context_of(certificate)
        lenient = partial(self._context_of, certificate, security_level=1)
        client = SefazClient(context, lenient, proxy_to=self._network.proxy_to, read_timeout=self._read_timeout)
        return _Client(certificate, context, client)

    def _context_of(self, certificate: Certificate, security_level: int = SECURITY_LEVEL) -> ClientContext:
        try:
            trust = self._network.trust()
            return self._contexts.of(certificate, trust.additional_ca, trust.system, security_level=security_level)
        except (CertificateUnusable, secrets.SecretsUnavailable) as error:
            # What to do is in the sentence: the keyring or the file of authorities may be what fails.
            raise NotAsked(Failure(FailureKind.CERTIFICATE, str(error), "", "")) from error

    def _ask(self, request: Request, snapshot: Snapshot, given_up: Callable[[], bool]) -> Asked[SefazFinding]:
        endpoint = self._endpoint(request.uf)
        branch_id = _branch(snapshot)
        with self._database.reading() as connection:
            standing = look(
                connection,
                customer_id=request.customer_id,
                branch_id=branch_id,
                authorizer=endpoint.authorizer,
                uf=endpoint.uf,
                address=endpoint.production,
                now=self._clock(),
            )
            if request.customer_id is not None and standing.subject is None:
                raise not_configured(f"O cliente {request.customer_id} não existe.", "Confira o código do cliente.")
            client = self._client_for(connection, branch_id, standing.fingerprint)
        document = _served(request, endpoint, standing)
        self._take_turn(endpoint, client, standing.pace)
        ie = standing.subject.ie if standing.subject else ""
        if not ie and document.kind is DocumentKind.IE:
            ie = document.value
        finding = self._find(client, request, document, endpoint, ie, given_up)
        learn = partial(self._learn, finding, endpoint, client.certificate, branch_id, standing.pace)
        return Asked(finding, standing.subject, learn)

    def _take_turn(self, endpoint: Endpoint, client: _Client, known: pacing.Pace) -> None:
        """Count the call that is about to be made. Raises NotYet."""
        if endpoint.status is EndpointStatus.NONE:
            return
        certificate, limits, now = client.certificate, endpoint.limits, self._clock()
        turn = pacing.turn(known.of(certificate.fingerprint), limits, now)
        if turn.at <= now and limits.any:
            client.sefaz.open()  # its imports, once the turn is taken, would bring this call near another machine's
            with self._database.writing() as connection:
                now = self._clock()
                turn = pace.reserve(
                    connection,
                    certificate.cnpj,
                    endpoint.authorizer,
                    fingerprint=certificate.fingerprint,
                    limits=limits,
                    now=now,
                    jitter=random.random(),
                )
        if turn.at > now:
            raise NotYet(turn)

    def _learn(
        self,
        finding: SefazFinding,
        endpoint: Endpoint,
        certificate: Certificate,
        branch_id: int,
        known: pacing.Pace,
        connection: Connection,
    ) -> None:
        now = self._clock()
        code = status_code(finding.c_stat) if finding.c_stat else None
        if code is not None and code.missing is not None:
            uf_gaps.learn(
                connection,
                endpoint.uf,
                code.missing,
                address=endpoint.production,
                c_stat=finding.c_stat,
                x_motivo=finding.x_motivo,
                now=now,
            )
        if endpoint.status is EndpointStatus.NONE:
            return
        said = code.said if code is not None else pacing.Said(finding.withheld_by)
        known = known.of(certificate.fingerprint)
        if said.failure is None and said.repeatable and known == known.released:
            return  # nothing to remember, as nearly always
        held = pace.held(connection, certificate.cnpj, endpoint.authorizer).of(certificate.fingerprint)
        zone = branch_zone(connection, branch_id)
        learnt = pacing.after(held, said, now, zone)
        pace.keep(connection, certificate.cnpj, endpoint.authorizer, learnt)
        self._held[endpoint.authorizer] = pacing.turn(learnt, _NO_LIMITS, now)

    def _find(
        self,
        client: _Client,
        request: Request,
        document: Document,
        endpoint: Endpoint,
        ie: str,
        given_up: Callable[[], bool],
    ) -> SefazFinding:
        sefaz = client.sefaz
        sefaz.open()
        asked_at, started = self._clock(), time.perf_counter()

        def finding(judgement: Judgement, answer: SefazAnswer | ConsultationFailed) -> SefazFinding:
            failed = answer if isinstance(answer, ConsultationFailed) else None
            return SefazFinding(
                document=request.document,
                uf=request.uf,
                verdict=judgement.verdict,
                reason=judgement.reason,
                asked_at=asked_at,
                duration_ms=round((time.perf_counter() - started) * 1000),
                c_stat=answer.c_stat,
                x_motivo=answer.x_motivo,
                inscriptions=answer.inscriptions if isinstance(answer, SefazAnswer) else (),
                own=judgement.own,
                failure=failed.failure if failed else None,
                request=answer.request,
                response=answer.response,
                authorizer=endpoint.authorizer,
                certificate_cnpj=client.certificate.cnpj,
            )

        try:
            answer = sefaz.ask(document, endpoint, given_up=given_up)
        except ConsultationFailed as failed:
            return finding(Judgement(Verdict.FAILURE, failed.failure.sentence), failed)
        finally:
            self._clock_difference = sefaz.clock or self._clock_difference
        said = status_code(answer.c_stat).status_class
        if said is StatusClass.NOT_TAXPAYER:
            return finding(Judgement(Verdict.NOT_TAXPAYER, f"Não é contribuinte em {request.uf}."), answer)
        if said is StatusClass.INVALID_DATA:
            why = f"A SEFAZ diz que o documento não é válido ({answer.c_stat}): corrija o cadastro do cliente."
            return finding(Judgement(Verdict.DATA_ERROR, why), answer)
        return finding(judge(answer.inscriptions, request.uf, ie), answer)

    def _note(self, connection: Connection, finding: SefazFinding, subject: Subject) -> Subject | None:
        if (subject.document, subject.uf) != (finding.document, finding.uf):
            return None
        # What the UF lacks is remembered of the UF: its customers are due again as soon as it is forgotten.
        waits = finding.failure is not None and status_code(finding.c_stat).missing is None
        retry = schedule.retry_at(finding.failure.kind, self._clock()) if finding.failure and waits else None
        return customers.note_sefaz(connection, subject, finding.verdict, finding.asked_at, retry)

    def _decide(
        self, connection: Connection, request: Request, snapshot: Snapshot, finding: SefazFinding, subject: Subject
    ) -> Decision:
        return decide_sefaz(
            finding.verdict,
            finding.reason,
            action=subject.action,
            blocks=blocks.active(connection, subject.id) if subject.blocked else (),
            exempt_as=exempting_entity(connection, subject.document, snapshot),
            apply=request.apply,
        )


def _branch(snapshot: Snapshot) -> int:
    branch_id = snapshot[SEFAZ_BRANCH]
    if branch_id is None:
        raise not_configured(
            "Nenhuma filial foi escolhida para consultar a SEFAZ.",
            "Escolha a Filial em Ferramentas › Sistema › Clientes, aba Consulta SEFAZ.",
        )
    return branch_id


def _served(request: Request, endpoint: Endpoint, standing: Standing) -> Document:
    """By which document to ask: the request's or, where the UF takes no CPF, the customer's IE. Raises NotAsked."""
    by_hand = f"Consulte à mão em {endpoint.public_page}"
    if standing.unserved_until is not None:
        raise NotAsked(
            Failure(
                FailureKind.NOT_SERVED,
                f"A SEFAZ de {endpoint.uf} disse que não atende a consulta de cadastro neste endereço.",
                f"Por isso não é consultada antes de {exact(standing.unserved_until)}.",
                f"{by_hand}, ou mande tentar de novo em Ferramentas › Endereços da SEFAZ.",
            )
        )
    if standing.no_cpf_until is None or request.document.kind is not DocumentKind.CPF:
        return request.document
    ie = standing.subject.ie if standing.subject else ""
    if not any(map(str.isdigit, ie)):
        raise NotAsked(
            Failure(
                FailureKind.NOT_SERVED,
                f"A SEFAZ de {endpoint.uf} disse que não consulta por CPF.",
                f"Por isso não é consultada por CPF antes de {exact(standing.no_cpf_until)}.",
                f"Informe a inscrição estadual no cadastro do cliente. {by_hand}.",
            )
        )
    return Document(DocumentKind.IE, ie)


def _certificate(what: str) -> NotAsked:
    return NotAsked(
        Failure(
            FailureKind.CERTIFICATE,
            what,
            "Sem certificado válido a SEFAZ recusa a conexão, por isso nada foi enviado.",
            "Instale o certificado em Ferramentas › Certificados digitais.",
        )
    )
