"""consulta_cpu: what a whole consultation costs the processor, beside the bare HTTP call inside it."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable

import httpx

from app.data import certificates, customers, history
from app.domain import Origin, Request, Verdict
from app.settings.catalog import SEFAZ_BRANCH
from services.sefaz.message import SERVICE
from tests.bench.demo_place import ACTOR, DemoPlace, demo_place
from tests.bench.report import Measured, MeasureFailed, bench, interleaved

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
        requests = _requests(place)
        _consult_all(place, requests[:1])
        context = _context(place)
        begun = _handshakes(context)
        _consult_all(place, requests)
        if made := _handshakes(context) - begun:
            raise MeasureFailed(f"{_CALLS} consultas seguidas abriram {made} conexões além da primeira")
        with httpx.Client(verify=context, trust_env=False) as client:
            post = _bare_post(place, client)
            ours, bare = interleaved(
                _ROUNDS,
                lambda: _cpu_ms(lambda: _consult_all(place, requests)),
                lambda: _cpu_ms(lambda: [post() for _ in range(_CALLS)]),
            )
    return Measured(ours, bare)


def _requests(place: DemoPlace) -> list[Request]:
    with place.backoffice.database.reading() as connection:
        subjects = [customers.subject(connection, number) for number in place.customers]
    return [Request(s.document, s.uf, Origin.SERVICE, ACTOR, True, s.id) for s in subjects if s is not None]


def _consult_all(place: DemoPlace, requests: list[Request]) -> None:
    snapshot = place.backoffice.settings.load()
    for request in requests:
        result = place.backoffice.consultation.run(request, snapshot)
        if result.finding.verdict is not Verdict.ENABLED:
            raise MeasureFailed(f"a consulta não foi respondida: {result.finding.reason}")


def _context(place: DemoPlace) -> ssl.SSLContext:
    """The very context of the consultations."""
    backoffice = place.backoffice
    branch = backoffice.settings.load()[SEFAZ_BRANCH]
    assert branch is not None
    with backoffice.database.reading() as connection:
        certificate = certificates.for_branch(connection, branch)
    assert certificate is not None
    return backoffice.consultation._contexts.of(certificate, backoffice.folders.additional_ca_file)


def _handshakes(context: ssl.SSLContext) -> int:
    return context.session_stats()["connect_good"]


def _bare_post(place: DemoPlace, client: httpx.Client) -> Callable[[], None]:
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


def _cpu_ms(work: Callable[[], object]) -> float:
    """Processor time of this process for each call, in milliseconds."""
    started = time.process_time()
    work()
    return (time.process_time() - started) * 1000 / _CALLS
