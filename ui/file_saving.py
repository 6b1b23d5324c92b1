"""Writing a file that a person chose, whole or not at all, and why it could not be written, in words."""

from __future__ import annotations

import errno
import os
import secrets
from pathlib import Path

from app.domain import Failure, FailureKind
from app.file_replacing import take_place

_FULL = (errno.ENOSPC, errno.EDQUOT)
_SHARING_VIOLATION = (32, 33)


class NotSaved(Exception):
    """The file was not written; what was there before, if anything, still is. `failure` explains it."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.sentence)
        self.failure = failure


def save(path: Path, data: bytes) -> None:
    """Replace the file at once: another program sees the old one or the whole new one. Raises NotSaved.

    A link is followed. What is no file, as a device or a pipe, is written to and stays what it is.
    """
    try:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if path.exists() and not path.is_file():
            path.write_bytes(data)
            return
        file_itself = path.resolve() if path.is_symlink() else path
        temporary = file_itself.with_name(f".retaguarda-{secrets.token_hex(6)}.tmp")
        try:
            with temporary.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            take_place(temporary, file_itself)  # a guard against viruses looks at what was just written
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise NotSaved(_explained(path, error)) from error


def _explained(path: Path, error: OSError) -> Failure:
    cause, todo = _cause(path, error)
    return Failure(
        FailureKind.CONFIGURATION, f"O arquivo “{path.name or path}” não foi gravado.", cause, todo, _details(error)
    )


def _cause(path: Path, error: OSError) -> tuple[str, str]:
    """The probable cause and what to do."""
    elsewhere = "Escolha outra pasta."
    match error:
        case OSError() if getattr(error, "winerror", None) in _SHARING_VIOLATION:
            return "O arquivo está aberto em outro programa.", "Feche-o lá, ou escolha outro nome."
        case PermissionError() if path.exists():
            return (
                f"Falta permissão para gravar na pasta “{path.parent}”, ou o arquivo está aberto em outro programa.",
                "Feche o arquivo no outro programa, ou escolha outra pasta.",
            )
        case PermissionError():
            return f"Falta permissão para gravar na pasta “{path.parent}”.", elsewhere
        case FileNotFoundError() | NotADirectoryError():
            return f"A pasta “{path.parent}” não existe.", elsewhere
        case IsADirectoryError():
            return "Já existe uma pasta com esse nome.", "Escolha outro nome."
    if error.errno in _FULL:
        return "Não há espaço em disco.", f"Libere espaço, ou troque de disco. {elsewhere}"
    if error.errno == errno.EROFS:
        return f"A pasta “{path.parent}” é somente de leitura.", elsewhere
    if error.errno == errno.ENAMETOOLONG:
        return "O nome é comprido demais.", "Escolha um nome mais curto."
    return "O sistema não deixou gravar o arquivo.", f"{elsewhere} Se repetir, mande os detalhes ao suporte."


def _details(error: OSError) -> str:
    return f"{type(error).__name__}: {error.strerror or error}"
