"""`avaliar`: may this order, invoice, budget or pre-sale go on?"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from app.documents import InvalidDocument, parse_document
from app.kinds import InvalidValue
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
        "bandeira e os bloqueios do cliente; a análise de crédito, que é posta na fila quando falta; e, "
        "quando vem de um orçamento ou de uma pré-venda, de novo o crediário vencido. A avaliação fica registrada em "
        "Pedidos avaliados. Termina com 0 quando o pedido é permitido e com 1 quando não é.",
    )
    order.add_argument(
        "--tipo",
        choices=[OrderKind.ORDER.value, OrderKind.INVOICE.value],
        default=OrderKind.ORDER.value,
        help="pedido ou nota fiscal; sem isso, pedido",
    )
    order.add_argument(
        "--anterior",
        metavar="N",
        type=positive,
        help="número da avaliação do orçamento ou da pré-venda de que ele vem",
    )
    for kind, words in ((OrderKind.BUDGET, "um orçamento (DAV)"), (OrderKind.PRE_SALE, "uma pré-venda")):
        tentative = subjects.add_parser(
            kind.value,
            help=words,
            description="Verifica o crediário vencido do cliente, como em Balcão › Integração › Crediário; não "
            "consulta a ANP nem pede análise de crédito. A avaliação fica registrada em Pedidos avaliados. Termina com "
            "0 quando é permitido e com 1 quando não é, também quando uma pessoa ainda pode liberar.",
        )
        tentative.set_defaults(tipo=kind.value, anterior=None)
    for subject in subjects.choices.values():
        subject.set_defaults(run=run)
        subject.add_argument("--documento", metavar="D", required=True, help="CNPJ ou CPF do cliente")
        subject.add_argument("--empresa", metavar="N", type=positive, required=True, help="código da empresa que vende")
        subject.add_argument(
            "--operacao",
            choices=[operation.value for operation in OrderOperation],
            default=OrderOperation.INCLUSION.value,
            help="o que se faz; sem isso, inclusão",
        )
        subject.add_argument(
            "--referencia",
            metavar="R",
            default="",
            help="número da venda no balcão, até 60 letras; por ele uma liberação, que serve a uma venda só, reconhece "
            "a mesma venda avaliada de novo",
        )
        subject.add_argument("--json", action="store_true", help="responde em JSON")


def run(options: argparse.Namespace) -> Status:
    """Evaluate and show."""
    from app.rules.order_gate import REFERENCE, OrderQuestion, act
    from services.order_gate import OrderGate

    try:
        document = parse_document(options.documento)
        reference = REFERENCE.parse(options.referencia)
    except (InvalidDocument, InvalidValue) as error:
        raise UsageError(str(error)) from error
    kind, operation = OrderKind(options.tipo), OrderOperation(options.operacao)
    with opened() as office:
        gate = OrderGate(office.database, office.anp)
        question = OrderQuestion(
            document,
            options.empresa,
            kind,
            operation,
            office.actor,
            reference=reference,
            previous_id=options.anterior,
        )
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
        "avaliacao": answer.check_id,
        "permitido": answer.allowed,
        "motivos": list(answer.reasons),
        "consulta_id": answer.consultation_id,
        "regras": list(answer.rules),
        "liberacao_necessaria": answer.release_needed,
        "crediario": None if answer.overdue is None else answer.overdue.as_summary(),
        "analise_credito": None if answer.analysis is None else answer.analysis.as_fields(),
    }


def _show(answer: OrderAnswer) -> None:
    from app.rules.order_gate import rule_label

    refused = "Recusado, e pode ser liberado" if answer.release_needed else "Recusado"
    write("Permitido" if answer.allowed else refused)
    for reason in answer.reasons:
        write(f"- {reason}")
    consultation = f" · consulta {answer.consultation_id}" if answer.consultation_id is not None else ""
    analysis = answer.analysis
    number = None if analysis is None else analysis.number
    analysed = f" · análise de crédito {number}" if number is not None else ""
    write(f"Avaliação {answer.check_id}{consultation}{analysed}")
    for rule in answer.rules:
        write(f"Regra: {rule_label(rule)} ({rule})")
