"""What lay there before the set-up, or is kept elsewhere of an installation, and must not decide over the next one."""

from __future__ import annotations

import pytest

from distribution.wine_prefix import WinePrefix
from tests.distribution.stand_in_setup import PLACE

pytestmark = pytest.mark.wine

_SWITCHES = r"Software\Microsoft\Windows\CurrentVersion\Explorer\StartupApproved\Run"


def test_files_of_somebody_else_are_not_written_over(wine: WinePrefix, setup: str) -> None:
    """Their owner could change them afterwards, and an administrator runs one of them; here they also are elsewhere."""
    place = wine.path(r"C:\Programas")
    place.mkdir()
    others = {name: wine.drive / f"outro {name}" for name in ("desinstalar.exe", "instalacao.json")}
    for name, other in others.items():
        other.write_text("de outro", "utf-8")
        (place / name).hardlink_to(other)
    assert wine.run(setup, "/S", "/AllUsers", r"/D=C:\Programas")[0] == 0
    assert [other.read_text("utf-8") for other in others.values()] == ["de outro"] * 2
    assert wine.run(r"C:\Programas\desinstalar.exe", "/S", "_?=C:\\Programas\\")[0] == 0
    assert wine.registry(r"HKLM\Software\Microsoft\Windows\CurrentVersion\Uninstall\Retaguarda") is None


@pytest.mark.parametrize(("root", "switch"), [("HKCU", "/CurrentUser"), ("HKLM", "/AllUsers")])
def test_what_the_task_manager_switched_off_is_forgotten(wine: WinePrefix, setup: str, root: str, switch: str) -> None:
    """Or the next installation, told to start with the session, would not."""
    assert wine.run(setup, "/S", switch)[0] == 0
    place = PLACE if root == "HKCU" else r"C:\Program Files\Retaguarda"
    for key in (root, "HKCU"):
        wine.run("reg", "add", rf"{key}\{_SWITCHES}", "/v", "Retaguarda", "/d", "desligado", "/f")
    # NSIS takes the folder without quotation marks; by parts, wine puts none around it.
    assert wine.run(rf"{place}\desinstalar.exe", "/S", *f"_?={place}".split(" "))[0] == 0
    for key in (root, "HKCU"):
        assert "Retaguarda" not in (wine.registry(rf"{key}\{_SWITCHES}") or {})
