"""The start of a Windows under wine, with stand-ins for wine's own commands: what a start that fails leads to."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from distribution.steps import Stopped
from distribution.wine_prefix import WinePrefix

_WINEBOOT = """#!/bin/sh
[ -e "$WINEPREFIX/left" ] && exit 9
touch "$WINEPREFIX/left"
echo >> "$STARTS"
[ $(wc -l < "$STARTS") -gt "$FAILURES" ] && rm "$WINEPREFIX/left" && exit 0
echo "wine: nothing works today" >&2
exit 1
"""


@pytest.fixture
def starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file in which each start of the stand-in writes a line; as many fail as FAILURES says."""
    programs = tmp_path / "programas"
    programs.mkdir()
    for name in ("wineboot", "wineserver", "wine", "x86_64-w64-mingw32-gcc"):
        program = programs / name
        program.write_text(_WINEBOOT if name == "wineboot" else "#!/bin/sh\n", encoding="utf-8")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("STARTS", str(tmp_path / "starts"))
    return tmp_path / "starts"


def test_a_start_that_fails_is_made_again_in_a_new_folder(
    starts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAILURES", "2")
    with WinePrefix(tmp_path / "prefixo"):
        pass
    assert len(starts.read_text().splitlines()) == 4  # two that failed, the one that did not, and its second start


def test_one_that_always_fails_stops_with_what_wine_said(
    starts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAILURES", "100")
    with (
        pytest.raises(Stopped, match=r"wineboot -i terminou com 1\.\nwine: nothing works today"),
        WinePrefix(tmp_path / "prefixo"),
    ):
        pass
    assert len(starts.read_text().splitlines()) == 3
