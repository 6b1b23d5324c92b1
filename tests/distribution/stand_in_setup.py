"""A set-up whose program is the stand-in, for the tests that install it under wine."""

from __future__ import annotations

import os
from pathlib import Path

from distribution.installer import make_setup
from distribution.steps import ROOT
from distribution.wine_prefix import STUBS, compile_for_windows

PLACE = rf"C:\users\{os.environ.get('USER', 'root')}\AppData\Local\Programs\Retaguarda"
"""Where it installs for one user."""


def make_stand_in_setup(place: Path, version: str) -> str:
    """The path, as wine takes it, of the set-up of that version, made in `place`; its files say the version."""
    bundle = place / version
    for name in ("python", "site", "programa", "licencas"):
        (bundle / name).mkdir(parents=True)
        (bundle / name / "conteudo.txt").write_text(version, "utf-8")
    (bundle / "programa" / "main.py").write_text("", "utf-8")
    (bundle / "LICENCA.txt").write_bytes((ROOT / "LICENSE").read_bytes())
    for name in ("Retaguarda.exe", "retaguarda-comando.exe"):
        compile_for_windows(STUBS / "stand_in.c", bundle / name)
    return str(make_setup(bundle, place / "saida", version, fast=True))
