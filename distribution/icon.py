"""The program's icon for Windows, drawn from the same picture as the window's, sharp at every size asked for."""

from __future__ import annotations

import struct
from pathlib import Path

from PySide6.QtCore import QBuffer, QIODevice, Qt
from PySide6.QtGui import QImage, QImageWriter, QPainter
from PySide6.QtSvg import QSvgRenderer

from distribution.steps import Stopped

SIZES = (16, 20, 24, 32, 40, 48, 64, 96, 128, 256)
"""Pixels: the small, the taskbar's and the large icon at 100 to 300 %."""


def write_icon(picture: Path, target: Path) -> None:
    """Draw an SVG into an .ico with all SIZES; Stopped when it is no picture."""
    renderer = QSvgRenderer(str(picture))
    if not renderer.isValid():
        raise Stopped(f"O desenho do ícone ({picture}) não é um SVG que se possa abrir.")
    frames = [_frame(renderer, size) for size in SIZES]
    place = 6 + 16 * len(frames)
    head = [struct.pack("<HHH", 0, 1, len(frames))]
    for size, frame in zip(SIZES, frames, strict=True):
        # 256 is written as 0: the directory has one byte for it.
        head.append(struct.pack("<BBBBHHII", size % 256, size % 256, 0, 0, 1, 32, len(frame), place))
        place += len(frame)
    target.write_bytes(b"".join(head + frames))


def _frame(renderer: QSvgRenderer, size: int) -> bytes:
    image = QImage(size, size, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    renderer.render(painter)
    painter.end()
    plain = image.convertToFormat(QImage.Format.Format_ARGB32)
    if size < 256:
        return _bitmap(plain)
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    QImageWriter(buffer, b"png").write(plain)
    return bytes(buffer.data().data())


def _bitmap(image: QImage) -> bytes:
    """A 32-bit bitmap as an .ico has it: rows from the bottom, then an unused mask, the height counting both."""
    size = image.width()
    pixels = bytes(image.constBits())
    rows = [pixels[start : start + size * 4] for start in range(0, size * size * 4, size * 4)]
    mask = bytes((size + 31) // 32 * 4 * size)
    header = struct.pack("<IiiHHIIiiII", 40, size, size * 2, 1, 32, 0, size * size * 4 + len(mask), 0, 0, 0, 0)
    return header + b"".join(reversed(rows)) + mask
