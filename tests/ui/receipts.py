"""Reads what a PDF of this program holds, without any library for it."""

from __future__ import annotations

import re
import zlib

_STREAM = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.DOTALL)


def pages(pdf: bytes) -> int:
    """How many pages it has."""
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


def title(pdf: bytes) -> str:
    """The title among its properties."""
    found = re.search(rb"/Title\s*\((.*?)(?<!\\)\)", pdf, re.DOTALL)
    assert found is not None
    return re.sub(rb"\\(.)", rb"\1", found.group(1), flags=re.DOTALL).decode("utf-16")


def streams(pdf: bytes) -> list[bytes]:
    """Everything it carries, decompressed; the attached files among them."""
    carried = []
    for found in _STREAM.finditer(pdf):
        try:
            carried.append(zlib.decompress(found.group(1)))
        except zlib.error:
            carried.append(found.group(1))
    return carried
