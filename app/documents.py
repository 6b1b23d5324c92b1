"""CNPJ (numeric and alphanumeric), CPF and inscrição estadual: parse, check and show."""

from __future__ import annotations

import re
from collections.abc import Callable

from stdnum.br import cnpj as _cnpj
from stdnum.br import cpf as _cpf

from app.domain import Document, DocumentKind
from app.portuguese import counted


class InvalidDocument(ValueError):
    """The text is not the document it should be; the message is a sentence in Portuguese for the operator."""


def parse_cnpj(text: str) -> Document:
    """A CNPJ with or without mask, letters in either case (IN RFB 2.229/2024: 12 letters or digits, 2 check digits)."""
    return Document(DocumentKind.CNPJ, _checked(text, 14, _cnpj.is_valid, "CNPJ", "14 caracteres"))


def parse_cpf(text: str) -> Document:
    """A CPF with or without mask."""
    return Document(DocumentKind.CPF, _checked(text, 11, _is_cpf, "CPF", "11 dígitos"))


def parse_ie(text: str) -> Document:
    """An inscrição estadual: 2 to 14 digits, or ISENTO (TIe of leiauteConsultaCadastro v2.00). Masks are removed."""
    value = _bare(text)
    if value != "ISENTO" and not re.fullmatch(r"[0-9]{2,14}", value):
        raise InvalidDocument(
            f"A inscrição estadual “{text.strip()}” não é válida: informe de 2 a 14 dígitos, ou ISENTO."
        )
    return Document(DocumentKind.IE, value)


def from_key(key: str) -> Document:
    """The document kept as `Document.key`."""
    if key.startswith("IE "):
        return Document(DocumentKind.IE, key[3:])
    return Document(DocumentKind.CNPJ if len(key) == 14 else DocumentKind.CPF, key)


def parse_document(text: str, kind: DocumentKind | None = None) -> Document:
    """The document in `text`. Without a kind, 14 characters are read as CNPJ and 11 digits as CPF, never as IE."""
    if kind is DocumentKind.CNPJ:
        return parse_cnpj(text)
    if kind is DocumentKind.CPF:
        return parse_cpf(text)
    if kind is DocumentKind.IE:
        return parse_ie(text)
    match len(_bare(text)):
        case 14:
            return parse_cnpj(text)
        case 11:
            return parse_cpf(text)
        case 0:
            raise InvalidDocument("Informe o documento: um CNPJ ou um CPF.")
        case length:
            raise InvalidDocument(
                f"“{text.strip()}” tem {counted(length, 'caractere', 'caracteres')}: um CNPJ tem 14 e um CPF tem 11. "
                "Confira os zeros à esquerda."
            )


def cnpj_root(value: str) -> str:
    """The first 8 characters, shared by all branches of one company."""
    return _bare(value)[:8]


def _is_cpf(value: str) -> bool:
    # One digit repeated has good check digits, but was never issued to anybody.
    return len(set(value)) > 1 and bool(_cpf.is_valid(value))


def _bare(text: str) -> str:
    return re.sub(r"[\s./\-]", "", text).upper()


def _checked(text: str, length: int, is_valid: Callable[[str], bool], name: str, size: str) -> str:
    value = _bare(text)
    if not value:
        raise InvalidDocument(f"Informe o {name}.")
    if len(value) != length:
        raise InvalidDocument(
            f"O {name} “{text.strip()}” tem {counted(len(value), 'caractere', 'caracteres')} e deveria ter {size}. "
            "Confira se faltou um zero à esquerda."
        )
    # stdnum counts the digits of every script as digits.
    if not (value.isascii() and is_valid(value)):
        raise InvalidDocument(
            f"O {name} “{text.strip()}” não é válido: os dígitos verificadores não conferem. Confira a digitação."
        )
    return value
