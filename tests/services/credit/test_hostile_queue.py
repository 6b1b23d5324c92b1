"""What the world does to the queue: a program killed in the middle of a question, and many that work at once."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from pytestqt.qtbot import QtBot

from app import secrets
from app.credit_analysis import AnalysisState
from app.data import records
from app.data.credit_analyses import RESERVATION
from app.domain import Authority, Document, FailureKind, Origin, Request
from app.folders import Folders
from app.policies import Environment
from app.tables import CREDIT_MANAGERS, Provider
from services.background import ConsultationThread
from services.consultation import NotYet
from services.credit import credentials, exchange, serasa
from services.credit.consultation import CreditConsultation
from services.credit.credentials import Credentials
from services.credit.providers import provider_of
from services.demo import credit as demo
from services.demo.ca import DemoAuthority
from services.demo.credit import CreditFault, DemoSerasa
from tests.services.conftest import ACTOR, Clock, Place, cnpj
from tests.services.credit.scripted import Queue, ScriptedProvider

ROOT = Path(__file__).resolve().parents[3]


def at_serasa(place: Place, server: DemoSerasa) -> Queue:
    """The queue asks that Serasa."""
    queue = Queue.open(place)
    queue.consultation._provider_of = provider_of
    with place.database.writing() as connection:
        records.change(connection, CREDIT_MANAGERS, queue.manager.id, {"url_producao": server.address}, ACTOR)
    credentials.keep(queue.manager, Environment.PRODUCTION, Credentials(demo.USER, demo.PASSWORD))
    return queue


def test_killed_while_a_gerenciadora_thinks_it_has_failed_and_is_not_asked_again(
    place: Place, authority: DemoAuthority
) -> None:
    with DemoSerasa(authority, faults={cnpj(1).value: CreditFault.HANG}) as server:
        queue = at_serasa(place, server)
        number = queue.ask(cnpj(1))
        name = queue.manager.secret_name(Environment.PRODUCTION)
        (place.folders.data / "segredo.txt").write_text(f"{name}\n{secrets.read(name)}", encoding="utf-8")
        url = place.database.engine.url.render_as_string(hide_password=False)
        command = [sys.executable, "-m", "tests.services.credit.killed_child", str(place.folders.data), url]
        with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
            give_up = time.monotonic() + 60
            while not server.asked:
                assert process.poll() is None, process.stderr and process.stderr.read()
                assert time.monotonic() < give_up
                time.sleep(0.005)
            process.send_signal(signal.SIGKILL)
            assert process.wait() == -signal.SIGKILL
        assert queue.get(number).row.state is AnalysisState.ASKING
        assert queue.ask(cnpj(1)) == number
        clock = Clock(datetime.now(UTC) + RESERVATION)
        step = queue.automatic(clock=clock, owner="PC-02/1").step(place.snapshot)  # whose lease it still is
        assert step.request is None
        found = queue.get(number)
        assert found.row.state is AnalysisState.FAILED
        assert found.failure is not None
        assert found.failure.kind is FailureKind.UNCERTAIN
        assert len(server.asked) == 1
        server.faults.clear()
        again = queue.ask(cnpj(1))
        assert again != number
        assert queue.work(owner="PC-02/1").consultation_id == again
        assert queue.get(again).row.state is AnalysisState.ANSWERED


def test_closing_the_program_while_a_gerenciadora_thinks_does_not_wait_for_its_answer(
    file_place: Place, authority: DemoAuthority, qtbot: QtBot
) -> None:
    with DemoSerasa(authority, faults={cnpj(1).value: CreditFault.HANG}) as server:
        queue = at_serasa(file_place, server)
        number = queue.ask(cnpj(1))
        thread = ConsultationThread(file_place.backoffice, Authority.CREDIT)
        thread.start()
        try:
            qtbot.waitUntil(lambda: bool(server.asked))
            began = time.monotonic()
        finally:
            thread.stop()
        assert time.monotonic() - began < 10  # the answer may take 40 s
        found = queue.get(number)
        assert found.row.state is AnalysisState.FAILED
        assert found.failure is not None
        assert found.failure.kind is FailureKind.UNCERTAIN


def test_many_programs_on_one_queue_ask_about_each_once(place: Place) -> None:
    """Whoever has the lease works alone; here nobody heeds it."""
    queue = Queue.open(place)
    documents = [cnpj(number) for number in range(1, 13)]
    numbers = {queue.ask(document): document for document in documents}
    providers = [ScriptedProvider() for _ in range(3)]
    every, refused = threading.Barrier(len(providers)), Counter[int]()

    def work(position: int) -> None:
        def scripted(_provider: Provider, _folders: Folders) -> ScriptedProvider:
            return providers[position]

        path = CreditConsultation(place.database, place.folders, provider_of=scripted)
        snapshot = place.snapshot
        every.wait()
        for number, document in numbers.items():
            try:
                path.run(_request(document, number), snapshot)
            except NotYet:
                refused[number] += 1

    threads = [threading.Thread(target=work, args=(position,)) for position in range(len(providers))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    asked = Counter(document for provider in providers for document in provider.asked)
    assert asked == Counter(documents)
    assert set(refused.values()) == {len(providers) - 1}
    assert queue.states() == [AnalysisState.ANSWERED] * len(documents)


def _request(document: Document, number: int) -> Request:
    return Request(document, "", Origin.ORDER, ACTOR, apply=True, authority=Authority.CREDIT, analysis_id=number)


def test_a_reservation_outlives_the_longest_query() -> None:
    """A question with a token that is not taken any more, almost too late; then a login and the question again."""
    message_s = exchange.Exchange(Folders(Path(), Path())).longest_s
    assert serasa._LOGIN_AGAIN_WITHIN_S + 2 * message_s < RESERVATION.total_seconds()
