"""The clock of this computer against the `Date` of each answer: measured, kept, warned of, and told of where it may be
the cause of a failure."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QObject, Slot
from pytestqt.qtbot import QtBot

from app.domain import Certificate, ConsultationFailed, Failure, FailureKind, ServiceState
from services.background import ConsultationThread
from services.certificate import client_context
from services.demo.ca import DemoAuthority
from services.demo.scenarios import Scenario
from services.sefaz.client import SefazClient
from services.sefaz.endpoints import load_endpoints
from tests.services.conftest import Place, cnpj
from tests.services.tls_server import Connection, TlsServer

ANSWER = b"<retConsCad><infCons><cStat>%s</cStat></infCons></retConsCad>"
NEAR = timedelta(seconds=30)


@pytest.fixture(scope="module")
def context(
    authority: DemoAuthority, opened_pfx: tuple[Certificate, str], tmp_path_factory: pytest.TempPathFactory
) -> ssl.SSLContext:
    trusted = tmp_path_factory.mktemp("ca") / "raiz.pem"
    trusted.write_bytes(authority.ca_pem)
    return client_context(*opened_pfx, trusted)


class Dated:
    """A SEFAZ that answers with whatever status and `Date` it is told."""

    def __init__(self) -> None:
        self.c_stat = "259"
        self.date = ""

    def __call__(self, connection: Connection, number: int) -> None:
        while connection.request():
            headers = [f"Date: {self.date}"] if self.date else []
            connection.answer(ANSWER % self.c_stat.encode(), "200 OK", *headers)

    def ahead(self, ahead: timedelta) -> None:
        """Set its clock so much ahead of this computer's."""
        self.date = format_datetime(datetime.now(UTC) + ahead, usegmt=True)


@pytest.fixture(scope="module")
def dated() -> Dated:
    return Dated()


@pytest.fixture(scope="module")
def server(authority: DemoAuthority, dated: Dated) -> Iterator[TlsServer]:
    with TlsServer(authority.server_context(), dated) as server:
        yield server


@pytest.fixture(scope="module")
def client(context: ssl.SSLContext, server: TlsServer) -> Iterator[SefazClient]:
    client = SefazClient(context, connect_timeout=30.0, read_timeout=30.0)
    yield client
    client.close()


def ask(client: SefazClient, url: str, uf: str = "SP") -> None:
    client.ask(cnpj(1), replace(load_endpoints(None)[uf], production=url))


def failing(client: SefazClient, url: str) -> Failure:
    with pytest.raises(ConsultationFailed) as failed:
        ask(client, url)
    return failed.value.failure


@pytest.mark.parametrize("ahead", [timedelta(), timedelta(minutes=-12), timedelta(days=400)])
def test_difference_is_measured(client: SefazClient, server: TlsServer, dated: Dated, ahead: timedelta) -> None:
    dated.c_stat = "259"
    dated.ahead(ahead)
    ask(client, server.url)
    assert client.clock is not None
    assert abs(client.clock.ahead + ahead) < NEAR
    assert client.clock.of == "da SEFAZ de SP"
    assert bool(client.clock.warning) == bool(ahead)
    ask(client, server.url, "AC")
    assert client.clock.of == "da SVRS"


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40))
def test_a_date_that_is_none_measures_nothing(
    client: SefazClient, server: TlsServer, dated: Dated, nonsense: str
) -> None:
    dated.c_stat = "259"
    dated.ahead(timedelta())
    ask(client, server.url)
    known = client.clock
    for date in ("", "-", nonsense, f"{dated.date[:-3]}{'9' * 14}"):
        dated.date = date
        ask(client, server.url)
    assert client.clock is known


def test_refusal_of_the_dates_of_the_certificate_tells_of_the_clock(
    client: SefazClient, server: TlsServer, dated: Dated
) -> None:
    dated.c_stat = "281"
    dated.ahead(timedelta(minutes=12))
    assert "está 12 minutos atrasado em relação ao da SEFAZ de SP" in failing(client, server.url).todo
    dated.ahead(timedelta())
    assert "relógio" not in failing(client, server.url).todo
    dated.c_stat = "280"
    dated.ahead(timedelta(minutes=12))
    assert "relógio" not in failing(client, server.url).todo


def test_expired_server_is_told_with_the_clock_that_is_known_to_be_wrong(
    authority: DemoAuthority, client: SefazClient, server: TlsServer, dated: Dated
) -> None:
    expired = authority.server_context(("localhost",), not_after=datetime.now(UTC) - timedelta(hours=1))
    dated.c_stat = "259"
    told = []
    for ahead in (timedelta(), timedelta(hours=-3)):
        dated.ahead(ahead)
        ask(client, server.url)
        with TlsServer(expired, dated) as other:
            told.append(failing(client, other.url))
    assert {failure.kind for failure in told} == {FailureKind.TRUST}
    assert "Confira a data e a hora deste computador" in told[0].todo
    assert "está 3 horas adiantado" in told[1].todo


class States(QObject):
    """Keeps the states that a service tells."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[ServiceState] = []

    @Slot(object)
    def take(self, state: ServiceState) -> None:
        self.told.append(state)


def test_the_service_warns_until_the_clock_is_right(file_place: Place, qtbot: QtBot) -> None:
    states = States()
    thread = ConsultationThread(file_place.backoffice)
    thread.state_changed.connect(states.take)
    customer = file_place.add(1, consulta_automatica=False)
    file_place.sefaz.clock_offset = -timedelta(minutes=12)
    thread.start()
    try:
        thread.submit([file_place.request(customer)])
        qtbot.waitUntil(
            lambda: any("está 12 minutos adiantado" in state.warning for state in states.told), timeout=30_000
        )
        assert file_place.backoffice.sefaz.clock_difference is not None
        file_place.sefaz.clock_offset = timedelta()
        # A failure tells the time too.
        file_place.sefaz.scenarios[cnpj(1).value] = Scenario.UNCATALOGUED
        thread.submit([file_place.request(customer)])
        qtbot.waitUntil(lambda: "relógio" not in states.told[-1].warning, timeout=30_000)
    finally:
        thread.stop()
