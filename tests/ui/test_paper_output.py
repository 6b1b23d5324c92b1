"""What is said where a document cannot be printed at all."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtPrintSupport import QPrintDialog, QPrinterInfo
from pytestqt.qtbot import QtBot

from app.folders import Folders
from ui.paper import Paper
from ui.paper_output import PaperOutput, PaperWords


class _Letter(PaperOutput):
    def _file_name(self) -> str:
        return "carta"

    def _reader(self) -> Callable[[], Paper]:
        raise NotImplementedError


@pytest.mark.skipif(bool(QPrinterInfo.availablePrinterNames()), reason="há uma impressora neste computador")
def test_windows_without_a_printer_is_told_so(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = PaperWords("a carta", "Carta salva", "Carta enviada", "Salvar a carta (PDF)…", "Imprimir a carta…")
    letter = _Letter(Folders(tmp_path, tmp_path), words)
    qtbot.addWidget(letter)
    letter.show()
    with monkeypatch.context() as windows:
        windows.setattr(sys, "platform", "win32")
        letter.print_action.trigger()
    assert letter._failure.isVisible()
    assert letter._failure._what.text() == "O Windows não tem nenhuma impressora."
    assert letter.findChild(QPrintDialog) is None
