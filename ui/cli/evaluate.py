"""`avaliar`: may this order or invoice go on?"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from app.documents import InvalidDocument, parse_document
from app.policies import OrderKind, OrderOperation
from ui.cli.office import opened
from ui.cli.output import Status, write, write_json
from ui.cli.portuguese import UsageError, positive

if TYPE_CHECKING:
    from services.order_gate import OrderAnswer


def add(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser("avaliar", help="diz se uma venda pode seguir, e por quê")
    subjects = parser.add_subparsers(title="o que avaliar", metavar="O_QUE", dest="o_que", required=True)
    order = subjects.add_parser(
        "pedido",
        help="um pedido ou nota de venda",
        description="Aplica as regras do pedido: a consulta à ANP quando o perfil da empresa pede, o status, a "
        "bandeira e os bloqueios do cliente. A avaliação fica registrada em Pedidos avaliados. Termina com 0 quando "
        "o pedido é permitido e com 1 quando não é.",
    )
    order.set_defaults(run=run)
    order.add_argument("--documento", metavar="D", required=True, help="CNPJ ou CPF do cliente")
    order.add_argument("--empresa", metavar="N", type=positive, required=True, help="código da empresa que vende")
    order.add_argument(
        "--tipo",
        choices=[kind.value for kind in OrderKind],
        default=OrderKind.ORDER.value,
        help="pedido ou nota fiscal; sem isso, pedido",
    )
    order.add_argument(
        "--operacao",
        choices=[operation.value for operation in OrderOperation],
        default=OrderOperation.INCLUSION.value,
        help="o que se faz com ele; sem isso, inclusão",
    )
    order.add_argument("--json", action="store_true", help="responde em JSON")


def run(options: argparse.Namespace) -> Status:
    """Evaluate and show."""
    from app.rules.order_gate import OrderQuestion, act
    from services.order_gate import OrderGate

    try:
        document = parse_document(options.documento)
    except InvalidDocument as error:
        raise UsageError(str(error)) from error
    kind, operation = OrderKind(options.tipo), OrderOperation(options.operacao)
    with opened() as office:
        gate = OrderGate(office.database, office.anp)
        question = OrderQuestion(document, options.empresa, kind, operation, office.actor)
        answer = gate.check(question, office.settings.load())
    if options.json:
        write_json(as_document(answer))
    else:
        write(f"{document.named} · {act(kind, operation)} · empresa {options.empresa}")
        _show(answer)
    return Status.DONE if answer.allowed else Status.REFUSED


def as_document(answer: OrderAnswer) -> dict[str, Any]:
    """The JSON form of an answer."""
    return {
        "permitido": answer.allowed,
        "motivos": list(answer.reasons),
        "consulta_id": answer.consultation_id,
        "regras": list(answer.rules),
    }


def _show(answer: OrderAnswer) -> None:
    from app.rules.order_gate import rule_label

    write("Permitido" if answer.allowed else "Recusado")
    for reason in answer.reasons:
        write(f"- {reason}")
    consultation = f" · consulta {answer.consultation_id}" if answer.consultation_id is not None else ""
    write(f"Avaliação {answer.check_id}{consultation}")
    for rule in answer.rules:
        write(f"Regra: {rule_label(rule)} ({rule})")
