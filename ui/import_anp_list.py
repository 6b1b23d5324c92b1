"""Which file has a list of ANP, and of when the list is."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from PySide6.QtCore import QDateTime, Qt, Slot
from PySide6.QtWidgets import (
    QDateTimeEdit,
    QDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from app.domain import ListKind
from ui import theme
from ui.browse_button import CSV_FILES, BrowseButton
from ui.confirm_buttons import ConfirmButtons
from ui.file_reading import unreadable


class ImportAnpList(QDialog):
    """Asks for the file and the date, which starts as that of the file's last change; reads nothing itself."""

    def __init__(self, kind: ListKind, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.kind = kind
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Importar lista da ANP de um arquivo")
        sentence = QLabel(f"{kind.label}: o arquivo CSV dos dados abertos da ANP, como foi baixado.")
        sentence.setWordWrap(True)
        self.path = QLineEdit()
        self.path.setPlaceholderText("Arquivo CSV")
        self.path.textChanged.connect(self._look)
        browse = BrowseButton(self.path, "Escolher o arquivo", CSV_FILES)
        line = QHBoxLayout()
        line.setSpacing(theme.S)
        line.addWidget(self.path, 1)
        line.addWidget(browse)
        self.date = QDateTimeEdit()
        self.date.setDisplayFormat("dd/MM/yyyy HH:mm")
        self.hint = theme.role(QLabel(), "hint")
        self.hint.setWordWrap(True)
        grid = QGridLayout()
        grid.setHorizontalSpacing(theme.M)
        grid.setVerticalSpacing(theme.M)
        grid.setColumnStretch(1, 1)
        for row, (text, field) in enumerate((("&Arquivo", self.path), ("&Data da lista", self.date))):
            label = QLabel(text)
            label.setBuddy(field)
            field.setAccessibleName(text.replace("&", ""))
            grid.addWidget(label, row, 0)
        grid.addLayout(line, 0, 1)
        grid.addWidget(self.date, 1, 1, Qt.AlignmentFlag.AlignLeft)
        grid.addWidget(self.hint, 2, 1)
        buttons = ConfirmButtons(self, "Importar")
        self.confirm = buttons.confirm
        browse.chosen.connect(self.confirm.setFocus)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(theme.XL, theme.L, theme.XL, theme.L)
        whole.setSpacing(theme.M)
        whole.addWidget(sentence)
        whole.addLayout(grid)
        whole.addStretch(1)
        whole.addWidget(buttons)
        self.resize(600, 250)
        self.path.setFocus()
        self._look()

    @property
    def file(self) -> Path:
        """The file chosen."""
        return Path(self.path.text().strip())

    @property
    def taken_at(self) -> datetime:
        """The moment that the list represents."""
        return datetime.fromtimestamp(self.date.dateTime().toSecsSinceEpoch(), UTC)

    @Slot()
    def _look(self) -> None:
        """The file's date, or why it cannot be read."""
        now = datetime.now(UTC)
        self.date.setMaximumDateTime(QDateTime.fromSecsSinceEpoch(int(now.timestamp())))
        self.confirm.setEnabled(False)
        self.date.setEnabled(False)
        if not self.path.text().strip():
            self.hint.setText("A data começa como a da última alteração do arquivo: confira se a lista é daquele dia.")
            return
        try:
            changed_at = self.file.stat().st_mtime
            if self.file.is_dir():
                raise IsADirectoryError
        except OSError as error:
            self.hint.setText(unreadable(error))
            return
        self.date.setDateTime(QDateTime.fromSecsSinceEpoch(int(changed_at)))
        self.hint.setText("É a data da última alteração do arquivo: confira se a lista é daquele dia.")
        self.confirm.setEnabled(True)
        self.date.setEnabled(True)
