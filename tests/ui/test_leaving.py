"""Leaving while SEFAZ is silent: the program ends at once, without waiting for its 45 seconds."""

from __future__ import annotations

import time

from pytestqt.qtbot import QtBot

from app.domain import Origin, Request
from services.demo import example
from services.demo.demonstration import demonstration
from services.demo.scenarios import Scenario
from tests.ui.window import settle, until
from ui.window_app import WindowProgram


def test_leaving_in_mid_consultation_does_not_wait_for_the_answer(qtbot: QtBot) -> None:
    silent = next(c for c in example.CUSTOMERS if c.scenario is Scenario.TIMEOUT)
    with demonstration(automatic=False) as demo:
        program = WindowProgram(demo.folders)
        program.start()
        try:
            until(qtbot, lambda: program.office is not None and program.office.database is not None)
            office = program.office
            assert office is not None
            settle(qtbot)
            asked = Request(silent.document, silent.uf, Origin.OPERATOR, "teste", apply=False)
            with qtbot.waitSignal(office.started_one, timeout=15_000, check_params_cb=lambda request: request == asked):
                office.submit([asked])
            until(qtbot, lambda: bool(demo.sefaz.seen))  # it was asked, and does not answer
            assert all(service.isRunning() for service in office.services)
        finally:
            started = time.monotonic()
            with qtbot.waitSignal(program.finished, timeout=1):
                program.quit()
            program.window.deleteLater()
        assert time.monotonic() - started < 5
        assert all(service.isFinished() for service in office.services)
