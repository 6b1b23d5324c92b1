"""The credentials of a gerenciadora in Tabelas: kept in the keyring, taken away, and tried on real servers."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from keyring.errors import KeyringError
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QMessageBox
from pytestqt.qtbot import QtBot

from app.data import credit_managers, credit_pauses, records
from app.data.credit_managers import Manager
from app.data.credit_pauses import Pause
from app.domain import Authority, Phase
from app.policies import Environment
from app.tables import CREDIT_MANAGERS, REGIONS, ManagerEnvironment, Provider
from services.credit import credentials
from services.credit.credentials import Credentials
from services.demo.ca import DemoAuthority
from services.demo.credit import PASSWORD, USER, DemoSerasa
from services.demo.memory_keyring import MemoryKeyring
from tests.services.tls_server import Connection, TlsServer
from tests.ui.credit_office import CreditOffice, credit_office
from tests.ui.office import enter
from tests.ui.window import settle, until
from ui.credit_access import AccessCard, CreditAccessDialog
from ui.credit_credentials import CredentialsDialog
from ui.tables_page import TablesPage

PRODUCTION, TEST = Environment.PRODUCTION, Environment.TEST
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def credit(qapp: QApplication) -> Iterator[CreditOffice]:
    with credit_office() as made:
        yield made


@pytest.fixture(scope="session")
def authority() -> DemoAuthority:
    return DemoAuthority.create()


def manager_of(credit: CreditOffice) -> Manager:
    with credit.office.backoffice.database.reading() as connection:
        found = credit_managers.get(connection, 1)
    assert found is not None
    return found


def change(credit: CreditOffice, **values: Any) -> None:
    with credit.office.backoffice.database.writing() as connection:
        records.change(connection, CREDIT_MANAGERS, 1, values, "maria")


def opened(qtbot: QtBot, credit: CreditOffice) -> CreditAccessDialog:
    """The dialog, as a person gets to it."""
    page = TablesPage(credit.office)
    enter(qtbot, page)
    page._show_table(CREDIT_MANAGERS.key)
    settle(qtbot)
    assert not page.access_button.isEnabled()
    page.view.selectRow(0)
    QTest.mouseClick(page.access_button, LEFT)
    settle(qtbot)
    (dialog,) = page.findChildren(CreditAccessDialog)
    return dialog


def asking(card: AccessCard) -> CredentialsDialog:
    card.change.setFocus()
    QTest.keyClick(card.change, Qt.Key.Key_Space)
    (dialog,) = card.findChildren(CredentialsDialog)
    return dialog


def labels(dialog: CredentialsDialog) -> list[str]:
    return [label.text().replace("&", "") for label in dialog.findChildren(QLabel) if label.buddy() is not None]


def test_only_gerenciadoras_have_credentials(qtbot: QtBot, credit: CreditOffice) -> None:
    page = TablesPage(credit.office)
    enter(qtbot, page)
    page._show_table(CREDIT_MANAGERS.key)
    settle(qtbot)
    assert page.access_button.isVisible()
    page._show_table(REGIONS.key)
    settle(qtbot)
    assert not page.access_button.isVisible()


def test_they_go_to_the_keyring_by_the_keyboard_alone_and_what_waited_for_them_goes_on(
    qtbot: QtBot, credit: CreditOffice, memory_keyring: MemoryKeyring
) -> None:
    with credit.office.backoffice.database.writing() as connection:
        for environment in Environment:
            credit_pauses.hold(connection, Pause(1, environment, None, "Credenciais recusadas."))
    access = opened(qtbot, credit)
    card = access.cards[PRODUCTION]
    assert card.change.hasFocus()
    assert card.state.text() == "Não há credenciais neste computador."
    assert (card.forget.isEnabled(), card.trial.isEnabled()) == (False, False)
    dialog = asking(card)
    assert dialog.focusWidget() is dialog.user
    QTest.keyClicks(dialog.user, " minha-identificacao ")
    QTest.keyClick(dialog.user, Qt.Key.Key_Tab)
    QTest.keyClicks(dialog.password, "meu-segredo")
    with qtbot.waitSignal(access.changed):
        QTest.keyClick(dialog.password, Qt.Key.Key_Return)
    until(qtbot, lambda: card.state.text() == "Guardadas neste computador, de minha-identificacao.")
    assert credentials.read(manager_of(credit), PRODUCTION) == Credentials("minha-identificacao", "meu-segredo")
    assert credentials.read(manager_of(credit), TEST) is None
    with credit.office.backoffice.database.reading() as connection:
        assert [one.environment for one in credit_pauses.in_force(connection, datetime.now(UTC))] == [TEST]
    assert card.change.text() == "Trocar…"
    assert card.trial.isEnabled()
    assert card.findChildren(CredentialsDialog) == []
    again = asking(card)
    assert again.user.text() == "minha-identificacao"
    assert again.password.text() == ""
    assert again.focusWidget() is again.password
    again.reject()


@pytest.mark.parametrize(
    ("provider", "asked"),
    [
        (Provider.SERASA, ["Identificação do cliente (client id)", "Segredo (client secret)"]),
        (Provider.SPC, ["Operador", "Senha"]),
        (Provider.GENERIC, ["Usuário", "Senha ou token"]),
    ],
)
def test_they_are_called_as_the_provider_calls_them(
    qtbot: QtBot, credit: CreditOffice, provider: Provider, asked: list[str]
) -> None:
    change(credit, provedor=provider, mapeamento="exemplo.toml")
    dialog = asking(opened(qtbot, credit).cards[TEST])
    assert labels(dialog) == asked
    dialog.password.setText("algo")
    dialog.accept()
    settle(qtbot)
    token_alone = provider is Provider.GENERIC
    assert (credentials.read(manager_of(credit), TEST) is not None) is token_alone
    if not token_alone:
        assert dialog.focusWidget() is dialog.user
        assert dialog.error.text().startswith("Informe ")
        dialog.reject()


@pytest.mark.parametrize(
    ("user", "password", "said"),
    [
        ("", "segredo", "Informe a identificação do cliente."),
        ("a:b", "segredo", "Dois-pontos"),
        ("usuario", "  ", "Informe o segredo."),
        ("u" * 501, "segredo", "500 caracteres"),
        ("usuario", "s" * 501, "500 caracteres"),
    ],
)
def test_what_cannot_be_presented_is_refused_where_it_was_typed(
    qtbot: QtBot, credit: CreditOffice, memory_keyring: MemoryKeyring, user: str, password: str, said: str
) -> None:
    dialog = asking(opened(qtbot, credit).cards[PRODUCTION])
    dialog.user.setText(user)
    dialog.password.setText(password)
    dialog.accept()
    assert said in dialog.error.text()
    assert (dialog.user.text(), dialog.password.text()) == (user, password)
    assert memory_keyring.entries == {}
    dialog.reject()


def refuse(service: str, username: str, password: str = "") -> str:
    raise KeyringError


def test_a_keyring_that_does_not_answer_is_told_and_nothing_typed_is_lost(
    qtbot: QtBot, credit: CreditOffice, memory_keyring: MemoryKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    access = opened(qtbot, credit)
    card = access.cards[PRODUCTION]
    monkeypatch.setattr(memory_keyring, "set_password", refuse)
    dialog = asking(card)
    dialog.user.setText("usuario")
    dialog.password.setText("segredo")
    dialog.accept()
    until(qtbot, dialog.failure.isVisible)
    assert "cofre de senhas" in dialog.failure.accessibleDescription()
    assert dialog.password.text() == "segredo"
    dialog.reject()
    monkeypatch.setattr(memory_keyring, "get_password", refuse)
    other = CreditAccessDialog(credit.office, 1)
    qtbot.addWidget(other)
    other.open()
    until(qtbot, lambda: bool(other.cards) and other.cards[PRODUCTION].failure.isVisible())
    assert "Não se sabe" in other.cards[PRODUCTION].state.text()
    assert not other.cards[PRODUCTION].trial.isEnabled()


@pytest.mark.parametrize("yes", [True, False])
def test_they_are_taken_away_after_a_question(qtbot: QtBot, credit: CreditOffice, yes: bool) -> None:
    credentials.keep(manager_of(credit), PRODUCTION, Credentials("usuario", "segredo"))
    credentials.keep(manager_of(credit), TEST, Credentials("outro", "segredo"))
    access = opened(qtbot, credit)
    card = access.cards[PRODUCTION]
    QTest.mouseClick(card.forget, LEFT)
    (box,) = card.findChildren(QMessageBox)
    (pressed,) = (one for one in box.buttons() if one.text() == ("Apagar" if yes else "Voltar"))
    QTest.mouseClick(pressed, LEFT)
    settle(qtbot)
    assert (credentials.read(manager_of(credit), PRODUCTION) is None) is yes
    assert credentials.read(manager_of(credit), TEST) is not None
    assert card.forget.isEnabled() is not yes


def test_each_environment_says_where_it_is_and_whether_it_is_used(qtbot: QtBot, credit: CreditOffice) -> None:
    change(credit, provedor=Provider.SPC, url_producao="https://spc.exemplo.com.br", ambiente=ManagerEnvironment.TEST)
    access = opened(qtbot, credit)
    production, test = (access.cards[one]._where.text() for one in (PRODUCTION, TEST))
    assert production.startswith("https://spc.exemplo.com.br, do cadastro. Não é usado: o cadastro impõe Homologação")
    assert test.startswith("Sem endereço")
    assert access.cards[TEST].change.hasFocus()


def test_what_waits_in_the_queue_is_asked_as_soon_as_they_are_kept(
    qtbot: QtBot, credit: CreditOffice, authority: DemoAuthority
) -> None:
    service = credit.office.service_of(Authority.CREDIT)
    with DemoSerasa(authority) as serasa:
        credit.office.folders.additional_ca_file.write_bytes(authority.ca_pem)
        change(credit, url_producao=serasa.address)
        credit.ask()
        service.start()
        try:
            until(qtbot, lambda: "não tem as credenciais" in service.state.sentence)
            dialog = asking(opened(qtbot, credit).cards[PRODUCTION])
            dialog.user.setText(USER)
            dialog.password.setText(PASSWORD)
            dialog.accept()
            until(qtbot, lambda: len(serasa.asked) == 1)
            until(qtbot, lambda: service.state.phase is Phase.IDLE)
        finally:
            service.stop()


# --- trying ---


def trust(credit: CreditOffice, authority: DemoAuthority, address: str, password: str = PASSWORD) -> None:
    credit.office.folders.additional_ca_file.write_bytes(authority.ca_pem)
    change(credit, url_producao=address)
    credentials.keep(manager_of(credit), PRODUCTION, Credentials(USER, password))


def test_what_the_gerenciadora_accepts_is_told_and_nobody_is_asked_about(
    qtbot: QtBot, credit: CreditOffice, authority: DemoAuthority
) -> None:
    with DemoSerasa(authority) as serasa:
        trust(credit, authority, serasa.address)
        card = opened(qtbot, credit).cards[PRODUCTION]
        QTest.mouseClick(card.trial, LEFT)
        until(qtbot, lambda: "aceitou as credenciais" in card.answer.text())
        assert not card.failure.isVisible()
        assert (serasa.logins, serasa.asked) == (1, [])
        serasa.password = "outra"
        QTest.mouseClick(card.trial, LEFT)
        until(qtbot, card.failure.isVisible)
        assert not card.answer.isVisible()
        assert "O que fazer" in card.failure._todo.text()
        assert PASSWORD not in card.failure.accessibleDescription() + card.failure._details.toPlainText()
        asking(card).reject()  # other credentials can be given at once


def test_a_try_is_given_up_and_its_window_closed_while_nobody_answers(
    qtbot: QtBot, credit: CreditOffice, authority: DemoAuthority
) -> None:
    asked = threading.Semaphore(0)

    def script(connection: Connection, _number: int) -> None:
        connection.request()
        asked.release()
        connection.request()  # until the client leaves

    with TlsServer(authority.server_context(require_client=False), script) as server:
        trust(credit, authority, f"https://localhost:{server.port}")
        access = opened(qtbot, credit)
        card = access.cards[PRODUCTION]
        QTest.mouseClick(card.trial, LEFT)
        until(qtbot, lambda: asked.acquire(blocking=False))
        assert (card.trial.text(), card.change.isEnabled()) == ("Cancelar", False)
        QTest.mouseClick(card.trial, LEFT)
        until(qtbot, lambda: card.trial.text() == "Testar acesso")
        assert card.answer.text() == "O teste foi cancelado."
        assert not card.failure.isVisible()
        QTest.mouseClick(card.trial, LEFT)
        until(qtbot, lambda: asked.acquire(blocking=False))
        access.close()
        settle(qtbot)  # it does not wait for the server
