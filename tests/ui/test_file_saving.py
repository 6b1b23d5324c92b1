"""A file is written whole or not at all, and why not is told."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

import pytest

from ui.file_saving import NotSaved, save


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder."""
    folder = tmp_path / "documentos"
    folder.mkdir()
    return folder


def test_a_file_is_replaced_whole(folder: Path) -> None:
    file = folder / "comprovante ção.pdf"
    save(file, b"um")
    save(file, b"\0\r\n\xff")
    assert file.read_bytes() == b"\0\r\n\xff"
    assert list(folder.iterdir()) == [file]


def test_a_file_that_is_held_for_a_moment_is_written(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    replace, held = Path.replace, [32, 5]  # as Windows refuses what a guard against viruses looks at

    def refusing(temporary: Path, target: Path) -> Path:
        if held:
            error = PermissionError(errno.EACCES, "Acesso negado")
            error.winerror = held.pop()  # type: ignore[attr-defined]
            raise error
        return replace(temporary, target)

    monkeypatch.setattr(Path, "replace", refusing)
    save(folder / "comprovante.pdf", b"um")
    assert [file.name for file in folder.iterdir()] == ["comprovante.pdf"]


@pytest.mark.parametrize(
    ("where", "cause"),
    [
        ("nada/aqui.pdf", "não existe"),
        ("arquivo/aqui.pdf", "não existe"),
        ("pasta", "Já existe uma pasta com esse nome"),
        ("n" * 300 + ".pdf", "comprido demais"),
    ],
)
def test_why_a_file_was_not_written(folder: Path, where: str, cause: str) -> None:
    (folder / "arquivo").touch()
    (folder / "pasta").mkdir()
    with pytest.raises(NotSaved, match=cause) as told:
        save(folder / where, b"x")
    assert told.value.failure.todo
    assert sorted(path.name for path in folder.iterdir()) == ["arquivo", "pasta"]


@pytest.mark.parametrize("here", ["", "."])
def test_the_folder_one_is_in_is_no_file(here: str) -> None:
    with pytest.raises(NotSaved, match="Já existe uma pasta com esse nome") as told:
        save(Path(here), b"x")
    assert told.value.failure.what == "O arquivo “.” não foi gravado."


def test_a_link_is_followed(folder: Path) -> None:
    (folder / "comprovante.pdf").write_bytes(b"antes")
    link = folder / "atalho.pdf"
    try:
        link.symlink_to("comprovante.pdf")
    except OSError:
        pytest.skip("this system gives no right to make links")
    save(link, b"depois")
    assert link.is_symlink()
    assert (folder / "comprovante.pdf").read_bytes() == b"depois"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no named pipes in folders")
def test_a_pipe_is_written_to_and_stays_one(folder: Path) -> None:
    pipe = folder / "saida"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        save(pipe, b"um comprovante")
        assert os.read(reader, 100) == b"um comprovante"
    finally:
        os.close(reader)
    assert pipe.is_fifo()


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (PermissionError(errno.EACCES, "Permission denied"), "Falta permissão"),
        (OSError(errno.ENOSPC, "No space left on device"), "espaço em disco"),
        (OSError(errno.EROFS, "Read-only file system"), "somente de leitura"),
        (OSError(errno.EIO, "Input/output error"), "O sistema não deixou"),
    ],
)
def test_what_the_system_refuses_is_explained_and_leaves_the_old_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch, error: OSError, cause: str
) -> None:
    file = folder / "comprovante.pdf"
    file.write_bytes(b"antes")

    def refuse(*_: object) -> None:
        raise error

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(NotSaved, match=cause):
        save(file, b"depois")
    assert file.read_bytes() == b"antes"
    assert list(folder.iterdir()) == [file]


def test_a_file_open_in_another_program_is_named_as_such(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    error = PermissionError(errno.EACCES, "The process cannot access the file")
    error.winerror = 32  # type: ignore[attr-defined]  # only Windows has it

    def refuse(*_: object) -> None:
        raise error

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(NotSaved, match="aberto em outro programa"):
        save(folder / "comprovante.pdf", b"x")
