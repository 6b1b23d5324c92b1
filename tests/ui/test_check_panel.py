"""A check list on screen: it fills as it goes, is given up by its own button, and offers the way out."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import shiboken6
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from app.domain import Failure, FailureKind
from app.policies import DatabaseKind, SslMode
from app.settings.catalog import (
    DATABASE_KIND,
    DATABASE_PORT,
    DATABASE_SSL,
    DATABASE_USER,
    INTEGRATION_PAGE,
    INTEGRATION_PORT,
    SERVER,
)
from app.settings.setting import Setting
from services.check_list import CheckReport, CheckStep, Outcome, StepReport, ToCopy, ToRetry, ToSet, told
from services.waited_socket import GivenUp, GiveUp
from tests.services.database_check.scripted_server import refusal, server_that_says
from tests.ui.office import enter, open_office
from tests.ui.window import settle, until
from ui.check_panel import CheckPanel
from ui.settings_page import SettingsPage


class Step(CheckStep):
    FIRST = "primeiro", "Primeiro passo"
    SECOND = "segundo", "Segundo passo"
    THIRD = "terceiro", "Terceiro passo"


FAILURE = Failure(FailureKind.NETWORK, "O segundo falhou.", "Uma causa.", "Faça algo.", "detalhe")
COPY, SET, RETRY = ToCopy("a linha", "uma linha"), ToSet("Tentar com SSL", DATABASE_SSL, SslMode.REQUIRE), ToRetry()


class Script:
    """Checks that make one step each time they are let go on."""

    def __init__(self, *steps: StepReport) -> None:
        self.steps = steps
        self.let = threading.Semaphore(0)
        self.runs = 0

    def prepare(self) -> Callable[[GiveUp], Iterator[CheckReport]]:
        self.runs += 1
        return self.check

    def check(self, given_up: GiveUp) -> Iterator[CheckReport]:
        def made() -> Any:
            for step in self.steps:
                while not self.let.acquire(timeout=0.01):
                    if given_up():
                        raise GivenUp
                yield step
            return "Tudo certo."

        return told(CheckReport("Teste", "Alvo", datetime.now(UTC), tuple(Step)), made())


def ok(step: Step) -> StepReport:
    return StepReport(step, Outcome.OK, f"{step.label} foi bem.", 7)


FAILED = StepReport(Step.SECOND, Outcome.FAILED, FAILURE.what, None, FAILURE, remedies=(SET, COPY, RETRY))


@pytest.fixture
def made(qtbot: QtBot) -> Callable[..., tuple[CheckPanel, Script]]:
    def make(*steps: StepReport) -> tuple[CheckPanel, Script]:
        script = Script(*steps)
        panel = CheckPanel("Testar", "Testa", script.prepare)
        qtbot.addWidget(panel)
        panel.resize(600, 400)
        panel.show()
        return panel, script

    return make


def press(button: QPushButton) -> None:
    assert button.isEnabled()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def texts(panel: CheckPanel) -> str:
    return "\n".join(label.text() for label in panel.findChildren(QLabel) if label.isVisibleTo(panel))


def ended(qtbot: QtBot, panel: CheckPanel) -> None:
    until(qtbot, lambda: not panel.running)
    settle(qtbot)


def remedy(panel: CheckPanel, label: str) -> QPushButton:
    return next(button for button in panel.view.remedies if button.text() == label)


def test_the_list_fills_as_it_goes(qtbot: QtBot, made: Any) -> None:
    panel, script = made(*(ok(step) for step in Step))
    press(panel.button)
    until(qtbot, lambda: "Em andamento" in texts(panel))
    assert "Primeiro passo" in texts(panel) and "Segundo" not in texts(panel)
    script.let.release()
    until(qtbot, lambda: "Primeiro passo foi bem." in texts(panel))
    assert "Segundo passo\nEm andamento…" in texts(panel)
    assert not panel.view.copy_button.isVisible()
    script.let.release(2)
    ended(qtbot, panel)
    assert "Terceiro passo foi bem." in texts(panel) and "Tudo certo." in texts(panel)
    assert "Em andamento" not in texts(panel)
    assert panel.button.text() == "Testar" and panel.button.hasFocus()
    assert not panel.view.failure.isVisible()
    icons = [label.accessibleName() for label in panel.view.findChildren(QLabel) if label.accessibleName()]
    assert "Primeiro passo: OK" in icons


def test_it_is_given_up_by_the_same_button(qtbot: QtBot, made: Any) -> None:
    panel, script = made(*(ok(step) for step in Step))
    press(panel.button)
    script.let.release()
    until(qtbot, lambda: "Primeiro passo foi bem." in texts(panel))
    assert panel.button.text() == "Cancelar"
    press(panel.button)
    assert not panel.button.isEnabled()
    ended(qtbot, panel)
    assert panel.report.cancelled
    assert "O teste foi cancelado." in texts(panel)
    assert "Demais passos" in texts(panel)
    assert panel.button.text() == "Testar" and panel.button.isEnabled()


def test_the_first_failure_ends_it_and_offers_the_ways_out(qtbot: QtBot, made: Any) -> None:
    panel, script = made(ok(Step.FIRST), FAILED)
    wanted: list[ToSet] = []
    panel.set_wanted.connect(wanted.append)
    script.let.release(2)
    press(panel.button)
    ended(qtbot, panel)
    assert panel.view.failure.accessibleDescription() == FAILURE.sentence
    assert "Terceiro passo" in texts(panel) and "Depende do passo" in texts(panel)
    assert [button.text() for button in panel.view.remedies] == ["Tentar com SSL", "Copiar a linha", "Tentar de novo"]
    press(remedy(panel, "Copiar a linha"))
    assert QGuiApplication.clipboard().text() == "uma linha"
    press(panel.view.copy_button)
    assert "O segundo falhou." in QGuiApplication.clipboard().text()
    assert "Causa provável: Uma causa." in QGuiApplication.clipboard().text()
    press(remedy(panel, "Tentar com SSL"))
    assert wanted == [SET]
    assert script.runs == 1
    script.let.release(2)
    press(remedy(panel, "Tentar de novo"))
    assert script.runs == 2
    ended(qtbot, panel)


def test_what_cannot_even_begin_is_explained(qtbot: QtBot, made: Any) -> None:
    panel, script = made(replace(ok(Step.FIRST)))

    def broken(given_up: GiveUp) -> Iterator[CheckReport]:
        raise RuntimeError("quebrou")

    panel._prepare = lambda: broken
    press(panel.button)
    ended(qtbot, panel)
    assert panel.failure.isVisible() and "inesperado" in panel.failure.accessibleDescription()
    assert panel.button.text() == "Testar"
    assert script.runs == 0


def test_the_end_of_the_widget_is_the_end_of_the_test(qtbot: QtBot) -> None:
    script = Script(*(ok(step) for step in Step))
    panel = CheckPanel("Testar", "Testa", script.prepare)
    panel.start()
    panel.deleteLater()
    until(qtbot, lambda: not shiboken6.isValid(panel))
    settle(qtbot)  # with the thread still waiting, this would not end


# --- on the page of the settings -----------------------------------------------------------------------------


@pytest.fixture
def page(qtbot: QtBot) -> Iterator[SettingsPage]:
    with open_office() as office:
        page = SettingsPage(INTEGRATION_PAGE, office)
        enter(qtbot, page)
        yield page
        page.discard_all()


def put(page: SettingsPage, values: dict[Setting[Any], Any]) -> None:
    for setting, value in values.items():
        page.draft.put((setting, 0), value)
    page._show_all()


def test_another_encryption_is_tried_and_left_for_the_operator_to_save(qtbot: QtBot, page: SettingsPage) -> None:
    no_line = refusal("28000", b'no pg_hba.conf entry for host "10.0.0.2", user "x", no encryption')
    assert page.access is not None
    panel = page.access.check
    with server_that_says(no_line, ssl=b"S") as port:
        put(page, {DATABASE_KIND: DatabaseKind.SERVER, DATABASE_PORT: port, DATABASE_SSL: SslMode.DISABLE})
        page.access.password.setText("segredo")
        press(panel.button)
        ended(qtbot, panel)
        press(remedy(panel, "Copiar linha do pg_hba"))
        assert QGuiApplication.clipboard().text() == "host  retaguarda  retaguarda  10.0.0.0/24  scram-sha-256"
        press(panel.view.copy_button)
        assert "segredo" not in QGuiApplication.clipboard().text()
        press(remedy(panel, "Tentar com SSL"))
        assert panel.running
        assert page.draft.snapshot()[DATABASE_SSL] is SslMode.REQUIRE
        assert DATABASE_SSL.label in page.unsaved()
        ended(qtbot, panel)
    assert panel.report is not None and panel.report.failed is not None


def test_a_silent_server_is_given_up(qtbot: QtBot, page: SettingsPage) -> None:
    assert page.access is not None
    panel = page.access.check
    with socket.create_server(("127.0.0.1", 0)) as silent:
        put(page, {DATABASE_KIND: DatabaseKind.SERVER, DATABASE_PORT: silent.getsockname()[1], DATABASE_USER: "x"})
        page.access.password.setText("segredo")
        press(panel.button)
        until(qtbot, lambda: "É um PostgreSQL\nEm andamento…" in texts(panel))
        press(panel.button)
        ended(qtbot, panel)
    assert panel.report is not None and panel.report.cancelled


def test_a_test_under_way_is_given_up_after_the_file_is_chosen_again(qtbot: QtBot, page: SettingsPage) -> None:
    assert page.access is not None
    panel = page.access.check
    with socket.create_server(("127.0.0.1", 0)) as silent:
        put(page, {DATABASE_KIND: DatabaseKind.SERVER, DATABASE_PORT: silent.getsockname()[1], DATABASE_USER: "x"})
        page.access.password.setText("segredo")
        press(panel.button)
        put(page, {DATABASE_KIND: DatabaseKind.FILE})
        press(panel.button)
        ended(qtbot, panel)
    assert not panel.button.isEnabled()
    assert panel.report is None


def test_a_list_about_a_server_goes_when_the_file_is_chosen_again(qtbot: QtBot, page: SettingsPage) -> None:
    assert page.access is not None
    panel = page.access.check
    with server_that_says(refusal("28P01", b"password authentication failed")) as port:
        put(page, {DATABASE_KIND: DatabaseKind.SERVER, DATABASE_PORT: port, DATABASE_SSL: SslMode.DISABLE})
        page.access.password.setText("segredo")
        press(panel.button)
        ended(qtbot, panel)
    assert not panel.view.isHidden()
    page.discard_all()
    assert panel.report is None
    assert panel.view.isHidden()


def test_the_service_is_looked_for_with_what_is_typed(qtbot: QtBot, page: SettingsPage) -> None:
    assert page.service_check is not None
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        put(page, {INTEGRATION_PORT: port, SERVER: "127.0.0.1"})
        press(page.service_check.button)
        ended(qtbot, page.service_check)
    report = page.service_check.report
    assert report is not None
    assert f"porta {port}" in report.target


def test_a_file_has_no_connection_to_test(page: SettingsPage) -> None:
    assert page.access is not None
    assert not page.access.check.button.isEnabled()
