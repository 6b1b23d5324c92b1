"""The command line as a whole: its parser, and how each thing that may go wrong ends it."""

from __future__ import annotations

import _thread
import argparse
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Timer

from app.version import VERSION
from ui import pages
from ui.cli import (
    anp,
    certificates,
    config,
    consult,
    consultations,
    counters,
    credit,
    customers,
    database,
    demo,
    diagnose,
    evaluate,
    records,
    secrets,
    service,
    updates,
    users,
)
from ui.cli.output import Status, note, note_failure, use_utf8, write_json
from ui.cli.portuguese import Parser
from ui.cli.problems import Problem, problem_of

_AGAIN_S = 0.05
_EPILOG = """\
Sem argumentos, abre a janela. “COMANDO --ajuda” mostra o que cada comando aceita.

Com --json, a resposta é um único documento JSON na saída padrão; as mensagens vão para a saída de erros.
Ao terminar: 0 feito; 1 a autoridade ou os dados dizem que não; 2 erro de uso ou de configuração; 3, com --encerrar, o
programa continua aberto.
"""


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit status. Problems are said in Portuguese."""
    use_utf8()
    options = argparse.Namespace()
    try:
        try:
            options = _parser().parse_args(arguments)
            with _interruptions_kept():
                return int(options.run(options))
        except BrokenPipeError:
            raise
        except KeyboardInterrupt:
            return _end(arguments, options, Problem(Status.INTERRUPTED, "Interrompido."))
        except Exception as error:  # noqa: BLE001  what nobody expected is said too, with its traceback
            return _end(arguments, options, problem_of(error))
    except SystemExit as end:  # --ajuda and --versao
        return int(end.code or 0)
    except BrokenPipeError:
        # Whoever was reading has left; Python would complain once more when it closes the output.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + getattr(signal, "SIGPIPE", 13)


@contextmanager
def _interruptions_kept() -> Iterator[None]:
    """Interrupt again when Ctrl+C came while an object was being done away with, where Python ignores what is raised
    (zeep's Transport.__del__ takes long enough for that to happen)."""
    before = sys.unraisablehook
    again: list[Timer] = []

    def look(ignored: sys.UnraisableHookArgs) -> None:
        if not issubclass(ignored.exc_type, KeyboardInterrupt):
            before(ignored)
            return
        for number in (signal.SIGINT, signal.SIGTERM):  # the demonstration takes either
            if signal.getsignal(number) is signal.default_int_handler:
                again.append(Timer(_AGAIN_S, _thread.interrupt_main, (number,)))  # at once it would be ignored here
                again[-1].daemon = True
                again[-1].start()
                return

    sys.unraisablehook = look
    try:
        yield
    finally:
        sys.unraisablehook = before
        for timer in again:
            timer.cancel()


def _end(arguments: Sequence[str], options: argparse.Namespace, problem: Problem) -> Status:
    if problem.usage:
        note(problem.usage.rstrip())
    if problem.failure is not None:
        note_failure(problem.failure)
    else:
        note(problem.sentence)
    if "--json" in arguments:
        if arguments[0] == consult.NAME:
            write_json(consult.error_document(problem, options, arguments))
        else:
            write_json({"erro": problem.sentence} | ({"erros": problem.errors} if problem.errors else {}))
    return problem.status


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="retaguarda",
        description="Consulta de clientes na SEFAZ e na ANP, análise de crédito, avaliação de pedidos e integração "
        "do balcão.",
        epilog=_EPILOG,
    )
    parser.set_defaults(run=_without_command)
    parser.add_argument("--versao", action="version", version=f"Retaguarda {VERSION}", help="mostra a versão e termina")
    parser.add_argument("--bandeja", action="store_true", help="começa na bandeja do sistema, sem mostrar a janela")
    parser.add_argument(
        "--pagina",
        metavar="PAGINA",
        choices=list(pages.BY_KEY),
        help=f"abre a janela nessa página: {', '.join(pages.BY_KEY)}",
    )
    parser.add_argument(
        "--encerrar",
        action="store_true",
        help="encerra o programa que está aberto nesta sessão e espera que termine; se há alterações não salvas, ele "
        "continua aberto e o comando termina com 3. O serviço do sistema não é parado",
    )
    commands = parser.add_subparsers(title="comandos", metavar="COMANDO", dest="comando")
    for family in (
        service,
        consult,
        consultations,
        diagnose,
        evaluate,
        config,
        customers,
        anp,
        credit,
        certificates,
        records,
        counters,
        users,
        secrets,
        database,
        updates,
        demo,
    ):
        family.add(commands)
    return parser


def _without_command(options: argparse.Namespace) -> int:
    if options.encerrar:
        return _end_open_one()
    from ui.window_app import run_here

    return run_here(start_in_tray=options.bandeja, page=options.pagina or "")


def _end_open_one() -> Status:
    from app.folders import find_folders
    from ui.ending import end_everything
    from ui.single_instance import CannotBeFirst, FirstDoesNotAnswer, WillNotEnd

    try:
        end_everything(find_folders().data)
    except (WillNotEnd, FirstDoesNotAnswer) as still:
        note(str(still))
        return Status.STILL_OPEN
    except CannotBeFirst as problem:
        note(str(problem))
        return Status.USAGE
    return Status.DONE
