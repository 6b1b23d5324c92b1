"""Where the program keeps its files: the platform's folders, those of the installation, or RETAGUARDA_DADOS."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from app.installation import InstallationUnreadable, find_installation

VARIABLE = "RETAGUARDA_DADOS"


class FoldersUnavailable(Exception):
    """The folders cannot be made; the message is a sentence in Portuguese for the operator."""


@dataclass(frozen=True)
class Folders:
    """`data` holds the database and the administrator's files; `config` this computer's settings."""

    data: Path
    config: Path

    @property
    def database_file(self) -> Path:
        """The SQLite file used when the data is kept on this computer."""
        return self.data / "retaguarda.db"

    @property
    def machine_file(self) -> Path:
        """The settings of this computer."""
        return self.config / "maquina.json"

    @property
    def move_file(self) -> Path:
        """Where the data was before it was moved to a server, so that the move can be undone."""
        return self.config / "mudanca.json"

    @property
    def endpoints_file(self) -> Path:
        """The administrator's override of the SEFAZ addresses."""
        return self.data / "sefaz_enderecos.toml"

    @property
    def anp_wordings_file(self) -> Path:
        """The administrator's meanings of ANP's wordings, over the shipped ones."""
        return self.data / "anp_situacoes.toml"

    @property
    def credit_mappings_folder(self) -> Path:
        """The administrator's files that say how the gerenciadoras without one of their own here are asked and read."""
        return self.data / "gerenciadoras"

    @property
    def demonstration_file(self) -> Path:
        """There only where the data is made up: whatever opens it, what is printed of it must say so."""
        return self.data / "demonstracao"

    @property
    def additional_ca_file(self) -> Path:
        """Authorities that the administrator trusts besides the shipped ones."""
        return self.data / "ac_adicionais.pem"


def find_folders() -> Folders:
    """The folders of this user, or those that all share, made when they do not exist. Raises FoldersUnavailable."""
    override = os.environ.get(VARIABLE, "")
    if override:
        root: Path | None = Path(override).expanduser().absolute()
    else:
        try:
            root = find_installation().data
        except InstallationUnreadable as error:
            raise FoldersUnavailable(str(error)) from error
    if root is not None:
        folders = Folders(root, root)
    else:
        from platformdirs import user_config_path, user_data_path

        folders = Folders(
            user_data_path("Retaguarda", appauthor=False, roaming=False),
            user_config_path("Retaguarda", appauthor=False, roaming=False),
        )
    for folder in (folders.data, folders.config):
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise FoldersUnavailable(
                f"Não foi possível criar a pasta {folder}, onde ficam os dados do programa ({error.strerror}). "
                f"Confira a permissão e o espaço em disco, ou escolha outra pasta na variável {VARIABLE}."
            ) from error
        try:
            with os.scandir(folder):
                pass
        except OSError as error:
            raise FoldersUnavailable(
                f"Este usuário não tem acesso à pasta {folder}, onde ficam os dados do programa ({error.strerror}). Se "
                "ela é de todos os usuários deste computador, um administrador o deixa entrar com “retaguarda-comando "
                "segredos permitir USUÁRIO”."
            ) from error
    return folders
