"""An error inside what Qt calls is told as every other; without the guard it ends the process. Hence the processes."""

from __future__ import annotations

import subprocess
import sys

import pytest

ERRORS = {
    "an index": "[][3]",
    "a number": "int('a')",
    "a widget that is no more": "gone.size()",
    "our own": "(_ for _ in ()).throw(KeyError('x'))",
}
_SCENE = """
import sys
import ui.guarded_overrides
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget
from shiboken6 import Shiboken

class Faulty(QWidget):
    def sizeHint(self):
        return {error}

application = QApplication(["x", "-platform", "offscreen"])
sys.excepthook = lambda kind, error, trace: print("told", kind.__name__)
gone = QWidget()
Shiboken.delete(gone)
window = QWidget()
layout = QVBoxLayout(window)
layout.addWidget(Faulty())
QTimer.singleShot(0, window.show)
QTimer.singleShot(0, application.quit)
application.exec()
print("goes on")
"""
_EVERY_CLASS = """
import importlib, inspect, pkgutil
import ui.window_app
from shiboken6 import Shiboken

for found in pkgutil.walk_packages(ui.__path__, "ui."):
    for made in vars(importlib.import_module(found.name)).values():
        if inspect.isclass(made) and made.__module__ == found.name and issubclass(made, Shiboken.Object):
            bases = [base for base in made.__mro__ if base.__module__.startswith("PySide6.")]
            for name, method in vars(made).items():
                if inspect.isfunction(method) and any(name in vars(base) for base in bases):
                    print(made.__qualname__, name, hasattr(method, "__wrapped__"))
"""


def run(program: str) -> list[str]:
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.splitlines()


@pytest.mark.parametrize("error", ERRORS.values(), ids=list(ERRORS))
def test_an_error_inside_what_qt_calls_is_told(error: str) -> None:
    said = run(_SCENE.format(error=error))
    assert said[-1] == "goes on"
    assert said[0] in ("told IndexError", "told ValueError", "told RuntimeError", "told KeyError")


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="nothing to guard")
def test_every_class_of_the_window_is_guarded() -> None:
    methods = [line.split() for line in run(_EVERY_CLASS)]
    assert ["PagedModel", "data", "True"] in methods
    assert [method for method in methods if method[2] != "True"] == []
