"""How this program was installed: what the installer on Windows wrote beside it, or what holds where nobody did."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Any

from app.file_replacing import replace_file

FILE = "instalacao.json"
PROGRAM_FOLDER = "programa"
"""The folder of the program's own files inside the installation's; the file above is beside it."""


class InstallationUnreadable(Exception):
    """The installer's file cannot be read or says nothing known; the message is a sentence for the operator."""


class VaultPlace(Enum):
    """Where the secrets are kept."""

    USER = "usuario"
    """Each user of the system has a keyring of their own."""

    COMPUTER = "computador"
    """One vault of this computer, for the window, the commands and the service alike (Windows only)."""


@dataclass(frozen=True)
class Installation:
    """`folder` is where the program was installed, None when it runs from its source or from a wheel.

    `data` is the folder of data and settings that all users of this computer share, None for each user's own.
    """

    folder: Path | None = None
    version: str = ""
    data: Path | None = None
    vault: VaultPlace = VaultPlace.USER

    @property
    def vault_folder(self) -> Path | None:
        """Where the vault of this computer has its files, in force or not; None where there can be none."""
        return None if self.data is None else self.data / "segredos"


def find_installation() -> Installation:
    """What the installer wrote, read anew each time: a command may change it. Raises InstallationUnreadable."""
    program = Path(__file__).resolve().parents[1]
    if program.name.lower() != PROGRAM_FOLDER:
        return Installation()
    return read_installation(program.parent)


def read_installation(folder: Path) -> Installation:
    """What is written in that folder of an installation. Raises InstallationUnreadable."""
    file = folder / FILE
    try:
        text = file.read_text("utf-8-sig")
    except FileNotFoundError:
        return Installation(folder)
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(file) from error
    try:
        kept = json.loads(text)
        vault = VaultPlace(kept.get("cofre", VaultPlace.USER.value))
        version, data = kept.get("versao", ""), kept.get("dados", "")
    except (ValueError, AttributeError) as error:
        raise _unreadable(file) from error
    if not isinstance(data, str) or not isinstance(version, str):
        raise _unreadable(file)
    if (data and not Path(data).is_absolute()) or (vault is VaultPlace.COMPUTER and not data):
        raise _unreadable(file)
    return Installation(folder, version, Path(data) if data else None, vault)


def keep_vault_place(installation: Installation, vault: VaultPlace) -> Installation:
    """Write that the secrets are now there; what else the file says stays. Raises OSError; then it is as it was."""
    assert installation.folder is not None
    file = installation.folder / FILE
    kept: dict[str, Any] = json.loads(file.read_text("utf-8-sig"))
    replace_file(file, json.dumps({**kept, "cofre": vault.value}, ensure_ascii=False, indent=2) + "\n")
    return replace(installation, vault=vault)


def _unreadable(file: Path) -> InstallationUnreadable:
    return InstallationUnreadable(
        f"O arquivo {file}, que diz como o Retaguarda foi instalado, não pode ser lido ou diz algo que não existe. "
        "Rode o instalador de novo e escolha reparar."
    )
