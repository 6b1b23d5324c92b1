"""The program's own icons: SVGs of resources/icons, drawn on a 24-pixel grid and tinted to the scheme in force.

An `icon` is drawn when it is shown, so it is sharp at any scale and follows a change between light and dark.
"""

from __future__ import annotations

from functools import cache, lru_cache

from PySide6.QtCore import QByteArray, QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QGuiApplication, QIcon, QIconEngine, QImage, QPainter, QPixmap

from ui import theme
from ui.theme import Tone

TRAY_SIZES = (16, 22, 24, 32, 48, 64)


@cache
def icon(name: str) -> QIcon:
    """The icon called `name` (a file of resources/icons without its ending)."""
    engine = _Engine(name)
    _engines.append(engine)
    return QIcon(engine)


def pixmap(name: str, size: int, tone: Tone | None = None) -> QPixmap:
    """The icon in `size` logical pixels at the sharpest screen's scale, in a tone's colour or that of text."""
    colour = theme.color(tone) if tone is not None else QColor(theme.current().text)
    ratio = QGuiApplication.instance().devicePixelRatio()  # type: ignore[union-attr]  # there is an application
    return _drawn(name, round(size * ratio), ratio, colour)


@cache
def solid(name: str) -> QIcon:
    """An icon in its file's own colours, in fixed sizes: for the tray and the windows' title bar."""
    made = QIcon()
    for size in TRAY_SIZES:
        made.addPixmap(_drawn(name, size, 1.0, QColor(theme.LIGHT.text)))
    return made


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
        painter.drawPixmap(where, _cached(self._name, round(pixels * ratio), _colour(mode)))

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        return QPixmap(_cached(self._name, min(size.width(), size.height()), _colour(mode)))

    def clone(self) -> QIconEngine:
        copy = _Engine(self._name)
        _engines.append(copy)
        return copy

    def iconName(self) -> str:
        return self._name


def _colour(mode: QIcon.Mode) -> str:
    scheme = theme.current()
    if mode is QIcon.Mode.Disabled:
        return scheme.disabled
    if mode is QIcon.Mode.Selected:
        return scheme.on_selected
    return scheme.text


_engines: list[_Engine] = []  # Qt owns the engines, Python must not collect their overrides
