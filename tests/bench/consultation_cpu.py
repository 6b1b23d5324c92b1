"""consulta_cpu: what a whole consultation costs the processor, beside the bare HTTP call inside it."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable
from statistics import median

import httpx

from app.data import certificates, customers, history
from app.domain import Origin, Request, Verdict
from app.settings.catalog import SEFAZ_BRANCH
from app.settings.snapshot import Snapshot
from services.sefaz.message import SERVICE
from tests.bench.demo_place import ACTOR, DemoPlace, demo_place
from tests.bench.report import Measured, MeasureFailed, bench

_CALLS = 200
_ROUNDS = 9


@bench(
    "consulta_cpu",
    unidade="ms",
    meta=3.0,
    o_que="processador por consulta inteira, gravada no SQLite; referência: só o POST do httpx com os mesmos bytes",
)
def consultation_cpu() -> Measured:
    with demo_place(_CALLS) as place:
        requests = requests_about(place)
        _consult_all(place, requests[:1])
        context = context_of(place)
        begun = _handshakes(context)
        _consult_all(place, requests)
        if made := _handshakes(context) - begun:
            raise MeasureFailed(f"{_CALLS} consultas seguidas abriram {made} conexões além da primeira")
        with httpx.Client(verify=context, trust_env=False) as client:
            post = bare_post(place, client)
            rounds = [in_turn(place, requests, post) for _ in range(_ROUNDS + 1)][1:]
    return Measured(median(ours for ours, _ in rounds), median(bare for _, bare in rounds))


def requests_about(place: DemoPlace) -> list[Request]:
    """What the service asks about each customer."""
    with place.backoffice.database.reading() as connection:
        subjects = [customers.subject(connection, number) for number in place.customers]
    return [Request(s.document, s.uf, Origin.SERVICE, ACTOR, True, s.id) for s in subjects if s is not None]


def _consult_all(place: DemoPlace, requests: list[Request]) -> None:
    snapshot = place.backoffice.settings.load()
    for request in requests:
        _consult(place, request, snapshot)


def _consult(place: DemoPlace, request: Request, snapshot: Snapshot) -> None:
    result = place.backoffice.sefaz.run(request, snapshot)
    if result.finding.verdict is not Verdict.ENABLED:
        raise MeasureFailed(f"a consulta não foi respondida: {result.finding.reason}")


def context_of(place: DemoPlace) -> ssl.SSLContext:
    """The very context of the consultations."""
    backoffice = place.backoffice
    branch = backoffice.settings.load()[SEFAZ_BRANCH]
    assert branch is not None
    with backoffice.database.reading() as connection:
        certificate = certificates.for_branch(connection, branch)
    assert certificate is not None
    return backoffice.sefaz._contexts.of(certificate, backoffice.folders.additional_ca_file)


def _handshakes(context: ssl.SSLContext) -> int:
    return context.session_stats()["connect_good"]


def bare_post(place: DemoPlace, client: httpx.Client) -> Callable[[], None]:
    """Posts the bytes of the newest consultation and wants an answer as long as its."""
    with place.backoffice.database.reading() as connection:
        newest = history.latest(connection, limit=1)[0]
        kept = history.get(connection, newest.id)
    assert kept is not None
    headers = {
        "Content-Type": f'application/soap+xml; charset=utf-8; action="{SERVICE}/consultaCadastro"',
        "SOAPAction": f'"{SERVICE}/consultaCadastro"',
    }

    def post() -> None:
        answer = client.post(place.url, content=kept.request, headers=headers)
        if len(answer.content) != len(kept.response):
            raise MeasureFailed(f"a referência recebeu outra resposta (HTTP {answer.status_code})")

    return post


def in_turn(place: DemoPlace, requests: list[Request], post: Callable[[], None]) -> tuple[float, float]:
    """Processor time of this process, in milliseconds, of a consultation and of a bare POST.

    One of each in turn, so that both find the processor's caches as the whole program leaves them: in a loop of its
    own the POST would run with its code always at hand, as it never does.
    """
    snapshot = place.backoffice.settings.load()
    ours = bare = 0
    for request in requests:
        started = time.process_time_ns()
        _consult(place, request, snapshot)
        consulted = time.process_time_ns()
        post()
        ours += consulted - started
        bare += time.process_time_ns() - consulted
    return ours / 1e6 / len(requests), bare / 1e6 / len(requests)
