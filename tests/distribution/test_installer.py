"""The set-up, tried under wine with a stand-in for the program: installs, repairs, upgrades, refuses and removes."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from distribution.installer import PARTS, SCRIPT, make_setup
from distribution.steps import Stopped
from distribution.wine_prefix import WinePrefix, until
from tests.distribution.stand_in_setup import PLACE, USER, make_stand_in_bundle

pytestmark = pytest.mark.wine

UNINSTALL = r"Software\Microsoft\Windows\CurrentVersion\Uninstall\Retaguarda"
RUN = r"Software\Microsoft\Windows\CurrentVersion\Run"
OLD, NEW = "0.0.9", "0.1.0"
_PATIENCE_S = 60.0


@pytest.fixture(scope="module")
def setups(tmp_path_factory: pytest.TempPathFactory, wine: WinePrefix) -> dict[str, str]:
    """Paths, as wine takes them, of the set-ups of two versions."""
    place = tmp_path_factory.mktemp("instaladores")
    old, new = make_stand_in_bundle(place / "velho", OLD), make_stand_in_bundle(place / "novo", NEW)
    (old / "programa" / "so_no_velho.py").write_text("", "utf-8")
    return {
        OLD: str(make_setup(old, place / "saida", OLD, fast=True)),
        NEW: str(make_setup(new, place / "saida", NEW, fast=True)),
    }


class Computer:
    """What the tests do with the set-ups, and where they look afterwards."""

    def __init__(self, wine: WinePrefix, setups: dict[str, str]) -> None:
        self.wine = wine
        self._setups = setups
        self.log = wine.drive / "instalar.log"

    def install(self, *switches: str, version: str = NEW, folder: str = "") -> int:
        # NSIS takes the folder without quotation marks; by parts, wine puts none around it.
        last = f"/D={folder}".split(" ") if folder else []
        status, _ = self.wine.run(self._setups[version], "/S", r"/LOG=C:\instalar.log", *switches, *last)
        return status

    def uninstall(self, folder: Path, *switches: str) -> None:
        self.wine.run(str(folder / "desinstalar.exe"), "/S", *switches)
        assert until(lambda: not (folder / "desinstalar.exe").exists(), _PATIENCE_S), self.said()

    def said(self) -> str:
        return self.log.read_text("utf-8") if self.log.exists() else "sem registro"

    def calls(self, folder: Path) -> str:
        calls = folder / "chamadas.txt"
        return calls.read_text("utf-8") if calls.exists() else ""

    def values(self, root: str, key: str) -> dict[str, str]:
        return self.wine.registry(rf"{root}\{key}") or {}


@pytest.fixture
def computer(wine: WinePrefix, setups: dict[str, str]) -> Iterator[Computer]:
    """A computer without the program, before and after."""
    found = Computer(wine, setups)
    found.log.unlink(missing_ok=True)
    yield found
    for root in ("HKCU", "HKLM"):
        wine.run("reg", "delete", rf"{root}\{UNINSTALL}", "/f")
        wine.run("reg", "delete", rf"{root}\{RUN}", "/v", "Retaguarda", "/f")
    for place in (PLACE, r"C:\Program Files\Retaguarda"):
        shutil.rmtree(wine.path(place), ignore_errors=True)
    for place in (rf"{USER}\AppData\Local\Retaguarda", r"C:\ProgramData\Retaguarda"):
        shutil.rmtree(wine.path(place), ignore_errors=True)


@pytest.fixture
def own(wine: WinePrefix) -> Path:
    """Where the program is installed for one user."""
    return wine.path(PLACE)


@pytest.fixture
def shared(wine: WinePrefix) -> Path:
    """Where the program is installed for everybody."""
    return wine.path(r"C:\Program Files\Retaguarda")


def _names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} if folder.is_dir() else set()


def test_the_same_bundle_gives_the_same_bytes(tmp_path: Path) -> None:
    first = make_stand_in_bundle(tmp_path / "um", NEW)
    second = tmp_path / "outra pasta"
    for path in sorted(first.rglob("*"), reverse=True):  # made in another order, at another time
        if path.is_file():
            target = second / path.relative_to(first)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
            os.utime(target, (1, 1))
    made = [make_setup(bundle, bundle.with_name(f"{bundle.name} feito"), NEW) for bundle in (first, second)]
    assert made[0].read_bytes() == made[1].read_bytes()
    digest = made[0].with_name(made[0].name + ".sha256").read_text("ascii")
    assert re.fullmatch(rf"[0-9a-f]{{64}}  Retaguarda-{re.escape(NEW)}-instalar\.exe\n", digest)


def test_everything_that_runs_is_signed_or_nothing_is_made(tmp_path: Path) -> None:
    bundle = make_stand_in_bundle(tmp_path / "pacote", NEW)
    signer, signed = tmp_path / "assinar.py", tmp_path / "assinados.txt"
    lines = (
        "import sys",
        f"open({str(signed)!r}, 'a').write(sys.argv[1] + '\\n')",
        "open(sys.argv[1], 'ab').write(b'assinado')",
    )
    signer.write_text("\n".join(lines))
    setup = make_setup(bundle, tmp_path / "saida", NEW, sign=f'{sys.executable} {signer} "{{arquivo}}"')
    names = [Path(line) for line in signed.read_text().splitlines()]
    assert names[:2] == [bundle / "Retaguarda.exe", bundle / "retaguarda-comando.exe"]
    assert len(names) == 4  # then the uninstaller, in a file of makensis, and the set-up
    assert names[3].name == setup.name
    assert setup.read_bytes().endswith(b"assinado")
    assert hashlib.sha256(setup.read_bytes()).hexdigest() in setup.with_name(setup.name + ".sha256").read_text()
    with pytest.raises(Stopped, match=r"\{arquivo\}"):
        make_setup(bundle, tmp_path / "saida", NEW, sign="assinar")
    signer.write_text(f"import sys\nsys.exit({setup.name!r} in sys.argv[1])\n")
    with pytest.raises(Stopped):
        make_setup(bundle, tmp_path / "outra saida", NEW, sign=f'{sys.executable} {signer} "{{arquivo}}"')
    assert not list((tmp_path / "outra saida").iterdir())


def test_what_is_no_bundle_is_refused(tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    with pytest.raises(Stopped, match="sobra ou falta LICENCA"):
        make_setup(tmp_path, tmp_path / "saida", NEW)


def test_the_script_changes_places_of_every_part() -> None:
    script = SCRIPT.read_text("utf-8")
    assert tuple(re.findall(r"!insertmacro \$\{action\} (\S+)", script)) == PARTS


def test_both_languages_say_everything() -> None:
    """The languages of a text are given together; here that no text of the pages is left in one language only."""
    used = set(re.findall(r"\$\((\w+)\)", SCRIPT.read_text("utf-8")))
    said = set(re.findall(r"!insertmacro Text (\w+)", SCRIPT.read_text("utf-8")))
    assert used == said


def test_installs_for_one_user(computer: Computer, own: Path) -> None:
    assert computer.install() == 0, computer.said()
    assert _names(own) == {*PARTS, "desinstalar.exe", "instalacao.json"}
    kept = json.loads((own / "instalacao.json").read_text("ascii"))
    assert kept == {"versao": NEW, "dados": "", "cofre": "usuario"}
    values = computer.values("HKCU", UNINSTALL)
    assert values["DisplayVersion"] == NEW
    assert values["InstallLocation"] == PLACE
    assert values["DisplayIcon"] == rf"{values['InstallLocation']}\Retaguarda.exe,0"
    assert values["QuietUninstallString"] == rf'"{values["InstallLocation"]}\desinstalar.exe" /S'
    files = [path for path in own.rglob("*") if path.is_file() and path.relative_to(own).parts[0] in PARTS]
    assert int(values["EstimatedSize"], 16) == sum(path.stat().st_size for path in files) // 1024
    run = computer.values("HKCU", RUN)["Retaguarda"]
    assert run == rf'"{values["InstallLocation"]}\Retaguarda.exe" --bandeja'
    assert computer.wine.registry(rf"HKLM\{UNINSTALL}") is None
    shortcuts = list(computer.wine.path(USER).rglob("Retaguarda.lnk"))
    assert len(shortcuts) == 1
    # The program and the folder in which it is started; wine keeps no identity for the taskbar.
    assert shortcuts[0].read_bytes().count("Retaguarda".encode("utf-16-le")) >= 2
    assert computer.calls(own) == ""  # nothing was running, nothing was asked for


def test_removes_all_but_the_data(computer: Computer, own: Path) -> None:
    assert computer.install() == 0
    data = computer.wine.path(rf"{USER}\AppData\Local\Retaguarda")
    data.mkdir()
    (data / "retaguarda.db").write_text("clientes", "utf-8")
    computer.uninstall(own)
    assert until(lambda: _names(own) <= {"chamadas.txt"}, _PATIENCE_S)
    assert "Retaguarda" not in computer.values("HKCU", RUN)
    assert computer.wine.registry(rf"HKCU\{UNINSTALL}") is None
    assert not list(computer.wine.path(USER).rglob("Retaguarda.lnk"))
    assert (data / "retaguarda.db").read_text("utf-8") == "clientes"


def test_removes_the_data_when_asked(computer: Computer, own: Path) -> None:
    assert computer.install() == 0
    data = computer.wine.path(rf"{USER}\AppData\Local\Retaguarda")
    data.mkdir()
    (data / "retaguarda.db").write_text("clientes", "utf-8")
    computer.uninstall(own, "/DADOS=apagar")
    assert until(lambda: not data.exists(), _PATIENCE_S)


def test_repairs_what_was_damaged(computer: Computer, own: Path) -> None:
    assert computer.install("/INICIAR=0") == 0
    shutil.rmtree(own / "site")
    (own / "python" / "conteudo.txt").write_text("estragado", "utf-8")
    assert computer.install() == 0, computer.said()
    assert (own / "site" / "conteudo.txt").read_text("utf-8") == NEW
    assert (own / "python" / "conteudo.txt").read_text("utf-8") == NEW
    assert "Retaguarda" not in computer.values("HKCU", RUN), "o que foi desligado continua desligado"
    assert "--encerrar" in computer.calls(own)


def test_upgrades_in_place(computer: Computer, wine: WinePrefix) -> None:
    place = r"C:\Programas do João\Retaguarda 0"
    assert computer.install(version=OLD, folder=place) == 0, computer.said()
    folder = wine.path(place)
    assert (folder / "programa" / "so_no_velho.py").exists()
    (folder / "anotações.txt").write_text("do usuário", "utf-8")
    assert computer.install() == 0, computer.said()
    assert (folder / "programa" / "conteudo.txt").read_text("utf-8") == NEW
    assert not (folder / "programa" / "so_no_velho.py").exists()
    assert (folder / "anotações.txt").read_text("utf-8") == "do usuário"
    assert not {"novo", "anterior"} & _names(folder)
    assert computer.values("HKCU", UNINSTALL)["DisplayVersion"] == NEW
    assert json.loads((folder / "instalacao.json").read_text("ascii"))["versao"] == NEW
    # And not back.
    assert computer.install(version=OLD) == 7
    assert NEW in computer.said()
    assert (folder / "programa" / "conteudo.txt").read_text("utf-8") == NEW
    computer.uninstall(folder)
    assert until(lambda: _names(folder) == {"anotações.txt", "chamadas.txt"}, _PATIENCE_S)


def test_a_program_that_stays_open_is_left_as_it_was(computer: Computer, own: Path) -> None:
    assert computer.install(version=OLD) == 0
    (own / "status.txt").write_text("3", "utf-8")
    assert computer.install() == 3
    assert "(3)" in computer.said()
    assert (own / "programa" / "conteudo.txt").read_text("utf-8") == OLD
    assert computer.values("HKCU", UNINSTALL)["DisplayVersion"] == OLD
    assert not {"novo", "anterior"} & _names(own)


def test_an_installation_cut_short_is_mended(computer: Computer, own: Path) -> None:
    assert computer.install(version=OLD) == 0
    (own / "anterior").mkdir()
    (own / "python").rename(own / "anterior" / "python")
    (own / "novo").mkdir()
    assert computer.install() == 0, computer.said()
    assert _names(own) - {"chamadas.txt"} == {*PARTS, "desinstalar.exe", "instalacao.json"}
    assert (own / "python" / "conteudo.txt").read_text("utf-8") == NEW


@pytest.mark.parametrize(
    "switch",
    [
        "/INICAR=0",
        "/INICIAR=sim",
        "/INICIAR",
        "/PORTA=0",
        "/PORTA=65536",
        "/PORTA=80x",
        "/SERVICO=1",
        "/OPERADORES=Vendas",
    ],
)
def test_a_wrong_switch_installs_nothing(computer: Computer, own: Path, switch: str) -> None:
    assert computer.install(switch) == 4
    assert not own.exists()
    assert switch.partition("=")[0] in computer.said()


def test_a_folder_of_something_else_is_left_alone(computer: Computer, wine: WinePrefix) -> None:
    other = wine.path(r"C:\Outro programa")
    (other / "python").mkdir(parents=True)
    (other / "python" / "meu.py").write_text("meu", "utf-8")
    assert computer.install(folder=r"C:\Outro programa") == 6
    assert _names(other) == {"python"}
    assert (other / "python" / "meu.py").read_text("utf-8") == "meu"
    assert r"C:\Outro programa" in computer.said()
    assert computer.install(folder="C:\\") == 6


def test_installs_for_everybody_with_settings_and_firewall(computer: Computer, shared: Path, own: Path) -> None:
    switches = (
        "/AllUsers",
        "/FIREWALL=1",
        "/PORTA=8090",
        "/BANCO_SERVIDOR=servidor da loja",
        "/BANCO_PORTA=5433",
        "/BANCO_NOME=retaguarda",
        "/BANCO_USUARIO=operação",
        "/BANCO_SSL=verify-full",
    )
    assert computer.install(*switches) == 0, computer.said()
    assert not own.exists()
    kept = json.loads((shared / "instalacao.json").read_text("ascii"))
    assert kept == {"versao": NEW, "dados": r"C:\ProgramData\Retaguarda", "cofre": "usuario"}
    assert computer.values("HKLM", UNINSTALL)["FirewallPort"] == "8090"
    assert computer.values("HKLM", RUN)["Retaguarda"].endswith('Retaguarda.exe" --bandeja')
    call = computer.calls(shared)
    assert "segredos permitir S-1-5-32-545" in call
    assert "config gravar balcao.porta_integracao=8090 balcao.banco_tipo=servidor" in call
    assert '"balcao.servidor=servidor da loja" balcao.porta_banco=5433 "balcao.banco_nome=retaguarda"' in call
    assert '"balcao.banco_usuario=operação" "balcao.banco_ssl=verify-full"' in call
    said = computer.said()
    assert r'program="C:\Program Files\Retaguarda\Retaguarda.exe" protocol=TCP localport=8090' in said
    assert "configurações: 0" in said  # what the program says, in its own letters
    # A later one without switches changes none of this, and an installation for one user is not put beside it.
    assert computer.install() == 0
    assert computer.values("HKLM", UNINSTALL)["FirewallPort"] == "8090"
    assert computer.install("/CurrentUser") == 7
    # Where the passwords are is said by the program, in its own way, and stays.
    (shared / "instalacao.json").write_text(json.dumps({**kept, "cofre": "computador"}, indent=2), "utf-8")
    assert computer.install() == 0
    assert json.loads((shared / "instalacao.json").read_text("ascii")) == {**kept, "cofre": "computador"}
    computer.uninstall(shared)
    assert until(lambda: _names(shared) <= {"chamadas.txt"}, _PATIENCE_S)
    assert computer.wine.registry(rf"HKLM\{UNINSTALL}") is None
    assert "Retaguarda" not in computer.values("HKLM", RUN)


def test_the_service_and_who_uses_its_passwords(computer: Computer, shared: Path) -> None:
    assert computer.install("/AllUsers", "/SERVICO=1", r"/OPERADORES=LOJA\Vendas do dia;Gerência") == 0, computer.said()
    call = computer.calls(shared)
    assert r'segredos permitir "LOJA\Vendas do dia" "Gerência"' in call
    assert r'servico instalar --operadores "LOJA\Vendas do dia" --operadores "Gerência"' in call
    (shared / "status.txt").write_text("2", "utf-8")
    assert computer.install("/AllUsers", "/SERVICO=1") == 10


def test_nobody_else_may_replace_what_all_start(computer: Computer, wine: WinePrefix) -> None:
    """Outside Program Files the folder would take over from the disk's root that every user may write there."""
    place = r"C:\Programas de João"
    assert computer.install("/AllUsers", folder=place) == 0, computer.said()
    said = computer.said()
    asked = [said.index(rf'icacls.exe" "{place}" /{what}') for what in ("setowner", "reset", "inheritance:r")]
    assert asked == sorted(asked)
    assert "*S-1-5-18:(OI)(CI)F *S-1-5-32-544:(OI)(CI)F *S-1-5-32-545:(OI)(CI)RX\n" in said.replace("\r", "")
    computer.uninstall(wine.path(place))
    assert computer.install("/AllUsers") == 0
    assert "icacls" not in computer.said(), "Program Files has its own permissions"


def test_settings_that_the_program_refuses_are_told(computer: Computer, shared: Path, wine: WinePrefix) -> None:
    assert computer.install("/AllUsers") == 0
    (shared / "status.txt").write_text("2", "utf-8")
    assert computer.install("/AllUsers", "/PORTA=8090") == 9
    assert "configurações: 2" in computer.said()
