"""The receipt of a consultation as a document to be set on paper, with both raw messages attached byte by byte."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from PySide6.QtGui import QFontDatabase

from app.receipt import Facts, Receipt
from ui.paper import Attachment, Paper, lines_html, listing_html, table_html
from ui.raw_message import readable

_LABEL_SHARE = 36
_MIME = {"xml": "application/xml", "json": "application/json", "html": "text/html", "txt": "text/plain"}


def paper_of(receipt: Receipt) -> Paper:
    """The pages of the receipt, and both messages as files."""
    return Paper(
        f"{receipt.title} nº {receipt.number}",
        _html(receipt),
        f"Consulta nº {receipt.number} · {receipt.issued}",
        receipt.mark,
        attachments=tuple(_attached(receipt)),
    )


def _attached(receipt: Receipt) -> Iterator[Attachment]:
    for name, message in (("resposta", receipt.response), ("pedido", receipt.request)):
        if message:
            ending = readable(message).ending
            yield Attachment(f"consulta-{receipt.number}-{name}.{ending}", message, _MIME[ending])


def _html(receipt: Receipt) -> str:
    said = "".join(f"<p class='said'>{lines_html(sentence)}</p>" for sentence in receipt.statement)
    parts = [
        f"<p class='document'>{escape(receipt.title)}</p><p class='sub'>{escape(receipt.subtitle)}</p>",
        "<table width='100%' cellspacing='0' style='margin-top: 10px'>"
        f"<tr><td class='box'><p class='outcome'>{escape(receipt.outcome)}</p>{said}</td></tr></table>",
    ]
    for section in receipt.sections:
        parts.append(_facts(section) if isinstance(section, Facts) else listing_html(section))
    return "".join(parts)


def _facts(facts: Facts) -> str:
    fixed = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont).family()
    rows = []
    for line in facts.lines:
        value = lines_html(line.value)
        if line.exact:
            value = f"<span style=\"font-family: '{escape(fixed)}'; font-size: 8pt\">{value}</span>"
        rows.append(
            f"<tr><td class='label' width='{_LABEL_SHARE}%'>{lines_html(line.label)}</td>"
            f"<td width='{100 - _LABEL_SHARE}%'>{value}</td></tr>"
        )
    head = f"<tr><th class='title' colspan='2'><p class='section'>{escape(facts.title)}</p></th></tr>"
    return table_html(head, "".join(rows))
