"""`usuarios senha`: set, replaced and refused, and never written anywhere."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from app.folders import find_folders
from services.backoffice import open_backoffice
from services.passwords import check_password
from tests.ui.cli.conftest import Run

PASSWORD = "cavalo bateria grampo"


def test_a_password_is_set_and_serves(run: Run, machine: Path) -> None:
    added = run("cadastros", "usuarios", "incluir", "login=ana", "nome=Ana", "perfil=supervisor", "liberar=sim")
    assert added.status == 0, added.err
    done = run("usuarios", "senha", "--login", " ana", stdin=f"{PASSWORD}\n")
    assert (done.status, done.out, done.err) == (0, "Senha de ana guardada.\n", "")
    backoffice = open_backoffice(find_folders())
    try:
        account = check_password(backoffice.database, "ana", PASSWORD, datetime.now(UTC))
    finally:
        backoffice.close()
    assert account.may_release


def test_what_cannot_be_is_said(run: Run, file_machine: Path) -> None:
    assert run("cadastros", "usuarios", "incluir", "login=ana", "nome=Ana", "perfil=operador").status == 0
    nobody = run("usuarios", "senha", "--login", "eva", stdin=f"{PASSWORD}\n")
    assert (nobody.status, nobody.out) == (1, "")
    assert "Nenhum usuário tem o login “eva”" in nobody.err
    short = run("usuarios", "senha", "--login", "ana", stdin="1234567\n")
    assert (short.status, short.out) == (1, "")
    assert "A senha tem 7 caracteres" in short.err
    assert "1234567" not in short.err
    missing = run("usuarios", "senha", "--login", "ana")
    assert missing.status == 2
    assert "Falta a senha" in missing.err
