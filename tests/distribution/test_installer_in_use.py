"""The set-up and a program that still runs, of which it was not told: as one in the session of another user."""

from __future__ import annotations

from pathlib import Path

import pytest

from distribution.wine_prefix import WinePrefix, until
from tests.distribution.stand_in_setup import PLACE, make_stand_in_setup

pytestmark = pytest.mark.wine

OLD, NEW = "0.0.9", "0.1.0"
_PATIENCE_S = 60.0


def test_nothing_changes_under_a_program_that_runs(wine: WinePrefix, tmp_path: Path) -> None:
    """Windows lets the folders of such a program be moved: it would go on with the new version's files."""
    old, new = make_stand_in_setup(tmp_path, OLD), make_stand_in_setup(tmp_path, NEW)
    assert wine.run(old, "/S")[0] == 0
    folder = wine.path(PLACE)
    before = {path.name for path in folder.iterdir()}
    open_mark = folder / "aberto.txt"
    open_mark.write_text("", "utf-8")  # for which the stand-in stays until it is gone
    wine.start(rf"{PLACE}\Retaguarda.exe")
    assert until((folder / "chamadas.txt").exists, _PATIENCE_S)

    log = wine.drive / "instalar.log"
    assert wine.run(new, "/S", r"/LOG=C:\instalar.log")[0] == 3
    assert r"Retaguarda\Retaguarda.exe" in log.read_text("utf-8")
    assert (folder / "python" / "conteudo.txt").read_text("utf-8") == OLD
    assert {path.name for path in folder.iterdir()} == {*before, "aberto.txt", "chamadas.txt"}

    # In place of the copy of itself, which nobody could wait for.
    assert wine.run(rf"{PLACE}\desinstalar.exe", "/S", f"_?={PLACE}")[0] == 3
    assert {path.name for path in folder.iterdir()} == {*before, "aberto.txt", "chamadas.txt"}

    open_mark.unlink()
    assert wine.run(new, "/S")[0] == 0
    assert (folder / "python" / "conteudo.txt").read_text("utf-8") == NEW
