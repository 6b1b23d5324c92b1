"""Kinds of value: how one value is written as text, read back, checked and shown.

A setting and a field of an auxiliary table name their kind once; the form, the command line, the storage,
the export and the manual all follow from it.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Any, ClassVar, Generic, TypeVar
from urllib.parse import urlsplit

from app.documents import InvalidDocument, parse_cnpj, parse_document, parse_ie
from app.phone import InvalidPhone, mobile, shown_phone
from app.portuguese import money
from app.uf import UFS
from app.working_hours import DAY_MINUTES, WEEKDAY_LABELS, WEEKDAYS, WorkingHours

T = TypeVar("T")
E = TypeVar("E", bound=Enum)


class InvalidValue(ValueError):
    """The text is not a value of its kind; the message is a sentence in Portuguese for the operator."""


class Kind(ABC, Generic[T]):
    """How values of one kind are written, read and shown."""

    @abstractmethod
    def parse(self, text: str) -> T:
        """The value written as `text`. Raises InvalidValue."""

    @abstractmethod
    def dump(self, value: T) -> str:
        """The text that `parse` reads back as `value`: the stored form."""

    def show(self, value: T) -> str:
        """The value as a person reads it."""
        return self.dump(value)

    def plain(self, value: T) -> Any:
        """The value as JSON has it."""
        return self.dump(value)

    @property
    @abstractmethod
    def hint(self) -> str:
        """What may be written, in a few words."""


def folded(text: str) -> str:
    """Text for comparison: no accents, one case, single blanks."""
    bare = unicodedata.normalize("NFKD", text)
    return " ".join("".join(c for c in bare if not unicodedata.combining(c)).casefold().split())


@dataclass(frozen=True)
class Flag(Kind[bool]):
    """Yes or no."""

    _YES: ClassVar = {"sim", "s", "1", "true", "ligado", "on"}
    _NO: ClassVar = {"nao", "n", "0", "false", "desligado", "off"}

    def parse(self, text: str) -> bool:
        word = folded(text)
        if word in self._YES:
            return True
        if word in self._NO:
            return False
        raise InvalidValue(f"“{text.strip()}” não é sim nem não. Escreva sim ou nao.")

    def dump(self, value: bool) -> str:
        return "sim" if value else "nao"

    def show(self, value: bool) -> str:
        return "sim" if value else "não"

    def plain(self, value: bool) -> bool:
        return value

    @property
    def hint(self) -> str:
        return "sim ou não"


@dataclass(frozen=True)
class Number(Kind[int]):
    """A whole number between two limits, with its unit."""

    minimum: int = 0
    maximum: int = 2**31 - 1
    unit: str = ""

    def parse(self, text: str) -> int:
        if not re.fullmatch(r"[+-]?[0-9]{1,18}", text.strip()):
            raise InvalidValue(f"“{text.strip()}” não é um número inteiro. Escreva só algarismos: {self.hint}.")
        value = int(text)
        if not self.minimum <= value <= self.maximum:
            raise InvalidValue(f"{value} está fora do limite: {self.hint}.")
        return value

    def dump(self, value: int) -> str:
        return str(value)

    def show(self, value: int) -> str:
        # Without a unit the number is a name, such as a port, and is not grouped.
        return f"{value:,} {self.unit}".replace(",", ".") if self.unit else str(value)

    def plain(self, value: int) -> int:
        return value

    @property
    def hint(self) -> str:
        unit = f" {self.unit}" if self.unit else ""
        if self.maximum == 2**31 - 1:
            return f"{self.minimum}{unit} ou mais"
        return f"de {self.minimum} a {self.maximum}{unit}"


@dataclass(frozen=True)
class Text(Kind[str]):
    """One line of text."""

    maximum: int = 120
    required: bool = False

    def parse(self, text: str) -> str:
        value = _visible(" ".join(text.split()))
        if self.required and not value:
            raise InvalidValue("Este campo não pode ficar vazio: preencha-o.")
        if len(value) > self.maximum:
            raise InvalidValue(f"O texto tem {len(value)} caracteres e o limite é {self.maximum}: encurte-o.")
        return value

    def dump(self, value: str) -> str:
        return value

    @property
    def hint(self) -> str:
        return f"texto de até {self.maximum} caracteres"


@dataclass(frozen=True)
class FilePath(Kind[str]):
    """The path of a file of this computer, or nothing; `what` and `suffixes` are what the dialog offers."""

    what: str = "Arquivos"
    suffixes: tuple[str, ...] = ()
    maximum: ClassVar = 300

    def parse(self, text: str) -> str:
        value = _visible(re.sub(r'^[\s"]+|[\s"]+$', "", text))  # the Windows Explorer copies a path in quotes
        if len(value) > self.maximum:
            raise InvalidValue(f"O caminho tem {len(value)} caracteres e o limite é {self.maximum}: use um mais curto.")
        return value

    def dump(self, value: str) -> str:
        return value

    @property
    def hint(self) -> str:
        return f"caminho de um arquivo deste computador, de até {self.maximum} caracteres"


def _visible(text: str) -> str:
    # Control characters and halves of characters: databases refuse them, and nobody would see why.
    if any(unicodedata.category(c) in ("Cc", "Cs") for c in text):
        raise InvalidValue("O texto tem caracteres que não se veem, talvez de uma cópia: apague-o e digite de novo.")
    return text


@dataclass(frozen=True)
class Host(Kind[str]):
    """An IPv4 or IPv6 address or a host name, with no scheme, port or blank; or nothing where it is not required."""

    required: bool = True
    _NAME: ClassVar = re.compile(
        r"(?=.{1,253}$)[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
        r"(\.[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)*"
    )

    def parse(self, text: str) -> str:
        value = text.strip()
        if not value:
            if self.required:
                raise InvalidValue("Informe o endereço do servidor. Para este computador, 127.0.0.1.")
            return ""
        if "://" in value or "/" in value:
            raise InvalidValue("Informe só o endereço, sem “http://” e sem barras. Exemplo: 192.168.0.10 ou servidor.")
        if re.search(r"\s", value):
            raise InvalidValue("O endereço não pode ter espaços. Exemplo: 192.168.0.10 ou servidor.")
        try:
            return str(ipaddress.ip_address(value.strip("[]")))
        except ValueError:
            pass
        if ":" in value:
            raise InvalidValue("Informe a porta no campo próprio, não junto do endereço.")
        if re.fullmatch(r"[0-9.]+", value):
            raise InvalidValue(
                f"“{value}” não é um endereço IP válido: são quatro números de 0 a 255, como 192.168.0.10."
            )
        if not self._NAME.fullmatch(value):
            raise InvalidValue(
                f"“{value}” não é um endereço IP nem um nome de computador. Exemplo: 192.168.0.10 ou servidor."
            )
        return value

    def dump(self, value: str) -> str:
        return value

    def show(self, value: str) -> str:
        return f"{value} (este computador)" if is_this_computer(value) else value

    @property
    def hint(self) -> str:
        return "IPv4, IPv6 ou nome do computador" + ("" if self.required else ", ou nada")


def is_this_computer(host: str) -> bool:
    """Whether the address is the loopback of the computer itself."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.casefold() == "localhost"


CNPJ_PLACE = "{cnpj}"
"""Gives its place, in a web address, to the CNPJ that is asked about."""


@dataclass(frozen=True)
class WebAddress(Kind[str]):
    """An https address, or nothing where it is not required. `{cnpj}` may stand in its path and in its query."""

    required: bool = True
    maximum: ClassVar = 300

    def parse(self, text: str) -> str:
        value = text.strip()
        if not value:
            if self.required:
                raise InvalidValue("Informe o endereço, começando por https://.")
            return ""
        if len(value) > self.maximum:
            raise InvalidValue(
                f"O endereço tem {len(value)} caracteres e o limite é {self.maximum}: use um mais curto."
            )
        try:
            parts = urlsplit(value)
            good = parts.scheme == "https" and bool(parts.hostname) and parts.port != 0
        except ValueError:
            good = False
            parts = urlsplit("")
        # Before any sentence that repeats the address, which may be shown and logged.
        if "@" in value.partition("//")[2].partition("/")[0]:
            raise InvalidValue(
                "O endereço não pode levar usuário e senha: tire-os, senhas ficam só no cofre do sistema."
            )
        if not good or not value.isprintable() or " " in value:
            raise InvalidValue(
                f"“{value}” não é um endereço seguro da internet: ele começa por https:// e não tem espaços."
            )
        elsewhere = parts._replace(
            path=parts.path.replace(CNPJ_PLACE, ""), query=parts.query.replace(CNPJ_PLACE, "")
        ).geturl()
        if "{" in elsewhere or "}" in elsewhere:
            raise InvalidValue(
                f"“{value}” tem chaves fora do lugar: use só {CNPJ_PLACE}, em minúsculas, no caminho ou depois do “?”."
            )
        return value

    def dump(self, value: str) -> str:
        return value

    @property
    def hint(self) -> str:
        return "endereço https://"


@dataclass(frozen=True)
class Option(Generic[E]):
    """One of the values of a choice: its label on screen and a sentence of what it does."""

    value: E
    label: str
    sentence: str = ""


@dataclass(frozen=True)
class Choice(Kind[E]):
    """One of a few named values."""

    options: tuple[Option[E], ...]

    def parse(self, text: str) -> E:
        word = folded(text)
        for option in self.options:
            if word in (folded(str(option.value.value)), folded(option.label)):
                return option.value
        raise InvalidValue(f"“{text.strip()}” não é uma das opções: {self.hint}.")

    def dump(self, value: E) -> str:
        return str(value.value)

    def show(self, value: E) -> str:
        return next(option.label for option in self.options if option.value is value)

    @property
    def hint(self) -> str:
        return ", ".join(str(option.value.value) or option.label for option in self.options)


@dataclass(frozen=True)
class Reference(Kind[int | None]):
    """The number of a row of an auxiliary table, or none. Whether the row exists is checked when it is saved."""

    table: str
    required: bool = False

    def parse(self, text: str) -> int | None:
        word = text.strip()
        if not word:
            if self.required:
                raise InvalidValue("Escolha um item da lista.")
            return None
        if not re.fullmatch(r"[0-9]{1,9}", word) or int(word) == 0:
            raise InvalidValue(f"“{word}” não é um código: escreva o número do cadastro ({self.table}).")
        return int(word)

    def dump(self, value: int | None) -> str:
        return "" if value is None else str(value)

    def show(self, value: int | None) -> str:
        return "nenhum" if value is None else str(value)

    def plain(self, value: int | None) -> int | None:
        return value

    @property
    def hint(self) -> str:
        return f"código de {self.table}"


@dataclass(frozen=True)
class WeeklyWindow(Kind[WorkingHours]):
    """From–to and days of the week: "08:00-18:00 seg ter qua qui sex"; the days left out mean all."""

    def parse(self, text: str) -> WorkingHours:
        match = re.fullmatch(
            r"([0-9]{1,2}):([0-9]{2})\s*[-–a]\s*([0-9]{1,2}):([0-9]{2})((?:[\s,;]+\w+)*)", folded(text)
        )
        if match is None:
            raise InvalidValue(f"“{text.strip()}” não é um horário. Escreva como 08:00-18:00 seg ter qua qui sex.")
        start, end = (int(match[i]) * 60 + int(match[i + 1]) for i in (1, 3))
        if int(match[2]) > 59 or int(match[4]) > 59 or start >= DAY_MINUTES or end > DAY_MINUTES:
            raise InvalidValue("As horas vão de 00:00 a 24:00 e os minutos de 00 a 59.")
        if start == end:
            raise InvalidValue("O início e o fim do horário são iguais. Para o dia inteiro, escreva 00:00-24:00.")
        words = re.findall(r"\w+", match[5])
        unknown = [word for word in words if word[:3] not in WEEKDAYS]
        if unknown:
            raise InvalidValue(f"“{unknown[0]}” não é um dia da semana. Os dias são: {' '.join(WEEKDAYS)}.")
        days = frozenset(WEEKDAYS.index(word[:3]) for word in words) or frozenset(range(7))
        return WorkingHours(start, end, days)

    def dump(self, value: WorkingHours) -> str:
        # No day at all must not be read back as every day.
        days = " ".join(WEEKDAYS[day] for day in sorted(value.days)) or "nenhum"
        return f"{_clock(value.start)}-{_clock(value.end)} {days}"

    def show(self, value: WorkingHours) -> str:
        hours = (
            "o dia inteiro"
            if (value.start, value.end) == (0, DAY_MINUTES)
            else f"{_clock(value.start)} às {_clock(value.end)}"
        )
        days = "todos os dias" if len(value.days) == 7 else ", ".join(WEEKDAY_LABELS[day] for day in sorted(value.days))
        return f"{hours}, {days}"

    @property
    def hint(self) -> str:
        return "08:00-18:00 seg ter qua qui sex"


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


@dataclass(frozen=True)
class Cnpj(Kind[str]):
    """A CNPJ, kept bare and shown with its mask."""

    required: bool = True

    def parse(self, text: str) -> str:
        if not text.strip() and not self.required:
            return ""
        return _document(lambda: parse_cnpj(text).value)

    def dump(self, value: str) -> str:
        return value

    def show(self, value: str) -> str:
        return str(parse_cnpj(value)) if value else ""

    @property
    def hint(self) -> str:
        return "CNPJ, com ou sem pontuação"


@dataclass(frozen=True)
class AnyDocument(Kind[str]):
    """A CNPJ or CPF, kept bare and shown with its mask; or an inscrição estadual written as “IE 123”."""

    required: bool = True

    def parse(self, text: str) -> str:
        value = text.strip()
        if not value and not self.required:
            return ""
        if match := re.fullmatch(r"ie[\s:]+(.*)", value, re.IGNORECASE | re.DOTALL):
            return "IE " + _document(lambda: parse_ie(match[1]).value)
        try:
            # First, since a CNPJ with letters may begin with “IE” as well.
            return parse_document(value).value
        except InvalidDocument as error:
            if value[:2].upper() == "IE":
                return "IE " + _document(lambda: parse_ie(value[2:]).value)
            raise InvalidValue(str(error)) from error

    def dump(self, value: str) -> str:
        return value

    def show(self, value: str) -> str:
        return value if not value or value.startswith("IE ") else str(parse_document(value))

    @property
    def hint(self) -> str:
        return "CNPJ ou CPF; inscrição estadual como “IE 123456”"


@dataclass(frozen=True)
class StateRegistration(Kind[str]):
    """An inscrição estadual (2 to 14 digits, or ISENTO), or nothing."""

    def parse(self, text: str) -> str:
        return _document(lambda: parse_ie(text).value) if text.strip() else ""

    def dump(self, value: str) -> str:
        return value

    @property
    def hint(self) -> str:
        return "de 2 a 14 dígitos, ou ISENTO"


@dataclass(frozen=True)
class PostalCode(Kind[str]):
    """A CEP, kept as its 8 digits and shown with the hyphen, or nothing."""

    def parse(self, text: str) -> str:
        digits = re.sub(r"[\s.-]", "", text)
        if digits and not re.fullmatch(r"[0-9]{8}", digits):
            raise InvalidValue(
                f"“{text.strip()}” não é um CEP: ele tem 8 algarismos, como 01310-100. "
                "Confira se faltou um zero à esquerda."
            )
        return digits

    def dump(self, value: str) -> str:
        return value

    def show(self, value: str) -> str:
        return f"{value[:5]}-{value[5:]}" if value else ""

    @property
    def hint(self) -> str:
        return "8 algarismos, com ou sem hífen"


def _document(read: Callable[[], str]) -> str:
    try:
        return read()
    except InvalidDocument as error:
        raise InvalidValue(str(error)) from error


@dataclass(frozen=True)
class State(Kind[str]):
    """The sigla of one of the 27 federative units."""

    def parse(self, text: str) -> str:
        value = text.strip().upper()
        if value not in UFS:
            raise InvalidValue(f"“{text.strip()}” não é uma UF. Escreva a sigla, como SP ou GO.")
        return value

    def dump(self, value: str) -> str:
        return value

    def show(self, value: str) -> str:
        return f"{value} · {UFS[value].name}"

    @property
    def hint(self) -> str:
        return "sigla da UF"


@dataclass(frozen=True)
class TimeZone(Kind[str]):
    """An IANA time zone, such as America/Sao_Paulo."""

    def parse(self, text: str) -> str:
        from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

        value = text.strip()
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise InvalidValue(f"“{value}” não é um fuso horário. Exemplo: America/Sao_Paulo.") from error
        return value

    def dump(self, value: str) -> str:
        return value

    @property
    def hint(self) -> str:
        return "fuso horário, como America/Sao_Paulo"


@dataclass(frozen=True)
class Names(Kind[tuple[str, ...]]):
    """Several names, one a line or separated by “;”. Repeated ones (accents, case and blanks apart) count once."""

    maximum: ClassVar = 150

    def parse(self, text: str) -> tuple[str, ...]:
        found: dict[str, str] = {}
        for part in re.split(r"[;\n]", text):
            name = _visible(" ".join(part.split()))
            if len(name) > self.maximum:
                raise InvalidValue(
                    f"“{name[:30]}…” tem {len(name)} caracteres e o limite de um nome é {self.maximum}: encurte-o, ou "
                    "separe os nomes por “;”."
                )
            if name:
                found.setdefault(folded(name), name)
        return tuple(found.values())

    def dump(self, value: tuple[str, ...]) -> str:
        return "\n".join(value)

    def show(self, value: tuple[str, ...]) -> str:
        return "; ".join(value)

    def plain(self, value: tuple[str, ...]) -> list[str]:
        return list(value)

    @property
    def hint(self) -> str:
        return "nomes separados por “;”"


@dataclass(frozen=True)
class Money(Kind[Decimal]):
    """An amount in reais, to the cent, not negative. Kept with a point ("1234.50"), shown as people write it."""

    _WRITTEN: ClassVar = re.compile(r"(?:R\$ ?)?([0-9]{1,3}(?:\.[0-9]{3})+|[0-9]{1,12})(?:,([0-9]{1,2}))?")
    _KEPT: ClassVar = re.compile(r"([0-9]{1,12})\.([0-9]{2})")

    def parse(self, text: str) -> Decimal:
        written = text.strip()
        match = self._KEPT.fullmatch(written) or self._WRITTEN.fullmatch(written)
        if match is None or len(match[1].replace(".", "")) > 12:
            raise InvalidValue(f"“{written}” não é um valor em reais. Escreva como 150,00 ou 1.500,00.")
        return Decimal(f"{match[1].replace('.', '')}.{(match[2] or '').ljust(2, '0')}")

    def dump(self, value: Decimal) -> str:
        return f"{value:.2f}"

    def show(self, value: Decimal) -> str:
        return money(value)

    @property
    def hint(self) -> str:
        return "valor em reais, como 150,00"


@dataclass(frozen=True)
class Pattern(Kind[str]):
    """A text of a fixed form. `what` names it in the sentence that refuses another: "uma versão da API"."""

    pattern: str
    what: str
    example: str
    required: bool = True

    def parse(self, text: str) -> str:
        value = text.strip()
        if not value and not self.required:
            return ""
        if not re.fullmatch(self.pattern, value, re.ASCII):
            raise InvalidValue(f"“{value}” não é {self.what}. Escreva como {self.example}.")
        return value

    def dump(self, value: str) -> str:
        return value

    @property
    def hint(self) -> str:
        return f"{self.what}, como {self.example}"


@dataclass(frozen=True)
class PublicKey(Kind[str]):
    """An Ed25519 public key in Base64 (32 bytes, 44 characters), or nothing."""

    _BASE64: ClassVar = re.compile(r"[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=")  # the last one has but four bits

    def parse(self, text: str) -> str:
        value = text.strip()
        if value and not self._BASE64.fullmatch(value):
            raise InvalidValue(
                "O texto não é uma chave pública Ed25519: ela tem 44 caracteres de Base64 e termina em “=”. Escreva-a "
                f"inteira (aqui há {len(value)} caracteres)."
            )
        return value

    def dump(self, value: str) -> str:
        return value

    @property
    def hint(self) -> str:
        return "chave pública Ed25519 em Base64, de 44 caracteres"


@dataclass(frozen=True)
class Series(Kind[tuple[E, ...]]):
    """Some of the values of an enum in the order given, written as "cliente; os"."""

    of: type[E]

    def parse(self, text: str) -> tuple[E, ...]:
        known = {folded(member.value): member for member in self.of}
        found: list[E] = []
        for part in re.split(r"[;,\n]", text):
            if not part.strip():
                continue
            member = known.get(folded(part))
            if member is None:
                raise InvalidValue(f"“{part.strip()}” não é conhecido. Use: {self.hint}.")
            if member in found:
                raise InvalidValue(f"“{part.strip()}” está duas vezes: tire um deles.")
            found.append(member)
        return tuple(found)

    def dump(self, value: tuple[E, ...]) -> str:
        return "; ".join(member.value for member in value)

    @property
    def hint(self) -> str:
        return ", ".join(member.value for member in self.of)


@dataclass(frozen=True)
class Mobile(Kind[str]):
    """A Brazilian mobile number in E.164 digits ("5527999991234"), or "" when there is none."""

    def parse(self, text: str) -> str:
        if not text.strip():
            return ""
        try:
            return mobile(text)
        except InvalidPhone as error:
            raise InvalidValue(str(error)) from error

    def dump(self, value: str) -> str:
        return value

    def show(self, value: str) -> str:
        return shown_phone(value)

    @property
    def hint(self) -> str:
        return "celular com DDD, como (27) 99999-1234"
