"""What commands share: the open program, its files and its numbers on the command line."""

from __future__ import annotations

import locale
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ui.cli.portuguese import UsageError

if TYPE_CHECKING:
    from services.backoffice import Backoffice


@contextmanager
def opened() -> Iterator[Backoffice]:
    """The program open on this user's data, closed at the end."""
    from app.folders import find_folders
    from services.backoffice import open_backoffice

    backoffice = open_backoffice(find_folders())
    try:
        yield backoffice
    finally:
        backoffice.close()


def read_file(path: Path) -> bytes:
    """The bytes of a file named on the command line. Raises UsageError."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"Não foi possível ler o arquivo {path}: {_reason(error)}.") from error


def write_file(path: Path, data: bytes) -> None:
    """Write a file named on the command line, whole or not at all. Raises UsageError."""
    from ui.file_saving import NotSaved, save

    try:
        save(path, data)
    except NotSaved as error:
        raise UsageError(str(error)) from error


def ask_secret(prompt: str) -> str:
    """A password: asked without showing it on a terminal, else the first line of the standard input."""
    if _somebody_types():
        import getpass

        try:
            return getpass.getpass(prompt)
        except EOFError as error:
            raise UsageError("A senha não foi informada.") from error
    line = sys.stdin.buffer.readline() if sys.stdin is not None else b""
    if not line:
        raise UsageError("Falta a senha: escreva-a na primeira linha da entrada padrão.")
    for encoding in ("utf-8-sig", locale.getencoding()):  # the terminal's own is what older Windows shells send
        try:
            return line.decode(encoding).rstrip("\r\n")
        except UnicodeDecodeError:
            continue
    raise UsageError("A senha veio em uma codificação que não é a deste sistema. Use UTF-8.")


def _somebody_types() -> bool:
    terminal = sys.stdin is not None and sys.stdin.isatty()
    if sys.platform == "win32" and terminal:
        # The null device calls itself a terminal there, and a question would wait for ever.
        import ctypes
        import msvcrt

        console = ctypes.c_void_p(msvcrt.get_osfhandle(sys.stdin.fileno()))
        return bool(ctypes.windll.kernel32.GetConsoleMode(console, ctypes.byref(ctypes.c_ulong())))
    return terminal


def _reason(error: OSError) -> str:
    match error:
        case FileNotFoundError():
            return "ele não existe"
        case IsADirectoryError():
            return "é uma pasta"
        case PermissionError():
            return "falta permissão"
        case _:
            return error.strerror or type(error).__name__
