"""Colours that can be read, and icons that are all there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QFont, QIcon
from PySide6.QtWidgets import (
    QApplication,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QMenu,
    QMenuBar,
    QMessageBox,
    QPlainTextEdit,
    QScrollArea,
    QTableView,
    QWidget,
)
from pytestqt.qtbot import QtBot

from ui import icons, theme
from ui.theme import DARK, LIGHT, Scheme

ROOT = Path(__file__).resolve().parents[2]


def _luminance(colour: str) -> float:
    rgb = QColor(colour)
    shares = (rgb.redF(), rgb.greenF(), rgb.blueF())
    parts: list[float] = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in shares]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(one: str, other: str) -> float:
    """The ratio of WCAG 2.2."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["claro", "escuro"])
def test_every_text_can_be_read(scheme: Scheme) -> None:
    surfaces = (scheme.window, scheme.base, scheme.raised, scheme.sidebar)
    pairs = [(text, back) for text in (scheme.text, scheme.muted) for back in surfaces]
    pairs += [(text, back) for text, soft in scheme.tones.values() for back in (soft, *surfaces)]
    pairs += [(scheme.on_accent, scheme.accent), (scheme.on_accent, scheme.accent_hover)]
    pairs += [(scheme.on_selected, scheme.selected)]
    assert [(a, b, round(contrast(a, b), 2)) for a, b in pairs if contrast(a, b) < 4.5] == []


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["claro", "escuro"])
def test_the_edge_of_a_field_can_be_seen(scheme: Scheme) -> None:
    for surface in (scheme.base, scheme.window, scheme.raised):
        assert contrast(scheme.edge, surface) >= 3.0, surface


@pytest.mark.parametrize("made", [QLineEdit, QPlainTextEdit, QTableView, QListWidget, QScrollArea])
def test_where_the_keyboard_is_can_be_seen(qapp: QApplication, qtbot: QtBot, made: type[QWidget]) -> None:
    theme.apply(qapp, Qt.ColorScheme.Light)
    window = QWidget()
    qtbot.addWidget(window)
    row = QHBoxLayout(window)
    first, second = made(), made()
    row.addWidget(first)
    row.addWidget(second)
    with qtbot.waitActive(window):
        window.show()
        window.activateWindow()

    def edge(widget: QWidget) -> str:
        return widget.grab().toImage().pixelColor(0, widget.height() // 2).name()

    for with_keyboard, without in ((first, second), (second, first)):
        with_keyboard.setFocus()
        assert edge(with_keyboard) == LIGHT.accent
        assert edge(without) != LIGHT.accent


def test_every_kind_of_widget_has_the_programs_font(qapp: QApplication, qtbot: QtBot) -> None:
    of_the_system = QFont("DejaVu Sans", 8)
    for kind in ("QMenu", "QMenuBar", "QAbstractItemView", "QMessageBox", "QTipLabel"):
        qapp.setFont(of_the_system, kind)  # type: ignore[arg-type]  # as Windows does
    theme.apply(qapp, Qt.ColorScheme.Light)
    for made in (QLabel, QListWidget, QTableView, QMenu, QMenuBar, QMessageBox):
        widget = made()
        qtbot.addWidget(widget)
        assert (widget.font().families()[0], widget.font().pointSize()) == ("Inter", theme.BASE_PT), made


def test_the_program_follows_the_chosen_scheme(qapp: QApplication) -> None:
    theme.apply(qapp, Qt.ColorScheme.Dark)
    assert theme.current() is DARK
    dark = icons.icon("home").pixmap(QSize(24, 24)).toImage()
    theme.apply(qapp, Qt.ColorScheme.Light)
    assert theme.current() is LIGHT
    assert icons.icon("home").pixmap(QSize(24, 24)).toImage() != dark


def test_every_icon_named_in_the_code_has_its_drawing(qtbot: QtBot) -> None:
    named = set()
    for file in (ROOT / "ui").glob("*.py"):
        named |= set(re.findall(r'icons\.(?:icon|solid|tray|pixmap)\("([a-z-]+)"', file.read_text("utf-8")))
    assert len(named) > 10
    assert {name for name in named if not (theme.FOLDER / f"{name}.svg").exists()} == set()


@pytest.mark.parametrize("name", sorted(f.stem for f in theme.FOLDER.glob("*.svg")))
def test_every_drawing_draws(name: str, qtbot: QtBot) -> None:
    image = icons.pixmap(name, 32).toImage()
    drawn = sum(image.pixelColor(x, y).alpha() > 0 for x in range(image.width()) for y in range(image.height()))
    assert drawn > 20


def test_the_tray_shows_states_by_shape_too(qtbot: QtBot) -> None:
    shapes = set()
    for state in ("stopped", "active", "working", "attention", "failure", "paused"):
        image = icons.solid(f"tray-{state}").pixmap(32, 32).toImage()
        shapes.add(tuple(image.pixelColor(x, y).alpha() > 127 for x in range(32) for y in range(32)))
    assert len(shapes) == 6


@pytest.mark.parametrize("size", [16, 20, 24, 32, 36, 40, 48, 64, 72, 96])
def test_what_the_system_draws_is_drawn_anew_for_each_size(size: int, qtbot: QtBot) -> None:
    """100 to 300 % of the small icons (16) and of the large ones (32): a picture stretched afterwards has no edges."""
    for icon in (icons.tray("app"), icons.tray("tray-active"), icons._kept(icons._Tray("app"))):
        picture = icon.pixmap(QSize(size, size), 1.0)
        assert (picture.width(), picture.height(), picture.devicePixelRatio()) == (size, size, 1.0)
    assert icons.tray("app").pixmap(QSize(size, size)).toImage() == icons.pixmap("app", size).toImage()


def test_a_size_in_pixels_of_the_screen_is_not_scaled_again(qtbot: QtBot) -> None:
    native, own = icons._kept(icons._Tray("app")), icons.solid("app")
    assert own.pixmap(QSize(16, 16), 3.0).width() == 48
    picture = native.pixmap(QSize(48, 48), 3.0)
    assert (picture.width(), picture.devicePixelRatio()) == (48, 1.0)


def test_a_disabled_icon_is_pale(qtbot: QtBot) -> None:
    normal, disabled = (
        icons.icon("save").pixmap(QSize(24, 24), mode).toImage() for mode in (QIcon.Mode.Normal, QIcon.Mode.Disabled)
    )
    assert normal != disabled


def test_a_badge_tells_its_tone(qtbot: QtBot) -> None:
    label = theme.badge(QLabel("Bloqueado"), theme.Tone.BLOCK)
    assert (label.property("role"), label.property("tone")) == ("badge", "bloqueio")
