"""Makes the Windows bundle and its set-up: `python3 dev.py windows`, which is `python -m distribution.windows`.

The bundle is what lies in the installation's folder: two launchers, the interpreter (python), the program (programa),
its libraries (site) and the licences. Two builds of the same sources are equal byte for byte.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from app.version import VERSION
from distribution import trial
from distribution.binaries import check_complete
from distribution.compiled import compile_all
from distribution.installer import make_setup
from distribution.launcher import put_launchers
from distribution.licences import put_licences
from distribution.program import put_program
from distribution.runtime import Runtime, pinned_runtime
from distribution.steps import ROOT, Stopped, digest_of, epoch, settle, size_of, step
from distribution.trim import put_libraries
from distribution.wheels import gather

OUTPUT = ROOT / "build" / "windows"
MEGABYTE = 1_000_000


def main(arguments: Sequence[str] | None = None) -> int:
    """Build what the arguments ask for; the exit status: 0 done, 1 stopped with a sentence that says why."""
    options = _parser().parse_args(arguments)
    started = time.monotonic()
    try:
        bundle = build(options.python, options.saida)
        print(f"Pacote: {bundle}, {size_of(bundle) / MEGABYTE:.1f} MB, sha256 {digest_of(bundle)}")
        for part in sorted(path for path in bundle.iterdir() if path.is_dir()):
            print(f"   {part.name}: {size_of(part) / MEGABYTE:.1f} MB")
        if not options.sem_instalador:
            with step("Compilar o instalador"):
                setup = make_setup(bundle, options.saida, VERSION, sign=options.assinar)
            print(f"Instalador: {setup}, {setup.stat().st_size / MEGABYTE:.1f} MB")
        print(f"Tempo: {time.monotonic() - started:.0f} s")
        if options.testar:
            tests = run_tests()
            return trial.main(["--saida", str(options.saida)]) or tests
    except Stopped as stopped:
        print(stopped, file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python3 dev.py windows", description="Monta o pacote para Windows e compila o instalador.", add_help=False
    )
    parser.add_argument("-h", "--help", "--ajuda", action="help", help="mostra esta ajuda")
    parser.add_argument(
        "--python",
        type=Path,
        metavar="PASTA",
        help="o Python embutível oficial de 64 bits, descompactado (sem isto, o pacote fixado por hash)",
    )
    parser.add_argument("--saida", type=Path, default=OUTPUT, metavar="PASTA", help="onde (padrão: build/windows)")
    parser.add_argument("--sem-instalador", action="store_true", help="só o pacote")
    parser.add_argument("--testar", action="store_true", help="depois, testa e experimenta tudo sob o wine")
    parser.add_argument(
        "--assinar",
        default="",
        metavar="COMANDO",
        help="o comando que assina o arquivo que estiver no lugar de {arquivo}: os programas e o instalador",
    )
    return parser


def build(python: Path | None, output: Path) -> Path:
    """Make the bundle in `output`/Retaguarda and return its folder; an earlier one is replaced when this one is whole.

    `python` is a folder with an embeddable CPython; None takes the pinned one.
    """
    work = output / "trabalho"
    shutil.rmtree(work, ignore_errors=True)
    with step("Buscar o Python para Windows"):
        runtime = Runtime(python) if python else pinned_runtime(output / "python")
    with step(f"Reunir as bibliotecas do requirements.lock para o Windows e o Python {runtime.version}"):
        gather(ROOT / "requirements.lock", runtime.version, work / "site")
    bundle = assemble(runtime, work / "site", ROOT, work / "Retaguarda")
    final = output / "Retaguarda"
    shutil.rmtree(final, ignore_errors=True)
    bundle.rename(final)
    shutil.rmtree(work)
    return final


def assemble(runtime: Runtime, installed: Path, sources: Path, bundle: Path) -> Path:
    """Put a bundle together in the new folder `bundle` and return it; `installed` has the libraries."""
    with step("Juntar o pacote"):
        runtime.put_into(bundle)
        put_libraries(installed, bundle)
        put_program(sources, bundle)
        put_licences(installed, runtime, bundle)
        put_launchers(bundle, runtime.name, VERSION)
        check_complete(bundle)
    with step("Compilar os módulos do Python"):
        compile_all(bundle, runtime)
    settle(bundle, epoch())
    return bundle


def run_tests() -> int:
    """The tests that `dev.py test` leaves out: of the bundle, the launchers and the set-up; 1 if any fails."""
    print("── Testes do que precisa do wine …", flush=True)
    pytest = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-m",
        "wine",
        "-n",
        "auto",
        "--dist",
        "loadfile",
        "tests/distribution",
    ]
    return min(subprocess.run(pytest, cwd=ROOT, check=False).returncode, 1)


if __name__ == "__main__":
    sys.exit(main())
