"""The whole test: reaching the server, entering as the program does, and looking around.

It goes with the address, options and time-outs of the real connection (`app.data.database.database_url`), saved or not,
and creates nothing. It waits in a way that can be given up at any moment, which SQLAlchemy's own connection cannot.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Generator, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import URL

from app.data.server_refusal import Refusal, message_of, refusal_of
from services.check_list import CheckReport, CheckStep, Outcome, StepReport, elapsed_ms, ok, told
from services.database_check import inside
from services.database_check.inside import ServerFacts
from services.database_check.reaching import reach
from services.database_check.steps import DatabaseStep, Target
from services.waited_socket import LOOK_S, GivenUp, GiveUp

if TYPE_CHECKING:
    from psycopg import AsyncConnection

T = TypeVar("T")

_DECIDED_AT = {
    Refusal.NO_ENCRYPTION: DatabaseStep.ENCRYPTION,
    Refusal.CERTIFICATE: DatabaseStep.ENCRYPTION,
    Refusal.NOT_READY: DatabaseStep.ADMISSION,
    Refusal.FULL: DatabaseStep.ADMISSION,
    Refusal.NOT_LISTED: DatabaseStep.ADMISSION,
    Refusal.REJECTED: DatabaseStep.ADMISSION,
    Refusal.NO_DATABASE: DatabaseStep.DATABASE,
    Refusal.CLOSED_DATABASE: DatabaseStep.DATABASE,
    Refusal.LIMIT: DatabaseStep.DATABASE,
    Refusal.NO_RIGHT: DatabaseStep.DATABASE,
}
"""What a refusal of the login is about, in the order in which a server decides; all others are about the password."""


def check_database(url: URL, given_up: GiveUp, *, integration_port: int | None = None) -> Iterator[CheckReport]:
    """Test the PostgreSQL of `url`; the report comes again at every step, the last time finished.

    `url` is one of `database_url`. `integration_port` is that of the counters' service, which cannot be the same. Not
    for the window's own thread: each step waits for as long as the URL's `connect_timeout`.
    """
    target = Target(url)
    where = f"Banco “{target.name}” em {target.host}, porta {target.port}, usuário “{target.user}”"
    report = CheckReport("Teste da conexão com o banco", where, datetime.now(UTC), tuple(DatabaseStep))
    return told(report, _steps(target, given_up, integration_port))


def _steps(target: Target, given_up: GiveUp, integration_port: int | None) -> Generator[StepReport, None, str]:
    yield _address(target, integration_port)
    made: set[CheckStep] = set()
    for step in reach(target, given_up):
        made.add(step.step)
        yield step
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:  # psycopg does not take Windows' other loop
        return (yield from _entered(target, runner, given_up, made))


def _address(target: Target, integration_port: int | None) -> StepReport:
    found = f"{target.host}, porta {target.port}."
    if target.port != integration_port:
        return ok(DatabaseStep.ADDRESS, found)
    found += " O serviço de integração tem a mesma porta: no mesmo computador, só um dos dois consegue atender nela."
    return StepReport(DatabaseStep.ADDRESS, Outcome.WARNING, found)


def _entered(
    target: Target, runner: asyncio.Runner, given_up: GiveUp, made: set[CheckStep]
) -> Generator[StepReport, None, str]:
    import psycopg

    started = time.perf_counter()
    try:
        connection = runner.run(_unless(given_up, _connected(target.url)))
    except (psycopg.Error, UnicodeError) as error:
        message = message_of(error)
        refusal = refusal_of(message)
        at = _DECIDED_AT.get(refusal, DatabaseStep.PASSWORD)
        yield from _let_in(target, made, before=at)
        yield target.refused(at, refusal, message, started)
        return ""
    took = elapsed_ms(started)
    step = DatabaseStep.SERVER
    try:
        facts = runner.run(_unless(given_up, inside.read_facts(connection)))
        yield from _let_in(target, made, cipher=facts.cipher)
        yield inside.server(target, facts)
        yield inside.encoding(facts)
        step = DatabaseStep.SCHEMA
        tables = runner.run(_unless(given_up, inside.schema(connection, target, facts)))
        yield tables.report
        step = DatabaseStep.RIGHTS
        yield runner.run(_unless(given_up, inside.rights(connection, target, facts, tables)))
        step = DatabaseStep.LATENCY
        yield runner.run(_unless(given_up, inside.latency(connection)))
        yield inside.clocks(facts)
    except psycopg.Error as error:  # it was cut in the middle
        message = message_of(error)
        yield target.refused(step, refusal_of(message, error.sqlstate or ""), message)
    finally:
        runner.run(connection.close())
    return _summary(target, facts, took)


def _let_in(
    target: Target, made: set[CheckStep], *, before: DatabaseStep | None = None, cipher: str = ""
) -> Iterator[StepReport]:
    """The steps of the login that went well and were not told yet; all of them, or those before the one that failed."""
    found = {
        DatabaseStep.ENCRYPTION: f"A conexão vai com criptografia ({cipher})." if cipher else "Foi combinada.",
        DatabaseStep.ADMISSION: f"O servidor aceita {target.local}.",
        DatabaseStep.PASSWORD: f"O usuário “{target.user}” entrou.",
        DatabaseStep.DATABASE: f"O banco “{target.name}” existe e está aberto.",
    }
    for step, sentence in found.items():
        if step is before:
            return
        if step not in made:
            yield ok(step, sentence)


def _summary(target: Target, facts: ServerFacts, took_ms: int) -> str:
    how = f"criptografia {facts.cipher}" if facts.cipher else "sem criptografia"
    return (
        f"Conectado em {took_ms} ms · PostgreSQL {facts.version} · banco {target.name} ({facts.encoding}) · "
        f"usuário {target.user} · {how} · fuso {facts.zone}"
    )


async def _connected(url: URL) -> AsyncConnection[Any]:
    """The connection that the program opens: SQLAlchemy's own arguments of the same URL, waited for in another way."""
    import psycopg

    arguments, options = url.get_dialect()().create_connect_args(url)
    return await psycopg.AsyncConnection.connect(*arguments, autocommit=True, **options)


async def _unless(given_up: GiveUp, work: Coroutine[Any, Any, T]) -> T:
    """What the work gives. Raises GivenUp when that comes first, and whatever the work raises."""
    task = asyncio.ensure_future(work)
    while not task.done():
        if given_up():
            task.cancel()
            await asyncio.wait({task})
            raise GivenUp
        await asyncio.wait({task}, timeout=LOOK_S)
    return task.result()
