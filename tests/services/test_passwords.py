"""Users' passwords on real databases, with argon2 itself: what is kept, what is refused, and the waits."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from argon2 import PasswordHasher, extract_parameters, low_level
from sqlalchemy import select

from app.data import audit, login_attempts, records, user_passwords
from app.data.database import Database
from app.data.login_attempts import FORGOTTEN_AFTER
from app.data.models import LoginAttempt, UserPassword
from app.data.records import RecordNotFound
from app.kinds import InvalidValue
from app.policies import UserProfile
from app.settings.snapshot import Snapshot
from app.tables import USERS
from services.passwords import MustWait, WrongPassword, check_password, set_password
from tests.quick_passwords import make_passwords_quick

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
PASSWORD = "cavalo bateria grampo"


@pytest.fixture
def quick_passwords() -> None:
    """They are not: here argon2 works as it is advised to."""


@pytest.fixture
def ana(database: Database) -> int:
    with database.writing() as connection:
        values = {"login": "ana", "nome": "Ana", "perfil": UserProfile.SUPERVISOR}
        return records.add(connection, USERS, values, Snapshot(), "maria")


def put_cheap(database: Database, user_id: int) -> str:
    """Give a user PASSWORD, hashed with parameters that cost nothing to look at; the hash."""
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    with database.writing() as connection:
        user_passwords.put(connection, user_id, cheap, by="maria", at=NOW)
    return cheap


def kept(database: Database) -> str:
    with database.reading() as connection:
        return str(connection.execute(select(UserPassword.hash)).scalar_one())


def test_a_password_is_kept_as_argon2id_and_audited_without_it(database: Database, ana: int) -> None:
    set_password(database, ana, PASSWORD, actor="maria", now=NOW)
    assert kept(database).startswith("$argon2id$")
    set_password(database, ana, "outra senha boa", actor="joão", now=NOW + timedelta(hours=1))
    with database.reading() as connection:
        changed = user_passwords.change(connection, ana)
        newest, first, *_ = audit.latest(connection, f"usuarios/{ana}")
        everything = repr(audit.latest(connection))
    assert changed == user_passwords.PasswordChange(NOW + timedelta(hours=1), "joão")
    assert (newest.what, first.what) == ("usuário ana: senha trocada", "usuário ana: senha definida")
    assert (newest.old, newest.new, newest.actor) == ("", "", "joão")
    assert PASSWORD not in everything
    assert "argon2" not in everything
    assert check_password(database, "ana", "outra senha boa", NOW).user_id == ana
    with pytest.raises(WrongPassword):
        check_password(database, "ana", PASSWORD, NOW)


@pytest.mark.parametrize(
    ("password", "sentence"),
    [
        ("1234567", "A senha tem 7 caracteres: use pelo menos 8."),
        ("", "A senha tem 0 caracteres"),
        ("x" * 129, "o limite é 128"),
        ("ANA.DA.SILVA", "o próprio login"),
    ],
)
def test_a_bad_password_is_refused(database: Database, password: str, sentence: str) -> None:
    with database.writing() as connection:
        values = {"login": "ana.da.silva", "nome": "Ana", "perfil": UserProfile.OPERATOR}
        user = records.add(connection, USERS, values, Snapshot(), "maria")
    with pytest.raises(InvalidValue, match=sentence):
        set_password(database, user, password, actor="maria", now=NOW)
    with database.reading() as connection:
        assert user_passwords.change(connection, user) is None


def test_nobody_gets_no_password(database: Database) -> None:
    with pytest.raises(RecordNotFound):
        set_password(database, 99, PASSWORD, actor="maria", now=NOW)


def test_accents_may_be_composed_in_either_way(database: Database, ana: int) -> None:
    set_password(database, ana, "macarra\u0303o frito", actor="maria", now=NOW)
    assert check_password(database, " ana ", "macarrão frito", NOW).login == "ana"


def add_unusable(database: Database) -> None:
    """Users who may not come in: one without a password, one inactive with PASSWORD."""
    with database.writing() as connection:
        for login in ("sem-senha", "inativa"):
            values = {"login": login, "nome": login, "perfil": UserProfile.OPERATOR}
            left = records.add(connection, USERS, values, Snapshot(), "maria")
        records.set_active(connection, USERS, left, False, "maria")
    put_cheap(database, left)


def test_whatever_is_wrong_is_told_alike(database: Database, ana: int) -> None:
    put_cheap(database, ana)
    add_unusable(database)
    for login, password in (
        ("ana", "errada"),
        ("ana", ""),
        ("ana", "\ud800\0"),
        ("ANA", PASSWORD),
        ("inativa", PASSWORD),
        ("sem-senha", PASSWORD),
        ("sem-senha", ""),
        ("ninguém", PASSWORD),
        ("", PASSWORD),
        ("a\0na", PASSWORD),
        ("\ud800", "x" * 10_000),
    ):
        with pytest.raises(WrongPassword) as wrong:
            check_password(database, login, password, NOW)
        assert str(wrong.value) == ""


def wait_ever_longer(database: Database, login: str) -> datetime:
    """Try wrong passwords until no wait is longer; when the last wait is over."""
    now = NOW
    for wait_s in (0, 0, 30, 60, 120, 240, 480, 900, 900):
        with pytest.raises(WrongPassword):
            check_password(database, login, "errada errada", now)
        if not wait_s:
            continue
        for early in (timedelta(), timedelta(seconds=wait_s - 0.5)):
            with pytest.raises(MustWait) as waiting:
                check_password(database, login, PASSWORD, now + early)
            assert waiting.value.wait_s == wait_s - int(early.total_seconds())
        now += timedelta(seconds=wait_s)
    return now


@pytest.mark.parametrize("login", ["ninguém", "sem-senha", "inativa", "a\0na", "\ud800", ""])
def test_a_login_of_nobodys_waits_as_any_other(database: Database, monkeypatch: pytest.MonkeyPatch, login: str) -> None:
    make_passwords_quick(monkeypatch)  # dozens are tried
    add_unusable(database)
    now = wait_ever_longer(database, login)
    with pytest.raises(WrongPassword):
        check_password(database, login, PASSWORD, now)
    with pytest.raises(MustWait):
        check_password(database, f" {login} ", PASSWORD, now)
    with pytest.raises(WrongPassword):
        check_password(database, "outra", PASSWORD, now)


@pytest.mark.parametrize("login", ["ana", "ninguém"])
def test_as_much_is_computed_whether_somebody_has_the_login_or_not(
    database: Database, ana: int, monkeypatch: pytest.MonkeyPatch, login: str
) -> None:
    set_password(database, ana, PASSWORD, actor="maria", now=NOW)
    verify, digest = PasswordHasher.verify, low_level.hash_secret_raw
    work: list[object] = []

    def verified(self: PasswordHasher, kept: str, given: bytes) -> bool:
        work.append(extract_parameters(kept))
        return verify(self, kept, given)

    def digested(*arguments: Any, **cost: Any) -> bytes:
        work.append("digest")
        return digest(*arguments, **cost)

    monkeypatch.setattr(PasswordHasher, "verify", verified)
    monkeypatch.setattr(low_level, "hash_secret_raw", digested)
    for _ in range(5):
        with pytest.raises((WrongPassword, MustWait)):
            check_password(database, login, "errada errada", NOW)
    advised = extract_parameters(PasswordHasher().hash(PASSWORD))
    assert work == ["digest", advised] * 3 + ["digest"] * 2


@pytest.mark.parametrize("login", ["ana", "ninguém"])
def test_a_day_without_any_forgets_the_wrong_ones(database: Database, ana: int, login: str) -> None:
    put_cheap(database, ana)
    for now in (NOW, NOW + FORGOTTEN_AFTER - timedelta(seconds=1)):
        with pytest.raises(WrongPassword):
            check_password(database, login, "errada errada", now)
    now += FORGOTTEN_AFTER
    for _ in range(3):
        with pytest.raises(WrongPassword):
            check_password(database, login, "errada errada", now)
    with pytest.raises(MustWait):
        check_password(database, login, "errada errada", now)
    assert len(attempts(database)) == 1


def test_of_very_many_logins_those_tried_last_are_remembered(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(login_attempts, "MOST", 3)
    for number in range(5):
        for _ in range(3):
            with pytest.raises(WrongPassword):
                check_password(database, f"login {number}", PASSWORD, NOW + timedelta(seconds=number))
    assert len(attempts(database)) == 3
    for number in (2, 3, 4):
        with pytest.raises(MustWait):
            check_password(database, f"login {number}", PASSWORD, NOW + timedelta(seconds=5))
    with pytest.raises(WrongPassword):
        check_password(database, "login 1", PASSWORD, NOW + timedelta(seconds=5))


def test_what_was_typed_as_a_login_is_not_kept(database: Database) -> None:
    with pytest.raises(WrongPassword):
        check_password(database, PASSWORD, PASSWORD, NOW)
    (digest,) = attempts(database)
    assert PASSWORD not in digest
    quick = [getattr(hashlib, name)(PASSWORD.encode()).hexdigest() for name in ("sha256", "blake2s", "sha3_256")]
    assert digest not in quick


def attempts(database: Database) -> list[str]:
    with database.reading() as connection:
        return list(connection.execute(select(LoginAttempt.login_digest)).scalars())


def test_after_three_wrong_ones_none_is_looked_at_for_a_while(database: Database, ana: int) -> None:
    put_cheap(database, ana)
    now = wait_ever_longer(database, "ana")
    assert check_password(database, "ana", PASSWORD, now).user_id == ana
    # The right one forgave them all.
    for _ in range(3):
        with pytest.raises(WrongPassword):
            check_password(database, "ana", "errada errada", now)
    with pytest.raises(MustWait):
        check_password(database, "ana", PASSWORD, now)
    set_password(database, ana, "uma senha nova", actor="maria", now=now)
    assert check_password(database, "ana", "uma senha nova", now).user_id == ana


@pytest.mark.parametrize("login", ["ana", "ninguém"])
def test_no_more_than_three_are_looked_at_when_many_come_at_once(database: Database, ana: int, login: str) -> None:
    put_cheap(database, ana)

    def attempt(number: int) -> type[Exception]:
        try:
            check_password(database, login, f"errada {number}", NOW)
        except (WrongPassword, MustWait) as refused:
            return type(refused)
        raise AssertionError

    with ThreadPoolExecutor(6) as threads:
        found = list(threads.map(attempt, range(12)))
    assert sorted(kind.__name__ for kind in found) == ["MustWait"] * 9 + ["WrongPassword"] * 3


def test_a_weaker_hash_is_made_again_when_the_password_is_given(database: Database, ana: int) -> None:
    weak = put_cheap(database, ana)
    check_password(database, "ana", PASSWORD, NOW)
    again = kept(database)
    assert again != weak
    assert not PasswordHasher().check_needs_rehash(again)
    check_password(database, "ana", PASSWORD, NOW)
    assert kept(database) == again


def test_an_account_never_shows_its_hash(database: Database, ana: int) -> None:
    set_password(database, ana, PASSWORD, actor="maria", now=NOW)
    assert "argon2" not in repr(check_password(database, "ana", PASSWORD, NOW))
