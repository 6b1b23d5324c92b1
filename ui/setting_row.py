"""One setting on screen: its label, editor, where the value comes from, and the way back to the default."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QEvent, QObject, QSignalBlocker, Qt, Signal, Slot
from PySide6.QtWidgets import QCheckBox, QGridLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from app.kinds import Flag, InvalidValue, Reference, folded
from app.settings.draft import RESTORE
from app.settings.setting import Setting
from app.settings.snapshot import GENERAL_COMPANY, SettingKey, Source
from ui import icons, theme
from ui.editors import FlagEditor, RadioEditor, editor_for
from ui.references import ReferenceSource
from ui.settings_draft import SettingsDraft, Unreadable
from ui.theme import Tone

SOURCE_WIDTH = 88
RESTORE_WIDTH = 28


def align_columns(grid: QGridLayout) -> None:
    """Give a grid of rows the columns that every group has: label, editor, source, restore."""
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(theme.M)
    grid.setVerticalSpacing(theme.M)
    grid.setColumnStretch(0, 5)
    grid.setColumnStretch(1, 8)
    grid.setColumnMinimumWidth(2, SOURCE_WIDTH)
    grid.setColumnMinimumWidth(3, RESTORE_WIDTH)


class SettingRow(QObject):
    """The only thing that knows the widgets of one setting. What it shows is read from the draft each time."""

    edited = Signal(object)
    """The person changed the draft through this row; the row itself is given."""

    focused = Signal(object)
    """The keyboard came here; the row itself is given."""

    def __init__(
        self,
        setting: Setting[Any],
        draft: SettingsDraft,
        references: ReferenceSource,
        parent: QObject,
        *,
        compact: bool = False,
    ) -> None:
        super().__init__(parent)
        self.setting = setting
        self.company = GENERAL_COMPANY
        self._draft = draft
        self._references = references
        self._words = folded(f"{setting.label} {setting.help} {setting.key}")
        self.editor = editor_for(setting.kind, references=references, compact=compact)
        self.editor.set_name(setting.label)
        self.editor.changed.connect(self._typed)
        self.editor.focused.connect(self._entered)
        self.label = QLabel(setting.label)
        self.label.setWordWrap(True)
        self.label.setToolTip(setting.tooltip)
        self.label.setBuddy(self.editor.field)
        if setting.is_general:
            theme.role(self.label, "strong")
        self.override = QCheckBox("Sobrepor")
        self.override.setAccessibleName(f"Sobrepor {setting.label}")
        self.override.setToolTip("Marcado, esta empresa tem valor próprio, mesmo que igual ao geral.")
        self.override.toggled.connect(self._overridden)
        self.override.installEventFilter(self)
        self.source = QLabel()
        self.source.setWordWrap(True)
        self.restore = QToolButton()
        self.restore.setIcon(icons.icon("restore"))
        self.restore.setAutoRaise(True)
        self.restore.clicked.connect(self._restored)
        self._cells: list[QWidget] = []

    @property
    def key(self) -> SettingKey:
        """What is edited now: the general value, or the one of the company shown."""
        return self.setting, self.company if self.setting.is_company else GENERAL_COMPANY

    @property
    def may_override(self) -> bool:
        """Whether a company is shown that may have its own value over the general one."""
        return self.company != GENERAL_COMPANY and self.setting.is_company and self.setting.is_general

    def place_in(self, grid: QGridLayout, line: int) -> None:
        """Put the row into a group's grid."""
        top = theme.XS + 1
        if isinstance(self.editor, FlagEditor | RadioEditor):
            self.editor.lines.setContentsMargins(0, theme.XS, 0, 0)
        names = QWidget()
        column = QVBoxLayout(names)
        column.setContentsMargins(0, top, 0, 0)
        column.setSpacing(theme.XS)
        column.addWidget(self.label)
        column.addWidget(self.override)
        column.addStretch(1)
        self.source.setContentsMargins(0, top, 0, 0)
        self.source.setFixedWidth(SOURCE_WIDTH)
        self.source.setAlignment(Qt.AlignmentFlag.AlignTop)
        grid.addWidget(names, line, 0)
        grid.addWidget(self.editor.widget, line, 1, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(self.source, line, 2)
        grid.addWidget(self.restore, line, 3, Qt.AlignmentFlag.AlignTop)
        self._cells = [names, self.editor.widget, self.source, self.restore]

    def place_in_cell(self, cell: QWidget) -> None:
        """Put the row into one cell of a status grid, whose headers are its label."""
        grid = QGridLayout(cell)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(theme.XS)
        grid.setVerticalSpacing(0)
        grid.addWidget(self.editor.widget, 0, 0, 1, 2)
        grid.addWidget(self.source, 1, 0)
        grid.addWidget(self.restore, 1, 1)
        grid.setColumnStretch(0, 1)
        self._cells = [cell]

    def matches(self, words: list[str]) -> bool:
        """Whether label, help and key have all these words, folded."""
        return all(word in self._words for word in words)

    def set_visible(self, visible: bool) -> None:
        """Show or hide the row, for the search."""
        for cell in self._cells:
            cell.setVisible(visible)

    def focus(self) -> None:
        """Bring the keyboard to the editor, or to what unlocks it."""
        target = self.editor.field if self.editor.widget.isEnabled() else self.override
        target.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_state(self, company: int, locked: str, why: str) -> None:
        """Show the draft's value for a company (0: general). `locked` says in two words that it cannot be edited."""
        self.company = company
        unreadable = self._draft.unreadable(self.key)
        if unreadable is not None:
            self.editor.set_text(unreadable.text)
        else:
            self.editor.set_value(self._draft.effective(self.setting, company).value)
        self.refresh_marks(locked, why)

    def refresh_marks(self, locked: str, why: str) -> None:
        """Show everything but the value, which is being typed."""
        present = self._draft.is_present(self.key)
        self.override.setVisible(self.may_override)
        self.override.setEnabled(not locked)
        with QSignalBlocker(self.override):
            self.override.setChecked(present)
        self.label.setEnabled(not locked)
        self.editor.set_enabled(not locked and (present or not self.may_override))
        self.editor.set_error("" if locked else self._draft.errors.get(self.key, ""))
        self.label.setToolTip(why or self.setting.tooltip)
        self._say_source(locked, why)
        value = self._draft.effective(self.setting, self.company).value
        restorable = present if self.may_override else value != self.setting.default
        self.restore.setEnabled(not locked and (restorable or self._draft.unreadable(self.key) is not None))
        back = shown(self.setting, self._draft.restored(self.setting, self.company), self._references)
        target = "ao geral" if self.may_override else "ao padrão"
        self.restore.setToolTip(f"Voltar {target}: {back}")
        self.restore.setAccessibleName(f"{self.setting.label}: voltar {target}, {back}")

    def _say_source(self, locked: str, why: str) -> None:
        effective = self._draft.effective(self.setting, self.company)
        if locked:
            text, tone = locked, None
        elif self._draft.is_changed(self.key):
            text, tone = "● não salvo", Tone.INFO
        elif effective.source is Source.GENERAL and not self.may_override:
            text = "padrão" if effective.value == self.setting.default else "● alterado"
            tone = None
        elif effective.source is Source.DEFAULT and self.may_override:
            text, tone = "vem do geral", None
        else:
            text, tone = effective.source.label, None
        theme.role(self.source, "hint")
        theme.tone(self.source, tone)
        self.source.setText(text)
        self.source.setToolTip(why or self._why(effective.source))

    def _why(self, source: Source) -> str:
        kept = self._draft.base.for_company(self.company).effective(self.setting).kept
        default = shown(self.setting, self.setting.default, self._references)
        known = f" Gravado por {kept.by} em {kept.at.astimezone():%d/%m/%Y %H:%M}." if kept and kept.at else ""
        return f"Padrão: {default}.{known}"

    @Slot()
    def _typed(self) -> None:
        try:
            self._draft.put(self.key, self.editor.value())
        except InvalidValue as error:
            self._draft.put(self.key, Unreadable(self.editor.text(), str(error)))
        self.edited.emit(self)

    @Slot(bool)
    def _overridden(self, checked: bool) -> None:
        general = self._draft.effective(self.setting, GENERAL_COMPANY).value
        self._draft.put(self.key, general if checked else RESTORE)
        self._rewrite()

    @Slot()
    def _restored(self) -> None:
        self._draft.put(self.key, RESTORE)
        self._rewrite()

    def _rewrite(self) -> None:
        self.editor.set_value(self._draft.effective(self.setting, self.company).value)
        self.edited.emit(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.FocusIn:
            self.focused.emit(self)
        return super().eventFilter(watched, event)

    @Slot()
    def _entered(self) -> None:
        self.focused.emit(self)


def shown(setting: Setting[Any], value: Any, references: ReferenceSource) -> str:
    """A value as a person reads it, with the name of the row that a reference points to."""
    if isinstance(setting.kind, Reference) and value is not None:
        return references.title(setting.kind.table, value)
    if isinstance(setting.kind, Flag):
        return "ligado" if value else "desligado"
    return setting.kind.show(value) or "vazio"
