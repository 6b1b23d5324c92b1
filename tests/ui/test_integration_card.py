"""The card of the counters' service on its tab, over a real service: its buttons, warnings and the address to give."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from app.kinds import is_this_computer
from app.settings.catalog import (
    INTEGRATION_ACTIVE,
    INTEGRATION_ADDRESS,
    INTEGRATION_CERTIFICATE,
    INTEGRATION_PAGE,
    INTEGRATION_PORT,
    INTEGRATION_RATE,
    OVERDUE_BUDGET,
    SERVER,
)
from app.settings.setting import Setting
from app.settings.snapshot import GENERAL_COMPANY, Kept, Snapshot
from services.integration.server import ServerPhase
from tests.ui.counters import free_port, keep, status_of, wait_for
from tests.ui.office import enter, open_office
from tests.ui.window import settle
from ui import counter_address, pages
from ui.integration_card import IntegrationCard
from ui.office import Office
from ui.settings_page import SettingsPage


@pytest.fixture
def office(qtbot: QtBot) -> Iterator[Office]:
    with open_office() as opened:
        keep(opened, {INTEGRATION_PORT: free_port()})
        opened.desk.open()
        yield opened
        opened.desk.close()


@pytest.fixture
def page(qtbot: QtBot, office: Office) -> SettingsPage:
    made = SettingsPage(INTEGRATION_PAGE, office)
    enter(qtbot, made)
    made.show_argument(INTEGRATION_ACTIVE)
    return made


@pytest.fixture
def card(page: SettingsPage) -> IntegrationCard:
    assert page.service is not None
    return page.service


def shown(card: IntegrationCard) -> str:
    return "\n".join(label.text() for label in card.findChildren(QLabel) if label.isVisibleTo(card))


def visible(card: IntegrationCard) -> list[str]:
    return [button.text() for button in (card.start, card.stop, card.restart) if button.isVisibleTo(card)]


def type_address(page: SettingsPage, address: str) -> None:
    field = page.rows[INTEGRATION_ADDRESS].editor.field
    field.clear()  # type: ignore[attr-defined]  # it is a line edit
    QTest.keyClicks(field, address)


def test_it_is_begun_and_ended_by_its_buttons(qtbot: QtBot, office: Office, card: IntegrationCard) -> None:
    assert visible(card) == ["Iniciar"]
    assert "Parado" in shown(card)
    assert "não começa sozinho" in shown(card)
    card.start.click()
    wait_for(qtbot, office, ServerPhase.RUNNING)
    assert visible(card) == ["Parar"]
    assert "Atendendo" in shown(card)
    assert card.accessibleName() == "Serviço de integração: atendendo"
    assert status_of(office.desk.state.address, "/saude") == 200
    qtbot.waitUntil(lambda: office.desk.served == 1)
    card._count.timeout.emit()
    assert "1 pedido atendido" in shown(card)
    card.stop.click()
    wait_for(qtbot, office, ServerPhase.STOPPED)
    assert visible(card) == ["Iniciar"]


def test_the_address_is_there_to_be_copied(qtbot: QtBot, office: Office, card: IntegrationCard) -> None:
    address = f"http://127.0.0.1:{office.snapshot[INTEGRATION_PORT]}"
    copy = next(button for button in card.findChildren(QPushButton) if button.accessibleName() == f"Copiar {address}")
    copy.click()
    assert QGuiApplication.clipboard().text() == address


def test_a_new_port_offers_to_begin_again_and_tells_the_new_address(
    qtbot: QtBot, office: Office, card: IntegrationCard
) -> None:
    card.start.click()
    wait_for(qtbot, office, ServerPhase.RUNNING)
    keep(office, {INTEGRATION_RATE: 6000})
    assert visible(card) == ["Parar"], "the service follows the rate without beginning again"
    port = free_port()
    keep(office, {INTEGRATION_PORT: port})
    assert visible(card) == ["Parar", "Reiniciar o serviço"]
    assert f"informe o novo endereço em todos os balcões: http://127.0.0.1:{port}." in shown(card)
    card.restart.click()
    qtbot.waitUntil(lambda: office.desk.state.address == f"http://127.0.0.1:{port}")
    assert visible(card) == ["Parar"]
    assert "novo endereço" not in shown(card)


def test_why_it_cannot_begin_stays_to_be_read_while_it_is_tried_again(
    qtbot: QtBot, office: Office, card: IntegrationCard
) -> None:
    with socket.create_server(("127.0.0.1", office.snapshot[INTEGRATION_PORT])):
        card.start.click()
        wait_for(qtbot, office, ServerPhase.FAILED)
        assert visible(card) == ["Tentar agora", "Parar"]
        assert "já está em uso" in shown(card)
        assert "tenta de novo a cada 30 segundos" in shown(card)
        phases: list[tuple[ServerPhase, bool]] = []
        office.desk.state_changed.connect(lambda state: phases.append((state.phase, card.failure.isHidden())))
        card.start.click()
        qtbot.waitUntil(lambda: (ServerPhase.FAILED, False) in phases)
        assert phases == [(ServerPhase.STARTING, False), (ServerPhase.FAILED, False)]
    card.start.click()
    wait_for(qtbot, office, ServerPhase.RUNNING)
    assert card.failure.isHidden()


def test_what_is_risky_is_said_while_it_is_typed(qtbot: QtBot, page: SettingsPage, card: IntegrationCard) -> None:
    assert "só programas deste computador são atendidos" in shown(card)
    type_address(page, "192.168.0.10")
    assert "sem criptografia" in shown(card)
    certificate = page.rows[INTEGRATION_CERTIFICATE].editor.field
    QTest.keyClicks(certificate, "/certificados/retaguarda.pem")
    assert card.warning.isHidden()
    type_address(page, "::1")
    assert "só programas deste computador são atendidos" in shown(card)


def test_tab_goes_through_it_as_one_reads(
    qtbot: QtBot, office: Office, page: SettingsPage, card: IntegrationCard
) -> None:
    keep(office, {INTEGRATION_ADDRESS: "0.0.0.0", INTEGRATION_ACTIVE: True})
    wait_for(qtbot, office, ServerPhase.RUNNING)
    page.activateWindow()
    card.stop.setFocus()
    passed: list[QWidget] = []
    while (focused := page.focusWidget()) is not None and card.isAncestorOf(focused):
        passed.append(focused)
        QTest.keyClick(focused, Qt.Key.Key_Tab)
    copies = [button for button in passed if button.accessibleName().startswith("Copiar http")]
    assert passed == [card.stop, card.counters, *copies]
    assert [button.accessibleName() for button in copies] == [
        f"Copiar {address}" for address in counter_address.addresses(office.snapshot)
    ]
    assert page.focusWidget() is page.rows[INTEGRATION_ACTIVE].editor.field


def test_the_search_leaves_only_settings(page: SettingsPage, card: IntegrationCard) -> None:
    page.search.setText("limite de pedidos")
    assert card.isHidden()
    page.search.clear()
    assert not card.isHidden()


def test_it_leads_to_the_counters(qtbot: QtBot, office: Office, card: IntegrationCard) -> None:
    with qtbot.waitSignal(office.open_page) as opened:
        card.counters.click()
    assert opened.args == [pages.COUNTERS, None]


@pytest.mark.parametrize(
    ("setting", "value", "sentence"),
    [
        (INTEGRATION_RATE, 4000, "Salvo: Limite de pedidos de cada balcão."),
        (OVERDUE_BUDGET, True, f"Salvo: {OVERDUE_BUDGET.label}."),
        (SERVER, "pc-02", f"Salvo: {SERVER.label}. Os valores deste computador valem na próxima abertura do programa."),
    ],
)
def test_only_what_waits_for_the_next_opening_says_so(
    qtbot: QtBot, page: SettingsPage, setting: Setting[Any], value: Any, sentence: str
) -> None:
    page.draft.put((setting, GENERAL_COMPANY), value)
    page.save_all(lambda kept: None)
    settle(qtbot)
    assert page.save_bar.text.accessibleName() == sentence


def _snapshot(address: str, certificate: str = "", port: int = 8082) -> Snapshot:
    values: dict[Setting[Any], Any] = {
        INTEGRATION_ADDRESS: address,
        INTEGRATION_CERTIFICATE: certificate,
        INTEGRATION_PORT: port,
    }
    return Snapshot({(setting, GENERAL_COMPANY): Kept(value) for setting, value in values.items()})


@pytest.mark.parametrize(
    ("address", "certificate", "expected"),
    [
        ("192.168.0.10", "", "http://192.168.0.10:8082"),
        ("retaguarda", "r.pem", "https://retaguarda:8082"),
        ("fd00::10", "", "http://[fd00::10]:8082"),
    ],
)
def test_one_address_is_told_as_it_is_called(qapp: object, address: str, certificate: str, expected: str) -> None:
    assert counter_address.addresses(_snapshot(address, certificate)) == (expected,)


@pytest.mark.parametrize("address", ["0.0.0.0", "::"])
def test_where_it_answers_in_all_networks_each_is_told_and_never_the_one_that_means_all(
    qapp: object, address: str
) -> None:
    told = counter_address.addresses(_snapshot(address))
    assert told
    for each in told:
        host = each.removeprefix("http://").rpartition(":")[0].strip("[]")
        assert host not in ("", "0.0.0.0", "::")
        assert not is_this_computer(host)
