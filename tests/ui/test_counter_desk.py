"""The integration service of the open program: begun by the settings, by hand, again, and ended, with real sockets."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest
from pytestqt.qtbot import QtBot

from app.data import counters
from app.domain import Phase
from app.folders import find_folders
from app.settings.catalog import INTEGRATION_ACTIVE, INTEGRATION_PORT, WHATSAPP_ORDERS, WHATSAPP_TEMPLATE
from app.settings.machine import MachineStore
from services.integration.server import ServerPhase
from services.whatsapp import sender
from tests.messages import CPF, open_shop
from tests.ui.counters import free_port, keep, status_of, wait_for
from tests.ui.office import open_office
from tests.ui.window import opened, settle, until
from ui import counter_desk
from ui.counter_desk import CounterDesk
from ui.office import Office


@pytest.fixture
def office(qtbot: QtBot) -> Iterator[Office]:
    with open_office() as made:
        yield made
        made.desk.close()


@pytest.fixture
def port(office: Office) -> int:
    number = free_port()
    keep(office, {INTEGRATION_PORT: number})
    return number


def test_it_begins_with_the_program_only_where_the_setting_says_so(qtbot: QtBot, office: Office, port: int) -> None:
    office.desk.open()
    settle(qtbot)
    assert (office.desk.state.phase, office.desk.wanted) == (ServerPhase.STOPPED, False)
    office.desk.close()
    keep(office, {INTEGRATION_ACTIVE: True})
    settle(qtbot)
    assert office.desk.state.phase is ServerPhase.STOPPED, "a closed desk begins nothing"
    office.desk.open()
    wait_for(qtbot, office, ServerPhase.RUNNING)
    assert status_of(office.desk.state.address, "/saude") == 200
    qtbot.waitUntil(lambda: office.desk.served == 1)


def test_the_switch_acts_when_it_is_saved(qtbot: QtBot, office: Office, port: int) -> None:
    office.desk.open()
    keep(office, {INTEGRATION_ACTIVE: True})
    wait_for(qtbot, office, ServerPhase.RUNNING)
    keep(office, {INTEGRATION_ACTIVE: False})
    wait_for(qtbot, office, ServerPhase.STOPPED)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=30)


def test_what_is_wanted_last_comes_true(qtbot: QtBot, office: Office, port: int) -> None:
    office.desk.open()
    for _ in range(5):
        office.desk.start()
        office.desk.stop()
    office.desk.start()
    settle(qtbot)
    wait_for(qtbot, office, ServerPhase.RUNNING)
    office.desk.stop()
    office.desk.start()
    office.desk.stop()
    settle(qtbot)
    wait_for(qtbot, office, ServerPhase.STOPPED)


def test_a_new_port_is_followed_when_begun_again(qtbot: QtBot, office: Office, port: int) -> None:
    office.desk.open()
    office.desk.start()
    wait_for(qtbot, office, ServerPhase.RUNNING)
    other = free_port()
    with qtbot.waitSignal(office.desk.state_changed):
        keep(office, {INTEGRATION_PORT: other})
    assert office.desk.needs_restart
    assert status_of(f"http://127.0.0.1:{port}", "/saude") == 200, "until then it answers where it did"
    office.desk.restart()
    qtbot.waitUntil(lambda: office.desk.state.address.endswith(f":{other}") and not office.desk.needs_restart)
    assert status_of(office.desk.state.address, "/saude") == 200
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=30)


def test_a_port_in_use_is_told_and_tried_again(qtbot: QtBot, office: Office, port: int) -> None:
    office.desk.open()
    with socket.create_server(("127.0.0.1", port)):
        office.desk.start()
        wait_for(qtbot, office, ServerPhase.FAILED)
        failure = office.desk.state.failure
        assert failure is not None
        assert f"A porta {port} já está em uso" in failure.what
        assert office.desk.wanted
    office.desk._again.setInterval(0)
    office.desk._again.start()
    wait_for(qtbot, office, ServerPhase.RUNNING)


def test_what_could_not_begin_is_given_up_when_stopped(qtbot: QtBot, office: Office, port: int) -> None:
    office.desk.open()
    with socket.create_server(("127.0.0.1", port)):
        office.desk.start()
        wait_for(qtbot, office, ServerPhase.FAILED)
        office.desk.stop()
        settle(qtbot)
        assert office.desk.state.phase is ServerPhase.STOPPED
        assert office.desk.state.failure is None
        assert not office.desk._again.isActive()


def test_a_port_that_is_free_is_taken_as_soon_as_it_is_saved(qtbot: QtBot, office: Office, port: int) -> None:
    office.desk.open()
    with socket.create_server(("127.0.0.1", port)):
        office.desk.start()
        wait_for(qtbot, office, ServerPhase.FAILED)
        keep(office, {INTEGRATION_PORT: free_port()})
        wait_for(qtbot, office, ServerPhase.RUNNING)


def test_closing_ends_the_service(qtbot: QtBot, office: Office, port: int) -> None:
    office.desk.open()
    office.desk.start()
    wait_for(qtbot, office, ServerPhase.RUNNING)
    office.desk.close()
    settle(qtbot)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=30)


def test_a_message_told_of_by_a_counter_wakes_the_sender(
    qtbot: QtBot, office: Office, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "LOOK_AGAIN_S", 3600.0)
    shop = open_shop(office.backoffice.database)
    shop.customer()
    keep(office, {WHATSAPP_ORDERS: True, **dict.fromkeys(WHATSAPP_TEMPLATE.values(), "os")})
    with office.backoffice.database.writing() as connection:
        _, token = counters.add(connection, "Balcão 1", None, "maria", datetime.now(UTC))
    office.desk.open()
    until(qtbot, lambda: office.desk.sender_state.phase is Phase.IDLE)
    office.desk.start()
    wait_for(qtbot, office, ServerPhase.RUNNING)
    news = {
        "empresa": shop.company,
        "numero": "120",
        "etapa": "finalizada",
        "documento": CPF,
        "ocorrido_em": datetime.now(UTC).isoformat(),
    }
    answer = httpx.post(
        f"{office.desk.state.address}/v1/ordens-servico/eventos",
        json=news,
        headers={"Authorization": f"Bearer {token}", "Idempotency-Key": "1"},
        timeout=30,
    )
    assert answer.json()["mensagem"]["situacao"] == "PENDENTE", answer.text
    until(qtbot, lambda: office.desk.sender_state.waiting == 1)


def test_the_program_serves_the_counters_while_it_is_open_and_shows_it_everywhere(qtbot: QtBot) -> None:
    port = free_port()
    MachineStore(find_folders().machine_file).save({INTEGRATION_PORT: port, INTEGRATION_ACTIVE: True})
    url = f"http://127.0.0.1:{port}"
    with opened(qtbot) as program:
        office, tray, status = program.office, program.tray, program.window.status
        assert office is not None
        assert tray is not None
        wait_for(qtbot, office, ServerPhase.RUNNING)
        assert status_of(url, "/saude") == 200
        assert status.counters is not None
        assert status.counters.text() == "Balcões: atendendo"
        assert "balcões: atendendo" in tray.tooltip
        tray.serving_wanted.emit(False)
        wait_for(qtbot, office, ServerPhase.STOPPED)
        assert status.counters.isHidden()
        tray.serving_wanted.emit(True)
        wait_for(qtbot, office, ServerPhase.RUNNING)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=30)


def test_leaving_while_the_service_begins_leaves_nothing_behind(qtbot: QtBot) -> None:
    port = free_port()
    MachineStore(find_folders().machine_file).save({INTEGRATION_PORT: port, INTEGRATION_ACTIVE: True})
    with opened(qtbot, wait=False) as program:
        until(qtbot, lambda: program.office is not None)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=30)


def test_the_counters_are_left_to_the_service_of_windows_while_it_runs(
    qtbot: QtBot, office: Office, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = True
    monkeypatch.setattr(counter_desk, "at_work_on", lambda data: running and data == office.folders.data)
    monkeypatch.setattr(counter_desk, "_AGAIN_MS", 20)
    desk = CounterDesk(office.backoffice, office.snapshot)
    desk.open()
    desk.start()
    qtbot.waitUntil(lambda: "pelo serviço do Windows" in desk.state.sentence)
    assert (desk.state.phase, desk.wanted) == (ServerPhase.STOPPED, True)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=30)
    running = False
    qtbot.waitUntil(lambda: desk.state.phase is ServerPhase.RUNNING)  # nobody else answers them any more
    desk.close()
    settle(qtbot)
