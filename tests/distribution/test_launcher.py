"""The two programs that people start: their icon, version and manifest, and what they do with what they are given.

They are compiled, and run under wine.
"""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QImageReader

from app.version import VERSION
from distribution.binaries import check_complete, file_version, imported
from distribution.icon import SIZES, write_icon
from distribution.launcher import PROGRAMS, put_launchers, resource_script
from distribution.steps import ROOT, Stopped
from distribution.wine_prefix import STUBS, WinePrefix, compile_for_windows

NOT_STARTED = 125
_GUI, _CONSOLE = 2, 3  # IMAGE_SUBSYSTEM_WINDOWS_GUI and _CUI


def test_the_icon_has_a_sharp_picture_for_each_size(tmp_path: Path) -> None:
    write_icon(ROOT / "resources" / "icons" / "app.svg", tmp_path / "app.ico")
    reader = QImageReader(str(tmp_path / "app.ico"))
    assert reader.imageCount() == len(SIZES)
    for index, size in enumerate(SIZES):
        assert reader.jumpToImage(index)
        picture = reader.read()
        assert picture.size() == QSize(size, size)
        assert picture.pixelColor(0, 0).alpha() == 0, "os cantos são redondos"
        assert picture.pixelColor(size // 2, size * 2 // 3).alpha() == 255
        colours = {picture.pixelColor(x, y).rgba() for x in range(size) for y in range(size)}
        assert len(colours) > 10, "as bordas são suaves"


@pytest.mark.qt_log_ignore("Cannot read file")
def test_a_picture_that_is_none_stops_the_build(tmp_path: Path) -> None:
    (tmp_path / "ruim.svg").write_text("isto não é um desenho", encoding="utf-8")
    with pytest.raises(Stopped, match="não é um SVG"):
        write_icon(tmp_path / "ruim.svg", tmp_path / "app.ico")


def test_the_version_resource_says_the_version_in_both_languages() -> None:
    script = resource_script("Retaguarda.exe", "1.20.3")
    assert "FILEVERSION 1,20,3,0" in script
    assert script.count('VALUE "ProductVersion", "1.20.3"') == 2
    assert 'BLOCK "041604B0"' in script
    assert 'BLOCK "040904B0"' in script
    assert "Copyright (c) 2026 Retaguarda contributors" in script


# Compiled -------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def installed(wine: WinePrefix) -> Path:
    """A folder with both programs, a stand-in for CPython and a program's file, in a path of more than ASCII."""
    folder = wine.drive / "Instalação de prova"
    (folder / "programa").mkdir(parents=True)
    (folder / "programa" / "main.py").touch()
    (folder / "python").mkdir()
    put_launchers(folder, "python313", VERSION)
    (folder / "site" / "PySide6").mkdir(parents=True)
    compile_for_windows(STUBS / "python_stand_in.c", folder / "python" / "python313.dll", "-shared")
    compile_for_windows(STUBS / "mscms.c", folder / "site" / "PySide6" / "do_qt.dll", "-shared")
    return folder


@pytest.mark.wine
def test_both_are_what_windows_must_see(installed: Path, tmp_path: Path) -> None:
    check_complete(installed)
    major, minor, patch = (int(part) for part in VERSION.split("."))
    for name, windowed in PROGRAMS:
        content = (installed / name).read_bytes()
        assert file_version(installed / name) == (major << 16 | minor, patch << 16)
        assert "python313.dll" not in imported(installed / name), "só se carrega depois de dito onde procurar"
        (header,) = struct.unpack_from("<I", content, 0x3C)
        assert struct.unpack_from("<H", content, header + 24 + 68)[0] == (_GUI if windowed else _CONSOLE)
        for wanted in (b"PerMonitorV2", b"longPathAware", b"asInvoker", b"{8e0f7a12-bfb3-4fe8-b9a5-48fd50a15a9a}"):
            assert wanted in content
    put_launchers(tmp_path, "python313", VERSION)
    for name, _ in PROGRAMS:
        assert (tmp_path / name).read_bytes() == (installed / name).read_bytes(), "duas compilações diferem"


@pytest.mark.wine
@pytest.mark.parametrize("name", [name for name, _ in PROGRAMS])
def test_the_program_gets_its_file_and_its_arguments_unchanged(wine: WinePrefix, installed: Path, name: str) -> None:
    given = ["consultar", "com espaço", 'com "aspas"', "ação–é", "*.txt", "", "C:\\barra\\"]
    wine.run(str(installed / name), *given)
    streams, _, called, *rest = (installed / "programa" / "dito.txt").read_text(encoding="utf-8").split("\n")[:-1]
    assert streams == "3"
    assert called.endswith(name)
    assert rest[:4] == ["-I", "-B", "-X", "utf8"]
    assert rest[4].endswith("\\Instalação de prova\\programa\\main.py")
    assert rest[5:] == given


@pytest.mark.wine
def test_without_anywhere_to_print_the_program_still_has_its_streams(wine: WinePrefix, installed: Path) -> None:
    said = installed / "programa" / "dito.txt"
    said.unlink(missing_ok=True)
    wine.run(str(installed / "retaguarda-comando.exe"), "soltar", "C:\\Instalação de prova\\Retaguarda.exe")
    streams, _, called, *_ = said.read_text(encoding="utf-8").split("\n")
    assert called.endswith("Retaguarda.exe")
    assert streams == "3"


@pytest.mark.wine
def test_dlls_come_from_the_installation_and_never_from_the_folder_or_the_path_of_whoever_starts_it(
    wine: WinePrefix, installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compile_for_windows(STUBS / "mscms.c", tmp_path / "de_fora.dll", "-shared")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(wine.environment, "WINEPATH", str(tmp_path))
    wine.run(str(installed / "retaguarda-comando.exe"))
    assert (installed / "programa" / "dito.txt").read_text(encoding="utf-8").split("\n")[1] == "qt"


@pytest.mark.wine
@pytest.mark.parametrize("lacking", ["python/python313.dll", "programa/main.py"])
def test_an_installation_with_a_hole_says_which_and_what_to_do(wine: WinePrefix, installed: Path, lacking: str) -> None:
    hidden = installed / "escondido"
    (installed / lacking).rename(hidden)
    try:
        code, said = wine.run(str(installed / "retaguarda-comando.exe"), "--versao")
        # What replaces the files asks first whether the program is open; a box would hold it for ever.
        silent, _ = wine.run(str(installed / "Retaguarda.exe"), "--encerrar")
    finally:
        hidden.rename(installed / lacking)
    assert code == silent == NOT_STARTED
    assert lacking.replace("/", "\\") in said
    assert "Install it again over this one: data and settings are kept." in said.replace("\r", "")


@pytest.mark.wine
def test_the_hole_is_told_in_portuguese_where_the_system_speaks_it(
    wine: WinePrefix, installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(wine.environment, "LC_ALL", "pt_BR.UTF-8")
    hidden = installed / "escondido"
    (installed / "python" / "python313.dll").rename(hidden)
    try:
        _, said = wine.run(str(installed / "retaguarda-comando.exe"), "--versao")
    finally:
        hidden.rename(installed / "python" / "python313.dll")
    assert "O Retaguarda não pôde começar: falta ou está estragado o arquivo" in said
