"""Finds out why a SEFAZ does not answer: step by step, from the branch's certificate to one real consultation.

The consultation is of the branch's own CNPJ and goes through the one path of all consultations, so that the
authorizer's pace holds for it and the history keeps it. While an authorizer is frozen after a 656 nothing at all is
opened to it: insisting prolongs what keeps invoices from being issued.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from app.data import audit, history, pace, records
from app.data.database import Database
from app.data.uf_gaps import Gap
from app.documents import parse_document
from app.domain import (
    Certificate,
    Document,
    DocumentKind,
    FailureKind,
    Origin,
    Request,
    SefazFinding,
)
from app.folders import Folders
from app.portuguese import day, exact
from app.rules import pacing
from app.rules.pacing import Hold, Pace
from app.settings.snapshot import Snapshot
from app.tables import BRANCHES
from app.uf import Missing
from services.certificate import ClientContexts
from services.check_list import CheckStep, Outcome, StepReport, elapsed_ms, failed
from services.consultation import NotAsked, NotYet
from services.network import Network
from services.network_failure import cancelled
from services.sefaz.answer_steps import answer_steps, unserved
from services.sefaz.consultation import SefazConsultation
from services.sefaz.diagnosis_report import Step, UfReport
from services.sefaz.endpoint_changes import try_again
from services.sefaz.endpoints import Endpoint, EndpointStatus
from services.sefaz.status_codes import status_code
from services.tls_socket import ClientContext
from services.waited_socket import GivenUp

if TYPE_CHECKING:
    from sqlalchemy import Connection

_AT_ONCE = 4
"""How many authorizers are looked at together; each one alone, at its own pace."""
_LOOK_S = 0.1
_RELEASED_EVERY = timedelta(minutes=10)
"""How often failures may be set aside for one consultation: insisting is what they keep from."""
_ORDER: tuple[CheckStep, ...] = tuple(Step)


@dataclass(frozen=True)
class _Branch:
    """Who asks: the branch's own CNPJ, and what it presents."""

    document: Document
    certificate: Certificate
    context: ClientContext


class _Stopped(Exception):
    """The steps that are left are not done; the message says why, in a sentence."""


class _Progress:
    """One UF's report under way, told at every step."""

    def __init__(self, report: UfReport, tell: Callable[[UfReport], None]) -> None:
        self.report = report
        self._tell = tell

    def add(self, step: StepReport) -> None:
        """One more step was made."""
        self.report = replace(self.report, steps=(*self.report.steps, step))
        self._tell(self.report)

    def finish(self, why: str) -> None:
        """The steps that are left are not done, because of `why`."""
        made = {step.step for step in self.report.steps}
        left = tuple(StepReport(step, Outcome.NOT_DONE, why) for step in Step if step not in made)
        steps = sorted((*self.report.steps, *left), key=lambda step: _ORDER.index(step.step))
        self.report = replace(self.report, steps=tuple(steps), finished=True)
        self._tell(self.report)


class Diagnosis:
    """One diagnosis, with the branch of the settings. Times are in seconds.

    `consult=False` goes only as far as TLS. `retry_unserved` asks again the UFs that said that they do not serve.
    """

    def __init__(
        self,
        database: Database,
        folders: Folders,
        snapshot: Snapshot,
        actor: str,
        *,
        consult: bool = True,
        retry_unserved: bool = False,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        connect_timeout: float = 15.0,
        read_timeout: float = 45.0,
    ) -> None:
        self._database = database
        self._snapshot = snapshot
        self._actor = actor
        self._consult = consult
        self._retry_unserved = retry_unserved
        self._clock = clock
        self._connect_timeout = connect_timeout
        self._path = partial(
            SefazConsultation, database, folders, contexts=ClientContexts(), clock=clock, read_timeout=read_timeout
        )
        self._network = Network(folders)
        self._over = threading.Event()
        self._told: SimpleQueue[UfReport | Exception] = SimpleQueue()
        self._lock = threading.Lock()
        self._hosts: dict[str, tuple[str, Future[list[StepReport]]]] = {}

    def reports(self, ufs: Iterable[str], given_up: Callable[[], bool] = lambda: False) -> Iterator[UfReport]:
        """The reports of those UFs, each one again at every step, as they come; the last of each is `finished`.

        Different authorizers are looked at together, and a server that several UFs share is connected to once.
        When `given_up` turns true, or the iteration is abandoned, what is under way ends at once; only a name being
        resolved is waited for. Raises NotAsked when the addresses cannot be read.
        """
        path = self._path()
        endpoints = path.endpoints()
        branch, first = self._branch(path)
        gaps = {gap.uf: gap for gap in path.gaps() if gap.missing is Missing.SERVICE}
        by_authorizer: dict[str, list[Endpoint]] = {}
        for uf in ufs:
            by_authorizer.setdefault(endpoints[uf].authorizer, []).append(endpoints[uf])
        jobs: SimpleQueue[list[Endpoint]] = SimpleQueue()
        for group in by_authorizer.values():
            jobs.put(group)
        paths = [self._path() for _ in range(min(_AT_ONCE, len(by_authorizer)))]
        threads = [
            threading.Thread(target=self._work, args=(jobs, one, branch, first, gaps), name=f"diagnostico-{number}")
            for number, one in enumerate(paths)
        ]
        for thread in threads:
            thread.start()
        try:
            while any(thread.is_alive() for thread in threads) or not self._told.empty():
                if given_up():
                    self._end(paths)
                with suppress(Empty):
                    told = self._told.get(timeout=_LOOK_S)
                    if isinstance(told, Exception):
                        raise told
                    yield told
        finally:
            while any(thread.is_alive() for thread in threads):
                self._end(paths)
                for thread in threads:
                    thread.join(_LOOK_S)

    def _end(self, paths: list[SefazConsultation]) -> None:
        self._over.set()
        for path in paths:
            path.cancel()

    def _branch(self, path: SefazConsultation) -> tuple[_Branch | None, StepReport]:
        """Who asks, or None when nobody can, and the step that tells it."""
        started = time.perf_counter()
        try:
            certificate, context = path.presented(self._snapshot)
        except NotAsked as refused:
            return None, failed(Step.CERTIFICATE, refused.failure, started)
        with self._database.reading() as connection:
            branch = records.get(connection, BRANCHES, certificate.branch_id)
        document = parse_document(str(branch.values["cnpj"]), DocumentKind.CNPJ)
        shown = Document(DocumentKind.CNPJ, certificate.cnpj)
        facts = (
            ("CNPJ", str(shown)),
            ("Emissor", certificate.issuer),
            *((("Raiz", certificate.root),) if certificate.root else ()),
            ("Validade", f"de {day(certificate.not_before)} a {exact(certificate.not_after)}"),
        )
        found = f"{certificate.holder}: {certificate.validity(self._clock())}."
        step = StepReport(Step.CERTIFICATE, Outcome.OK, found, elapsed_ms(started), facts=facts)
        return _Branch(document, certificate, context), step

    def _work(
        self,
        jobs: SimpleQueue[list[Endpoint]],
        path: SefazConsultation,
        branch: _Branch | None,
        first: StepReport,
        gaps: dict[str, Gap],
    ) -> None:
        """One thread: authorizer after authorizer, and the UFs of each in order."""
        try:
            while True:
                for endpoint in jobs.get_nowait():
                    self._look(path, endpoint, branch, first, gaps.get(endpoint.uf))
        except Empty:
            pass
        except Exception as error:  # noqa: BLE001  # whatever happened is raised again where the reports are awaited
            self._told.put(error)
        finally:
            path.close()

    def _look(
        self, path: SefazConsultation, endpoint: Endpoint, branch: _Branch | None, first: StepReport, gap: Gap | None
    ) -> None:
        """Diagnose one UF."""
        with self._database.reading() as connection:
            last = history.last_answer_at(connection, endpoint.authorizer)
        report = UfReport(endpoint.uf, endpoint.authorizer, endpoint.production, self._clock(), last_answer_at=last)
        progress = _Progress(report, self._told.put)
        try:
            progress.add(first)
            if branch is None:
                raise _Stopped("Sem o certificado da filial nada é aberto.")
            if self._over.is_set():
                raise GivenUp
            self._reach(progress, path, endpoint, branch)
            self._ask(progress, path, endpoint, branch, gap)
            progress.finish("")
        except _Stopped as stopped:
            progress.finish(str(stopped))
        except GivenUp:
            progress.finish("O diagnóstico foi cancelado.")

    def _reach(self, progress: _Progress, path: SefazConsultation, endpoint: Endpoint, branch: _Branch) -> None:
        """The steps as far as TLS. Raises _Stopped and GivenUp."""
        if endpoint.status is EndpointStatus.NONE:
            progress.report = replace(progress.report, by_hand=True)
            raise _Stopped(
                f"A SEFAZ de {endpoint.uf} não oferece a consulta de cadastro a programas. "
                f"Consulte à mão em {endpoint.public_page}"
            )
        turn = path.next_turn(endpoint.uf, self._snapshot)
        if turn.hold is Hold.FREEZE:
            raise _Stopped(f"{turn.why} Até lá o programa não abre nem uma conexão com {endpoint.authorizer}.")
        host = urlsplit(endpoint.production).netloc
        with self._lock:
            whose, steps = self._hosts.setdefault(host, (endpoint.uf, Future()))
        if whose == endpoint.uf:
            self._connect(progress, steps, path, endpoint, branch)
        else:
            for step in steps.result():
                shared = (("Verificado", f"uma vez só, com {whose}: é o mesmo servidor"),)
                facts = (*shared, *step.facts) if step.step is Step.NAME else step.facts
                progress.add(replace(step, duration_ms=None, facts=facts))
        stopper = progress.report.failed
        if stopper is not None:
            raise _depends_on(stopper.step)
        if Step.REQUEST not in {step.step for step in progress.report.steps}:
            raise GivenUp

    def _connect(
        self,
        progress: _Progress,
        steps: Future[list[StepReport]],
        path: SefazConsultation,
        endpoint: Endpoint,
        branch: _Branch,
    ) -> None:
        made: list[StepReport] = []

        def add(step: StepReport) -> None:
            made.append(step)
            progress.add(step)

        def lenient() -> ClientContext:
            return path.presented(self._snapshot, security_level=1)[1]

        try:
            from services.sefaz.connection_steps import Connector

            connector = Connector(
                branch.certificate,
                branch.context,
                lenient,
                self._connect_timeout,
                given_up=self._over.is_set,
                proxy_to=self._network.proxy_to,
            )
            for step in connector.steps(endpoint):
                add(step)
        except NotAsked as refused:  # the keyring opened the certificate before, and `lenient` no longer
            add(failed(Step.TLS, refused.failure))
        finally:
            steps.set_result(made)

    def _ask(
        self,
        progress: _Progress,
        path: SefazConsultation,
        endpoint: Endpoint,
        branch: _Branch,
        gap: Gap | None,
    ) -> None:
        """One consultation of the branch's own CNPJ, and what came of it. Raises _Stopped and GivenUp."""
        if not self._consult:
            raise _Stopped("O diagnóstico foi pedido sem consulta.")
        if self._over.is_set():
            raise GivenUp
        if gap is not None:
            if not self._retry_unserved:
                progress.add(unserved(gap, endpoint))
                progress.report = replace(progress.report, by_hand=True, unserved=True)
                raise _Stopped("A UF não foi consultada: já disse que não atende.")
            try_again(self._database, gap, actor=self._actor)
        request = Request(branch.document, endpoint.uf, Origin.DIAGNOSIS, self._actor, apply=False)
        held = self._release(path, endpoint, branch.certificate)
        finding, clock = None, path.clock_difference
        try:
            result = path.run(request, self._snapshot, given_up=self._over.is_set, wait=self._wait)
            assert isinstance(result.finding, SefazFinding)
            finding = result.finding
            progress.report = replace(progress.report, c_stat=finding.c_stat, consultation_id=result.consultation_id)
        except NotAsked as refused:
            if isinstance(refused, NotYet) or refused.failure.kind is FailureKind.CANCELLED:
                raise _Stopped(refused.failure.what) from refused
            progress.add(failed(Step.HTTP, refused.failure))
            raise _depends_on(Step.HTTP) from refused
        finally:
            if held is not None and not _works(finding):
                self._hold_again(endpoint, branch.certificate, held)
        told = path.clock_difference if path.clock_difference is not clock else None
        for step in answer_steps(finding, told):
            progress.add(step)
        stopper = progress.report.failed
        if stopper is not None:
            raise _depends_on(stopper.step)
        if finding.withheld_by is FailureKind.CANCELLED:
            raise GivenUp

    def _wait(self, seconds: float, why: str) -> None:
        if self._over.wait(seconds):
            raise NotAsked(cancelled())

    def _release(self, path: SefazConsultation, endpoint: Endpoint, certificate: Certificate) -> Pace | None:
        """Let one consultation through what failures hold back, now that the connection works; the pace before, to be
        put back if that one fails too. None when nothing was held. A freeze after a 656 is never released. Raises
        _Stopped when that was done a short while ago."""
        turn = path.next_turn(endpoint.uf, self._snapshot)
        if turn.hold is not Hold.FAILURES:
            return None
        with self._database.writing() as connection:
            before = pace.held(connection, certificate.cnpj, endpoint.authorizer).of(certificate.fingerprint)
            if pacing.turn(before, endpoint.limits, self._clock()).hold is not Hold.FAILURES:
                return None
            last = next(iter(audit.latest(connection, _subject(endpoint), 1)), None)
            if last is not None and self._clock() < last.at + _RELEASED_EVERY:
                again = pacing.clock(last.at + _RELEASED_EVERY, self._clock())
                raise _Stopped(f"{turn.why} O diagnóstico já consultou há pouco: ele só insiste depois de {again}.")
            pace.keep(connection, certificate.cnpj, endpoint.authorizer, before.released)
            self._note(connection, endpoint, turn.why, "Liberadas: o diagnóstico conectou sem falhas.")
        return before

    def _hold_again(self, endpoint: Endpoint, certificate: Certificate, before: Pace) -> None:
        with self._database.writing() as connection:
            now = pace.held(connection, certificate.cnpj, endpoint.authorizer).of(certificate.fingerprint)
            if pacing.turn(now, endpoint.limits, self._clock()).hold is Hold.FREEZE:
                return
            if before.held_until is None or (now.held_until is not None and now.held_until >= before.held_until):
                return  # what the consultation met holds it longer
            again = replace(
                now,
                streak_of=before.streak_of,
                streak=before.streak,
                held_until=before.held_until,
                held_why=before.held_why,
            )
            pace.keep(connection, certificate.cnpj, endpoint.authorizer, again)
            why = pacing.turn(again, endpoint.limits, self._clock()).why
            self._note(connection, endpoint, "Liberadas pelo diagnóstico.", f"A consulta dele também falhou. {why}")

    def _note(self, connection: Connection, endpoint: Endpoint, old: str, new: str) -> None:
        audit.record(
            connection,
            actor=self._actor,
            subject=_subject(endpoint),
            what=f"Consultas ao autorizador {endpoint.authorizer}",
            old=old,
            new=new,
            at=self._clock(),
        )


def _depends_on(failed: CheckStep) -> _Stopped:
    return _Stopped(f"Depende do passo “{failed.label}”, que falhou.")


def _subject(endpoint: Endpoint) -> str:
    return f"ritmo/{endpoint.authorizer}"


def _works(finding: SefazFinding | None) -> bool:
    """Whether the authorizer answered, be it that it does not serve the UF."""
    if finding is None:
        return False
    return finding.failure is None or (finding.c_stat != "" and status_code(finding.c_stat).missing is not None)
