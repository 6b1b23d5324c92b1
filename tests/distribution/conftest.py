"""Tests marked `wine` compile for Windows or run what is made for it: `python3 dev.py windows --testar` runs them."""

from __future__ import annotations

import shutil

import pytest

_MISSING = [name for name in ("makensis", "wine", "x86_64-w64-mingw32-gcc") if shutil.which(name) is None]


def pytest_runtest_setup(item: pytest.Item) -> None:
    if _MISSING and item.get_closest_marker("wine"):
        pytest.skip(f"falta {', '.join(_MISSING)}: python3 dev.py windows --testar instala o que é preciso")
