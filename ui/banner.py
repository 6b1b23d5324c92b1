"""The coloured band over the window that says that what happens here is not for real. It cannot be closed."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QWidget

from ui import icons, theme
from ui.theme import Tone

DEMO = "Demonstração: a empresa, os clientes e todas as respostas são inventados. Nada sai deste computador."
CREDIT_TEST = "Homologação: a análise de crédito usa o ambiente de testes da gerenciadora. As respostas não valem."


class Banner(QFrame):
    """One line of text on a plate of that tone; hidden while there is nothing to say."""

    def __init__(self, parent: QWidget | None = None, *, tone: Tone = Tone.WARN) -> None:
        super().__init__(parent)
        self.setObjectName("banner")
        theme.tone(self, tone)
        self._tone = tone
        self._icon = QLabel()
        self._text = theme.role(QLabel(), "strong")
        theme.tone(self._text, tone)
        self._text.setWordWrap(True)
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.L, 6, theme.L, 6)
        row.setSpacing(theme.S)
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self._text, 1)
        self.hide()

    @property
    def sentences(self) -> str:
        """What it says now."""
        return self._text.text()

    def say(self, sentences: tuple[str, ...]) -> None:
        """Show these sentences; none hides the band."""
        self._text.setText("\n".join(sentences))
        self._icon.setPixmap(icons.pixmap("warning", 16, self._tone))
        self.setAccessibleName(" ".join(sentences))
        self.setVisible(bool(sentences))
