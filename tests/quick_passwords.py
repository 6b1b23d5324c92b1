"""argon2id with the least of work, for tests that are not about how hard passwords are to guess."""

from __future__ import annotations

import pytest


def make_passwords_quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Until the test ends, for passwords and logins."""
    from argon2 import PasswordHasher

    from services import passwords

    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    hashing = passwords._Hashing(hasher, hasher.hash("de ninguém"))
    monkeypatch.setattr(passwords, "_hashing", lambda: hashing)
    monkeypatch.setattr(passwords, "_DIGEST_COST", {"time_cost": 1, "memory_cost": 8, "parallelism": 1})
