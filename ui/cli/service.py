"""`servico`: the automatic consultation, the service of the counters and their messages without a window."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any, Protocol

from app.domain import Authority
from app.folders import find_folders
from app.installation import VaultPlace, find_installation
from ui.cli.office import opened
from ui.cli.output import Status, note, write, write_json
from ui.cli.portuguese import UsageError
from ui.cli.problems import Refused

if TYPE_CHECKING:
    from app.settings.snapshot import Snapshot
    from services.background import ConsultationThread
    from services.backoffice import Backoffice
    from ui.cli.service_log import ServiceLog

_TASKS_MS = 30_000
_ONLY_WINDOWS = (
    "Só o Windows tem este serviço. No Linux, faça uma unidade do systemd que rode “retaguarda servico”, com o usuário "
    "que tem as senhas no chaveiro."
)


class Told(Protocol):
    """Who may tell the service to end."""

    @property
    def happened(self) -> bool:
        """Whether it did."""


def add(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "servico",
        help="faz a consulta automática e atende os balcões sem janela",
        description="Consulta os clientes que estão no prazo, faz as análises de crédito da fila, atende os balcões e "
        "envia as mensagens das ordens de serviço, pelas configurações, até ser encerrado (Ctrl+C). A SEFAZ, a ANP e "
        "as gerenciadoras são consultadas ao mesmo tempo, e só um computador por vez consulta cada uma.",
    )
    parser.set_defaults(run=run)
    parser.add_argument(
        "--autoridade",
        choices=[authority.value for authority in Authority],
        help="faz só a consulta desta (credito: as análises da fila); sem isso, tudo",
    )
    parser.add_argument(
        "--integracao",
        action="store_true",
        help="atende os balcões mesmo que a configuração “Atender os balcões neste computador” esteja desligada",
    )
    parser.add_argument(
        "--uma-vez",
        action="store_true",
        help="consulta quem está no prazo, e a fila, e termina: 1 se alguma consulta falhou",
    )
    parser.add_argument(
        "--json",
        action="store_true",
        help="com --uma-vez, um documento JSON ao fim; sem ele, um objeto JSON por linha, um por consulta",
    )
    parser.add_argument(
        "--como-servico",
        action="store_true",
        help="para o gerenciador de serviços do Windows, que inicia o programa assim (veja “servico instalar”)",
    )
    actions = parser.add_subparsers(title="serviço do Windows", metavar="AÇÃO", dest="acao")
    installing = actions.add_parser(
        "instalar",
        help="faz o Windows rodar o Retaguarda sem ninguém conectado",
        description="Instala o serviço do Windows, ou acerta o que já existe, leva as senhas para o cofre deste "
        "computador e inicia o serviço. O Retaguarda precisa ter sido instalado para todos os usuários, e quem roda o "
        "comando, ser administrador.",
    )
    installing.set_defaults(run=run_install)
    installing.add_argument(
        "--operadores",
        metavar="CONTA",
        action="append",
        default=[],
        help="usuário ou grupo que usa a janela neste computador: tem acesso aos dados e às senhas; pode repetir",
    )
    installing.add_argument("--nao-iniciar", action="store_true", help="deixa para iniciar com o computador")
    actions.add_parser(
        "remover", help="para o serviço do Windows e o remove", description="Os dados e as senhas ficam onde estão."
    ).set_defaults(run=run_remove)
    seeing = actions.add_parser(
        "estado",
        help="mostra o serviço do Windows: termina com 0 se ele está em execução",
        description="Qualquer usuário pode ver. Termina com 1 quando o serviço não está instalado ou não roda.",
    )
    seeing.set_defaults(run=run_state)
    seeing.add_argument("--json", action="store_true", help="responde em JSON")


def run(options: argparse.Namespace) -> Status:
    """Run until told to stop or, with --uma-vez, until nobody is due."""
    if options.uma_vez and options.integracao:
        raise UsageError("Com --uma-vez nenhum balcão é atendido: use --integracao sem ela.")
    if options.como_servico:
        from ui.cli.service_host import run_hosted

        return run_hosted(options)
    from PySide6.QtCore import QCoreApplication

    from ui.cli.service_log import ServiceLog
    from ui.interruption import Interruption

    application = QCoreApplication.instance() or QCoreApplication([])
    with Interruption() as interruption:
        interruption.came.connect(application.quit)
        again = True
        while again and not interruption.happened:
            with opened() as office:
                log = ServiceLog(threads_of(office, options), as_json=options.json, once=options.uma_vez)
                again = serve(office, log, options, interruption)
    if not options.uma_vez:
        return Status.DONE
    if options.json:
        write_json(log.document)
    return Status.INTERRUPTED if interruption.happened else log.status


def threads_of(office: Backoffice, options: argparse.Namespace) -> list[ConsultationThread]:
    """The services wanted, which `serve` begins and ends."""
    from services.background import CONSULTED, ConsultationThread

    wanted = [authority for authority in CONSULTED if options.autoridade in (None, authority.value)]
    return [ConsultationThread(office, authority, once=options.uma_vez) for authority in wanted]


def serve(office: Backoffice, log: ServiceLog, options: argparse.Namespace, told: Told) -> bool:
    """Work on this open program, inside Qt's loop, until it is quit; True when the data moved and is to be opened anew.

    `log` listens to the services.
    """
    from PySide6.QtCore import QCoreApplication

    from ui import tasks
    from ui.certificate_watch import CertificateWatch
    from ui.counter_desk import CounterDesk
    from ui.machine_watch import MachineWatch
    from ui.remembered import Remembered
    from ui.waking import Waking

    threads = log.threads
    certificates = CertificateWatch(office, Remembered(office.folders), "servico")
    certificates.passed.connect(log.say_certificate)
    certificates.start()
    snapshot = office.settings.load()
    desk = CounterDesk(office, snapshot)
    log.follow(desk)
    moved = False

    def wake_up() -> None:
        office.database.renew()
        for thread in threads:
            thread.woke_up()
        desk.wake_up()
        certificates.look()

    def take_settings(now: Snapshot) -> None:
        desk.take_snapshot(now)
        if desk.needs_restart:  # in the window a person is asked
            desk.restart()
        for thread in threads:
            thread.wake()

    def open_anew() -> None:
        nonlocal moved
        moved = True
        QCoreApplication.quit()

    waking = Waking()
    waking.woke.connect(wake_up)
    machine = MachineWatch(office, snapshot)
    machine.changed.connect(take_settings)
    machine.moved.connect(open_anew)
    waking.start()
    for thread in threads:
        thread.start()
    if not options.uma_vez:
        machine.start()
        if options.autoridade is None:
            desk.open()
    if options.integracao:
        desk.start()
    try:
        if not told.happened:
            QCoreApplication.exec()
    finally:
        machine.stop()
        waking.stop()
        certificates.stop()
        desk.close()
        for thread in threads:
            thread.stop()
        tasks.wait_all(_TASKS_MS)
    QCoreApplication.sendPostedEvents(desk)
    log.take_last_news()
    return moved


def run_install(options: argparse.Namespace) -> Status:
    """Have Windows run this program as a service, with the secrets where it finds them."""
    if sys.platform == "win32":
        from services import windows_access, windows_service
        from services.shared_vault import prepare_vault
        from ui.cli.secrets import carry_to_computer, shared
        from ui.own_command import WINDOW_EXECUTABLE

        installation, own, computer = shared()
        assert installation.folder is not None
        program = installation.folder / WINDOW_EXECUTABLE
        if not program.is_file():
            raise UsageError(f"Falta {program}, que é quem o Windows inicia: rode o instalador e escolha reparar.")
        operators = [windows_access.sid_of(account) for account in options.operadores]
        prepare_vault(installation, [windows_access.this_user(), *operators], service=True)
        different = carry_to_computer(installation, own, computer)
        if different:  # what the service uses is there: it is installed all the same
            note(different)
        for said in windows_service.install(program):
            note(said)
        note(f"O serviço “{windows_service.DISPLAY_NAME}” foi instalado e começa com o computador.")
        if options.nao_iniciar:
            return Status.DONE
        state = windows_service.start()
        if state.phase is not windows_service.WindowsServicePhase.RUNNING:
            raise Refused(
                f"O serviço foi instalado, mas não ficou em execução ({state.phase.label.lower()}, código "
                f"{state.exit_code}). O que houve está em registros\\servico.log, na pasta dos dados."
            )
        note("Ele está em execução.")
        return Status.DONE
    raise UsageError(_ONLY_WINDOWS)


def run_remove(_options: argparse.Namespace) -> Status:
    """Stop the service and have Windows forget it."""
    if sys.platform == "win32":
        from services import windows_service

        note("O serviço foi removido." if windows_service.remove() else "O serviço não estava instalado.")
        if find_installation().vault is VaultPlace.COMPUTER:
            note("As senhas continuam no cofre deste computador; “segredos usuario” as traz para o seu.")
        return Status.DONE
    raise UsageError(_ONLY_WINDOWS)


def run_state(options: argparse.Namespace) -> Status:
    """What Windows says of the service: 0 when it runs, 1 when it does not."""
    if sys.platform == "win32":
        from services import windows_service

        state = windows_service.state()
        installation = find_installation()
        if options.json:
            write_json(
                {
                    "estado": state.phase.value,
                    "processo": state.pid,
                    "codigo": state.exit_code,
                    "conta": state.account,
                    "comando": state.command,
                    "automatico": state.starts_alone,
                    "dados": str(find_folders().data),
                    "cofre": installation.vault.value,
                }
            )
        else:
            write(f"{state.phase.label}{f' (processo {state.pid})' if state.pid else ''}")
            if state.account:
                note(f"Conta: {state.account}. Comando: {state.command}")
        running = state.phase is windows_service.WindowsServicePhase.RUNNING
        return Status.DONE if running else Status.REFUSED
    raise UsageError(_ONLY_WINDOWS)
