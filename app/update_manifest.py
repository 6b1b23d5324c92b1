"""What whoever distributes the program publishes of a new version: a small JSON object, signed beside it.

    {"versao": "0.2.0", "arquivo": "Retaguarda-0.2.0-instalar.exe", "sha256": "…", "tamanho": 52428800,
     "publicada_em": "2026-11-22T12:00:00+00:00", "novidades": "O que mudou."}

The signature is of its exact bytes, so that it is verified before anything of it is read.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

MAX_FILE = 1 << 30
"""The largest set-up that is taken, in bytes."""

MAX_NEWS = 8_000

_VERSION = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,6}){0,3}")
_FILE = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._+-]{0,118}[A-Za-z0-9])?")
_SHA256 = re.compile(r"[0-9a-f]{64}")
# Names that are devices in every folder of Windows, whatever follows the point.
_DEVICE = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?", re.IGNORECASE)


class UnusableManifest(Exception):
    """The manifest does not say what it must; the message tells which part, in Portuguese."""


@dataclass(frozen=True)
class Manifest:
    """A version that was published. `file` is a bare name, beside the manifest; `size` is in bytes; `news` is plain
    text for the operator."""

    version: str
    file: str
    sha256: str
    size: int
    published_at: datetime
    news: str


def version_numbers(version: str) -> tuple[int, ...]:
    """The numbers of "1.2.0", to be compared: ending zeros make no difference. Raises UnusableManifest."""
    if not _VERSION.fullmatch(version):
        raise UnusableManifest(f"a versão “{version[:40]}” não é feita de números e pontos")
    numbers = [int(number) for number in version.split(".")]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


def read_manifest(data: bytes) -> Manifest:
    """The manifest in those bytes, whose signature was verified. Raises UnusableManifest."""
    try:
        content = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise UnusableManifest("ele não é um documento JSON em UTF-8") from error
    if not isinstance(content, dict):
        raise UnusableManifest("ele não é um objeto JSON")
    version, file = _text(content, "versao"), _text(content, "arquivo")
    version_numbers(version)
    if not _FILE.fullmatch(file) or ".." in file or _DEVICE.fullmatch(file):
        raise UnusableManifest(f"“{file[:40]}” não serve de nome de arquivo")
    sha256 = _text(content, "sha256")
    if not _SHA256.fullmatch(sha256):
        raise UnusableManifest("o SHA-256 do arquivo não tem 64 algarismos hexadecimais minúsculos")
    size = content.get("tamanho")
    if not isinstance(size, int) or isinstance(size, bool) or not 0 < size <= MAX_FILE:
        raise UnusableManifest(f"o tamanho do arquivo não está entre 1 byte e {MAX_FILE >> 30} GB")
    news = _text(content, "novidades").strip()
    if len(news) > MAX_NEWS or not all(line.isprintable() for line in news.split("\n")):
        raise UnusableManifest(f"as novidades passam de {MAX_NEWS} caracteres ou têm caracteres de controle")
    return Manifest(version, file, sha256, size, _moment(_text(content, "publicada_em")), news)


def _text(content: dict[str, Any], name: str) -> str:
    value = content.get(name)
    if not isinstance(value, str):
        raise UnusableManifest(f"falta o campo “{name}”, ou ele não é um texto")
    return value


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
        moment.astimezone()  # a year at the end of what can be counted has no other zone
    except (ValueError, OverflowError, OSError) as error:
        raise UnusableManifest(f"“{text[:40]}” não é uma data e hora") from error
    if moment.tzinfo is None:
        raise UnusableManifest(f"a data da publicação (“{text}”) não diz o fuso")
    return moment
