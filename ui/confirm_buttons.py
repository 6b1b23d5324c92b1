"""The two buttons of a dialog that asks before it does something: do it, or go back."""

from __future__ import annotations

from PySide6.QtWidgets import QDialog, QDialogButtonBox, QPushButton

from ui import theme


class ConfirmButtons(QDialogButtonBox):
    """`confirm`, labelled by what it does, accepts the dialog; "Voltar" rejects it."""

    def __init__(self, dialog: QDialog, label: str) -> None:
        super().__init__()
        self.confirm = QPushButton(label)
        self.addButton(self.confirm, QDialogButtonBox.ButtonRole.AcceptRole)
        theme.primary(self.confirm)
        self.addButton("Voltar", QDialogButtonBox.ButtonRole.RejectRole)
        self.accepted.connect(dialog.accept)
        self.rejected.connect(dialog.reject)
