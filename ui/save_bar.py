"""The bar at the foot of a page: what is not saved yet, with Descartar and Salvar, and what the last saving did."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QWidget

from ui import icons, theme


class SaveBar(QFrame):
    """Always there, so that nothing moves when the first change is made."""

    save = Signal()
    discard = Signal()
    undo = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        theme.card(self)
        self._full = ""
        self.text = QLabel()
        self.text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.undo_button = QPushButton("Desfazer")
        self.undo_button.setIcon(icons.icon("undo"))
        self.undo_button.clicked.connect(self.undo)
        self.discard_button = QPushButton("Descartar")
        self.discard_button.clicked.connect(self.discard)
        self.save_button = QPushButton("Salvar  Ctrl+S")
        self.save_button.setAccessibleName("Salvar")
        theme.primary(self.save_button)
        self.save_button.clicked.connect(self.save)
        for button in (self.discard_button, self.save_button):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the keyboard in the field being edited
        QShortcut(QKeySequence(QKeySequence.StandardKey.Save), self, self._asked)
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.L, theme.S, theme.S, theme.S)
        row.setSpacing(theme.S)
        row.addWidget(self.text, 1)
        row.addWidget(self.undo_button)
        row.addWidget(self.discard_button)
        row.addWidget(self.save_button)
        self.show_state([], [])

    def show_state(
        self, labels: Sequence[str], details: Sequence[str], *, message: str = "", undo: bool = False
    ) -> None:
        """Name what is not saved (`details` say from what to what); without any, `message` tells what happened."""
        if labels:
            count = "1 alteração não salva" if len(labels) == 1 else f"{len(labels)} alterações não salvas"
            text = f"{count}: {', '.join(labels)}"
        else:
            text = message or "Nenhuma alteração por salvar"
        self._full = text
        tip = "\n".join(details)
        self.text.setToolTip(tip or text)
        self.text.setAccessibleName(text)
        theme.role(self.text, "strong" if labels else "hint")
        if labels:
            self._offer(True)
        self.undo_button.setVisible(undo and not labels)
        if not labels:
            self._offer(False)
        self.discard_button.setToolTip(f"Voltam ao que está gravado:\n{tip}" if labels else "")
        self.save_button.setToolTip(f"Serão gravadas:\n{tip}" if labels else "")
        self._elide()

    def show_saving(self) -> None:
        """Saving is under way."""
        self._full = "Salvando…"
        self._offer(False)
        self._elide()

    def _offer(self, offered: bool) -> None:
        """Enable Descartar and Salvar, or not; the keyboard then goes back to Desfazer or to the form before them."""
        if not offered:
            while (self.save_button.hasFocus() or self.discard_button.hasFocus()) and self.focusNextPrevChild(False):
                pass
        self.discard_button.setEnabled(offered)
        self.save_button.setEnabled(offered)

    def _asked(self) -> None:
        if self.save_button.isEnabled():
            self.save.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._elide()

    def _elide(self) -> None:
        metrics = self.text.fontMetrics()
        self.text.setText(metrics.elidedText(self._full, Qt.TextElideMode.ElideRight, max(self.text.width(), 80)))
