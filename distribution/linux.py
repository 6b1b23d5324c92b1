"""Makes the wheel that Linux installs: `python -m distribution.linux`."""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Sequence
from pathlib import Path

from distribution.steps import ROOT
from distribution.wheel import NAME, build_wheel

OUTPUT = ROOT / "build" / "linux"


def main(arguments: Sequence[str] | None = None) -> int:
    """Build it and say where it is, how large, and its hash, which goes to a file beside it."""
    parser = argparse.ArgumentParser(
        prog="python -m distribution.linux", description="Monta o pacote (wheel) para Linux.", add_help=False
    )
    parser.add_argument("-h", "--help", "--ajuda", action="help", help="mostra esta ajuda")
    parser.add_argument("--saida", type=Path, default=OUTPUT, metavar="PASTA", help="onde (padrão: build/linux)")
    folder: Path = parser.parse_args(arguments).saida
    folder.mkdir(parents=True, exist_ok=True)
    wheel = folder / build_wheel(str(folder))
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    (folder / f"{NAME}.sha256").write_text(f"{digest}  {NAME}\n", encoding="utf-8")
    print(f"Pacote: {wheel}, {wheel.stat().st_size / 1_000_000:.1f} MB, sha256 {digest}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
