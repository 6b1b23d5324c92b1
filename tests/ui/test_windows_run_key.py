"""What Windows starts with a session, read from a registry that stands in for its own."""

from __future__ import annotations

import importlib.util
import sys
from types import ModuleType, SimpleNamespace

import pytest

from ui import windows_run_key

PERSON, EVERYBODY = 0x80000001, 0x80000002
RUN = r"Software\Microsoft\Windows\CurrentVersion\Run"
SWITCH = r"Software\Microsoft\Windows\CurrentVersion\Explorer\StartupApproved\Run"


class Registry:
    """The values of a few keys; `with` gives back the key that was opened."""

    def __init__(self) -> None:
        self.values: dict[tuple[int, str], dict[str, object]] = {}

    def OpenKey(self, root: int, path: str, *_access: int) -> Registry:
        self.opened = self.values.setdefault((root, path), {})
        return self

    def QueryValueEx(self, _key: object, name: str) -> tuple[object, int]:
        if name not in self.opened:
            raise FileNotFoundError(2, "não há")
        return self.opened[name], 3

    def __enter__(self) -> Registry:
        return self

    def __exit__(self, *_: object) -> None:
        return None


@pytest.fixture
def registry() -> Registry:
    return Registry()


@pytest.fixture
def run_key(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module as Windows loads it."""
    winreg = SimpleNamespace(
        OpenKey=registry.OpenKey,
        QueryValueEx=registry.QueryValueEx,
        HKEY_CURRENT_USER=PERSON,
        HKEY_LOCAL_MACHINE=EVERYBODY,
    )
    monkeypatch.setitem(sys.modules, "winreg", winreg)
    monkeypatch.setattr(sys, "platform", "win32")
    assert windows_run_key.__file__ is not None
    spec = importlib.util.spec_from_file_location("run_key_of_windows", windows_run_key.__file__)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(("root", "asked"), [(PERSON, "for_this_person"), (EVERYBODY, "for_everybody")])
@pytest.mark.parametrize(("switch", "starts"), [(None, True), (2, True), (6, True), (3, False), (7, False)])
def test_what_the_task_manager_switched_off_does_not_start(
    root: int, asked: str, switch: int | None, starts: bool, registry: Registry, run_key: ModuleType
) -> None:
    assert not getattr(run_key, asked)()
    registry.values[root, RUN] = {"Retaguarda": '"C:\\Retaguarda.exe" --bandeja'}
    if switch is not None:
        registry.values[root, SWITCH] = {"Retaguarda": bytes([switch]) + bytes(11)}
    assert getattr(run_key, asked)() is starts
    other = "for_everybody" if root == PERSON else "for_this_person"
    assert not getattr(run_key, other)()
