"""Why a file that a person chose could not be read, in words."""

from __future__ import annotations


def unreadable(error: OSError) -> str:
    """A sentence for the operator."""
    if isinstance(error, FileNotFoundError):
        return "O arquivo não existe. Confira o nome e a pasta."
    if isinstance(error, PermissionError):
        return "O arquivo não pôde ser lido: falta permissão, ou outro programa está com ele aberto."
    if isinstance(error, IsADirectoryError):
        return "Isto é uma pasta. Escolha o arquivo."
    return f"O arquivo não pôde ser lido: {error.strerror or error}."
