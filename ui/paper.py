"""Sets a document on A4 pages, as a PDF or on any other paged device: text, a mark across each page, and a footer.

Text is laid out in points against the device, so that a printer and a PDF break the lines alike. May be called off the
GUI thread; a QGuiApplication must exist, for its fonts.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from html import escape

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMarginsF, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import (
    QAbstractTextDocumentLayout,
    QColor,
    QFont,
    QFontMetricsF,
    QGuiApplication,
    QPagedPaintDevice,
    QPageLayout,
    QPageSize,
    QPaintDevice,
    QPainter,
    QPalette,
    QPdfWriter,
    QTextDocument,
    QTextOption,
)

from app.domain import Failure, FailureKind
from app.receipt import PROGRAM, Listing

_MARGIN_MM = 17.0
_FOOTER_MM = 10.0
_TEXT_PT, _SMALL_PT, _MARK_PT = 9.0, 7.5, 44.0
_MUTED = "#50596a"
_MARK, _MARK_TEXT = QColor(176, 30, 20, 40), QColor(176, 30, 20)

_STYLE = f"""
p {{ margin: 0; }}
.document {{ font-size: 15pt; font-weight: bold; }}
.sub {{ color: {_MUTED}; margin-top: 2px; }}
.outcome {{ font-size: 13pt; font-weight: bold; }}
.said {{ margin-top: 3px; }}
.section {{ font-size: 10.5pt; font-weight: bold; }}
td, th {{ padding: 2px 9px 2px 0px; border-bottom: 0.6px solid #c9ced6; vertical-align: top; text-align: left; }}
th.title {{ border-bottom: 1px solid #333; padding-top: 11px; }}
td.box {{ border: 1px solid #333; padding: 8px; }}
.label {{ color: {_MUTED}; }}
"""


@dataclass(frozen=True)
class Attachment:
    """A file that travels inside the PDF, byte by byte."""

    name: str
    data: bytes = field(repr=False)
    mime: str


@dataclass(frozen=True)
class Paper:
    """A document to be set: its text in the part of HTML that Qt reads, and what stands on every page of it.

    `footer` is at the left of the page's number; `mark` crosses the page, "" when there is nothing to warn of.
    """

    title: str
    html: str
    footer: str
    mark: str = ""
    landscape: bool = False
    attachments: tuple[Attachment, ...] = ()


class NotPainted(Exception):
    """The device takes no painting: a printer that is gone, a file that cannot be written."""

    failure = Failure(
        FailureKind.CONFIGURATION,
        "O documento não foi impresso.",
        "A impressora não aceitou o trabalho: pode estar desligada, sem acesso ou pedindo um nome de arquivo inválido.",
        "Confira a impressora e imprima de novo, ou salve o PDF e imprima por outro programa.",
    )


def pdf_of(paper: Paper) -> bytes:
    """The document as a PDF, with what is attached to it."""
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setTitle(paper.title)
    writer.setCreator(PROGRAM)
    set_page(writer, landscape=paper.landscape)
    for file in paper.attachments:
        writer.addFileAttachment(file.name, QByteArray(file.data), file.mime)
    paint(paper, writer)
    buffer.close()
    return bytes(data.data())


def set_page(device: QPagedPaintDevice, *, landscape: bool = False) -> None:
    """Give the device the page on which documents are set."""
    margins = QMarginsF(_MARGIN_MM, _MARGIN_MM, _MARGIN_MM, _MARGIN_MM)
    way = QPageLayout.Orientation.Landscape if landscape else QPageLayout.Orientation.Portrait
    device.setPageLayout(QPageLayout(QPageSize(QPageSize.PageSizeId.A4), way, margins, QPageLayout.Unit.Millimeter))


def paint(paper: Paper, device: QPagedPaintDevice) -> int:
    """Paint every page on a device whose page is set, and return how many there are. Raises NotPainted."""
    painter = QPainter()
    if not painter.begin(device):
        raise NotPainted
    try:
        whole = Pages(paper, device, QSizeF(device.width(), device.height()))
        for page in range(whole.count):
            if page:
                device.newPage()
            whole.paint(page, painter)
    finally:
        painter.end()
    return whole.count


class Pages:
    """A document laid out for a device, on pages of `size` in the device's pixels."""

    def __init__(self, paper: Paper, device: QPaintDevice, size: QSizeF) -> None:
        self._paper = paper
        self._device = device
        self._width = size.width()
        self._height = size.height()
        self._body = size.height() - _FOOTER_MM * device.logicalDpiY() / 25.4
        self._document = document = QTextDocument()
        document.setUndoRedoEnabled(False)
        document.documentLayout().setPaintDevice(device)
        document.setDefaultFont(_font(_TEXT_PT))
        document.setDocumentMargin(0)
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        document.setDefaultTextOption(option)
        document.setDefaultStyleSheet(_STYLE)
        document.setHtml(paper.html)
        document.setPageSize(QSizeF(self._width, self._body))
        self.count = document.pageCount()

    def paint(self, page: int, painter: QPainter) -> None:
        """Paint one page, the first being 0."""
        if self._paper.mark:
            self._paint_mark(painter)
        context = QAbstractTextDocumentLayout.PaintContext()
        context.palette = QPalette(Qt.GlobalColor.black)
        context.palette.setColor(QPalette.ColorRole.Text, Qt.GlobalColor.black)
        context.clip = QRectF(0, page * self._body, self._width, self._body)
        painter.save()
        painter.translate(0, -page * self._body)
        painter.setClipRect(context.clip)
        self._document.documentLayout().draw(painter, context)
        painter.restore()
        self._paint_footer(page, painter)

    def _paint_mark(self, painter: QPainter) -> None:
        """Across the page, under the text."""
        font = _font(_MARK_PT)
        font.setBold(True)
        diagonal = math.hypot(self._width, self._height)
        written = QFontMetricsF(font, self._device).horizontalAdvance(self._paper.mark)
        font.setPointSizeF(_MARK_PT * min(1.0, 0.8 * diagonal / written))
        painter.save()
        painter.setFont(font)
        painter.setPen(_MARK)
        painter.translate(QPointF(self._width / 2, self._height / 2))
        painter.rotate(-math.degrees(math.atan2(self._height, self._width)))
        painter.drawText(
            QRectF(-diagonal / 2, -diagonal / 2, diagonal, diagonal), Qt.AlignmentFlag.AlignCenter, self._paper.mark
        )
        painter.restore()

    def _paint_footer(self, page: int, painter: QPainter) -> None:
        painter.save()
        painter.setFont(_font(_SMALL_PT))
        painter.setPen(QColor(_MUTED))
        footer = QRectF(0, self._body, self._width, self._height - self._body)
        bottom = Qt.AlignmentFlag.AlignBottom
        number = f"página {page + 1} de {self.count}"
        room = self._width - 1.1 * QFontMetricsF(painter.font(), self._device).horizontalAdvance(number)
        said = QFontMetricsF(painter.font(), self._device).elidedText(
            self._paper.footer, Qt.TextElideMode.ElideRight, room
        )
        painter.drawText(footer, bottom | Qt.AlignmentFlag.AlignLeft, said)
        painter.drawText(footer, bottom | Qt.AlignmentFlag.AlignRight, number)
        painter.setPen(_MARK_TEXT)
        painter.drawText(footer, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignHCenter, self._paper.mark)
        painter.restore()


def _font(points: float) -> QFont:
    font = QFont(QGuiApplication.font())
    font.setPointSizeF(points)
    return font


def listing_html(listing: Listing) -> str:
    """A table under its title."""
    columns = len(listing.headers)
    title = f"<tr><th class='title' colspan='{columns}'><p class='section'>{escape(listing.title)}</p></th></tr>"
    names = "".join(f"<th>{lines_html(name)}</th>" for name in listing.headers)
    rows = ("".join(f"<td>{lines_html(cell)}</td>" for cell in row) for row in listing.rows)
    return table_html(f"{title}<tr>{names}</tr>", "".join(f"<tr>{row}</tr>" for row in rows))


def table_html(head: str, rows: str) -> str:
    """A table whose head is repeated on every page that it reaches."""
    return f"<table width='100%' cellspacing='0'><thead>{head}</thead>{rows}</table>"


def lines_html(text: str) -> str:
    """“NF-e” is never parted, nor is what the authority wrote taken for marks."""
    return escape(text.replace("NF-e", "NF\u2011e").replace("CT-e", "CT\u2011e")).replace("\n", "<br>")
