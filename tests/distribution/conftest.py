"""Tests marked `wine` compile for Windows or run what is made for it: `python3 dev.py windows --testar` runs them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from distribution.wine_prefix import WinePrefix
from tests.distribution.stand_in_setup import make_stand_in_setup

_MISSING = [name for name in ("makensis", "wine", "x86_64-w64-mingw32-gcc") if shutil.which(name) is None]


def pytest_runtest_setup(item: pytest.Item) -> None:
    if _MISSING and item.get_closest_marker("wine"):
        pytest.skip(f"falta {', '.join(_MISSING)}: python3 dev.py windows --testar instala o que é preciso")


@pytest.fixture(scope="module")
def wine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WinePrefix]:
    """A Windows for the tests of one file."""
    with WinePrefix(tmp_path_factory.mktemp("wine") / "prefixo") as prefix:
        yield prefix


@pytest.fixture(scope="module")
def setup(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The path, as wine takes it, of a set-up whose program is the stand-in."""
    return make_stand_in_setup(tmp_path_factory.mktemp("instalador"), "0.1.0")
