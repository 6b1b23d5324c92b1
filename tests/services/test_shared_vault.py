"""Carrying the secrets to the vault of this computer and back, interrupted at every step."""

from __future__ import annotations

import json
import platform
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

import pytest

from app.computer_vault import ComputerVault
from app.data import certificates, records
from app.data.certificates import computer_station, user_station
from app.data.database import Database
from app.installation import FILE, Installation, VaultPlace, keep_vault_place, read_installation
from app.secrets import SERVICE, NoKeyringHere, SecretsUnavailable
from app.settings.snapshot import Snapshot
from app.tables import BRANCHES, COMPANIES
from services import kept_secrets, shared_vault
from services.demo.ca import DemoAuthority
from services.demo.memory_keyring import MemoryKeyring
from services.installation import install_certificate
from services.kept_secrets import CannotList, names_in
from services.shared_vault import use_computer_vault, use_own_keyrings
from services.vault_move import Carried, NotCarried
from services.windows_refusal import WindowsRefused
from tests.app.test_computer_vault import Cipher

SECRETS = {"banco/a": "senha 1", "certificado/b": "senha 2", "whatsapp/c": "senha 3"}


class Killed(BaseException):
    """The process ends here: nothing after it is done, not even what would follow an error."""


@dataclass
class Steps:
    """How many more steps are done before the process is killed; each write and each removal is one."""

    left: int = 1_000

    def one(self) -> None:
        if not self.left:
            raise Killed
        self.left -= 1


class UserKeyring(MemoryKeyring):
    """A user's own, which says what it has."""

    def __init__(self, steps: Steps) -> None:
        super().__init__()
        self._steps = steps

    def set_password(self, service: str, username: str, password: str) -> None:
        self._steps.one()
        super().set_password(service, username, password)

    def delete_password(self, service: str, username: str) -> None:
        self._steps.one()
        super().delete_password(service, username)

    @property
    def kept(self) -> dict[str, str]:
        return {name: value for (_, name), value in self.entries.items()}


class KilledVault(ComputerVault):
    def __init__(self, folder: Path, steps: Steps) -> None:
        super().__init__(folder, Cipher())
        self._steps = steps

    def set_password(self, service: str, username: str, password: str) -> None:
        self._steps.one()
        super().set_password(service, username, password)

    def delete_password(self, service: str, username: str) -> None:
        self._steps.one()
        super().delete_password(service, username)

    @property
    def kept(self) -> dict[str, str]:
        return {name: str(self.get_password(SERVICE, name)) for name in self.names(SERVICE)[0]}


class Computer:
    """An installation for all users of a computer, with the keyring of one of them."""

    def __init__(self, folder: Path) -> None:
        self.steps = Steps()
        (folder / FILE).write_text(json.dumps({"versao": "1", "dados": str(folder / "dados"), "cofre": "usuario"}))
        (folder / "dados" / "segredos").mkdir(parents=True)
        self.folder = folder
        self.given: list[tuple[str, str, tuple[str, ...], bool]] = []
        self.own = UserKeyring(self.steps)
        self.vault = KilledVault(folder / "dados" / "segredos", self.steps)

    @property
    def installation(self) -> Installation:
        return read_installation(self.folder)

    @property
    def in_force(self) -> dict[str, str]:
        return self.vault.kept if self.installation.vault is VaultPlace.COMPUTER else self.own.kept

    def to_computer(self) -> Carried:
        return use_computer_vault(self.installation, self.own, self.vault, self._give)

    def _give(self, source: str, target: str, names: tuple[str, ...], replacing: bool) -> None:
        self.steps.one()
        self.given.append((source, target, names, replacing))

    def to_user(self) -> Carried:
        return use_own_keyrings(self.installation, self.own, self.vault, self._give)


@pytest.fixture
def computer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Computer:
    def names(vault: object) -> list[str]:
        return sorted(vault.kept) if isinstance(vault, UserKeyring | KilledVault) else []

    made = Computer(tmp_path)
    monkeypatch.setattr(shared_vault, "names_in", names)

    def counted(installation: Installation, vault: VaultPlace) -> Installation:
        made.steps.one()
        return keep_vault_place(installation, vault)

    monkeypatch.setattr(shared_vault, "keep_vault_place", counted)
    for name, value in SECRETS.items():
        made.own.set_password(SERVICE, name, value)
    return made


def test_there_and_back(computer: Computer) -> None:
    assert computer.to_computer() == Carried(tuple(SECRETS), ())
    assert (computer.own.kept, computer.vault.kept, computer.in_force) == ({}, SECRETS, SECRETS)
    assert computer.to_computer() == Carried((), ())
    assert computer.to_user() == Carried(tuple(SECRETS), ())
    assert (computer.own.kept, computer.vault.kept, computer.in_force) == (SECRETS, {}, SECRETS)
    assert computer.to_user() == Carried((), ())
    own, all_ = user_station(), computer_station()
    assert computer.given == [
        (own, all_, tuple(SECRETS), True),
        (own, all_, (), False),
        (all_, own, tuple(SECRETS), True),
        (all_, own, (), False),
    ]


@pytest.mark.parametrize("way", [Computer.to_computer, Computer.to_user])
def test_killed_at_every_step_nothing_is_lost_and_the_next_time_it_ends(
    computer: Computer, way: Callable[[Computer], Carried]
) -> None:
    if way is Computer.to_user:
        computer.to_computer()
    for done in range(2 * len(SECRETS) + 3):
        computer.steps.left = done
        with pytest.raises(Killed):
            way(computer)
        computer.steps.left = 1_000
        assert computer.in_force == SECRETS, f"after {done} steps the program reads what it read before"
        way(computer)
        assert computer.in_force == SECRETS
        assert {} in (computer.own.kept, computer.vault.kept), "nothing is left behind"
        (Computer.to_user if way is Computer.to_computer else Computer.to_computer)(computer)


def test_what_is_in_force_stays_when_both_places_have_one(computer: Computer) -> None:
    computer.vault.set_password(SERVICE, "banco/a", "antiga, de quando estava em uso")
    computer.to_computer()
    assert computer.vault.kept == SECRETS
    computer.own.set_password(SERVICE, "banco/a", "de outra pessoa")
    computer.own.set_password(SERVICE, "banco/nova", "só dela")
    assert computer.to_computer() == Carried(("banco/nova",), ("banco/a",))
    assert computer.vault.kept == {**SECRETS, "banco/nova": "só dela"}
    assert computer.own.kept == {"banco/a": "de outra pessoa"}, "what did not go is not taken away"


def test_what_does_not_arrive_is_told_and_nothing_changes(computer: Computer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(computer.vault, "set_password", lambda *which: None)
    with pytest.raises(NotCarried, match="nada mudou de lugar"):
        computer.to_computer()
    assert (computer.own.kept, computer.installation.vault) == (SECRETS, VaultPlace.USER)


def test_what_does_not_open_in_the_vault_is_written_over(computer: Computer) -> None:
    """Windows was installed again over the same data: what is carried is what was asked to be given anew."""
    computer.to_computer()
    other_computer = KilledVault(computer.vault.folder, Steps())
    for name, value in SECRETS.items():
        computer.own.set_password(SERVICE, name, value)
    computer.vault = other_computer
    assert computer.to_computer() == Carried(tuple(SECRETS), ())
    assert (computer.vault.kept, computer.own.kept) == (SECRETS, {})


@pytest.mark.parametrize("way", [Computer.to_computer, Computer.to_user])
def test_who_may_not_write_the_installation_carries_nothing(
    computer: Computer, way: Callable[[Computer], Carried], monkeypatch: pytest.MonkeyPatch
) -> None:
    if way is Computer.to_user:
        computer.to_computer()
    before = computer.own.kept, computer.vault.kept, list(computer.given)

    def refused(path: Path, text: str) -> NoReturn:
        raise PermissionError(13, "Acesso negado", str(path))

    monkeypatch.setattr("app.installation.replace_file", refused)
    with pytest.raises(WindowsRefused, match=r"instalacao\.json.*é preciso ser administrador"):
        way(computer)
    assert (computer.own.kept, computer.vault.kept, computer.given) == before


def test_a_keyring_that_fails_is_told_in_words(computer: Computer, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(service: str, username: str) -> NoReturn:
        raise RuntimeError("(1312, 'CredRead', 'A sessão não existe')")

    monkeypatch.setattr(computer.own, "get_password", broken)
    with pytest.raises(SecretsUnavailable, match="cofre de senhas do sistema não está disponível"):
        computer.to_computer()
    monkeypatch.setattr(computer.vault, "names", broken)
    with pytest.raises(SecretsUnavailable, match="cofre de senhas do sistema não está disponível"):
        kept_secrets.names_in(computer.vault)


def test_a_session_without_a_keyring_switches_on_the_computers_all_the_same(
    computer: Computer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A remote installation: what the user keeps is not seen, and stays for when they carry it themselves."""

    def without(vault: object) -> NoReturn:
        raise NoKeyringHere("sessão de rede")

    with monkeypatch.context() as remote:
        remote.setattr(shared_vault, "names_in", without)
        assert computer.to_computer() == Carried((), (), unseen=True)
    assert (computer.installation.vault, computer.own.kept) == (VaultPlace.COMPUTER, SECRETS)
    assert computer.to_computer() == Carried(tuple(SECRETS), ())
    assert computer.in_force == SECRETS


def test_the_names_are_of_this_program_alone(tmp_path: Path) -> None:
    vault = ComputerVault(tmp_path, Cipher())
    vault.set_password(SERVICE, "b", "1")
    vault.set_password("Outro programa", "a", "2")
    assert kept_secrets.names_in(vault) == ["b"]


def test_a_keyring_that_cannot_list_is_told() -> None:
    with pytest.raises(CannotList, match="não diz o que guarda"):
        names_in(MemoryKeyring())


# --- the keys of the certificates, which are in the database ---


CNPJ = "11222333000181"


def branch_of(database: Database) -> int:
    with database.writing() as connection:
        company = {"cnpj": CNPJ, "nome": "Distribuidora", "uf": "SP"}
        number = records.add(connection, COMPANIES, company, Snapshot(), "maria")
        values = {"empresa": number, "cnpj": CNPJ, "nome": "Matriz", "uf": "SP"}
        return records.add(connection, BRANCHES, values, Snapshot(), "maria")


def key_of(database: Database, branch: int) -> tuple[str, bytes]:
    with database.reading() as connection:
        found = certificates.for_branch(connection, branch)
    return ("", b"") if found is None else (found.secret_name, found.key_pem)


def test_the_certificate_is_still_in_use_there_and_back(
    database: Database, memory_keyring: MemoryKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key that a user installed opens for the service, by the password that went to the vault."""
    authority = DemoAuthority.create()
    branch = branch_of(database)
    pfx = authority.issue_pfx(CNPJ, "DISTRIBUIDORA MODELO", "senha")

    def install() -> str:
        now = datetime.now(UTC)
        return install_certificate(database, branch, pfx, "senha", actor="maria", now=now).secret_name

    def give(source: str, target: str, names: list[str], *, replacing: bool) -> None:
        with database.writing() as connection:
            certificates.give_keys(connection, source, target, names, replacing=replacing)

    first = install()
    had = key_of(database, branch)
    give(user_station(), computer_station(), ["certificado/outra"], replacing=True)
    with monkeypatch.context() as as_computer:
        as_computer.setattr(certificates, "this_station", computer_station)
        assert key_of(database, branch)[0] == "", "only those of the names"
    give(user_station(), computer_station(), [first], replacing=True)
    give(user_station(), computer_station(), [first], replacing=True)
    monkeypatch.setattr(certificates, "this_station", computer_station)
    assert key_of(database, branch) == had == (first, had[1])

    give("ana@PC-01", computer_station(), [first], replacing=True)
    assert key_of(database, branch) == had, "only those of that station"

    second = install()
    give(user_station(), computer_station(), [first], replacing=False)
    assert key_of(database, branch)[0] == second, "what is in force stays"
    give(computer_station(), user_station(), [second], replacing=True)
    monkeypatch.setattr(certificates, "this_station", user_station)
    assert key_of(database, branch)[0] == second


@pytest.mark.usefixtures("data_folder")
def test_no_database_is_opened_without_certificates(data_folder: Path) -> None:
    shared_vault.give_keys("a", "b", ("banco/x", "whatsapp/y"), True)
    assert not list(data_folder.iterdir())
    shared_vault.give_keys("a", "b", ("certificado/x",), True)
    assert (data_folder / "retaguarda.db").exists()


def test_the_station_is_the_computer_where_its_vault_is_in_force(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert certificates.this_station() == user_station()
    installed = Installation(tmp_path, "1", tmp_path, VaultPlace.COMPUTER)
    monkeypatch.setattr("app.data.certificates.find_installation", lambda: installed)
    assert certificates.this_station() == computer_station() == f"@{platform.node()}"
