"""The token of WhatsApp: in the keyring by a dialog, of the number that the screen shows, saved or not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from keyring.errors import KeyringError
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.settings.catalog import INTEGRATION_PAGE, WHATSAPP_NUMBER
from services.demo.memory_keyring import MemoryKeyring
from services.whatsapp.account import token_secret
from tests.ui.office import enter, open_office
from tests.ui.window import until
from ui.message_trial import MessageTrialDialog
from ui.office import Office
from ui.settings_page import SettingsPage
from ui.whatsapp_access import TokenDialog, WhatsAppAccess

FIRST, SECOND = "106540352242922", "206540352242922"


@pytest.fixture
def office(qapp: QApplication) -> Iterator[Office]:
    with open_office(with_branch=True) as opened:
        yield opened


@pytest.fixture
def page(qtbot: QtBot, office: Office) -> SettingsPage:
    made = SettingsPage(INTEGRATION_PAGE, office)
    enter(qtbot, made)
    made.show_argument(WHATSAPP_NUMBER)
    return made


@pytest.fixture
def access(page: SettingsPage) -> WhatsAppAccess:
    assert page.whatsapp is not None
    return page.whatsapp


def write_number(page: SettingsPage, number: str) -> None:
    field = page.rows[WHATSAPP_NUMBER].editor.field
    field.setFocus()
    QTest.keyClick(field, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(field, number)


def test_without_a_number_there_is_no_token(access: WhatsAppAccess) -> None:
    assert not access.change.isEnabled()
    assert not access.test.isEnabled()
    assert access.state.text().startswith("Informe antes a identificação do número")


def test_the_token_goes_to_the_keyring_by_the_keyboard_alone(
    qtbot: QtBot, page: SettingsPage, access: WhatsAppAccess, memory_keyring: MemoryKeyring
) -> None:
    write_number(page, FIRST)
    until(qtbot, lambda: access.state.text().startswith("Nenhum token guardado"))
    access.change.setFocus()
    QTest.keyClick(access.change, Qt.Key.Key_Space)
    (dialog,) = access.findChildren(TokenDialog)
    assert dialog.focusWidget() is dialog.token
    for text, word in (("", "Cole o token"), ("EAA 123", "sem espaços"), ("E" * 1001, "1.000 caracteres")):
        dialog.token.setText(text)
        QTest.keyClick(dialog.token, Qt.Key.Key_Return)
        assert word in dialog.error.text()
    dialog.token.setText(" EAA123\n")
    QTest.keyClick(dialog.token, Qt.Key.Key_Return)
    until(qtbot, lambda: access.state.text().startswith("Guardado neste computador"))
    assert {name: value for (_, name), value in memory_keyring.entries.items()} == {token_secret(FIRST): "EAA123"}
    assert access.findChildren(TokenDialog) == []
    assert access.change.text() == "Trocar token…"

    write_number(page, SECOND)
    until(qtbot, lambda: SECOND in access.state.text() and access.state.text().startswith("Nenhum"))
    assert "EAA123" not in str(page.draft.changes)


def refuse(service: str, username: str, password: str) -> None:
    raise KeyringError


def test_a_keyring_that_refuses_leaves_the_token_typed(
    qtbot: QtBot,
    page: SettingsPage,
    access: WhatsAppAccess,
    memory_keyring: MemoryKeyring,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write_number(page, FIRST)
    until(qtbot, access.change.isEnabled)
    access.change.click()
    (dialog,) = access.findChildren(TokenDialog)
    monkeypatch.setattr(memory_keyring, "set_password", refuse)
    dialog.token.setText("EAA123")
    dialog.accept()
    until(qtbot, dialog.failure.isVisible)
    assert "cofre de senhas" in dialog.failure.accessibleDescription()
    assert dialog.token.text() == "EAA123"
    dialog.reject()


def test_a_test_is_sent_by_the_number_of_the_screen(qtbot: QtBot, page: SettingsPage, access: WhatsAppAccess) -> None:
    write_number(page, FIRST)
    until(qtbot, access.test.isEnabled)
    access.test.click()
    (dialog,) = access.findChildren(MessageTrialDialog)
    dialog.number.setText("27 98888-7777")
    QTest.keyClick(dialog.number, Qt.Key.Key_Return)
    until(qtbot, lambda: "Falta o token" in dialog.error.text())
    dialog.reject()
