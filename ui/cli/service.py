"""`servico`: the automatic consultation, the service of the counters and their messages without a window."""

from __future__ import annotations

import argparse
from typing import Any

from app.domain import Authority
from ui.cli.office import opened
from ui.cli.output import Status, write_json
from ui.cli.portuguese import UsageError


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


_TASKS_MS = 30_000


def run(options: argparse.Namespace) -> Status:
    """Run until told to stop or, with --uma-vez, until nobody is due."""
    from PySide6.QtCore import QCoreApplication

    from services.background import CONSULTED, ConsultationThread
    from ui import tasks
    from ui.certificate_watch import CertificateWatch
    from ui.cli.service_log import ServiceLog
    from ui.counter_desk import CounterDesk
    from ui.interruption import Interruption
    from ui.remembered import Remembered
    from ui.waking import Waking

    if options.uma_vez and options.integracao:
        raise UsageError("Com --uma-vez nenhum balcão é atendido: use --integracao sem ela.")
    wanted = [authority for authority in CONSULTED if options.autoridade in (None, authority.value)]
    application = QCoreApplication.instance() or QCoreApplication([])
    with opened() as office, Interruption() as interruption:
        interruption.came.connect(application.quit)
        threads = [ConsultationThread(office, authority, once=options.uma_vez) for authority in wanted]
        log = ServiceLog(threads, as_json=options.json, once=options.uma_vez)
        certificates = CertificateWatch(office, Remembered(office.folders), "servico")
        certificates.passed.connect(log.say_certificate)
        certificates.start()
        desk = CounterDesk(office, office.settings.load())
        log.follow(desk)

        def wake_up() -> None:
            office.database.renew()
            for thread in threads:
                thread.woke_up()
            desk.wake_up()
            certificates.look()

        waking = Waking()
        waking.woke.connect(wake_up)
        waking.start()
        for thread in threads:
            thread.start()
        if not options.uma_vez and options.autoridade is None:
            desk.open()
        if options.integracao:
            desk.start()
        try:
            application.exec()
        finally:
            waking.stop()
            certificates.stop()
            desk.close()
            for thread in threads:
                thread.stop()
            tasks.wait_all(_TASKS_MS)
        QCoreApplication.sendPostedEvents(desk)
        log.take_last_news()
    if not options.uma_vez:
        return Status.DONE
    if options.json:
        write_json(log.document)
    return Status.INTERRUPTED if interruption.happened else log.status
