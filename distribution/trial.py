"""Tries the set-up as a person would, under wine: `python3 dev.py windows --testar`. One line a check, `ok` or `FALHA`.

It installs an older version, works with it, upgrades it while it is open, repairs it and removes it, looking at files,
registry and screen after each step. Wine's exit codes are not enough for any of it. What wine cannot show is not tried
here and is said in docs/instalacao-windows.md.
"""

from __future__ import annotations

import argparse
import json
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from app.version import VERSION
from distribution.installer import PARTS, make_setup, setup_name
from distribution.screen import Screen, detail, difference
from distribution.steps import ROOT, Stopped
from distribution.wine_prefix import STUB_NAMES, STUBS, WinePrefix, compile_for_windows, until

OLDER = "0.0.1"
"""The version number that the older set-up of the trial carries; its files are the same."""

OUTPUT = ROOT / "build" / "windows"

_KEY = r"Software\Microsoft\Windows\CurrentVersion\Uninstall\Retaguarda"
_RUN = r"Software\Microsoft\Windows\CurrentVersion\Run"
_INTERNET = r"Software\Microsoft\Windows\CurrentVersion\Internet Settings"
_SERVICE = r"HKLM\SYSTEM\CurrentControlSet\Services\Retaguarda"
_LOG = r"C:\instalar.log"
_PATIENCE_S = 90.0
_DEMO_S = 900.0
_LEAST_DETAIL = 0.03
"""Of the whole screen's picture: the window while it opens its database has half of that, a page of settings more."""

_LEAST_DIFFERENCE = 0.02
_COMPANY = "Distribuidora da Experiência"


class Failed(Exception):
    """A check did not find what it should; the text says what it found."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Try a bundle and its set-up; 0 when every check passed, 1 when one failed or the trial could not be made."""
    parser = argparse.ArgumentParser(prog="python3 dev.py windows --testar", add_help=False)
    parser.add_argument("-h", "--help", "--ajuda", action="help", help="mostra esta ajuda")
    parser.add_argument(
        "--saida", type=Path, default=OUTPUT, metavar="PASTA", help="onde estão o pacote e o instalador (build/windows)"
    )
    options = parser.parse_args(arguments)
    try:
        with tempfile.TemporaryDirectory(prefix="retaguarda-", ignore_cleanup_errors=True) as temporary:
            return _try(options.saida, Path(temporary))
    except Stopped as stopped:
        print(stopped, file=sys.stderr)
        return 1


def _try(output: Path, temporary: Path) -> int:
    bundle, setup = output / "Retaguarda", output / setup_name(VERSION)
    if not setup.exists():
        setup = make_setup(bundle, temporary, VERSION, fast=True)
    older = make_setup(bundle, temporary, OLDER, fast=True)
    with Screen() as screen, WinePrefix(temporary / "wine", screen.display) as wine:
        trial = Trial(bundle, older, setup, wine, screen, output / "imagens")
        failures = 0
        for name, check in trial.checks():
            started = time.monotonic()
            try:
                check()
            except (Failed, Stopped, OSError, ValueError, KeyError) as failure:
                failures += 1
                print(f"FALHA  {name}: {type(failure).__name__}: {failure}", flush=True)
            else:
                print(f"ok     {name} ({time.monotonic() - started:.1f} s)", flush=True)
    print(f"Imagens em {output / 'imagens'}." if failures == 0 else f"Falhas: {failures}.")
    return 1 if failures else 0


class Trial:
    """The checks, in the order in which they follow from one another."""

    def __init__(
        self, bundle: Path, older: Path, setup: Path, wine: WinePrefix, screen: Screen, pictures: Path
    ) -> None:
        self._bundle = bundle
        self._older = str(older)
        self._setup = str(setup)
        self._wine = wine
        self._screen = screen
        self._pictures = pictures
        [self._user] = [path for path in (wine.drive / "users").iterdir() if path.name != "Public"]
        self._folder = self._user / "AppData" / "Local" / "Programs" / "Retaguarda"
        self._data = self._user / "AppData" / "Local" / "Retaguarda"
        self._shared = wine.path(r"C:\Program Files\Retaguarda")

    def checks(self) -> tuple[tuple[str, Callable[[], None]], ...]:
        """Name and deed of each."""
        return (
            ("uma opção desconhecida não instala nada", self.refuse),
            ("instalação silenciosa da versão anterior", self.install_older),
            ("arquivos: os do pacote, nenhum a mais", self.look_at_files),
            ("registro, menu Iniciar e início com a sessão", self.look_at_registry),
            ("linha de comando e gravação dos dados", self.work),
            ("senha no Gerenciador de Credenciais", self.keep_password),
            ("saída pelo proxy do Windows", self.go_out),
            ("demonstração: consultas à SEFAZ e à ANP", self.consult),
            ("a janela abre na página Perfis de clientes", self.open_profiles),
            ("um segundo início leva a mesma janela à página Integração", self.open_integration),
            ("ícone na bandeja", self.look_at_tray),
            ("a barra de tarefas recomeça, e o ícone é posto de novo", self.restart_taskbar),
            ("atualização com o programa aberto", self.upgrade),
            ("a atualização guardou dados, configurações e senhas", self.look_at_data),
            ("início na bandeja, sem janela, e encerramento pedido", self.start_in_tray),
            ("a sessão termina com a janela aberta, e tudo para em ordem", self.end_session),
            ("a sessão termina com o programa só na bandeja, e tudo para em ordem", self.end_session_in_tray),
            ("reparo", self.repair),
            ("uma versão anterior não toma o lugar da nova", self.refuse_older),
            ("desinstalação: só os dados ficam", self.uninstall),
            ("de volta, com as senhas que ficaram; removida com os dados, nem elas ficam", self.erase),
            ("instalação para todos, com o serviço", self.install_for_everybody),
            ("o serviço roda e para", self.run_service),
            ("desinstalação com os dados", self.uninstall_everything),
        )

    # --- the set-up ---

    def refuse(self) -> None:
        """An administrator's misspelt switch is told, not passed over."""
        status, _ = self._wine.run(self._setup, "/S", "/INICAR=0")
        _expect(status == 4, f"o instalador terminou com {status}")
        _expect(not self._folder.exists(), "a pasta foi criada")

    def install_older(self) -> None:
        """As a user would by default, in silence."""
        self._install(self._older)
        self._expect_version(self._folder, OLDER)

    def look_at_files(self) -> None:
        """Each file of the bundle, byte for byte as long; none of the stubs."""
        wanted = {path.relative_to(self._bundle): path.stat().st_size for path in _files(self._bundle)}
        found = {path.relative_to(self._folder): path.stat().st_size for path in _files(self._folder)}
        missing = sorted(str(name) for name, size in wanted.items() if found.get(name) != size)
        _expect(not missing, f"faltam ou diferem {len(missing)}: {', '.join(missing[:5])}")
        more = {name.as_posix() for name in found.keys() - wanted.keys()}
        _expect(more == {"instalacao.json", "desinstalar.exe"}, f"a mais: {sorted(more)[:5]}")
        stubs = [name for name in STUB_NAMES for path in found if path.name.lower() == f"{name}.dll"]
        _expect(not stubs, f"o pacote traz {', '.join(stubs)}, que é só da experiência")

    def look_at_registry(self) -> None:
        """What Windows shows in its list of programs, and starts."""
        values = self._wine.registry(rf"HKCU\{_KEY}") or {}
        place = values.get("InstallLocation", "")
        _expect(self._wine.path(place).resolve() == self._folder.resolve(), f"InstallLocation diz {place!r}")
        for name, wanted in {
            "DisplayName": "Retaguarda",
            "DisplayVersion": OLDER,
            "DisplayIcon": rf"{place}\Retaguarda.exe,0",
            "UninstallString": rf'"{place}\desinstalar.exe"',
            "QuietUninstallString": rf'"{place}\desinstalar.exe" /S',
        }.items():
            _expect(values.get(name) == wanted, f"{name} diz {values.get(name)!r}")
        said, real = int(values["EstimatedSize"], 16) * 1024, sum(path.stat().st_size for path in _files(self._bundle))
        _expect(abs(said - real) < real / 50, f"EstimatedSize diz {said}")
        run = (self._wine.registry(rf"HKCU\{_RUN}") or {}).get("Retaguarda")
        _expect(run == rf'"{place}\Retaguarda.exe" --bandeja', f"o início com a sessão diz {run!r}")
        shortcuts = list(self._user.rglob("Retaguarda.lnk"))
        _expect(len(shortcuts) == 1, f"{len(shortcuts)} atalhos")
        target = rf"{place}\Retaguarda.exe".encode("utf-16-le")
        _expect(target in shortcuts[0].read_bytes(), "o atalho não abre o programa")

    # --- the program ---

    def work(self) -> None:
        """The command line, a record and a setting, which the upgrade must keep."""
        said = self._command("--versao")
        _expect(said.strip() == f"Retaguarda {VERSION}", said)
        self._command("cadastros", "empresas", "incluir", "cnpj=11222333000181", f"nome={_COMPANY}", "uf=SP")
        self._command("config", "gravar", "balcao.porta_integracao=8099")
        _expect((self._data / "retaguarda.db").exists(), f"não há retaguarda.db em {self._data}")

    def keep_password(self) -> None:
        """keyring over Windows' own vault."""
        self._command("config", "senha-banco", told="segredo da experiência\n")
        self._expect_password()

    def go_out(self) -> None:
        """By the proxy in Windows' settings, which here asks for what the program does not do."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            address = f"127.0.0.1:{listener.getsockname()[1]}"
            thread = threading.Thread(target=_refuse_way, args=(listener,), name="proxy", daemon=True)
            thread.start()
            for name, kind, value in (("ProxyEnable", "REG_DWORD", "1"), ("ProxyServer", "REG_SZ", address)):
                self._wine.run("reg", "add", rf"HKCU\{_INTERNET}", "/v", name, "/t", kind, "/d", value, "/f")
            program = str(self._folder / "retaguarda-comando.exe")
            _, said = self._wine.run(program, "diagnostico", "internet", "--json", timeout_s=_PATIENCE_S)
            self._wine.run("reg", "add", rf"HKCU\{_INTERNET}", "/v", "ProxyEnable", "/t", "REG_DWORD", "/d", "0", "/f")
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()
        found = json.loads(said)
        proxy = found["passos"][0]["encontrado"]
        _expect(proxy == f"{address}: o endereço vem das configurações de rede do Windows.", proxy)
        _expect("exige uma identificação que este programa não faz" in found["resumo"], found["resumo"])

    def consult(self) -> None:
        """The whole demonstration: 40 customers at a SEFAZ and an ANP of this computer, over mutual TLS."""
        said = self._command("demo", "--sem-janela", "--pasta", r"C:\demonstracao", timeout_s=_DEMO_S)
        _expect(re.search(r"Posto \S+.*Habilitado +A inscrição \d+ está habilitada", said) is not None, said[-2000:])
        pages = self._wine.drive / "demonstracao"
        _expect((pages / "perfis.png").exists() and (pages / "integracao.png").exists(), "faltam as imagens")

    def open_profiles(self) -> None:
        """The window, drawn by Windows' own platform of Qt."""
        self._wine.start(str(self._folder / "Retaguarda.exe"), "--pagina", "perfis")
        _expect(until(lambda: self._screen.windows("Retaguarda"), _PATIENCE_S), "a janela não apareceu")
        self._expect_drawn("perfis")

    def open_integration(self) -> None:
        """The first one shows the page that the second one was asked for."""
        before = self._screen.picture(self._pictures / "perfis.png")
        self._wine.run(str(self._folder / "Retaguarda.exe"), "--pagina", "integracao", timeout_s=_PATIENCE_S)

        def changed() -> bool:
            now = self._screen.picture(self._pictures / "integracao.png")
            return difference(before, now) > _LEAST_DIFFERENCE

        _expect(until(changed, _PATIENCE_S), "a tela não mudou")
        self._expect_drawn("integracao")
        _expect(len(self._screen.windows("Retaguarda")) == 1, "há mais de uma janela")

    def look_at_tray(self) -> None:
        """Beside the clock."""
        _expect(until(lambda: self._screen.tray_icons() == 1, _PATIENCE_S), f"{self._screen.tray_icons()} ícones")

    def restart_taskbar(self) -> None:
        """Explorer ended and came back, empty: what Windows then tells everybody puts the icon there again."""
        status, said = self._session("barra")
        _expect(status == 0 and "incluir" in said.split(), f"o que se pediu à barra: {said.split()}")

    def upgrade(self) -> None:
        """The open program ends in order, and every file is replaced."""
        started = time.monotonic()
        self._install(self._setup)
        print(f"       atualizou em {time.monotonic() - started:.0f} s", flush=True)
        _expect(not self._screen.windows("Retaguarda"), "a janela continua aberta")
        self._expect_version(self._folder, VERSION)
        _expect(
            (self._wine.registry(rf"HKCU\{_KEY}") or {})["DisplayVersion"] == VERSION, "o registro diz outra versão"
        )
        left = {path.name for path in self._folder.iterdir()} - {*PARTS, "instalacao.json", "desinstalar.exe"}
        _expect(not left, f"sobrou {', '.join(left)}")

    def look_at_data(self) -> None:
        """What `work` and `keep_password` left."""
        companies = json.loads(self._command("cadastros", "empresas", "listar", "--json"))
        _expect(_COMPANY in json.dumps(companies, ensure_ascii=False), f"empresas: {companies}")
        port = self._command("config", "ler", "balcao.porta_integracao").strip()
        _expect(port == "8099", f"a porta é {port}")
        self._expect_password()

    def start_in_tray(self) -> None:
        """As with the session, and away when asked."""
        self._wine.start(str(self._folder / "Retaguarda.exe"), "--bandeja")
        _expect(until(lambda: self._screen.tray_icons() == 1, _PATIENCE_S), f"{self._screen.tray_icons()} ícones")
        _expect(not self._screen.windows("Retaguarda"), "a janela abriu")
        self._command("--encerrar")
        _expect(until(lambda: self._screen.tray_icons() == 0, _PATIENCE_S), "o ícone continua na bandeja")

    def end_session(self) -> None:
        """Nothing is unsaved: the program agrees, and has closed its data when the message that ends it returns."""
        program = self._wine.start(str(self._folder / "Retaguarda.exe"), "--pagina", "perfis")
        _expect(until(lambda: self._screen.windows("Retaguarda"), _PATIENCE_S), "a janela não apareceu")
        self._end_session(program)

    def end_session_in_tray(self) -> None:
        """Windows asks windows, and none was shown yet."""
        self._end_session(self._wine.start(str(self._folder / "Retaguarda.exe"), "--bandeja"))

    def repair(self) -> None:
        """The set-up of the same version again, over an installation with holes."""
        library = next((self._folder / "python").glob("python3??.dll"))
        library.unlink()
        (self._folder / "programa" / "main.py").write_text("estragado", "utf-8")
        self._install(self._setup)
        self.look_at_files()
        _expect(self._command("--versao").strip() == f"Retaguarda {VERSION}", "o programa não responde")

    def refuse_older(self) -> None:
        """Its database may be newer than an older program knows."""
        status, _ = self._wine.run(self._older, "/S")
        _expect(status == 7, f"o instalador terminou com {status}")
        self._expect_version(self._folder, VERSION)

    def uninstall(self) -> None:
        """Nothing of it stays but the data."""
        self._remove(self._folder)
        _expect(until(lambda: not self._folder.exists(), _PATIENCE_S), f"ficou {_names(self._folder)}")
        _expect(self._wine.registry(rf"HKCU\{_KEY}") is None, "o registro ainda o mostra")
        _expect("Retaguarda" not in (self._wine.registry(rf"HKCU\{_RUN}") or {}), "ainda inicia com a sessão")
        _expect(not list(self._user.rglob("Retaguarda.lnk")), "o atalho ficou")
        _expect((self._data / "retaguarda.db").exists(), "os dados foram apagados")

    def erase(self) -> None:
        """A later installation finds what stayed; /DADOS=apagar leaves nothing of this user's."""
        self._install(self._setup)
        self._expect_password()
        self._remove(self._folder, "/DADOS=apagar")
        _expect(until(lambda: not self._data.exists(), _PATIENCE_S), "os dados ficaram")
        kept = r"HKCU\Software\Wine\Credential Manager\Generic: Retaguarda"  # where wine has what Windows hides
        _expect(until(lambda: self._wine.registry(kept) is None, _PATIENCE_S), "a senha ficou")

    # --- everybody's ---

    def install_for_everybody(self) -> None:
        """For the whole computer, with its service and a rule of the firewall."""
        self._install(self._setup, "/AllUsers", "/SERVICO=1", "/FIREWALL=1", "/PORTA=8098")
        self._expect_version(self._shared, VERSION)
        kept = json.loads((self._shared / "instalacao.json").read_text("utf-8"))
        _expect(kept["dados"] == r"C:\ProgramData\Retaguarda" and kept["cofre"] == "computador", f"{kept}")
        service = self._wine.registry(_SERVICE) or {}
        _expect(
            service.get("ImagePath", "").endswith(r'\Retaguarda.exe" servico --como-servico'), f"serviço: {service}"
        )
        values = self._wine.registry(rf"HKLM\{_KEY}") or {}
        _expect(values.get("FirewallPort") == "8098", "a regra do firewall não foi pedida")

    def run_service(self) -> None:
        """Windows' manager of services starts it, and stops it."""
        command = str(self._shared / "retaguarda-comando.exe")

        def runs() -> bool:
            return self._wine.run(command, "servico", "estado")[0] == 0

        _expect(until(runs, _PATIENCE_S), self._wine.run(command, "servico", "estado")[1])
        self._wine.run("net", "stop", "Retaguarda", timeout_s=_PATIENCE_S)
        _expect(until(lambda: not runs(), _PATIENCE_S), "o serviço não parou")

    def uninstall_everything(self) -> None:
        """With /DADOS=apagar nothing is left."""
        self._remove(self._shared, "/DADOS=apagar")
        data = self._wine.path(r"C:\ProgramData\Retaguarda")
        _expect(until(lambda: not self._shared.exists() and not data.exists(), _PATIENCE_S), "ficaram arquivos")
        _expect(until(lambda: self._wine.registry(_SERVICE) is None, _PATIENCE_S), "o serviço ficou no registro")
        _expect(self._wine.registry(rf"HKLM\{_KEY}") is None, "o registro ainda o mostra")

    # --- how ---

    def _session(self, what: str) -> tuple[int, str]:
        """What Windows does to an open program: the exit code and what tests/distribution/wine/session.c says."""
        program = self._wine.drive / "sessao.exe"
        if not program.exists():
            compile_for_windows(STUBS / "session.c", program)
        return self._wine.run(str(program), what, timeout_s=_PATIENCE_S)

    def _end_session(self, program: subprocess.Popen[bytes]) -> None:
        journal = self._data / "retaguarda.db-wal"
        _expect(until(journal.exists, _PATIENCE_S), "o banco não abriu")
        _, said = self._session("fim")
        _expect(said.split() == ["sim"], f"o programa respondeu {said.split()}")
        _expect(not journal.exists(), "o banco não foi fechado")
        _expect(until(lambda: program.poll() is not None, _PATIENCE_S), "o programa não terminou")

    def _install(self, setup: str, *switches: str) -> None:
        status, _ = self._wine.run(setup, "/S", f"/LOG={_LOG}", *switches, timeout_s=_DEMO_S)
        log = self._wine.path(_LOG)
        said = log.read_text("utf-8") if log.exists() else "sem registro"
        _expect(status == 0, f"o instalador terminou com {status}:\n{said}")

    def _remove(self, folder: Path, *switches: str) -> None:
        self._wine.run(str(folder / "desinstalar.exe"), "/S", *switches)  # returns at once: a copy of it goes on
        _expect(until(lambda: not (folder / "desinstalar.exe").exists(), _PATIENCE_S), "o desinstalador não terminou")

    def _command(self, *arguments: str, told: str = "", timeout_s: float = _PATIENCE_S) -> str:
        program = str(self._folder / "retaguarda-comando.exe")
        status, said = self._wine.run(program, *arguments, told=told, timeout_s=timeout_s)
        _expect(status == 0, f"{' '.join(arguments)} terminou com {status}:\n{said[-2000:]}")
        return said

    def _expect_version(self, folder: Path, version: str) -> None:
        kept = json.loads((folder / "instalacao.json").read_text("utf-8"))
        _expect(kept["versao"] == version, f"instalacao.json diz {kept['versao']}")

    def _expect_password(self) -> None:
        said = json.loads(self._command("segredos", "listar", "--json"))
        _expect(said["cofre"] == "usuario" and len(said["segredos"]) == 1, f"{said}")

    def _expect_drawn(self, page: str) -> None:
        file = self._pictures / f"{page}.png"
        seen = []

        def still() -> bool:
            seen.append(self._screen.picture(file))
            return len(seen) > 1 and difference(*seen[-2:]) == 0 and detail(seen[-1]) >= _LEAST_DETAIL

        _expect(until(still, _PATIENCE_S), f"a página não ficou pronta ({detail(seen[-1]):.3f}); veja {file}")


def _refuse_way(listener: socket.socket) -> None:
    """Ask whoever connects for what only Windows' own programs show, until the listener is shut down."""
    answer = b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: NTLM\r\nContent-Length: 0\r\n\r\n"
    with suppress(OSError):
        while True:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(answer)


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def _names(folder: Path) -> str:
    return ", ".join(sorted(path.name for path in folder.iterdir())) if folder.is_dir() else ""


def _expect(true: object, otherwise: str) -> None:
    if not true:
        raise Failed(otherwise)


if __name__ == "__main__":
    sys.exit(main())
