"""How a simulation is said: what it found, on what it stands, and what it must not be taken for."""

from __future__ import annotations

from collections.abc import Sequence

from app.domain import Authority
from app.policies import ServiceAction
from app.rules.simulation import OLD, Effect, Simulation
from app.settings.catalog import ANP_SERVICE_ACTION
from app.settings.snapshot import Snapshot
from ui.words import counted

_NAMED_CHANGES = 3


def headline(simulation: Simulation) -> str:
    """How many customers would be blocked, released and given another brand."""
    blocked, released = simulation.count(Effect.BLOCKED), simulation.count(Effect.RELEASED)
    if blocked:
        said = counted(blocked, "cliente seria bloqueado hoje", "clientes seriam bloqueados hoje")
        said += f", {counted(released, 'desbloqueado', 'desbloqueados')}" if released else ""
    elif released:
        said = counted(released, "cliente seria desbloqueado hoje", "clientes seriam desbloqueados hoje")
        said += ", nenhum bloqueado"
    else:
        said = "Nenhum cliente seria bloqueado nem desbloqueado hoje"
    brands = simulation.new_brands
    return said + (f"; {counted(brands, 'mudaria', 'mudariam')} de bandeira." if brands else ".")


def with_changes(changes: Sequence[str]) -> str:
    """By which rules: those kept, or those with what was changed and not saved."""
    if not changes:
        return "Com as regras salvas: nada foi alterado nesta página."
    if len(changes) <= _NAMED_CHANGES:
        return f"Com o que ainda não foi salvo. {'; '.join(changes)}."
    return f"Com {len(changes)} alterações desta página que ainda não foram salvas."


def basis(simulation: Simulation) -> str:
    """On which answers the numbers stand, and who was left out; "" when nobody was answered."""
    name, oldest, newest = simulation.authority.label, simulation.oldest_at, simulation.newest_at
    if oldest is None or newest is None:
        return ""
    first, last = (f"{moment.astimezone():%d/%m/%Y}" for moment in (oldest, newest))
    days = first if first == last else f"{first} a {last}"
    customers = counted(simulation.answered, "cliente ativo", "clientes ativos")
    said = [f"Pela última resposta da {name} sobre {customers}, de {days}. Nada é gravado."]
    left_out = [
        counted(count, one, many)
        for count, one, many in (
            (simulation.unanswered, f"sem consulta à {name}", f"sem consulta à {name}"),
            (simulation.outside, "que não é revendedor", "que não são revendedores"),
        )
        if count
    ]
    if left_out:
        said.append(f"Fora da conta: {' e '.join(left_out)}.")
    return " ".join(said)


def age(simulation: Simulation) -> str:
    """How many answers are old."""
    old = counted(simulation.old, "resposta tem", "respostas têm")
    return f"{old} mais de {OLD.days} dias: a situação pode ser outra hoje."


def note(simulation: Simulation, snapshot: Snapshot) -> str:
    """What the numbers must not be taken for."""
    if simulation.authority is Authority.ANP:
        said = (
            "É o que aconteceria se cada cliente fosse consultado com os perfis aplicados e a resposta fosse a mesma."
        )
        if snapshot[ANP_SERVICE_ACTION] is ServiceAction.CONSULT:
            said += " O serviço está como “Somente Consulta”: sozinho, ele não muda nenhum cliente."
        return said
    said = (
        "Vale a ação do cadastro de cada cliente. A “Ação quando não habilitado” desta aba é só o valor inicial dos "
        "clientes novos: mudá-la não muda este resultado."
    )
    tally = simulation.if_all_block
    if tally is not None:
        blocked = counted(tally.blocked, "seria bloqueado", "seriam bloqueados")
        released = counted(tally.released, "desbloqueado", "desbloqueados")
        said += f" Se todos os clientes usassem “Bloqueia/Desbloqueia o cliente”: {blocked} e {released}."
    return said
