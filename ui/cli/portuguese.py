"""argparse in Portuguese: its own words, and its complaints as an exception instead of an exit."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Iterable
from typing import Any, NoReturn


class UsageError(Exception):
    """The command line was not understood; the message is a sentence in Portuguese. `usage` is the form expected."""

    def __init__(self, sentence: str, usage: str = "", errors: dict[str, str] | None = None) -> None:
        super().__init__(sentence)
        self.usage = usage
        self.errors = errors or {}


class _Formatter(argparse.RawDescriptionHelpFormatter):
    def add_usage(
        self,
        usage: str | None,
        actions: Iterable[argparse.Action],
        groups: Iterable[Any],
        prefix: str | None = None,
    ) -> None:
        super().add_usage(usage, actions, groups, "uso: " if prefix is None else prefix)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        # Texts that bring their own lines keep them; the others are filled.
        raw = super()._fill_text(text, width, indent)
        return raw if "\n" in text.strip() else argparse.HelpFormatter._fill_text(self, text, width, indent)


class Parser(argparse.ArgumentParser):
    """Sub-commands made with `add_subparsers` are of this class too. Options are never abbreviated."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"formatter_class": _Formatter, "allow_abbrev": False, **options, "add_help": False})
        self._positionals.title = "argumentos"
        self._optionals.title = "opções"
        self.add_argument("-h", "--help", "--ajuda", action="help", help="mostra esta ajuda e termina")

    def error(self, message: str) -> NoReturn:
        raise UsageError(translated(message), self.format_usage())


_MESSAGES: tuple[tuple[str, Callable[[re.Match[str]], str]], ...] = (
    (r"argument (.+?): (.+)", lambda m: f"{_unbraced(m[1])}: {translated(m[2])}"),
    (r"the following arguments are required: (.+)", lambda m: f"falta informar: {m[1]}"),
    (r"unrecognized arguments: (.+)", lambda m: f"não reconhecido: {m[1]}"),
    (r"one of the arguments (.+) is required", lambda m: f"informe um destes: {m[1].replace(' --', ', --')}"),
    (r"not allowed with argument (.+)", lambda m: f"não pode ser usado junto de {m[1]}"),
    (
        r"invalid choice: (.+?) \(choose from (.+)\)",
        lambda m: f"“{m[1].strip(chr(39))}” não é uma das opções: {m[2].replace(chr(39), '')}",
    ),
    (r"expected one argument", lambda m: "falta o valor"),
    (r"expected at least one argument", lambda m: "falta ao menos um valor"),
    (r"expected at most one argument", lambda m: "aceita no máximo um valor"),
    (r"expected (\d+) arguments?", lambda m: f"são esperados {m[1]} valores"),
    (r"ignored explicit argument (.+)", lambda m: f"não aceita valor, e recebeu {m[1]}"),
)


def translated(message: str) -> str:
    """A complaint of argparse in Portuguese; what is not argparse's own stays as it is."""
    for pattern, words in _MESSAGES:
        match = re.fullmatch(pattern, message, re.DOTALL)
        if match is not None:
            return words(match)
    return message


def _unbraced(name: str) -> str:
    return name.strip("{}")


def positive(text: str) -> int:
    """The number of a row: a whole number from 1 on, as an argument's type."""
    if not re.fullmatch(r"[0-9]{1,9}", text) or int(text) == 0:
        raise argparse.ArgumentTypeError(f"“{text}” não é um código: escreva um número a partir de 1")
    return int(text)
