"""The lists that ANP publishes as open data, read into establishments: resellers of automotive fuels and of GLP, and
distributors.

Nothing is kept here; `app.data.mirror` does that. A line that cannot be read is reported with its reasons and the
others go on; what a broken line says is never guessed. Lines are counted from 1 as a text editor does.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import itemgetter, mul
from typing import NamedTuple

from app.customers_import import RejectedLine
from app.domain import ListKind
from app.kinds import folded
from app.uf import UFS


class UnreadableList(ValueError):
    """The file as a whole is not a list of ANP, or not a whole one; the message is a sentence saying what to do."""


class Establishment(NamedTuple):
    """One line of a list: the fields of `app.domain.AnpRegistration` and the distributor's short name.

    Texts are ANP's own, with single blanks; "" where the list says nothing or has no such column. The CNPJ is in its
    canonical form and the CEP has digits only.
    """

    cnpj: str
    name: str
    short_name: str
    situation: str
    authorization: str
    published: str
    brand: str
    brand_since: str
    simp_code: str
    street: str
    complement: str
    district: str
    postal_code: str
    city: str
    uf: str
    reseller_class: str

    @property
    def address(self) -> str:
        """The address in one line."""
        parts = (self.street, self.complement, self.district, self.postal_code, self.city, self.uf)
        return ", ".join(part for part in parts if part)


@dataclass(frozen=True)
class ListFile:
    """What the file says. `unreadable` has the CNPJs that can still be seen in rejected lines and in no good one:
    the list is broken about them, which is not the same as not having them."""

    kind: ListKind
    rows: tuple[Establishment, ...]
    rejected: tuple[RejectedLine, ...]
    unreadable: frozenset[str]


# The header of each list, folded and without blanks, and the field of Establishment that each column is.
_RESELLER = {
    "codigoisimp": "simp_code",
    "autorizacao": "authorization",
    "datapublicacao": "published",
    "razaosocial": "name",
    "cnpj": "cnpj",
    "endereco": "street",
    "complemento": "complement",
    "bairro": "district",
    "cep": "postal_code",
    "uf": "uf",
    "municipio": "city",
    "datavinculacao": "brand_since",
}
_COLUMNS: dict[ListKind, dict[str, str]] = {
    ListKind.AUTOMOTIVE: {**_RESELLER, "bandeira": "brand"},
    ListKind.GLP: {**_RESELLER, "distribuidora": "brand", "classe": "reseller_class"},
    ListKind.DISTRIBUTOR: {
        "codigoagentei-simp": "simp_code",
        "cnpj": "cnpj",
        "nomereduzido": "short_name",
        "razaosocial": "name",
        "enderecodamatriz": "street",
        "bairro": "district",
        "cep": "postal_code",
        "uf": "uf",
        "municipio": "city",
        "situacao": "situation",
        "datapublicacao": "published",
        "numerodaautorizacao": "authorization",
    },
}
_HEADER_WITHIN = 10  # the list of distributors begins with lines of a report
_SPREADSHEETS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_DATE_LENGTH = len("dd/mm/aaaa")
_MANY_REJECTED, _MANY_REJECTED_SHARE = 20, 0.01

_BROKEN_TEXT = re.compile("[\x00-\x08\x0b-\x1f\x7f\ufffd]")
_MASKED_CNPJ = re.compile(r"(?<![0-9A-Z])[0-9A-Z]{2}\.?[0-9A-Z]{3}\.?[0-9A-Z]{3}/?[0-9A-Z]{4}-?[0-9]{2}(?![0-9A-Z])")
_CNPJ = re.compile(r"[0-9A-Z]{12}[0-9]{2}")
_MASK = str.maketrans("", "", "./- ")
_FIRST_WEIGHTS = (5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2)
_SECOND_WEIGHTS = (6, *_FIRST_WEIGHTS)
# The weights count letters and digits from "0", which is the byte 48.
_FIRST_ZERO, _SECOND_ZERO = 48 * sum(_FIRST_WEIGHTS), 48 * sum(_SECOND_WEIGHTS)


def read_list(data: bytes, expected: ListKind | None = None) -> ListFile:
    """The establishments in the file's bytes: UTF-8 or Windows-1252, separated by “;”; the header tells which list.

    Raises UnreadableList when it is no list of ANP, not the one `expected`, cut in the middle, or mostly broken.
    """
    lines, ends_whole = _decoded(data)
    at, kind, header = _header(lines)
    if expected is not None and kind is not expected:
        raise UnreadableList(
            f"Esta é a lista de {_lowered(kind)}, e a esperada era a de {_lowered(expected)}. Confira o arquivo."
        )
    reader = _Reader(kind, header)
    for number, line in enumerate(lines[at + 1 :], at + 2):
        reader.take(number, line)
    if not ends_whole and not reader.last_is_whole:
        raise UnreadableList(
            "A lista está incompleta: a última linha foi cortada no meio. Baixe o arquivo de novo na página da ANP."
        )
    return reader.file()


def is_cnpj(text: str) -> bool:
    """Whether this is a CNPJ in its canonical form with the right check digits, as app.documents has it but faster."""
    if not _CNPJ.fullmatch(text) or text.startswith("000000000000"):
        return False
    values = text.encode()
    first = -(sum(map(mul, _FIRST_WEIGHTS, values)) - _FIRST_ZERO) % 11 % 10
    second = -(sum(map(mul, _SECOND_WEIGHTS, values)) - _SECOND_ZERO) % 11 % 10
    return bool(values[12] == 48 + first and values[13] == 48 + second)


class _Reader:
    """Takes the lines in order, knowing the columns and what came before."""

    last_is_whole = False
    """Whether the last line that is not blank was read and, as far as its last cell tells, to its very end."""

    def __init__(self, kind: ListKind, header: Sequence[str]) -> None:
        self._kind = kind
        self._width = len(header)
        columns = _COLUMNS[kind]
        at = {columns[name]: i for i, name in enumerate(header) if name in columns}
        self._cnpj, self._uf, self._cep, self._name = (at[f] for f in ("cnpj", "uf", "postal_code", "name"))
        self._brand = at.get("brand")
        self._ends_in_date = self._width - 1 in (at.get("published"), at.get("brand_since"))
        # One cell more, always "", stands for the columns that this list does not have.
        self._pick: Callable[[list[str]], tuple[str, ...]] = itemgetter(
            *(at.get(name, self._width) for name in Establishment._fields)
        )
        self._rows: dict[str, Establishment] = {}
        self._lines: dict[str, int] = {}
        self._brands_seen: set[str] = set()
        self._rejected: list[RejectedLine] = []
        self._unreadable: set[str] = set()
        self._broken = 0

    def take(self, number: int, line: str) -> None:
        """Read one line, or reject it."""
        if not line.strip():
            return
        self.last_is_whole = False
        cells = _cells(line)
        if isinstance(cells, str):
            self._reject(number, line, cells)
            return
        if len(cells) != self._width:
            columns = "1 coluna" if len(cells) == 1 else f"{len(cells)} colunas"
            self._reject(number, line, f"Tem {columns} e o cabeçalho tem {self._width}.")
            return
        cnpj = cells[self._cnpj]
        if len(cnpj) != 14:
            cnpj = cells[self._cnpj] = cnpj.translate(_MASK)
        if reasons := self._wrong(cells, line):
            self._reject(number, line, *reasons)
            return
        self.last_is_whole = len(cells[-1]) == _DATE_LENGTH if self._ends_in_date else bool(cells[-1])
        cells.append("")
        row = Establishment._make(self._pick(cells))
        kept = self._rows.setdefault(cnpj, row)
        if kept is row:
            self._lines[cnpj] = number
        elif kept != row:
            reason = f"Repete o CNPJ da linha {self._lines[cnpj]} com outros dados; ficou o que a primeira diz."
            self._rejected.append(RejectedLine(number, (reason,)))

    def file(self) -> ListFile:
        """Everything read. Raises UnreadableList when that is nothing, or too much could not be."""
        total = len(self._rows) + self._broken
        if self._broken > _MANY_REJECTED and self._broken > total * _MANY_REJECTED_SHARE:
            raise UnreadableList(
                f"{self._broken} das {total} linhas da lista não puderam ser lidas, o que é demais para confiar "
                f"nela. A primeira: {self._rejected[0].sentence} Baixe o arquivo de novo na página da ANP."
            )
        if not self._rows:
            raise UnreadableList("A lista não tem nenhum estabelecimento. Baixe o arquivo de novo na página da ANP.")
        unreadable = frozenset(self._unreadable - self._rows.keys())
        return ListFile(self._kind, tuple(self._rows.values()), tuple(self._rejected), unreadable)

    def _wrong(self, cells: list[str], line: str) -> list[str]:
        reasons: list[str] = []
        if _BROKEN_TEXT.search(line):
            reasons.append("Tem caracteres que não podem ser lidos.")
        if not is_cnpj(cells[self._cnpj]):
            reasons.append(f"“{cells[self._cnpj]}” não é um CNPJ.")
        if cells[self._uf] not in UFS:
            reasons.append(f"“{cells[self._uf]}” não é uma UF.")
        cep = cells[self._cep]
        if cep and not (len(cep) == 8 and cep.isdecimal() and cep.isascii()):
            digits = cep.translate(_MASK)
            if len(digits) == 7 and cells[self._uf] == "SP":
                digits = "0" + digits  # written as a number; only in São Paulo do CEPs begin with zero
            if re.fullmatch("[0-9]{8}", digits):
                cells[self._cep] = digits
            else:
                reasons.append(f"“{cep}” não é um CEP.")
        if not cells[self._name]:
            reasons.append("Falta a razão social.")
        if self._brand is not None and cells[self._brand] not in self._brands_seen:
            brand = cells[self._brand]
            if brand and not any(letter.isalpha() for letter in brand):
                reasons.append(f"“{brand}” não é uma bandeira: as colunas parecem deslocadas.")
            else:
                self._brands_seen.add(brand)
        return reasons

    def _reject(self, number: int, line: str, *reasons: str) -> None:
        self._broken += 1
        self._rejected.append(RejectedLine(number, reasons))
        seen = (found.translate(_MASK) for found in _MASKED_CNPJ.findall(line))
        self._unreadable.update(cnpj for cnpj in seen if is_cnpj(cnpj))


def _decoded(data: bytes) -> tuple[list[str], bool]:
    """The lines, and whether the last one has its line end."""
    start = data[:256].lstrip()
    if start.startswith(_SPREADSHEETS):
        raise UnreadableList("Isto é uma planilha do Excel. Use o arquivo CSV como a ANP o publica.")
    if start.removeprefix(b"\xef\xbb\xbf").startswith(b"<"):
        raise UnreadableList(
            "Isto é uma página da internet, não a lista: o endereço pode ter mudado ou o site estar fora do ar. "
            "Confira o endereço nas configurações, ou baixe o CSV pela página da ANP."
        )
    if not start:
        raise UnreadableList("O arquivo está vazio. Baixe-o de novo na página da ANP.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        # Line by line, since ANP has published lists with both encodings in one file.
        text = "\n".join(map(_line_text, data.removeprefix(b"\xef\xbb\xbf").split(b"\n")))
    text = text.replace("\r\n", "\n").replace("\xa0", " ").replace("\t", " ")
    while "  " in text:
        text = text.replace("  ", " ")
    return text.split("\n"), text.endswith("\n")


def _line_text(line: bytes) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("cp1252", errors="replace")


def _header(lines: Sequence[str]) -> tuple[int, ListKind, list[str]]:
    """The index of the header, the list it is of, and its columns."""
    best: tuple[int, str] = (-1, "")
    for at, line in enumerate(lines[:_HEADER_WITHIN]):
        cells = _cells(line)
        header = [folded(cell).replace(" ", "") for cell in cells] if isinstance(cells, list) else []
        for kind, columns in _COLUMNS.items():
            known = [name for name in header if name in columns]
            if len(known) == len(set(known)) == len(columns):
                return at, kind, header
            if len(known) > best[0]:
                missing = ", ".join(name.upper() for name in columns if name not in known)
                best = len(known), f"Da lista de {_lowered(kind)}, falta: {missing}. " if missing else ""
    raise UnreadableList(
        "O cabeçalho não é o de nenhuma das listas da ANP: o arquivo pode ser outro, ou a ANP mudou o formato. "
        f"{best[1] if best[0] > 2 else ''}Use o CSV de revendedores ou o de distribuidores, como a ANP o publica."
    )


def _cells(line: str) -> list[str] | str:
    """The trimmed cells of one line, or a sentence when its quotes are wrong."""
    if '"' not in line:
        if "; " not in line and " ;" not in line:
            return line.strip().split(";")
        return [cell.strip() for cell in line.split(";")]
    try:
        return [cell.strip() for cell in next(csv.reader([line], delimiter=";", strict=True))]
    except csv.Error:
        return "Tem aspas fora do lugar ou que não fecham."


def _lowered(kind: ListKind) -> str:
    label = kind.label
    return label[0].lower() + label[1:]
