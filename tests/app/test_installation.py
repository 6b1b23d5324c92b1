"""What the installer wrote beside the program: read, kept, and refused when it says nothing known."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import pytest

from app import folders
from app.installation import (
    FILE,
    Installation,
    InstallationUnreadable,
    VaultPlace,
    find_installation,
    keep_vault_place,
    read_installation,
)

ROOT = Path(__file__).parents[2]


def test_from_its_source_the_program_is_not_installed() -> None:
    assert find_installation() == Installation(None, "", None, VaultPlace.USER)


def test_what_the_installer_wrote(tmp_path: Path) -> None:
    data = tmp_path / "dados de todos"
    (tmp_path / FILE).write_text(
        json.dumps({"versao": "0.1.0", "dados": str(data), "cofre": "computador"}), encoding="utf-8-sig"
    )
    found = read_installation(tmp_path)
    assert found == Installation(tmp_path, "0.1.0", data, VaultPlace.COMPUTER)
    assert found.vault_folder == data / "segredos"


def test_each_user_has_its_own_where_nothing_else_is_said(tmp_path: Path) -> None:
    assert read_installation(tmp_path) == Installation(tmp_path)
    (tmp_path / FILE).write_text('{"versao": "0.1.0", "dados": ""}')
    found = read_installation(tmp_path)
    assert (found.data, found.vault, found.vault_folder) == (None, VaultPlace.USER, None)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '"computador"',
        '{"cofre": "nuvem"}',
        '{"dados": 7}',
        '{"versao": null}',
        '{"dados": "relativa"}',
        '{"cofre": "computador"}',
        "\udcff",
    ],
)
def test_a_file_that_says_nothing_known_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(InstallationUnreadable, match=r"instalacao\.json.* não pode ser lido.* reparar"):
        read_installation(tmp_path)


def test_the_place_of_the_vault_is_kept_and_nothing_else_changes(tmp_path: Path) -> None:
    written = {"versao": "9.9", "dados": str(tmp_path), "cofre": "usuario", "de amanhã": [1]}
    (tmp_path / FILE).write_text(json.dumps(written))
    changed = keep_vault_place(read_installation(tmp_path), VaultPlace.COMPUTER)
    assert changed == read_installation(tmp_path)
    assert json.loads((tmp_path / FILE).read_text("utf-8")) == {**written, "cofre": "computador"}


def test_an_installed_program_keeps_its_data_where_its_installer_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Laid out as the installer does, and asked in a process of its own."""
    program = tmp_path / "Retaguarda" / "programa" / "app"
    program.mkdir(parents=True)
    for name in ("__init__.py", "folders.py", "installation.py", "file_replacing.py", "new_file.py"):
        shutil.copy(ROOT / "app" / name, program)
    shared, own = tmp_path / "de todos", tmp_path / "própria"
    installed = tmp_path / "Retaguarda" / FILE

    def said() -> str:
        code = "from app.folders import find_folders as f; print(f().data); print(f().config)"
        return subprocess.run(
            [sys.executable, "-c", code],
            cwd=program.parent,
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=True,
        ).stdout

    monkeypatch.setenv("PYTHONUTF8", "1")
    monkeypatch.delenv(folders.VARIABLE)
    installed.write_text(json.dumps({"dados": str(shared)}), encoding="utf-8")
    assert said().splitlines() == [str(shared)] * 2
    monkeypatch.setenv(folders.VARIABLE, str(own))
    assert said().splitlines() == [str(own)] * 2


def test_folders_say_that_the_installation_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> Installation:
        raise InstallationUnreadable("conserte")

    monkeypatch.delenv(folders.VARIABLE)
    monkeypatch.setattr(folders, "find_installation", broken)
    with pytest.raises(folders.FoldersUnavailable, match="conserte"):
        folders.find_folders()


def test_who_was_not_let_into_the_shared_data_is_told_whom_to_ask(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(folder: Path) -> NoReturn:
        raise PermissionError(13, "Acesso negado")

    monkeypatch.delenv(folders.VARIABLE)
    monkeypatch.setattr(folders, "find_installation", lambda: Installation(tmp_path, "1", tmp_path / "dados"))
    monkeypatch.setattr("os.scandir", refused)
    with pytest.raises(folders.FoldersUnavailable, match=r"não tem acesso à pasta .*dados.*segredos permitir USUÁRIO"):
        folders.find_folders()
