"""The form of one row of an auxiliary table, built from the table's declaration."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QMessageBox,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app.kinds import Flag, InvalidValue, Names
from app.tables import Field, Table
from ui import tasks, theme
from ui.editors import Editor, ListEditor, RadioEditor, editor_for
from ui.failure_view import FailureView, failure_of

if TYPE_CHECKING:
    from app.data.records import Record
    from ui.office import Office
    from ui.references import ReferenceSource


class RecordForm(QDialog):
    """Adds a row, or changes `record`. It stays open, with everything typed, until the row is kept or given up.

    `given` are the values that a new row starts with, by the name of the field. The form blocks nothing: the rest of
    the window, and the form of a row that this one refers to, stay usable.
    """

    saved = Signal(int)
    """The row is kept; its number."""

    def __init__(
        self,
        table: Table,
        office: Office,
        references: ReferenceSource,
        record: Record | None = None,
        parent: QWidget | None = None,
        *,
        given: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(parent)
        self.table = table
        self.row_id = None if record is None else record.id
        self._office = office
        self._record = record
        self._given = given or {}
        self._thens: list[Callable[[bool], None]] = []
        self._saving = False
        self._touched: set[str] = set()
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        title = f"Incluir {table.singular}" if record is None else f"Editar {table.singular} {record.title}"
        self.setWindowTitle(title)
        self.setAccessibleName(title)

        self.editors: dict[str, Editor[Any]] = {}
        grid = QGridLayout()
        grid.setHorizontalSpacing(theme.L)
        grid.setVerticalSpacing(theme.M)
        grid.setColumnStretch(1, 1)
        for number, field in enumerate(table.fields):
            self._add_field(grid, number, field, references)
        grid.setRowStretch(len(table.fields), 1)
        inside = QWidget()
        inside.setLayout(grid)
        grid.setContentsMargins(theme.XL, theme.L, theme.XL, theme.L)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(inside)
        self._scroll = scroll

        self.message = theme.role(QLabel(), "error")
        self.message.setWordWrap(True)
        self.message.hide()
        self.failure = FailureView()
        self._required = theme.role(QLabel("* obrigatório"), "hint")
        self.save_button = QPushButton("Salvar")
        self.save_button.setToolTip("Ctrl+S")
        theme.primary(self.save_button)
        self.save_button.clicked.connect(self.save)
        self.cancel_button = QPushButton("Cancelar")
        self.cancel_button.clicked.connect(self.reject)
        for button in (self.save_button, self.cancel_button):
            button.setAutoDefault(False)
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.S)
        buttons.addWidget(self._required)
        buttons.addStretch(1)
        buttons.addWidget(self.cancel_button)
        buttons.addWidget(self.save_button)
        foot = QVBoxLayout()
        foot.setContentsMargins(theme.XL, 0, theme.XL, theme.L)
        foot.setSpacing(theme.M)
        foot.addWidget(self.message)
        foot.addWidget(self.failure)
        foot.addLayout(buttons)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(scroll, 1)
        whole.addLayout(foot)
        QShortcut(QKeySequence.StandardKey.Save, self, self.save)

        self._prefill()
        self._show_doubts(self._values_so_far())
        self._as_opened = self._texts()
        wanted = inside.sizeHint().height() + foot.sizeHint().height() + theme.L
        self.resize(620, min(wanted, 640))
        self.editors[table.fields[0].name].field.setFocus()

    def _add_field(self, grid: QGridLayout, row: int, field: Field, references: ReferenceSource) -> None:
        editor: Editor[Any] = editor_for(field.kind, references=references)
        editor.set_name(field.label)
        editor.changed.connect(self._edited)
        editor.setObjectName(field.name)
        editor.setParent(self)
        self.editors[field.name] = editor
        label = QLabel(f"{field.label} *" if self._must_be_given(field) else field.label)
        label.setWordWrap(True)
        label.setBuddy(editor.field)
        label.setMinimumWidth(150)
        label.setContentsMargins(0, 5, 0, 0)
        cell = QVBoxLayout()
        cell.setSpacing(2)
        cell.addWidget(editor.widget)
        if field.help:
            label.setToolTip(field.help)
            hint = theme.role(QLabel(field.help), "hint")
            hint.setWordWrap(True)
            cell.addWidget(hint)
        grid.addWidget(label, row, 0, Qt.AlignmentFlag.AlignTop)
        grid.addLayout(cell, row, 1)

    def _must_be_given(self, field: Field) -> bool:
        return field.required and field.default is None

    def _prefill(self) -> None:
        for field in self.table.fields:
            if self._record is not None:
                value = self._record.values[field.name]
            elif field.name in self._given:
                value = self._given[field.name]
            elif callable(field.default):
                value = None
            else:
                value = field.initial({}, self._office.snapshot.__getitem__)
            editor = self.editors[field.name]
            if value is not None:
                editor.set_value(value)
            elif isinstance(editor, ListEditor):
                editor.set_text("")  # a list starts at its first line, which nobody chose

    def _texts(self) -> dict[str, str]:
        return {name: editor.text() for name, editor in self.editors.items()}

    @Slot()
    def _edited(self) -> None:
        editor = self.sender()
        if isinstance(editor, Editor):
            editor.set_error("")
            self._touched.add(editor.objectName())
        self.message.hide()
        values = self._values_so_far()
        self._show_doubts(values)
        if self._record is None:
            self._derive(values)

    def _values_so_far(self) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for field in self.table.fields:
            try:
                values[field.name] = self.editors[field.name].value()
            except InvalidValue:
                continue
        return values

    def _show_doubts(self, values: dict[str, Any]) -> None:
        """What may be mistaken and is kept all the same."""
        sentences = self.table.doubts(values)
        for name, editor in self.editors.items():
            if editor.doubt != sentences.get(name, ""):
                editor.set_doubt(sentences.get(name, ""))

    def _derive(self, values: dict[str, Any]) -> None:
        """Fields that follow from others do so until a person edits them."""
        for field in self.table.fields:
            if callable(field.default) and field.name not in self._touched:
                self.editors[field.name].set_value(field.default(values))

    @property
    def is_changed(self) -> bool:
        """Whether something typed here would be lost."""
        return self._texts() != self._as_opened

    def save_then(self, then: Callable[[bool], None]) -> None:
        """Save, then tell whether the row was kept."""
        self._thens.append(then)
        self.save()

    @Slot()
    def save(self) -> None:
        """Keep the row and close; errors land on their fields."""
        if self._saving:
            return
        given, errors = self._read()
        self.failure.clear()
        if errors:
            self._show_errors(errors)
            return
        self._set_saving(True)
        table, row_id = self.table, self.row_id
        database, snapshot, actor = self._office.backoffice.database, self._office.snapshot, self._office.actor

        def keep() -> int:
            from app.data import records

            with database.writing() as connection:
                if row_id is None:
                    return records.add(connection, table, given, snapshot, actor)
                records.change(connection, table, row_id, given, actor)
                return row_id

        tasks.run(keep, self._kept, self._not_kept, self)

    def _read(self) -> tuple[dict[str, Any], dict[str, str]]:
        given: dict[str, Any] = {}
        errors: dict[str, str] = {}
        for field in self.table.fields:
            editor = self.editors[field.name]
            if not editor.text().strip() and not isinstance(field.kind, Flag | Names):
                if self._must_be_given(field):
                    is_list = isinstance(editor, ListEditor | RadioEditor)
                    errors[field.name] = "Escolha uma das opções." if is_list else "Este campo não pode ficar vazio."
                    continue
                if field.required:
                    continue  # left out, it gets its default
            try:
                given[field.name] = editor.value()
            except InvalidValue as error:
                errors[field.name] = str(error)
        return given, errors

    def _show_errors(self, errors: dict[str, str]) -> None:
        for name, editor in self.editors.items():
            editor.set_error(errors.get(name, ""))
        rest = " ".join(sentence for name, sentence in errors.items() if name not in self.editors)
        self.message.setText(rest)
        self.message.setVisible(bool(rest))
        first = next((self.editors[f.name] for f in self.table.fields if errors.get(f.name)), None)
        if first is not None:
            first.field.setFocus()
            self._scroll.ensureWidgetVisible(first.widget)
        self._tell(False)

    def _kept(self, row_id: int) -> None:
        self._as_opened = self._texts()
        self.saved.emit(row_id)
        self._tell(True)
        self.accept()

    def _not_kept(self, error: Exception) -> None:
        from app.data.records import InvalidRecord

        self._set_saving(False)
        if isinstance(error, InvalidRecord):
            self._show_errors(error.errors)
        else:
            self.failure.show_failure(failure_of(error))
            self._tell(False)

    def _set_saving(self, saving: bool) -> None:
        self._saving = saving
        self.save_button.setEnabled(not saving)
        self.save_button.setText("Salvando…" if saving else "Salvar")

    def _tell(self, kept: bool) -> None:
        thens, self._thens = self._thens, []
        for then in thens:
            then(kept)

    def reject(self) -> None:
        """Close; what was typed is given up only after a question."""
        if self._saving:
            return
        if self.is_changed:
            question = QMessageBox(
                QMessageBox.Icon.Question,
                self.windowTitle(),
                "O que foi digitado ainda não foi salvo.",
                parent=self,
            )
            discard = question.addButton("Descartar", QMessageBox.ButtonRole.DestructiveRole)
            back = question.addButton("Continuar editando", QMessageBox.ButtonRole.RejectRole)
            question.setDefaultButton(back)
            question.exec()
            if question.clickedButton() is not discard:
                return
        self.give_up()

    def give_up(self) -> None:
        """Close without saving and without asking."""
        self._as_opened = self._texts()
        super().reject()

    def closeEvent(self, event: Any) -> None:
        if self.is_changed or self._saving:
            event.ignore()
            self.reject()
        else:
            super().closeEvent(event)
