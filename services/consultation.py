"""The one path of a consultation: ask, decide, record, in one transaction.

The button, the service and the command line all end here. A failure is recorded and changes nothing else.
"""

from __future__ import annotations

import platform
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from app import secrets
from app.data import audit, blocks, certificates, customers, history
from app.data.customers import Subject
from app.data.database import Database
from app.data.standing import look
from app.domain import (
    Certificate,
    ConsultationFailed,
    Decision,
    Failure,
    FailureKind,
    Finding,
    Request,
    Result,
    SefazAnswer,
    Verdict,
)
from app.folders import Folders
from app.rules import pacing, schedule
from app.rules.blocking import decide_sefaz
from app.rules.sefaz_verdict import Judgement, judge
from app.settings.catalog import SEFAZ_BRANCH, SEFAZ_ENTITY
from app.settings.checks import usable_here_error
from app.settings.snapshot import Snapshot
from services.certificate import CertificateUnusable, ClientContexts
from services.sefaz.client import SefazClient
from services.sefaz.endpoints import Endpoint, InvalidEndpoints, load_endpoints
from services.sefaz.status_codes import StatusClass, status_code

if TYPE_CHECKING:
    from sqlalchemy import Connection


class NotAsked(Exception):
    """Nothing was asked and nothing recorded: the configuration does not allow it, or it is too soon."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.what)
        self.failure = failure


@dataclass(frozen=True)
class _Client:
    """A client and the certificate it presents."""

    certificate: Certificate
    context: ssl.SSLContext
    sefaz: SefazClient


class Consultation:
    """Consults SEFAZ with the certificate of the branch in the settings. One thread at a time; `cancel` from any."""

    def __init__(
        self,
        database: Database,
        folders: Folders,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        read_timeout: float = 45.0,
    ) -> None:
        self._database = database
        self._folders = folders
        self._clock = clock
        self._read_timeout = read_timeout
        self._contexts = ClientContexts()
        self._client: _Client | None = None
        self._endpoints: dict[str, Endpoint] = {}
        self._endpoints_state: object = None
        self._machine = platform.node()

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
                raise _configuration(str(error), "Corrija os endereços em Ferramentas › Endereços da SEFAZ.") from error
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

    def run(self, request: Request, snapshot: Snapshot, *, given_up: Callable[[], bool] = lambda: False) -> Result:
        """Ask, decide and record. Raises NotAsked when nothing was asked; a failure of the authority is a Result.

        `given_up` is looked at once `cancel` can take effect, so that a `cancel` which came too early is not lost.
        """
        endpoint = self._endpoint(request.uf)
        branch_id = snapshot[SEFAZ_BRANCH]
        if branch_id is None:
            raise _configuration(
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
                raise _configuration(f"O cliente {request.customer_id} não existe.", "Confira o código do cliente.")
            client = self._client_for(connection, branch_id, standing.fingerprint)
        ie = standing.subject.ie if standing.subject else ""
        finding = self._ask(client.sefaz, request, endpoint, ie, given_up)
        with self._database.writing() as connection:
            return self._record(connection, request, snapshot, finding, standing.subject, client.certificate.cnpj)

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
            raise _configuration(f"“{uf}” não é uma UF.", "Informe a sigla da UF, como SP ou GO.")
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

    def _ask(
        self, sefaz: SefazClient, request: Request, endpoint: Endpoint, ie: str, given_up: Callable[[], bool]
    ) -> Finding:
        sefaz.open()
        asked_at, started = self._clock(), time.perf_counter()

        def finding(judgement: Judgement, answer: SefazAnswer | ConsultationFailed) -> Finding:
            failed = answer if isinstance(answer, ConsultationFailed) else None
            return Finding(
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

    def _record(
        self,
        connection: Connection,
        request: Request,
        snapshot: Snapshot,
        finding: Finding,
        asked: Subject | None,
        certificate_cnpj: str,
    ) -> Result:
        retry = schedule.retry_at(finding.failure.kind, self._clock()) if finding.failure else None
        subject = None
        if asked is not None and (asked.document, asked.uf) == (request.document, request.uf):
            # As it is now: the registration and its blocks may have changed while the authority was answering.
            subject = customers.note_consultation(connection, asked, finding.verdict, finding.asked_at, retry)
        known = subject or (customers.subject(connection, asked.id) if asked else None)
        decision = self._decide(connection, request, snapshot, finding, known, current=subject is not None)
        consultation_id = history.record(
            connection,
            finding,
            decision,
            authority=request.authority,
            customer_id=known.id if known else None,
            origin=request.origin,
            user=request.user,
            machine=self._machine,
            applied=decision.changes,
            certificate_cnpj=certificate_cnpj,
        )
        if known is not None and decision.changes:
            self._change(connection, request, finding, decision, known.id, consultation_id)
        return Result(request, finding, decision, consultation_id, known.name if known else "")

    def _decide(
        self,
        connection: Connection,
        request: Request,
        snapshot: Snapshot,
        finding: Finding,
        subject: Subject | None,
        *,
        current: bool,
    ) -> Decision:
        if request.customer_id is None:
            return Decision("Consulta avulsa: nenhum cliente foi alterado.")
        if subject is None:
            return Decision("O cliente foi excluído durante a consulta: nada a alterar.")
        if not current:
            return Decision("O documento, a UF ou a inscrição do cliente mudou durante a consulta: nada foi alterado.")
        entities = {entity for entity in snapshot.everywhere(SEFAZ_ENTITY) if entity is not None}
        return decide_sefaz(
            finding.verdict,
            finding.reason,
            action=subject.action,
            blocks=blocks.active(connection, subject.id) if subject.blocked else (),
            exempt_as=customers.exempting_entity(connection, subject.document, entities),
            apply=request.apply,
        )

    def _change(
        self,
        connection: Connection,
        request: Request,
        finding: Finding,
        decision: Decision,
        customer_id: int,
        consultation_id: int,
    ) -> None:
        now, by = self._clock(), request.user
        for origin, reason in decision.add:
            blocks.add(connection, customer_id, origin, reason, by=by, at=now, consultation_id=consultation_id)
        if decision.lift:
            blocks.lift(
                connection,
                customer_id,
                decision.lift,
                why=finding.reason,
                by=by,
                at=now,
                consultation_id=consultation_id,
            )
        audit.record(
            connection,
            actor=by,
            subject=f"clientes/{customer_id}",
            what=f"cliente {customer_id}: bloqueio pela consulta {consultation_id}",
            old="",
            new=decision.why,
            at=now,
        )


def _configuration(what: str, todo: str) -> NotAsked:
    return NotAsked(Failure(FailureKind.CONFIGURATION, what, "", todo))


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
