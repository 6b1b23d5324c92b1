"""What is in force for a company, on its settings screen: whom it asks, where, for how long, and why that."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from keyring.errors import KeyringError
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.data import credit_managers, records
from app.policies import Environment
from app.settings.catalog import CREDIT_ALLOWED, CREDIT_DAYS, CREDIT_ENVIRONMENT, CREDIT_MANAGER, CUSTOMERS_PAGE
from app.settings.draft import RESTORE
from app.settings.setting import Setting
from app.tables import CREDIT_MANAGERS, ManagerEnvironment
from services.credit import credentials
from services.credit.credentials import Credentials
from services.demo.memory_keyring import MemoryKeyring
from tests.ui.credit_office import CreditOffice, credit_office
from tests.ui.office import enter
from tests.ui.window import settle, until
from ui import pages
from ui.credit_access import CreditAccessDialog
from ui.credit_in_force import CreditInForce
from ui.settings_page import SettingsPage

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def credit(qapp: QApplication) -> Iterator[CreditOffice]:
    with credit_office() as made:
        yield made


@pytest.fixture
def page(qtbot: QtBot, credit: CreditOffice) -> SettingsPage:
    made = SettingsPage(CUSTOMERS_PAGE, credit.office)
    enter(qtbot, made)
    made.show_argument(CREDIT_ALLOWED)
    settle(qtbot)
    return made


@pytest.fixture
def card(page: SettingsPage) -> CreditInForce:
    assert page.credit is not None
    return page.credit


def wish(qtbot: QtBot, page: SettingsPage, setting: Setting[Any], value: Any, company: int = 0) -> None:
    """Change a value on the screen, without saving it."""
    page.draft.put((setting, company), value)
    page._show_all()
    settle(qtbot)


def said(card: CreditInForce) -> dict[str, str]:
    return {label: value.text() for label, value in card._values.items()}


def test_each_value_says_where_it_comes_from_saved_or_not(
    qtbot: QtBot, credit: CreditOffice, page: SettingsPage, card: CreditInForce
) -> None:
    assert said(card) == {
        "Consulta": "permitida · vem do geral",
        "Gerenciadora": "Serasa da Matriz · vem do geral",
        "Ambiente": "Produção · vem do geral",
        "Prazo": "90 dias · padrão",
        "Credenciais": "as de Produção não estão neste computador: daqui ela não é consultada",
    }
    assert "no geral" in card._title.text()
    page.scope.select(2)
    settle(qtbot)
    assert card._title.text() == "Em vigor para 2 · Loja Dois, com os valores desta tela"
    assert said(card)["Ambiente"] == "Produção · vem do geral"

    wish(qtbot, page, CREDIT_DAYS, 30, company=2)
    wish(qtbot, page, CREDIT_ENVIRONMENT, Environment.TEST, company=2)
    assert said(card)["Prazo"] == "30 dias · desta empresa"
    assert said(card)["Ambiente"] == "Homologação · desta empresa"
    page.scope.select(1)
    settle(qtbot)
    assert said(card)["Ambiente"] == "Produção · vem do geral"
    wish(qtbot, page, CREDIT_ENVIRONMENT, RESTORE)
    assert said(card)["Ambiente"] == "Homologação · padrão"

    with credit.office.backoffice.database.writing() as connection:
        records.change(connection, CREDIT_MANAGERS, 1, {"ambiente": ManagerEnvironment.PRODUCTION}, "maria")
    credit.office.tables_changed.emit()
    settle(qtbot)
    assert said(card)["Ambiente"] == "Produção · do cadastro da gerenciadora"
    page.discard_all()


def test_tests_wear_a_red_band_while_analyses_are_asked_at_all(
    qtbot: QtBot, page: SettingsPage, card: CreditInForce
) -> None:
    assert not card.banner.isVisible()
    wish(qtbot, page, CREDIT_ENVIRONMENT, Environment.TEST)
    assert card.banner.isVisible()
    assert card.banner.sentences.startswith("Homologação:")
    wish(qtbot, page, CREDIT_ALLOWED, False)
    assert not card.banner.isVisible()
    assert said(card)["Consulta"] == "desligada, nenhuma análise é pedida · padrão"
    page.discard_all()
    settle(qtbot)
    assert not card.banner.isVisible()


def test_a_gerenciadora_that_cannot_be_asked_is_told(
    qtbot: QtBot, credit: CreditOffice, page: SettingsPage, card: CreditInForce
) -> None:
    wish(qtbot, page, CREDIT_MANAGER, None)
    assert said(card)["Gerenciadora"] == "nenhuma: escolha a Gerenciadora Padrão"
    assert not card.access.isVisible()
    page.discard_all()
    settle(qtbot)
    assert card.access.isVisible()
    with credit.office.backoffice.database.writing() as connection:
        second = records.parse(CREDIT_MANAGERS, {"nome": "SPC", "provedor": "spc"})
        other = records.add(connection, CREDIT_MANAGERS, second, credit.office.snapshot, "maria")
        records.set_active(connection, CREDIT_MANAGERS, other, False, "maria")
    wish(qtbot, page, CREDIT_MANAGER, other, company=1)
    page.scope.select(1)
    settle(qtbot)
    assert said(card)["Gerenciadora"] == "SPC, inativa · desta empresa"
    page.discard_all()


def test_credentials_kept_from_here_are_told_at_once(
    qtbot: QtBot, credit: CreditOffice, page: SettingsPage, card: CreditInForce
) -> None:
    QTest.mouseClick(card.access, LEFT)
    settle(qtbot)
    (dialog,) = card.findChildren(CreditAccessDialog)
    with credit.office.backoffice.database.reading() as connection:
        manager = credit_managers.get(connection, 1)
    assert manager is not None
    credentials.keep(manager, Environment.PRODUCTION, Credentials("usuario", "segredo"))
    dialog.changed.emit()
    until(qtbot, lambda: said(card)["Credenciais"] == "as de Produção estão neste computador")
    wish(qtbot, page, CREDIT_ENVIRONMENT, Environment.TEST)
    assert said(card)["Credenciais"].startswith("as de Homologação não estão")
    page.discard_all()
    dialog.reject()
    with qtbot.waitSignal(credit.office.open_page) as wanted:
        QTest.mouseClick(card.row, LEFT)
    assert wanted.args == [pages.TABLES, (CREDIT_MANAGERS.key, 1)]


def refuse(service: str, username: str) -> str:
    raise KeyringError


def test_a_keyring_that_does_not_answer_hides_nothing_else(
    qtbot: QtBot,
    page: SettingsPage,
    card: CreditInForce,
    memory_keyring: MemoryKeyring,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(memory_keyring, "get_password", refuse)
    page.hide()
    page.show()
    settle(qtbot)
    assert said(card)["Credenciais"] == "o cofre de senhas deste computador não responde"
    assert said(card)["Gerenciadora"] == "Serasa da Matriz · vem do geral"


def test_a_search_finds_settings_and_not_what_is_in_force(
    qtbot: QtBot, page: SettingsPage, card: CreditInForce
) -> None:
    page.search.setText("gerenciadora padrão")
    settle(qtbot)
    assert not card.isVisible()
    page.search.clear()
    settle(qtbot)
    assert card.isVisible()
