"""The uninstaller that erases the data, where a folder in them is a link to a folder elsewhere (a junction)."""

from __future__ import annotations

from pathlib import Path

import pytest

from distribution.wine_prefix import WinePrefix
from tests.distribution.stand_in_setup import PLACE

pytestmark = pytest.mark.wine


def _erase(wine: WinePrefix) -> str:
    (wine.drive / "r.log").unlink(missing_ok=True)
    # In place of the copy of itself, which nobody could wait for.
    assert wine.run(rf"{PLACE}\desinstalar.exe", "/S", "/DADOS=apagar", r"/LOG=C:\r.log", f"_?={PLACE}")[0] == 0
    return (wine.drive / "r.log").read_text("utf-8")


@pytest.mark.parametrize("link", ["dados", "copias"])
def test_what_a_link_leads_to_is_not_erased(wine: WinePrefix, setup: str, tmp_path: Path, link: str) -> None:
    """Whoever may write in the folder that all share would else have an administrator erase anything.

    Windows takes the link itself away; wine, whose link is one of this system, leaves it.
    """
    assert wine.run(setup, "/S")[0] == 0
    data = wine.path(PLACE).parents[1] / "Retaguarda"
    elsewhere = tmp_path / "outra"
    elsewhere.mkdir()
    (elsewhere / "contas.txt").write_text("de outro", "utf-8")
    linked = data if link == "dados" else data / "registros" / "copias"
    linked.parent.mkdir(parents=True, exist_ok=True)
    linked.symlink_to(elsewhere)
    if link == "copias":
        (data / "registros" / "antigos").mkdir()
        (data / "registros" / "antigos" / "servico.log").write_text("", "utf-8")
        (data / "retaguarda.db").write_text("clientes", "utf-8")
    said = _erase(wine)
    assert (elsewhere / "contas.txt").read_text("utf-8") == "de outro"
    assert ("only led to another folder" in said) == (link == "dados")
    linked.unlink(missing_ok=True)
    assert not [path for path in data.rglob("*") if path.is_file() or path.name == "antigos"]
