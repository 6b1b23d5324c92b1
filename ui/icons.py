"""The program's own icons: SVGs of resources/icons, drawn on a 24-pixel grid and tinted to the scheme in force.

An `icon` is drawn when it is shown, so it is sharp at any scale and follows a change between light and dark.
"""

from __future__ import annotations

import sys
from functools import cache, lru_cache

from PySide6.QtCore import QByteArray, QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QGuiApplication, QIcon, QIconEngine, QImage, QPainter, QPixmap

from ui import theme
from ui.theme import Tone

_SIZES = (16, 20, 22, 24, 32, 40, 48, 64, 96, 128)
"""What a system that takes pictures, and not an icon that draws itself, is given: those of its bars at every scale."""

_TRAY_ASKS_IN_PIXELS = sys.platform == "win32"


@cache
def icon(name: str) -> QIcon:
    """The icon called `name` (a file of resources/icons without its ending)."""
    return _kept(_Engine(name))


def pixmap(name: str, size: int, tone: Tone | None = None) -> QPixmap:
    """The icon in `size` logical pixels at the sharpest screen's scale, in a tone's colour or that of text."""
    colour = theme.color(tone) if tone is not None else QColor(theme.current().text)
    ratio = QGuiApplication.instance().devicePixelRatio()  # type: ignore[union-attr]  # there is an application
    return _drawn(name, round(size * ratio), ratio, colour)


@cache
def solid(name: str) -> QIcon:
    """An icon in its file's own colours: for the program's own surfaces, the taskbar and the title bars."""
    return _kept(_Solid(name))


@cache
def tray(name: str) -> QIcon:
    """An icon in its file's own colours for the tray and the messages beside it."""
    return _kept(_Tray(name) if _TRAY_ASKS_IN_PIXELS else _Solid(name))


def _kept(engine: _Engine) -> QIcon:
    _engines.append(engine)
    return QIcon(engine)


def _drawn(name: str, pixels: int, ratio: float, colour: QColor) -> QPixmap:
    from PySide6.QtSvg import QSvgRenderer

    image = QImage(pixels, pixels, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    tinted = _source(name).replace("currentColor", colour.name())
    QSvgRenderer(QByteArray(tinted.encode())).render(painter, QRectF(0, 0, pixels, pixels))
    painter.end()
    drawn = QPixmap.fromImage(image)
    drawn.setDevicePixelRatio(ratio)
    return drawn


@cache
def _source(name: str) -> str:
    return (theme.FOLDER / f"{name}.svg").read_text("utf-8")


@lru_cache(maxsize=512)
def _cached(name: str, pixels: int, rgb: str) -> QPixmap:
    return _drawn(name, pixels, 1.0, QColor(rgb))


class _Engine(QIconEngine):
    """Draws one icon in the colour of its mode at the moment of drawing."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        ratio = painter.device().devicePixelRatioF()
        pixels = min(rect.width(), rect.height())
        if pixels < 1:
            return  # a button squeezed to nothing, until its layout is done again
        side = QSize(pixels, pixels)
        where = QRect(rect.center() - QPoint((pixels - 1) // 2, (pixels - 1) // 2), side)
        painter.drawPixmap(where, _cached(self._name, round(pixels * ratio), self._colour(mode)))

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        return QPixmap(_cached(self._name, min(size.width(), size.height()), self._colour(mode)))

    def clone(self) -> QIconEngine:
        copy = type(self)(self._name)
        _engines.append(copy)
        return copy

    def iconName(self) -> str:
        return self._name

    def _colour(self, mode: QIcon.Mode) -> str:
        scheme = theme.current()
        if mode is QIcon.Mode.Disabled:
            return scheme.disabled
        if mode is QIcon.Mode.Selected:
            return scheme.on_selected
        return scheme.text


class _Solid(_Engine):
    """The same in every scheme and mode."""

    def availableSizes(self, mode: QIcon.Mode = QIcon.Mode.Normal, state: QIcon.State = QIcon.State.Off) -> list[QSize]:
        return [QSize(size, size) for size in _SIZES]

    def iconName(self) -> str:
        return ""  # a panel would look for one of that name in its own theme, and show another picture

    def _colour(self, mode: QIcon.Mode) -> str:
        return theme.LIGHT.text


class _Tray(_Solid):
    """For the tray of Windows, which Qt asks how many pixels of the screen its icons have, and then takes those for
    logical ones: it would draw one of twice that size at 200 %, and the system would shrink it again without care."""

    def scaledPixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State, scale: float) -> QPixmap:
        return self.pixmap(size, mode, state)


_engines: list[_Engine] = []  # Qt owns the engines, Python must not collect their overrides
