"""Moving the data to a server and back as a person does, with the whole program open."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot
from sqlalchemy import make_url, select, text

from app import secrets
from app.data.database import Database, database_secret
from app.data.models import Region
from app.folders import Folders, find_folders
from app.policies import DatabaseKind
from app.settings.catalog import (
    DATABASE_KIND,
    DATABASE_NAME,
    DATABASE_PORT,
    DATABASE_USER,
    SEFAZ_INTERVAL,
    SERVER,
)
from app.settings.machine import MachineStore
from app.settings.snapshot import GENERAL_COMPANY, Snapshot
from services import database_move
from services.database_move import Moved, Progress, Step, Told
from services.waited_socket import GiveUp
from tests.ui.window import opened, settle, until
from ui import pages
from ui.move_back import MoveBack
from ui.move_wizard import MoveWizard
from ui.settings_page import SettingsPage
from ui.window_app import WindowProgram


@pytest.fixture(autouse=True)
def file(data_folder: Path) -> Path:
    """The file of this computer, with something in it."""
    database = Database(f"sqlite:///{find_folders().database_file}")
    database.migrate()
    with database.writing() as connection:
        connection.execute(text("INSERT INTO region (name, active) VALUES ('Litoral', 1)"))
    database.close()
    return find_folders().database_file


def _page(program: WindowProgram, qtbot: QtBot) -> SettingsPage:
    program.window.open_page(pages.INTEGRATION)
    settle(qtbot)
    page = program.window.page
    assert isinstance(page, SettingsPage)
    return page


@contextmanager
def _wizard(qtbot: QtBot, url: str, name: str = "") -> Iterator[tuple[WindowProgram, MoveWizard]]:
    """The wizard with its form filled."""
    with opened(qtbot) as program:
        page = _page(program, qtbot)
        assert page.move_offer is not None
        page.move_offer.move_button.click()
        wizard = program.mover
        assert isinstance(wizard, MoveWizard)
        there = make_url(url)
        wizard.editors[SERVER].set_text("127.0.0.1")
        wizard.editors[DATABASE_PORT].set_text(str(there.port))
        wizard.editors[DATABASE_NAME].set_text(name or str(there.database))
        wizard.editors[DATABASE_USER].set_text(str(there.username))
        wizard.password.setText("segredo")
        yield program, wizard


def _looked(qtbot: QtBot, wizard: MoveWizard) -> None:
    wizard.check.click()
    until(qtbot, lambda: not wizard.looking.running)


def _moved(qtbot: QtBot, program: WindowProgram, wizard: MoveWizard) -> None:
    wizard.move_now.click()
    until(qtbot, lambda: wizard.end.isVisibleTo(wizard))
    until(qtbot, lambda: program.office is not None and program.office.database is not None)
    settle(qtbot)


def _regions(program: WindowProgram) -> list[str]:
    assert program.office is not None and program.office.database is not None
    with program.office.database.reading() as connection:
        return list(connection.execute(select(Region.name).order_by(Region.id)).scalars())


def test_everything_moves_and_the_program_opens_on_the_server(qtbot: QtBot, postgresql_url: str) -> None:
    with _wizard(qtbot, postgresql_url) as (program, wizard):
        _looked(qtbot, wizard)
        assert [item.text() for item in wizard.tables.findItems("", Qt.MatchFlag.MatchContains)] == [
            "Regiões de venda",
            "2",
        ]
        assert wizard.total.text() == "2 registros em 1 tabela."
        assert program.why_not_end() == ""  # only asked about yet
        wizard.ended.connect(lambda: told.append(program.why_not_end()))
        wizard.close_wanted.connect(lambda: QTimer.singleShot(0, lambda: told.append(program.why_not_end())))
        told: list[str] = []
        _moved(qtbot, program, wizard)
        assert ["mudando de lugar" in why for why in told] == [True, False]
        assert wizard.outcome.text() == "Os dados estão no servidor"
        assert wizard.explanation.text().startswith("2 registros copiados e conferidos.")
        wizard.close_button.click()
        assert program.mover is None
        assert program.office is not None
        assert program.office.snapshot[DATABASE_KIND] is DatabaseKind.SERVER
        assert program.office.database is not None and not program.office.database.is_sqlite
        assert _regions(program) == ["Geral", "Litoral"]
        assert secrets.read(database_secret(program.office.snapshot)) == "segredo"
        assert all(service.isRunning() for service in program.office.services)


def test_going_back_is_asked_about_and_opens_the_file(qtbot: QtBot, postgresql_url: str) -> None:
    with _wizard(qtbot, postgresql_url) as (program, wizard):
        _looked(qtbot, wizard)
        _moved(qtbot, program, wizard)
        wizard.close_button.click()
        offer = _page(program, qtbot).move_offer
        assert offer is not None
        until(qtbot, lambda: not offer.return_button.isHidden())
        assert offer.move_button.isHidden()
        offer.return_button.click()
        question = program.mover
        assert isinstance(question, MoveBack)
        assert "continua lá e não vem para o arquivo" in question.text.text()
        question.go.setFocus()
        QTest.keyClick(question.go, Qt.Key.Key_Return)
        until(qtbot, lambda: program.mover is None and program.office is not None)
        until(qtbot, lambda: program.office is not None and program.office.database is not None)
        settle(qtbot)
        assert program.office is not None and program.office.database is not None
        assert program.office.database.is_sqlite
        assert _regions(program) == ["Geral", "Litoral"]


def test_staying_on_the_server_is_what_enter_does(qtbot: QtBot, postgresql_url: str) -> None:
    with _wizard(qtbot, postgresql_url) as (program, wizard):
        _looked(qtbot, wizard)
        _moved(qtbot, program, wizard)
        wizard.close_button.click()
        assert program.office is not None
        program.office.return_wanted.emit()
        question = program.mover
        assert isinstance(question, MoveBack)
        QTest.keyClick(question, Qt.Key.Key_Return)
        assert program.mover is None
        assert program.office.database is not None and not program.office.database.is_sqlite


def test_enter_checks_the_server_that_was_typed(qtbot: QtBot, postgresql_url: str) -> None:
    with _wizard(qtbot, postgresql_url) as (_, wizard):
        QTest.keyClick(wizard.password, Qt.Key.Key_Return)
        assert wizard.looking.running
        until(qtbot, lambda: wizard.summary.isVisibleTo(wizard))


def test_a_refused_server_keeps_what_was_typed_and_offers_the_way_out(qtbot: QtBot, postgresql_url: str) -> None:
    with _wizard(qtbot, postgresql_url, name="nenhum") as (program, wizard):
        _looked(qtbot, wizard)
        assert "não existe" in wizard.refusal.accessibleDescription()
        assert [button.text() for button in wizard.remedies] == ["Copiar CREATE DATABASE"]
        wizard.remedies[0].click()
        assert QGuiApplication.clipboard().text().startswith('CREATE DATABASE "nenhum" OWNER "app"')
        assert wizard.editors[DATABASE_NAME].text() == "nenhum"
        assert wizard.password.text() == "segredo"
        assert wizard.check.isEnabled()
        wizard.editors[DATABASE_NAME].set_text(str(make_url(postgresql_url).database))
        _looked(qtbot, wizard)
        assert wizard.remedies == []
        assert wizard.summary.isVisibleTo(wizard)
        wizard.back.click()
        wizard.cancel.click()
        assert program.mover is None
        assert _regions(program) == ["Geral", "Litoral"]


def test_what_is_no_value_is_said_under_its_field(qtbot: QtBot, postgresql_url: str) -> None:
    with _wizard(qtbot, postgresql_url) as (_, wizard):
        wizard.editors[DATABASE_PORT].set_text("70000")
        wizard.check.click()
        assert wizard.editors[DATABASE_PORT].error
        assert not wizard.looking.running
        wizard.reject()


@pytest.fixture
def slow_copy() -> Iterator[pytest.MonkeyPatch]:
    """Copies nothing after the first table until it is given up; the patch, to undo it."""
    real, pause = database_move.move_to_server, threading.Event()

    def moving(
        folders: Folders,
        place: Snapshot,
        password: str | None,
        *,
        actor: str,
        now: datetime,
        told: Told,
        given_up: GiveUp,
    ) -> Moved:
        def held(progress: Progress) -> None:
            told(progress)
            while progress.step is Step.COPYING and not given_up():
                pause.wait(0.01)

        return real(folders, place, password, actor=actor, now=now, told=held, given_up=given_up)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database_move, "move_to_server", moving)
        yield patch


def test_cancelling_opens_the_file_again(qtbot: QtBot, postgresql_url: str, slow_copy: pytest.MonkeyPatch) -> None:
    with _wizard(qtbot, postgresql_url) as (program, wizard):
        _looked(qtbot, wizard)
        wizard.move_now.click()
        until(qtbot, lambda: "Copiando" in wizard.work.sentence)
        wizard.reject()  # Esc cancels the move, and the dialog stays until it has ended
        assert wizard.isVisible()
        until(qtbot, lambda: wizard.end.isVisibleTo(wizard))
        until(qtbot, lambda: program.office is not None and program.office.database is not None)
        settle(qtbot)
        assert wizard.explanation.text().startswith("A mudança foi cancelada.")
        assert wizard.failure.isHidden()
        assert _regions(program) == ["Geral", "Litoral"]
        assert DATABASE_KIND not in MachineStore(find_folders().machine_file).load()
        slow_copy.undo()
        wizard.again.click()
        _looked(qtbot, wizard)
        _moved(qtbot, program, wizard)
        assert program.office is not None and program.office.database is not None
        assert not program.office.database.is_sqlite


@pytest.mark.usefixtures("slow_copy")
def test_leaving_during_the_move_cancels_it(qtbot: QtBot, postgresql_url: str) -> None:
    with _wizard(qtbot, postgresql_url) as (program, wizard):
        _looked(qtbot, wizard)
        wizard.move_now.click()
        until(qtbot, lambda: "Copiando" in wizard.work.sentence)
        with qtbot.waitSignal(program.finished):
            program.quit()
    assert DATABASE_KIND not in MachineStore(find_folders().machine_file).load()


def test_what_was_typed_on_the_page_goes_to_the_wizard(qtbot: QtBot) -> None:
    with opened(qtbot) as program:
        page = _page(program, qtbot)
        assert page.access is not None and page.move_offer is not None
        page.draft.put((DATABASE_KIND, GENERAL_COMPANY), DatabaseKind.SERVER)
        page.draft.put((DATABASE_NAME, GENERAL_COMPANY), "vendas")
        page.access.refresh()
        page.access.password.setText("segredo")
        page.move_offer.move_button.click()
        wizard = program.mover
        assert isinstance(wizard, MoveWizard)
        assert wizard.editors[DATABASE_NAME].text() == "vendas"
        assert wizard.password.text() == "segredo"
        assert page.unsaved() == []
        wizard.reject()


def test_other_changes_are_asked_about_first(qtbot: QtBot) -> None:
    with opened(qtbot) as program:
        program.window.open_page(pages.PROFILES)
        settle(qtbot)
        profiles = program.window.page
        assert isinstance(profiles, SettingsPage)
        profiles.draft.put((SEFAZ_INTERVAL, GENERAL_COMPANY), 9)
        page = _page(program, qtbot)
        assert page.move_offer is not None
        page.move_offer.move_button.click()
        box = program.window.findChild(QMessageBox)
        assert box is not None
        assert program.window.findChild(MoveWizard) is None
        next(button for button in box.buttons() if button.text() == "Descartar").click()
        wizard = program.window.findChild(MoveWizard)
        assert wizard is not None
        wizard.reject()


def test_there_is_nothing_to_move_without_a_file(qtbot: QtBot, data_folder: Path, postgresql_url: str) -> None:
    there = make_url(postgresql_url)
    MachineStore(find_folders().machine_file).save(
        {
            DATABASE_KIND: DatabaseKind.SERVER,
            DATABASE_PORT: there.port,
            DATABASE_NAME: there.database,
            DATABASE_USER: there.username,
        }
    )
    with opened(qtbot) as program:
        offer = _page(program, qtbot).move_offer
        assert offer is not None
        assert offer.isHidden()
