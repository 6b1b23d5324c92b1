"""The computer sleeps and wakes up, and the person's session ends, while the program is open."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from types import SimpleNamespace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractSpinBox, QApplication, QDialog, QLineEdit, QMessageBox, QPushButton
from pytestqt.qtbot import QtBot

from app.folders import find_folders
from app.policies import UserProfile
from app.settings.catalog import SEFAZ_PERIOD
from app.tables import USERS
from tests.ui.window import opened, settle, until
from ui import pages, session_end
from ui.record_form import RecordForm
from ui.references import ReferenceSource
from ui.session_end import SessionEnd
from ui.settings_page import SettingsPage
from ui.waking import Waking
from ui.window_app import WindowProgram

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


class Clock:
    """Shows what it is told to."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.mark.parametrize(
    ("gone", "woke"),
    [
        (timedelta(seconds=5), 0),
        (timedelta(seconds=34), 0),  # a busy computer
        (timedelta(minutes=2), 1),
        (timedelta(hours=9), 1),
        (timedelta(hours=-1), 1),  # the clock was set back
    ],
)
def test_sleep_is_what_the_clock_went_beyond_the_wait(gone: timedelta, woke: int, qtbot: QtBot) -> None:
    clock, told = Clock(), []
    waking = Waking(clock=clock)
    waking.woke.connect(lambda: told.append(True))
    waking.start()
    clock.now += gone
    waking.look()
    clock.now += timedelta(seconds=5)
    waking.look()
    waking.stop()
    assert len(told) == woke


def test_waking_up_has_every_service_look_again(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(qtbot) as program:
        assert program.office is not None
        services = program.office.services
        until(qtbot, lambda: all(service._queue.empty() for service in services))
        looked: list[str] = []
        for service in services:
            monkeypatch.setattr(service._automatic, "look_now", partial(looked.append, service.authority.value))
        program.wake_up()
        until(qtbot, lambda: len(looked) == len(services))
        settle(qtbot)


def test_nobody_looks_again_over_the_databases_connections_from_before(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(qtbot) as program:
        assert program.office is not None and program.office.database is not None
        told: list[str] = []
        monkeypatch.setattr(program.office.database, "renew", partial(told.append, "novas conexões"))
        for service in program.office.services:
            monkeypatch.setattr(service, "woke_up", partial(told.append, "olha"))
        monkeypatch.setattr(program.office.desk, "wake_up", partial(told.append, "balcões"))
        waking = program.findChild(Waking)
        assert isinstance(waking, Waking)
        waking.woke.emit()
        settle(qtbot)
        assert told == ["novas conexões", *["olha" for _ in program.office.services], "balcões"]


class Session:
    """Stands in for the one of Qt, which only a session manager makes."""

    cancelled = False

    def cancel(self) -> None:
        """Ask the system not to end the session."""
        self.cancelled = True


def _change_period(qtbot: QtBot, program: WindowProgram) -> SettingsPage:
    program.window.open_page(pages.PROFILES)
    settle(qtbot)
    page = program.window.page
    assert isinstance(page, SettingsPage)
    spin = page.rows[SEFAZ_PERIOD].editor.widget.findChild(QAbstractSpinBox)
    assert isinstance(spin, QAbstractSpinBox)
    spin.selectAll()
    QTest.keyClicks(spin, "45")
    return page


def _session_end(program: WindowProgram) -> SessionEnd:
    return next(child for child in program.window.children() if isinstance(child, SessionEnd))


def test_windows_finds_a_window_to_ask_where_none_was_shown(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_end, "sys", SimpleNamespace(platform="win32"))
    program = WindowProgram(find_folders())
    assert not program.window.internalWinId()
    session = SessionEnd(program.window, program.why_not_end)
    session.follow()
    assert program.window.internalWinId()
    assert not program.window.isVisible()
    session.leave()
    program.quit()
    program.window.deleteLater()


def test_a_session_that_ends_while_the_shell_is_told_leaves_nothing_open(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What Windows asks of its windows is heard inside the call that changes the icon in the tray."""
    with opened(qtbot, wait=False) as program:
        until(qtbot, lambda: program.tray is not None)
        assert program.tray is not None
        monkeypatch.setattr(program.tray, "take_open", lambda _is_open: program.quit())
        with qtbot.waitSignal(program.finished):
            pass
        settle(qtbot)
        assert program.office is None
        assert not list(find_folders().data.glob("*-wal")), "o banco foi fechado"


def test_a_session_with_nothing_unsaved_may_end(qtbot: QtBot) -> None:
    with opened(qtbot) as program:
        session = Session()
        _session_end(program).take_request(session)
        assert not session.cancelled


def test_a_session_waits_for_what_is_not_saved(qtbot: QtBot) -> None:
    with opened(qtbot) as program:
        page = _change_period(qtbot, program)
        assert SEFAZ_PERIOD.label in program.why_not_end()
        session = Session()
        _session_end(program).take_request(session)
        assert session.cancelled
        until(qtbot, lambda: any(box.isVisible() for box in program.window.findChildren(QMessageBox)))
        box = next(box for box in program.window.findChildren(QMessageBox) if box.isVisible())
        assert SEFAZ_PERIOD.label in box.informativeText()
        save = next(b for b in box.findChildren(QPushButton) if b.text().replace("&", "") == "Salvar")
        QTest.mouseClick(save, Qt.MouseButton.LeftButton)
        until(qtbot, lambda: not page.unsaved())
        settle(qtbot)
        again = Session()
        _session_end(program).take_request(again)
        assert not again.cancelled
        assert program.window.isVisible()  # the session goes on, and so does the program


def test_what_is_typed_into_an_open_form_is_not_thrown_away(qtbot: QtBot) -> None:
    with opened(qtbot) as program:
        form = QDialog(program.window)
        form.setWindowTitle("Incluir empresa")
        field = QLineEdit("já estava", form)
        form.open()
        until(qtbot, form.isVisible)
        assert program.why_not_end() == ""
        field.selectAll()
        QTest.keyClicks(field, "Posto")
        assert "“Incluir empresa”" in program.why_not_end()
        session = Session()
        _session_end(program).take_request(session)
        assert session.cancelled
        question = QMessageBox(form)
        question.open()
        until(qtbot, question.isVisible)
        assert "“Incluir empresa”" in program.why_not_end()  # under the question that is in front
        question.close()
        assert program.tray is not None
        program.tray.quit_wanted.emit()
        settle(qtbot)
        assert program.window.isVisible() and form.isVisible()
        form.close()
        assert program.why_not_end() == ""


def test_what_is_chosen_in_the_form_of_a_row_is_not_thrown_away_either(qtbot: QtBot) -> None:
    with opened(qtbot) as program:
        assert program.office is not None
        form = RecordForm(USERS, program.office, ReferenceSource(program.office, program.window), None, program.window)
        form.open()
        until(qtbot, form.isVisible)
        assert program.why_not_end() == ""
        profile = form.editors["perfil"]
        before = profile.value()
        profile.set_value(UserProfile.SUPERVISOR)
        assert "“Incluir usuário”" in program.why_not_end()
        profile.set_value(before)
        form.close()
        assert program.why_not_end() == ""


def test_the_last_word_of_the_system_stops_everything_before_it_returns(qtbot: QtBot, qapp: QApplication) -> None:
    with opened(qtbot) as program:
        assert program.office is not None
        services = program.office.services
        assert all(service.isRunning() for service in services)
        qapp.aboutToQuit.emit()
        assert all(service.isFinished() for service in services)
        assert not program.window.isVisible()
