"""Releases one sale that overdue store credit refused: login, password and reason of whoever may."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit, QWidget

from app.rules.order_gate import act
from ui.asking_dialog import AskingDialog
from ui.password_field import PasswordField

if TYPE_CHECKING:
    from app.data.order_checks import FullCheck
    from app.data.releases import Released
    from ui.office import Office


class ReleaseSaleDialog(AskingDialog):
    """Whoever is refused types the password again."""

    released = Signal()

    def __init__(self, office: Office, check: FullCheck, parent: QWidget | None = None) -> None:
        super().__init__("Liberar venda com crediário vencido", "Liberar esta venda", parent)
        self._office = office
        row = check.row
        self._check_id = row.id
        what = f"{row.customer or row.document}: {act(row.kind, row.operation)}, avaliação nº {row.id}."
        self._explain(what, role="strong")
        self._explain(row.reasons[0])
        self.login, self.password, self.reason = QLineEdit(), PasswordField("a senha"), QPlainTextEdit()
        self.reason.setTabChangesFocus(True)
        self.reason.setFixedHeight(64)
        self._ask("&Login", self.login)
        self._ask("&Senha", self.password)
        self._ask("&Motivo", self.reason)
        self._hint("Vale só para esta operação. Quem liberou e o motivo ficam na auditoria.")
        self.login.setFocus()

    @property
    def _blamed(self) -> QPlainTextEdit:
        return self.reason

    def _begin(self) -> None:
        login, password, reason = self.login.text(), self.password.text(), self.reason.toPlainText()
        database, check_id, actor = self._office.backoffice.database, self._check_id, self._office.actor

        def work() -> Released:
            from services.release import release

            now = datetime.now(UTC)
            return release(database, check_id, login, password, reason, counter_id=None, actor=actor, now=now)

        self._run(work, self._done)

    def _done(self, _released: Released) -> None:
        self.released.emit()
        self._close()

    def _failed(self, error: Exception) -> None:
        super()._failed(error)
        if self.failure.isVisible():
            self.password.setFocus()
            self.password.selectAll()
