"""`python -m retaguarda`."""

from __future__ import annotations

import sys

from . import start

sys.exit(start())
