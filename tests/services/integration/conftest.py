"""The service of the counters, running on a real socket over each kind of database."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from app.data import counters, records
from app.data.database import Database
from app.folders import Folders
from app.settings.machine import MachineStore
from app.settings.repository import SettingsRepository
from app.settings.setting import Setting
from app.settings.snapshot import Snapshot
from app.tables import COMPANIES
from services.anp.consultation import AnpConsultation
from services.backoffice import Backoffice
from services.credit.consultation import CreditConsultation
from services.integration import app as application
from services.integration import server as running
from services.integration.app import openapi
from services.integration.listening import listen
from services.integration.server import IntegrationServer, ServerPhase
from services.sefaz.consultation import SefazConsultation

ACTOR = "maria"
CNPJ = "11222333000181"
PATIENCE_S = 60.0
"""Nobody waits for what does not come; on a loaded machine all of this may pass before what does."""


@dataclass
class Service:
    """A service that answers, and what tests do to it. `token` is of the counter `caller`, of every company."""

    office: Backoffice
    server: IntegrationServer
    client: httpx.Client
    caller: int
    token: str
    company: int

    @property
    def database(self) -> Database:
        return self.office.database

    @property
    def port(self) -> int:
        return int(self.server.state.address.rpartition(":")[2])

    def add_counter(self, name: str, company: int | None = None) -> tuple[int, str]:
        """One more counter, which the service knows at once."""
        with self.database.writing() as connection:
            added = counters.add(connection, name, company, ACTOR, datetime.now(UTC))
        self.server.forget_counters()
        return added

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        """One request of the counter; names of headers are written with _ for -."""
        given = {"Authorization": f"Bearer {self.token}"} | {k.replace("_", "-"): v for k, v in headers.items()}
        return self.client.request(method, path, json=body, headers=given)

    def save(self, values: dict[Setting[Any], Any], company: int = 0) -> None:
        """Save settings as the window does."""
        draft = {(setting, company): value for setting, value in values.items()}
        self.office.settings.save(draft, self.office.settings.load(), ACTOR)


def problem(answer: httpx.Response) -> tuple[int, str]:
    """The status and the fixed name of an error, whose form is checked."""
    body = answer.json()
    assert list(body) == ["erro"]
    error = body["erro"]
    assert set(error) - {"campos"} == {"codigo", "mensagem"}
    assert error["mensagem"].endswith(".")
    return answer.status_code, error["codigo"]


@pytest.fixture
def office(database: Database, data_folder: Path) -> Iterator[Backoffice]:
    """An open program with a company, on each kind of database."""
    folders = Folders(data_folder, data_folder)
    with database.writing() as connection:
        records.add(connection, COMPANIES, {"cnpj": CNPJ, "nome": "Posto", "uf": "SP"}, Snapshot(), ACTOR)
    opened = Backoffice(
        folders,
        database,
        SettingsRepository(MachineStore(folders.machine_file), database),
        SefazConsultation(database, folders),
        AnpConsultation(database, folders),
        CreditConsultation(database, folders),
        ACTOR,
    )
    yield opened
    opened.close()


@pytest.fixture
def any_port(monkeypatch: pytest.MonkeyPatch) -> None:
    """The service takes a port that is free, whatever the settings say: tests run beside each other."""
    monkeypatch.setattr(running, "listen", lambda address, port: listen(address, 0))


@pytest.fixture(scope="session")
def plain_context() -> ssl.SSLContext:
    """For clients that open no encrypted connection: each would read the authorities of the system again."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@pytest.fixture(scope="session")
def described_once() -> Callable[[FastAPI], dict[str, Any]]:
    """The description of the service, written for the first one of the tests: it is of the routes, not of an office,
    and takes four times as long as all else that the service does to begin."""
    written: list[dict[str, Any]] = []

    def described(api: FastAPI) -> dict[str, Any]:
        if not written:
            written.append(openapi(api))
        return written[0]

    return described


@pytest.fixture
def service(
    office: Backoffice,
    any_port: None,
    plain_context: ssl.SSLContext,
    described_once: Callable[[FastAPI], dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Service]:
    """A running service with one counter."""
    monkeypatch.setattr(application, "openapi", described_once)
    with office.database.writing() as connection:
        caller, token = counters.add(connection, "Balcão 1", None, ACTOR, datetime.now(UTC))
    server = IntegrationServer(office)
    server.start()
    try:
        state = server.wait(PATIENCE_S)
        assert state.phase is ServerPhase.RUNNING, state.sentence
        with httpx.Client(base_url=state.address, timeout=PATIENCE_S, verify=plain_context) as client:
            yield Service(office, server, client, caller, token, 1)
    finally:
        server.stop()
