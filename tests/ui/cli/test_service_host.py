"""The service of Windows as far as it goes without Windows: what it does between its beginning and its end."""

from __future__ import annotations

import argparse
import logging
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from app.domain import Phase, ServiceState
from services.backoffice import Backoffice
from services.demo.scenarios import Scenario
from services.demo.sefaz import DemoSefaz
from tests.ui.cli.conftest import Run
from tests.ui.cli.test_service import add
from tests.ui.counters import free_port, status_of
from ui import machine_watch
from ui.cli import service_host
from ui.cli.program import _parser
from ui.cli.service_host import ServiceHost, recorded_log, work
from ui.cli.service_log import ServiceLog

_PATIENCE_S = 30


class Records(logging.Handler):
    """What the log was told, and when something was said."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self._more = threading.Condition()

    def emit(self, record: logging.LogRecord) -> None:
        with self._more:
            self.said.append(record.getMessage())
            self._more.notify_all()

    def wait_for(self, words: str, times: int = 1) -> None:
        def came() -> bool:
            return len([line for line in self.said if words in line]) >= times

        with self._more:
            assert self._more.wait_for(came, _PATIENCE_S), self.said


@pytest.fixture
def records() -> Iterator[Records]:
    handler = Records()
    logger = logging.getLogger("retaguarda.servico")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield handler
    logger.removeHandler(handler)
    logger.setLevel(logging.NOTSET)


Manager = Callable[[], None]


def hosted(manager: Callable[[ServiceHost], None]) -> ServiceHost:
    """Works in this thread until `manager`, in another as with Windows, has done its part and stops it."""
    host = ServiceHost()

    def manage() -> None:
        try:
            manager(host)
        finally:
            host.stop()

    thread = threading.Thread(target=manage)
    thread.start()
    try:
        work(options(), host)
    finally:
        thread.join()
    return host


def options() -> argparse.Namespace:
    return _parser().parse_args(["servico", "--como-servico"])


def test_it_works_until_it_is_told_to_end_and_says_nothing_of_anybody(
    qapp: QApplication, run: Run, ready: Path, sefaz: DemoSefaz, records: Records
) -> None:
    run("config", "gravar", "sefaz.automatica=sim", "sefaz.intervalo=0")
    documents = [add(run, 1, "SP"), add(run, 2, "GO")]
    sefaz.scenarios[documents[1]] = Scenario.HTML_PAGE

    hosted(lambda host: records.wait_for("Nenhum cliente no prazo"))

    assert {request.document.value for request in sefaz.seen} >= set(documents)
    said = "\n".join(records.said)
    assert not [document for document in (*documents, "Posto") if document in said]
    assert "SEFAZ  Parado: O serviço foi encerrado." in records.said


def test_told_to_end_before_it_begins_it_opens_nothing(qapp: QApplication, data_folder: Path) -> None:
    hosted(lambda host: None)
    host = ServiceHost()
    host.stop()
    for file in data_folder.iterdir():
        file.unlink()
    work(options(), host)
    assert not list(data_folder.iterdir())


def test_it_waits_for_what_can_be_mended_and_says_it_once(
    qapp: QApplication, file_machine: Path, records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service_host, "_AGAIN", timedelta(milliseconds=1))
    settings = file_machine / "maquina.json"
    settings.write_text("{", "utf-8")

    def mend(host: ServiceHost) -> None:
        records.wait_for("não pode ser lido")
        settings.unlink()
        records.wait_for("SEFAZ  Parado")

    hosted(mend)
    assert len([line for line in records.said if "não pode ser lido" in line]) == 1


def test_a_defect_ends_it(qapp: QApplication, file_machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*which: object, **how: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("services.backoffice.open_backoffice", broken)
    with pytest.raises(ZeroDivisionError):
        work(options(), ServiceHost())


def test_it_follows_what_the_window_saves(
    qapp: QApplication, run: Run, file_machine: Path, records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The counters are answered once the switch is on, and then at another port."""
    monkeypatch.setattr(machine_watch, "_LOOK_MS", 20)
    first, second = free_port(), free_port()
    saved: list[int] = []

    def save(*values: str) -> None:
        saved.append(run("config", "gravar", *values).status)

    def manage(host: ServiceHost) -> None:
        records.wait_for("SEFAZ  Parado")
        save(f"balcao.porta_integracao={first}", "balcao.integracao_ativa=sim")
        records.wait_for(f"Atendendo em http://127.0.0.1:{first}")
        save(f"balcao.porta_integracao={second}")
        records.wait_for(f"Atendendo em http://127.0.0.1:{second}")
        assert status_of(f"http://127.0.0.1:{second}", "/saude") == 200

    hosted(manage)
    assert saved == [0, 0]


def test_it_opens_the_data_where_it_moved(
    qapp: QApplication,
    run: Run,
    file_machine: Path,
    postgresql_url: str,
    records: Records,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from sqlalchemy import make_url

    monkeypatch.setattr(machine_watch, "_LOOK_MS", 20)
    monkeypatch.setattr(service_host, "_AGAIN", timedelta(milliseconds=20))
    url = make_url(postgresql_url)
    opened: list[str] = []
    saved: list[int] = []

    def seen(office: Backoffice, options: argparse.Namespace) -> ServiceLog:
        opened.append("SQLite" if office.database.is_sqlite else "PostgreSQL")
        return recorded_log(office, options)

    monkeypatch.setattr(service_host, "recorded_log", seen)

    def manage(host: ServiceHost) -> None:
        records.wait_for("SEFAZ  Parado")
        outcome = run(
            "config",
            "gravar",
            "balcao.banco_tipo=servidor",
            f"balcao.porta_banco={url.port}",
            f"balcao.banco_nome={url.database}",
            f"balcao.banco_usuario={url.username}",
        )
        saved.append(outcome.status)
        records.wait_for("SEFAZ  Parado: A consulta", 2)

    hosted(manage)
    assert saved == [0]
    assert opened == ["SQLite", "PostgreSQL"]


@pytest.mark.parametrize("phase", [Phase.FAILED, Phase.IDLE])
def test_a_customer_passed_over_is_not_named_in_the_log(
    qapp: QApplication, run: Run, file_machine: Path, records: Records, phase: Phase
) -> None:
    from app.documents import parse_document
    from app.domain import Authority, Failure, FailureKind, Origin, Refusal, Request
    from ui.cli.office import opened as open_office

    document = parse_document("11222333000181")
    request = Request(document, "SP", Origin.SERVICE, "", True)
    with open_office() as office:
        log = recorded_log(office, options())
        log._refused(Refusal(request, Failure(FailureKind.INTERNAL, f"A consulta de {document} não pôde", "", "")))
        log._changed(ServiceState(phase, f"A consulta de {document} não pôde ser feita", authority=Authority.SEFAZ))
        log._changed(ServiceState(phase, "Nada a fazer.", authority=Authority.SEFAZ))
    assert records.said == [f"SEFAZ  {phase.label}: Nada a fazer."]
