"""Opening the program where its data cannot be kept."""

from __future__ import annotations

import ctypes
import sys
from pathlib import Path, PureWindowsPath
from types import SimpleNamespace
from typing import Any

import pytest

from app.data.database import DatabaseUnavailable
from app.domain import FailureKind
from app.folders import Folders
from app.network_folder import is_on_network
from services import backoffice
from services.backoffice import open_backoffice


def test_a_file_in_a_folder_of_the_network_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backoffice, "is_on_network", lambda folder: folder == tmp_path)
    with pytest.raises(DatabaseUnavailable) as refused:
        open_backoffice(Folders(tmp_path, tmp_path))
    failure = refused.value.failure
    assert failure.kind is FailureKind.CONFIGURATION
    assert str(tmp_path) in failure.what
    assert "banco migrar" in failure.todo
    assert not (tmp_path / "retaguarda.db").exists()


@pytest.mark.parametrize(
    ("folder", "kind", "asked", "expected"),
    [
        (r"C:\Users\maria\Retaguarda", 3, ["C:\\"], False),
        (r"E:\Retaguarda", 2, ["E:\\"], False),
        (r"Z:\Retaguarda", 4, ["Z:\\"], True),
        (r"\\servidor\dados\Retaguarda", 1, [], True),
        (r"\\?\D:\Retaguarda", 3, ["\\\\?\\D:\\"], False),
    ],
)
def test_windows_tells_where_a_folder_is(
    monkeypatch: pytest.MonkeyPatch, folder: str, kind: int, asked: list[str], expected: bool
) -> None:
    told: list[str] = []

    def drive_type(root: str) -> int:
        told.append(root)
        return kind

    there: Any = SimpleNamespace(resolve=lambda: PureWindowsPath(folder))
    with monkeypatch.context() as windows:
        windows.setattr(
            ctypes, "windll", SimpleNamespace(kernel32=SimpleNamespace(GetDriveTypeW=drive_type)), raising=False
        )
        windows.setattr(sys, "platform", "win32")
        found = is_on_network(there)
    assert (found, told) == (expected, asked)
