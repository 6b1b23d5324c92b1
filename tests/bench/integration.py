"""avaliar_por_s, avaliar_p99 and clientes_cursor: the service of the counters under load, on PostgreSQL.

The window is open, on the customers' page, and SEFAZ is being consulted in the same process meanwhile.
"""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from statistics import median
from typing import Any

from app.data import counters, customers
from app.data.bulk import insert_rows
from app.data.models import Customer
from app.domain import AnpOutcome, SefazAction
from app.policies import CompanyConsultation, DatabaseKind
from app.settings.catalog import (
    ANP_COMPANY_ORDER,
    DATABASE_KIND,
    DATABASE_NAME,
    DATABASE_PORT,
    DATABASE_USER,
    INTEGRATION_ACTIVE,
    INTEGRATION_PORT,
    INTEGRATION_RATE,
    SEFAZ_AUTOMATIC,
    SEFAZ_INTERVAL,
)
from app.settings.setting import Setting
from app.settings.snapshot import SettingKey
from services.demo.example import made_up_cnpj
from tests.bench.demo_place import ACTOR, DemoPlace, demo_place
from tests.bench.report import Measured, MeasureFailed, bench
from tests.bench.window_start import screen
from tests.postgresql import Server, running_server

ROOT = Path(__file__).resolve().parents[2]
_COUNTERS = 16
_BUYERS = 200
_CUSTOMERS = 100_000
_PAGE = 1000
_WARM_UP_S = 5.0
_RUN_S = 15.0
_ROUNDS = 3
_OFFERED_PER_S = 400
_TIMEOUT_S = 120


@dataclass(frozen=True)
class _Place:
    """A service that answers on this port, the token of each counter, and the documents of whom ANP answered about."""

    port: int
    tokens: tuple[str, ...]
    documents: tuple[str, ...]


@dataclass(frozen=True)
class _Taken:
    """What one run found: answers a second when each connection asks at once again, the 99th percentile in ms at the
    pace offered, and the seconds that all customers take."""

    per_second: float
    p99_ms: float
    customers_s: float


@bench(
    "avaliar_por_s",
    unidade="por s",
    meta=400.0,
    maior_melhor=True,
    o_que="avaliações de pedido por segundo em 16 conexões, com a janela aberta e a SEFAZ sendo consultada",
)
def evaluations_per_second() -> Measured:
    return Measured(_take().per_second)


@bench(
    "avaliar_p99",
    unidade="ms",
    meta=50.0,
    o_que=f"o tempo que 99 % delas levam, a {_OFFERED_PER_S} por segundo, contado de quando deviam sair",
)
def slowest_evaluations() -> Measured:
    return Measured(_take().p99_ms)


@bench("clientes_cursor", unidade="s", meta=20.0, o_que="100.000 clientes recebidos por um balcão, página a página")
def customers_by_cursor() -> Measured:
    return Measured(_take().customers_s)


@cache
def _take() -> _Taken:
    with _place() as place:
        asyncio.run(_evaluate(place, _WARM_UP_S))
        done = asyncio.run(_evaluate(place, _RUN_S))
        late, alone = _paced(place)
        print(f"  1 ms de trabalho, no mesmo ritmo e sem mais nada, leva {alone:.0f} ms em 1 %", file=sys.stderr)
        started = time.perf_counter()
        received = asyncio.run(_pull(place))
        customers_s = time.perf_counter() - started
        if received < _CUSTOMERS:
            raise MeasureFailed(f"só {received} clientes foram recebidos")
        return _Taken(len(done) / _RUN_S, late[int(len(late) * 0.99)] * 1000, customers_s)


def _paced(place: _Place) -> tuple[list[float], float]:
    """The durations at the pace offered, sorted, and the 99th percentile, in ms, of what does no more than compute at
    that pace: taken in turns, because who else uses this computer comes and goes."""
    late: list[float] = []
    alone: list[float] = []
    for _ in range(_ROUNDS):
        late += asyncio.run(_evaluate(place, _RUN_S / _ROUNDS, _OFFERED_PER_S))
        command = [sys.executable, "-m", "tests.bench.paced_work", str(_OFFERED_PER_S), str(_RUN_S / _ROUNDS)]
        alone.append(float(subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout))
    return sorted(late), median(alone)


# --- the counters ---


async def _evaluate(place: _Place, seconds: float, offered: float | None = None) -> list[float]:
    """How long each answer took, in seconds. With `offered` so many a second are asked by all counters together, and
    one that could not be asked in time counts from when it should have been."""
    until = time.perf_counter() + seconds
    pause = None if offered is None else _COUNTERS / offered
    counts = await asyncio.gather(*(_counter(place, number, until, pause) for number in range(_COUNTERS)))
    return [duration for durations in counts for duration in durations]


async def _counter(place: _Place, number: int, until: float, pause: float | None) -> list[float]:
    reader, writer = await asyncio.open_connection("127.0.0.1", place.port)
    durations: list[float] = []
    due = time.perf_counter() + (pause or 0.0) * number / _COUNTERS
    while due < until:
        if pause is not None:
            await asyncio.sleep(max(due - time.perf_counter(), 0.0))
        document = place.documents[(number + len(durations) * _COUNTERS) % len(place.documents)]
        question = {"tipo": "pedido", "operacao": "inclusao", "documento": document, "empresa": 1}
        answer = await _ask(reader, writer, "POST", "/v1/avaliacoes", place.tokens[number], question)
        if answer["permitido"] is not True:
            raise MeasureFailed(f"o pedido não foi avaliado pela resposta guardada: {answer}")
        now = time.perf_counter()
        durations.append(now - due)
        due = now if pause is None else due + pause
    writer.close()
    await writer.wait_closed()
    return durations


async def _pull(place: _Place) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", place.port)
    received, cursor, more = 0, "", True
    while more:
        target = f"/v1/clientes?limite={_PAGE}" + (f"&desde={cursor}" if cursor else "")
        answer = await _ask(reader, writer, "GET", target, place.tokens[0], None)
        received += len(answer["clientes"])
        cursor, more = answer["cursor"], answer["ha_mais"]
    writer.close()
    await writer.wait_closed()
    return received


async def _ask(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, method: str, target: str, token: str, body: Any
) -> dict[str, Any]:
    content = b"" if body is None else json.dumps(body).encode()
    head = (
        f"{method} {target} HTTP/1.1\r\nHost: retaguarda\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    writer.write(head.encode() + content)
    status, _, headers = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").partition("\r\n")
    length = next(line for line in headers.lower().splitlines() if line.startswith("content-length:"))
    answer: dict[str, Any] = json.loads(await reader.readexactly(int(length.partition(":")[2])))
    if " 200 " not in f"{status} ":
        raise MeasureFailed(f"o serviço respondeu {status}: {answer}")
    return answer


# --- the place ---


@contextmanager
def _place() -> Iterator[_Place]:
    with running_server() as server, screen() as environment:
        server.create("retaguarda")
        port = _free_port()
        with demo_place(_BUYERS, _this_computer(server, port)) as place:
            tokens, documents = _fill(place)
            command = [sys.executable, "-m", "tests.bench.counters_window", str(place.backoffice.folders.data)]
            with subprocess.Popen(command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, text=True) as window:
                try:
                    assert window.stdin is not None
                    window.stdin.write("\n".join([*place.key, ""]))
                    window.stdin.flush()
                    _await_service(port)
                    yield _Place(port, tokens, documents)
                finally:
                    window.communicate(timeout=_TIMEOUT_S)


def _await_service(port: int) -> None:
    give_up = time.monotonic() + _TIMEOUT_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > give_up:
                raise MeasureFailed("a janela não passou a atender os balcões") from None
            time.sleep(0.1)
        else:
            return


def _this_computer(server: Server, port: int) -> dict[Setting[Any], Any]:
    return {
        DATABASE_KIND: DatabaseKind.SERVER,
        DATABASE_PORT: server.port,
        DATABASE_NAME: "retaguarda",
        DATABASE_USER: "app",
        INTEGRATION_ACTIVE: True,
        INTEGRATION_PORT: port,
        INTEGRATION_RATE: 1_000_000,
    }


def _fill(place: DemoPlace) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Counters, customers that ANP answered about an hour ago, and many that nobody is consulted about."""
    now = datetime.now(UTC)
    database, settings = place.backoffice.database, place.backoffice.settings
    with database.writing() as connection:
        subjects = [customers.subject(connection, number) for number in place.customers]
        buyers = [subject for subject in subjects if subject is not None]
        for buyer in buyers:
            customers.note_anp(connection, buyer, AnpOutcome.UPDATED, "", now - timedelta(hours=1), None)
        insert_rows(connection, Customer, _COLUMNS, (_row(number) for number in range(_CUSTOMERS)))
        tokens = [counters.add(connection, f"Balcão {n}", None, ACTOR, now)[1] for n in range(_COUNTERS)]
    general: dict[SettingKey, Any] = {(SEFAZ_AUTOMATIC, 0): True, (SEFAZ_INTERVAL, 0): 1}
    own: dict[SettingKey, Any] = {(ANP_COMPANY_ORDER, 1): CompanyConsultation.ALWAYS}
    settings.save(general | own, settings.load(), ACTOR)
    return tuple(tokens), tuple(buyer.document.value for buyer in buyers)


def _row(number: int) -> tuple[Any, ...]:
    document = made_up_cnpj(f"{number + 10_000_000:08}")
    name = f"Cliente {number}"
    own = {"document": document, "name": name, "search_text": f"{name.lower()} {document}", "uf": "SP"}
    return tuple(({**_ALIKE, **own}).values())


_ALIKE: dict[str, Any] = {
    "document": "",
    "name": "",
    "search_text": "",
    "uf": "",
    **dict.fromkeys(("ie", "trade_name", "city", "street", "complement", "district", "postal_code", "phone"), ""),
    **dict.fromkeys(("anp_authorization", "sefaz_verdict", "sefaz_outcome"), ""),
    "sefaz_automatic": False,
    "sefaz_action": SefazAction.NOTHING.value,
    "active": True,
    "blocked": False,
}
_COLUMNS = tuple(_ALIKE)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
