"""What a gerenciadora knows us by, in one environment: a user (or client id) and a password (or secret or token).

They are in this computer's keyring and nowhere else: each computer that consults needs them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from app import secrets
from app.data.credit_managers import Manager
from app.policies import Environment

MAX_LENGTH = 500
"""Of each of the two: together they fit in an entry of Windows' keyring, which has 2,560 bytes."""


@dataclass(frozen=True)
class Credentials:
    """`user` is "" where a token alone is presented."""

    user: str
    password: str = field(repr=False)


def read(manager: Manager, environment: Environment) -> Credentials | None:
    """Those of this computer, None when it has none. Raises SecretsUnavailable."""
    kept = secrets.read(manager.secret_name(environment))
    if kept is None:
        return None
    user, password = json.loads(kept)
    return Credentials(user, password)


def keep(manager: Manager, environment: Environment, credentials: Credentials) -> None:
    """Keep them in the place of what was there. Raises SecretsUnavailable."""
    secrets.write(manager.secret_name(environment), json.dumps([credentials.user, credentials.password]))


def forget(manager: Manager, environment: Environment) -> None:
    """Have none any more. Raises SecretsUnavailable."""
    secrets.delete(manager.secret_name(environment))
