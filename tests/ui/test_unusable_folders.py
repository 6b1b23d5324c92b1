"""A data folder that cannot be made is told in a box before the window, not by a traceback that nobody sees."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest
from PySide6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot

from main import main


def test_the_operator_is_told(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    in_the_way = tmp_path / "arquivo"
    in_the_way.write_text("não é uma pasta", "utf-8")
    monkeypatch.setenv("RETAGUARDA_DADOS", str(in_the_way / "dados"))
    told: list[str] = []
    monkeypatch.setattr(QMessageBox, "critical", lambda parent, title, text: told.append(text))
    try:
        assert main([]) == 2
    finally:
        gc.enable()  # which the start of the window leaves off until its first paint
    assert "dados" in told[0]
