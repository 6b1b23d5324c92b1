"""What the set-up and the uninstaller make of switches that are nearly right, and of a Windows nearly new enough."""

from __future__ import annotations

import pytest

from distribution.wine_prefix import WinePrefix
from tests.distribution.stand_in_setup import PLACE

pytestmark = pytest.mark.wine

_PATIENCE_S = 100
_WINDOWS = r"HKLM\Software\Microsoft\Windows NT\CurrentVersion"


def test_silent_in_a_small_letter_is_silent(wine: WinePrefix, setup: str) -> None:
    """NSIS only knows /S; with pages it would wait for somebody for ever where nobody is, as under an administrator's
    tool."""
    folder = wine.path(PLACE)
    assert wine.run(setup, "/s", timeout_s=_PATIENCE_S)[0] == 0
    assert (folder / "instalacao.json").exists()
    # In place of the copy of itself, which nobody could wait for.
    assert wine.run(rf"{PLACE}\desinstalar.exe", "/s", f"_?={PLACE}", timeout_s=_PATIENCE_S)[0] == 0
    assert not (folder / "instalacao.json").exists()


@pytest.mark.parametrize("log", ["r.log", r"pasta\r.log", r"\r.log", "C:r.log", ""])
def test_a_log_without_its_whole_path_is_refused(wine: WinePrefix, setup: str, log: str) -> None:
    """What it begins at changes on the way: half of it would be left in the folder of the program."""
    assert wine.run(setup, "/S", f"/LOG={log}")[0] == 4


def test_what_a_program_of_windows_says_is_logged_in_its_letters(wine: WinePrefix, setup: str) -> None:
    """They speak the code page of a console, and not the program's UTF-8."""
    assert wine.run(setup, "/S")[0] == 0
    (wine.path(PLACE) / "console.txt").write_text("", "utf-8")
    assert wine.run(setup, "/S", r"/LOG=C:\r.log")[0] == 0
    assert "serviço: 0" in (wine.drive / "r.log").read_text("utf-8")


def test_a_windows_that_lacks_what_the_program_loads_is_refused(wine: WinePrefix, setup: str) -> None:
    wine.run("reg", "delete", r"HKCU\Software\Wine", "/v", "Version", "/f")
    wine.run("reg", "add", _WINDOWS, "/v", "CurrentVersion", "/d", "10.0", "/f")
    for build, status in (("14393", 8), ("17763", 0)):
        wine.run("reg", "add", _WINDOWS, "/v", "CurrentBuildNumber", "/d", build, "/f")
        assert wine.run(setup, "/S")[0] == status, build
