"""The certificate through its life: refused outside its validity before any connection, replaced without a restart."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from pytestqt.qtbot import QtBot

from app.data import certificates
from app.domain import Certificate, FailureKind, Phase, Verdict
from app.portuguese import exact
from app.settings.catalog import SEFAZ_AUTOMATIC, SEFAZ_INTERVAL
from app.uf import UFS
from services.background import ConsultationThread
from services.consultation import NotAsked
from services.demo import loopback
from services.demo.ca import DemoAuthority
from services.demo.example import made_up_cnpj
from services.installation import install_certificate
from services.sefaz.automatic import AutomaticSefaz
from services.sefaz.consultation import SefazConsultation
from services.sefaz.endpoints import save_override
from tests.services.conftest import ACTOR, CNPJ, Clock, Place
from tests.services.listener import Listener

NOW = datetime.now(UTC)
AGES: dict[str, Callable[[Certificate], Certificate]] = {
    "vencido": partial(replace, not_after=NOW - timedelta(hours=1)),
    "ainda não vale": partial(replace, not_before=NOW + timedelta(days=2), not_after=NOW + timedelta(days=300)),
}


class Door:
    """An address that says nothing and knows whether anybody came."""

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        listener.setblocking(False)
        self.url = f"https://localhost:{listener.getsockname()[1]}/ws"

    @property
    def knocked(self) -> bool:
        """Whether a TCP connection was made since the last time it was asked."""
        try:
            connection, _ = self._listener.accept()
        except BlockingIOError:
            return False
        connection.close()
        return True


@pytest.fixture
def door(file_place: Place) -> Iterator[Door]:
    """Where every UF is now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        made = Door(listener)
        for uf in UFS:
            save_override(file_place.folders.endpoints_file, uf, {"producao": made.url, "homologacao": made.url})
        with socket.create_connection(listener.getsockname()):
            assert made.knocked
        yield made


@pytest.fixture
def heard(file_place: Place) -> Iterator[tuple[ConsultationThread, Listener]]:
    """A thread that consults SEFAZ, not started yet, and what it tells."""
    thread = ConsultationThread(file_place.backoffice)
    yield thread, Listener(thread)
    thread.stop()


@pytest.fixture
def presented(file_place: Place, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names in the certificates that came to the SEFAZ, one a request."""
    names: list[str] = []
    answer = file_place.sefaz._answer

    def noted(request: loopback.Request, now: datetime) -> loopback.Reply:
        names.append(request.client)
        return answer(request, now)

    monkeypatch.setattr(file_place.sefaz, "_answer", noted)
    return names


def says(age: str, certificate: Certificate) -> str:
    """The sentence that must be read."""
    if age == "vencido":
        return f"venceu em {exact(certificate.not_after)}, e com ele nenhuma SEFAZ responde. Instale o renovado."
    return f"só vale a partir de {exact(certificate.not_before)}, e antes disso nenhuma SEFAZ o aceita."


@pytest.mark.parametrize("age", AGES)
def test_button_and_service_refuse_it_without_opening_a_connection(
    file_place: Place,
    door: Door,
    opened_pfx: tuple[Certificate, str],
    heard: tuple[ConsultationThread, Listener],
    qtbot: QtBot,
    age: str,
) -> None:
    certificate = AGES[age](opened_pfx[0])
    file_place.install(certificate, opened_pfx[1])
    file_place.save({SEFAZ_AUTOMATIC: True, SEFAZ_INTERVAL: 0})
    customer = file_place.add()
    thread, told = heard
    thread.start()
    thread.submit([file_place.request(customer)])
    qtbot.waitUntil(lambda: bool(told.refusals))
    failure = told.refusals[0].failure
    assert failure.kind is FailureKind.CERTIFICATE
    assert says(age, certificate) in failure.what
    assert "nada foi enviado" in failure.cause
    qtbot.waitUntil(lambda: told.states[-1].phase is Phase.FAILED)
    assert says(age, certificate) in told.states[-1].sentence
    assert not door.knocked
    assert file_place.history(customer) == []


def test_it_may_expire_while_the_program_runs(file_place: Place, opened_pfx: tuple[Certificate, str]) -> None:
    certificate, clock = opened_pfx[0], Clock()
    customer = file_place.add()
    consultation = SefazConsultation(file_place.database, file_place.folders, clock=clock)
    automatic = AutomaticSefaz(file_place.database, consultation, clock=clock)
    snapshot = file_place.save({SEFAZ_AUTOMATIC: True, SEFAZ_INTERVAL: 0})
    assert consultation.run(file_place.request(customer), snapshot).finding.verdict is Verdict.ENABLED
    asked = file_place.sefaz.requests
    clock.now = certificate.not_after - timedelta(seconds=1)
    consultation.run(file_place.request(customer), snapshot)
    assert file_place.sefaz.requests == asked + 1
    clock.now = certificate.not_after
    with pytest.raises(NotAsked, match="venceu em"):
        consultation.run(file_place.request(customer), snapshot)
    step = automatic.step(snapshot)
    assert step.phase is Phase.FAILED
    assert says("vencido", certificate) in step.sentence
    assert file_place.sefaz.requests == asked + 1
    consultation.close()


def test_the_running_service_presents_a_new_one_as_soon_as_it_is_installed(
    file_place: Place,
    authority: DemoAuthority,
    heard: tuple[ConsultationThread, Listener],
    qtbot: QtBot,
    presented: list[str],
) -> None:
    customer = file_place.add()
    thread, told = heard
    thread.start()
    thread.submit([file_place.request(customer)])
    qtbot.waitUntil(lambda: len(told.results) == 1)
    another = made_up_cnpj(CNPJ[:8], "0002")
    pfx = authority.issue_pfx(another, "POSTO BOA VIAGEM LTDA", "nova")
    install_certificate(file_place.database, file_place.branch, pfx, "nova", actor=ACTOR, now=datetime.now(UTC))
    thread.submit([file_place.request(customer)])
    qtbot.waitUntil(lambda: len(told.results) == 2)
    assert [row.certificate_cnpj for row in map(file_place.kept, (r.consultation_id for r in told.results))] == [
        CNPJ,
        another,
    ]
    assert list(dict.fromkeys(presented)) == [f"POSTO BOA VIAGEM LTDA:{cnpj}" for cnpj in (CNPJ, another)]


def test_one_that_another_computer_replaced_is_not_used_here_and_that_is_said(
    file_place: Place,
    authority: DemoAuthority,
    heard: tuple[ConsultationThread, Listener],
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    customer = file_place.add()
    thread, told = heard
    thread.start()
    thread.submit([file_place.request(customer)])
    qtbot.waitUntil(lambda: len(told.results) == 1)
    asked = file_place.sefaz.requests
    pfx = authority.issue_pfx(CNPJ, "POSTO BOA VIAGEM LTDA", "nova")
    with monkeypatch.context() as patch:
        patch.setattr(certificates, "this_station", lambda: "ana@PC-02")
        install_certificate(file_place.database, file_place.branch, pfx, "nova", actor="ana", now=datetime.now(UTC))
    thread.submit([file_place.request(customer)])
    qtbot.waitUntil(lambda: len(told.refusals) == 1)
    assert "foi instalado em outro computador ou por outro usuário" in told.refusals[0].failure.what
    assert file_place.sefaz.requests == asked
    install_certificate(file_place.database, file_place.branch, pfx, "nova", actor=ACTOR, now=datetime.now(UTC))
    thread.submit([file_place.request(customer)])
    qtbot.waitUntil(lambda: len(told.results) == 2)
    assert told.results[-1].finding.verdict is Verdict.ENABLED
