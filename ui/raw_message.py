"""A message as it travelled: indented to be read, with its bytes kept exact for copying to a file."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Slot
from PySide6.QtGui import QFontDatabase, QGuiApplication
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from ui import icons, tasks, theme, words
from ui.failure_view import FailureView, failure_of
from ui.save_dialog import ask_where

if TYPE_CHECKING:
    from app.folders import Folders

SHOWN = 200_000
"""How many characters of a message are shown: a text box that holds megabytes stops the window."""


@dataclass(frozen=True)
class RawMessage:
    """The bytes, the text in which they are read, and how a file of them is called at the end.

    `indented` tells whether the text has line breaks and blanks that the bytes have not.
    """

    data: bytes
    text: str
    ending: str
    indented: bool = False


def readable(data: bytes) -> RawMessage:
    """The message indented when it is JSON, or XML without DTD; else its characters as they are.

    Nothing outside the bytes is read: no DTD, no entities, no network. Not for the GUI thread.
    """
    from lxml import etree

    start = data.lstrip()[:200].lower()
    is_page = start.startswith(b"<!doctype html") or b"<html" in start
    try:
        plain = data.decode("utf-8")
    except UnicodeDecodeError:
        # Pages of older servers are not in UTF-8.
        plain = data.decode("cp1252" if is_page else "utf-8", errors="replace")
    if is_page:
        return RawMessage(data, plain, "html")
    try:
        return RawMessage(data, json.dumps(json.loads(plain), ensure_ascii=False, indent=2), "json", indented=True)
    except (ValueError, RecursionError):
        pass  # not JSON
    if not start.startswith((b"<", b"\xef\xbb\xbf<")):
        return RawMessage(data, plain, "txt")
    parser = etree.XMLParser(
        resolve_entities=False, load_dtd=False, no_network=True, dtd_validation=False, remove_blank_text=True
    )
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        return RawMessage(data, plain, "xml")
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError:
        return RawMessage(data, plain, "xml")
    etree.indent(root, space="  ")
    return RawMessage(data, etree.tostring(root, encoding="unicode"), "xml", indented=True)


class RawMessageView(QWidget):
    """One message with "Copiar" and "Salvar como…"."""

    def __init__(self, name: str, folders: Folders, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = name
        self._folders = folders
        self._file_name = ""
        self._message = RawMessage(b"", "", "txt")
        self._text = QPlainTextEdit()
        self._text.setReadOnly(True)
        self._text.setAccessibleName(f"{name}, texto completo")
        self._text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self._text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self._text.setMinimumHeight(220)
        self._size = theme.role(QLabel(), "hint")
        self._size.setWordWrap(True)
        self._copy = QPushButton(icons.icon("copy"), "Copiar")
        self._copy.setAccessibleName(f"Copiar {name.lower()}")
        self._copy.clicked.connect(self._copy_text)
        self._save = QPushButton(icons.icon("save"), "Salvar como…")
        self._save.setAccessibleName(f"Salvar {name.lower()} como arquivo")
        self._save.clicked.connect(self._ask_file)
        self._failure = FailureView()

        bar = QHBoxLayout()
        bar.setSpacing(theme.S)
        bar.addWidget(self._size, 1)
        bar.addWidget(self._copy)
        bar.addWidget(self._save)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, theme.S, 0, 0)
        whole.setSpacing(theme.S)
        whole.addLayout(bar)
        whole.addWidget(self._text)
        whole.addWidget(self._failure)

    def show_message(self, message: RawMessage, file_name: str) -> None:
        """Show another message; `file_name`, with the ending of its form, is proposed when it is saved."""
        self._message = message
        self._file_name = f"{file_name}.{message.ending}"
        shown = message.text[:SHOWN]
        self._text.setPlainText(shown or "(vazio: nada chegou a ser enviado ou recebido)")
        self._describe()
        self._failure.clear()
        for button in (self._copy, self._save):
            button.setEnabled(bool(message.data))

    def save_to(self, file: Path) -> None:
        """Write the exact bytes to a file, off the GUI thread."""
        data = self._message.data

        def write() -> Path:
            from ui.file_saving import save

            save(file, data)
            return file

        self._failure.clear()
        tasks.run(write, self._saved, self._not_saved, self)

    def _describe(self, more: str = "") -> None:
        """How large the message is, and what differs between what is shown and what is saved."""
        message = self._message
        remarks = [words.counted(len(message.data), "byte", "bytes")]
        if len(message.text) > SHOWN:
            remarks.append(f"aparece só o começo, de {words.number(SHOWN)} caracteres; salve para ver tudo")
        elif message.indented:
            remarks.append("recuado para leitura; o arquivo salvo é o original")
        self._size.setText(" · ".join(remarks) + (f". {more}" if more else ""))

    def _saved(self, file: Path) -> None:
        self._describe(f"Salvo: {file.name}")

    def _not_saved(self, error: Exception) -> None:
        self._failure.show_failure(failure_of(error))

    @Slot()
    def _copy_text(self) -> None:
        QGuiApplication.clipboard().setText(self._message.text)

    @Slot()
    def _ask_file(self) -> None:
        ending = self._message.ending
        kinds = f"{ending.upper()} (*.{ending});;Todos (*)"
        file = ask_where(self, self._folders, f"Salvar {self._name.lower()}", self._file_name, kinds)
        if file is not None:
            self.save_to(file)
