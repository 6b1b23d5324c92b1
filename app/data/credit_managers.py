"""The gerenciadoras de análise de crédito, and which of them a company asks, in which environment and why that one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from app.data.models import CreditManager
from app.kinds import Names
from app.policies import Environment
from app.settings.catalog import CREDIT_ENVIRONMENT, CREDIT_MANAGER
from app.settings.snapshot import Snapshot
from app.tables import ManagerEnvironment, Provider

_NAMES = Names()


@dataclass(frozen=True)
class Manager:
    """One gerenciadora. `environment` is the one that it imposes, None when the settings say.

    `addresses` has "" where the one that the provider publishes is used. Its credentials are in the keyring, see
    `secret_name`.
    """

    id: int
    name: str
    provider: Provider
    environment: Environment | None
    addresses: dict[Environment, str]
    report: str
    person_report: str
    features: tuple[str, ...]
    cost_center: str
    consulting_document: str
    mapping_file: str
    keyring_key: str
    active: bool

    @property
    def source(self) -> str:
        """Whose answers its are: those of one provider are alike, whoever has the contract; of what only a mapping
        describes, each gerenciadora has its own."""
        return f"generico/{self.id}" if self.provider is Provider.GENERIC else self.provider.value

    def secret_name(self, environment: Environment) -> str:
        """The keyring entry of its credentials in one environment."""
        return f"credito/{self.keyring_key}/{environment.value}"


@dataclass(frozen=True)
class CreditChoice:
    """Which gerenciadora a company asks, in which environment, and where each of the two comes from, in words.

    `manager` is None when the settings name none.
    """

    manager: Manager | None
    manager_from: str
    environment: Environment
    environment_from: str


_t = CreditManager


def get(connection: Connection, manager_id: int) -> Manager | None:
    """One gerenciadora, active or not, or None."""
    found = connection.execute(select(_t).where(_t.id == manager_id)).first()
    return None if found is None else _manager(found)


def every(connection: Connection) -> list[Manager]:
    """All of them, by name."""
    return [_manager(row) for row in connection.execute(select(_t).order_by(_t.name))]


def choice(connection: Connection, of_company: Snapshot) -> CreditChoice:
    """Who is asked by the snapshot's company (see Snapshot.for_company).

    Ambiente: the gerenciadora's own row, else the company's, else the general one, else Homologação.
    """
    chosen, environment = of_company.effective(CREDIT_MANAGER), of_company.effective(CREDIT_ENVIRONMENT)
    manager = None if chosen.value is None else get(connection, chosen.value)
    if manager is not None and manager.environment is not None:
        return CreditChoice(manager, chosen.source.label, manager.environment, "do cadastro da gerenciadora")
    return CreditChoice(manager, chosen.source.label, environment.value, environment.source.label)


def _manager(row: Any) -> Manager:
    imposed = ManagerEnvironment(row.environment)
    return Manager(
        row.id,
        row.name,
        Provider(row.provider),
        None if imposed is ManagerEnvironment.FOLLOW else Environment(imposed.value),
        {Environment.PRODUCTION: row.production_url, Environment.TEST: row.test_url},
        row.report,
        row.person_report,
        _NAMES.parse(row.features),
        row.cost_center,
        row.consulting_document,
        row.mapping_file,
        row.keyring_key,
        row.active,
    )
