"""A back office that consults: a database with a company, its branch and certificate, and a SEFAZ on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, delete

from app import secrets
from app.data import blocks, certificates, customers, history, pace, records
from app.data.customers import CustomerRow
from app.data.database import Database
from app.data.history import FullConsultation
from app.data.models import AuthorizerPace, UfGap
from app.documents import parse_document
from app.domain import ActiveBlock, Certificate, Document, Origin, Request, Result, SefazAction, SefazFinding
from app.folders import Folders
from app.rules.pacing import Turn
from app.settings.catalog import SEFAZ_AUTOMATIC, SEFAZ_BRANCH, SEFAZ_INTERVAL
from app.settings.machine import MachineStore
from app.settings.repository import SettingsRepository
from app.settings.setting import Setting
from app.settings.snapshot import Snapshot
from app.tables import BRANCHES, COMPANIES, CUSTOMERS
from services.anp.consultation import AnpConsultation
from services.backoffice import Backoffice
from services.credit.consultation import CreditConsultation
from services.demo.ca import DemoAuthority
from services.demo.example import made_up_cnpj
from services.demo.sefaz import DemoSefaz
from services.pfx import open_pfx
from services.sefaz.consultation import SefazConsultation

CNPJ = "11222333000181"
ACTOR = "maria"
SLOW_MS = 400
READ_TIMEOUT_S = 30.0
"""Longer than any answer that comes, on a loaded machine too."""


@pytest.fixture(autouse=True)
def no_hard_password(quick_passwords: None) -> None:
    """Only the tests of passwords themselves wait for them to be as hard to guess as they are."""


@pytest.fixture(scope="session")
def authority() -> DemoAuthority:
    return DemoAuthority.create()


@pytest.fixture(scope="session")
def opened_pfx(authority: DemoAuthority) -> tuple[Certificate, str]:
    """The certificate of the company as `open_pfx` gives it, with the password of its key."""
    pfx = authority.issue_pfx(CNPJ, "POSTO BOA VIAGEM LTDA", "senha")
    return open_pfx(pfx, "senha", branch_id=1, branch_cnpj=CNPJ, now=datetime.now(UTC))


@pytest.fixture
def sefaz(authority: DemoAuthority) -> Iterator[DemoSefaz]:
    """Every authorizer, on loopback; documents not told about are enabled."""
    with DemoSefaz(authority, varied=False, slow_ms=SLOW_MS) as server:
        yield server


@dataclass
class Place:
    """An open program beside a SEFAZ, with what tests do to both."""

    backoffice: Backoffice
    sefaz: DemoSefaz
    branch: int

    @property
    def database(self) -> Database:
        return self.backoffice.database

    @property
    def folders(self) -> Folders:
        return self.backoffice.folders

    @property
    def snapshot(self) -> Snapshot:
        return self.backoffice.settings.load()

    def save(self, values: dict[Setting[Any], Any], company: int = 0) -> Snapshot:
        """Save settings as the window does."""
        draft = {(setting, company): value for setting, value in values.items()}
        return self.backoffice.settings.save(draft, self.snapshot, ACTOR)

    def add(self, number: int = 1, uf: str = "SP", *, document: str = "", **values: Any) -> int:
        """A customer that the rules may block, with a CNPJ made of its number."""
        given = {
            "documento": document or cnpj(number).key,
            "nome": f"Posto {number}",
            "uf": uf,
            "acao_sefaz": SefazAction.BLOCK_UNBLOCK,
            **values,
        }
        with self.database.writing() as connection:
            return records.add(connection, CUSTOMERS, given, Snapshot(), ACTOR)

    def request(self, customer: int, *, apply: bool = True, origin: Origin = Origin.OPERATOR) -> Request:
        """What the button asks about a customer."""
        with self.database.reading() as connection:
            subject = customers.subject(connection, customer)
        assert subject is not None
        return Request(subject.document, subject.uf, origin, ACTOR, apply, customer)

    def consult(self, customer: int, *, apply: bool = True) -> Result:
        """Press the button."""
        return self.backoffice.sefaz.run(self.request(customer, apply=apply), self.snapshot)

    def row(self, customer: int) -> CustomerRow:
        with self.database.reading() as connection:
            found = customers.row(connection, customer)
        assert found is not None
        return found

    def blocks(self, customer: int) -> tuple[ActiveBlock, ...]:
        with self.database.reading() as connection:
            return blocks.active(connection, customer)

    def history(self, customer: int | None = None) -> list[history.HistoryRow]:
        """The consultations kept, newest first."""
        with self.database.reading() as connection:
            return history.latest(connection, customer_id=customer)

    def kept(self, consultation_id: int) -> FullConsultation:
        with self.database.reading() as connection:
            found = history.get(connection, consultation_id)
        assert found is not None
        return found

    def forget_paces(self) -> None:
        """As if every wait had passed and no UF had said what it lacks."""
        with self.database.writing() as connection:
            connection.execute(delete(AuthorizerPace))
            connection.execute(delete(UfGap))

    def install(self, certificate: Certificate, password: str) -> None:
        """Make it the certificate of the branch."""
        secrets.write(certificate.secret_name, password)
        with self.database.writing() as connection:
            certificates.replace(connection, replace(certificate, branch_id=self.branch))


def sefaz_finding(result: Result) -> SefazFinding:
    """What SEFAZ said."""
    assert isinstance(result.finding, SefazFinding)
    return result.finding


def cnpj(number: int) -> Document:
    """A made-up CNPJ."""
    return parse_document(made_up_cnpj(f"{number:08}"))


def installed(
    url: str, folder: Path, sefaz: DemoSefaz, authority: DemoAuthority, opened_pfx: tuple[Certificate, str]
) -> Place:
    """A back office on the migrated database of `url`, ready to consult that SEFAZ."""
    folders = Folders(folder, folder)
    folders.additional_ca_file.write_bytes(authority.ca_pem)
    folders.endpoints_file.write_text(sefaz.endpoints_override(), encoding="utf-8")
    database = Database(url)
    with database.writing() as connection:
        company = records.add(
            connection, COMPANIES, {"cnpj": CNPJ, "nome": "Posto Boa Viagem", "uf": "SP"}, Snapshot(), ACTOR
        )
        values = {"empresa": company, "cnpj": CNPJ, "nome": "Matriz", "uf": "SP"}
        branch = records.add(connection, BRANCHES, values, Snapshot(), ACTOR)
    settings = SettingsRepository(MachineStore(folders.machine_file), database)
    consultation = SefazConsultation(database, folders, read_timeout=READ_TIMEOUT_S)
    anp = AnpConsultation(database, folders, read_timeout=READ_TIMEOUT_S)
    credit = CreditConsultation(database, folders)
    place = Place(Backoffice(folders, database, settings, consultation, anp, credit, ACTOR), sefaz, branch)
    place.install(*opened_pfx)
    place.save({SEFAZ_BRANCH: branch})
    return place


@pytest.fixture
def place(
    database_url: str,
    data_folder: Path,
    sefaz: DemoSefaz,
    authority: DemoAuthority,
    opened_pfx: tuple[Certificate, str],
    few_authorities: None,
) -> Iterator[Place]:
    """Ready to consult, on each kind of database."""
    made = installed(database_url, data_folder, sefaz, authority, opened_pfx)
    yield made
    made.backoffice.close()


@pytest.fixture
def file_place(
    sqlite_url: str,
    data_folder: Path,
    sefaz: DemoSefaz,
    authority: DemoAuthority,
    opened_pfx: tuple[Certificate, str],
    few_authorities: None,
) -> Iterator[Place]:
    """Ready to consult, on SQLite alone: for what does not depend on the kind of database."""
    made = installed(sqlite_url, data_folder, sefaz, authority, opened_pfx)
    yield made
    made.backoffice.close()


@pytest.fixture
def automatic_place(place: Place) -> Place:
    """The automatic consultation on, with no pause."""
    place.save({SEFAZ_AUTOMATIC: True, SEFAZ_INTERVAL: 0})
    return place


@pytest.fixture
def turns_taken(monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """The moments at which calls were counted, as they come; each query is sent a little later."""
    taken: list[datetime] = []
    reserve = pace.reserve

    def noted(connection: Connection, *whose: str, now: datetime, **how: Any) -> Turn:
        turn = reserve(connection, *whose, now=now, **how)
        if turn.at <= now:
            taken.append(now)
        return turn

    monkeypatch.setattr(pace, "reserve", noted)
    return taken


class Clock:
    """A clock that moves only when told to."""

    def __init__(self, now: datetime | None = None) -> None:
        self.now = now or datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def timed(automatic_place: Place, clock: Clock) -> Iterator[Place]:
    """The automatic consultation is on, and everything goes by the clock of the test."""
    consultation = SefazConsultation(automatic_place.database, automatic_place.folders, clock=clock)
    automatic_place.backoffice = replace(automatic_place.backoffice, sefaz=consultation)
    yield automatic_place
    consultation.close()
