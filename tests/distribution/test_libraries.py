"""The libraries of the bundle: which of the lock, what of each, whether nothing is lacking, and their licences."""

from __future__ import annotations

import re
import struct
import tomllib
from pathlib import Path, PurePosixPath

import pip
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from distribution.binaries import check_complete, file_version, imported
from distribution.licences import put_licences
from distribution.program import PARTS, put_program
from distribution.runtime import Runtime
from distribution.steps import ROOT, Stopped
from distribution.trim import QT_MODULES, is_kept, put_libraries
from distribution.wheels import part_of
from tests.distribution.test_runtime import embeddable

_LAUNCHER = Path(pip.__file__).parent / "_vendor" / "distlib" / "t64.exe"
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")


# Of the lock ----------------------------------------------------------------------------------------------------------


def test_the_part_of_the_lock_keeps_versions_and_hashes_and_drops_the_markers() -> None:
    part = part_of(LOCK, {"pywin32", "tzdata", "httpx"})
    assert re.findall(r"(?m)^(\S+?)==", part) == ["httpx", "pywin32", "tzdata"]
    assert "sys_platform" not in part
    for entry in re.split(r"\n(?=\S)", part.strip()):
        hashes = re.findall(r"--hash=sha256:[0-9a-f]{64}", entry)
        assert hashes
        assert all(found in LOCK for found in hashes)


def test_a_library_that_the_lock_lacks_stops_the_build() -> None:
    with pytest.raises(Stopped, match=r"requirements\.lock não tem inventada"):
        part_of(LOCK, {"httpx", "inventada"})


def test_every_dependency_of_the_program_on_windows_can_be_taken_from_the_lock() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    names = {canonicalize_name(Requirement(text).name) for text in project["dependencies"]}
    assert part_of(LOCK, {str(name) for name in names}).count("==") == len(names)


# What of each ---------------------------------------------------------------------------------------------------------


def test_the_stated_modules_of_qt_are_those_that_the_program_imports() -> None:
    used: set[str] = set()
    for part in PARTS:
        for source in [ROOT / part] if part.endswith(".py") else (ROOT / part).rglob("*.py"):
            used.update(re.findall(r"(?:from|import) PySide6\.Qt(\w+)", source.read_text(encoding="utf-8")))
    assert used == set(QT_MODULES)


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("PySide6/QtCore.pyd", True),
        ("PySide6/Qt6Widgets.dll", True),
        ("PySide6/plugins/platforms/qwindows.dll", True),
        ("PySide6/translations/qtbase_pt_BR.qm", True),
        ("PySide6/Qt6Quick.dll", False),
        ("PySide6/opengl32sw.dll", False),
        ("PySide6/scripts/deploy.py", False),
        ("PySide6/plugins/platforms/qminimal.dll", False),
        ("PySide6/QtCore.pyi", False),
        ("shiboken6/msvcp140.dll", False),
        ("win32/servicemanager.pyd", True),
        ("win32/lib/win32serviceutil.py", True),
        ("win32/lib/pywin32_testutil.py", False),
        ("win32/pythonservice.exe", False),
        ("win32/Demos/service/pipeTestService.py", False),
        ("win32com/client/__init__.py", False),
        ("pywin32.pth", False),
        ("pythoncom.py", False),
        ("sqlalchemy/orm/session.py", True),
        ("sqlalchemy/testing/config.py", False),
        ("lxml/etree.cp313-win_amd64.pyd", True),
        ("lxml/includes/libxml/parser.h", False),
        ("bin/uvicorn.exe", False),
        ("keyring-25.7.0.dist-info/entry_points.txt", True),
        ("keyring-25.7.0.dist-info/METADATA", True),
        ("keyring-25.7.0.dist-info/RECORD", False),
        ("keyring-25.7.0.dist-info/licenses/LICENSE", False),
        ("certifi_icpbr-2023.7.3.dist-info/METADATA", False),
        ("certifi_icpbr/cacert.pem", True),
    ],
)
def test_what_is_shipped(name: str, kept: bool) -> None:
    assert is_kept(PurePosixPath(name)) is kept


def _dll_of_version(path: Path, major: int, build: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"MZ" + struct.pack("<IIII", 0xFEEF04BD, 0x00010000, major << 16, build))


def test_of_the_c_library_one_copy_goes_the_newest(tmp_path: Path) -> None:
    installed, bundle = tmp_path / "site", tmp_path / "pacote"
    _dll_of_version(bundle / "python" / "vcruntime140.dll", 14, 100)
    _dll_of_version(installed / "PySide6" / "vcruntime140.dll", 14, 300)
    _dll_of_version(installed / "shiboken6" / "vcruntime140.dll", 14, 200)
    _dll_of_version(installed / "shiboken6" / "msvcp140.dll", 14, 200)
    _dll_of_version(installed / "pywin32_system32" / "pywintypes313.dll", 3, 12)

    put_libraries(installed, bundle)

    assert file_version(bundle / "python" / "vcruntime140.dll") == (14 << 16, 300)
    assert file_version(bundle / "python" / "msvcp140.dll") == (14 << 16, 200)
    assert (bundle / "python" / "pywintypes313.dll").is_file()
    assert not (bundle / "site").exists()


# Nothing lacking ------------------------------------------------------------------------------------------------------


def test_a_binary_that_asks_for_a_dll_that_nobody_has_stops_the_build(tmp_path: Path) -> None:
    assert "kernel32.dll" in imported(_LAUNCHER)
    (tmp_path / "site").mkdir()
    content = _LAUNCHER.read_bytes()
    (tmp_path / "site" / "bom.pyd").write_bytes(content)
    check_complete(tmp_path)

    assert content.count(b"KERNEL32.dll") == 1
    (tmp_path / "site" / "ruim.pyd").write_bytes(content.replace(b"KERNEL32.dll", b"NINGUEM2.dll"))
    with pytest.raises(Stopped, match=r"site/ruim\.pyd pede ninguem2\.dll"):
        check_complete(tmp_path)

    (tmp_path / "ninguem2.dll").write_bytes(content)
    check_complete(tmp_path)


# The program and the licences -----------------------------------------------------------------------------------------


def test_the_program_goes_without_tests_tools_and_compiled_code(tmp_path: Path) -> None:
    put_program(ROOT, tmp_path)
    assert {path.name for path in (tmp_path / "programa").iterdir()} == set(PARTS)
    assert (tmp_path / "programa" / "resources" / "icons" / "app.svg").is_file()
    assert not list(tmp_path.rglob("*.pyc")) + list(tmp_path.rglob("__pycache__")) + list(tmp_path.rglob("test_*"))
    assert b"MIT License\r\n" in (tmp_path / "LICENCA.txt").read_bytes()


def _library(installed: Path, name: str, metadata: str, *licences: str) -> None:
    notes = installed / f"{name}-1.0.dist-info"
    notes.mkdir(parents=True)
    (notes / "METADATA").write_text(f"Metadata-Version: 2.4\nName: {name}\nVersion: 1.0\n{metadata}\n", "utf-8")
    for licence in licences:
        (notes / licence).parent.mkdir(exist_ok=True)
        (notes / licence).write_text(f"licença de {name}", "utf-8")


def test_each_library_brings_its_licence_and_is_in_the_list(tmp_path: Path) -> None:
    installed = tmp_path / "site"
    _library(
        installed, "boa", "License-Expression: MIT\nProject-URL: Homepage, https://boa.example", "licenses/LICENSE"
    )
    _library(installed, "antiga", "License: um\n texto\nClassifier: License :: OSI Approved :: BSD License", "COPYING")
    _library(installed, "pyside6_essentials", "License: LGPL-3.0-only OR GPL-3.0-only")

    put_licences(installed, Runtime(embeddable(tmp_path / "python")), tmp_path / "pacote")

    folder = tmp_path / "pacote" / "licencas"
    assert (folder / "boa" / "licenses" / "LICENSE").read_text("utf-8") == "licença de boa"
    assert (folder / "antiga" / "COPYING").is_file()
    assert (folder / "CPython" / "LICENSE.txt").is_file()
    assert "GNU LESSER GENERAL PUBLIC LICENSE" in (folder / "LGPL-3.0.txt").read_text("utf-8")
    listed = (folder / "LEIA-ME.txt").read_text("utf-8-sig")
    assert "boa 1.0\n    MIT\n    https://boa.example\n" in listed
    assert "antiga 1.0\n    BSD License\n" in listed
    assert "CPython 3.13\n" in listed


def test_a_library_without_licence_stops_the_build(tmp_path: Path) -> None:
    _library(tmp_path / "site", "solta", "Home-page: https://solta.example")
    with pytest.raises(Stopped, match=r"solta 1\.0 veio sem licença; veja em https://solta\.example"):
        put_licences(tmp_path / "site", Runtime(embeddable(tmp_path / "python")), tmp_path / "pacote")
