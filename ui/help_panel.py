"""The help of the setting that has the keyboard, beside the form."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from ui import theme

WIDTH = 200


class HelpPanel(QScrollArea):
    """Shows a title and paragraphs under small headings; F1 on the page hides it and brings it back."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedWidth(WIDTH)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName("Ajuda")
        inside = QFrame()
        theme.card(inside)
        self._lines = QVBoxLayout(inside)
        self._lines.setContentsMargins(theme.L, theme.M, theme.L, theme.M)
        self._lines.setSpacing(theme.XS)
        self._title = theme.role(_paragraph(), "subtitle")
        self._title.setContentsMargins(0, 0, 0, theme.XS)
        self._lines.addWidget(self._title)
        self._paragraphs: list[tuple[QLabel, QLabel]] = []
        self._lines.addStretch(1)
        self.setWidget(inside)
        self.clear()

    def clear(self) -> None:
        """Nothing has the keyboard yet."""
        self.show_help(
            "Ajuda",
            [("", "Entre num campo para ver o que ele faz, um exemplo e quem o mudou."), ("", "F1 esconde e mostra.")],
        )

    def show_help(self, title: str, paragraphs: Sequence[tuple[str, str]]) -> None:
        """Show (heading, text) pairs; those without text are left out."""
        self._title.setText(title)
        filled = [(heading, text) for heading, text in paragraphs if text]
        while len(self._paragraphs) < len(filled):
            heading, text = theme.role(_paragraph(), "hint"), _paragraph()
            heading.setContentsMargins(0, theme.S, 0, 0)
            text.setContentsMargins(0, 0, 0, theme.XS)
            for label in (heading, text):
                self._lines.insertWidget(self._lines.count() - 1, label)
            self._paragraphs.append((heading, text))
        for index, (heading, text) in enumerate(self._paragraphs):
            shown = index < len(filled)
            heading.setText(filled[index][0] if shown else "")
            text.setText(filled[index][1] if shown else "")
            heading.setVisible(bool(heading.text()))
            text.setVisible(shown)

    @property
    def text(self) -> str:
        """Everything shown, for tests and for copying."""
        lines = [self._title.text()]
        for heading, text in self._paragraphs:
            lines += [heading.text(), text.text()]
        return "\n".join(line for line in lines if line)


def _paragraph() -> QLabel:
    label = QLabel()
    label.setWordWrap(True)
    policy = label.sizePolicy()
    policy.setHorizontalPolicy(QSizePolicy.Policy.Ignored)  # a long address is cut, and not all that stands with it
    label.setSizePolicy(policy)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label
