"""Releases one sale that overdue store credit refused: login, password and reason of whoever may."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QFormLayout, QLabel, QLineEdit, QPlainTextEdit, QVBoxLayout, QWidget

from app.kinds import InvalidValue
from app.rules.order_gate import act
from ui import tasks, theme
from ui.confirm_buttons import ConfirmButtons
from ui.failure_view import FailureView, failure_of
from ui.password_field import PasswordField

if TYPE_CHECKING:
    from app.data.order_checks import FullCheck
    from app.data.releases import Released
    from ui.office import Office


class ReleaseSaleDialog(QDialog):
    """Stays open, with what was typed, until the sale is released. Whoever is refused types the password again."""

    released = Signal()

    def __init__(self, office: Office, check: FullCheck, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._office = office
        row = check.row
        self._check_id = row.id
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Liberar venda com crediário vencido")
        self.setMinimumWidth(500)
        what = QLabel(f"{row.customer or row.document}: {act(row.kind, row.operation)}, avaliação nº {row.id}.")
        why = QLabel(row.reasons[0])
        for label in (what, why):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
        self.login, self.password, self.reason = QLineEdit(), PasswordField("a senha"), QPlainTextEdit()
        self.reason.setTabChangesFocus(True)
        self.reason.setFixedHeight(64)
        self.error = theme.role(QLabel(), "error")
        self.error.setWordWrap(True)
        self.error.hide()
        self.failure = FailureView()
        buttons = ConfirmButtons(self, "Liberar esta venda")
        self.release_button = buttons.confirm
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        form.setHorizontalSpacing(theme.L)
        form.setVerticalSpacing(theme.S)
        for text, field in (("&Login", self.login), ("&Senha", self.password), ("&Motivo", self.reason)):
            label = QLabel(text)
            label.setBuddy(field)
            field.setAccessibleName(text.replace("&", ""))
            form.addRow(label, field)
        form.addRow("", self.error)
        hint = theme.role(QLabel("Vale só para esta operação. Quem liberou e o motivo ficam na auditoria."), "hint")
        whole = QVBoxLayout(self)
        whole.setContentsMargins(theme.XL, theme.L, theme.XL, theme.L)
        whole.setSpacing(theme.M)
        whole.addWidget(theme.role(what, "strong"))
        whole.addWidget(why)
        whole.addLayout(form)
        whole.addWidget(hint)
        whole.addWidget(self.failure)
        whole.addWidget(buttons)
        self.login.setFocus()

    def accept(self) -> None:
        """Release the sale, then close."""
        if not self.release_button.isEnabled():
            return
        self.error.hide()
        self.failure.clear()
        login, password, reason = self.login.text(), self.password.text(), self.reason.toPlainText()
        self.release_button.setEnabled(False)
        database, check_id, actor = self._office.backoffice.database, self._check_id, self._office.actor

        def release() -> Released:
            from services.release import release

            now = datetime.now(UTC)
            return release(database, check_id, login, password, reason, counter_id=None, actor=actor, now=now)

        tasks.run(release, self._done, self._failed, self)

    def _done(self, _released: Released) -> None:
        self.released.emit()
        super().accept()

    def _failed(self, error: Exception) -> None:
        self.release_button.setEnabled(True)
        if isinstance(error, InvalidValue):
            self.error.setText(str(error))
            self.error.show()
            self.reason.setAccessibleDescription(str(error))
            self.reason.setFocus()
            return
        self.failure.show_failure(failure_of(error))
        self.password.setFocus()
        self.password.selectAll()
