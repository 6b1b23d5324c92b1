"""The project's own promises: its lock, its files, its documents and the Qt it stands on."""

from __future__ import annotations

import ast
import importlib.metadata
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import dev

ROOT = Path(__file__).resolve().parents[1]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
PINNED = {
    canonicalize_name(name): (version, marker)
    for name, version, marker in re.findall(r"^([\w.\[\]-]+?)(?:\[\w+\])?==(\S+?)(?: ; (.+?))? \\$", LOCK, re.MULTILINE)
}

# Written so that this file does not match itself.
FORBIDDEN = {
    "endereço de repositório de pacotes": re.compile(r"py[p]i\.org|python[h]osted|file:/{2}"),
    "pasta da máquina de alguém": re.compile(r"(?<![\w./~])/(?:root|work|home|tmp)/\w"),
    "TLS sem verificação": re.compile(r"verify\s*=\s*False|check_hostname\s*=\s*False|_create_[u]nverified"),
}

# Slow to import: the window must show before any of them is needed.
HEAVY = {"sqlalchemy", "zeep", "httpx", "lxml", "alembic", "cryptography"}


def project_files(pattern: str = "*") -> Iterator[Path]:
    """The files of the project, without what tools leave beside them."""
    for path in sorted(ROOT.rglob(pattern)):
        parts = path.relative_to(ROOT).parts
        hidden = any(part.startswith(".") and part != ".ci" for part in parts[:-1])
        if path.is_file() and not hidden and not {"build", "__pycache__"}.intersection(parts):
            yield path


def test_the_lock_has_hashes_and_no_addresses() -> None:
    assert PINNED
    assert LOCK.count("==") == len(PINNED) + sum(marker.count("==") for _, marker in PINNED.values())
    assert "://" not in LOCK
    assert not re.search(r"(?m)^-|(?<!\w)[./]*/", LOCK), "o lock só pode ter nomes, versões e hashes"
    for block in re.split(r"\n(?=\S)", LOCK.strip()):
        assert "--hash=sha256:" in block, block


def test_the_lock_satisfies_the_project_and_is_what_runs_here() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for text in [*project["dependencies"], *project["optional-dependencies"]["dev"]]:
        wanted = Requirement(text)
        version, _ = PINNED[canonicalize_name(wanted.name)]
        assert wanted.specifier.contains(version), f"{text}: o lock tem {version}"
    for name, (version, marker) in PINNED.items():
        if not marker or Marker(marker).evaluate():
            assert importlib.metadata.version(name) == version, f"{name}: rode python3 dev.py setup"


def test_no_file_says_what_must_not_be_said() -> None:
    found: list[str] = []
    for path in project_files():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # a picture or another binary file
        for what, pattern in FORBIDDEN.items():
            found += [f"{path.relative_to(ROOT)}: {what}: {match.group()}" for match in pattern.finditer(text)]
    assert not found, "\n".join(found)


def test_every_module_says_what_it_is() -> None:
    modules = [path for folder in ("app", "services", "ui", "tests") for path in (ROOT / folder).rglob("*.py")]
    silent = [
        str(path.relative_to(ROOT))
        for path in [*modules, *ROOT.glob("*.py")]
        if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert not silent
    code = {path.parent for path in modules if path.relative_to(ROOT).parts[0] != "tests"}
    assert not [str(folder) for folder in code if "migrations" not in folder.parts and not _is_package(folder)]


def test_the_documents_name_only_commands_that_exist() -> None:
    documents = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
    text = "\n".join(path.read_text(encoding="utf-8") for path in documents)
    assert set(re.findall(r"dev\.py ([a-z]+)", text)) <= set(dev.PACKAGES)
    for command in set(re.findall(r"main\.py ([a-z]+)", text)):
        shown = _python(str(ROOT / "main.py"), command, "--help")
        assert shown.returncode == 0, f"main.py {command}: {shown.stderr}"


def test_importing_the_window_imports_nothing_slow() -> None:
    code = f"""
import importlib, pkgutil, sys
sys.path.insert(0, {str(ROOT)!r})
import main, ui
for module in pkgutil.walk_packages(ui.__path__, "ui."):
    importlib.import_module(module.name)
print(*sorted({HEAVY!r}.intersection(sys.modules)))
"""
    done = _python("-c", code)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == ""


def test_the_window_is_made_before_the_words_of_the_business_are() -> None:
    """app.domain takes as long to import as the rest of the window's own code."""
    done = _python("-c", "import sys, ui.window_app; print('app.domain' in sys.modules)")
    assert done.stdout.strip() == "False", done.stderr


def test_pyside_survives_many_signals() -> None:
    """PySide6 6.12.0 on Python 3.11 ends the process after some 570 emits; in a process of its own, to survive it."""
    code = """
from PySide6.QtCore import QObject, Signal, Slot
class Sender(QObject):
    sent = Signal(bool, str)
class Receiver(QObject):
    count = 0
    @Slot(bool, str)
    def receive(self, flag, text):
        self.count += 1
sender, receiver = Sender(), Receiver()
sender.sent.connect(receiver.receive)
for _ in range(20_000):
    sender.sent.emit(True, "x")
print(receiver.count)
"""
    done = _python("-c", code)
    assert (done.returncode, done.stdout.strip()) == (0, "20000"), done.stderr


def test_dev_repairs_a_preparation_cut_short(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment is built once, kept while its stamp holds, and built anew when the stamp was never written."""
    commands: list[list[str]] = []

    def run(command: list[str], *, quiet: bool = False) -> int:
        commands.append(command)
        dev.PYTHON.parent.mkdir(parents=True, exist_ok=True)
        dev.PYTHON.touch()
        return 0

    monkeypatch.setattr(dev, "run", run)
    monkeypatch.setattr(dev, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(dev, "PYTHON", tmp_path / ".venv" / "bin" / "python")
    monkeypatch.setattr(dev, "STAMP", tmp_path / ".venv" / "preparado.json")
    dev.prepare(())
    assert ["venv" in command or "pip" in command for command in commands] == [True, True]
    dev.prepare(())
    assert len(commands) == 2
    dev.STAMP.unlink()
    (dev.VENV / "sobra").touch()
    dev.prepare(())
    assert len(commands) == 4
    assert not (dev.VENV / "sobra").exists()


def test_dev_runs_all_tests_on_every_core_and_chosen_ones_in_one_process() -> None:
    _, everything = dev.pytest_step([])
    assert (everything[2], everything[4]) == ("-n", "--dist")
    assert 1 <= int(everything[3]) <= dev.MAX_WORKERS
    assert dev.pytest_step(["tests/app", "-x"]) == ("pytest", ("-m", "pytest", "tests/app", "-x"))


def _is_package(folder: Path) -> bool:
    return (folder / "__init__.py").exists()


def _python(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False, timeout=60)
