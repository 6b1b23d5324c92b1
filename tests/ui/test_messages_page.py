"""The messages to customers, on a real database: why each waits, and what a person does about it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMessageBox, QPushButton
from pytestqt.qtbot import QtBot

from app import secrets
from app.data import audit, message_list, outbox, records, service_orders, whatsapp_pauses
from app.data.message_list import MessageQuery
from app.data.service_orders import ServiceOrderNews
from app.documents import parse_document
from app.policies import ServiceOrderStage
from app.rules.outbox import MessageState
from app.settings.catalog import (
    WHATSAPP_COLLAPSE,
    WHATSAPP_NUMBER,
    WHATSAPP_ORDERS,
    WHATSAPP_TEMPLATE,
    WHATSAPP_URL,
)
from app.settings.snapshot import SettingKey
from app.tables import CUSTOMERS
from services.demo.ca import DemoAuthority
from services.demo.example import made_up_cnpj
from services.demo.whatsapp import NUMBER_ID, TOKEN, DemoWhatsApp, Fault
from services.whatsapp.account import token_secret
from tests.ui.office import enter, open_office
from tests.ui.window import until
from ui import pages
from ui.list_page import LIST, NO_RESULTS, NOTHING_YET
from ui.message_model import Column
from ui.message_trial import MessageTrialDialog
from ui.messages_page import MessagesPage
from ui.office import Office

AURORA, SILENT = made_up_cnpj("00000001"), made_up_cnpj("00000002")


@pytest.fixture
def office(qapp: QApplication) -> Iterator[Office]:
    """Two customers, of which one did not consent; messages are on, and nothing sends them."""
    with open_office(with_branch=True) as opened:
        values: dict[SettingKey, Any] = {
            (WHATSAPP_ORDERS, 0): True,
            (WHATSAPP_NUMBER, 0): NUMBER_ID,
            (WHATSAPP_COLLAPSE, 0): False,
            **{(template, 0): f"os_{stage.value}" for stage, template in WHATSAPP_TEMPLATE.items()},
        }
        opened.settings.save(values, opened.settings.load(), "maria")
        opened.take_snapshot(opened.settings.load())
        with opened.backoffice.database.writing() as connection:
            for document, name, consent in ((AURORA, "Posto Aurora", "sim"), (SILENT, "Posto Ímpar", "não")):
                texts = {
                    "documento": document,
                    "nome": name,
                    "uf": "SP",
                    "celular": "27 99999-1234",
                    "aceita_whatsapp": consent,
                }
                records.add(connection, CUSTOMERS, records.parse(CUSTOMERS, texts), opened.snapshot, "maria")
        yield opened


@pytest.fixture
def page(qtbot: QtBot, office: Office) -> MessagesPage:
    made = MessagesPage(office)
    enter(qtbot, made)
    return made


def tell(office: Office, document: str, order: str, stage: ServiceOrderStage = ServiceOrderStage.CREATED) -> int:
    """A counter tells of a service order; the number of its message."""
    now = datetime.now(UTC)
    news = ServiceOrderNews(1, order, stage, 1, parse_document(document), "", now)
    with office.backoffice.database.writing() as connection:
        message_id = service_orders.record_event(connection, news, office.settings.load(), now).message_id
    assert message_id is not None
    return message_id


def settle_as(office: Office, message_id: int, *states: MessageState, reason: str = "") -> None:
    """What a sender did to it."""
    now = datetime.now(UTC)
    with office.backoffice.database.writing() as connection:
        for state in states:
            assert outbox.advance(connection, message_id, state, reason, now)


def listed(page: MessagesPage, column: Column = Column.STATE) -> list[str]:
    return [page.model.index(row, column).data() for row in range(page.model.rowCount())]


def states(office: Office) -> list[MessageState]:
    with office.backoffice.database.reading() as connection:
        return [row.state for row in message_list.page(connection, MessageQuery(), 0, 100)]


def show(qtbot: QtBot, page: MessagesPage, message_id: int) -> None:
    page.refresh()
    page.show_argument(message_id)
    until(qtbot, lambda: f"Mensagem nº {message_id}." in page.view.text)


def press(qtbot: QtBot, button: QPushButton) -> None:
    """By the keyboard."""
    until(qtbot, button.isVisible)
    button.setFocus()
    QTest.keyClick(button, Qt.Key.Key_Space)


def test_before_the_first_the_next_step_is_a_button(qtbot: QtBot, office: Office, page: MessagesPage) -> None:
    assert page._places.currentIndex() == NOTHING_YET
    (button,) = [b for b in page.findChildren(QPushButton) if b.text() == "Configurar o WhatsApp"]
    with qtbot.waitSignal(office.open_page) as asked:
        button.click()
    assert asked.args == [pages.INTEGRATION, WHATSAPP_ORDERS]


def test_messages_are_listed_with_why_filtered_and_whole_at_the_side(
    qtbot: QtBot, office: Office, page: MessagesPage
) -> None:
    tell(office, SILENT, "7")
    tell(office, AURORA, "120", ServiceOrderStage.FINISHED)
    with office.backoffice.database.writing() as connection:
        subject = whatsapp_pauses.channel(NUMBER_ID)
        whatsapp_pauses.hold(connection, subject, None, "O token expirou.", 190, datetime.now(UTC))
    page.refresh()
    until(qtbot, lambda: listed(page) == ["Na fila", "Deixada de lado"])
    assert page._places.currentIndex() == LIST
    assert listed(page, Column.ORDER) == ["OS 120 · Finalizada", "OS 7 · Criada"]
    assert listed(page, Column.NUMBER)[0] == "(27) 99999-1234"
    assert listed(page, Column.WHY)[0] == "O token expirou."
    assert "não consentiu" in listed(page, Column.WHY)[1]

    page.table.selectRow(0)
    said = ("Na fila: OS 120 · Finalizada", "O token expirou.", "os_finalizada (pt_BR)", "Posto Aurora", "Posto Modelo")
    until(qtbot, lambda: all(words in page.view.text for words in said))
    with qtbot.waitSignal(office.open_page) as asked:
        page.view._customer.click()
    assert asked.args == [pages.CUSTOMERS, 1]

    page._state.setCurrentIndex(page._state.findText("Na fila"))
    until(qtbot, lambda: listed(page) == ["Na fila"])
    page._search.setText("ímpar")
    until(qtbot, lambda: page._places.currentIndex() == NO_RESULTS)
    page._clear.click()
    until(qtbot, lambda: len(listed(page)) == 2)
    for text, order in (("120", "OS 120 · Finalizada"), ("IMPAR", "OS 7 · Criada")):
        page._search.setText(text)
        until(qtbot, lambda order=order: listed(page, Column.ORDER) == [order])  # type: ignore[misc]  # a default binds it now


def test_the_list_stays_where_it_was_scrolled_to_while_newer_ones_come(
    qtbot: QtBot, office: Office, page: MessagesPage
) -> None:
    numbers = [tell(office, AURORA, str(order)) for order in range(60)]
    page.refresh()
    until(qtbot, lambda: page.model.rowCount() == 60)
    page.table.selectRow(0)
    until(qtbot, lambda: f"Mensagem nº {numbers[-1]}." in page.view.text)
    bar = page.table.verticalScrollBar()
    bar.setValue(bar.maximum())
    tell(office, AURORA, "60")
    with qtbot.waitSignal(page.model.loaded):
        page.refresh()
    assert [index.row() for index in page.table.selectionModel().selectedRows()] == [1]
    assert not page.table.viewport().rect().contains(page.table.visualRect(page.table.currentIndex()))
    with qtbot.waitSignal(page.model.loaded):
        show(qtbot, page, numbers[-2])  # asked for by its number, it is gone to
    assert page.table.viewport().rect().contains(page.table.visualRect(page.table.currentIndex()))


def test_a_pause_is_said_and_resumed(qtbot: QtBot, office: Office, page: MessagesPage) -> None:
    subject = whatsapp_pauses.template(NUMBER_ID, "os_criada")
    with office.backoffice.database.writing() as connection:
        whatsapp_pauses.hold(connection, subject, None, "Modelo pausado por qualidade.", 132015, datetime.now(UTC))
    page.refresh()
    until(qtbot, lambda: "Modelo os_criada: em pausa desde" in page.channel.text)
    (resume,) = [b for b in page.channel.findChildren(QPushButton) if b.text() == "Retomar"]
    press(qtbot, resume)
    until(qtbot, lambda: "em pausa" not in page.channel.text)
    with office.backoffice.database.reading() as connection:
        assert whatsapp_pauses.in_force(connection, datetime.now(UTC)) == []


def test_one_that_waits_is_cancelled_and_sent_again(qtbot: QtBot, office: Office, page: MessagesPage) -> None:
    number = tell(office, AURORA, "120")
    show(qtbot, page, number)
    press(qtbot, page.view.cancel)
    until(qtbot, lambda: "Cancelada: OS 120" in page.view.text)
    assert not page.view.cancel.isVisible()
    press(qtbot, page.view.resend)
    until(qtbot, lambda: "Na fila: OS 120" in page.view.text)
    assert states(office) == [MessageState.PENDING]
    with office.backoffice.database.reading() as connection:
        assert len(audit.latest(connection, f"mensagens/{number}")) == 2


def test_what_moved_on_meanwhile_is_refused_and_shown_as_it_is(
    qtbot: QtBot, office: Office, page: MessagesPage
) -> None:
    number = tell(office, AURORA, "120")
    show(qtbot, page, number)
    settle_as(office, number, MessageState.SENDING, MessageState.ACCEPTED)
    page.view.cancel.click()
    until(qtbot, page.refusal.isVisible)
    assert "não pode ser cancelada" in page.refusal.accessibleDescription()
    until(qtbot, lambda: "Aceita pelo WhatsApp: OS 120" in page.view.text)
    assert "daqui não se vê se chegou" in page.view.text


def answer(text: str) -> None:
    """Press that button of the question about to be asked."""

    def press() -> None:
        question = QApplication.activeModalWidget()
        assert isinstance(question, QMessageBox)
        next(button for button in question.buttons() if button.text() == text).click()

    QTimer.singleShot(50, press)


def test_an_uncertain_one_asks_before_it_goes_twice(qtbot: QtBot, office: Office, page: MessagesPage) -> None:
    first, second = tell(office, AURORA, "120"), tell(office, AURORA, "121")
    for number in (first, second):
        settle_as(office, number, MessageState.SENDING, MessageState.UNCERTAIN, reason="A conexão caiu.")
    show(qtbot, page, first)
    until(qtbot, page.view.resend.isVisible)
    answer("Voltar")
    page.view.resend.click()
    assert states(office) == [MessageState.UNCERTAIN] * 2
    answer("Enviar de novo")
    page.view.resend.click()
    until(qtbot, lambda: "Na fila: OS 120" in page.view.text)
    show(qtbot, page, second)
    press(qtbot, page.view.reached)
    until(qtbot, lambda: "Entregue: OS 121" in page.view.text)
    assert states(office) == [MessageState.DELIVERED, MessageState.PENDING]


@pytest.fixture
def whatsapp(office: Office) -> Iterator[DemoWhatsApp]:
    """The Cloud API on loopback, which the settings name and whose token this computer has."""
    authority = DemoAuthority.create()
    office.folders.additional_ca_file.write_bytes(authority.ca_pem)
    demo = DemoWhatsApp(authority)
    demo.start()
    office.settings.save({(WHATSAPP_URL, 0): demo.address}, office.settings.load(), "maria")
    office.take_snapshot(office.settings.load())
    secrets.write(token_secret(NUMBER_ID), TOKEN)
    yield demo
    demo.stop()


def test_a_test_says_what_whatsapp_answers(
    qtbot: QtBot, office: Office, whatsapp: DemoWhatsApp, page: MessagesPage
) -> None:
    whatsapp.faults["5527988887777"] = [Fault(code=131030)]
    press(qtbot, page.test)
    (dialog,) = page.findChildren(MessageTrialDialog)
    for text, word in (("", "Informe o celular"), ("27 3333-4444", "telefone fixo")):
        dialog.number.setText(text)
        QTest.keyClick(dialog.number, Qt.Key.Key_Return)
        until(qtbot, lambda word=word: word in dialog.error.text() and dialog.error.isVisible())  # type: ignore[misc]  # as above
    dialog.number.setText("27 98888-7777")
    QTest.keyClick(dialog.number, Qt.Key.Key_Return)
    until(qtbot, lambda: "Não enviada" in dialog.answer.text())
    dialog.template.setCurrentIndex(dialog.template.count() - 1)
    QTest.keyClick(dialog.number, Qt.Key.Key_Return)
    until(qtbot, lambda: dialog.answer.text() == "Aceita pelo WhatsApp.")
    assert [(posted.template, posted.to) for posted in whatsapp.posted] == [
        ("os_criada", "5527988887777"),
        ("hello_world", "5527988887777"),
    ]
    dialog.reject()
    until(qtbot, lambda: listed(page, Column.ORDER) == ["Mensagem de teste"] * 2)
    page.table.selectRow(1)
    until(qtbot, lambda: "131030" in page.view.text)
    assert not page.view.resend.isVisible()
