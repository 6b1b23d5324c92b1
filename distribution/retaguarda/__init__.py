"""Retaguarda as a wheel installs it: the program lies in this folder as it lies in its sources, and finds itself there.

Its own packages have plain names (app, services, ui), so they stay out of everybody else's sight until it is started.
"""

from __future__ import annotations

import sys
from pathlib import Path


def start() -> int:
    """What `retaguarda` and `retaguarda-janela` call: the window without arguments, else a command."""
    sys.path.insert(0, str(Path(__file__).parent))
    from main import main

    return main()
