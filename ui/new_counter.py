"""Lets a counter in: its name and company, then the token that it is known by, shown this once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QMimeData, Signal, Slot
from PySide6.QtGui import QFontDatabase, QGuiApplication
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QWidget,
)

from app.kinds import InvalidValue
from ui import counter_address, tasks, theme
from ui.answering_dialog import AnsweringDialog
from ui.confirm_buttons import ConfirmButtons
from ui.failure_view import FailureView, failure_of
from ui.theme import Tone

if TYPE_CHECKING:
    from services.backoffice import Backoffice
    from ui.office import Office

_NOT_IN_HISTORY = (
    ("x-kde-passwordManagerHint", b"secret"),
    ('application/x-qt-windows-mime;value="ExcludeClipboardContentFromMonitorProcessing"', b"1"),
)
"""What asks the keepers of clipboard histories, in KDE and in Windows, to leave a text out of them."""


class NewCounter(AnsweringDialog):
    """Stays open until the token was seen; closing it before the token was copied takes a second time."""

    added = Signal(int)
    """The counter is kept; its number."""

    def __init__(
        self, office: Office, companies: Mapping[int, str], parent: QWidget | None = None, *, name: str = ""
    ) -> None:
        super().__init__("Incluir balcão", 560, 320, parent)
        self._office = office
        self._copied = False
        self._warned = False
        self._add_form(companies, name)
        self._add_answer()
        self.name.setFocus()

    def _add_form(self, companies: Mapping[int, str], name: str) -> None:
        self.name = QLineEdit(name)
        self.name.setPlaceholderText("Caixa 1")
        self.name.textEdited.connect(self._unsay)
        self.company = QComboBox()
        self.company.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.company.addItem("Todas as empresas", None)
        for number, title in companies.items():
            self.company.addItem(title, number)
        hint = theme.role(
            QLabel(
                "Cada computador ou sistema que chama o serviço tem o seu token, para que um possa ser revogado sem "
                "parar os outros. Com uma empresa escolhida, o balcão só fala por ela."
            ),
            "hint",
        )
        hint.setWordWrap(True)
        self.failure = FailureView()
        form = self._make_form()
        self._ask(form, "&Nome", self.name)
        self._ask(form, "&Empresa", self.company)
        self.buttons = ConfirmButtons(self, "Incluir")
        column = self._add_page()
        column.addWidget(hint)
        column.addLayout(form)
        column.addWidget(self.failure)
        column.addStretch(1)
        column.addWidget(self.buttons)

    def _add_answer(self) -> None:
        self.said = theme.role(QLabel(), "strong")
        self.said.setWordWrap(True)
        once = QLabel(
            "Este é o token dele. Copie-o agora para a configuração do balcão: ele não é guardado aqui e não será "
            "mostrado de novo. Quem tem o token fala em nome do balcão."
        )
        once.setWordWrap(True)
        self.token = QLineEdit()
        self.token.setReadOnly(True)
        self.token.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.token.setAccessibleName("Token do balcão")
        self.copy = QPushButton("Copiar o token")
        self.copy.clicked.connect(self._copy)
        theme.primary(self.copy)
        self.state = QLabel()
        self.state.setWordWrap(True)
        where = " ou ".join(counter_address.addresses(self._office.snapshot))
        told = f"O balcão chama o serviço em {where}. {counter_address.warning(self._office.snapshot)}"
        address = theme.role(QLabel(told), "hint")
        address.setWordWrap(True)
        close = QPushButton("Fechar")
        close.clicked.connect(self.reject)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.copy)
        buttons.addWidget(close)
        column = self._add_page()
        for widget in (self.said, once, self.token, address, self.state):
            column.addWidget(widget)
        column.addStretch(1)
        column.addLayout(buttons)

    def accept(self) -> None:
        """Enter, or "Incluir": let the counter in."""
        if self._stack.currentIndex() or not self.buttons.confirm.isEnabled():
            return
        self.failure.clear()
        self._unsay()
        self.buttons.confirm.setEnabled(False)
        work = partial(_add, self._office.backoffice, self.name.text(), self.company.currentData())
        tasks.run(work, self._added, self._refused, self)

    def reject(self) -> None:
        """Close, the second time when the token would be lost."""
        if self.token.text() and not self._copied and not self._warned:
            self._warned = True
            theme.tone(self.state, Tone.WARN)
            self.state.setText(
                "O token ainda não foi copiado. Se fechar agora, ele se perde, e o balcão precisará de outro."
            )
            return
        super().reject()

    def _added(self, kept: tuple[int, str]) -> None:
        number, token = kept
        self.said.setText(f"O balcão “{self.name.text().strip()}” foi incluído.")
        self.token.setText(token)
        self.token.setCursorPosition(0)
        self._stack.setCurrentIndex(1)
        self.copy.setFocus()
        self._office.desk.forget_counters()
        self.added.emit(number)

    def _refused(self, error: Exception) -> None:
        self.buttons.confirm.setEnabled(True)
        if isinstance(error, InvalidValue):
            self._refuse(self.name, str(error))
        else:
            self.failure.show_failure(failure_of(error))

    @Slot()
    def _copy(self) -> None:
        data = QMimeData()
        data.setText(self.token.text())
        for form, value in _NOT_IN_HISTORY:
            data.setData(form, QByteArray(value))
        QGuiApplication.clipboard().setMimeData(data)
        self._copied = True
        theme.tone(self.state, Tone.OK)
        self.state.setText("Copiado.")


def _add(backoffice: Backoffice, name: str, company_id: int | None) -> tuple[int, str]:
    from app.data import counters

    with backoffice.database.writing() as connection:
        return counters.add(connection, name, company_id, backoffice.actor, datetime.now(UTC))
