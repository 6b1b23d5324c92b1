"""A receipt on its pages: how many, what is on each, and what the PDF holds besides."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from PySide6.QtCore import QSizeF
from PySide6.QtGui import QColor, QImage, QPainter
from pytestqt.qtbot import QtBot

from app.receipt import DEMONSTRATION, Facts, Line, Listing, Receipt
from tests.ui import receipts
from tests.ui.window import settle
from ui import tasks
from ui.paper import Pages, pdf_of
from ui.receipt_paper import paper_of

_DPI = 96
_A4 = QSizeF(794, 1123)
RESPONSE = b"<?xml version='1.0'?>\r\n<retConsCad>  \xc3\xa7 </retConsCad>"


def made(*, inscriptions: int = 1, name: str = "Posto Ação & Coração <Ltda>", mark: str = "") -> Receipt:
    rows = tuple((str(number), name, "SP") for number in range(1, inscriptions + 1))
    cards = tuple(
        Facts(f"Inscrição {number}", tuple(Line(f"Campo {field}", name) for field in range(15)))
        for number in range(1, inscriptions + 1)
    )
    return Receipt(
        number=123,
        title="Comprovante de consulta — SEFAZ",
        subtitle="Consulta nº 123",
        outcome="Habilitado",
        statement=("A inscrição está habilitada.",),
        sections=(
            Facts("Autenticidade", (Line("SHA-256", "0123456789abcdef" * 4, exact=True),)),
            Listing("Inscrições", ("Nº", "Nome", "UF"), rows),
            *cards,
        ),
        issued="Retaguarda",
        mark=mark,
        request=b"<pedido/>",
        response=RESPONSE,
    )


def drawn(receipt: Receipt) -> list[QImage]:
    """Every page as a picture."""
    image = QImage(_A4.toSize(), QImage.Format.Format_RGB32)
    image.setDotsPerMeterX(round(_DPI / 0.0254))
    image.setDotsPerMeterY(round(_DPI / 0.0254))
    whole = Pages(paper_of(receipt), image, _A4)
    found = []
    for page in range(whole.count):
        image.fill(QColor("white"))
        painter = QPainter(image)
        whole.paint(page, painter)
        painter.end()
        found.append(image.copy())
    return found


def ink(image: QImage, top: int, bottom: int) -> int:
    """How many points of those lines are not white."""
    white = QColor("white").rgb()
    return sum(image.pixel(x, y) != white for y in range(top, bottom, 2) for x in range(0, image.width(), 3))


def test_one_inscription_takes_one_page(qtbot: QtBot) -> None:
    pdf = pdf_of(paper_of(made()))
    assert pdf.startswith(b"%PDF-")
    assert receipts.pages(pdf) == 1
    assert receipts.title(pdf) == "Comprovante de consulta — SEFAZ nº 123"
    assert b"/FontFile" in pdf  # the fonts travel with it


def test_both_messages_are_attached_byte_by_byte(qtbot: QtBot) -> None:
    pdf = pdf_of(paper_of(made()))
    carried = receipts.streams(pdf)
    assert RESPONSE in carried
    assert b"<pedido/>" in carried
    assert b"consulta-123-resposta.xml" in pdf.replace(b"\0", b"")


def test_thirty_inscriptions_run_over_pages_each_with_its_heading_and_footer(qtbot: QtBot) -> None:
    receipt = made(inscriptions=30)
    images = drawn(receipt)
    assert len(images) > 5
    for image in images:
        assert ink(image, 0, 40), "a page begins with the head of its table"
        assert ink(image, 1100, 1123), "a page ends with its number"
    assert abs(receipts.pages(pdf_of(paper_of(receipt))) - len(images)) <= 1  # the PDF has margins of its own


def test_a_head_is_repeated_where_its_table_is_broken(qtbot: QtBot) -> None:
    rows = tuple((str(number), "Posto", "SP") for number in range(200))
    receipt = replace(made(), sections=(Listing("Inscrições", ("Nº", "Nome", "UF"), rows),))
    second, third, *_ = (image.copy(0, 0, image.width(), 28) for image in drawn(receipt)[1:])
    assert ink(second, 0, 28)
    assert second == third


@pytest.mark.parametrize("name", ["Á" * 400, "palavra " * 80, "<b>&amp;</b>"])
def test_names_of_any_length_stay_inside_the_page(qtbot: QtBot, name: str) -> None:
    receipt = made(name=name)
    image = QImage(_A4.toSize(), QImage.Format.Format_RGB32)
    whole = Pages(paper_of(receipt), image, _A4)
    assert whole._document.size().width() <= _A4.width()
    written = re.sub(r"\s", "", whole._document.toPlainText())
    assert re.sub(r"\s", "", name) in written


def test_the_demonstration_is_marked_on_every_page(qtbot: QtBot) -> None:
    plain, marked = drawn(made(inscriptions=10)), drawn(made(inscriptions=10, mark=DEMONSTRATION))
    assert len(plain) == len(marked) > 1
    for before, after in zip(plain, marked, strict=True):
        assert ink(after, 300, 800) > ink(before, 300, 800) + 500


def test_it_may_be_made_off_the_gui_thread(qtbot: QtBot) -> None:
    receipt = made(inscriptions=3)
    there: list[bytes] = []
    for _ in range(4):
        tasks.run(lambda: pdf_of(paper_of(receipt)), there.append, pytest.fail, qtbot)  # type: ignore[arg-type]
    settle(qtbot)
    assert len({receipts.pages(pdf) for pdf in there}) == 1
