"""docs/configuracoes.md is what the catalog says."""

from __future__ import annotations

from app.settings import handbook
from app.settings.catalog import ALL


def test_the_committed_handbook_is_current() -> None:
    written = handbook.PATH.read_text("utf-8")
    assert written == handbook.render(), "docs/configuracoes.md está velho: rode python -m app.settings.handbook"


def test_every_setting_is_described_once() -> None:
    text = handbook.render()
    for setting in ALL:
        assert text.count(f"`{setting.key}` ·") == 1
        assert setting.help in text
        assert setting.effect in text
        assert setting.example in text
