"""What the test of the database looks at, and how a step that was refused is put."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import URL

from app.data.server_refusal import Refusal, explain
from app.policies import SslMode
from app.settings.catalog import DATABASE_SSL
from services.check_list import CheckStep, Remedy, StepReport, ToCopy, ToRetry, ToSet, failed
from services.database_check import pg_hba
from services.firewall import opening_command


class DatabaseStep(CheckStep):
    """What is looked at, in this order."""

    ADDRESS = "endereco", "Endereço"
    NAME = "dns", "Nome (DNS)"
    CONNECTION = "tcp", "Conexão (TCP)"
    PROTOCOL = "postgresql", "É um PostgreSQL"
    ENCRYPTION = "criptografia", "Criptografia"
    ADMISSION = "pg_hba", "Este computador pode entrar"
    PASSWORD = "senha", "Usuário e senha"
    DATABASE = "banco", "Banco"
    SERVER = "versao", "Versão do servidor"
    ENCODING = "codificacao", "Codificação"
    SCHEMA = "esquema", "Tabelas do programa"
    RIGHTS = "permissoes", "Permissões"
    LATENCY = "latencia", "Latência"
    CLOCK = "relogio", "Relógio e fuso"


@dataclass
class Target:
    """Where the test goes, and what was learnt of the way there that explains a refusal.

    `local` is this computer's address on that way; `encryption_offered` is None until the server said.
    """

    url: URL
    local: str = ""
    encryption_offered: bool | None = None

    @property
    def host(self) -> str:
        return str(self.url.host)

    @property
    def port(self) -> int:
        return int(self.url.port or 0)

    @property
    def name(self) -> str:
        return str(self.url.database)

    @property
    def user(self) -> str:
        return str(self.url.username)

    @property
    def mode(self) -> SslMode:
        """How the connection is encrypted."""
        return SslMode(self.url.query["sslmode"])

    @property
    def timeout(self) -> float:
        """Seconds, the same as the program's own connection waits."""
        return float(str(self.url.query["connect_timeout"]))

    def refused(self, step: DatabaseStep, refusal: Refusal, said: str, started: float | None = None) -> StepReport:
        """The step that failed because of what the server, or the network, said."""
        failure = explain(refusal, self.url, f"{self.host}:{self.port}\n{said}")
        return failed(step, failure, started, self._remedies(refusal, said))

    def _remedies(self, refusal: Refusal, said: str) -> tuple[Remedy, ...]:
        match refusal:
            case Refusal.NOT_LISTED | Refusal.REJECTED:
                return self._ways_in(said)
            case Refusal.CLOSED_PORT | Refusal.HUNG_UP | Refusal.NOT_READY | Refusal.FULL | Refusal.LIMIT:
                return (ToRetry(),)
            case Refusal.SILENCE:
                opening = opening_command(self.port, "PostgreSQL")
                return (ToRetry(), ToCopy("comando do firewall", opening))
            case Refusal.NO_ENCRYPTION:
                return (ToSet("Tentar sem exigir SSL", DATABASE_SSL, SslMode.PREFER),)
            case Refusal.NO_DATABASE:
                owner, name = identifier(self.user), identifier(self.name)
                command = f"CREATE DATABASE {name} OWNER {owner} ENCODING 'UTF8' TEMPLATE template0;"
                return (ToCopy("CREATE DATABASE", command),)
            case Refusal.NO_RIGHT:
                grant = f"GRANT CONNECT ON DATABASE {identifier(self.name)} TO {identifier(self.user)};"
                return (ToCopy("GRANT", grant),)
            case Refusal.NO_LOGIN:
                return (ToCopy("ALTER ROLE", f"ALTER ROLE {identifier(self.user)} LOGIN;"),)
            case _:
                return ()

    def _ways_in(self, said: str) -> tuple[Remedy, ...]:
        encrypted = self.mode in (SslMode.REQUIRE, SslMode.VERIFY_FULL)
        line = pg_hba.line(self.name, self.user, pg_hba.seen_address(said, self.local), encrypted=encrypted)
        copying = ToCopy("linha do pg_hba", line)
        if self.mode is SslMode.DISABLE and self.encryption_offered:
            return (ToSet("Tentar com SSL", DATABASE_SSL, SslMode.REQUIRE), copying)
        return (copying,)


def identifier(name: str) -> str:
    """A name as SQL takes it, whatever it holds."""
    return f'"{name.replace(chr(34), chr(34) * 2)}"'
