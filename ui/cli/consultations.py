"""`consultas`: the receipt and the raw messages of a consultation already made."""

from __future__ import annotations

import argparse
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ui.cli.office import opened, write_file
from ui.cli.output import Status, write, write_json
from ui.cli.portuguese import positive
from ui.cli.problems import Refused


def add(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser("consultas", help="salva o comprovante ou as mensagens de uma consulta já feita")
    actions = parser.add_subparsers(title="ações", metavar="AÇÃO", dest="acao", required=True)
    receipt = actions.add_parser(
        "comprovante",
        help="salva o comprovante em PDF",
        description="Salva o comprovante da consulta em PDF, com o pedido e a resposta anexados. Uma consulta que "
        "falhou também tem comprovante: ele diz que não houve resposta, e por quê.",
    )
    receipt.set_defaults(run=run_receipt)
    raw = actions.add_parser(
        "xml",
        help="salva o pedido ou a resposta como passou pela rede",
        description="Salva os bytes exatos do pedido ou da resposta, sem mexer neles: é deles o SHA-256 do "
        "comprovante.",
    )
    raw.set_defaults(run=run_raw)
    which = raw.add_mutually_exclusive_group(required=True)
    which.add_argument("--pedido", dest="which", action="store_const", const="pedido", help="o que foi enviado")
    which.add_argument("--resposta", dest="which", action="store_const", const="resposta", help="o que foi recebido")
    for action in actions.choices.values():
        action.add_argument("numero", metavar="NUMERO", type=positive, help="número da consulta")
        action.add_argument("--saida", metavar="ARQUIVO", type=Path, required=True, help="arquivo a gravar")
        action.add_argument("--json", action="store_true", help="responde em JSON")


def run_receipt(options: argparse.Namespace) -> Status:
    """Write the PDF. No screen is needed."""
    from PySide6.QtGui import QGuiApplication

    from services.receipt import receipt_of

    with opened() as office:
        receipt = receipt_of(office, options.numero, datetime.now(UTC))
    if receipt is None:
        raise _unknown(options.numero)
    if QGuiApplication.instance() is None:
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
        application = QGuiApplication([])  # noqa: F841  kept while its fonts are used
    from ui.paper import pdf_of
    from ui.receipt_paper import paper_of

    return _done(options, pdf_of(paper_of(receipt)))


def run_raw(options: argparse.Namespace) -> Status:
    """Write the bytes."""
    from app.data import history

    with opened() as office, office.database.reading() as connection:
        found = history.get(connection, options.numero)
    if found is None:
        raise _unknown(options.numero)
    data = found.request if options.which == "pedido" else found.response
    if not data:
        raise Refused(f"A consulta {options.numero} não tem {options.which}: nada foi guardado.")
    return _done(options, data)


def _done(options: argparse.Namespace, data: bytes) -> Status:
    write_file(options.saida, data)
    if options.json:
        write_json({"arquivo": str(options.saida), "bytes": len(data)})
    else:
        write(str(options.saida))
    return Status.DONE


def _unknown(consultation_id: int) -> Refused:
    return Refused(f"Não existe a consulta {consultation_id}. Veja os números na página Consultas.")
