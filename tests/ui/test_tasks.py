"""Work off the GUI thread: values, errors, vanished owners, waiting."""

from __future__ import annotations

import threading

import pytest
import shiboken6
from PySide6.QtCore import QObject, QThread
from pytestqt.qtbot import QtBot

from ui import tasks


def _unexpected(error: Exception) -> None:
    raise error


def test_a_value_comes_back_to_the_gui_thread(qtbot: QtBot) -> None:
    owner = QObject()
    got: list[tuple[int, bool]] = []
    gui = QThread.currentThread()
    tasks.run(threading.get_ident, lambda v: got.append((v, QThread.currentThread() is gui)), _unexpected, owner)
    qtbot.waitUntil(lambda: bool(got))
    assert got[0][0] != threading.get_ident()
    assert got[0][1]


def test_an_error_comes_back_as_an_error(qtbot: QtBot) -> None:
    owner = QObject()
    got: list[Exception] = []

    def broken() -> None:
        raise ValueError("a porta não abre")

    tasks.run(broken, lambda _: pytest.fail("deu certo"), got.append, owner)
    qtbot.waitUntil(lambda: bool(got))
    assert isinstance(got[0], ValueError)


def test_nothing_is_called_once_the_owner_is_gone(qtbot: QtBot) -> None:
    owner, go = QObject(), threading.Event()
    got: list[object] = []
    tasks.run(lambda: go.wait(5), got.append, got.append, owner)
    shiboken6.delete(owner)
    go.set()
    assert tasks.wait_all(5000)
    assert got == []


def test_a_dropped_task_says_nothing(qtbot: QtBot) -> None:
    owner = QObject()
    got: list[int] = []
    tasks.run(lambda: 1, got.append, _unexpected, owner).drop()
    kept = tasks.run(lambda: 2, got.append, _unexpected, owner)
    assert kept.running
    assert tasks.wait_all(5000)
    assert got == [2]
    assert not kept.running


def test_waiting_delivers_what_a_result_starts(qtbot: QtBot) -> None:
    owner = QObject()
    got: list[int] = []

    def go_on(value: int) -> None:
        tasks.run(lambda: value + 1, got.append, _unexpected, owner)

    tasks.run(lambda: 1, go_on, _unexpected, owner)
    assert tasks.wait_all(5000)
    assert got == [2]


def test_waiting_gives_up_in_time(qtbot: QtBot) -> None:
    owner, go = QObject(), threading.Event()
    got: list[object] = []
    tasks.run(lambda: go.wait(5), got.append, _unexpected, owner)
    assert not tasks.wait_all(50)
    go.set()
    assert tasks.wait_all(5000)
    assert got == [True]


def test_long_work_is_asked_to_end_early(qtbot: QtBot) -> None:
    owner, cancelled = QObject(), threading.Event()
    got: list[bool] = []
    tasks.run(lambda: 1, lambda _: None, _unexpected, owner)
    tasks.run(lambda: cancelled.wait(30), got.append, _unexpected, owner, cancelled=cancelled)
    tasks.cancel_all()
    assert tasks.wait_all(5000)
    assert got == [True]
