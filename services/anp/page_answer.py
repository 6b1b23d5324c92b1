"""Reads the page of one station of ANP's old "Consulta Posto Web", whose heading states the situation.

The page is as it was in 2017: ISO-8859-1, the situation in `<font size=3>`, then one row for each thing the station
has. What it wrote for a station that does not exist is not known, so it never says that. lxml is imported at the first.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from app.domain import AnpRegistration
from services.anp.reading import NotAnAnswer, Reading, about, clean, field

if TYPE_CHECKING:
    from lxml.etree import _Element

_BRAND = re.compile(r"(?P<brand>.*?)\s*[-–/]?\s*(?P<since>\d{2}/\d{2}/\d{4})?\s*")
_CNPJ = "CNPJ/CPF"
_MAX_LABEL = 40  # the longest real one has 16 characters


def read_page(body: bytes, cnpj: str) -> Reading | None:
    """What the page says of that CNPJ, None when it is some other page. Raises NotAnAnswer."""
    text = _decoded(body)
    headings, rows = _contents(text)
    if not headings or _CNPJ not in rows:
        return None
    if "</html" not in text[-1000:].lower():
        raise NotAnAnswer("a página da ANP veio cortada")
    told: dict[str, str] = {}
    for label, values in rows.items():
        if len(set(values)) > 1:
            raise NotAnAnswer(f"a página da ANP traz mais de um valor em “{label}”")
        told[label] = values[0]
    brand = _BRAND.fullmatch(field(told, "Bandeira/Início"))
    city, _, uf = field(told, "Município/UF").partition("/")
    registration = AnpRegistration(
        cnpj=field(told, _CNPJ),
        name=field(told, "Razão Social"),
        situation=field({"título": " / ".join(dict.fromkeys(headings))}, "título"),
        authorization=field(told, "Autorização"),
        published=field(told, "Data Publicação"),
        brand=brand["brand"] if brand else "",
        brand_since=(brand["since"] or "") if brand else "",
        street=field(told, "Endereço"),
        complement=field(told, "Complemento"),
        district=field(told, "Bairro"),
        postal_code=field(told, "CEP"),
        city=city,
        uf=uf,
        reseller_class=field(told, "Tipo do Posto"),
    )
    return Reading(about(cnpj, [registration]), states_situation=True, states_authorization=True)


def _decoded(body: bytes) -> str:
    try:
        return body.decode("utf-8-sig")  # a copy of the page may have been saved so
    except UnicodeDecodeError:
        return body.decode("iso-8859-1")


def _contents(text: str) -> tuple[list[str], dict[str, list[str]]]:
    """The headings, and the values under each label."""
    from lxml import etree

    parser = etree.HTMLParser(encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True)
    try:
        root = etree.fromstring(text.encode(), parser)
    except etree.XMLSyntaxError:
        return [], {}
    if root is None:
        return [], {}
    fonts = (font for font in root.iter("font") if font.get("size", "").strip() == "3")
    headings = [said for font in fonts if (said := _text(font))]
    cells = [(cell, _text(cell)) for cell in root.iter("td") if cell.find(".//td") is None]
    rows: dict[str, list[str]] = {}
    for (cell, label), (following, value) in pairwise(cells):
        if label.endswith(":") and len(label) <= _MAX_LABEL and following.getparent() is cell.getparent():
            rows.setdefault(label.rstrip(": "), []).append(value)
    return headings, rows


def _text(element: _Element) -> str:
    return clean("".join(map(str, element.itertext())))
