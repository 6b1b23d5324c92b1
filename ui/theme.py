"""How everything looks: spacing, colours, fonts and the style, for the light and the dark scheme.

Nothing else sets a colour or a font. Every text colour keeps a contrast of at least 4.5:1 with its background.
"""

from __future__ import annotations

import sys
from enum import Enum
from pathlib import Path
from typing import NamedTuple

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtGui import QColor, QFont, QPalette
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QWidget

XS, S, M, L, XL = 4, 8, 12, 16, 24
"""Spacings in logical pixels."""

FOLDER = Path(__file__).resolve().parents[1] / "resources" / "icons"

RADIUS = 4
SMALL_PT, BASE_PT, TITLE_PT = 9, 10, 16


class Tone(Enum):
    """The meaning of a colour."""

    OK = "ok"
    WARN = "atencao"
    BLOCK = "bloqueio"
    FAIL = "falha"
    NEUTRAL = "neutro"
    INFO = "informacao"


class Scheme(NamedTuple):
    """The colours of one scheme, as #rrggbb; `tones` gives (text, background) of each tone.

    `line` only parts things; `edge` outlines a field and keeps 3:1 with what is around it (WCAG 2.2, 1.4.11).
    """

    window: str
    base: str
    raised: str
    sidebar: str
    line: str
    edge: str
    control: str
    text: str
    muted: str
    disabled: str
    accent: str
    accent_hover: str
    on_accent: str
    selected: str
    on_selected: str
    tones: dict[Tone, tuple[str, str]]


LIGHT = Scheme(
    window="#f5f6f8",
    base="#ffffff",
    raised="#ffffff",
    sidebar="#eceef2",
    line="#d5d9e0",
    edge="#828b9a",
    control="#ffffff",
    text="#1c2330",
    muted="#566072",
    disabled="#9aa1ae",
    accent="#1f5fbf",
    accent_hover="#194f9f",
    on_accent="#ffffff",
    selected="#d9e6f9",
    on_selected="#12305f",
    tones={
        Tone.OK: ("#17693a", "#dff3e6"),
        Tone.WARN: ("#855200", "#fdf0d2"),
        Tone.BLOCK: ("#a6261d", "#fde3e0"),
        Tone.FAIL: ("#8a3200", "#fce8db"),
        Tone.NEUTRAL: ("#4f5869", "#e7eaef"),
        Tone.INFO: ("#1b56ad", "#e0ecfb"),
    },
)
DARK = Scheme(
    window="#1b1e24",
    base="#15181d",
    raised="#23272f",
    sidebar="#16191e",
    line="#373d48",
    edge="#6b7586",
    control="#2a2f38",
    text="#e6e9ee",
    muted="#a3acba",
    disabled="#697282",
    accent="#2f6fcb",
    accent_hover="#2a62b5",
    on_accent="#ffffff",
    selected="#27446f",
    on_selected="#eaf2ff",
    tones={
        Tone.OK: ("#7bd59b", "#1c3627"),
        Tone.WARN: ("#f0c067", "#3b2f15"),
        Tone.BLOCK: ("#ff9d93", "#452220"),
        Tone.FAIL: ("#f7ab7c", "#412a1c"),
        Tone.NEUTRAL: ("#b6bfcc", "#2d333d"),
        Tone.INFO: ("#8fbcff", "#1d3152"),
    },
)

_current = LIGHT
_followers: list[_Follower] = []


def current() -> Scheme:
    """The colours in force."""
    return _current


def color(tone: Tone) -> QColor:
    """The text colour of a tone."""
    return QColor(_current.tones[tone][0])


def application() -> QApplication:
    """The program's QApplication, made in Fusion style when there is none yet.

    The style goes as an argument because asking Qt for the style object would have PySide make its hundreds of
    constants before the first paint.
    """
    existing = QApplication.instance()
    made = existing if existing is not None else QApplication([*sys.argv[:1], "-style", "Fusion"])
    assert isinstance(made, QApplication)
    return made


def apply(app: QApplication, scheme: Qt.ColorScheme = Qt.ColorScheme.Unknown) -> None:
    """Give the whole program its look. It follows the system's scheme from now on, unless one is given."""
    font = QFont(app.font())
    font.setFamilies(["Inter", *(family for family in font.families() if family != "Inter")])
    font.setPointSize(BASE_PT)
    follower = _Follower(app, font)
    _followers[:] = [follower]
    if scheme is Qt.ColorScheme.Unknown:
        follower.dress(app.styleHints().colorScheme())
        app.styleHints().colorSchemeChanged.connect(follower.dress)
    else:
        app.styleHints().setColorScheme(scheme)  # what the system draws too: the title bars of Windows
        follower.dress(scheme)


def role(label: QLabel, name: str) -> QLabel:
    """Make a label a "title", "subtitle", "hint", "error", "strong" or "badge"."""
    _mark(label, "role", name)
    return label


def badge(label: QLabel, tone: Tone) -> QLabel:
    """Make a label a small coloured plate."""
    _mark(label, "role", "badge")
    _mark(label, "tone", tone.value)
    return label


def tone(widget: QWidget, value: Tone | None) -> None:
    """Colour the text of a label, or the plate of a banner, by a tone; None takes the colour away."""
    _mark(widget, "tone", "" if value is None else value.value)


def primary(button: QAbstractButton) -> None:
    """The button that goes on: the accent colour. One per page at most."""
    _mark(button, "primary", True)


def card(frame: QWidget) -> None:
    """A raised surface with a thin line around it."""
    frame.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
    _mark(frame, "card", True)


def link(button: QAbstractButton) -> None:
    """A button that reads as a link inside a text or a status bar."""
    button.setCursor(Qt.CursorShape.PointingHandCursor)
    _mark(button, "link", True)


def _mark(widget: QWidget, name: str, value: object) -> None:
    if widget.property(name) != value:
        widget.setProperty(name, value)
        if widget.testAttribute(Qt.WidgetAttribute.WA_WState_Polished):
            style = widget.style()
            style.unpolish(widget)
            style.polish(widget)


class _Follower(QObject):
    """Dresses the program again whenever the system changes between light and dark."""

    def __init__(self, app: QApplication, font: QFont) -> None:
        super().__init__(app)
        self._app = app
        self._font = font

    @Slot(Qt.ColorScheme)
    def dress(self, scheme: Qt.ColorScheme) -> None:
        global _current
        _current = DARK if scheme is Qt.ColorScheme.Dark else LIGHT
        self._app.setPalette(_palette(_current))
        self._app.setStyleSheet(_sheet(_current))
        # After the style sheet, with the first of which Qt gives menus, lists and boxes the system's own fonts again:
        # on Windows they are others, and smaller.
        self._app.setFont(self._font)


def _palette(s: Scheme) -> QPalette:
    palette = QPalette()
    roles = {
        QPalette.ColorRole.Window: s.window,
        QPalette.ColorRole.WindowText: s.text,
        QPalette.ColorRole.Base: s.base,
        QPalette.ColorRole.AlternateBase: s.window,
        QPalette.ColorRole.Text: s.text,
        QPalette.ColorRole.PlaceholderText: s.muted,
        QPalette.ColorRole.Button: s.control,
        QPalette.ColorRole.ButtonText: s.text,
        QPalette.ColorRole.BrightText: s.tones[Tone.BLOCK][0],
        QPalette.ColorRole.ToolTipBase: s.raised,
        QPalette.ColorRole.ToolTipText: s.text,
        QPalette.ColorRole.Highlight: s.accent,
        QPalette.ColorRole.HighlightedText: s.on_accent,
        QPalette.ColorRole.Accent: s.accent,
        QPalette.ColorRole.Link: s.tones[Tone.INFO][0],
        QPalette.ColorRole.LinkVisited: s.tones[Tone.INFO][0],
        QPalette.ColorRole.Light: s.raised,
        QPalette.ColorRole.Midlight: s.window,
        QPalette.ColorRole.Mid: s.line,
        QPalette.ColorRole.Dark: s.line,
        QPalette.ColorRole.Shadow: "#000000",
    }
    for name, value in roles.items():
        palette.setColor(name, QColor(value))
    for name in (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, name, QColor(s.disabled))
    palette.setColor(QPalette.ColorGroup.Disabled, QPalette.ColorRole.Base, QColor(s.window))
    palette.setColor(QPalette.ColorGroup.Disabled, QPalette.ColorRole.Highlight, QColor(s.line))
    return palette


def _sheet(s: Scheme) -> str:
    tones = "".join(
        f'QLabel[tone="{t.value}"], QStatusBar QPushButton[tone="{t.value}"] {{ color: {text}; }}'
        f'QLabel[role="badge"][tone="{t.value}"], QFrame#banner[tone="{t.value}"] {{ background: {back}; }}'
        f'QFrame#banner[tone="{t.value}"] {{ border-bottom: 1px solid {text}; }}'
        for t, (text, back) in s.tones.items()
    )
    images = (FOLDER / "field").as_posix()
    return f"""
QLabel[role="title"] {{ font-size: {TITLE_PT}pt; font-weight: 600; }}
QLabel[role="subtitle"] {{ font-weight: 600; }}
QLabel[role="strong"] {{ font-weight: 600; }}
QLabel[role="hint"] {{ color: {s.muted}; font-size: {SMALL_PT}pt; }}
QLabel[role="error"] {{ color: {s.tones[Tone.BLOCK][0]}; font-size: {SMALL_PT}pt; }}
QLabel[role="badge"] {{ border-radius: {RADIUS}px; padding: 2px {S}px; font-size: {SMALL_PT}pt; font-weight: 600; }}
QLabel:disabled {{ color: {s.disabled}; }}
{tones}
QWidget[card="true"] {{ background: {s.raised}; border: 1px solid {s.line}; border-radius: {RADIUS}px; }}
QPushButton {{ background: {s.control}; border: 1px solid {s.line}; border-radius: {RADIUS}px;
    padding: 5px {M}px; min-height: 18px; }}
QPushButton:hover {{ border-color: {s.muted}; }}
QPushButton:pressed, QPushButton:checked {{ background: {s.selected}; color: {s.on_selected};
    border-color: {s.accent}; }}
QPushButton:focus {{ border-color: {s.accent}; }}
QPushButton:disabled {{ color: {s.disabled}; background: {s.window}; }}
QPushButton[primary="true"] {{ background: {s.accent}; color: {s.on_accent}; border-color: {s.accent}; }}
QPushButton[primary="true"]:hover, QPushButton[primary="true"]:pressed {{ background: {s.accent_hover}; }}
QPushButton[primary="true"]:focus {{ border-color: {s.text}; }}
QPushButton[primary="true"]:disabled {{ background: {s.line}; color: {s.disabled}; border-color: {s.line}; }}
QPushButton[link="true"] {{ background: transparent; border: 1px solid transparent; padding: 1px 0;
    color: {s.tones[Tone.INFO][0]}; text-align: left; }}
QPushButton[link="true"]:hover {{ text-decoration: underline; }}
QPushButton[link="true"]:focus {{ border-color: {s.accent}; }}
QPushButton[link="true"]:disabled {{ color: {s.disabled}; }}
QLineEdit, QAbstractSpinBox, QComboBox {{ background: {s.base}; border: 1px solid {s.edge}; border-radius: {RADIUS}px;
    padding: 3px 5px; min-height: 20px; selection-background-color: {s.accent}; selection-color: {s.on_accent}; }}
QComboBox:!editable {{ background: {s.control}; }}
QLineEdit:focus, QAbstractSpinBox:focus, QComboBox:focus, QComboBox:on {{ border-color: {s.accent}; }}
QLineEdit:disabled, QAbstractSpinBox:disabled, QComboBox:disabled {{ background: {s.window}; color: {s.disabled};
    border-color: {s.line}; }}
QLineEdit:read-only {{ background: {s.window}; }}
QLineEdit[invalid="true"], QAbstractSpinBox[invalid="true"], QComboBox[invalid="true"] {{
    border-color: {s.tones[Tone.BLOCK][0]}; }}
QComboBox QLineEdit, QAbstractSpinBox QLineEdit {{ border: none; padding: 0 2px; min-height: 0;
    background: transparent; }}
QComboBox::drop-down {{ border: none; width: 22px; }}
QComboBox::down-arrow {{ image: url("{images}-down.svg"); width: 14px; height: 14px; }}
QComboBox QAbstractItemView {{ background: {s.raised}; border: 1px solid {s.edge};
    selection-background-color: {s.selected}; selection-color: {s.on_selected}; }}
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button {{ border: none; width: 18px; background: transparent; }}
QAbstractSpinBox::up-button:hover, QAbstractSpinBox::down-button:hover {{ background: {s.selected}; }}
QAbstractSpinBox::up-arrow {{ image: url("{images}-up.svg"); width: 12px; height: 12px; }}
QAbstractSpinBox::down-arrow {{ image: url("{images}-down.svg"); width: 12px; height: 12px; }}
QCheckBox, QRadioButton {{ spacing: {S}px; }}
QCheckBox::indicator, QRadioButton::indicator, QAbstractItemView::indicator {{ width: 14px; height: 14px;
    background: {s.base}; border: 1px solid {s.edge}; border-radius: 3px; }}
QRadioButton::indicator {{ border-radius: 8px; }}
QCheckBox::indicator:hover, QRadioButton::indicator:hover {{ border-color: {s.accent}; }}
QCheckBox::indicator:focus, QRadioButton::indicator:focus {{ border: 2px solid {s.accent}; width: 12px; height: 12px; }}
QCheckBox::indicator:checked, QRadioButton::indicator:checked, QAbstractItemView::indicator:checked {{
    background: {s.accent}; border-color: {s.accent}; image: url("{images}-checked.svg"); }}
QCheckBox::indicator:indeterminate {{
    background: {s.accent}; border-color: {s.accent}; image: url("{images}-partial.svg"); }}
QRadioButton::indicator:checked {{ image: url("{images}-chosen.svg"); }}
QCheckBox::indicator:checked:focus, QRadioButton::indicator:checked:focus {{ border: 2px solid {s.text}; }}
QCheckBox::indicator:disabled, QRadioButton::indicator:disabled {{ background: {s.window}; border-color: {s.line}; }}
QCheckBox::indicator:checked:disabled, QRadioButton::indicator:checked:disabled {{ background: {s.disabled}; }}
QToolButton {{ background: transparent; border: 1px solid transparent; border-radius: {RADIUS}px; padding: 3px; }}
QToolButton:hover {{ background: {s.selected}; }}
QToolButton:focus, QToolButton:checked {{ border-color: {s.accent}; }}
QTabWidget::pane {{ border: none; border-top: 1px solid {s.line}; }}
QTabBar {{ qproperty-drawBase: 0; }}
QTabBar::tab {{ background: transparent; border: none; border-bottom: 2px solid transparent; padding: 7px {M}px;
    color: {s.muted}; }}
QTabBar::tab:hover {{ color: {s.text}; }}
QTabBar::tab:selected {{ color: {s.text}; border-bottom-color: {s.accent}; font-weight: 600; }}
QTabBar:focus {{ border: 1px solid {s.accent}; border-radius: {RADIUS}px; }}
QGroupBox {{ background: {s.raised}; border: 1px solid {s.line}; border-radius: {RADIUS}px; margin-top: 22px;
    padding: {S}px; font-weight: 600; }}
QGroupBox::title {{ subcontrol-origin: margin; subcontrol-position: top left; padding: 0 2px; }}
QProgressBar {{ background: {s.line}; border: none; border-radius: 3px; max-height: 6px; }}
QProgressBar::chunk {{ background: {s.accent}; border-radius: 3px; }}
QMenu {{ background: {s.raised}; border: 1px solid {s.edge}; padding: {XS}px; }}
QMenu::item {{ padding: 5px 28px 5px 28px; border-radius: 3px; }}
QMenu::item:selected {{ background: {s.selected}; color: {s.on_selected}; }}
QMenu::item:disabled {{ color: {s.disabled}; }}
QMenu::icon {{ padding-left: 6px; }}
QMenu::separator {{ height: 1px; background: {s.line}; margin: {XS}px; }}
QListWidget {{ background: {s.base}; outline: none; padding: {XS}px; }}
QListWidget::item {{ padding: 0 {S}px; border: 1px solid transparent; border-radius: {RADIUS}px; color: {s.text}; }}
QListWidget::item:hover {{ background: {s.line}; }}
QListWidget::item:selected {{ background: {s.selected}; color: {s.on_selected}; font-weight: 600; }}
QListWidget::item:disabled {{ color: {s.disabled}; }}
QListWidget::item:focus {{ border-color: {s.accent}; }}
QListWidget#sidebar {{ background: {s.sidebar}; border: none; border-right: 1px solid {s.line};
    padding: {S}px {XS}px; }}
QListWidget#sidebar::item {{ padding: {S}px {S}px; margin: 1px {XS}px; }}
QStatusBar {{ background: {s.sidebar}; border-top: 1px solid {s.line}; }}
QStatusBar::item {{ border: none; }}
QStatusBar QPushButton {{ background: transparent; border: 1px solid transparent; padding: 2px {S}px;
    font-size: {SMALL_PT}pt; text-align: left; }}
QStatusBar QPushButton:hover {{ background: {s.line}; }}
QStatusBar QPushButton:focus {{ border-color: {s.accent}; }}
QMenuBar {{ background: {s.sidebar}; }}
QMenuBar::item {{ padding: 4px {S}px; background: transparent; }}
QMenuBar::item:selected {{ background: {s.selected}; color: {s.on_selected}; border-radius: {RADIUS}px; }}
QScrollBar {{ background: transparent; border: none; }}
QScrollBar:vertical {{ width: 12px; }}
QScrollBar:horizontal {{ height: 12px; }}
QScrollBar::handle {{ background: {s.edge}; border-radius: 4px; margin: 2px; }}
QScrollBar::handle:vertical {{ min-height: 32px; }}
QScrollBar::handle:horizontal {{ min-width: 32px; }}
QScrollBar::handle:hover {{ background: {s.muted}; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
QToolTip {{ background: {s.raised}; color: {s.text}; border: 1px solid {s.line}; padding: {XS}px; }}
QScrollArea {{ border: 1px solid transparent; }}
QHeaderView::section {{ background: {s.window}; color: {s.muted}; border: none; border-bottom: 1px solid {s.line};
    padding: {XS}px {S}px; font-weight: 600; }}
QTableView, QListView, QTreeView, QPlainTextEdit, QTextEdit, QTextBrowser {{ border: 1px solid {s.line};
    border-radius: {RADIUS}px; }}
QPlainTextEdit[readOnly="false"] {{ border-color: {s.edge}; }}
QPlainTextEdit[invalid="true"] {{ border-color: {s.tones[Tone.BLOCK][0]}; }}
QTableView:focus, QListView:focus, QTreeView:focus, QPlainTextEdit:focus, QTextEdit:focus, QTextBrowser:focus,
QScrollArea:focus {{ border-color: {s.accent}; }}
QTableView::item {{ padding: 0 5px; }}
QTableView {{ gridline-color: {s.line}; selection-background-color: {s.selected}; selection-color: {s.on_selected}; }}
"""
