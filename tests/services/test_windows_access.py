"""Who is let into the folders that all share, and how Windows names a service's account."""

from __future__ import annotations

from pathlib import PureWindowsPath

from services.windows_access import permissions, service_sid
from services.windows_refusal import refused
from services.windows_service import command_line


def test_the_account_of_a_service_is_known_before_the_service() -> None:
    # Those of Windows itself, as `sc showsid` gives them.
    assert service_sid("TrustedInstaller") == "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464"
    assert service_sid("trustedinstaller") == service_sid("TrustedInstaller")


def test_only_who_is_let_in_has_anything() -> None:
    # Protected (P): what ProgramData gives to every user of the computer is not inherited.
    always, owners = "O:S-1-5-32-544D:P(A;OICI;FA;;;S-1-5-18)(A;OICI;FA;;;S-1-5-32-544)", "(A;OICI;RC;;;S-1-3-4)"
    assert permissions([]) == always + owners, "whoever is kept out and owns a file of the folder gives it to nobody"
    given = permissions(["S-1-5-21-1-2-3-1001", "S-1-5-18", "S-1-5-21-1-2-3-1001"])
    once = "(A;OICI;0x1301bf;;;S-1-5-21-1-2-3-1001)"
    assert given == always + once + owners, "once each, and never less than all"


def test_who_is_no_administrator_is_told_what_to_do() -> None:
    assert "“Executar como administrador”" in str(refused("O serviço não pôde ser instalado", 5, "Acesso negado."))
    own_folder = refused("As permissões da pasta não puderam ser definidas", 1307, "Proprietário inválido.")
    assert "“Executar como administrador”" in str(own_folder), "somebody else's folder, made before by who runs it"
    assert str(refused("Não deu", 1058, "O serviço está desativado.")) == (
        "Não deu. O Windows respondeu: O serviço está desativado (erro 1058)."
    )


def test_the_command_line_of_the_service_is_quoted() -> None:
    program = PureWindowsPath(r"C:\Program Files\Retaguarda\Retaguarda.exe")
    assert command_line(program) == r'"C:\Program Files\Retaguarda\Retaguarda.exe" servico --como-servico'
