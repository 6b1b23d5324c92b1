"""The whole program with its window, as `main.py` builds it, for the tests of this folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pytestqt.qtbot import QtBot

from app.folders import find_folders
from ui import pages, tasks
from ui.window_app import WindowProgram

PATIENCE_MS = 15_000


@contextmanager
def opened(qtbot: QtBot, *, first_page: str = pages.HOME, wait: bool = True) -> Iterator[WindowProgram]:
    """The program over this test's data folder; with `wait`, once the database is open and Início is filled."""
    program = WindowProgram(find_folders(), first_page=first_page)
    try:
        program.start()
        if wait:
            until(qtbot, lambda: program.office is not None and program.office.database is not None)
            settle(qtbot)
        yield program
    finally:
        program.quit()
        program.window.deleteLater()
        program.deleteLater()


def until(qtbot: QtBot, true: Callable[[], bool]) -> None:
    """Let the event loop run until something is so."""
    qtbot.waitUntil(true, timeout=PATIENCE_MS)


def settle(qtbot: QtBot) -> None:
    """Let what was started off the GUI thread come to its end."""
    assert tasks.wait_all(PATIENCE_MS)
    qtbot.wait(1)
    assert tasks.wait_all(PATIENCE_MS)
