"""The widget that edits one value, chosen by its kind: the same one on settings pages and on forms of tables."""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import Enum
from typing import Any, Generic, TypeVar, cast

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QSignalBlocker, QSize, Qt, Signal, Slot
from PySide6.QtGui import QGuiApplication, QMouseEvent, QPaintEvent, QStandardItem, QStandardItemModel, QValidator
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QButtonGroup,
    QCheckBox,
    QComboBox,
    QCompleter,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QRadioButton,
    QSizePolicy,
    QStyle,
    QStyleOptionComboBox,
    QStylePainter,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.kinds import (
    Choice,
    FilePath,
    Flag,
    Host,
    InvalidValue,
    Kind,
    Names,
    Number,
    Option,
    Reference,
    State,
    TimeZone,
    WebAddress,
    WeeklyWindow,
    folded,
    is_this_computer,
)
from app.tables import TABLES
from app.uf import UFS
from app.working_hours import DAY_MINUTES, WEEKDAY_LABELS, WEEKDAYS, WorkingHours
from ui import icons, theme
from ui.browse_button import BrowseButton, files_of
from ui.references import NewRow, ReferenceRow, ReferenceSource

T = TypeVar("T")
E = TypeVar("E", bound=Enum)

RADIO_LIMIT = 3
"""Choices of up to this many options show them all; more go into a list that opens."""

_SEARCH_ROLE = Qt.ItemDataRole.UserRole + 1


class Editor(QObject, Generic[T]):
    """Edits a value as text that its kind reads, so that what is not a value yet is kept and explained too.

    `changed` is emitted when a person edits, never by `set_value` or `set_text`. `focused` says that the keyboard came
    here. The wheel does nothing to an editor without the keyboard's focus.
    """

    changed = Signal()
    focused = Signal()

    def __init__(self, kind: Kind[T]) -> None:
        super().__init__()
        self.kind = kind
        self.widget = QWidget()
        self.setParent(self.widget)  # it filters the events of its fields, so it lives as long as they do
        self.fields: list[QWidget] = []
        self._error = theme.role(QLabel(), "error")
        self._error.setWordWrap(True)
        self._error.hide()
        self._is_refused = False
        self._doubt = ""
        self.lines = QVBoxLayout(self.widget)
        self.lines.setContentsMargins(0, 0, 0, 0)
        self.lines.setSpacing(theme.XS)
        self.lines.addWidget(self._error)

    def _add(self, line: QWidget, *fields: QWidget) -> None:
        """Put a line above the error; `fields` are the widgets of it that take the keyboard."""
        self.lines.insertWidget(self.lines.count() - 1, line)
        for field in fields:
            field.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            field.installEventFilter(self)
            self.fields.append(field)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Wheel and isinstance(watched, QWidget) and not watched.hasFocus():
            event.ignore()
            return True
        if event.type() == QEvent.Type.FocusIn:
            self.focused.emit()
        return super().eventFilter(watched, event)

    @property
    def field(self) -> QWidget:
        """Where the keyboard goes: the buddy of the label."""
        return self.fields[0]

    def text(self) -> str:
        """What is written now, value or not."""
        raise NotImplementedError

    def set_text(self, text: str) -> None:
        """Write a text, value or not."""
        raise NotImplementedError

    def value(self) -> T:
        """The value written. Raises InvalidValue with a sentence for the operator."""
        return self.kind.parse(self.text())

    def set_value(self, value: T) -> None:
        """Write a value."""
        self.set_text(self.kind.dump(value))

    def set_doubt(self, sentence: str) -> None:
        """Say under the field, while nothing is wrong with it, why its value may be mistaken; "" takes it away."""
        self._doubt = sentence
        if not self.error:
            self.set_error("")

    def set_error(self, sentence: str) -> None:
        """Say under the field why its value is refused; "" takes it away."""
        self._error.setText(sentence or self._doubt)
        self._error.setVisible(bool(sentence or self._doubt))
        theme.tone(self._error, None if sentence or not self._doubt else theme.Tone.WARN)
        self._is_refused = bool(sentence)
        for field in self.fields:
            field.setAccessibleDescription(sentence or self._doubt or self._description(field))
            if bool(field.property("invalid")) is not bool(sentence):
                field.setProperty("invalid", bool(sentence))  # the style draws its outline by this property
                field.style().polish(field)

    @property
    def error(self) -> str:
        """Why its value is refused, as it stands under the field."""
        return self._error.text() if self._is_refused else ""

    @property
    def doubt(self) -> str:
        """Why its value may be mistaken."""
        return self._doubt

    def _description(self, field: QWidget) -> str:
        return self.kind.hint

    def set_name(self, name: str) -> None:
        """How a screen reader calls it."""
        for field in self.fields:
            field.setAccessibleName(name)
        self.set_error(self.error)

    def set_enabled(self, enabled: bool) -> None:
        """Whether a person may edit it."""
        self.widget.setEnabled(enabled)

    @Slot()
    def _edited(self) -> None:
        self.changed.emit()


class FlagEditor(Editor[bool]):
    """A check box that says what its state means."""

    def __init__(self, kind: Flag) -> None:
        super().__init__(kind)
        self.box = QCheckBox()
        self.box.toggled.connect(self._edited)
        self._add(self.box, self.box)
        self._say()

    def text(self) -> str:
        return self.kind.dump(self.box.isChecked())

    def set_text(self, text: str) -> None:
        with QSignalBlocker(self.box):
            self.box.setChecked(self.kind.parse(text))
        self._say()

    @Slot()
    def _edited(self) -> None:
        self._say()
        self.changed.emit()

    def _say(self) -> None:
        self.box.setText("Ligado" if self.box.isChecked() else "Desligado")


class _SteppedText(QAbstractSpinBox):
    """A text with up and down arrows that never changes what was typed by itself."""

    stepped = Signal()

    def __init__(self, step: Callable[[str, int], str | None]) -> None:
        super().__init__()
        self._step = step
        self.lineEdit().setTextMargins(theme.XS, 0, 0, 0)

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        return QValidator.State.Acceptable, text, position

    def stepEnabled(self) -> QAbstractSpinBox.StepEnabledFlag:
        steps = QAbstractSpinBox.StepEnabledFlag.StepNone
        if self._step(self.text(), 1) is not None:
            steps |= QAbstractSpinBox.StepEnabledFlag.StepUpEnabled
        if self._step(self.text(), -1) is not None:
            steps |= QAbstractSpinBox.StepEnabledFlag.StepDownEnabled
        return steps

    def stepBy(self, steps: int) -> None:
        text = self._step(self.text(), steps)
        if text is not None:
            self.lineEdit().setText(text)
            self.lineEdit().selectAll()
            self.stepped.emit()

    def sizeHint(self) -> QSize:
        hint = super().sizeHint()
        hint.setWidth(self.fontMetrics().horizontalAdvance("0" * 6) + 40)
        return hint

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()


class NumberEditor(Editor[int]):
    """A number with its unit. What is out of the limits is refused with a sentence, never changed to fit."""

    def __init__(self, kind: Number) -> None:
        super().__init__(kind)
        self._limits = kind
        self.spin = _SteppedText(self._stepped)
        self.spin.lineEdit().textEdited.connect(self._edited)
        self.spin.stepped.connect(self._edited)
        line, row = _line()
        row.addWidget(self.spin)
        if kind.unit:
            row.addWidget(QLabel(kind.unit))
        row.addStretch(1)
        self._add(line, self.spin)

    def _stepped(self, text: str, steps: int) -> str | None:
        if not re.fullmatch(r"\s*[+-]?[0-9]{1,18}\s*", text):
            return None
        number = int(text)
        target = min(max(number + steps, self._limits.minimum), self._limits.maximum)
        return str(target) if target != number else None

    def text(self) -> str:
        return self.spin.text()

    def set_text(self, text: str) -> None:
        self.spin.lineEdit().setText(text)


class LineEditor(Editor[T]):
    """One line of text. `write` gives the text that a person sees of a value."""

    def __init__(self, kind: Kind[T], write: Callable[[T], str]) -> None:
        super().__init__(kind)
        self._write = write
        self.edit = QLineEdit()
        self.edit.setMinimumWidth(120)
        self.edit.textEdited.connect(self._edited)
        line, self._row = _line()
        self._row.addWidget(self.edit, 1)
        self._add(line, self.edit)

    def text(self) -> str:
        return self.edit.text()

    def set_text(self, text: str) -> None:
        self.edit.setText(text)
        self.edit.setCursorPosition(0)

    def set_value(self, value: T) -> None:
        self.set_text(self._write(value))


class HostEditor(LineEditor[str]):
    """The address of a computer; says when it is this one."""

    def __init__(self, kind: Host) -> None:
        super().__init__(kind, kind.dump)
        self.here = theme.role(QLabel("(este computador)"), "hint")
        self.lines.insertWidget(1, self.here)  # under the field: at its side a narrow window would have no room
        self.edit.textChanged.connect(self._say)
        self._say()

    @Slot()
    def _say(self) -> None:
        self.here.setVisible(is_this_computer(self.edit.text().strip().strip("[]")))


class AddressEditor(LineEditor[str]):
    """A web address, which may be copied."""

    def __init__(self, kind: WebAddress) -> None:
        super().__init__(kind, kind.dump)
        self.copy = QToolButton()
        self.copy.setIcon(icons.icon("copy"))
        self.copy.setToolTip("Copiar o endereço")
        self.copy.setAccessibleName("Copiar o endereço")
        self.copy.clicked.connect(self._copy)
        self._row.addWidget(self.copy)
        self.edit.textChanged.connect(self._say)
        self._say()

    @Slot()
    def _say(self) -> None:
        self.edit.setToolTip(self.edit.text())
        self.copy.setEnabled(bool(self.edit.text()))

    @Slot()
    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.edit.text())


class FileEditor(LineEditor[str]):
    """The path of a file, typed or found."""

    def __init__(self, kind: FilePath) -> None:
        super().__init__(kind, kind.dump)
        self.browse = BrowseButton(self.edit, "Escolher o arquivo", files_of(kind.what, kind.suffixes))
        self.browse.chosen.connect(self._edited)
        self._row.addWidget(self.browse)

    def set_name(self, name: str) -> None:
        super().set_name(name)
        self.browse.setAccessibleName(f"{name}: escolher o arquivo")


class NamesEditor(Editor[tuple[str, ...]]):
    """Several names, one a line."""

    def __init__(self, kind: Names) -> None:
        super().__init__(kind)
        self.area = QPlainTextEdit()
        self.area.setTabChangesFocus(True)
        self.area.setPlaceholderText("Um nome por linha")
        self.area.setFixedHeight(self.area.fontMetrics().lineSpacing() * 4 + theme.L)
        self.area.textChanged.connect(self._edited)
        self._add(self.area, self.area)

    def text(self) -> str:
        return self.area.toPlainText()

    def set_text(self, text: str) -> None:
        with QSignalBlocker(self.area):
            self.area.setPlainText(text)


class _OptionText(QLabel):
    """A text that may wrap, which chooses its option when clicked."""

    def __init__(self, text: str, button: QRadioButton) -> None:
        super().__init__(text)
        self._button = button
        self.setWordWrap(True)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self._button.setFocus(Qt.FocusReason.MouseFocusReason)
            self._button.click()


class RadioEditor(Editor[E]):
    """All options at sight, each with a sentence of what it does."""

    def __init__(self, kind: Choice[E]) -> None:
        super().__init__(kind)
        self.buttons: dict[Option[E], QRadioButton] = {}
        self._writing = False
        group = QButtonGroup(self.widget)
        for option in kind.options:
            button = QRadioButton()
            button.toggled.connect(self._chosen)
            self.buttons[option] = button
            line, row = _line()
            row.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
            texts = QVBoxLayout()
            texts.setSpacing(0)
            texts.addWidget(_OptionText(option.label, button))
            if option.sentence:
                texts.addWidget(theme.role(_OptionText(option.sentence, button), "hint"))
            row.addLayout(texts, 1)
            group.addButton(button)
            self._add(line, button)

    @property
    def field(self) -> QWidget:
        return next((button for button in self.buttons.values() if button.isChecked()), self.fields[0])

    def text(self) -> str:
        return next((self.kind.dump(o.value) for o, button in self.buttons.items() if button.isChecked()), "")

    def set_text(self, text: str) -> None:
        value = self.kind.parse(text)
        self._writing = True
        for option, button in self.buttons.items():
            if option.value is value:
                button.setChecked(True)
        self._writing = False

    @Slot(bool)
    def _chosen(self, checked: bool) -> None:
        if checked and not self._writing:
            self.changed.emit()

    def set_name(self, name: str) -> None:
        for option, button in self.buttons.items():
            button.setAccessibleName(f"{name}: {option.label}")
        self.set_error(self.error)

    def _description(self, field: QWidget) -> str:
        return next(option.sentence for option, button in self.buttons.items() if button is field)


class _Combo(QComboBox):
    """A list that opens as wide as its longest line, while closed it fits the form."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(14)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def paintEvent(self, event: QPaintEvent) -> None:
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        room = self.style().subControlRect(
            QStyle.ComplexControl.CC_ComboBox, option, QStyle.SubControl.SC_ComboBoxEditField, self
        )
        option.currentText = self.fontMetrics().elidedText(
            option.currentText, Qt.TextElideMode.ElideRight, room.width() - 2
        )
        painter = QStylePainter(self)
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        if not self.isEditable():
            painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)

    def showPopup(self) -> None:
        margin = 3 * theme.L
        self.view().setMinimumWidth(min(self.view().sizeHintForColumn(0) + margin, self.screen().size().width() // 2))
        super().showPopup()


class ListEditor(Editor[T]):
    """One of many named values, in a list that opens. `sentences` says under the list what the chosen one does."""

    def __init__(self, kind: Kind[T], options: list[tuple[T, str, str]], *, sentences: bool) -> None:
        super().__init__(kind)
        self._options = options
        self.combo = _Combo()
        for value, label, sentence in options:
            self.combo.addItem(label, kind.dump(value))
            self.combo.setItemData(self.combo.count() - 1, sentence, Qt.ItemDataRole.ToolTipRole)
        self.combo.currentIndexChanged.connect(self._chosen)
        self._add(self.combo, self.combo)
        self._sentence = theme.role(QLabel(), "hint")
        self._sentence.setWordWrap(True)
        if sentences:
            self.lines.insertWidget(1, self._sentence)
        self._say()

    def text(self) -> str:
        return str(self.combo.currentData() or "")

    def set_text(self, text: str) -> None:
        with QSignalBlocker(self.combo):
            if text and self.combo.findData(text) < 0:
                self._options.append((self.kind.parse(text), text, ""))
                self.combo.addItem(text, text)
            self.combo.setCurrentIndex(self.combo.findData(text))
        self._say()

    @Slot()
    def _chosen(self) -> None:
        self._say()
        self.changed.emit()

    def _say(self) -> None:
        index = self.combo.currentIndex()
        sentence = self._options[index][2] if index >= 0 else ""
        self._sentence.setText(sentence)
        self.combo.setToolTip(f"{self.combo.currentText()}: {sentence}" if sentence else self.combo.currentText())


class _TypeToFind(QCompleter):
    """Finds a row by any part of its text, accents and case apart."""

    def splitPath(self, path: str) -> list[str]:
        return [folded(path)]

    def pathFromIndex(self, index: QModelIndex | QPersistentModelIndex) -> str:
        return str(index.data(Qt.ItemDataRole.DisplayRole))


class ReferenceEditor(Editor[int | None]):
    """A row of a table: type any part of its number or name, or open the form of a new one."""

    NONE = "nenhum"

    def __init__(self, kind: Reference, references: ReferenceSource) -> None:
        super().__init__(kind)
        self._reference = kind
        self._source = references
        references.watch(kind.table)
        self._model = QStandardItemModel(self)
        self.combo = _Combo()
        self.edit = QLineEdit()
        self.combo.setLineEdit(self.edit)
        self.combo.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.combo.setModel(self._model)
        completer = _TypeToFind(self._model, self.combo)
        completer.setCompletionRole(_SEARCH_ROLE)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseSensitive)  # both sides are folded already
        self.combo.setCompleter(completer)
        completer.activated.connect(self._chosen)
        self.combo.activated.connect(self._chosen)
        self.edit.textEdited.connect(self._typed)
        self.edit.editingFinished.connect(self._settle)
        self.new = QPushButton("novo…")
        theme.link(self.new)
        table = TABLES[kind.table]
        self.new.setToolTip(f"Incluir em {table.label}")
        self.new.setAccessibleName(f"Incluir em {table.label}")
        self.new.clicked.connect(self._open_new)
        line, self.row = _line()
        self.row.addWidget(self.combo, 1)
        self.row.addWidget(self.new)
        self._add(line, self.combo)
        self.detail = theme.role(QLabel(), "hint")
        self.detail.setWordWrap(True)
        self.lines.insertWidget(1, self.detail)
        self._id_text = ""
        references.changed.connect(self._fill)
        self._fill()

    def text(self) -> str:
        return self._id_text

    def set_text(self, text: str) -> None:
        self._id_text = text
        self._show()

    @Slot()
    def _fill(self) -> None:
        with QSignalBlocker(self.combo):
            self._model.clear()
            if not self._reference.required:
                self._model.appendRow(_item(self.NONE, ""))
            for row in self._source.rows(self._reference.table):
                if row.active:
                    detail = f" — {row.detail}" if row.detail else ""
                    self._model.appendRow(_item(f"{row.title}{detail}", str(row.id)))
        self._show()

    def _show(self) -> None:
        """Write the row's name; a number that is in no active row is written as it is, with why."""
        row = self._row()
        with QSignalBlocker(self.combo):
            self.combo.setCurrentIndex(self.combo.findData(self._id_text))
            if row is not None:
                self.combo.setEditText(row.title)
            elif self._id_text or self._reference.required:
                self.combo.setEditText(self._id_text)
            else:
                self.combo.setEditText(self.NONE)
        self.edit.setCursorPosition(0)
        self.combo.setToolTip(self.combo.currentText())
        self._say_detail()

    def _row(self) -> ReferenceRow | None:
        return next((row for row in self._source.rows(self._reference.table) if str(row.id) == self._id_text), None)

    def _say_detail(self) -> None:
        row = self._row()
        detail = "" if row is None else row.detail if row.active else "Este cadastro está inativo."
        self.detail.setText(detail)
        self.detail.setVisible(bool(detail))

    @Slot(str)
    def _typed(self, text: str) -> None:
        self._id_text = self._read(text)
        self._say_detail()
        self.changed.emit()

    def _read(self, text: str) -> str:
        """The number that a typed text stands for: of the row so called, or of the only one that matches."""
        word = folded(text)
        if word in ("", self.NONE):
            return ""
        rows = [row for row in self._source.rows(self._reference.table) if row.active]
        for row in rows:
            if word in (str(row.id), folded(row.title)):
                return str(row.id)
        found = [row for row in rows if word in folded(row.title)]
        return str(found[0].id) if len(found) == 1 else text.strip()

    @Slot()
    def _chosen(self) -> None:
        index = self.combo.findText(self.combo.currentText())
        text = str(self.combo.itemData(index)) if index >= 0 else self._read(self.combo.currentText())
        changed = text != self._id_text
        self._id_text = text
        self._show()
        if changed:
            self.changed.emit()

    @Slot()
    def _settle(self) -> None:
        if self._id_text == "" or self._id_text.isdigit():
            self._show()

    @Slot()
    def _open_new(self) -> None:
        self._source.add_new(NewRow(self._reference.table, self.choose))

    @Slot(int)
    def choose(self, row_id: int) -> None:
        """Choose a row, as by hand; its name is written once it was read."""
        self._id_text = str(row_id)
        self._show()
        self.changed.emit()

    def value(self) -> int | None:
        """The number of the row. Raises InvalidValue."""
        text = self._id_text
        if text and not text.isdigit():
            label = TABLES[self._reference.table].label
            raise InvalidValue(f"Nada em {label} se chama “{text}”. Escolha um item da lista ou inclua um novo.")
        return super().value()


class WindowEditor(Editor[WorkingHours]):
    """From–to and the days of the week."""

    def __init__(self, kind: WeeklyWindow) -> None:
        super().__init__(kind)
        self.start, self.end = _SteppedText(_half_hour_from), _SteppedText(_half_hour_from)
        line, row = _line()
        row.addWidget(QLabel("das"))
        row.addWidget(self.start)
        row.addWidget(QLabel("às"))
        row.addWidget(self.end)
        row.addStretch(1)
        self._add(line, self.start, self.end)
        self.days: list[QPushButton] = []
        line, row = _line()
        row.setSpacing(2)
        for label in WEEKDAY_LABELS:
            button = QPushButton(label)
            button.setCheckable(True)
            button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            button.setMinimumWidth(28)
            button.setMaximumWidth(48)
            button.setStyleSheet("padding-left: 0; padding-right: 0;")
            button.toggled.connect(self._edited)
            self.days.append(button)
            row.addWidget(button, 1)
        self._add(line, *self.days)
        self._hint = theme.role(QLabel(), "hint")
        self._hint.setWordWrap(True)
        self.lines.insertWidget(2, self._hint)
        for field in (self.start, self.end):
            field.lineEdit().textEdited.connect(self._edited)
            field.stepped.connect(self._edited)

    def text(self) -> str:
        days = " ".join(day for day, button in zip(WEEKDAYS, self.days, strict=True) if button.isChecked())
        return f"{self.start.text()}-{self.end.text()} {days or _NO_DAY}"

    def set_text(self, text: str) -> None:
        times, _, days = text.partition(" ")
        start, _, end = times.partition("-")
        self.start.lineEdit().setText(start)
        self.end.lineEdit().setText(end)
        for day, button in zip(WEEKDAYS, self.days, strict=True):
            with QSignalBlocker(button):
                button.setChecked(day in days.split())
        self._say()

    def value(self) -> WorkingHours:
        """The hours. Raises InvalidValue."""
        if not any(button.isChecked() for button in self.days):
            raise InvalidValue("Escolha pelo menos um dia da semana.")
        for field in (self.start, self.end):
            if not re.fullmatch(r"\s*[0-9]{1,2}:[0-9]{2}\s*", field.text()):
                raise InvalidValue(f"“{field.text().strip()}” não é uma hora. Escreva como 08:00.")
        return super().value()

    def set_name(self, name: str) -> None:
        self.start.setAccessibleName(f"{name}: início")
        self.end.setAccessibleName(f"{name}: fim")
        for day, button in zip(_DAY_NAMES, self.days, strict=True):
            button.setAccessibleName(f"{name}: {day}")
            button.setToolTip(day)
        self.set_error(self.error)

    @Slot()
    def _edited(self) -> None:
        self._say()
        self.changed.emit()

    def _say(self) -> None:
        try:
            hours = self.value()
        except InvalidValue:
            self._hint.setText("")
            return
        if (hours.start, hours.end) == (0, DAY_MINUTES):
            self._hint.setText("O dia inteiro.")
        elif hours.end <= hours.start:
            self._hint.setText("Atravessa a meia-noite: termina no dia seguinte.")
        else:
            self._hint.setText("")


_NO_DAY = "nenhum"
_DAY_NAMES = ("segunda-feira", "terça-feira", "quarta-feira", "quinta-feira", "sexta-feira", "sábado", "domingo")


def _half_hour_from(text: str, steps: int) -> str | None:
    match = re.fullmatch(r"\s*([0-9]{1,2}):([0-9]{2})\s*", text)
    if match is None:
        return None
    minutes = int(match[1]) * 60 + int(match[2])
    target = min(max((minutes // 30 + steps) * 30, 0), DAY_MINUTES)
    return f"{target // 60:02d}:{target % 60:02d}" if target != minutes else None


def _item(text: str, key: str) -> QStandardItem:
    item = QStandardItem(text)
    item.setData(key, Qt.ItemDataRole.UserRole)
    item.setData(folded(text), _SEARCH_ROLE)
    return item


def _line() -> tuple[QWidget, QHBoxLayout]:
    line = QWidget()
    row = QHBoxLayout(line)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(theme.S)
    return line, row


def editor_for(kind: Kind[T], *, references: ReferenceSource, compact: bool = False) -> Editor[T]:
    """A new editor for values of this kind. A compact one takes a single line, for the cells of a grid."""
    made: Editor[Any]
    if isinstance(kind, Flag):
        made = FlagEditor(kind)
    elif isinstance(kind, Number):
        made = NumberEditor(kind)
    elif isinstance(kind, Choice):
        if len(kind.options) <= RADIO_LIMIT and not compact:
            made = RadioEditor(kind)
        else:
            options = [(option.value, option.label, option.sentence) for option in kind.options]
            made = ListEditor(kind, options, sentences=not compact)
    elif isinstance(kind, Reference):
        made = ReferenceEditor(kind, references)
    elif isinstance(kind, WeeklyWindow):
        made = WindowEditor(kind)
    elif isinstance(kind, Host):
        made = HostEditor(kind)
    elif isinstance(kind, WebAddress):
        made = AddressEditor(kind)
    elif isinstance(kind, FilePath):
        made = FileEditor(kind)
    elif isinstance(kind, State):
        made = ListEditor(kind, [(uf, kind.show(uf), "") for uf in UFS], sentences=False)
    elif isinstance(kind, TimeZone):
        made = ListEditor(kind, [(zone, zone, "") for zone in sorted({u.zone for u in UFS.values()})], sentences=False)
    elif isinstance(kind, Names):
        made = NamesEditor(kind)
    else:
        made = LineEditor(kind, kind.show)
    return cast(Editor[T], made)
