"""The developer's one command: prepares the machine and the virtual environment, then runs the program or the checks.

Standard library only, so that it starts on a bare machine. `python3 dev.py` without arguments shows the sub-commands.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
LOCK = ROOT / "requirements.lock"
STAMP = VENV / "preparado.json"
WINDOWS = os.name == "nt"
BIN = VENV / ("Scripts" if WINDOWS else "bin")
PYTHON = BIN / ("python.exe" if WINDOWS else "python")

USAGE = """\
Uso: python3 dev.py COMANDO [argumentos]

  demo     prepara tudo e abre o programa com a SEFAZ de demonstração (os argumentos vão para o programa)
  test     prepara tudo e roda ruff, mypy, import-linter e pytest, este em todos os processadores, menos o que
           precisa do wine (com argumentos, que vão para o pytest, em um só: python3 dev.py test tests/app -x)
  lint     só as verificações que não executam o programa: ruff, mypy e import-linter
  bench    mede o programa e confere as metas (os argumentos são nomes de medidas)
  windows  monta o pacote para Windows e compila o instalador, em build/windows
           (--ajuda mostra as opções; --testar, depois, roda os testes que precisam do wine, e nele instala e
           experimenta tudo)
  setup    só prepara: pacotes do sistema, ambiente virtual e dependências
"""

# Qt's xcb plugin opens these at start-up; without the first six it aborts and blames xcb-cursor0 alone.
QT_PACKAGES = (
    "libxcb-icccm4",
    "libxcb-keysyms1",
    "libxcb-image0",
    "libxcb-render-util0",
    "libxcb-shape0",
    "libxcb-xinerama0",
    "libxcb-cursor0",
    "libxcb-randr0",
    "libxcb-xkb1",
    "libxkbcommon-x11-0",
    "libegl1",
    "libgl1",
    "libfontconfig1",
    "libdbus-1-3",
)
TEST_PACKAGES = (
    *QT_PACKAGES,
    "xvfb",
    "xauth",
    "openbox",
    "trayer",
    "xdotool",
    "x11-utils",
    "fonts-inter",
    "fonts-dejavu",
    "dbus",
    "gnome-keyring",
)

# The compiler of the launchers, the one of the set-up, and a Windows in which the interpreter compiles the modules.
WINDOWS_PACKAGES = (*QT_PACKAGES, "gcc-mingw-w64-x86-64", "nsis", "wine", "wine64")
TRIAL = "--testar"

# What each sub-command needs from the operating system.
PACKAGES = {
    "demo": QT_PACKAGES,
    "test": TEST_PACKAGES,
    "bench": TEST_PACKAGES,
    "windows": WINDOWS_PACKAGES,
    "setup": TEST_PACKAGES,
    "lint": (),
}


class Stopped(Exception):
    """The command cannot go on; the message says what to do, `status` is the exit status."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


def main(arguments: list[str]) -> int:
    command, rest = (arguments[0], arguments[1:]) if arguments else ("", [])
    if command in ("-h", "--help", "ajuda"):
        print(USAGE)
        return 0
    if command not in PACKAGES:
        print(USAGE if not command else f"“{command}” não é um comando deste programa.\n\n{USAGE}", file=sys.stderr)
        return 2
    if sys.version_info < (3, 11):  # noqa: UP036 — whatever Python the machine has starts this file
        print(f"É preciso Python 3.11 ou mais novo; este é o {sys.version.split()[0]}.", file=sys.stderr)
        return 2
    try:
        prepare((*PACKAGES[command], *(TEST_PACKAGES if command == "windows" and TRIAL in rest else ())))
        if command == "demo":
            return hand_over([str(ROOT / "main.py"), "demo", *rest])
        if command == "bench":
            os.chdir(ROOT)
            return hand_over(["-m", "tests.bench", *rest])
        if command == "windows":
            os.chdir(ROOT)
            return hand_over(["-m", "distribution.windows", *rest])
        if command == "setup":
            print("Tudo pronto. Experimente: python3 dev.py demo")
            return 0
        return check(LINT_STEPS if command == "lint" else (*LINT_STEPS, pytest_step(rest)))
    except Stopped as stopped:
        print(stopped, file=sys.stderr)
        return stopped.status
    except KeyboardInterrupt:
        print("\nInterrompido. Rode de novo quando quiser: o que ficou pela metade será refeito.", file=sys.stderr)
        return 130


# Preparing ------------------------------------------------------------------------------------------------------------


def prepare(packages: tuple[str, ...]) -> None:
    """Make the machine ready; does nothing when the stamp in .venv says that it already is.

    The stamp is written last and taken away first, so what an interrupted run left behind is rebuilt.
    """
    import hashlib

    lock = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    stamp = read_stamp()
    known = set(stamp["packages"].split()) if stamp else set()
    current = bool(stamp) and stamp["lock"] == lock
    if current and known.issuperset(packages):
        return
    install_packages(packages)
    if not current:
        if not stamp:
            create_environment()
        STAMP.unlink(missing_ok=True)
        install_dependencies()
    content = {"lock": lock, "python": os.path.realpath(PYTHON), "packages": " ".join(sorted(known.union(packages)))}
    partial = STAMP.with_suffix(".tmp")
    partial.write_text(json.dumps(content, indent=1), encoding="utf-8")
    partial.replace(STAMP)


def read_stamp() -> dict[str, str]:
    """What the last complete preparation wrote; {} when there was none or its Python is gone (a system upgrade)."""
    try:
        stamp = json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(stamp, dict) or set(stamp) != {"lock", "python", "packages"}:
        return {}
    return stamp if PYTHON.exists() and stamp["python"] == os.path.realpath(PYTHON) else {}


def create_environment() -> None:
    import shutil

    print("Criando o ambiente virtual em .venv …", flush=True)
    if VENV.exists():
        shutil.rmtree(VENV)
    # Started from inside .venv, sys.executable was just removed: the base interpreter creates the new one.
    creator: str = getattr(sys, "_base_executable", "") or sys.executable
    if run([creator, "-m", "venv", str(VENV)]) != 0:
        raise Stopped(
            "O Python não conseguiu criar o ambiente virtual; veja a mensagem acima. "
            f"No Debian e no Ubuntu, instale antes o pacote {venv_package()}.",
            1,
        )


def install_dependencies() -> None:
    print("Instalando as dependências de requirements.lock (uma só vez, cerca de um minuto) …", flush=True)
    pip = [str(PYTHON), "-m", "pip", "install", "-qq", "--require-hashes", "--no-deps", "-r", str(LOCK)]
    if run(pip) != 0:
        raise Stopped(
            "O pip não conseguiu instalar as dependências; veja a mensagem acima. "
            "Confira a rede e a configuração do pip e rode de novo.",
            1,
        )


# Packages of the operating system -------------------------------------------------------------------------------------


def install_packages(wanted: tuple[str, ...]) -> None:
    """Install the Debian packages that are missing, or stop (status 2) with the line to run."""
    import shutil

    if not sys.platform.startswith("linux"):
        return
    if not (shutil.which("apt-get") and shutil.which("dpkg-query")):
        if wanted:
            print(
                "Este Linux não usa apt: confira se estão instalados os equivalentes destes pacotes do Debian.\n  "
                + " ".join([*wanted, *(["postgresql"] if "xvfb" in wanted else [])]),
                flush=True,
            )
        return
    needed = list(wanted)
    if "xvfb" in wanted and not has_postgresql():
        needed.append("postgresql")
    if not has_venv():
        needed.append(venv_package())
    installed = installed_packages() if needed else set()
    missing = [package for package in needed if package not in installed]
    if not missing:
        return
    apt = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-o", "DPkg::Lock::Timeout=120"]
    if os.geteuid() != 0:
        if not shutil.which("sudo") or run(["sudo", "-n", "true"], quiet=True) != 0:
            raise Stopped(
                "Faltam pacotes do sistema e não há permissão para instalá-los. Rode esta linha e tente de novo:\n"
                f"  sudo apt-get update && sudo apt-get install -y --no-install-recommends {' '.join(missing)}",
                2,
            )
        apt = ["sudo", "-n", *apt]
    print(f"Instalando pacotes do sistema: {' '.join(missing)} …", flush=True)
    # A failed update may concern a source that is not needed; what decides is whether the packages install.
    run([*apt, "update"], quiet=True)
    if run([*apt, "install", "-y", "--no-install-recommends", *missing]) != 0:
        raise Stopped("O apt-get não conseguiu instalar os pacotes do sistema; veja a mensagem acima.", 1)


def installed_packages() -> set[str]:
    """Names of the installed Debian packages and of what they provide (libdbus-1-3 may be libdbus-1-3t64 by now)."""
    import subprocess

    listing = subprocess.run(
        ["dpkg-query", "-W", "-f", "${db:Status-Status}\t${Package}\t${Provides}\n"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    names: set[str] = set()
    for line in listing.splitlines():
        status, package, provides = line.split("\t")
        if status == "installed":
            names.update((package, *(name.split()[0] for name in provides.split(",") if name.strip())))
    return names


def has_postgresql() -> bool:
    """Whether a PostgreSQL server can be started here; Debian keeps its programs out of PATH."""
    import shutil

    return shutil.which("pg_ctl") is not None or any(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"))


def has_venv() -> bool:
    """Debian's Python comes without the part of `venv` that brings pip."""
    from importlib.util import find_spec

    return find_spec("venv") is not None and find_spec("ensurepip") is not None


def venv_package() -> str:
    return f"python3.{sys.version_info.minor}-venv"


# Running --------------------------------------------------------------------------------------------------------------

LINT_STEPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("ruff check", ("-m", "ruff", "check")),
    ("ruff format", ("-m", "ruff", "format", "--check")),
    ("mypy", ("-m", "mypy")),
    ("import-linter", ("-c", "import sys; from importlinter.cli import lint_imports_command; lint_imports_command()")),
)

# Each process of the tests has a PostgreSQL of its own.
MAX_WORKERS = 8


def pytest_step(arguments: list[str]) -> tuple[str, tuple[str, ...]]:
    """The tests on every core, or what the arguments say, in one process: whoever gives any is after one failure.

    One process more than there are cores: tests of time-outs and of other programs wait more than they compute. Those
    that need wine are of `windows --testar`: they are slow, and no other system's programs should refuse a change.
    """
    workers = min((os.cpu_count() or 1) + 1, MAX_WORKERS)
    return "pytest", ("-m", "pytest", *(arguments or ("-n", str(workers), "--dist", "worksteal", "-m", "not wine")))


def check(steps: tuple[tuple[str, tuple[str, ...]], ...]) -> int:
    """Run every step, also after a failure, and say at the end which failed; 1 when any did."""
    import time

    os.chdir(ROOT)
    # The tests start the program hundreds of times. Where Python is told to keep no compiled code beside the sources,
    # each start would compile all of it again, a second of work; so what these steps compile is kept in .venv.
    if os.environ.pop("PYTHONDONTWRITEBYTECODE", ""):
        os.environ["PYTHONPYCACHEPREFIX"] = str(VENV / "compilado")
    outcome: list[tuple[str, int, float]] = []
    for name, arguments in steps:
        print(f"── {name}", flush=True)
        started = time.monotonic()
        outcome.append((name, run([str(PYTHON), *arguments]), time.monotonic() - started))
    print("── resumo")
    for name, status, seconds in outcome:
        print(f"{'ok   ' if status == 0 else 'FALHA'}  {name} ({seconds:.1f} s)")
    return 1 if any(status for _, status, _ in outcome) else 0


def hand_over(arguments: list[str]) -> int:
    """Become the environment's Python; on Windows, where a process cannot be replaced, start it and wait."""
    if not WINDOWS:
        sys.stdout.flush()
        os.execv(PYTHON, [str(PYTHON), *arguments])
    return run([str(PYTHON), *arguments])


def run(command: list[str], *, quiet: bool = False) -> int:
    import subprocess

    silent = subprocess.DEVNULL if quiet else None
    return subprocess.run(command, stdout=silent, stderr=silent, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
