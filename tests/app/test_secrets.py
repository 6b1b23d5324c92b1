"""The three functions over the keyring: in memory, without any keyring, and with a real Secret Service."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import keyring
import keyring.backends.fail
import keyring.backends.null
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import InitError, KeyringLocked, PasswordSetError

from app import secrets
from app.secrets import SecretsUnavailable, SecretTooLong
from services.demo.memory_keyring import MemoryKeyring

NAME = "certificado/0123456789abcdef/ef01"


def test_a_secret_is_written_read_replaced_and_forgotten(memory_keyring: MemoryKeyring) -> None:
    assert secrets.read(NAME) is None
    secrets.write(NAME, "palavra çã €")
    assert secrets.read(NAME) == "palavra çã €"
    secrets.write(NAME, "outra")
    assert secrets.read(NAME) == "outra"
    assert memory_keyring.entries == {("Retaguarda", NAME): "outra"}
    secrets.delete(NAME)
    assert secrets.read(NAME) is None
    secrets.delete(NAME)


@pytest.mark.parametrize("largest", ["x" * 1280, "ç" * 1280, "🔑" * 640])
def test_what_does_not_fit_in_windows_keyring_is_told_before_anything_is_written(
    memory_keyring: MemoryKeyring, largest: str
) -> None:
    secrets.write(NAME, largest)
    with pytest.raises(SecretTooLong, match=r"ocupa 2562 bytes.*no máximo 2560.*Nada foi gravado") as caught:
        secrets.write(NAME, largest + "x")
    assert isinstance(caught.value, SecretsUnavailable), "whoever writes one says what this says"
    assert largest not in str(caught.value)
    assert memory_keyring.entries == {("Retaguarda", NAME): largest}


class BrokenKeyring(KeyringBackend):
    """Answers everything with one error."""

    priority = 1

    def __init__(self, error: Exception) -> None:
        self.error = error

    def get_password(self, service: str, username: str) -> str | None:
        raise self.error

    def set_password(self, service: str, username: str, password: str) -> None:
        raise self.error

    def delete_password(self, service: str, username: str) -> None:
        raise self.error


def check_all_three_say_the_keyring_is_unavailable() -> None:
    calls: list[Callable[[], object]] = [
        lambda: secrets.read(NAME),
        lambda: secrets.write(NAME, "s3gr3do"),
        lambda: secrets.delete(NAME),
    ]
    for call in calls:
        with pytest.raises(SecretsUnavailable, match="cofre de senhas do sistema não está disponível") as caught:
            call()
        assert "s3gr3do" not in str(caught.value)


@pytest.mark.parametrize(
    "error",
    [
        KeyringLocked("locked"),
        InitError("no service"),
        PasswordSetError("s3gr3do"),
        RuntimeError("dbus"),
        OSError(5),
        ModuleNotFoundError("a backend that is not there"),
        Exception("a plug-in's own"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_keyring_that_fails_is_told_without_the_secret(error: Exception) -> None:
    keyring.set_keyring(BrokenKeyring(error))

    check_all_three_say_the_keyring_is_unavailable()


class ErrorOfWindows(Exception):
    """As pywintypes.error, whose class is named “error”."""

    def __init__(self, number: int) -> None:
        super().__init__(number, "CredWrite", "s3gr3do")
        self.winerror = number


def test_what_windows_answers_is_told_by_its_number() -> None:
    keyring.set_keyring(BrokenKeyring(ErrorOfWindows(1783)))
    with pytest.raises(SecretsUnavailable, match="Detalhe: erro 1783 do Windows") as caught:
        secrets.write(NAME, "s3gr3do")
    assert "s3gr3do" not in str(caught.value)


def test_a_session_of_windows_without_a_keyring_is_told_what_it_is() -> None:
    keyring.set_keyring(BrokenKeyring(ErrorOfWindows(1312)))
    with pytest.raises(SecretsUnavailable, match=r"sessão de rede \(SSH, WinRM\).*Área de Trabalho Remota"):
        secrets.read(NAME)


def test_a_keyring_that_keeps_nothing_is_told() -> None:
    keyring.set_keyring(keyring.backends.null.Keyring())  # type: ignore[no-untyped-call]  # keyring left it bare

    with pytest.raises(SecretsUnavailable, match="não volta") as caught:
        secrets.write(NAME, "s3gr3do")
    assert "s3gr3do" not in str(caught.value)


def test_no_keyring_at_all_is_told() -> None:
    keyring.set_keyring(keyring.backends.fail.Keyring())  # type: ignore[no-untyped-call]  # keyring left it bare

    check_all_three_say_the_keyring_is_unavailable()


def in_a_session(tmp_path: Path, steps: str) -> list[str]:
    """What `steps` print, run where $PY is this Python and nothing but a new D-Bus session is around."""
    assert shutil.which("dbus-run-session"), "instale os pacotes dbus e gnome-keyring"
    runtime = tmp_path / "runtime"
    home = tmp_path / "home"
    for folder in (runtime, home):
        folder.mkdir(mode=0o700)
    inherited = {name: os.environ[name] for name in ("PATH", "LANG", "SYSTEMROOT") if name in os.environ}
    done = subprocess.run(
        ["dbus-run-session", "--", "bash", "-euc", steps],
        env={**inherited, "HOME": str(home), "XDG_RUNTIME_DIR": str(runtime), "PY": sys.executable},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.skipif(sys.platform == "win32", reason="Secret Service is of Linux")
def test_a_real_secret_service_keeps_the_secret_between_processes(tmp_path: Path) -> None:
    printed = in_a_session(
        tmp_path,
        f"""
        printf %s mestra | gnome-keyring-daemon --unlock --components=secrets >/dev/null
        "$PY" -c 'from app import secrets; print(secrets.read("{NAME}")); secrets.write("{NAME}", "entre processos")'
        "$PY" main.py segredos listar
        "$PY" -c 'from app import secrets; print(secrets.read("{NAME}")); secrets.delete("{NAME}")'
        "$PY" -c 'from app import secrets; print(secrets.read("{NAME}")); secrets.delete("{NAME}")'
        """,
    )

    assert printed == ["None", NAME, "entre processos", "None"]


@pytest.mark.skipif(sys.platform == "win32", reason="Secret Service is of Linux")
def test_a_session_without_secret_service_is_told(tmp_path: Path) -> None:
    script = f"""
from app import secrets
for call in (lambda: secrets.read("{NAME}"), lambda: secrets.write("{NAME}", "x"), lambda: secrets.delete("{NAME}")):
    try:
        call()
    except secrets.SecretsUnavailable as unavailable:
        print(unavailable)
"""
    # An address where nothing listens, so that no daemon is started on demand
    printed = in_a_session(tmp_path, f"export DBUS_SESSION_BUS_ADDRESS=unix:path=/nonexistent; \"$PY\" -c '{script}'")

    assert len(printed) == 3
    assert all("cofre de senhas do sistema não está disponível" in line for line in printed)


def test_app_secrets_imports_keyring_only_when_used() -> None:
    script = "import sys, app.secrets; print('keyring' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert done.stdout.strip() == "False"
