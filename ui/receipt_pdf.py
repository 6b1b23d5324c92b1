"""Sets a receipt on A4 pages: as a PDF, or on any other paged device.

Text is laid out in points against the device, so that a printer and a PDF break the lines alike. May be called off the
GUI thread; a QGuiApplication must exist, for its fonts.
"""

from __future__ import annotations

import math
from html import escape

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMarginsF, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import (
    QAbstractTextDocumentLayout,
    QColor,
    QFont,
    QFontDatabase,
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
from app.receipt import PROGRAM, Facts, Listing, Receipt
from ui.raw_message import readable

_MARGIN_MM = 17.0
_FOOTER_MM = 10.0
_TEXT_PT, _SMALL_PT, _MARK_PT = 9.0, 7.5, 44.0
_MUTED = "#50596a"
_MARK, _MARK_TEXT = QColor(176, 30, 20, 40), QColor(176, 30, 20)
_LABEL_SHARE = 36
_MIME = {"xml": "application/xml", "json": "application/json", "html": "text/html", "txt": "text/plain"}

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


class NotPainted(Exception):
    """The device takes no painting: a printer that is gone, a file that cannot be written."""

    failure = Failure(
        FailureKind.CONFIGURATION,
        "O comprovante não foi impresso.",
        "A impressora não aceitou o trabalho: pode estar desligada, sem acesso ou pedindo um nome de arquivo inválido.",
        "Confira a impressora e imprima de novo, ou salve o PDF e imprima por outro programa.",
    )


def pdf_of(receipt: Receipt) -> bytes:
    """The receipt as a PDF, with both raw messages attached byte by byte."""
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setTitle(f"{receipt.title} nº {receipt.number}")
    writer.setCreator(PROGRAM)
    set_page(writer)
    for name, message in (("resposta", receipt.response), ("pedido", receipt.request)):
        if message:
            ending = readable(message).ending
            writer.addFileAttachment(f"consulta-{receipt.number}-{name}.{ending}", QByteArray(message), _MIME[ending])
    paint(receipt, writer)
    buffer.close()
    return bytes(data.data())


def set_page(device: QPagedPaintDevice) -> None:
    """Give the device the page on which receipts are set."""
    margins = QMarginsF(_MARGIN_MM, _MARGIN_MM, _MARGIN_MM, _MARGIN_MM)
    device.setPageLayout(
        QPageLayout(
            QPageSize(QPageSize.PageSizeId.A4), QPageLayout.Orientation.Portrait, margins, QPageLayout.Unit.Millimeter
        )
    )


def paint(receipt: Receipt, device: QPagedPaintDevice) -> int:
    """Paint every page on a device whose page is set, and return how many there are. Raises NotPainted."""
    painter = QPainter()
    if not painter.begin(device):
        raise NotPainted
    try:
        whole = Pages(receipt, device, QSizeF(device.width(), device.height()))
        for page in range(whole.count):
            if page:
                device.newPage()
            whole.paint(page, painter)
    finally:
        painter.end()
    return whole.count


class Pages:
    """A receipt laid out for a device, on pages of `size` in the device's pixels."""

    def __init__(self, receipt: Receipt, device: QPaintDevice, size: QSizeF) -> None:
        self._receipt = receipt
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
        document.setHtml(_html(receipt))
        document.setPageSize(QSizeF(self._width, self._body))
        self.count = document.pageCount()

    def paint(self, page: int, painter: QPainter) -> None:
        """Paint one page, the first being 0."""
        if self._receipt.mark:
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
        written = QFontMetricsF(font, self._device).horizontalAdvance(self._receipt.mark)
        font.setPointSizeF(_MARK_PT * min(1.0, 0.8 * diagonal / written))
        painter.save()
        painter.setFont(font)
        painter.setPen(_MARK)
        painter.translate(QPointF(self._width / 2, self._height / 2))
        painter.rotate(-math.degrees(math.atan2(self._height, self._width)))
        painter.drawText(
            QRectF(-diagonal / 2, -diagonal / 2, diagonal, diagonal), Qt.AlignmentFlag.AlignCenter, self._receipt.mark
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
        said = f"Consulta nº {self._receipt.number} · {self._receipt.issued}"
        said = QFontMetricsF(painter.font(), self._device).elidedText(said, Qt.TextElideMode.ElideRight, room)
        painter.drawText(footer, bottom | Qt.AlignmentFlag.AlignLeft, said)
        painter.drawText(footer, bottom | Qt.AlignmentFlag.AlignRight, number)
        painter.setPen(_MARK_TEXT)
        painter.drawText(footer, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignHCenter, self._receipt.mark)
        painter.restore()


def _font(points: float) -> QFont:
    font = QFont(QGuiApplication.font())
    font.setPointSizeF(points)
    return font


def _html(receipt: Receipt) -> str:
    said = "".join(f"<p class='said'>{_lines(sentence)}</p>" for sentence in receipt.statement)
    parts = [
        f"<p class='document'>{escape(receipt.title)}</p><p class='sub'>{escape(receipt.subtitle)}</p>",
        "<table width='100%' cellspacing='0' style='margin-top: 10px'>"
        f"<tr><td class='box'><p class='outcome'>{escape(receipt.outcome)}</p>{said}</td></tr></table>",
    ]
    for section in receipt.sections:
        parts.append(_facts(section) if isinstance(section, Facts) else _listing(section))
    return "".join(parts)


def _facts(facts: Facts) -> str:
    fixed = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont).family()
    rows = []
    for line in facts.lines:
        value = _lines(line.value)
        if line.exact:
            value = f"<span style=\"font-family: '{escape(fixed)}'; font-size: 8pt\">{value}</span>"
        rows.append(
            f"<tr><td class='label' width='{_LABEL_SHARE}%'>{_lines(line.label)}</td>"
            f"<td width='{100 - _LABEL_SHARE}%'>{value}</td></tr>"
        )
    head = f"<tr><th class='title' colspan='2'><p class='section'>{escape(facts.title)}</p></th></tr>"
    return _table(head, "".join(rows))


def _listing(listing: Listing) -> str:
    columns = len(listing.headers)
    title = f"<tr><th class='title' colspan='{columns}'><p class='section'>{escape(listing.title)}</p></th></tr>"
    names = "".join(f"<th>{_lines(name)}</th>" for name in listing.headers)
    rows = ("".join(f"<td>{_lines(cell)}</td>" for cell in row) for row in listing.rows)
    return _table(f"{title}<tr>{names}</tr>", "".join(f"<tr>{row}</tr>" for row in rows))


def _table(head: str, rows: str) -> str:
    """A table whose head is repeated on every page that it reaches."""
    return f"<table width='100%' cellspacing='0'><thead>{head}</thead>{rows}</table>"


def _lines(text: str) -> str:
    """“NF-e” is never parted, nor is what the authority wrote taken for marks."""
    return escape(text.replace("NF-e", "NF\u2011e").replace("CT-e", "CT\u2011e")).replace("\n", "<br>")
