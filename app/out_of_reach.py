"""Why a computer that is called by name or address is not reached, whatever it is called for, in words."""

from __future__ import annotations

from dataclasses import dataclass

from app.domain import Failure, FailureKind


@dataclass(frozen=True)
class OutOfReach:
    """One reason: what happened, its cause and what to do, in sentences with {server}."""

    what: str
    cause: str
    todo: str

    def failure(self, server: str, details: str) -> Failure:
        """The reason for which that computer is not reached."""
        what, cause, todo = (sentence.format(server=server) for sentence in (self.what, self.cause, self.todo))
        return Failure(FailureKind.NETWORK, what, cause, todo, details)


UNKNOWN_NAME = OutOfReach(
    "O nome “{server}” não foi encontrado na rede.",
    "Pode haver um erro de digitação, ou a rede não conhece este nome.",
    "Confira o nome, ou informe o endereço IP do servidor.",
)
NO_ROUTE = OutOfReach(
    "Não há caminho de rede até {server}.",
    "O cabo ou o Wi-Fi está desligado, ou o endereço é de outra rede.",
    "Confira a rede deste computador, a VPN e o endereço do servidor.",
)
