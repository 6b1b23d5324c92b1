"""janela_inicio: from the start of the process to the first paint of the main window."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.report import Measured, MeasureFailed, bench, interleaved

ROOT = Path(__file__).resolve().parents[2]
_ROUNDS = 9
_TIMEOUT_S = 60.0


@bench(
    "janela_inicio",
    unidade="ms",
    meta=1.6,
    o_que="do início do processo à primeira pintura da janela principal; referência: uma janela vazia do PySide6",
)
def window_start() -> Measured:
    with screen() as environment, tempfile.TemporaryDirectory(prefix="retaguarda-bench-") as folder:
        environment |= {
            "RETAGUARDA_MEDIR_INICIO": "1",
            "RETAGUARDA_DADOS": folder,
            "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        }
        # An installed program finds its bytecode beside it; without this it would be compiled at every start.
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        ours, bare = interleaved(
            _ROUNDS,
            lambda: until_painted([sys.executable, str(ROOT / "main.py")], environment),
            lambda: until_painted([sys.executable, str(ROOT / "tests" / "bench" / "bare_window.py")], environment),
        )
    return Measured(ours, bare)


@contextmanager
def screen() -> Iterator[dict[str, str]]:
    """The environment for a window: a screen of its own under Xvfb, or Qt's offscreen where there is no Xvfb."""
    server = shutil.which("Xvfb")
    if server is None:
        yield {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
        return
    command = [server, "-displayfd", "1", "-screen", "0", "1280x800x24", "-nolisten", "tcp"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        number = process.stdout.readline().strip()
        try:
            if not number:
                raise MeasureFailed("o Xvfb não iniciou, e sem ele não há tela para medir")
            yield {**os.environ, "QT_QPA_PLATFORM": "xcb", "DISPLAY": f":{number}"}
        finally:
            process.terminate()


def until_painted(command: list[str], environment: dict[str, str]) -> float:
    """Milliseconds from the start of the process until it prints `pintada`; waits for its end, which must be 0."""
    with tempfile.TemporaryFile("w+") as errors:
        started = time.perf_counter()
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=errors, text=True) as process:
            assert process.stdout is not None
            watchdog = threading.Timer(_TIMEOUT_S, process.kill)
            watchdog.start()
            painted = next((time.perf_counter() for line in process.stdout if line.strip() == "pintada"), None)
            status = process.wait()
            watchdog.cancel()
        if painted is None or status != 0:
            errors.seek(0)
            raise MeasureFailed(
                f"{' '.join(command[1:])} terminou com {status} "
                f"{'sem pintar a janela' if painted is None else 'depois de pintar'}: {errors.read().strip()[-2000:]}"
            )
    return (painted - started) * 1000
