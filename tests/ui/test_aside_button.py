"""Enter presses the button that has the keyboard, and only then one that is beside what the dialog is for."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialog, QLineEdit, QPushButton, QVBoxLayout
from pytestqt.qtbot import QtBot

from ui.aside_button import AsideButton


def test_enter_presses_it_only_while_the_keyboard_is_on_it(qtbot: QtBot) -> None:
    dialog = QDialog()
    qtbot.addWidget(dialog)
    field, cancel, confirm = QLineEdit(), AsideButton("Cancelar"), QPushButton("Instalar")
    column = QVBoxLayout(dialog)
    for widget in (field, cancel, confirm):
        column.addWidget(widget)
    pressed: list[str] = []
    for button in (cancel, confirm):
        button.clicked.connect(lambda _, button=button: pressed.append(button.text()))
    dialog.show()
    for widget, key in ((field, Qt.Key.Key_Return), (cancel, Qt.Key.Key_Return), (cancel, Qt.Key.Key_Enter)):
        widget.setFocus()
        QTest.keyClick(widget, key)
    QTest.keyClick(cancel, Qt.Key.Key_Space)
    assert pressed == ["Instalar", "Cancelar", "Cancelar", "Cancelar"]
