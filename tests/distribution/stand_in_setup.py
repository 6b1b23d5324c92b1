"""A set-up whose program is the stand-in, for the tests that install it under wine."""

from __future__ import annotations

import os
from pathlib import Path

from distribution.installer import make_setup
from distribution.steps import ROOT
from distribution.wine_prefix import STUBS, compile_for_windows

USER = rf"C:\users\{os.environ.get('USER', 'root')}"
"""Where whoever runs the tests has their files."""

PLACE = rf"{USER}\AppData\Local\Programs\Retaguarda"
"""Where it installs for one user."""


def make_stand_in_bundle(folder: Path, words: str) -> Path:
    """Make `folder` a bundle of the right parts, whose program is the stand-in; `words` is what its files say."""
    for name in ("python", "site", "programa", "licencas"):
        (folder / name).mkdir(parents=True)
        (folder / name / "conteudo.txt").write_text(words, "utf-8")
    (folder / "programa" / "main.py").write_text(f"# {words}\n", "utf-8")
    (folder / "LICENCA.txt").write_bytes((ROOT / "LICENSE").read_bytes().replace(b"\n", b"\r\n"))
    compile_for_windows(STUBS / "stand_in.c", folder / "Retaguarda.exe", "-mwindows")
    compile_for_windows(STUBS / "stand_in.c", folder / "retaguarda-comando.exe")
    return folder


def make_stand_in_setup(place: Path, version: str) -> str:
    """The path, as wine takes it, of the set-up of that version, made in `place`; its files say the version."""
    bundle = make_stand_in_bundle(place / version, version)
    return str(make_setup(bundle, place / "saida", version, fast=True))
