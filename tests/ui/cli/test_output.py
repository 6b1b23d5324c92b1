"""What becomes of an answer that nobody reads any more."""

from __future__ import annotations

import errno
import io
import sys

import pytest

from ui.cli.output import write


class _Left(io.StringIO):
    """The pipe of a program that ended, as Windows tells of it."""

    def flush(self) -> None:
        raise OSError(errno.EINVAL, "Invalid argument")


def test_windows_words_for_a_reader_that_left_are_those_of_every_system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", _Left())
    with monkeypatch.context() as windows, pytest.raises(BrokenPipeError):
        windows.setattr(sys, "platform", "win32")
        write("uma linha")
    with pytest.raises(OSError, match="Invalid argument"):
        write("uma linha")
