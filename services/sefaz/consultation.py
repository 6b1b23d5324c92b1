"""Consulting SEFAZ with the certificate of the branch in the settings."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from app import secrets
from app.data import blocks, certificates, customers, history
from app.data.customers import Subject
from app.data.database import Database
from app.data.exemption import exempting_entity
from app.data.standing import look
from app.domain import (
    Certificate,
    ConsultationFailed,
    Decision,
    Failure,
    FailureKind,
    Request,
    SefazAnswer,
    SefazFinding,
    Verdict,
)
from app.folders import Folders
from app.rules import pacing, schedule
from app.rules.blocking import decide_sefaz
from app.rules.sefaz_verdict import Judgement, judge
from app.settings.catalog import SEFAZ_BRANCH
from app.settings.checks import usable_here_error
from app.settings.snapshot import Snapshot
from services.certificate import CertificateUnusable, ClientContexts
from services.consultation import Asked, Consultation, NotAsked, not_configured
from services.sefaz.client import SefazClient
from services.sefaz.endpoints import Endpoint, InvalidEndpoints, load_endpoints
from services.sefaz.status_codes import StatusClass, status_code

if TYPE_CHECKING:
    from sqlalchemy import Connection


@dataclass(frozen=True)
class _Client:
    """A client and the certificate it presents."""

    certificate: Certificate
    context: ssl.SSLContext
    sefaz: SefazClient


class SefazConsultation(Consultation[SefazFinding]):
    """Consults the authorizer of the customer's UF, presenting the certificate of the branch in the settings."""

    def __init__(
        self,
        database: Database,
        folders: Folders,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        read_timeout: float = 45.0,
    ) -> None:
        super().__init__(database, clock=clock)
        self._folders = folders
        self._read_timeout = read_timeout
        self._contexts = ClientContexts()
        self._client: _Client | None = None
        self._endpoints: dict[str, Endpoint] = {}
        self._endpoints_state: object = None

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
                raise not_configured(str(error), "Corrija os endereços em Ferramentas › Endereços da SEFAZ.") from error
            self._endpoints_state = state
        return self._endpoints

    def next_turn(self, uf: str, *, automatic: bool) -> pacing.Turn:
        """When the authorizer of that UF may be asked next, by its limits and by what it last answered."""
        endpoint = self._endpoint(uf)
        limited = endpoint.interval_s > 0 or endpoint.per_minute > 0 or automatic
        wanted = max(pacing.BREAKER_FAILURES, endpoint.per_minute)
        with self._database.reading() as connection:
            return pacing.next_turn(
                history.newest_attempts(connection, endpoint.authorizer, wanted) if limited else [],
                history.last_limit(connection, endpoint.authorizer),
                interval_s=endpoint.interval_s,
                per_minute=endpoint.per_minute,
                automatic=automatic,
                now=self._clock(),
            )

    def turn_for(self, request: Request) -> pacing.Turn:
        """When the authorizer of the request's UF may be asked by a person."""
        return self.next_turn(request.uf, automatic=False)

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
        return _Client(certificate, context, SefazClient(context, read_timeout=self._read_timeout))

    def _context_of(self, certificate: Certificate) -> ssl.SSLContext:
        additional = self._folders.additional_ca_file
        try:
            return self._contexts.of(certificate, additional if additional.exists() else None)
        except (CertificateUnusable, secrets.SecretsUnavailable) as error:
            # What to do is in the sentence: the keyring or the file of authorities may be what fails.
            raise NotAsked(Failure(FailureKind.CERTIFICATE, str(error), "", "")) from error

    def _ask(self, request: Request, snapshot: Snapshot, given_up: Callable[[], bool]) -> Asked[SefazFinding]:
        endpoint = self._endpoint(request.uf)
        branch_id = snapshot[SEFAZ_BRANCH]
        if branch_id is None:
            raise not_configured(
                "Nenhuma filial foi escolhida para consultar a SEFAZ.",
                "Escolha a Filial em Ferramentas › Sistema › Clientes, aba Consulta SEFAZ.",
            )
        with self._database.reading() as connection:
            standing = look(
                connection, customer_id=request.customer_id, branch_id=branch_id, authorizer=endpoint.authorizer
            )
            frozen = pacing.freeze(standing.last_limit_at, self._clock())
            if frozen is not None:
                raise _too_soon(frozen)
            if request.customer_id is not None and standing.subject is None:
                raise not_configured(f"O cliente {request.customer_id} não existe.", "Confira o código do cliente.")
            client = self._client_for(connection, branch_id, standing.fingerprint)
        ie = standing.subject.ie if standing.subject else ""
        return Asked(self._find(client, request, endpoint, ie, given_up), standing.subject)

    def _find(
        self, client: _Client, request: Request, endpoint: Endpoint, ie: str, given_up: Callable[[], bool]
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
            answer = sefaz.ask(request.document, endpoint, given_up=given_up)
        except ConsultationFailed as failed:
            return finding(Judgement(Verdict.FAILURE, failed.failure.sentence), failed)
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
        retry = schedule.retry_at(finding.failure.kind, self._clock()) if finding.failure else None
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


def _too_soon(turn: pacing.Turn) -> NotAsked:
    return NotAsked(
        Failure(
            FailureKind.LIMIT,
            turn.why,
            "Consultas demais em pouco tempo, deste ou de outro programa com o mesmo certificado.",
            "Espere até esse horário: insistir prolonga o bloqueio e pode atingir a emissão de notas.",
        )
    )


def _certificate(what: str) -> NotAsked:
    return NotAsked(
        Failure(
            FailureKind.CERTIFICATE,
            what,
            "Sem certificado válido a SEFAZ recusa a conexão.",
            "Instale o certificado em Ferramentas › Certificados digitais.",
        )
    )
