"""A dialog with a form and, in its place once it is done, what came of it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from ui import theme


class AnsweringDialog(QDialog):
    """Nothing typed is forgotten when it is refused: the sentence stands under the field it is about."""

    def __init__(self, title: str, width: int, height: int, parent: QWidget | None) -> None:
        super().__init__(parent)
        self.errors: dict[QWidget, QLabel] = {}
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        self._stack = QStackedWidget()
        whole = QVBoxLayout(self)
        whole.setContentsMargins(theme.XL, theme.L, theme.XL, theme.L)
        whole.addWidget(self._stack)
        self.resize(width, height)

    # --- what each dialog is made of ---

    def _add_page(self) -> QVBoxLayout:
        """One more page: the form first, then what came of it."""
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.M)
        self._stack.addWidget(page)
        return column

    def _make_form(self) -> QFormLayout:
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft)
        form.setHorizontalSpacing(theme.L)
        form.setVerticalSpacing(theme.M)
        return form

    def _ask(self, form: QFormLayout, text: str, field: QLineEdit | QComboBox, *beside: QWidget) -> None:
        """One more field, with room under it for what is wrong."""
        label = QLabel(text)
        label.setBuddy(field)
        field.setAccessibleName(text.replace("&", ""))
        error = theme.role(QLabel(), "error")
        error.setWordWrap(True)
        error.hide()
        self.errors[field] = error
        line = QHBoxLayout()
        line.setSpacing(theme.S)
        line.addWidget(field, 1)
        for widget in beside:
            line.addWidget(widget)
        cell = QVBoxLayout()
        cell.setSpacing(theme.XS)
        cell.addLayout(line)
        cell.addWidget(error)
        form.addRow(label, cell)

    # --- what was wrong ---

    def _refuse(self, field: QLineEdit | QComboBox, sentence: str) -> None:
        """Say what is wrong with a field, and go there."""
        self.errors[field].setText(sentence)
        self.errors[field].show()
        field.setAccessibleDescription(sentence)
        field.setFocus()
        if isinstance(field, QLineEdit):
            field.selectAll()

    @Slot()
    def _unsay(self) -> None:
        """What was said to be wrong is looked at again, or being corrected."""
        for field, error in self.errors.items():
            error.hide()
            field.setAccessibleDescription("")
