"""The help beside a form: what does not fit is wrapped or cut, and takes nothing else with it."""

from __future__ import annotations

from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from ui.help_panel import HelpPanel


def test_a_long_address_does_not_cut_the_sentences_beside_it(qtbot: QtBot) -> None:
    panel = HelpPanel()
    qtbot.addWidget(panel)
    panel.resize(panel.width(), 600)
    panel.show_help("Endereço", [("", "Uma frase que cabe em algumas linhas do painel."), ("Exemplo", "x" * 200)])
    panel.show()
    qtbot.waitExposed(panel)
    inside = panel.widget()
    assert inside is not None
    assert inside.width() <= panel.viewport().width()
    sentence = next(label for label in panel.findChildren(QLabel) if label.text().startswith("Uma frase"))
    assert sentence.height() > 2 * sentence.fontMetrics().height()  # it was wrapped
    assert sentence.geometry().right() < inside.width()
