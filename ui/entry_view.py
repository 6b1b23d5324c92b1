"""One entry of a list, whole at its side: what it is, whose it is, what may be done, and everything known of it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from ui import icons, theme
from ui.emptying import empty
from ui.failure_view import FailureView, failure_of
from ui.inscription_card import selectable
from ui.words import Look


class EntryView(QScrollArea):
    """A head with an icon, the parts that each view adds, the facts, and what went wrong when it was read."""

    customer_wanted = Signal(int)

    def __init__(self, name: str, parent: QWidget | None) -> None:
        super().__init__(parent)
        self._customer_id: int | None = None
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(name)
        self._icon = QLabel()
        self._title = theme.role(QLabel(), "subtitle")
        self._customer = self._link(self._open_customer)
        self._facts = QGridLayout()
        self._facts.setHorizontalSpacing(theme.M)
        self._facts.setVerticalSpacing(theme.XS)
        self._facts.setColumnStretch(1, 1)
        self._failure = FailureView()

    @property
    def text(self) -> str:
        """Everything shown, for tests."""
        return "\n".join(label.text() for label in self.findChildren(QLabel) if label.isVisibleTo(self))

    # --- how it is made ---

    def _link(self, slot: Callable[[], None]) -> QPushButton:
        """A button that looks like a link and is shown when it leads somewhere."""
        button = QPushButton()
        theme.link(button)
        button.clicked.connect(slot)
        button.hide()
        return button

    def _lay_out(self, *parts: QWidget | QVBoxLayout, below: QVBoxLayout | None = None) -> None:
        """Put the parts between the head and the facts, and `below` under them."""
        head = QHBoxLayout()
        head.setSpacing(theme.S)
        head.addWidget(self._icon)
        head.addWidget(self._title, 1)
        content = QWidget()
        whole = QVBoxLayout(content)
        whole.setContentsMargins(0, 0, theme.S, theme.S)
        whole.setSpacing(theme.S)
        whole.addLayout(head)
        for part in parts:
            if isinstance(part, QVBoxLayout):
                whole.addLayout(part)
            elif isinstance(part, QPushButton):
                whole.addWidget(part, 0, Qt.AlignmentFlag.AlignLeft)
            else:
                whole.addWidget(part)
        whole.addLayout(self._facts)
        whole.addWidget(self._failure)
        if below is not None:
            whole.addLayout(below)
        whole.addStretch(1)
        self.setWidget(content)

    # --- what it says ---

    def _say_head(self, look: Look, what: str) -> None:
        self._icon.setPixmap(icons.pixmap(look.icon, 20, look.tone))
        self._title.setText(f"{look.word}: {what}")
        theme.tone(self._title, look.tone)

    def _say_customer(self, customer_id: int | None, name: str) -> None:
        self._customer_id = customer_id
        self._customer.setText(f"{name} · abrir o cliente")
        self._customer.setVisible(customer_id is not None)

    def _say_facts(self, *groups: tuple[str, list[tuple[str, str]]]) -> None:
        """Each group under its title, when it has one; a fact without a label takes the whole line."""
        empty(self._facts)
        line = 0
        for title, facts in groups:
            if title and facts:
                heading = theme.role(QLabel(title), "subtitle")
                heading.setContentsMargins(0, theme.S, 0, 0)
                self._facts.addWidget(heading, line, 0, 1, 2)
                line += 1
            for label, value in facts:
                text = selectable(value)
                text.setAccessibleName(f"{label or title}: {value}")
                if label:
                    name = theme.role(selectable(label), "hint")
                    name.setMinimumWidth(120)
                    self._facts.addWidget(name, line, 0)
                    self._facts.addWidget(text, line, 1)
                else:
                    self._facts.addWidget(text, line, 0, 1, 2)
                line += 1

    def _show_error(self, error: Exception) -> None:
        self._failure.show_failure(failure_of(error))

    @Slot()
    def _open_customer(self) -> None:
        if self._customer_id is not None:
            self.customer_wanted.emit(self._customer_id)
