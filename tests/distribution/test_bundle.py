"""A whole bundle, small: put together twice it is the same, byte for byte, and nothing of a test is in it.

The interpreter is the pinned one, which compiles the modules under wine; without its package (a machine without
network) there is no bundle to look at.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from distribution.program import PARTS
from distribution.runtime import Runtime, pinned_runtime
from distribution.steps import ROOT, Stopped, digest_of
from distribution.windows import OUTPUT, assemble

pytestmark = pytest.mark.wine

_UNCHECKED = b"\x01\x00\x00\x00"  # PEP 552: by the source's hash, and not looked at


@pytest.fixture(scope="module")
def runtime() -> Runtime:
    try:
        return pinned_runtime(OUTPUT / "python")
    except Stopped as stopped:
        if str(stopped).startswith("Buscar o Python"):
            pytest.skip(str(stopped))
        raise


def _small_sources(folder: Path) -> Path:
    for part in PARTS:
        if part.endswith(".py"):
            (folder / part).write_text("import sys\n\nNAMES = {'um', 'dois', 'três'}\nsys.exit(len(NAMES))\n", "utf-8")
        else:
            (folder / part / "__pycache__").mkdir(parents=True)
            (folder / part / "__init__.py").write_text(
                f'"""{part}."""\n\nPLACES = ("a", "b", frozenset("xyz"))\n', "utf-8"
            )
            (folder / part / "__pycache__" / "__init__.cpython-311.pyc").write_bytes(os.urandom(16))
    shutil.copyfile(ROOT / "LICENSE", folder / "LICENSE")
    return folder


def _small_library(folder: Path) -> Path:
    (folder / "peca" / "tests").mkdir(parents=True)
    (folder / "peca" / "__init__.py").write_text("def f(x: int) -> str:\n    return f'{x:>{x}}'\n", "utf-8")
    (folder / "peca" / "tests" / "test_peca.py").write_text("", "utf-8")
    (folder / "peca-1.0.dist-info").mkdir()
    (folder / "peca-1.0.dist-info" / "METADATA").write_text("Name: peca\nVersion: 1.0\nLicense: MIT\n", "utf-8")
    (folder / "peca-1.0.dist-info" / "LICENSE").write_text("MIT", "utf-8")
    return folder


def test_two_builds_are_the_same_byte_for_byte(
    tmp_path: Path, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1800000000")
    bundles = []
    for name in ("um", "outro lugar"):
        place = tmp_path / name
        place.mkdir()
        sources, libraries = _small_sources(place), _small_library(place / "bibliotecas")
        bundles.append(assemble(runtime, libraries, sources, place / "pacote"))

    first, second = bundles
    assert digest_of(first) == digest_of(second)
    files = {path.relative_to(first).as_posix() for path in first.rglob("*") if path.is_file()}
    for name in files:
        assert (first / name).read_bytes() == (second / name).read_bytes(), name
        assert (first / name).stat().st_mtime == 1_800_000_000, name

    top = {"Retaguarda.exe", "retaguarda-comando.exe", "python", "programa", "site", "licencas", "LICENCA.txt"}
    assert {path.name for path in first.iterdir()} == top
    compiled = [first / name for name in files if name.endswith(".pyc")]
    assert len(compiled) == sum(name.endswith(".py") for name in files) >= len(PARTS) + 1
    assert all(path.read_bytes()[4:8] == _UNCHECKED for path in compiled)
    assert not any("test" in name or name.startswith("python/python.exe") for name in files)
    assert not any(stub in Path(name).stem for name in files for stub in ("icuuc", "mscms", "bcryptprimitives"))


def test_a_source_that_does_not_compile_stops_the_build(tmp_path: Path, runtime: Runtime) -> None:
    sources, libraries = _small_sources(tmp_path), _small_library(tmp_path / "bibliotecas")
    (sources / "main.py").write_text("isto não é Python\n", "utf-8")
    with pytest.raises(Stopped, match="Compilar os módulos"):
        assemble(runtime, libraries, sources, tmp_path / "pacote")
