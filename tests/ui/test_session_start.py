"""Starting with the person's session: what is written for the desktop, and the choice in the menu."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QMessageBox
from pytestqt.qtbot import QtBot

from app.folders import find_folders
from tests.ui.window import opened
from ui import own_command, session_start, xdg_autostart
from ui.session_start import SessionStart
from ui.window_app import WindowProgram

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the registry is tried in the installed program")


@pytest.fixture(autouse=True)
def desktop_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A person's settings folder of this test's own."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    return tmp_path / "autostart"


def _exec(file: Path) -> str:
    return next(line for line in file.read_text("utf-8").splitlines() if line.startswith("Exec="))[5:]


def test_what_is_written_starts_this_very_program(desktop_folder: Path) -> None:
    assert session_start.current() is SessionStart.NOBODY
    session_start.change(True)
    assert session_start.current() is SessionStart.THIS_PERSON
    command = shlex.split(_exec(desktop_folder / "retaguarda.desktop"))
    assert command == [*own_command.window_command(), "--bandeja"]
    shown = subprocess.run([*command[:-1], "--versao"], capture_output=True, text=True, timeout=60, check=True)
    assert shown.stdout.startswith("Retaguarda ")
    session_start.change(False)
    assert session_start.current() is SessionStart.NOBODY
    session_start.change(False)  # already so
    assert not list(desktop_folder.iterdir())


@pytest.mark.parametrize(
    ("word", "written"),
    [
        ("/usr/bin/python3", "/usr/bin/python3"),
        ("/srv/ana maria/main.py", '"/srv/ana maria/main.py"'),
        ("/srv/100%/x", "/srv/100%%/x"),
        ("/srv/a$b", '"/srv/a\\\\$b"'),
        ('/srv/a"b', '"/srv/a\\\\"b"'),
        ("/srv/a\\b", '"/srv/a\\\\\\\\b"'),
    ],
)
def test_a_path_is_quoted_as_desktops_read_it(word: str, written: str, desktop_folder: Path) -> None:
    xdg_autostart.change([word])
    assert _exec(desktop_folder / "retaguarda.desktop") == written


@pytest.mark.parametrize(
    "content",
    [
        "[Desktop Entry]\nExec=retaguarda\nHidden=true\n",
        "[Desktop Entry]\nExec=retaguarda\nX-GNOME-Autostart-enabled=false\n",
        "isto não é um arquivo de menu",
        "",
    ],
)
def test_what_a_desktop_was_told_to_pass_over_is_off(content: str, desktop_folder: Path) -> None:
    desktop_folder.mkdir()
    (desktop_folder / "retaguarda.desktop").write_text(content, "utf-8")
    assert session_start.current() is SessionStart.NOBODY


def _entry(program: WindowProgram) -> tuple[QMenu, QAction]:
    menu = next(menu for menu in program.window.menuBar().findChildren(QMenu) if menu.title() == "&Arquivo")
    return menu, next(action for action in menu.actions() if action.text() == "&Iniciar com a sessão")


def test_the_menu_shows_what_the_system_keeps_and_changes_it(qtbot: QtBot, desktop_folder: Path) -> None:
    with opened(qtbot, wait=False) as program:
        menu, entry = _entry(program)
        menu.aboutToShow.emit()
        assert (entry.isEnabled(), entry.isChecked()) == (True, False)
        entry.trigger()
        assert session_start.current() is SessionStart.THIS_PERSON
        session_start.change(False)  # in the settings of the desktop
        menu.aboutToShow.emit()
        assert not entry.isChecked()


def test_what_an_administrator_chose_for_everybody_is_not_changed_here(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_start, "current", lambda: SessionStart.EVERYBODY)
    with opened(qtbot, wait=False) as program:
        menu, entry = _entry(program)
        menu.aboutToShow.emit()
        assert (entry.isEnabled(), entry.isChecked()) == (False, True)
        assert "administrador" in entry.toolTip()


def test_the_demonstration_says_why_it_does_not_start_with_the_session(qtbot: QtBot) -> None:
    program = WindowProgram(find_folders(), is_demo=True)
    menu, entry = _entry(program)
    menu.aboutToShow.emit()
    assert not entry.isEnabled()
    assert "demonstração" in entry.toolTip()
    program.quit()
    program.window.deleteLater()


def test_a_folder_that_cannot_be_written_is_told(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    in_the_way = tmp_path / "arquivo"
    in_the_way.write_text("não é uma pasta", "utf-8")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(in_the_way))
    told: list[str] = []
    monkeypatch.setattr(QMessageBox, "warning", lambda parent, title, text: told.append(text))
    with opened(qtbot, wait=False) as program:
        _, entry = _entry(program)
        entry.trigger()
        assert "não deixou mudar" in told[0]
        assert not entry.isChecked()
