"""Retaguarda: without arguments the window opens; any argument is for the command line (`main.py --ajuda`).

Nothing is imported before it is known what to start: the window must paint soon, and a command needs no window.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence

INTERRUPTED = 130
"""The exit status that shells give to a program ended by Ctrl+C."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Start what the arguments ask for and return the exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if not given:
        gc.disable()  # what the start makes stays until the end; the window turns it on again after its first paint
        from ui.window_app import run_here

        return run_here()
    try:
        from ui.cli.program import run
    except KeyboardInterrupt:  # Ctrl+C before the command could say anything
        return INTERRUPTED
    return run(given)


if __name__ == "__main__":
    sys.exit(main())
