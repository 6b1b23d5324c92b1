"""`segredos`, as far as it goes without Windows: what is said of what was carried."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.computer_vault import ComputerVault
from app.installation import FILE, Installation, VaultPlace, read_installation
from services import shared_vault
from services.demo.memory_keyring import MemoryKeyring
from tests.app.test_computer_vault import Cipher
from ui.cli import secrets
from ui.cli.output import Status
from ui.cli.problems import Refused
from ui.cli.program import _parser

KEPT = {"banco/a": "dela", "whatsapp/b": "só dela"}


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Installation, MemoryKeyring, ComputerVault]:
    """The vault of the computer is in force, and this user has two secrets, one with another value there."""
    (tmp_path / FILE).write_text(json.dumps({"dados": str(tmp_path), "cofre": "computador"}))
    (tmp_path / "segredos").mkdir()
    own, computer = MemoryKeyring(), ComputerVault(tmp_path / "segredos", Cipher())
    computer.set_password("Retaguarda", "banco/a", "em uso")
    for name, value in KEPT.items():
        own.set_password("Retaguarda", name, value)
    monkeypatch.setattr(
        shared_vault, "names_in", lambda vault: sorted(KEPT) if vault is own else computer.names("Retaguarda")[0]
    )
    return read_installation(tmp_path), own, computer


def test_another_value_in_the_vault_does_not_keep_the_service_from_being_installed(
    installed: tuple[Installation, MemoryKeyring, ComputerVault], capsys: pytest.CaptureFixture[str]
) -> None:
    """`servico instalar` carries on: what the service uses is in the vault already."""
    installation, own, computer = installed
    different = secrets.carry_to_computer(installation, own, computer)
    assert "Estes já estavam no cofre deste computador, com outro conteúdo" in different
    assert "banco/a" in different
    assert computer.get_password("Retaguarda", "banco/a") == "em uso"
    said = capsys.readouterr()
    assert (said.out, "1 segredo levado" in said.err) == ("whatsapp/b\n", True)
    assert own.entries == {("Retaguarda", "banco/a"): "dela"}


@pytest.mark.parametrize(("action", "place"), [("computador", VaultPlace.COMPUTER), ("usuario", VaultPlace.USER)])
def test_asked_for_by_itself_it_is_refused_after_the_rest_was_carried(
    installed: tuple[Installation, MemoryKeyring, ComputerVault],
    monkeypatch: pytest.MonkeyPatch,
    action: str,
    place: VaultPlace,
) -> None:
    monkeypatch.setattr(secrets, "shared", lambda: installed)
    options = _parser().parse_args(["segredos", action])
    if place is VaultPlace.COMPUTER:
        with pytest.raises(Refused, match=r"outro conteúdo.*banco/a"):
            options.run(options)
    else:  # what is in force counts: nothing is left behind
        assert options.run(options) is Status.DONE
        assert installed[1].get_password("Retaguarda", "banco/a") == "em uso"
    folder = installed[0].folder
    assert folder is not None
    assert read_installation(folder).vault is place
