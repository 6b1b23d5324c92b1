"""A group whose settings are a table: a row for each status, a column for each family of settings."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from app.settings.setting import Group
from ui import theme
from ui.setting_row import SettingRow


class StatusGrid(QWidget):
    """Shows the rows of `group`, which lists its settings column after column."""

    def __init__(self, group: Group, rows: Sequence[SettingRow]) -> None:
        super().__init__()
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(theme.S)
        grid.setVerticalSpacing(theme.XS)
        grid.setColumnStretch(0, 1)
        for column, title in enumerate(group.columns, 1):
            grid.setColumnStretch(column, 3)
            grid.addWidget(theme.role(QLabel(title), "strong"), 0, column)
        height = len(rows) // len(group.columns)
        self._lines: list[tuple[QLabel, list[SettingRow]]] = []
        for line in range(height):
            cells = [rows[column * height + line] for column in range(len(group.columns))]
            header = QLabel(getattr(cells[0].setting.tag, "label", cells[0].setting.label))
            header.setWordWrap(True)
            header.setToolTip(cells[0].setting.tooltip)
            header.setBuddy(cells[0].editor.field)
            theme.role(header, "strong")
            header.setContentsMargins(0, theme.XS + 1, 0, 0)
            grid.addWidget(header, line + 1, 0, Qt.AlignmentFlag.AlignTop)
            for column, row in enumerate(cells, 1):
                cell = QWidget()
                row.place_in_cell(cell)
                grid.addWidget(cell, line + 1, column)
            self._lines.append((header, cells))

    def refresh(self, visible: set[SettingRow]) -> None:
        """Show the header of each line that has a visible cell."""
        for header, cells in self._lines:
            header.setVisible(any(cell in visible for cell in cells))
