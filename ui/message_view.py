"""One message, whole: its state and why, what it says and to whom, and what a person may do about it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from app.phone import shown_phone
from app.rules.outbox import RESENDABLE, MessageState
from ui import icons, tasks, theme, words
from ui.entry_view import EntryView
from ui.inscription_card import selectable
from ui.message_model import LOOKS, of_order

if TYPE_CHECKING:
    from app.data.message_list import FullMessage, MessageRow
    from ui.office import Office

_QUESTION = (
    "A conexão caiu depois que a mensagem saiu daqui, e o WhatsApp não disse se a recebeu. Confira com o cliente: "
    "enviar de novo pode fazer a mensagem chegar duas vezes."
)
_NO_CONFIRMATION = (
    "O WhatsApp só confirma a entrega a um servidor na internet, que este programa não é: daqui não se vê se chegou."
)


class MessageView(EntryView):
    """Reads and shows the message given to `show_message`."""

    resend_wanted = Signal(object)
    """Send this MessageRow again."""
    cancel_wanted = Signal(object)
    """Do not send this MessageRow."""
    arrived = Signal(object)
    """A person knows that this uncertain MessageRow reached the customer."""

    def __init__(self, office: Office, parent: QWidget | None = None) -> None:
        super().__init__("Mensagem", parent)
        self._office = office
        self.message_id: int | None = None
        self.row: MessageRow | None = None
        self._why = selectable()
        self._where = theme.role(selectable(), "hint")
        self._note = theme.role(selectable(), "hint")
        self.resend = QPushButton(icons.icon("refresh"), "Enviar de novo")
        self.resend.clicked.connect(self._ask_resend)
        self.cancel = QPushButton(icons.icon("cancel"), "Cancelar envio")
        self.cancel.clicked.connect(self._ask_cancel)
        self.reached = QPushButton(icons.icon("check"), "O cliente recebeu")
        self.reached.clicked.connect(self._tell_arrived)
        buttons = QVBoxLayout()
        buttons.setSpacing(theme.XS)
        for button in (self.reached, self.resend, self.cancel):
            buttons.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)
            button.hide()
        self._lay_out(self._why, self._note, buttons, self._where, self._customer)

    def show_message(self, message_id: int) -> None:
        """Read one message off the GUI thread and show it; it may have changed since it was read last."""
        if message_id != self.message_id:
            self.message_id, self.row = message_id, None
        database, snapshot = self._office.backoffice.database, self._office.snapshot

        def load() -> FullMessage | None:
            from app.data import message_list

            with database.reading() as connection:
                message = message_list.get(connection, message_id)
                if message is None:
                    return None
                (row,) = message_list.explained(connection, [message.row], snapshot, datetime.now(UTC))
                return replace(message, row=row)

        tasks.run(load, self._show, self._show_error, self)

    def _show(self, message: FullMessage | None) -> None:
        if message is None or message.row.id != self.message_id:
            return
        again = self.row is not None
        row, look = message.row, LOOKS[message.row.state]
        self.row = row
        self._failure.clear()
        self._say_head(look, of_order(row))
        self._why.setText(row.reason)
        self._why.setVisible(bool(row.reason))
        note = {MessageState.UNCERTAIN: _QUESTION, MessageState.ACCEPTED: _NO_CONFIRMATION}.get(row.state, "")
        self._note.setText(note)
        self._note.setVisible(bool(note))
        self._offer(row)
        company = f", empresa {row.company_id} · {row.company}" if row.company_id is not None else ""
        self._where.setText(
            f"Escrita em {words.exact(row.created_at)}{company}. Assim desde {words.exact(row.state_at)}. "
            f"Mensagem nº {row.id}."
        )
        self._say_customer(row.customer_id, row.customer_name)
        self._say_facts(("", _facts(message)))
        if not again:
            self.verticalScrollBar().setValue(0)

    def _offer(self, row: MessageRow) -> None:
        """What may be done in this state; the keyboard is not left on a button that goes away."""
        state, is_test = row.state, row.stage is None
        offered = {
            self.reached: state is MessageState.UNCERTAIN,
            self.resend: state in RESENDABLE and not is_test,
            self.cancel: state in (MessageState.PENDING, MessageState.UNCERTAIN),
        }
        held = next((button for button, wanted in offered.items() if button.hasFocus() and not wanted), None)
        self.cancel.setText("Dar por encerrada" if state is MessageState.UNCERTAIN else "Cancelar envio")
        for button, wanted in offered.items():
            button.setVisible(wanted)
        if held is not None:
            (next((button for button, wanted in offered.items() if wanted), None) or self).setFocus()

    @Slot()
    def _ask_resend(self) -> None:
        self.resend_wanted.emit(self.row)

    @Slot()
    def _ask_cancel(self) -> None:
        self.cancel_wanted.emit(self.row)

    @Slot()
    def _tell_arrived(self) -> None:
        self.arrived.emit(self.row)


def _facts(message: FullMessage) -> list[tuple[str, str]]:
    row = message.row
    facts: list[tuple[str, Any]] = [
        ("Cliente", row.customer_name),
        ("Celular", shown_phone(row.destination)),
        ("Aconteceu em", message.occurred_at),
        ("Modelo", f"{row.template} ({message.language})"),
        *((f"Campo {{{{{number}}}}}", value) for number, value in enumerate(message.parameters, 1)),
        ("Tentativas", str(row.attempts) if row.attempts else ""),
        ("Próxima tentativa", row.next_at if row.state is MessageState.PENDING else None),
        ("Vale até", row.expires_at),
        ("Número no WhatsApp", f"+{message.wa_id}" if message.wa_id and message.wa_id != row.destination else ""),
        ("Erro da Meta", str(message.error_code) if message.error_code is not None else ""),
        ("Detalhe do erro", message.error_detail),
        ("Identificação na Meta", message.external_id),
    ]
    shown = [
        (label, value if isinstance(value, str) or value is None else words.exact(value)) for label, value in facts
    ]
    return [(label, value) for label, value in shown if value]
