"""The wheel: the same at every build, and a program that starts where nothing else of the project is."""

from __future__ import annotations

import base64
import csv
import hashlib
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest
from packaging.metadata import Metadata

from app.version import VERSION
from distribution import linux
from distribution.steps import ROOT
from distribution.wheel import NAME, build_wheel


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pacote")
    return folder / build_wheel(str(folder))


def test_two_builds_are_equal(wheel: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert linux.main(["--saida", str(tmp_path)]) == 0
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    assert digest in capsys.readouterr().out
    assert (tmp_path / f"{NAME}.sha256").read_text("utf-8") == f"{digest}  {NAME}\n"
    assert (tmp_path / NAME).read_bytes() == wheel.read_bytes()


def test_a_moment_before_what_a_zip_can_say_is_taken_for_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    with zipfile.ZipFile(tmp_path / build_wheel(str(tmp_path))) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_it_lists_all_that_it_holds_and_nothing_of_the_makers(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (record,) = [name for name in names if name.endswith("/RECORD")]
        rows = {name: (digest, size) for name, digest, size in csv.reader(archive.read(record).decode().splitlines())}
        assert set(rows) == set(names)
        for name, (digest, size) in rows.items():
            if name != record:
                content = archive.read(name)
                known = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
                assert (digest, size) == (f"sha256={known}", str(len(content)))
    packages = {name.split("/")[1] for name in names if name.startswith("retaguarda/")}
    assert packages == {"__init__.py", "__main__.py", "main.py", "app", "services", "ui", "resources"}
    shipped = {path.relative_to(ROOT).as_posix() for path in (ROOT / "resources").rglob("*") if path.is_file()}
    assert {f"retaguarda/{name}" for name in shipped} <= set(names)
    assert not [name for name in names if "__pycache__" in name or name.endswith(".pyc")]


def test_its_version_and_needs_are_the_projects(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        metadata = archive.read(f"retaguarda-{VERSION}.dist-info/METADATA").decode()
    assert f"Version: {VERSION}\n" in metadata
    assert "Requires-Dist: PySide6-Essentials" in metadata
    assert "pytest" not in metadata
    Metadata.from_email(metadata)  # which raises for what that version of the format does not have


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel and, from this one, the libraries it needs: nothing is fetched."""
    place = tmp_path_factory.mktemp("ambiente")
    venv.create(place, with_pip=False)
    command = [sys.executable, "-m", "pip", "--python", str(place / "bin" / "python"), "install", "--quiet"]
    subprocess.run([*command, "--no-index", "--no-deps", "--no-compile", str(wheel)], check=True, timeout=120)
    ours = sysconfig.get_path("purelib")
    (packages,) = place.glob("lib/python*/site-packages")
    (packages / "bibliotecas.pth").write_text(f"{ours}\n", encoding="utf-8")
    return place


def _run(installed: Path, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(installed / "bin" / command[0]), *command[1:]],
        cwd=installed,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen", **environment},
    )


@pytest.mark.parametrize("command", [("retaguarda", "--versao"), ("python", "-m", "retaguarda", "--versao")])
def test_the_installed_commands_answer(command: tuple[str, ...], installed: Path) -> None:
    done = _run(installed, *command)
    assert (done.returncode, done.stdout) == (0, f"Retaguarda {VERSION}\n"), done.stderr


@pytest.mark.parametrize("command", ["retaguarda-janela", "retaguarda"])
def test_the_installed_window_is_painted(command: str, installed: Path, data_folder: Path) -> None:
    done = _run(installed, command, RETAGUARDA_MEDIR_INICIO="1")
    assert (done.returncode, done.stdout) == (0, "pintada\n"), done.stderr


def test_a_database_is_made_from_the_wheel_alone(installed: Path, data_folder: Path) -> None:
    """The migrations are files that no import names."""
    done = _run(installed, "retaguarda", "clientes", "listar")
    assert done.returncode == 0, done.stderr
    assert (data_folder / "retaguarda.db").exists()


def test_the_entry_of_the_menus_starts_what_is_installed(installed: Path) -> None:
    entry = (installed / "share" / "applications" / "retaguarda.desktop").read_text("utf-8")
    (exec_line,) = [line for line in entry.splitlines() if line.startswith("Exec=")]
    assert (installed / "bin" / exec_line.removeprefix("Exec=")).exists()
    assert (installed / "share" / "icons" / "hicolor" / "scalable" / "apps" / "retaguarda.svg").exists()
