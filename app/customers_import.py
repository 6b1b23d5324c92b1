"""A CSV file of customers read into values: by our own field names, or as ANP publishes its list of revendedores.

Nothing is kept here; `app.data.customers_import` does that. A bad line is reported with all its reasons and the others
go on. Lines are counted from 1 as a text editor does; a quoted field may span several.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.kinds import Cnpj, InvalidValue, Kind, folded
from app.portuguese import counted
from app.tables import CUSTOMERS


class UnreadableFile(ValueError):
    """The file as a whole is not a list of customers; the message is a sentence saying what to do."""


@dataclass(frozen=True)
class RejectedLine:
    """A line that was not imported, with everything that is wrong in it."""

    line: int
    reasons: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """The line and its reasons, in one text."""
        return f"Linha {self.line}: {' '.join(self.reasons)}"


@dataclass(frozen=True)
class ImportReport:
    """What became of each line. Those already there are customers with the same document, UF and IE, left as they were;
    `remarks` are sentences about what was imported differently from what the file says."""

    added: int
    already: int
    rejected: tuple[RejectedLine, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """The counts, in words."""
        parts = (
            counted(self.added, "cliente incluído", "clientes incluídos"),
            counted(self.already, "já cadastrado", "já cadastrados"),
            counted(len(self.rejected), "linha recusada", "linhas recusadas"),
        )
        return ", ".join(parts)


@dataclass(frozen=True)
class CustomerLine:
    """One good line: values by field name of `app.tables.CUSTOMERS`, blank cells left out.

    `brand` and `region` are still as the file writes them, a code or a name, "" when the file has none.
    """

    line: int
    values: dict[str, Any]
    brand: str = ""
    region: str = ""


@dataclass(frozen=True)
class CustomerFile:
    """What the file says."""

    lines: tuple[CustomerLine, ...]
    rejected: tuple[RejectedLine, ...]
    remarks: tuple[str, ...]


_XLSX, _XLS = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_UNREADABLE = "\ufffd"
_SEPARATORS = ";,\t"
_MOST_LINES_A_RECORD = 20  # a quote that is never closed spoils its own line, not the rest of the file
_ROUNDED = re.compile(r"[0-9]([.,][0-9]+)?E\+[0-9]+", re.IGNORECASE)  # 1,12223E+13, as Excel writes a long number
_CNPJ = "cnpj"
_NECESSARY = ("documento", "nome", "uf")

# ANP's list of revendedores (dados abertos): its columns that we keep, and those that mean nothing to us.
_ANP = {
    _CNPJ: "documento",
    "razaosocial": "nome",
    "endereco": "logradouro",
    "municipio": "cidade",
    "autorizacao": "autorizacao_anp",
}
_ANP_UNUSED = {"codigoisimp", "datapublicacao", "datavinculacao"}


def read_customers(data: bytes) -> CustomerFile:
    """The customers in the file's bytes: UTF-8, UTF-16 or Windows-1252, separated by “;”, “,” or tab.

    Raises UnreadableFile when there is no header with the necessary columns.
    """
    lines = _decoded(data)
    start = next((i for i, line in enumerate(lines) if line.strip() and not _is_excel_hint(line)), None)
    if start is None:
        raise UnreadableFile("O arquivo está vazio. Escolha um CSV com o cabeçalho na primeira linha.")
    separator, header = _header(lines[start])
    fields, remarks = _fields(header)
    kinds = {field.name: field.kind for field in CUSTOMERS.fields}
    if _CNPJ in map(folded, header):
        kinds["documento"] = Cnpj()  # eleven digits there are a CNPJ that lost its zeros, not a CPF
    good: list[CustomerLine] = []
    rejected: list[RejectedLine] = []
    unreadable: list[int] = []
    for number, cells in _cells(lines, start + 1, separator):
        if isinstance(cells, str):
            rejected.append(RejectedLine(number, (cells,)))
            continue
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) < len(header) or any(cell.strip() for cell in cells[len(header) :]):
            columns = counted(len(cells), "coluna", "colunas")
            rejected.append(RejectedLine(number, (f"Tem {columns} e o cabeçalho tem {len(header)}.",)))
            continue
        line = _line(number, dict(zip(fields, cells, strict=False)), kinds)
        if isinstance(line, RejectedLine):
            rejected.append(line)
        else:
            good.append(line)
            if any(_UNREADABLE in cell for cell in cells):
                unreadable.append(number)
    if unreadable:
        remarks.append(f"Há letras que não puderam ser lidas, trocadas por “{_UNREADABLE}”, {in_lines(unreadable)}.")
    return CustomerFile(tuple(good), tuple(rejected), tuple(remarks))


def in_lines(numbers: Sequence[int]) -> str:
    """ "na linha 3", "nas linhas 3, 5 e 9", "em 400 linhas (3, 5, 9 e outras)"."""
    if len(numbers) == 1:
        return f"na linha {numbers[0]}"
    shown = ", ".join(str(number) for number in numbers[:-1][:4])
    if len(numbers) <= 5:
        return f"nas linhas {shown} e {numbers[-1]}"
    return f"em {len(numbers)} linhas ({shown} e outras)"


def _decoded(data: bytes) -> list[str]:
    if data.startswith((_XLSX, _XLS)):
        raise UnreadableFile(
            "Isto é uma planilha do Excel: abra-a e salve como CSV (“CSV UTF-8, separado por vírgulas” serve)."
        )
    if data.startswith(_UTF16):
        data = data.decode("utf-16", errors="replace").encode()
    if b"\0" in data:
        raise UnreadableFile("Isto não é um arquivo de texto. Escolha um CSV.")
    data = data.removeprefix(b"\xef\xbb\xbf")
    # Line by line, since files pieced together from two programs do mix encodings.
    return [_text(line) for line in re.split(rb"\r\n|\r|\n", data)]


def _text(line: bytes) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("cp1252", errors="replace")


def _is_excel_hint(line: str) -> bool:
    return re.fullmatch(r'"?sep=."?', line.strip(), re.IGNORECASE) is not None


def _header(line: str) -> tuple[str, list[str]]:
    best: tuple[str, list[str]] = (_SEPARATORS[0], [])
    known = -1
    for separator in _SEPARATORS:
        try:
            cells = next(csv.reader([line], delimiter=separator, strict=True), [])
        except csv.Error:
            continue
        count = sum(_field_name(cell) is not None for cell in cells)
        if count > known:
            best, known = (separator, cells), count
    separator, cells = best
    while cells and not cells[-1].strip():
        cells.pop()
    return separator, cells


def _field_name(column: str) -> str | None:
    name = folded(column.replace("_", " "))
    bare = name.replace(" ", "")
    for field in CUSTOMERS.fields:
        if name in (field.name.replace("_", " "), folded(field.label)):
            return field.name
    return _ANP.get(bare)


def _fields(header: list[str]) -> tuple[list[str | None], list[str]]:
    fields = [_field_name(column) for column in header]
    shown = ", ".join(f"“{column.strip()}”" for column in header if column.strip()) or "nada"
    missing = [name for name in _NECESSARY if name not in fields]
    if missing:
        raise UnreadableFile(
            f"Falta no cabeçalho: {', '.join(missing)}. O cabeçalho tem {shown}. São necessárias as colunas "
            "documento (ou CNPJ), nome (ou RAZAOSOCIAL) e uf; as outras possíveis são "
            f"{', '.join(f.name for f in CUSTOMERS.fields if f.name not in _NECESSARY)}."
        )
    for name in fields:
        twins = [column.strip() for column, field in zip(header, fields, strict=True) if name and field == name]
        if len(twins) > 1:
            raise UnreadableFile(
                f"As colunas {' e '.join(f'“{twin}”' for twin in twins)} dizem a mesma coisa ({name}). Deixe só uma."
            )
    unknown = [
        column.strip()
        for column, field in zip(header, fields, strict=True)
        if field is None and column.strip() and folded(column) not in _ANP_UNUSED
    ]
    return fields, [f"A coluna “{column}” não é conhecida e foi ignorada." for column in unknown]


def _cells(lines: list[str], start: int, separator: str) -> Iterator[tuple[int, list[str] | str]]:
    """The cells of each record by its first line's number, or a sentence when its quotes are wrong."""
    at = start
    while at < len(lines):
        taken = 1
        cells: list[str] | str
        while True:
            try:
                cells = next(csv.reader(["\n".join(lines[at : at + taken])], delimiter=separator, strict=True), [])
            except csv.Error as error:
                is_open = "unexpected end of data" in str(error)
                if is_open and taken < _MOST_LINES_A_RECORD and at + taken < len(lines):
                    taken += 1
                    continue
                cells = "Tem aspas que não fecham." if is_open else "Tem aspas fora do lugar, ou um texto longo demais."
                taken = 1
            break
        yield at + 1, cells
        at += taken


def _line(number: int, cells: dict[str | None, str], kinds: Mapping[str, Kind[Any]]) -> CustomerLine | RejectedLine:
    values: dict[str, Any] = {}
    reasons: list[str] = []
    names = {"bandeira": "", "regiao": ""}
    for field in CUSTOMERS.fields:
        text = cells.get(field.name, "").strip()
        if not text:
            if field.name in _NECESSARY:
                reasons.append(f"{field.label}: Informe este campo ({field.kind.hint}).")
            continue
        if field.name in names:
            names[field.name] = " ".join(text.split())
            continue
        if _ROUNDED.fullmatch(text):
            reasons.append(
                f"{field.label}: “{text}” foi arredondado pela planilha. Escreva-o inteiro, em coluna de Texto."
            )
            continue
        try:
            values[field.name] = kinds[field.name].parse(text)
        except InvalidValue as error:
            reasons.append(f"{field.label}: {error}")
    if reasons:
        return RejectedLine(number, tuple(reasons))
    return CustomerLine(number, values, names["bandeira"], names["regiao"])
