"""Leaving ends the program at once, whatever is under way: a SEFAZ that is silent, a form that asks first."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.domain import Origin, Request
from services.demo import example
from services.demo.demonstration import demonstration
from services.demo.scenarios import Scenario
from tests.ui.window import settle, until
from ui.window_app import WindowProgram

ROOT = Path(__file__).resolve().parents[2]

# The program with a window that asks before it closes, and a computer that is turned off.
ASKING = """
import os, signal, sys
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QDialog
from ui import window_app

class Form(QDialog):
    def closeEvent(self, event):
        QDialog(self).exec()

def opening(program):
    Form(program.window).open()
    QTimer.singleShot(0, lambda: os.kill(os.getpid(), signal.SIGTERM))

window_app.WindowProgram.open = opening
sys.exit(window_app.run_here())
"""


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


@pytest.mark.skipif(sys.platform == "win32", reason="nobody sends SIGTERM there")
def test_a_form_that_asks_before_it_closes_does_not_keep_the_process(data_folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", ASKING],
        cwd=ROOT,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (done.returncode, done.stdout) == (130, ""), done.stderr
