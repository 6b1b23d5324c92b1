"""The settings pages in front of a real database: everything edited, saved, refused and found by hand."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from keyring.errors import KeyringError
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton, QScrollArea, QWidget
from pytestqt.qtbot import QtBot
from sqlalchemy import make_url

from app.data import certificates, records, setting_values
from app.data.database import database_secret
from app.domain import Certificate
from app.folders import find_folders
from app.kinds import (
    Choice,
    FilePath,
    Flag,
    Host,
    Money,
    Number,
    Pattern,
    PublicKey,
    Reference,
    Series,
    Text,
    WebAddress,
    WeeklyWindow,
)
from app.policies import DatabaseKind, ProxyUse
from app.settings.catalog import (
    ALL,
    ANP_COMPANY_ORDER,
    ANP_CUSTOMER,
    ANP_KEPT,
    CREDIT_DAYS,
    CREDIT_FORM,
    CUSTOMERS_PAGE,
    DATABASE_KIND,
    DATABASE_NAME,
    DATABASE_PORT,
    DATABASE_USER,
    INTEGRATION_PAGE,
    OVERDUE_BUDGET,
    PROXY_HOST,
    PROXY_PORT,
    PROXY_USE,
    PROXY_USER,
    SEFAZ_BATCH,
    SEFAZ_BRANCH,
    SEFAZ_ENTITY,
    SEFAZ_INTERVAL,
    SEFAZ_PERIOD,
    SEFAZ_USER,
    SERVER,
    UPDATE_ADDRESS,
    WHATSAPP_LANGUAGE,
    WHATSAPP_VERSION,
)
from app.settings.draft import RESTORE
from app.settings.machine import MachineStore
from app.settings.repository import SettingsRepository
from app.settings.setting import Group, Setting
from app.settings.setting import Page as Screen
from app.settings.snapshot import Snapshot, Source
from app.tables import BRANCHES, COMPANIES, CREDIT_MANAGERS, ENTITIES, REGIONS, USERS, Provider
from services.background import ConsultationThread
from services.backoffice import open_backoffice
from services.demo.memory_keyring import MemoryKeyring
from services.proxy import basic
from tests.services.proxy_server import ProxyServer
from ui import tasks
from ui.editors import (
    FlagEditor,
    ListEditor,
    RadioEditor,
    ReferenceEditor,
    WindowEditor,
)
from ui.office import Office
from ui.settings_page import SettingsPage

CNPJ, OTHER_CNPJ = "11222333000181", "11444777000161"
Opener = Callable[[Screen], SettingsPage]


@pytest.fixture
def office(qtbot: QtBot, sqlite_url: str) -> Iterator[Office]:
    """An office over a real database with two companies and a row in every table that a setting points to."""
    folders = find_folders()
    shutil.copy(str(make_url(sqlite_url).database), folders.database_file)
    backoffice = replace(open_backoffice(folders), actor="maria")
    with backoffice.database.writing() as connection:
        for table, values in (
            (COMPANIES, {"cnpj": CNPJ, "nome": "Distribuidora Modelo", "uf": "SP"}),
            (COMPANIES, {"cnpj": OTHER_CNPJ, "nome": "Distribuidora Vizinha", "uf": "GO"}),
            (BRANCHES, {"empresa": 1, "cnpj": CNPJ, "nome": "Matriz SP", "uf": "SP"}),
            (BRANCHES, {"empresa": 2, "cnpj": OTHER_CNPJ, "nome": "Filial sem certificado", "uf": "GO"}),
            (USERS, {"login": "servico", "nome": "Serviço SEFAZ"}),
            (ENTITIES, {"nome": "Filial Modelo", "documento": CNPJ}),
            (REGIONS, {"nome": "Centro-Oeste"}),
            (CREDIT_MANAGERS, {"nome": "Gerenciadora exemplo", "provedor": Provider.GENERIC}),
        ):
            records.add(connection, table, values, Snapshot(), "teste")
        certificates.replace(connection, certificate(1, CNPJ))
    yield Office.opened(backoffice, [ConsultationThread(backoffice)], backoffice.settings.load())
    assert tasks.wait_all(5000)
    backoffice.close()


@pytest.fixture
def closed_office(qtbot: QtBot) -> Iterator[Office]:
    """An office whose database did not open."""
    folders = find_folders()
    settings = SettingsRepository(MachineStore(folders.machine_file), None)
    yield Office(folders, settings, settings.load(), "maria")
    assert tasks.wait_all(5000)


@pytest.fixture
def opened(qtbot: QtBot, office: Office) -> Opener:
    """Opens a page of the office with everything read."""
    return lambda screen: show(qtbot, office, screen)


def show(qtbot: QtBot, office: Office, screen: Screen) -> SettingsPage:
    page = SettingsPage(screen, office)
    qtbot.addWidget(page)
    page.resize(1100 - 196, 650)
    with qtbot.waitActive(page):
        page.show()
        page.activateWindow()
    page.entered()
    assert tasks.wait_all(5000)
    return page


def certificate(branch: int, cnpj: str, *, days: int = 143) -> Certificate:
    now = datetime.now(UTC)
    return Certificate(
        branch,
        "EMPRESA MODELO",
        cnpj,
        "AC Exemplo",
        "AC Raiz Exemplo",
        "01",
        "ab" * 32,
        now - timedelta(days=10),
        now + timedelta(days=days, hours=1),
        b"-",
        b"-",
        "certificado/teste",
        now,
    )


def write(qtbot: QtBot, field: QWidget, text: str) -> None:
    field.setFocus()
    QTest.keyClick(field, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClick(field, Qt.Key.Key_Delete)
    QTest.keyClicks(field, text)


def edit(qtbot: QtBot, page: SettingsPage, setting: Setting[Any], text: str) -> None:
    """Write a value with the keyboard and the mouse, as a person does."""
    editor = page.rows[setting].editor
    if isinstance(editor, FlagEditor):
        if editor.text() != text:
            QTest.keyClick(editor.field, Qt.Key.Key_Space)
    elif isinstance(editor, RadioEditor):
        next(button for option, button in editor.buttons.items() if editor.kind.dump(option.value) == text).click()
    elif isinstance(editor, ListEditor):
        editor.combo.setCurrentIndex(editor.combo.findData(text))
    elif isinstance(editor, WindowEditor):
        times, _, days = text.partition(" ")
        for field, part in zip((editor.start, editor.end), times.split("-"), strict=True):
            write(qtbot, field, part)
        for button in editor.days:
            if button.isChecked() is not (button.text() in days.split()):
                button.click()
    else:
        write(qtbot, editor.field, text)


def save(page: SettingsPage) -> bool:
    """Press Ctrl+S's button and wait for what comes of it."""
    answers: list[bool] = []
    page.save_all(answers.append)
    assert tasks.wait_all(5000)
    return answers == [True]


def kept(office: Office) -> Snapshot:
    return office.settings.load()


def another(setting: Setting[Any]) -> str:
    """A text whose value is not the default."""
    kind = setting.kind
    if isinstance(kind, Flag):
        return kind.dump(not setting.default)
    if isinstance(kind, Number):
        return str(setting.default + 1 if setting.default < kind.maximum else setting.default - 1)
    if setting is PROXY_USE:
        return ProxyUse.ADDRESS.value  # with any other, its neighbours are not open
    if isinstance(kind, Choice):
        return str(next(kind.dump(o.value) for o in kind.options if o.value is not setting.default))
    if isinstance(kind, Reference):
        return "2" if setting.default == 1 else "1"
    if isinstance(kind, WeeklyWindow):
        return "22:00-06:00 seg sex"
    if isinstance(kind, Host):
        return "192.168.0.10"
    if isinstance(kind, WebAddress):
        return "https://exemplo.com.br/consulta"
    if isinstance(kind, Money):
        return "1.234,50"
    if isinstance(kind, Series):
        return kind.dump(kind.parse(kind.hint)[::-1])
    if isinstance(kind, Pattern):
        return _OTHER_PATTERNS.get(setting, kind.example)
    if isinstance(kind, PublicKey):
        return "voKwjVQ7sDaKlICLmkXli6ON2eD6fOUaOPmu4992vK4="
    assert isinstance(kind, Text | FilePath)
    return "outro"


_OTHER_PATTERNS: dict[Setting[Any], str] = {WHATSAPP_VERSION: "v26.0", WHATSAPP_LANGUAGE: "pt_PT"}
"""Where the example is the default."""


def page_of(setting: Setting[Any]) -> Screen:
    return CUSTOMERS_PAGE if setting in CUSTOMERS_PAGE.settings else INTEGRATION_PAGE


# --- every setting -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("screen", [CUSTOMERS_PAGE, INTEGRATION_PAGE], ids=lambda screen: screen.key)
def test_every_setting_is_edited_saved_and_read_back(
    qtbot: QtBot, office: Office, opened: Opener, screen: Screen
) -> None:
    page = opened(screen)
    wanted: dict[Setting[Any], str] = {}
    for setting in screen.settings:
        page.scope.select(0 if setting.is_general or setting.is_machine else 1)
        wanted[setting] = another(setting)
        edit(qtbot, page, setting, wanted[setting])
        assert page.draft.errors == {}, setting.key
    assert len(page.unsaved()) == len(screen.settings)
    assert save(page), page.failure.accessibleDescription()
    assert page.unsaved() == []
    found = kept(office).for_company(1)
    for setting, text in wanted.items():
        assert found[setting] == setting.kind.parse(text), setting.key
        assert found.effective(setting).source is not Source.DEFAULT
    assert office.snapshot.values == found.values


@pytest.mark.parametrize("setting", [s for s in ALL if s.is_general and s.is_company], ids=lambda s: s.key)
def test_every_override_is_made_and_undone(qtbot: QtBot, office: Office, opened: Opener, setting: Setting[Any]) -> None:
    page = opened(page_of(setting))
    page.scope.select(2)
    row = page.rows[setting]
    assert not row.editor.widget.isEnabled()
    assert row.source.text() == "vem do geral"
    row.override.click()
    assert row.editor.widget.isEnabled()
    assert save(page)
    assert kept(office).for_company(2).effective(setting).source is Source.COMPANY, "presence overrides, though equal"
    assert kept(office).for_company(1).effective(setting).source is Source.DEFAULT
    assert row.source.text() == "desta empresa"
    row.restore.click()
    assert not row.override.isChecked()
    assert save(page)
    assert kept(office).for_company(2).effective(setting).source is Source.DEFAULT


def test_every_editor_has_a_label_a_name_a_tooltip_and_help(opened: Opener) -> None:
    for screen in (CUSTOMERS_PAGE, INTEGRATION_PAGE):
        page = opened(screen)
        for setting, row in page.rows.items():
            assert row.label.buddy() in row.editor.fields
            assert all(field.accessibleName().startswith(setting.label) for field in row.editor.fields)
            assert row.label.toolTip() == (page._locked(setting)[1] or setting.tooltip)
            row.editor.focused.emit()
            for part in (setting.help, setting.effect, setting.example, setting.key):
                assert part in page.help.text


# --- scopes --------------------------------------------------------------------------------------------------


def test_scopes_say_what_may_be_edited_where(opened: Opener) -> None:
    page = opened(CUSTOMERS_PAGE)
    company_only: tuple[Setting[Any], ...] = (SEFAZ_ENTITY, ANP_COMPANY_ORDER)
    for setting in company_only:
        assert page.rows[setting].source.text() == "escolha a empresa"
        assert not page.rows[setting].editor.widget.isEnabled()
    page.scope.select(1)
    assert page.rows[SEFAZ_ENTITY].editor.widget.isEnabled()
    assert page.rows[SEFAZ_ENTITY].override.isHidden()
    general_only: tuple[Setting[Any], ...] = (SEFAZ_INTERVAL, CREDIT_FORM, *ANP_CUSTOMER.values())
    for setting in general_only:
        assert page.rows[setting].source.text() == "só no geral"
        assert not page.rows[setting].editor.widget.isEnabled()
    assert not page.rows[CREDIT_DAYS].override.isHidden()


def test_machine_settings_have_no_chooser(opened: Opener) -> None:
    page = opened(INTEGRATION_PAGE)
    assert "deste computador" in page.scope.sentence.text()
    assert not page.scope.chooser.isVisible()
    assert "próxima abertura" in page.scope.sentence.text()
    page.show_argument(UPDATE_ADDRESS.key)
    assert page.tabs.tabText(page.tabs.currentIndex()) == "Este computador"
    assert "assim que são salvos" in page.scope.sentence.text()
    page.tabs.setCurrentIndex(2)
    assert page.scope.chooser.isVisible()


def test_a_draft_is_kept_across_companies_and_tabs(qtbot: QtBot, office: Office, opened: Opener) -> None:
    page = opened(CUSTOMERS_PAGE)
    edit(qtbot, page, CREDIT_DAYS, "120")
    edit(qtbot, page, SEFAZ_INTERVAL, "7 s")
    for company, days in ((1, "30"), (2, "60")):
        page.scope.select(company)
        assert page.rows[CREDIT_DAYS].editor.text() == "120", "the general draft is what is inherited"
        page.rows[CREDIT_DAYS].override.click()
        edit(qtbot, page, CREDIT_DAYS, days)
    page.tabs.setCurrentIndex(3)
    page.scope.select(1)
    assert page.rows[CREDIT_DAYS].editor.text() == "30"
    page.scope.select(0)
    assert page.rows[CREDIT_DAYS].editor.text() == "120"
    assert page.rows[SEFAZ_INTERVAL].editor.text() == "7 s", "what is not a number is kept too"
    assert len(page.unsaved()) == 4
    edit(qtbot, page, SEFAZ_INTERVAL, "7")
    assert save(page)
    found = kept(office)
    assert [found.for_company(company)[CREDIT_DAYS] for company in (0, 1, 2)] == [120, 30, 60]


# --- changed, restored, discarded ----------------------------------------------------------------------------


def test_writing_back_what_was_there_is_no_change(qtbot: QtBot, opened: Opener) -> None:
    page = opened(CUSTOMERS_PAGE)
    edit(qtbot, page, SEFAZ_PERIOD, "45")
    assert page.unsaved() == [SEFAZ_PERIOD.label]
    assert page.rows[SEFAZ_PERIOD].source.text() == "● não salvo"
    assert page.save_bar.save_button.isEnabled()
    assert SEFAZ_PERIOD.label in page.save_bar.text.accessibleName()
    edit(qtbot, page, SEFAZ_PERIOD, "30")
    assert page.unsaved() == []
    assert not page.save_bar.save_button.isEnabled()


def test_restoring_goes_back_to_the_default_and_says_to_what(qtbot: QtBot, office: Office, opened: Opener) -> None:
    page = opened(CUSTOMERS_PAGE)
    row = page.rows[SEFAZ_PERIOD]
    assert not row.restore.isEnabled()
    edit(qtbot, page, SEFAZ_PERIOD, "45")
    assert save(page)
    assert row.source.text() == "● alterado"
    assert row.restore.toolTip() == "Voltar ao padrão: 30 dias"
    row.restore.click()
    assert row.editor.text() == "30"
    assert save(page)
    assert kept(office).effective(SEFAZ_PERIOD).source is Source.DEFAULT
    assert not row.restore.isEnabled()


def test_discarding_says_what_changes_and_is_undone(qtbot: QtBot, opened: Opener) -> None:
    page = opened(CUSTOMERS_PAGE)
    edit(qtbot, page, SEFAZ_PERIOD, "45")
    sentence = "Periodicidade de dias para consulta por cliente: de “30 dias” para “45 dias”"
    assert sentence in page.save_bar.discard_button.toolTip()
    page.save_bar.discard_button.click()
    assert page.rows[SEFAZ_PERIOD].editor.text() == "30"
    assert sentence in page.save_bar.text.accessibleName()
    page.save_bar.undo_button.click()
    assert page.rows[SEFAZ_PERIOD].editor.text() == "45"
    page.discard_all()
    assert page.unsaved() == []


def test_the_keyboard_stays_in_the_page_when_its_buttons_are_spent(qtbot: QtBot, opened: Opener) -> None:
    page = opened(CUSTOMERS_PAGE)
    bar, field = page.save_bar, page.rows[SEFAZ_PERIOD].editor.field
    edit(qtbot, page, SEFAZ_PERIOD, "45")
    field.setFocus()
    QTest.mouseClick(bar.discard_button, Qt.MouseButton.LeftButton)
    assert not bar.discard_button.isEnabled()
    assert page.focusWidget() is field
    bar.undo_button.setFocus()
    QTest.keyClick(bar.undo_button, Qt.Key.Key_Space)
    assert page.focusWidget() is bar.discard_button
    QTest.keyClick(bar.discard_button, Qt.Key.Key_Space)
    assert page.focusWidget() is bar.undo_button
    edit(qtbot, page, SEFAZ_PERIOD, "45")
    bar.save_button.setFocus(Qt.FocusReason.TabFocusReason)
    assert save(page)
    assert page.focusWidget() is not None
    assert page.panels.isAncestorOf(page.focusWidget())


def test_saving_by_ctrl_s_but_never_by_enter(qtbot: QtBot, office: Office, opened: Opener) -> None:
    page = opened(CUSTOMERS_PAGE)
    edit(qtbot, page, SEFAZ_PERIOD, "45")
    QTest.keyClick(page.rows[SEFAZ_PERIOD].editor.field, Qt.Key.Key_Return)
    assert tasks.wait_all(5000)
    assert kept(office)[SEFAZ_PERIOD] == 30
    QTest.keyClick(page.rows[SEFAZ_PERIOD].editor.field, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    assert tasks.wait_all(5000)
    assert kept(office)[SEFAZ_PERIOD] == 45
    assert page.help.text.count("maria") == 1, "who changed it last is in the help"


# --- refused -------------------------------------------------------------------------------------------------


def test_a_text_that_is_not_a_number_marks_the_field_and_the_tab_and_stops_the_saving(
    qtbot: QtBot, office: Office, opened: Opener
) -> None:
    page = opened(CUSTOMERS_PAGE)
    edit(qtbot, page, SEFAZ_PERIOD, "45")
    edit(qtbot, page, ANP_KEPT, "dez")
    row = page.rows[ANP_KEPT]
    assert "não é um número inteiro" in row.editor.error
    marked = [not page.tabs.tabIcon(index).isNull() for index in range(page.tabs.count())]
    assert marked == [False, False, True, False, False, False]
    page.tabs.setCurrentIndex(0)
    assert not save(page)
    assert page.tabs.currentIndex() == 2
    assert row.editor.field.hasFocus()
    assert kept(office)[SEFAZ_PERIOD] == 30, "all or nothing"
    edit(qtbot, page, ANP_KEPT, "0")
    assert "de 1 a 1000 consultas" in row.editor.error
    edit(qtbot, page, ANP_KEPT, "12")
    assert save(page)
    assert (kept(office)[SEFAZ_PERIOD], kept(office)[ANP_KEPT]) == (45, 12)


def test_a_branch_without_a_valid_certificate_is_refused_on_its_field(
    qtbot: QtBot, office: Office, opened: Opener
) -> None:
    page = opened(CUSTOMERS_PAGE)
    edit(qtbot, page, SEFAZ_PERIOD, "45")
    edit(qtbot, page, SEFAZ_BRANCH, "2")
    row = page.rows[SEFAZ_BRANCH]
    assert isinstance(row.editor, ReferenceEditor)
    page.tabs.setCurrentIndex(4)
    assert not save(page)
    assert "não tem certificado digital instalado" in row.editor.error
    assert page.tabs.currentIndex() == 0
    assert row.editor.field.hasFocus()
    assert kept(office)[SEFAZ_PERIOD] == 30
    edit(qtbot, page, SEFAZ_BRANCH, "matriz")
    assert row.editor.error == ""
    assert save(page)
    assert kept(office)[SEFAZ_BRANCH] == 1


def test_branches_show_their_certificates_and_open_them(qtbot: QtBot, office: Office, opened: Opener) -> None:
    page = opened(CUSTOMERS_PAGE)
    editor = page.rows[SEFAZ_BRANCH].editor
    assert isinstance(editor, ReferenceEditor)
    offered = [editor.combo.itemText(index) for index in range(editor.combo.count())]
    assert offered[1:] == [
        "1 · Matriz SP — certificado válido por 143 dias",
        "2 · Filial sem certificado — sem certificado",
    ]
    edit(qtbot, page, SEFAZ_BRANCH, "1")
    assert editor.detail.text() == "certificado válido por 143 dias"
    button = next(b for b in editor.widget.findChildren(QPushButton) if b.text() == "Certificado…")
    with qtbot.waitSignal(office.open_page) as asked:
        button.click()
    assert asked.args == ["certificados", 1]


def test_a_company_error_is_gone_to(qtbot: QtBot, opened: Opener) -> None:
    page = opened(CUSTOMERS_PAGE)
    page.scope.select(2)
    page.rows[CREDIT_DAYS].override.click()
    edit(qtbot, page, CREDIT_DAYS, "0")
    page.scope.select(0)
    page.tabs.setCurrentIndex(0)
    assert not save(page)
    assert page.scope.selected == 2
    assert page.rows[CREDIT_DAYS].editor.field.hasFocus()


# --- conflicts and failures ----------------------------------------------------------------------------------


def test_what_somebody_else_saved_is_shown_and_either_value_may_win(
    qtbot: QtBot, office: Office, opened: Opener
) -> None:
    page = opened(CUSTOMERS_PAGE)
    edit(qtbot, page, SEFAZ_INTERVAL, "7")
    edit(qtbot, page, SEFAZ_BATCH, "20")
    edit(qtbot, page, SEFAZ_PERIOD, "45")
    elsewhere = SettingsRepository(MachineStore(office.folders.machine_file), office.database)
    elsewhere.save({(SEFAZ_INTERVAL, 0): 9, (SEFAZ_BATCH, 0): 15}, elsewhere.load(), "joana")
    page.entered()
    assert tasks.wait_all(5000)
    assert page.rows[SEFAZ_INTERVAL].editor.text() == "7", "what is being edited stays"
    assert not save(page)
    assert page.conflicts.isVisible()
    assert kept(office)[SEFAZ_PERIOD] == 30
    answers = [f"Usar o valor deles: {SEFAZ_INTERVAL.label}", f"Manter o meu: {SEFAZ_BATCH.label}"]
    for answer in answers:  # by the keyboard, which the conflicts have until all are answered
        for _ in range(2):
            button = page.focusWidget()
            assert isinstance(button, QPushButton)
            if button.accessibleName() == answer:
                QTest.keyClick(button, Qt.Key.Key_Space)
                break
            QTest.keyClick(button, Qt.Key.Key_Tab)
    assert not page.conflicts.isVisible()
    assert page.focusWidget() is page.rows[SEFAZ_BATCH].editor.field
    assert page.rows[SEFAZ_INTERVAL].editor.text() == "9"
    assert save(page)
    found = kept(office)
    assert (found[SEFAZ_INTERVAL], found[SEFAZ_BATCH], found[SEFAZ_PERIOD]) == (9, 20, 45)


def test_nothing_is_lost_when_the_saving_fails(qtbot: QtBot, office: Office, opened: Opener) -> None:
    page = opened(CUSTOMERS_PAGE)
    edit(qtbot, page, SEFAZ_PERIOD, "45")
    assert office.database is not None
    with office.database.writing() as connection:
        connection.exec_driver_sql("ALTER TABLE audit_entry RENAME TO elsewhere")
    assert not save(page)
    assert page.failure.isVisible()
    assert page.unsaved() == [SEFAZ_PERIOD.label]
    assert page.rows[SEFAZ_PERIOD].editor.text() == "45"
    with office.database.writing() as connection:
        connection.exec_driver_sql("ALTER TABLE elsewhere RENAME TO audit_entry")
    assert save(page)
    assert not page.failure.isVisible()
    assert kept(office)[SEFAZ_PERIOD] == 45


def test_a_value_edited_while_saving_is_still_unsaved(qtbot: QtBot, office: Office, opened: Opener) -> None:
    page = opened(CUSTOMERS_PAGE)
    edit(qtbot, page, SEFAZ_PERIOD, "45")
    page.save_all(lambda ok: None)
    edit(qtbot, page, SEFAZ_PERIOD, "60")
    assert tasks.wait_all(5000)
    assert kept(office)[SEFAZ_PERIOD] == 45
    assert page.unsaved() == [SEFAZ_PERIOD.label]
    assert save(page)
    assert kept(office)[SEFAZ_PERIOD] == 60


def test_what_another_page_saved_is_shown(qtbot: QtBot, office: Office, opened: Opener) -> None:
    page = opened(CUSTOMERS_PAGE)
    office.take_snapshot(office.settings.save({(SEFAZ_PERIOD, 0): 50}, kept(office), "maria"))
    assert page.rows[SEFAZ_PERIOD].editor.text() == "50"
    office.take_snapshot(office.settings.save({(SEFAZ_PERIOD, 0): RESTORE}, kept(office), "maria"))
    assert page.rows[SEFAZ_PERIOD].editor.text() == "30"


# --- search, help, keyboard ----------------------------------------------------------------------------------


def test_search_hides_what_does_not_match_in_every_tab(qtbot: QtBot, opened: Opener) -> None:
    page = opened(CUSTOMERS_PAGE)
    widgets = page.findChildren(QWidget)
    QTest.keyClick(page, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert page.search.hasFocus()
    QTest.keyClicks(page.search, "regiao de vendas")
    assert [page.tabs.tabText(i) for i in range(3)] == ["Consulta SEFAZ", "Bandeira e região (1)", "Consulta ANP"]
    assert page.tabs.currentIndex() == 1
    assert [page.tabs.isTabEnabled(i) for i in range(3)] == [False, True, False]
    assert [row.label.text() for row in page.rows.values() if row.label.isVisible()] == ["Região de Vendas Padrão"]
    page.search.clear()
    page.search.setText("submarino")
    assert page.tabs.currentIndex() == 1, "nothing found is no reason to leave the tab"
    page.search.setText("anp.cliente.revogada")
    page.search.setText("credito.prazo")
    assert page.tabs.currentIndex() == 5
    QTest.keyClick(page.search, Qt.Key.Key_Return)
    assert page.rows[CREDIT_DAYS].editor.field.hasFocus()
    page.search.setText("submarino")
    assert page.nothing.isVisible()
    assert "submarino" in page.nothing.text()
    QTest.keyClick(page.search, Qt.Key.Key_Escape)
    assert page.search.text() == ""
    assert not page.nothing.isVisible()
    assert page.tabs.tabText(1) == "Bandeira e região"
    assert set(widgets) <= set(page.findChildren(QWidget)), "nothing is built again"


def test_help_follows_the_focus_and_f1_hides_it(qtbot: QtBot, opened: Opener) -> None:
    page = opened(CUSTOMERS_PAGE)
    page.rows[SEFAZ_INTERVAL].editor.field.setFocus()
    assert SEFAZ_INTERVAL.help in page.help.text
    QTest.keyClick(page.rows[SEFAZ_INTERVAL].editor.field, Qt.Key.Key_Tab)
    assert SEFAZ_BATCH.help in page.help.text
    assert page.show_help()
    assert not page.help.isVisible()
    assert page.show_help()
    assert page.help.isVisible()
    page.tabs.setCurrentIndex(page.tabs.currentIndex() + 1)
    assert SEFAZ_BATCH.help not in page.help.text


@pytest.mark.parametrize("company", [0, 1])
@pytest.mark.parametrize("screen", [CUSTOMERS_PAGE, INTEGRATION_PAGE], ids=lambda screen: screen.key)
def test_tab_goes_through_the_editors_in_reading_order(
    qtbot: QtBot, opened: Opener, screen: Screen, company: int
) -> None:
    page = opened(screen)
    page.scope.select(company)
    for index, tab in enumerate(screen.tabs):
        page.tabs.setCurrentIndex(index)
        owner = {f: s for s in page.rows for f in (*page.rows[s].editor.fields, page.rows[s].override)}
        page.search.setFocus()
        seen: list[Setting[Any]] = []
        stops: list[QWidget] = []
        for _ in range(80):
            QTest.keyClick(page.focusWidget(), Qt.Key.Key_Tab)
            stops.append(page.focusWidget())
            setting = owner.get(page.focusWidget())
            if setting is not None and setting not in seen:
                seen.append(setting)
        shown = [s for group in tab.groups for s in in_reading_order(group)]
        reachable = [s for s in shown if page.rows[s].editor.widget.isEnabled() or page.rows[s].may_override]
        assert [s.key for s in seen if s in shown] == [s.key for s in reachable]
        assert stops[0] is page.tabs
        if page.scope.general.isVisible():
            assert stops[1] in (page.scope.general, page.scope.company)


def in_reading_order(group: Group) -> list[Setting[Any]]:
    """A status grid lists its settings column after column and is read line by line."""
    height = len(group.settings) // max(len(group.columns), 1)
    return [s for line in range(height) for s in group.settings[line::height]] if group.columns else [*group.settings]


def test_an_argument_leads_to_the_setting(opened: Opener) -> None:
    page = opened(CUSTOMERS_PAGE)
    page.show_argument("anp.servico_horario")
    assert page.tabs.currentIndex() == 4
    page.show_argument(SEFAZ_USER)
    assert page.rows[SEFAZ_USER].editor.field.hasFocus()


@pytest.mark.parametrize("screen", [CUSTOMERS_PAGE, INTEGRATION_PAGE], ids=lambda screen: screen.key)
def test_nothing_is_cut_at_the_smallest_width(opened: Opener, screen: Screen) -> None:
    page = opened(screen)
    for company in (0, 1):
        page.scope.select(company)
        for index in range(page.tabs.count()):
            page.tabs.setCurrentIndex(index)
            area = page.panels.widget(index)
            assert isinstance(area, QScrollArea)
            inside = area.widget()
            assert inside is not None
            assert inside.minimumSizeHint().width() <= area.viewport().width()


# --- this computer and its database --------------------------------------------------------------------------


def test_without_a_database_only_this_computer_is_set(qtbot: QtBot, closed_office: Office) -> None:
    customers = show(qtbot, closed_office, CUSTOMERS_PAGE)
    assert not any(row.editor.widget.isEnabled() for row in customers.rows.values())
    assert "banco de dados não está aberto" in customers.scope.sentence.text()
    page = show(qtbot, closed_office, INTEGRATION_PAGE)
    assert not page.rows[OVERDUE_BUDGET].editor.widget.isEnabled()
    assert page.rows[OVERDUE_BUDGET].source.text() == "banco fechado"
    edit(qtbot, page, SERVER, "servidor")
    edit(qtbot, page, DATABASE_KIND, "servidor")
    assert save(page)
    assert kept(closed_office)[SERVER] == "servidor"
    assert "próxima abertura" in page.save_bar.text.accessibleName()


def test_fields_of_the_server_wait_for_the_server(qtbot: QtBot, opened: Opener) -> None:
    page = opened(INTEGRATION_PAGE)
    assert page.access is not None
    assert page.rows[DATABASE_NAME].source.text() == "só com servidor"
    assert "arquivo local" in page.rows[DATABASE_NAME].label.toolTip()
    assert not page.rows[DATABASE_NAME].editor.widget.isEnabled()
    assert not page.access.password.isEnabled()
    edit(qtbot, page, DATABASE_KIND, DatabaseKind.SERVER.value)
    assert page.rows[DATABASE_NAME].editor.widget.isEnabled()
    assert page.access.password.isEnabled()


def test_the_password_goes_to_the_keyring_on_save_only(
    qtbot: QtBot, office: Office, opened: Opener, memory_keyring: MemoryKeyring
) -> None:
    page = opened(INTEGRATION_PAGE)
    assert page.access is not None
    edit(qtbot, page, DATABASE_KIND, DatabaseKind.SERVER.value)
    edit(qtbot, page, DATABASE_USER, "operador")
    page.tabs.setCurrentIndex(0)
    write(qtbot, page.access.password, "segredo")
    assert tasks.wait_all(5000)
    assert "Nenhuma senha guardada para operador" in page.access.state.text()
    assert "Senha do banco" in page.unsaved()
    assert memory_keyring.entries == {}
    assert save(page)
    assert list(memory_keyring.entries.values()) == ["segredo"]
    assert next(iter(memory_keyring.entries))[1] == database_secret(kept(office))
    assert tasks.wait_all(5000)
    assert page.access.password.text() == ""
    assert page.access.password.placeholderText() == "guardada no cofre do sistema"
    assert page.unsaved() == []
    assert "segredo" not in office.folders.machine_file.read_text("utf-8")
    assert office.database is not None
    with office.database.reading() as connection:
        assert all("segredo" not in row.value for row in setting_values.load(connection))


def test_a_password_that_the_keyring_refuses_stays_typed(
    qtbot: QtBot, office: Office, opened: Opener, memory_keyring: MemoryKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = opened(INTEGRATION_PAGE)
    assert page.access is not None
    edit(qtbot, page, DATABASE_KIND, DatabaseKind.SERVER.value)
    write(qtbot, page.access.password, "segredo")
    with monkeypatch.context() as broken:
        broken.setattr(memory_keyring, "set_password", refuse)
        assert not save(page)
    assert "cofre de senhas" in page.failure.accessibleDescription()
    assert kept(office)[DATABASE_KIND] is DatabaseKind.SERVER
    assert page.unsaved() == ["Senha do banco"]
    assert save(page)
    assert list(memory_keyring.entries.values()) == ["segredo"]


def refuse(service: str, username: str, password: str) -> None:
    raise KeyringError("o chaveiro está bloqueado")


def test_the_connection_is_tested_with_what_is_typed(
    qtbot: QtBot, office: Office, opened: Opener, postgresql_url: str
) -> None:
    url = make_url(postgresql_url)
    page = opened(INTEGRATION_PAGE)
    assert page.access is not None
    edit(qtbot, page, DATABASE_KIND, DatabaseKind.SERVER.value)
    edit(qtbot, page, SERVER, str(url.host))
    edit(qtbot, page, DATABASE_PORT, str(url.port))
    edit(qtbot, page, DATABASE_USER, str(url.username))
    edit(qtbot, page, DATABASE_NAME, "inexistente")
    page.access.password.setText(str(url.password or "sem senha"))
    page.access.check.button.click()
    assert tasks.wait_all(15000)
    assert page.access.check.view.failure.isVisible()
    assert "não existe" in page.access.check.view.failure.accessibleDescription()
    edit(qtbot, page, DATABASE_NAME, str(url.database))
    page.access.check.button.click()
    assert tasks.wait_all(15000)
    assert not page.access.check.view.failure.isVisible()
    assert "PostgreSQL" in page.access.check.view.summary.text()
    assert kept(office)[DATABASE_KIND] is DatabaseKind.FILE, "testing saves nothing"


def test_fields_of_the_proxy_wait_for_its_address(qtbot: QtBot, opened: Opener) -> None:
    page = opened(INTEGRATION_PAGE)
    assert page.proxy is not None
    assert page.rows[PROXY_HOST].source.text() == "só com endereço"
    assert not page.rows[PROXY_HOST].editor.widget.isEnabled()
    assert not page.proxy.password.isEnabled()
    assert "“Este endereço”" in page.proxy.state.text()
    edit(qtbot, page, PROXY_USE, ProxyUse.ADDRESS.value)
    assert page.rows[PROXY_HOST].editor.widget.isEnabled()
    assert page.proxy.state.text() == "Informe antes o servidor e o usuário do proxy: a senha é deles."
    edit(qtbot, page, PROXY_HOST, "proxy.loja")
    edit(qtbot, page, PROXY_USER, "maria")
    assert page.proxy.password.isEnabled()


def _with_the_password_typed(qtbot: QtBot, opened: Opener) -> SettingsPage:
    """The page where a proxy, its user and its password were typed and nothing was saved."""
    page = opened(INTEGRATION_PAGE)
    assert page.proxy is not None
    for setting, text in ((PROXY_USE, "endereco"), (PROXY_HOST, "proxy.loja"), (PROXY_USER, "maria")):
        edit(qtbot, page, setting, text)
    write(qtbot, page.proxy.password, "segredo")
    return page


def test_the_password_of_the_proxy_goes_to_the_keyring_on_save_only(
    qtbot: QtBot, opened: Opener, memory_keyring: MemoryKeyring
) -> None:
    page = _with_the_password_typed(qtbot, opened)
    assert page.proxy is not None
    assert tasks.wait_all(5000)
    assert page.proxy.state.text() == "Nenhuma senha guardada para maria em proxy.loja:3128."
    assert "Senha do proxy" in page.unsaved()
    assert memory_keyring.entries == {}
    assert save(page)
    assert memory_keyring.entries == {("Retaguarda", "proxy/maria@proxy.loja:3128"): "segredo"}
    assert tasks.wait_all(5000)
    assert page.proxy.password.placeholderText() == "guardada no cofre do sistema"
    assert page.unsaved() == []
    assert "próxima abertura" not in page.save_bar.text.accessibleName(), "it is used at the next call"


def test_a_password_that_the_settings_no_longer_ask_for_is_not_kept(
    qtbot: QtBot, opened: Opener, memory_keyring: MemoryKeyring
) -> None:
    page = _with_the_password_typed(qtbot, opened)
    assert page.proxy is not None
    edit(qtbot, page, PROXY_USER, "")
    assert "Senha do proxy" not in page.unsaved()
    assert save(page)
    assert memory_keyring.entries == {}
    edit(qtbot, page, PROXY_USER, "joana")
    assert "Senha do proxy" in page.unsaved(), "it is there to be seen again, and kept for the new user"


def test_the_way_out_is_tested_with_what_is_typed(qtbot: QtBot, opened: Opener, memory_keyring: MemoryKeyring) -> None:
    page = opened(INTEGRATION_PAGE)
    assert page.proxy is not None
    with ProxyServer(login=("maria", "segredo")) as proxy:
        for setting, text in ((PROXY_USE, "endereco"), (PROXY_HOST, "127.0.0.1"), (PROXY_PORT, str(proxy.port))):
            edit(qtbot, page, setting, text)
        page.proxy.check.button.click()
        assert tasks.wait_all(15000)
        assert "pediu usuário e senha" in page.proxy.check.view.failure.accessibleDescription()
        edit(qtbot, page, PROXY_USER, "maria")
        write(qtbot, page.proxy.password, "errada")
        page.proxy.check.button.click()
        assert tasks.wait_all(15000)
        assert "recusou o usuário e a senha" in page.proxy.check.view.failure.accessibleDescription()
        memory_keyring.entries["Retaguarda", f"proxy/maria@127.0.0.1:{proxy.port}"] = "vencida"
        write(qtbot, page.proxy.password, "")
        page.proxy.check.button.click()
        assert tasks.wait_all(15000)
        assert "recusou o usuário e a senha" in page.proxy.check.view.failure.accessibleDescription()
    assert proxy.asked[-1].count(basic("maria", "vencida").encode()) == 1, "the one that is kept"


def test_a_closed_port_is_explained(qtbot: QtBot, opened: Opener) -> None:
    import socket

    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]
    page = opened(INTEGRATION_PAGE)
    assert page.access is not None
    edit(qtbot, page, DATABASE_KIND, DatabaseKind.SERVER.value)
    edit(qtbot, page, DATABASE_PORT, str(port))
    page.access.password.setText("segredo")
    page.access.check.button.click()
    assert tasks.wait_all(15000)
    assert f"nenhum programa atende na porta {port}" in page.access.check.view.failure.accessibleDescription()
