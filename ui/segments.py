"""Two or three views in one place, chosen by buttons that stand side by side; the arrow keys go from one to another."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QButtonGroup, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from ui import theme
from ui.wrapping_row import WrappingRow


class Segments(QWidget):
    """Shows the first view until another is chosen."""

    changed = Signal(int)
    """The place of the view shown from now on."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._group = QButtonGroup(self)
        self._group.idToggled.connect(self._toggled)
        self._buttons = WrappingRow()
        self._views = QStackedWidget()
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, theme.S, 0, 0)
        whole.setSpacing(theme.S)
        whole.addWidget(self._buttons)
        whole.addWidget(self._views, 1)

    @property
    def index(self) -> int:
        """The place of the view shown."""
        return self._views.currentIndex()

    def add(self, label: str, view: QWidget) -> QPushButton:
        """One more view; its button."""
        button = QPushButton(label)
        button.setCheckable(True)
        button.setAutoDefault(False)
        self._group.addButton(button, self._views.count())
        button.setChecked(self._views.count() == 0)
        self._buttons.add_widget(button)
        self._views.addWidget(view)
        return button

    @Slot(int)
    def choose(self, index: int) -> None:
        """Show the view at this place."""
        self._group.button(index).setChecked(True)

    @Slot(int, bool)
    def _toggled(self, index: int, checked: bool) -> None:
        if checked and index != self.index:
            self._views.setCurrentIndex(index)
            self.changed.emit(index)
