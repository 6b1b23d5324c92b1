"""A dialog that asks for a few things and does one thing with them, and stays open, as typed, until it is done."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtWidgets import QDialog, QFormLayout, QLabel, QLineEdit, QPlainTextEdit, QVBoxLayout, QWidget

from app.kinds import InvalidValue
from ui import tasks, theme
from ui.confirm_buttons import ConfirmButtons
from ui.failure_view import FailureView, failure_of
from ui.theme import Tone

T = TypeVar("T")


class AskingDialog(QDialog):
    """Explanations, fields, what is wrong under them, and the button that does it, labelled `confirm`.

    Each dialog adds its own in that order and gives `_begin`.
    """

    def __init__(self, title: str, confirm: str, parent: QWidget | None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        self.setMinimumWidth(500)
        self._above, self._below = QVBoxLayout(), QVBoxLayout()
        self._form = QFormLayout()
        self._form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        self._form.setHorizontalSpacing(theme.L)
        self._form.setVerticalSpacing(theme.S)
        self.error = theme.role(QLabel(), "error")
        self.error.setWordWrap(True)
        self.error.hide()
        self.failure = FailureView()
        buttons = ConfirmButtons(self, confirm)
        self.confirm = buttons.confirm
        self._whole = whole = QVBoxLayout(self)
        whole.setContentsMargins(theme.XL, theme.L, theme.XL, theme.L)
        whole.setSpacing(theme.M)
        for layout in (self._above, self._form, self._below):
            layout.setContentsMargins(0, 0, 0, 0)
            whole.addLayout(layout)
            if layout is self._form:
                whole.addWidget(self.error)
        whole.addWidget(self.failure)
        whole.addWidget(buttons)

    # --- what each dialog is made of ---

    def _explain(self, sentence: str = "", *, role: str = "", tone: Tone | None = None) -> QLabel:
        """One more sentence above the fields."""
        label = QLabel(sentence)
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setWordWrap(True)
        if role:
            theme.role(label, role)
        if tone is not None:
            theme.tone(label, tone)
        self._above.addWidget(label)
        return label

    def _ask(self, text: str, field: QWidget) -> None:
        """One more field; what was said to be wrong no longer is once it is edited."""
        label = QLabel(text)
        label.setBuddy(field)
        field.setAccessibleName(text.replace("&", ""))
        if isinstance(field, QLineEdit):
            field.textEdited.connect(self.error.hide)
        elif isinstance(field, QPlainTextEdit):
            field.textChanged.connect(self.error.hide)
        self._form.addRow(label, field)

    def _hint(self, sentence: str) -> None:
        """One more sentence below the fields."""
        label = theme.role(QLabel(sentence), "hint")
        label.setWordWrap(True)
        self._below.addWidget(label)

    # --- doing it ---

    def accept(self) -> None:
        """Do it; the dialog closes when it is done."""
        if self.confirm.isEnabled():
            self.error.hide()
            self.failure.clear()
            self._begin()

    def _begin(self) -> None:
        """Look at what was typed, then `_refuse` it or `_run`."""
        raise NotImplementedError

    def _run(self, work: Callable[[], T], done: Callable[[T], None]) -> None:
        """Do `work` off the GUI thread; until it ended it cannot be asked for again."""
        self.confirm.setEnabled(False)

        def finish(value: T) -> None:
            self.confirm.setEnabled(True)
            done(value)

        tasks.run(work, finish, self._failed, self)

    def _close(self) -> None:
        """It is done."""
        super().accept()

    def _failed(self, error: Exception) -> None:
        self.confirm.setEnabled(True)
        if isinstance(error, InvalidValue):
            self._refuse(self._blamed, str(error))
        else:
            self.failure.show_failure(failure_of(error))
            self._make_room()

    @property
    def _blamed(self) -> QWidget:
        """The field that an InvalidValue of the work is about."""
        raise NotImplementedError

    def _refuse(self, field: QWidget, sentence: str) -> None:
        """Say what is wrong with a field, and go there."""
        self.error.setText(sentence)
        self.error.show()
        field.setAccessibleDescription(sentence)
        field.setFocus()
        if isinstance(field, QLineEdit):
            field.selectAll()
        self._make_room()

    def _make_room(self) -> None:
        """Grow to what is shown now, once it is laid out; never shrink under what a person chose."""
        QTimer.singleShot(0, self, self._grow)

    @Slot()
    def _grow(self) -> None:
        self._whole.activate()
        self.resize(self.width(), max(self.height(), self._whole.totalHeightForWidth(self.width())))
