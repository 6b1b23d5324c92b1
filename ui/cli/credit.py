"""`credito`: credit analyses: asked for, listed and shown, their queue, and the credentials of the gerenciadoras."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.credit_analysis import AnalysisOutcome, AnalysisState
from app.documents import InvalidDocument, parse_document
from app.policies import Environment
from app.portuguese import calendar_day, counted, exact
from app.settings.catalog import CREDIT_ENVIRONMENT
from ui.cli import credit_credentials
from ui.cli.credit_credentials import manager_of
from ui.cli.credit_words import HEADERS, line_of, more_document, row_document, show
from ui.cli.office import opened, write_file
from ui.cli.output import Status, note, write, write_json, write_table
from ui.cli.portuguese import UsageError, positive
from ui.cli.problems import Refused

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from app.data.credit_analyses import FullAnalysis
    from app.data.credit_pauses import Pause
    from app.domain import Document
    from services.credit.prospect import Prospect

_ROWS = 50
_WITHIN = "O serviço de análise de crédito consulta em até um minuto."


def add(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser("credito", help="pede, lista e mostra análises de crédito, e cuida da fila delas")
    actions = parser.add_subparsers(title="ações", metavar="AÇÃO", dest="acao", required=True)
    _add_asking(actions)
    _add_looking(actions)
    _add_queue(actions)
    credit_credentials.add(actions)
    model = actions.add_parser(
        "modelo",
        help="escreve o modelo de mapeamento, para uma gerenciadora do provedor “Outro (REST)”",
        description="Escreve o modelo, com explicações, na saída padrão ou em um arquivo. O arquivo pronto vai na "
        "pasta “gerenciadoras” dos dados do programa, e o nome dele no cadastro da gerenciadora.",
    )
    model.set_defaults(run=run_model)
    model.add_argument("--saida", metavar="ARQUIVO", type=Path, help="arquivo a gravar")
    check = actions.add_parser("conferir", help="confere um arquivo de mapeamento, sem consultar ninguém")
    check.set_defaults(run=run_check)
    check.add_argument("arquivo", metavar="ARQUIVO", type=Path)


def _add_asking(actions: Any) -> None:
    ask = actions.add_parser(
        "pedir",
        help="põe uma análise na fila do serviço",
        description="Cada consulta pode ser cobrada: quando há uma análise que ainda vale, ela é mostrada e nada é "
        "pedido, a não ser com --de-novo. Termina com 0 quando a análise está na fila e com 1 quando não foi pedida.",
    )
    ask.set_defaults(run=run_ask)
    ask.add_argument("--documento", metavar="D", required=True, help="CNPJ ou CPF de quem se analisa")
    ask.add_argument("--empresa", metavar="N", type=positive, required=True, help="código da empresa que pede")
    ask.add_argument("--urgente", action="store_true", help="não espera a próxima verificação da fila")
    ask.add_argument("--de-novo", action="store_true", help="pede outra mesmo que haja uma que ainda vale")
    ask.add_argument("--json", action="store_true", help="responde em JSON")


def _add_looking(actions: Any) -> None:
    listing = actions.add_parser("listar", help="mostra as análises, as mais novas primeiro")
    listing.set_defaults(run=run_list)
    listing.add_argument("--documento", metavar="D", help="só as deste CNPJ ou CPF")
    listing.add_argument("--empresa", metavar="N", type=positive, help="só as desta empresa")
    listing.add_argument("--status", choices=[state.value for state in AnalysisState], help="só as que estão assim")
    listing.add_argument(
        "--resultado", choices=[outcome.value for outcome in AnalysisOutcome], help="só as que deram este resultado"
    )
    listing.add_argument("--limite", metavar="N", type=positive, default=_ROWS, help=f"quantas no máximo ({_ROWS})")
    whole = actions.add_parser(
        "mostrar", help="mostra uma análise: o resultado, os motivos e o que a gerenciadora disse"
    )
    whole.set_defaults(run=run_show)
    original = actions.add_parser(
        "original",
        help="salva a resposta como a gerenciadora a mandou",
        description="Salva os bytes exatos da resposta, enquanto estão guardados. Ela tem dados de dívidas de "
        "terceiros: cuide de quem a lê.",
    )
    original.set_defaults(run=run_original)
    for action in (whole, original):
        action.add_argument("numero", metavar="NUMERO", type=positive, help="número da análise")
    original.add_argument("--saida", metavar="ARQUIVO", type=Path, required=True, help="arquivo a gravar")
    for action in (listing, whole, original):
        action.add_argument("--json", action="store_true", help="responde em JSON")


def _add_queue(actions: Any) -> None:
    force = actions.add_parser(
        "forcar",
        help="consulta agora o que espera na fila, uma análise ou todas",
        description="Não espera a próxima verificação da fila, nem a próxima tentativa, nem que se corrija o que fez a "
        "gerenciadora deixar de ser consultada. Só espera quando foi ela que pediu.",
    )
    force.set_defaults(run=run_force)
    force.add_argument("numero", metavar="NUMERO", type=positive, nargs="?", help="número da análise; sem ele, todas")
    cancel = actions.add_parser("cancelar", help="tira uma análise da fila")
    cancel.set_defaults(run=run_cancel)
    cancel.add_argument("numero", metavar="NUMERO", type=positive, help="número da análise")
    resume = actions.add_parser(
        "retomar",
        help="volta a consultar uma gerenciadora que deixou de ser consultada",
        description="Uma gerenciadora deixa de ser consultada quando recusa as credenciais, quando o cadastro dela "
        "está incompleto, ou quando ela mesma pede. Sem --gerenciadora, mostra quais estão assim, e por quê.",
    )
    resume.set_defaults(run=run_resume)
    resume.add_argument("--gerenciadora", metavar="N", type=positive, help="código da gerenciadora")
    resume.add_argument("--ambiente", choices=[one.value for one in Environment], help="só neste ambiente")
    for action in (force, cancel, resume):
        action.add_argument("--json", action="store_true", help="responde em JSON")


# --- asking ---


def run_ask(options: argparse.Namespace) -> Status:
    """Ask, unless what is there is still good."""
    from app.data import customers
    from app.domain import Origin
    from services.credit.prospect import ask_as_told, prospects
    from services.credit.request import Wanted

    document = _document(options.documento)
    with opened() as office:
        snapshot, now = office.settings.load(), datetime.now(UTC)
        with office.database.reading() as connection:
            found = prospects(connection, document, snapshot, now)
            same = customers.all_by_document(connection, document)
        prospect = next((one for one in found if one.company_id == options.empresa), None)
        if prospect is None:
            raise Refused(
                f"Não existe uma empresa ativa de código {options.empresa}: veja “cadastros empresas listar”."
            )
        if prospect.valid is not None and not options.de_novo:
            return _still_good(options, prospect)
        customer = min(same, key=lambda one: not one.active, default=None)
        wanted = Wanted(
            document,
            prospect.company_id,
            None if customer is None else customer.id,
            Origin.COMMAND,
            office.actor,
            manual=True,
            urgent=options.urgente,
        )
        with office.database.writing() as connection:
            number, is_new = ask_as_told(connection, prospect, wanted, snapshot, now)
    _asked(options, prospect, number, is_new=is_new)
    return Status.DONE


def _still_good(options: argparse.Namespace, prospect: Prospect) -> Status:
    valid = prospect.valid
    assert valid is not None
    number, until = valid.analysis.row.id, valid.good_until
    if options.json:
        write_json(
            {
                "pedida": False,
                "nova": False,
                "numero": number,
                "validade": until.isoformat(),
                "resultado": valid.judgement.outcome.value,
                "motivos": list(valid.judgement.reasons),
            }
        )
    outcome = valid.judgement.outcome.label.lower()
    note(f"Nada foi pedido: a análise {number} ainda vale, até {calendar_day(until)}, e está {outcome}.")
    note("Cada consulta pode ser cobrada. Para pedir outra assim mesmo, use --de-novo.")
    return Status.REFUSED


def _asked(options: argparse.Namespace, prospect: Prospect, number: int, *, is_new: bool) -> None:
    manager, environment = prospect.choice.manager, prospect.choice.environment
    assert manager is not None
    if options.json:
        write_json(
            {
                "pedida": True,
                "nova": is_new,
                "numero": number,
                "gerenciadora": manager.name,
                "ambiente": environment.value,
                "urgente": options.urgente,
            }
        )
        return
    where = f"{manager.name}, {CREDIT_ENVIRONMENT.kind.show(environment)}"
    if is_new:
        write(f"Análise {number} na fila: {where}.")
    else:
        write(f"A análise {number} deste documento já estava na fila: {where}.")
    if options.urgente:
        note(_WITHIN)


# --- looking ---


def run_list(options: argparse.Namespace) -> Status:
    """The newest, one a line."""
    from app.data import credit_lists
    from app.data.credit_analyses import AnalysisQuery

    query = AnalysisQuery(
        state=None if options.status is None else AnalysisState(options.status),
        outcome=None if options.resultado is None else AnalysisOutcome(options.resultado),
        company_id=options.empresa,
        document=None if options.documento is None else _document(options.documento),
    )
    with opened() as office:
        snapshot, now = office.settings.load(), datetime.now(UTC)
        with office.database.reading() as connection:
            found = credit_lists.page(connection, query, 0, options.limite, snapshot, now)
    if options.json:
        write_json([row_document(one) for one in found])
    elif found:
        write_table(HEADERS, [line_of(one) for one in found])
    else:
        note("Nenhuma análise de crédito assim.")
    return Status.DONE


def run_show(options: argparse.Namespace) -> Status:
    """Everything of one but the provider's own answer."""
    from app.data import credit_lists

    with opened() as office:
        snapshot, now = office.settings.load(), datetime.now(UTC)
        with office.database.reading() as connection:
            full = _full(connection, options.numero)
            (listed,) = credit_lists.listed(connection, [full.row], snapshot, now)
    if options.json:
        write_json(row_document(listed) | more_document(full))
    else:
        show(listed, full)
    return Status.DONE


def run_original(options: argparse.Namespace) -> Status:
    """The bytes."""
    with opened() as office, office.database.reading() as connection:
        raw = _full(connection, options.numero).raw
    if not raw:
        raise Refused(f"A análise {options.numero} não tem resposta guardada: nenhuma veio, ou o prazo dela acabou.")
    write_file(options.saida, raw)
    if options.json:
        write_json({"arquivo": str(options.saida), "bytes": len(raw)})
    else:
        write(str(options.saida))
    return Status.DONE


def _full(connection: Connection, number: int) -> FullAnalysis:
    from app.data import credit_analyses

    found = credit_analyses.get(connection, number)
    if found is None:
        raise Refused(f"Não existe a análise de crédito {number}: veja os números com “credito listar”.")
    return found


# --- the queue ---


def run_force(options: argparse.Namespace) -> Status:
    """One or all of the queue."""
    from app.data import credit_analyses

    with opened() as office, office.database.writing() as connection:
        if options.numero is not None:
            _full(connection, options.numero)
        forced = credit_analyses.force(connection, options.numero, datetime.now(UTC))
        if options.numero is not None and not forced:
            raise Refused(f"A análise {options.numero} não espera mais na fila.")
    if options.json:
        write_json({"forcadas": forced})
    elif forced:
        write(f"{counted(forced, 'análise deixa', 'análises deixam')} de esperar na fila.")
        note(_WITHIN)
    else:
        note("Nenhuma análise espera na fila.")
    return Status.DONE


def run_cancel(options: argparse.Namespace) -> Status:
    """Out of the queue, if it is still there."""
    from app.data import credit_analyses

    with opened() as office, office.database.writing() as connection:
        state = _full(connection, options.numero).row.state
        if not credit_analyses.cancel(connection, options.numero):
            raise Refused(f"A análise {options.numero} não está mais na fila: ela está “{state.label.lower()}”.")
    if options.json:
        write_json({"numero": options.numero, "status": AnalysisState.CANCELLED.value})
    else:
        write(f"Análise {options.numero} cancelada.")
    return Status.DONE


def run_resume(options: argparse.Namespace) -> Status:
    """Ask a gerenciadora again, or tell which are held."""
    from app.data import credit_pauses

    if options.gerenciadora is None:
        return _show_held(options)
    environment = None if options.ambiente is None else Environment(options.ambiente)
    with opened() as office, office.database.writing() as connection:
        manager = manager_of(connection, options.gerenciadora)
        resumed = credit_pauses.resume(connection, manager.id, environment)
    if options.json:
        write_json({"retomada": resumed})
    elif resumed:
        write(f"{manager.name} volta a ser consultada.")
    else:
        note(f"{manager.name} não tinha deixado de ser consultada.")
    return Status.DONE


def _show_held(options: argparse.Namespace) -> Status:
    from app.data import credit_managers, credit_pauses

    if options.ambiente is not None:
        raise UsageError("Falta informar --gerenciadora: de quem é o ambiente.")
    with opened() as office, office.database.reading() as connection:
        names = {manager.id: manager.name for manager in credit_managers.every(connection)}
        pauses = credit_pauses.in_force(connection, datetime.now(UTC))
    if options.json:
        write_json([_held_document(pause) for pause in pauses])
    elif pauses:
        headers = ("Código", "Gerenciadora", "Ambiente", "Até", "Por quê")
        write_table(headers, [_held_line(pause, names[pause.manager_id]) for pause in pauses])
    else:
        note("Nenhuma gerenciadora deixou de ser consultada.")
    return Status.DONE


def _held_document(pause: Pause) -> dict[str, Any]:
    return {
        "gerenciadora": pause.manager_id,
        "ambiente": pause.environment.value,
        "ate": None if pause.until is None else pause.until.isoformat(),
        "motivo": pause.why,
    }


def _held_line(pause: Pause, name: str) -> list[str]:
    until = "alguém retomar" if pause.until is None else exact(pause.until)
    return [str(pause.manager_id), name, CREDIT_ENVIRONMENT.kind.show(pause.environment), until, pause.why]


# --- the mapping ---


def run_model(options: argparse.Namespace) -> Status:
    """The shipped model."""
    from services.credit.mapping import MODEL

    if options.saida is None:
        write(MODEL.read_text("utf-8").rstrip("\n"))
    else:
        write_file(options.saida, MODEL.read_bytes())
        write(str(options.saida))
    return Status.DONE


def run_check(options: argparse.Namespace) -> Status:
    """Say what is wrong with a mapping."""
    from services.credit.mapping import InvalidMapping, load_mapping

    try:
        mapping = load_mapping(options.arquivo.parent, options.arquivo.name)
    except InvalidMapping as error:
        raise Refused(str(error)) from error
    kinds = [kind for kind, question in (("CNPJ", mapping.company), ("CPF", mapping.person)) if question is not None]
    write(f"O mapeamento está em ordem: consulta por {' e '.join(kinds)}.")
    return Status.DONE


def _document(text: str) -> Document:
    try:
        return parse_document(text)
    except InvalidDocument as error:
        raise UsageError(str(error)) from error
