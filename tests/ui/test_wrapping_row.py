"""A row of buttons that goes on in another line."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from ui.wrapping_row import WrappingRow


@pytest.fixture
def row(qtbot: QtBot) -> Iterator[WrappingRow]:
    """Three buttons in a window that has room for all."""
    window = QWidget()
    qtbot.addWidget(window)
    row = WrappingRow()
    for name in ("Primeiro botão", "Segundo botão", "Terceiro botão"):
        row.add_widget(QPushButton(name))
    layout = QVBoxLayout(window)
    layout.addWidget(row)
    layout.addStretch(1)
    window.resize(900, 300)
    with qtbot.waitExposed(window):
        window.show()
    yield row


def lines(row: WrappingRow) -> list[list[str]]:
    """What is in each line, as it is placed."""
    placed: dict[int, list[QPushButton]] = {}
    for button in row.findChildren(QPushButton):
        if button.isVisible():
            placed.setdefault(button.y(), []).append(button)
    return [[one.text().split()[0] for one in sorted(placed[y], key=lambda one: one.x())] for y in sorted(placed)]


def test_it_goes_on_in_another_line_and_nothing_is_cut(qtbot: QtBot, row: WrappingRow) -> None:
    assert lines(row) == [["Primeiro", "Segundo", "Terceiro"]]
    button = row.findChildren(QPushButton)[0].sizeHint()
    row.window().resize(2 * button.width() + 60, 300)
    qtbot.waitUntil(lambda: lines(row) == [["Primeiro", "Segundo"], ["Terceiro"]])
    qtbot.waitUntil(lambda: row.height() >= 2 * button.height())
    row.window().resize(row.minimumSizeHint().width(), 300)
    qtbot.waitUntil(lambda: lines(row) == [["Primeiro"], ["Segundo"], ["Terceiro"]])
    assert row.rect().contains(row.childrenRect())


def test_those_that_are_hidden_leave_their_place_to_the_others(qtbot: QtBot, row: WrappingRow) -> None:
    first, second, third = row.findChildren(QPushButton)
    begins = second.x()
    second.hide()
    qtbot.waitUntil(lambda: third.x() == begins)
    second.show()
    qtbot.waitUntil(lambda: second.x() == begins and third.x() > begins)
    first.setText("Primeiro botão, com um nome mais comprido")
    qtbot.waitUntil(lambda: second.x() > begins)


def test_one_that_comes_later_is_shown_unless_it_was_hidden(qtbot: QtBot, row: WrappingRow) -> None:
    hidden = QPushButton("Escondido")
    hidden.hide()
    row.add_widget(hidden)
    row.add_widget(QPushButton("Quarto botão"))
    qtbot.waitUntil(lambda: lines(row) == [["Primeiro", "Segundo", "Terceiro", "Quarto"]])
    assert hidden.isHidden()


def test_one_that_is_deleted_is_forgotten(qtbot: QtBot, row: WrappingRow) -> None:
    second = row.findChildren(QPushButton)[1]
    second.deleteLater()
    qtbot.waitUntil(lambda: lines(row) == [["Primeiro", "Terceiro"]])
    assert row.heightForWidth(900) > 0
