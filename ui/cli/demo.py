"""`demo`: the whole program on made-up data and a SEFAZ on this computer."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.domain import Origin, Request
from ui.cli.output import Status, note, write_table

if TYPE_CHECKING:
    from app.folders import Folders

PICTURES = Path("build") / "demo"
_OPENING_S = 60


def add(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "demo",
        help="mostra o programa inteiro com dados inventados e uma SEFAZ neste computador",
        description="Cria uma empresa, 40 clientes, um certificado e uma SEFAZ, tudo neste computador e de mentira, "
        "e abre a janela. Nada chega aos dados nem às senhas de verdade, e tudo é apagado ao fim.",
    )
    parser.set_defaults(run=run)
    parser.add_argument(
        "--sem-janela",
        action="store_true",
        help="consulta todos os clientes, mostra os resultados e grava imagens das telas; "
        "é o que acontece quando não há tela",
    )
    parser.add_argument(
        "--pasta", metavar="PASTA", type=Path, default=PICTURES, help=f"onde gravar as imagens ({PICTURES})"
    )


def run(options: argparse.Namespace) -> Status:
    """Build the example, show it, and leave nothing behind."""
    from services.demo.demonstration import demonstration

    without_window = options.sem_janela or not _has_screen()
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl+C, so that everything is cleaned up
    try:
        note("Preparando a demonstração…")
        with demonstration(automatic=not without_window) as demo:
            if without_window:
                _consult_all(demo.folders)
                _take_pictures(demo.folders, options.pasta)
                return Status.DONE
            return _show_window(demo.folders)
    finally:
        signal.signal(signal.SIGTERM, before)


def _has_screen() -> bool:
    if os.environ.get("QT_QPA_PLATFORM") in ("offscreen", "minimal"):
        return False
    return sys.platform in ("win32", "darwin") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _show_window(folders: Folders) -> Status:
    from ui.window_app import run_window

    status = Status(run_window(folders, is_demo=True))
    if status is Status.INTERRUPTED:
        raise KeyboardInterrupt  # for the command line to say, once the example is gone
    return status


def _consult_all(folders: Folders) -> None:
    """The same consultations that the window would make, one after the other."""
    from app.data import customers
    from services.consultation import NotAsked
    from services.demo.demonstration import open_demonstration

    office = open_demonstration(folders)
    try:
        snapshot = office.settings.load()
        with office.database.reading() as connection:
            query = customers.Query(order=customers.Order.UF)
            subjects = customers.page(connection, query, 0, customers.count(connection, query))
        lines = []
        for number, row in enumerate(subjects, 1):
            note(f"Consultando {number} de {len(subjects)}: {row.name}")
            request = Request(row.document, row.uf, Origin.COMMAND, office.actor, apply=True, customer_id=row.id)
            try:
                result = office.sefaz.run(request, snapshot)
            except NotAsked as refused:
                lines.append([row.uf, str(row.document), row.name, "Não consultado", refused.failure.what, ""])
            else:
                finding = result.finding
                reason = finding.failure.what if finding.failure else finding.reason
                lines.append(
                    [
                        row.uf,
                        str(row.document),
                        row.name,
                        finding.verdict.label,
                        reason,
                        result.decision.why.split(". ")[0].rstrip("."),
                    ]
                )
        write_table(("UF", "Documento", "Cliente", "Resultado", "Motivo", "Decisão"), lines)
    finally:
        office.close()


def _take_pictures(folders: Folders, target: Path) -> None:
    """Pictures of both settings screens and of the customers page, drawn without a screen."""
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from ui import pages, tasks, theme
    from ui.window_app import WindowProgram

    application = theme.application()
    theme.apply(application)
    program = WindowProgram(folders, is_demo=True)

    def settle() -> None:
        for _ in range(5):  # what a task brings may start another
            tasks.wait_all(10_000)
            application.processEvents()

    try:
        target.mkdir(parents=True, exist_ok=True)
        program.window.resize(1280, 800)
        program.start()
        deadline = time.monotonic() + _OPENING_S
        while program.office is None and time.monotonic() < deadline:
            settle()
        for key in (pages.PROFILES, pages.INTEGRATION, pages.CUSTOMERS):
            program.window.open_page(key)
            settle()
            picture = target / f"{key}.png"
            program.window.grab().save(str(picture))
            note(f"Imagem gravada: {picture}")
    finally:
        program.quit()
        settle()
