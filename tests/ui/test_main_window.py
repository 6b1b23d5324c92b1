"""The whole program: opening, pages by keyboard, unsaved changes, an unopened database, and the end."""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QApplication,
    QDialog,
    QLineEdit,
    QMenu,
    QMessageBox,
    QPushButton,
    QSystemTrayIcon,
    QWidget,
)
from pytestqt.qtbot import QtBot

from app.domain import Authority
from app.folders import find_folders
from app.settings.catalog import SEFAZ_PERIOD, SEFAZ_USER
from tests.ui.office import CNPJ
from tests.ui.window import opened, settle, until
from ui import banner, pages, window_app
from ui.editors import ReferenceEditor
from ui.home_page import HomePage
from ui.install_certificate import InstallCertificate
from ui.page import Page
from ui.record_form import RecordForm
from ui.search_box import SearchBox
from ui.settings_page import SettingsPage
from ui.unexpected import LOG_FOLDER
from ui.window_app import WindowProgram


def _button(box: QMessageBox, text: str) -> QPushButton:
    return next(b for b in box.findChildren(QPushButton) if b.text().replace("&", "") == text)


def _question(program: WindowProgram) -> QMessageBox:
    return next(box for box in program.window.findChildren(QMessageBox) if box.isVisible())


def _change_period(qtbot: QtBot, program: WindowProgram, days: int) -> SettingsPage:
    program.window.open_page(pages.PROFILES)
    settle(qtbot)
    page = program.window.page
    assert isinstance(page, SettingsPage)
    spin = page.rows[SEFAZ_PERIOD].editor.widget.findChild(QAbstractSpinBox)
    assert isinstance(spin, QAbstractSpinBox)
    spin.selectAll()
    QTest.keyClicks(spin, str(days))
    assert page.unsaved() == [SEFAZ_PERIOD.label]
    return page


def test_the_window_is_there_before_the_database(qtbot: QtBot) -> None:
    with opened(qtbot, wait=False) as program:
        assert program.window.isVisible()
        assert program.office is None
        assert not isinstance(program.window.page, HomePage)
        assert "abrindo" in program.window.status.database.text()
        until(qtbot, lambda: program.office is not None)
        assert isinstance(program.window.page, HomePage)
        assert program.window.status.database.text() == "arquivo local"


def test_pages_open_by_keyboard_with_one_title_each(qtbot: QtBot) -> None:
    with opened(qtbot) as program:
        window = program.window
        for number, entry in enumerate(pages.SIDEBAR, 1):
            if pages.shortcut(number):
                QTest.keyClick(window, getattr(Qt.Key, f"Key_{number % 10}"), Qt.KeyboardModifier.ControlModifier)
            else:
                QTest.keyClick(window.sidebar, Qt.Key.Key_Down)
            settle(qtbot)
            assert window.page_key == entry.key
            assert window.page.title == entry.title
            assert window.sidebar.currentItem().text() == entry.title
        QTest.keyClick(window.sidebar, Qt.Key.Key_Up)
        settle(qtbot)
        assert window.page_key == pages.SIDEBAR[-2].key


def test_a_shortcut_brings_the_keyboard_to_the_first_field_of_the_page_and_then_back_to_where_it_was(
    qtbot: QtBot,
) -> None:
    def go(number: int) -> QWidget:
        key = getattr(Qt.Key, f"Key_{number}")
        QTest.keyClick(window.focusWidget(), key, Qt.KeyboardModifier.ControlModifier)
        settle(qtbot)
        return window.focusWidget()

    with opened(qtbot) as program:
        window = program.window
        window.sidebar.setFocus()
        anp_lists = [entry.key for entry in pages.SIDEBAR].index(pages.ANP_LISTS) + 1
        field = go(anp_lists)
        assert isinstance(field, SearchBox)  # and not one of the buttons above
        QTest.keyClick(field, Qt.Key.Key_Tab)
        left = window.focusWidget()
        assert left is not field
        assert window.page.isAncestorOf(left)
        assert go(1) is not left
        assert window.page.isAncestorOf(window.focusWidget())
        assert go(anp_lists) is left
        window.sidebar.setFocus()
        QTest.keyClick(window.sidebar, Qt.Key.Key_Down)
        settle(qtbot)
        assert window.sidebar.hasFocus()


def test_every_page_has_room_for_all_of_it_in_the_smallest_window(qtbot: QtBot) -> None:
    with opened(qtbot) as program:
        window = program.window
        window.resize(window.minimumSize())
        for key in pages.BY_KEY:
            window.open_page(key)
            settle(qtbot)
            needed, room = window.page.minimumSizeHint(), window.page.size()
            assert needed.width() <= room.width(), (key, needed)
            assert needed.height() <= room.height(), (key, needed)


@pytest.mark.parametrize("entry", pages.TOOLS, ids=lambda entry: entry.key)
def test_tools_open_from_the_menu(qtbot: QtBot, entry: pages.PageEntry) -> None:
    with opened(qtbot) as program:
        program.window.open_page(entry.key)
        settle(qtbot)
        assert program.window.page.title == entry.title
        assert program.window.sidebar.currentRow() == -1


def test_tab_goes_from_the_sidebar_through_the_page_to_the_status_bar(qtbot: QtBot) -> None:
    with opened(qtbot) as program:
        window = program.window
        status = window.status
        until(qtbot, lambda: {*status.services} == {*Authority} and status.certificate.isVisible())
        window.open_page(pages.ENDPOINTS)
        settle(qtbot)
        window.sidebar.setFocus()
        passed: list[QWidget] = []
        while window.sidebar not in passed:
            QTest.keyClick(window.focusWidget(), Qt.Key.Key_Tab)
            assert window.focusWidget() not in passed
            passed.append(window.focusWidget())
        *within, database, sefaz, anp, certificate, _ = passed
        assert len(within) > 5
        assert all(window.page.isAncestorOf(widget) for widget in within)
        # Where nobody asks for credit analyses, their service takes no room.
        services = [status.services[authority] for authority in (Authority.SEFAZ, Authority.ANP)]
        assert [database, sefaz, anp, certificate] == [status.database, *services, status.certificate]
        assert not status.services[Authority.CREDIT].isVisible()
        QTest.keyClick(window.sidebar, Qt.Key.Key_Tab, Qt.KeyboardModifier.ShiftModifier)
        assert window.focusWidget() is status.certificate


def test_ctrl_f_goes_to_the_search_from_the_sidebar_too(qtbot: QtBot) -> None:
    with opened(qtbot) as program:
        window = program.window
        for key in (
            pages.CUSTOMERS,
            pages.CONSULTATIONS,
            pages.PROFILES,
            pages.INTEGRATION,
            pages.TABLES,
            pages.AUDIT,
        ):
            window.open_page(key)
            settle(qtbot)
            window.activateWindow()
            window.sidebar.setFocus()
            QTest.keyClick(window.sidebar, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
            field = window.focusWidget()
            assert isinstance(field, QLineEdit), key
            assert "buscar" in field.accessibleName().lower()


def test_a_new_row_is_chosen_where_it_was_asked_for(qtbot: QtBot) -> None:
    with opened(qtbot) as program:
        window = program.window
        window.open_page(pages.PROFILES)
        settle(qtbot)
        page = window.page
        assert isinstance(page, SettingsPage)
        editor = page.rows[SEFAZ_USER].editor
        assert isinstance(editor, ReferenceEditor)
        editor.new.click()
        settle(qtbot)
        assert window.page_key == pages.TABLES
        (form,) = window.page.findChildren(RecordForm)
        form.editors["login"].set_text("servico")
        form.editors["nome"].set_text("Serviço de consulta")
        form.save()
        settle(qtbot)
        window.open_page(pages.PROFILES)
        settle(qtbot)
        assert editor.edit.text() == f"{editor.value()} · Serviço de consulta"
        assert page.unsaved() == [SEFAZ_USER.label]
        page.discard_all()


def test_the_first_window_fits_the_screen(qtbot: QtBot) -> None:
    with opened(qtbot, wait=False) as program:
        room = program.window.screen().availableSize()
        assert program.window.height() < room.height()


def test_the_original_paths_are_in_the_menu_bar(qtbot: QtBot) -> None:
    with opened(qtbot) as program:
        for path in (("Ferramentas", "Sistema", "Clientes"), ("Balcão", "Integração")):
            actions = program.window.menuBar().actions()
            for title in path:
                action = next(a for a in actions if a.text().replace("&", "") == title)
                menu = action.menu()
                actions = menu.actions() if isinstance(menu, QMenu) else []
            action.trigger()
            settle(qtbot)
            assert program.window.page.path == path


def test_closing_asks_about_each_unsaved_change_by_name(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(qtbot) as program:
        _change_period(qtbot, program, 45)
        program.window.close()
        box = _question(program)
        assert SEFAZ_PERIOD.label in box.informativeText()
        assert "Perfis de clientes" in box.informativeText()
        QTest.mouseClick(_button(box, "Continuar editando"), Qt.MouseButton.LeftButton)
        assert program.window.isVisible()
        assert program.window.page.unsaved() == [SEFAZ_PERIOD.label]

        program.window.close()
        with qtbot.waitSignal(program.finished, timeout=15_000):
            QTest.mouseClick(_button(_question(program), "Salvar"), Qt.MouseButton.LeftButton)
    with opened(qtbot) as again:
        assert again.office is not None
        assert again.office.snapshot[SEFAZ_PERIOD] == 45


def test_discarding_leaves_without_saving(qtbot: QtBot) -> None:
    with opened(qtbot) as program:
        _change_period(qtbot, program, 45)
        program.window.close()
        with qtbot.waitSignal(program.finished, timeout=15_000):
            QTest.mouseClick(_button(_question(program), "Descartar"), Qt.MouseButton.LeftButton)
    with opened(qtbot) as again:
        assert again.office is not None
        assert again.office.snapshot[SEFAZ_PERIOD] == SEFAZ_PERIOD.default


def test_a_refused_save_keeps_the_program_open_on_its_page(qtbot: QtBot) -> None:
    with opened(qtbot) as program:
        _change_period(qtbot, program, 0)
        program.window.open_page(pages.HOME)
        program.window.close()
        QTest.mouseClick(_button(_question(program), "Salvar"), Qt.MouseButton.LeftButton)
        until(qtbot, lambda: program.window.page_key == pages.PROFILES)
        settle(qtbot)
        assert program.window.isVisible()
        assert program.window.page.unsaved() == [SEFAZ_PERIOD.label]


def test_started_in_a_tray_that_never_comes_the_window_shows_itself(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(window_app, "_TRAY_PATIENCE_MS", 1)
    program = WindowProgram(find_folders())
    program.start(in_tray=True)
    assert not program.window.isVisible()
    until(qtbot, lambda: program.window.isVisible() and program.office is not None)
    program.quit()
    program.window.deleteLater()


def test_without_a_tray_closing_ends_the_program(qtbot: QtBot) -> None:
    assert not QSystemTrayIcon.isSystemTrayAvailable()
    with opened(qtbot) as program, qtbot.waitSignal(program.finished, timeout=15_000):
        program.window.close()


def test_leaving_while_the_database_opens(qtbot: QtBot) -> None:
    with opened(qtbot, wait=False) as program:
        until(qtbot, lambda: program.tray is not None)
        program.quit()
        assert not program.window.isVisible()


def _out_of_reach(data_folder: Path) -> Path:
    """Have the program's own file of settings name a PostgreSQL that nobody answers for, and return it."""
    file = data_folder / "maquina.json"
    file.write_text(json.dumps({"balcao.banco_tipo": "servidor", "balcao.porta_banco": "1"}))
    return file


def test_an_unreachable_server_is_explained_and_can_be_corrected(qtbot: QtBot, data_folder: Path) -> None:
    file = _out_of_reach(data_folder)
    with opened(qtbot, wait=False) as program:
        window = program.window
        until(qtbot, lambda: window.opening.failure is not None and window.opening.failure.isVisible())
        assert window.opening.failure is not None
        assert "127.0.0.1:1" in window.opening.failure.accessibleName()
        assert window.status.database.text() == "não abriu"
        customers = window.sidebar.item(1)
        assert not customers.flags() & Qt.ItemFlag.ItemIsEnabled
        assert "127.0.0.1:1" in customers.toolTip()

        window.opening.open_settings.click()
        settle(qtbot)
        assert window.page_key == pages.INTEGRATION
        file.write_text("{}")
        window.retry_wanted.emit()
        until(qtbot, lambda: program.office is not None and program.office.database is not None)
        settle(qtbot)
        assert isinstance(window.page, HomePage)


def test_in_the_tray_a_server_out_of_reach_is_tried_again(
    qtbot: QtBot, data_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = _out_of_reach(data_folder)
    monkeypatch.setattr(window_app, "_AGAIN_MS", 100)
    with opened(qtbot, wait=False) as program:
        opening = program.window.opening
        until(qtbot, lambda: opening.failure is not None and opening.failure.isVisible())
        settle(qtbot)
        file.write_text("{}")  # the server is there now
        qtbot.wait(500)
        assert program.office is None or program.office.database is None  # whoever sees the window has the button
        with monkeypatch.context() as typed:
            typed.setattr(program, "why_not_end", lambda: "Há alterações não salvas.")
            program.window.showMinimized()
            qtbot.wait(500)
            assert program.office is None or program.office.database is None
        program.window.hide()
        until(qtbot, lambda: program.office is not None and program.office.database is not None)
        settle(qtbot)
        assert not program.window.isVisible()


def test_another_start_asks_for_a_page_that_has_no_database_yet(qtbot: QtBot, data_folder: Path) -> None:
    file = _out_of_reach(data_folder)
    with opened(qtbot, wait=False) as program:
        window = program.window
        until(qtbot, lambda: window.opening.failure is not None and window.opening.failure.isVisible())
        program.show_page(pages.CUSTOMERS)
        assert window.stack.currentWidget() is window.opening
        file.write_text("{}")
        window.retry_wanted.emit()
        until(qtbot, lambda: program.office is not None and program.office.database is not None)
        settle(qtbot)
        assert window.page_key == pages.CUSTOMERS


def test_a_broken_machine_file_is_explained(qtbot: QtBot, data_folder: Path) -> None:
    file = data_folder / "maquina.json"
    file.write_text("{ não é json")
    with opened(qtbot, wait=False) as program:
        opening = program.window.opening
        until(qtbot, lambda: opening.failure is not None and opening.failure.isVisible())
        assert opening.failure is not None
        assert "maquina.json" in opening.failure.accessibleName()
        assert not opening.open_settings.isVisible()
        file.unlink()
        opening.try_again.click()
        until(qtbot, lambda: program.office is not None)
        settle(qtbot)


def test_the_first_steps_are_said_on_an_empty_database(qtbot: QtBot) -> None:
    with opened(qtbot) as program:
        window = program.window

        def take(step: str, *, not_yet: str) -> None:
            window.open_page(pages.HOME)
            settle(qtbot)
            buttons = {b.text(): b for b in window.page.findChildren(QPushButton) if b.isVisible()}
            assert {step, "Abrir Clientes"} <= set(buttons)
            assert not_yet not in buttons
            buttons[step].click()
            settle(qtbot)

        def fill(**texts: str) -> None:
            (form,) = window.page.findChildren(RecordForm)
            for name, text in texts.items():
                form.editors[name].set_text(text)
            form.save()
            settle(qtbot)

        take("Incluir empresa", not_yet="Incluir filial")
        fill(cnpj=CNPJ, nome="Posto Modelo", uf="SP")
        take("Incluir filial", not_yet="Instalar certificado")
        fill(empresa="1", cnpj=CNPJ, nome="Matriz", uf="SP")
        take("Instalar certificado", not_yet="Incluir filial")
        (dialog,) = window.page.findChildren(InstallCertificate)
        assert dialog.branch.currentData() == 1
        dialog.reject()


def test_the_demonstration_says_so_all_the_time(qtbot: QtBot) -> None:
    program = WindowProgram(find_folders(), is_demo=True)
    program.start()
    try:
        until(qtbot, lambda: program.office is not None)
        settle(qtbot)
        assert program.window.banner.isVisible()
        assert program.window.banner.sentences == banner.DEMO
        assert program.window.banner.findChildren(QPushButton) == []
    finally:
        program.quit()
        program.window.deleteLater()


def test_the_window_is_where_it_was(qtbot: QtBot) -> None:
    with opened(qtbot, wait=False) as program:
        until(qtbot, lambda: program.tray is not None)
        program.window.resize(1010, 650)
    with opened(qtbot, wait=False) as again:
        assert (again.window.width(), again.window.height()) == (1010, 650)
        until(qtbot, lambda: again.tray is not None)


def test_an_unexpected_error_is_logged_and_shown_once(
    qtbot: QtBot, data_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOGNAME", "maria")
    with opened(qtbot) as program:
        for _ in range(2):
            try:
                raise ZeroDivisionError("conta impossível")
            except ZeroDivisionError as error:
                # What Qt does with an exception that leaves a slot.
                sys.excepthook(type(error), error, error.__traceback__)
        dialogs = [d for d in program.window.findChildren(QDialog) if d.objectName() == "erro-inesperado"]
        assert len(dialogs) == 1
        copy = next(b for b in dialogs[0].findChildren(QPushButton) if b.text() == "Copiar")
        copy.click()
        assert "conta impossível" in QApplication.clipboard().text()
        dialogs[0].accept()
    text = (data_folder / LOG_FOLDER / "retaguarda-maria.log").read_text("utf-8")
    assert text.count("unexpected error: ZeroDivisionError\n") == 2
    assert __file__ in text
    assert "conta impossível" not in text  # it may be of a person


def test_leaving_gives_hooks_and_log_back(qtbot: QtBot) -> None:
    hook, handlers = sys.excepthook, list(logging.getLogger().handlers)
    with opened(qtbot):
        assert sys.excepthook is not hook
    assert sys.excepthook is hook
    assert logging.getLogger().handlers == handlers


def test_f1_without_help_says_so(qtbot: QtBot) -> None:
    with opened(qtbot) as program:
        assert isinstance(program.window.page, Page)
        QTest.keyClick(program.window, Qt.Key.Key_F1)
        assert program.window.status.currentMessage() == "Esta página não tem ajuda própria."


def test_no_field_of_the_window_lacks_a_name(qtbot: QtBot) -> None:
    with opened(qtbot) as program:
        for button in (program.window.status.database, *program.window.status.services.values()):
            assert button.accessibleName()
        assert all(line.accessibleName() for line in program.window.page.findChildren(QLineEdit))
