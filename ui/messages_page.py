"""The messages to customers about their service orders: what waits, what left, what did not and why."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QMessageBox, QPushButton, QVBoxLayout, QWidget

from app.rules.outbox import MessageState
from app.settings.catalog import WHATSAPP_ORDERS
from ui import icons, pages, tasks, words
from ui.empty_state import EmptyState
from ui.failure_view import FailureView, failure_of
from ui.filter_boxes import CompanyBox, PeriodBox
from ui.live_journal_page import LiveJournalPage
from ui.message_channel import MessageChannel
from ui.message_model import LOOKS, WIDTHS, MessageModel, of_order
from ui.message_trial import MessageTrialDialog
from ui.message_view import MessageView
from ui.references import ReferenceSource
from ui.search_box import SearchBox

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from app.data.message_list import MessageQuery, MessageRow
    from ui.office import Office

_LIVE_MS = 500
_GROUPS: tuple[tuple[str, frozenset[MessageState]], ...] = (
    ("Na fila", frozenset({MessageState.PENDING, MessageState.SENDING})),
    ("Precisam de alguém", frozenset({MessageState.FAILED, MessageState.UNCERTAIN})),
    ("Enviadas", frozenset({MessageState.ACCEPTED, MessageState.DELIVERED, MessageState.READ})),
)
_ALL: frozenset[MessageState] = frozenset()


class MessagesPage(LiveJournalPage[MessageModel]):
    """`show_argument` takes a message's number."""

    menu_path = ("Balcão",)

    def __init__(self, office: Office, parent: QWidget | None = None) -> None:
        search = SearchBox("Buscar cliente, celular ou ordem", "Buscar mensagens por cliente, celular ou ordem")
        super().__init__(
            pages.MESSAGES, "Mensagens", office, lambda _, page: MessageModel(office, page), WIDTHS, search, parent
        )
        search.setToolTip("Ctrl+F")
        self.table.setObjectName("mensagens")
        self.table.setAccessibleName("Mensagens")
        self.test = QPushButton(icons.icon("message"), "Enviar teste…")
        self.test.setToolTip("Envia uma mensagem de teste para conferir número, token e modelo")
        self.test.clicked.connect(self.open_test)
        self.header.addWidget(self.test)

        self.channel = MessageChannel(office)
        self.body.addWidget(self.channel)
        self._references = ReferenceSource(office, self)
        self._state, self._company, self._period = QComboBox(), CompanyBox(self._references), PeriodBox()
        self.body.addLayout(self._filters())
        self.refusal = FailureView()
        self.body.addWidget(self.refusal)
        self.view = MessageView(office)
        self._add_messages()

        self._references.failed.connect(self._failed)
        self.channel.changed.connect(self._send_on)
        self.channel.failed.connect(self._refused)
        self.view.customer_wanted.connect(self._open_customer)
        self.view.resend_wanted.connect(self._resend)
        self.view.cancel_wanted.connect(self._cancel)
        self.view.arrived.connect(self._arrived)
        self._keep_live(_LIVE_MS)
        office.desk.sender_changed.connect(self._something_happened)

    def entered(self) -> None:
        """Read the companies and the list."""
        self._references.refresh()
        super().entered()

    @Slot()
    def refresh(self) -> None:
        """Read again what is shown: the list, what holds it, and the message at the side."""
        super().refresh()
        self.channel.refresh()
        if self.view.message_id is not None:
            self.view.show_message(self.view.message_id)

    def show_argument(self, argument: object) -> None:
        """Show one message whole."""
        if isinstance(argument, int):
            self._show(argument)

    def _filters(self) -> QHBoxLayout:
        self._state.setAccessibleName("Filtro: situação")
        self._state.addItem("Todas as situações", "")
        for label, _ in _GROUPS:
            self._state.addItem(label, label)
        self._state.insertSeparator(self._state.count())
        for state, look in LOOKS.items():
            self._state.addItem(icons.icon(look.icon), look.word, state.value)
        self._state.setMaxVisibleItems(self._state.count())
        return self._filter_row(self._state, self._company, self._period)

    def _add_messages(self) -> None:
        empty = EmptyState(
            "message",
            "Nenhuma mensagem ainda",
            "Quando um balcão informar que uma ordem de serviço foi criada, andou ou terminou, a mensagem ao cliente "
            "fica aqui, com a situação e o motivo.",
        )
        empty.add_button("Configurar o WhatsApp", "integration").clicked.connect(self._go_to_settings)
        nothing = EmptyState(
            "filter",
            "Nenhuma mensagem com este filtro",
            "A busca olha o nome do cliente, o celular e o número da ordem de serviço.",
        )
        beside = QVBoxLayout()
        beside.addWidget(self.view)
        self._add_journal(empty, nothing, beside)

    def _wanted(self) -> MessageQuery:
        from app.data.message_list import MessageQuery

        chosen = str(self._state.currentData())
        groups = dict(_GROUPS)
        states = groups.get(chosen) or (frozenset({MessageState(chosen)}) if chosen else _ALL)
        return MessageQuery(self._search.text(), states, self._company.company_id, self._period.since)

    def _count_text(self, total: int) -> str:
        return words.counted(total, "mensagem", "mensagens")

    @property
    def _shown_id(self) -> int | None:
        return self.view.message_id

    def _fill_side(self, number: int) -> None:
        self.view.show_message(number)

    # --- what can be done ---

    @Slot(object)
    def _resend(self, row: MessageRow) -> None:
        if row.state is MessageState.UNCERTAIN and not self._may_come_twice(row):
            return

        snapshot = self._office.snapshot

        def resend(connection: Connection, actor: str, at: datetime) -> None:
            from app.data import message_review

            message_review.send_again(connection, row.id, snapshot, actor=actor, now=at)

        self._write(resend)

    def _may_come_twice(self, row: MessageRow) -> bool:
        question = QMessageBox(
            QMessageBox.Icon.Question,
            "Enviar de novo",
            f"Enviar de novo a {row.customer_name or 'este número'} ({of_order(row)})?",
            parent=self,
        )
        question.setInformativeText("Não sabemos se o WhatsApp recebeu a primeira: o cliente pode receber duas vezes.")
        yes = question.addButton("Enviar de novo", QMessageBox.ButtonRole.AcceptRole)
        no = question.addButton("Voltar", QMessageBox.ButtonRole.RejectRole)
        question.setDefaultButton(no)
        question.exec()
        return question.clickedButton() is yes

    @Slot(object)
    def _cancel(self, row: MessageRow) -> None:
        def cancel(connection: Connection, actor: str, at: datetime) -> None:
            from app.data import message_review

            message_review.cancel(connection, row.id, actor=actor, now=at)

        self._write(cancel)

    @Slot(object)
    def _arrived(self, row: MessageRow) -> None:
        def arrived(connection: Connection, actor: str, at: datetime) -> None:
            from app.data import message_review

            message_review.confirm(connection, row.id, actor=actor, now=at)

        self._write(arrived)

    def _write(self, change: Callable[[Connection, str, datetime], None]) -> None:
        """Change one message in a transaction, off the GUI thread; refused when it moved on meanwhile."""
        self.refusal.clear()
        database, actor = self._office.backoffice.database, self._office.actor

        def write() -> None:
            with database.writing() as connection:
                change(connection, actor, datetime.now(UTC))

        tasks.run(write, self._written, self._refused, self)

    def _written(self, _nothing: None) -> None:
        self._send_on()

    @Slot()
    def _send_on(self) -> None:
        """Something may leave now that could not before."""
        self._office.desk.wake_sender()
        self.refresh()

    @Slot(object)
    def _refused(self, error: Exception) -> None:
        self.refusal.show_failure(failure_of(error))
        self.refresh()

    @Slot()
    def open_test(self) -> None:
        """Ask where a test goes, and send it by the general number."""
        dialog = MessageTrialDialog(self._office, self._office.snapshot, self)
        dialog.sent.connect(self.refresh)
        dialog.open()

    @Slot(int)
    def _open_customer(self, customer_id: int) -> None:
        self._office.open_page.emit(pages.CUSTOMERS, customer_id)

    @Slot()
    def _go_to_settings(self) -> None:
        self._office.open_page.emit(pages.INTEGRATION, WHATSAPP_ORDERS)
