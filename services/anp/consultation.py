"""Consulting ANP about a fuel reseller: the primary address, the secondary one, then the mirror of ANP's list."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from app.anp_profile import AnpProfile
from app.data import blocks, brands, customers, history, mirror, pace, pauses
from app.data.customers import Subject
from app.data.database import Database
from app.data.exemption import exempting_entity
from app.data.zone import OFFICIAL
from app.domain import (
    AnpFinding,
    AnpOutcome,
    AnpSource,
    Authority,
    ConsultationFailed,
    Decision,
    Document,
    DocumentKind,
    Failure,
    FailureKind,
    ListKind,
    Request,
)
from app.folders import Folders
from app.policies import AnpKind
from app.portuguese import day, exact
from app.rules import pacing, schedule
from app.rules.anp_mirror import Listed, judge_by_list, too_old, until
from app.rules.blocking import decide_anp
from app.settings.catalog import ANP_KEPT, ANP_MIRROR_AGE, ANP_ONLINE, ANP_URL, ANP_URL_SECONDARY
from app.settings.snapshot import Snapshot
from services.anp.client import AnpAnswer, AnpClient
from services.consultation import Asked, Consultation, not_configured

if TYPE_CHECKING:
    from sqlalchemy import Connection

AUTHORIZER = "ANP"
"""How ANP is called among the authorizers of the history."""

READ_TIMEOUT_S = 15.0
"""How long ANP may take to answer: an order may be waiting."""

_LIMITS = pacing.Limits(interval_s=1.0, per_minute=0)
_NO_CERTIFICATE = ""
_TRIED = {AnpSource.PRIMARY: "Principal", AnpSource.SECONDARY: "Secundária"}


@dataclass(frozen=True)
class _Standing:
    """What must be known before asking: what the mirror has, and who asked to be left alone."""

    listed: Listed | None
    listed_at: datetime | None
    paused: dict[str, datetime]


class AnpConsultation(Consultation[AnpFinding]):
    """Consults ANP by the addresses in the settings; the register is that of the customer's kind."""

    def __init__(
        self,
        database: Database,
        folders: Folders,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        read_timeout: float = READ_TIMEOUT_S,
    ) -> None:
        super().__init__(database, clock=clock)
        self._client = AnpClient(folders, read_timeout=read_timeout)

    def turn_for(self, request: Request, snapshot: Snapshot) -> pacing.Turn:
        """When a person may ask: at once, but for a short and polite pause after the last query."""
        return pacing.turn(self._pace().released, _LIMITS, self._clock())

    def next_turn(self, snapshot: Snapshot) -> pacing.Turn:
        """When the service may ask: not while ANP wants to be left alone, nor soon after failures in a row."""
        now = self._clock()
        hosts = {_host(address) for _, address in _sources(snapshot)}
        with self._database.reading() as connection:
            paused = pauses.until(connection, hosts, now)
        if len(paused) == len(hosts):
            at = min(paused.values())
            why = f"A ANP pediu para esperar até {at.astimezone():%d/%m %H:%M}."
            return pacing.Turn(at, pacing.Hold.FAILURES, why)
        return pacing.turn(self._pace(), _LIMITS, now)

    def cancel(self) -> bool:
        """Interrupt the query in flight, from any thread; False when there is none."""
        return self._client.cancel()

    def close(self) -> None:
        """Close the connections to ANP."""
        self._client.close()

    def _pace(self) -> pacing.Pace:
        with self._database.reading() as connection:
            return pace.read(connection, _NO_CERTIFICATE, AUTHORIZER)

    def _learn(self, finding: AnpFinding, connection: Connection) -> None:
        known = pace.held(connection, _NO_CERTIFICATE, AUTHORIZER)
        known = pacing.called(known, _LIMITS, finding.asked_at, jitter=0)
        known = pacing.after(known, pacing.Said(finding.withheld_by), self._clock(), OFFICIAL)
        pace.keep(connection, _NO_CERTIFICATE, AUTHORIZER, known)

    def _ask(self, request: Request, snapshot: Snapshot, given_up: Callable[[], bool]) -> Asked[AnpFinding]:
        if not snapshot[ANP_ONLINE]:
            raise not_configured(
                "A consulta on-line à ANP está desligada.",
                "Ligue “Permite Consulta On-Line para ANP” em Ferramentas › Sistema › Clientes, aba Consulta ANP.",
            )
        if request.document.kind is not DocumentKind.CNPJ:
            raise not_configured(
                f"A ANP só é consultada por CNPJ, e o documento é {request.document.named}.",
                "Se o cliente não é revendedor, diga isso no cadastro dele, em “Cadastro na ANP”.",
            )
        sources = _sources(snapshot)
        kind = AnpKind.AUTOMOTIVE
        with self._database.reading() as connection:
            subject = customers.subject(connection, request.customer_id) if request.customer_id is not None else None
            if request.customer_id is not None and subject is None:
                raise not_configured(f"O cliente {request.customer_id} não existe.", "Confira o código do cliente.")
            if subject is not None:
                kind = subject.anp_kind
            if kind is AnpKind.NONE:
                raise not_configured(
                    "O cadastro diz que este cliente não é revendedor consultável na ANP.",
                    "Se é posto ou revenda de GLP, mude “Cadastro na ANP” no cadastro do cliente.",
                )
            standing = self._standing(connection, request.document, kind, sources)
        finding = self._with_brand(self._find(request, snapshot, kind, sources, standing, given_up))
        return Asked(finding, subject, partial(self._learn, finding))

    def _with_brand(self, finding: AnpFinding) -> AnpFinding:
        if finding.registration is None:
            return finding
        with self._database.reading() as connection:
            return replace(finding, brand_known=not brands.table(connection).read(finding.brand).is_missing)

    def _standing(
        self,
        connection: Connection,
        document: Document,
        kind: AnpKind,
        sources: list[tuple[AnpSource, str]],
    ) -> _Standing:
        register = ListKind(kind.value)
        current = mirror.current(connection, register)
        return _Standing(
            mirror.find(connection, register, document.value),
            current.confirmed_at if current else None,
            pauses.until(connection, {_host(address) for _, address in sources}, self._clock()),
        )

    def _find(
        self,
        request: Request,
        snapshot: Snapshot,
        kind: AnpKind,
        sources: list[tuple[AnpSource, str]],
        standing: _Standing,
        given_up: Callable[[], bool],
    ) -> AnpFinding:
        asked_at, started = self._clock(), time.perf_counter()

        def elapsed() -> int:
            return round((time.perf_counter() - started) * 1000)

        failures: list[tuple[AnpSource, ConsultationFailed]] = []
        for source, address in sources:
            try:
                self._check_pause(address, standing.paused)
                answer = self._client.ask(request.document.value, kind, address, given_up=given_up)
            except ConsultationFailed as failed:
                self._keep_pause(address, failed)
                failures.append((source, failed))
                if failed.failure.kind is FailureKind.CANCELLED:
                    return _failed(request, failed, failed.failure, asked_at, elapsed())
                continue
            return _answered(request, answer, source, standing, asked_at, elapsed())
        failure = _explained(failures)
        last = failures[-1][1]
        if standing.listed_at is None:
            return _failed(request, last, failure, asked_at, elapsed())
        if too_old(standing.listed_at, snapshot[ANP_MIRROR_AGE], self._clock()):
            return _failed(request, last, _and_old_list(failure, standing.listed_at), asked_at, elapsed())
        judged = judge_by_list(standing.listed, standing.listed_at)
        return AnpFinding(
            document=request.document,
            uf=request.uf,
            verdict=judged.outcome,
            reason=f"{judged.reason} A consulta on-line não foi possível: {failure.what}",
            asked_at=asked_at,
            duration_ms=elapsed(),
            request=last.request,
            response=last.response,
            authorizer=AUTHORIZER,
            source=AnpSource.MIRROR,
            registration=judged.registration,
            listed_at=judged.listed_at,
            listed_until=judged.listed_until,
            confirmed=judged.confirmed,
            live_failure=failure,
        )

    def _check_pause(self, address: str, paused: dict[str, datetime]) -> None:
        moment = paused.get(_host(address))
        if moment is not None:
            raise ConsultationFailed(
                Failure(
                    FailureKind.THROTTLED,
                    f"{_host(address)} pediu para não ser consultado até {moment.astimezone():%d/%m %H:%M:%S}.",
                    "Foram feitas consultas demais em pouco tempo, deste ou de outro programa.",
                    "Consulte de novo depois desse horário.",
                )
            )

    def _keep_pause(self, address: str, failed: ConsultationFailed) -> None:
        if failed.retry_after_s is not None:
            with self._database.writing() as connection:
                pauses.keep(connection, _host(address), self._clock() + timedelta(seconds=failed.retry_after_s))

    def _note(self, connection: Connection, finding: AnpFinding, subject: Subject) -> Subject | None:
        if subject.document != finding.document:
            return None
        retry = schedule.retry_at(finding.withheld_by, self._clock()) if finding.withheld_by else None
        return customers.note_anp(
            connection, subject, finding.verdict, finding.brand, finding.asked_at, retry, listed_at=finding.listed_at
        )

    def _decide(
        self, connection: Connection, request: Request, snapshot: Snapshot, finding: AnpFinding, subject: Subject
    ) -> Decision:
        if subject.anp_at is not None and subject.anp_at > finding.known_at:
            return Decision(
                f"A resposta da ANP de {exact(subject.anp_at)} é mais nova do que a lista: nada "
                "foi alterado no cliente."
            )
        return decide_anp(
            finding.verdict,
            finding.reason,
            brands.table(connection).read(finding.brand),
            profile=AnpProfile.of(snapshot),
            current_brand=subject.brand_id,
            blocks=blocks.active(connection, subject.id) if subject.blocked else (),
            exempt_as=exempting_entity(connection, subject.document, snapshot),
            confirmed=finding.confirmed,
            apply=request.apply,
        )

    def _keep(self, connection: Connection, snapshot: Snapshot, customer_id: int) -> None:
        history.prune(connection, (customer_id,), Authority.ANP, snapshot[ANP_KEPT])


def _sources(snapshot: Snapshot) -> list[tuple[AnpSource, str]]:
    both = ((AnpSource.PRIMARY, snapshot[ANP_URL]), (AnpSource.SECONDARY, snapshot[ANP_URL_SECONDARY]))
    return [(source, address) for source, address in both if address]


def _host(address: str) -> str:
    return urlsplit(address).hostname or address


def _answered(
    request: Request, answer: AnpAnswer, source: AnpSource, standing: _Standing, asked_at: datetime, duration_ms: int
) -> AnpFinding:
    reason, listed, listed_until = answer.reason, standing.listed, None
    if answer.outcome is AnpOutcome.NOT_FOUND and listed is not None:
        if listed.vanished_at is None and standing.listed_at is not None:
            reason += f" Consta, porém, da lista da ANP de {day(standing.listed_at)}."
        else:
            listed_until = listed.last_seen_at
            reason = f"{reason.rstrip('.')}{until(listed)}."
    return AnpFinding(
        document=request.document,
        uf=request.uf,
        verdict=answer.outcome,
        reason=reason,
        asked_at=asked_at,
        duration_ms=duration_ms,
        request=answer.request,
        response=answer.response,
        authorizer=AUTHORIZER,
        source=source,
        registration=answer.registration,
        listed_until=listed_until,
    )


def _failed(
    request: Request, failed: ConsultationFailed, failure: Failure, asked_at: datetime, duration_ms: int
) -> AnpFinding:
    return AnpFinding(
        document=request.document,
        uf=request.uf,
        verdict=AnpOutcome.FAILURE,
        reason=failure.sentence,
        asked_at=asked_at,
        duration_ms=duration_ms,
        failure=failure,
        request=failed.request,
        response=failed.response,
        authorizer=AUTHORIZER,
    )


def _explained(failures: list[tuple[AnpSource, ConsultationFailed]]) -> Failure:
    """One failure out of those of the addresses tried."""
    if len({failed.failure.sentence for _, failed in failures}) == 1:
        return failures[0][1].failure
    tried = [(source, failed.failure) for source, failed in failures]
    return Failure(
        tried[-1][1].kind,
        "Nenhum dos dois endereços da ANP respondeu.",
        " ".join(f"{_TRIED[source]}: {failure.what}" for source, failure in tried),
        tried[0][1].todo,
        "\n\n".join(f"{source.value}: {failure.sentence}\n{failure.details}" for source, failure in tried),
    )


def _and_old_list(failure: Failure, listed_at: datetime) -> Failure:
    return Failure(
        failure.kind,
        failure.what,
        failure.cause,
        f"{failure.todo} A lista da ANP guardada aqui é de {day(listed_at)}, mais antiga do que a "
        "configuração aceita: atualize-a em Listas da ANP.",
        failure.details,
    )
