"""A small file replaced at once, also while somebody reads the old one."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from app import file_replacing
from app.file_replacing import replace_file


class Held:
    """Windows' own refusal to replace a file that another program has open, which Linux does not know."""

    def __init__(self, times: int) -> None:
        self.left = times
        self._replace = Path.replace

    def __call__(self, temporary: Path, target: Path) -> Path:
        if self.left:
            self.left -= 1
            raise PermissionError(13, "Acesso negado", str(target))
        return self._replace(temporary, target)


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_replacing, "time", SimpleNamespace(sleep=lambda _s: None))


def test_one_that_is_being_read_is_replaced_a_moment_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held = Held(3)
    monkeypatch.setattr(Path, "replace", lambda temporary, target: held(temporary, target))
    (tmp_path / "maquina.json").write_text("antes")
    replace_file(tmp_path / "maquina.json", "depois")
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir() if path.is_file()] == [
        ("maquina.json", "depois")
    ]


def test_one_that_stays_held_is_told_and_is_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held = Held(1_000)
    monkeypatch.setattr(Path, "replace", lambda temporary, target: held(temporary, target))
    (tmp_path / "maquina.json").write_text("antes")
    with pytest.raises(PermissionError):
        replace_file(tmp_path / "maquina.json", "depois")
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir() if path.is_file()] == [
        ("maquina.json", "antes")
    ]


def test_a_folder_that_refuses_new_files_is_told_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # As Windows refuses: `os.access` says that any folder may be written, and tempfile believes it.
    tried: list[str] = []

    def refuse(name: str | Path, *_: object, **__: object) -> int:
        tried.append(str(name))
        raise PermissionError(13, "Acesso negado", str(name))

    monkeypatch.setattr(tempfile, "_os", SimpleNamespace(**{**vars(os), "name": "nt", "open": refuse}))
    monkeypatch.setattr(tempfile, "TMP_MAX", 1_000)  # it is 2,147,483,647 there
    monkeypatch.setattr(os, "open", refuse)
    (tmp_path / "maquina.json").write_text("antes")
    with pytest.raises(PermissionError):
        replace_file(tmp_path / "maquina.json", "depois")
    assert len(tried) == 1
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["maquina.json"]
