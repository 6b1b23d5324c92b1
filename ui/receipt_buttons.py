"""The receipt of the consultation being shown: saved as a PDF or printed, by button, menu or keyboard."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from app.domain import Failure, FailureKind
from app.receipt import file_name
from ui import theme
from ui.paper_output import PaperOutput, PaperWords

if TYPE_CHECKING:
    from services.backoffice import Backoffice
    from ui.paper import Paper

_WORDS = PaperWords(
    "o comprovante",
    "Comprovante salvo",
    "Comprovante enviado",
    "Comprovante (PDF)…",
    "Imprimir comprovante…",
)


class ConsultationGone(Exception):
    """The consultation is not kept any more."""

    failure = Failure(
        FailureKind.CONFIGURATION,
        "Esta consulta não está mais guardada.",
        "O histórico de cada cliente guarda só as consultas mais novas.",
        "Faça outra consulta para ter um comprovante.",
    )


class ReceiptButtons(PaperOutput):
    """ "Comprovante (PDF)…" and "Imprimir…" for the consultation given to `show_for`."""

    def __init__(self, backoffice: Backoffice, parent: QWidget | None = None) -> None:
        super().__init__(backoffice.folders, _WORDS, parent)
        self._backoffice = backoffice
        self._consultation_id = 0
        save = QPushButton(self.save_action.icon(), "Comprovante (PDF)…")
        save.setToolTip("Salva o protocolo da consulta, com o pedido e a resposta anexados. Ctrl+Shift+P")
        save.setAccessibleName("Salvar o comprovante desta consulta em PDF")
        save.clicked.connect(self.save_action.trigger)
        printing = QPushButton(self.print_action.icon(), "Imprimir…")
        printing.setToolTip("Imprime o comprovante desta consulta. Ctrl+P")
        printing.setAccessibleName("Imprimir o comprovante desta consulta")
        printing.clicked.connect(self.print_action.trigger)
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.S)
        for button in (save, printing):
            button.setAutoDefault(False)
            buttons.addWidget(button)
        buttons.addStretch(1)
        self._whole.insertLayout(0, buttons)

    def show_for(self, consultation_id: int) -> None:
        """Offer the receipt of another consultation."""
        self._consultation_id = consultation_id
        self.forget()

    def _file_name(self) -> str:
        return file_name(self._consultation_id) if self._consultation_id else ""

    def _reader(self) -> Callable[[], Paper]:
        backoffice, consultation_id = self._backoffice, self._consultation_id

        def read() -> Paper:
            from services.receipt import receipt_of
            from ui.receipt_paper import paper_of

            found = receipt_of(backoffice, consultation_id, datetime.now(UTC))
            if found is None:
                raise ConsultationGone
            return paper_of(found)

        return read
