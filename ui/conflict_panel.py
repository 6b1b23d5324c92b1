"""What somebody else saved meanwhile, with a choice for each value."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app.settings.draft import Conflict
from ui import icons, theme
from ui.theme import Tone


class ConflictPanel(QFrame):
    """Hidden while there is no conflict; each answered one leaves the list. It has the keyboard until all are."""

    theirs = Signal(object)
    mine = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        theme.card(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.L, theme.M, theme.L, theme.M)
        column.setSpacing(theme.S)
        title = QLabel("Estes valores foram alterados por outra pessoa enquanto você editava. Nada foi gravado ainda.")
        title.setWordWrap(True)
        theme.role(title, "strong")
        column.addWidget(title)
        self._place = QVBoxLayout()
        column.addLayout(self._place)
        self._list: QWidget | None = None
        self._conflicts: list[Conflict] = []
        self.hide()

    def show_conflicts(self, conflicts: Sequence[Conflict], mine: Callable[[Conflict], str]) -> None:
        """Show these conflicts; `mine` writes the value that the person here wanted."""
        self._conflicts = list(conflicts)
        self._mine = mine
        self._build()

    def _build(self) -> None:
        if self._list is not None:
            self._list.deleteLater()
        self._list = QWidget()
        grid = QGridLayout(self._list)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(theme.S)
        grid.setColumnStretch(1, 1)
        for line, conflict in enumerate(self._conflicts):
            icon = QLabel()
            icon.setPixmap(icons.pixmap("warning", 16, Tone.WARN))
            text = QLabel(f"{conflict.sentence} O seu valor: “{self._mine(conflict)}”.")
            text.setWordWrap(True)
            theirs = QPushButton("Usar o valor deles")
            mine = QPushButton("Manter o meu")
            for button, signal in ((theirs, self.theirs), (mine, self.mine)):
                button.setAccessibleName(f"{button.text()}: {conflict.setting.label}")
                button.clicked.connect(partial(self._answer, signal.emit, conflict))
            grid.addWidget(icon, line, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(text, line, 1)
            grid.addWidget(theirs, line, 2)
            grid.addWidget(mine, line, 3)
        self._place.addWidget(self._list)
        self.setVisible(bool(self._conflicts))
        if self._conflicts:
            self._list.show()  # now, or it could not have the keyboard yet
            self._list.findChildren(QPushButton)[0].setFocus(Qt.FocusReason.OtherFocusReason)

    def _answer(self, tell: Callable[[Conflict], None], conflict: Conflict) -> None:
        self._conflicts.remove(conflict)
        tell(conflict)
        self._build()
