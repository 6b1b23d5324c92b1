"""The outside world: certificates, SEFAZ, ANP, consultations and their threads. The only place that knows protocols."""

from pathlib import Path

RESOURCES = Path(__file__).resolve().parents[1] / "resources"
"""The folder of the files shipped with the program."""
