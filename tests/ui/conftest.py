"""The program opens in nearly every test of this folder: what takes long of that is done once for all of them."""

from __future__ import annotations

import pytest

import ui.guarded_overrides  # noqa: F401  as the window does, before the classes that Qt calls


@pytest.fixture(autouse=True)
def quick_start(ready_schema: None, quick_passwords: None, quick_keys: None, few_authorities: None) -> None:
    """An empty folder, a password, a certificate and a connection take no time."""
