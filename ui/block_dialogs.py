"""Two questions: why to block a customer by hand, and which reasons to take away and why."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QCheckBox, QDialog, QLabel, QPlainTextEdit, QVBoxLayout, QWidget

from app.domain import ActiveBlock, BlockOrigin
from ui import theme, words
from ui.confirm_buttons import ConfirmButtons

REASON_LIMIT = 300


class _ReasonDialog(QDialog):
    """Asks for a reason in words; the button that goes on waits for it."""

    def __init__(self, title: str, sentence: str, confirm: str, parent: QWidget | None) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setMinimumWidth(460)
        explanation = QLabel(sentence)
        explanation.setWordWrap(True)
        label = QLabel("&Motivo")
        self._reason = QPlainTextEdit()
        self._reason.setTabChangesFocus(True)
        self._reason.setFixedHeight(80)
        self._reason.setAccessibleName("Motivo")
        self._reason.textChanged.connect(self._check)
        label.setBuddy(self._reason)
        self._hint = theme.role(QLabel(), "hint")
        self._hint.setWordWrap(True)
        buttons = ConfirmButtons(self, confirm)
        self._confirm = buttons.confirm

        self.body = QVBoxLayout()
        self.body.setSpacing(theme.S)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(theme.XL, theme.L, theme.XL, theme.L)
        whole.setSpacing(theme.M)
        whole.addWidget(explanation)
        whole.addLayout(self.body)
        whole.addWidget(label)
        whole.addWidget(self._reason)
        whole.addWidget(self._hint)
        whole.addWidget(buttons)
        self._reason.setFocus()
        self._check()

    @property
    def reason(self) -> str:
        """The reason written, in one line."""
        return " ".join(self._reason.toPlainText().split())

    def _missing(self) -> str:
        """What is still missing, in a sentence; "" when nothing is."""
        if not self.reason:
            return "Escreva o motivo: ele fica no histórico do cliente e na auditoria."
        if len(self.reason) > REASON_LIMIT:
            return f"O motivo tem {len(self.reason)} caracteres e o limite é {REASON_LIMIT}."
        return ""

    @Slot()
    def _check(self) -> None:
        missing = self._missing()
        self._hint.setText(missing or "O motivo fica no histórico do cliente e na auditoria.")
        self._confirm.setEnabled(not missing)


class BlockDialog(_ReasonDialog):
    """Why a customer is blocked by hand."""

    def __init__(self, customer: str, parent: QWidget | None = None) -> None:
        super().__init__(
            "Bloquear cliente",
            f"{customer} ficará bloqueado até que alguém retire este motivo. Nenhuma consulta o retira.",
            "Bloquear",
            parent,
        )


class ReleaseDialog(_ReasonDialog):
    """Which active reasons are taken away, and why."""

    def __init__(self, customer: str, blocks: Sequence[ActiveBlock], parent: QWidget | None = None) -> None:
        self._boxes: dict[int, QCheckBox] = {}
        self._blocks = blocks
        super().__init__("Liberar cliente", f"Motivos a retirar de {customer}:", "Liberar", parent)
        for block in blocks:
            since = f"{block.origin.label}, desde {words.exact(block.since)}, por {block.by}"
            box = QCheckBox(since)
            box.setChecked(True)
            box.setAccessibleDescription(block.reason)
            box.toggled.connect(self._check)
            reason = theme.role(QLabel(block.reason), "hint")
            reason.setWordWrap(True)
            reason.setContentsMargins(theme.XL, 0, 0, 0)
            self.body.addWidget(box)
            self.body.addWidget(reason)
            self._boxes[block.id] = box
        self._check()

    @property
    def chosen(self) -> list[int]:
        """The numbers of the reasons to take away."""
        return [number for number, box in self._boxes.items() if box.isChecked()]

    def _missing(self) -> str:
        if self._boxes and not self.chosen:
            return "Marque ao menos um motivo a retirar."
        return super()._missing()

    @Slot()
    def _check(self) -> None:
        super()._check()
        chosen = [block for block in self._blocks if block.id in self.chosen]
        if not self._missing() and any(block.origin is BlockOrigin.SEFAZ for block in chosen):
            self._hint.setText(
                "Se uma próxima consulta voltar a dizer que o cliente não está habilitado, o perfil dele pode "
                "bloqueá-lo de novo."
            )
        elif not self._missing() and len(chosen) < len(self._blocks):
            self._hint.setText("O cliente continua bloqueado pelos motivos que ficarem.")
