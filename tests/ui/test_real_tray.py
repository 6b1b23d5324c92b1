"""The program on a real screen with a real panel: Xvfb, openbox and trayer."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
_TIMEOUT_S = 40


@pytest.fixture
def screen() -> Iterator[dict[str, str]]:
    """The environment of a screen of this test's own, with a window manager."""
    missing = [name for name in ("Xvfb", "openbox", "trayer") if shutil.which(name) is None]
    if missing:
        pytest.fail(f"Falta {', '.join(missing)}: instale com apt-get install xvfb openbox trayer.")
    command = ["Xvfb", "-displayfd", "1", "-screen", "0", "1280x800x24", "-nolisten", "tcp"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        assert server.stdout is not None
        number = server.stdout.readline().strip()
        environment = {**os.environ, "QT_QPA_PLATFORM": "xcb", "DISPLAY": f":{number}"}
        environment.pop("DBUS_SESSION_BUS_ADDRESS", None)  # nobody else's panel
        with subprocess.Popen(["openbox"], env=environment, stderr=subprocess.DEVNULL) as manager:
            yield environment
            manager.terminate()
        server.terminate()


def test_the_program_lives_in_the_tray(screen: dict[str, str], data_folder: Path) -> None:
    panel = ["trayer", "--edge", "bottom", "--widthtype", "request"]
    done = subprocess.run(
        [sys.executable, "-m", "tests.ui.tray_steps", *panel],
        cwd=ROOT,
        env=screen,
        capture_output=True,
        text=True,
        timeout=_TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert done.stdout.splitlines()[-1] == "fim"
