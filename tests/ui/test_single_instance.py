"""Two real processes over the same data folder."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from ui.ending import end_everything
from ui.single_instance import CannotBeFirst, FirstDoesNotAnswer, SingleInstance, WillNotEnd

ROOT = Path(__file__).resolve().parents[2]

# A first process with an event loop: says when it listens, and what it is asked for.
FIRST = """
import sys
from pathlib import Path
from PySide6.QtCore import QCoreApplication, QTimer
from ui.single_instance import SingleInstance
application = QCoreApplication([])
instance = SingleInstance(Path(sys.argv[1]))
assert instance.claim()
instance.listen()
instance.asked.connect(lambda page: print("pedido", page, flush=True))
instance.why_not_end = lambda: sys.argv[2]
instance.end_asked.connect(lambda: (instance.release(), application.quit()))
print("ouvindo", flush=True)
QTimer.singleShot(30_000, application.quit)
application.exec()
print("fim", flush=True)
"""


@contextmanager
def first_process(folder: Path, why_not_end: str = "") -> Iterator[subprocess.Popen[str]]:
    """A process that is the first over this folder, listening."""
    with subprocess.Popen(
        [sys.executable, "-c", FIRST, str(folder), why_not_end],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        env=dict(os.environ),
    ) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == "ouvindo\n"
            yield process
        finally:
            process.kill()


def test_a_second_start_shows_the_first_ones_window_and_leaves(qtbot: QtBot, data_folder: Path) -> None:
    with first_process(data_folder) as first:
        second = subprocess.run(
            [sys.executable, str(ROOT / "main.py"), "--pagina", "clientes"],
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )
        assert (second.returncode, second.stdout) == (0, "")
        assert first.stdout is not None
        assert first.stdout.readline() == "pedido clientes\n"


def test_a_second_start_in_the_tray_leaves_the_first_one_as_it_is(qtbot: QtBot, data_folder: Path) -> None:
    """Both an administrator and the person may have chosen that it starts with the session."""
    with first_process(data_folder) as first:
        for arguments in (["--bandeja"], ["--bandeja", "--pagina", "clientes"]):
            subprocess.run([sys.executable, str(ROOT / "main.py"), *arguments], timeout=20, check=True)
        assert first.stdout is not None
        assert first.stdout.readline() == "pedido clientes\n"


def test_other_data_is_another_program(qtbot: QtBot, data_folder: Path, tmp_path: Path) -> None:
    with first_process(data_folder):
        other = SingleInstance(tmp_path)
        assert other.claim()
        other.release()
        same = SingleInstance(data_folder)
        assert not same.claim()


def test_what_a_killed_process_left_does_not_stand_in_the_way(qtbot: QtBot, data_folder: Path) -> None:
    with first_process(data_folder) as first:
        first.kill()
        first.wait()
        again = SingleInstance(data_folder)
        assert again.claim()
        again.listen()
        command = [sys.executable, "-c", FIRST, str(data_folder), ""]
        with (
            qtbot.waitSignal(again.asked, timeout=10_000) as asked,
            subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL),
        ):
            qtbot.waitUntil(lambda: asked.signal_triggered, timeout=10_000)
        assert asked.args == [""]
        again.release()


def test_a_lock_left_by_a_process_of_the_same_number_and_name_is_nobodys(qtbot: QtBot, data_folder: Path) -> None:
    """Numbers begin again with the computer: the one in a lock that a power cut left may be this very process's."""
    left = SingleInstance(data_folder)
    assert left.claim()
    lock = Path(left._lock.fileName())
    content = lock.read_bytes()
    left.release()
    lock.write_bytes(content)
    again = SingleInstance(data_folder)
    assert again.claim()
    again.release()
    lock.write_bytes(content)
    end_everything(data_folder, patience_s=0.1)


def _end() -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "main.py"), "--encerrar"], capture_output=True, text=True, timeout=40, check=False
    )


def test_the_open_program_ends_when_the_installer_asks(qtbot: QtBot, data_folder: Path) -> None:
    with first_process(data_folder) as first:
        done = _end()
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        assert first.stdout is not None
        assert first.stdout.readline() == "fim\n"


# The program itself, which has or has not what would be lost, and says when it listens.
PROGRAM = """
import sys
from ui import window_app
from ui.single_instance import SingleInstance
listen = SingleInstance.listen
SingleInstance.listen = lambda instance: (listen(instance), print("ouvindo", flush=True))
window_app.WindowProgram.why_not_end = lambda program: sys.argv[1]
sys.exit(window_app.run_here())
"""


@pytest.mark.parametrize(("why", "status"), [("", 0), ("Há alterações não salvas.", 3)])
def test_the_whole_program_ends_unless_something_would_be_lost(
    qtbot: QtBot, data_folder: Path, why: str, status: int
) -> None:
    command = [sys.executable, "-c", PROGRAM, why]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=dict(os.environ)) as program:
        assert program.stdout is not None
        try:
            assert program.stdout.readline() == "ouvindo\n"
            done = _end()
            assert (done.returncode, done.stderr.strip()) == (status, why)
            if why:
                assert program.poll() is None
            else:
                assert program.wait(30) == 0
        finally:
            program.kill()


def test_nothing_that_runs_is_ended_at_once(qtbot: QtBot, data_folder: Path) -> None:
    end_everything(data_folder, patience_s=0)
    left = SingleInstance(data_folder)
    assert left.claim()
    left.release()


def test_what_would_be_lost_keeps_the_program_open(qtbot: QtBot, data_folder: Path) -> None:
    why = "Há alterações não salvas (Clientes: Prazo): salve-as ou descarte-as."
    with first_process(data_folder, why) as first:
        done = _end()
        assert (done.returncode, done.stdout, done.stderr) == (3, "", f"{why}\n")
        assert first.poll() is None
        with pytest.raises(WillNotEnd, match="Prazo"):
            end_everything(data_folder)


def test_a_program_that_does_not_answer_is_not_taken_for_ended(qtbot: QtBot, data_folder: Path) -> None:
    silent = SingleInstance(data_folder)
    assert silent.claim()
    try:
        with pytest.raises(FirstDoesNotAnswer):
            end_everything(data_folder, patience_s=0.2)
    finally:
        silent.release()


def test_a_place_for_the_lock_that_cannot_be_written_is_told(
    qtbot: QtBot, data_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR" if sys.platform != "win32" else "TMP", str(tmp_path / "nenhuma"))
    with pytest.raises(CannotBeFirst, match=r"nenhuma.*espaço em disco"):
        SingleInstance(data_folder).claim()
    done = _end()
    assert (done.returncode, done.stdout) == (2, "")
    assert "nenhuma" in done.stderr
