"""What is looked at once the server let the program in: its version, the tables, the rights, the time."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

from app.data.database import schema_versions
from app.domain import Failure, FailureKind
from app.portuguese import counted, listed
from services.check_list import Outcome, StepReport, ToCopy, failed, ok
from services.database_check.steps import DatabaseStep, Target, identifier

if TYPE_CHECKING:
    from psycopg import AsyncConnection

_CLOCK_TOLERANCE_S = 60
_SLOW_MS = 200
_LATENCIES = 5
_SHOWN_TABLES = 5
_VERSION_TABLE = "alembic_version"

_FACTS = """
SELECT current_setting('server_version'), inet_server_port(), current_setting('server_encoding'),
       current_setting('TimeZone'), extract(epoch FROM clock_timestamp())::float8, pg_is_in_recovery(),
       current_setting('default_transaction_read_only') = 'on', current_schema(), s.ssl, s.version
FROM (SELECT 1) AS one LEFT JOIN pg_stat_ssl AS s ON s.pid = pg_backend_pid()
"""
# Tables of extensions are nobody's data.
_TABLES = """
SELECT c.relname, pg_has_role(c.relowner, 'USAGE'), pg_get_userbyid(c.relowner)
FROM pg_class AS c
WHERE c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema()) AND c.relkind IN ('r', 'p')
  AND NOT EXISTS (
    SELECT FROM pg_depend AS d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
  )
ORDER BY c.relname
"""
# The server looks at the conditions of a WHERE in the order that it likes, and asks about the rights to a sequence of
# what is none with an error: only a CASE keeps it from that.
_MISSING_RIGHTS = """
SELECT DISTINCT wanted.name FROM unnest(%s::text[]) AS wanted(name)
CROSS JOIN unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS p
WHERE NOT has_table_privilege(quote_ident(wanted.name), p)
UNION
SELECT c.relname FROM pg_class AS c
WHERE c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())
  AND CASE WHEN c.relkind = 'S' THEN NOT has_sequence_privilege(c.oid, 'USAGE') ELSE false END
ORDER BY 1
"""


@dataclass(frozen=True)
class ServerFacts:
    """What the server tells of itself. `ahead_s` is by how much its clock is ahead of this computer's, in seconds;
    `schema` is where tables are made, None when the user may use none; `cipher` is "" without encryption."""

    version: str
    port: int | None
    encoding: str
    zone: str
    ahead_s: float
    replica: bool
    read_only: bool
    schema: str | None
    cipher: str


@dataclass(frozen=True)
class Tables:
    """What is in the database. `version` is that of the schema, None when there is nothing or it cannot be read."""

    report: StepReport
    names: tuple[str, ...] = ()
    version: str | None = None
    other_owners: tuple[str, ...] = ()


async def read_facts(connection: AsyncConnection[Any]) -> ServerFacts:
    """What the server tells of itself. Raises psycopg.Error, as all of this module."""
    before = time.time()
    row = await (await connection.execute(_FACTS)).fetchone()
    halfway = (before + time.time()) / 2
    assert row is not None
    version, port, encoding, zone, now, replica, read_only, schema, encrypted, cipher = row
    # A version may carry the packager's words after a blank.
    return ServerFacts(
        version.split()[0], port, encoding, zone, now - halfway, replica, read_only, schema, cipher if encrypted else ""
    )


def server(target: Target, facts: ServerFacts) -> StepReport:
    """Which server it is: two may run on one machine."""
    found = f"PostgreSQL {facts.version}, na porta {facts.port or target.port}."
    if facts.port not in (None, target.port):
        found += f" A conexão à porta {target.port} foi encaminhada a ela."
    return ok(DatabaseStep.SERVER, found)


def encoding(facts: ServerFacts) -> StepReport:
    """Whether the database takes every letter."""
    if facts.encoding == "UTF8":
        return ok(DatabaseStep.ENCODING, "UTF8: aceita todos os acentos e símbolos.")
    found = (
        f"O banco está em {facts.encoding}: acentos e símbolos podem ser recusados. Crie o banco com ENCODING 'UTF8'."
    )
    return StepReport(DatabaseStep.ENCODING, Outcome.WARNING, found)


async def schema(connection: AsyncConnection[Any], target: Target, facts: ServerFacts) -> Tables:
    """Whether the tables are this program's, and of which version."""
    from app.data.models import Base

    if facts.schema is None:
        return Tables(_no_schema(target))
    rows = await (await connection.execute(_TABLES)).fetchall()
    names = tuple(name for name, _, _ in rows)
    owners = tuple(sorted({owner for _, owns, owner in rows if not owns}))
    ours = set(Base.metadata.tables)
    if not names:
        return Tables(ok(DatabaseStep.SCHEMA, "O banco está vazio: as tabelas serão criadas na primeira abertura."))
    if _VERSION_TABLE not in names:
        return Tables(_not_ours(target, names), names)
    if not await _may(connection, _VERSION_TABLE, "SELECT"):
        return Tables(ok(DatabaseStep.SCHEMA, f"Há {counted(len(names), 'tabela', 'tabelas')}."), names, None, owners)
    row = await (await connection.execute("SELECT version_num FROM alembic_version")).fetchone()
    version = None if row is None else str(row[0])
    known = schema_versions()
    if version not in known:
        foreign = ours.isdisjoint(names)
        return Tables(_not_ours(target, names) if foreign else _newer(version or "", known[-1]), names, version)
    missing = ours - set(names)
    if version == known[-1] and missing:
        return Tables(_incomplete(sorted(missing)), names, version)
    found = f"Tabelas do programa, na versão {version} do esquema"
    found += ", a deste programa." if version == known[-1] else f"; serão atualizadas para a {known[-1]} na abertura."
    return Tables(ok(DatabaseStep.SCHEMA, found), names, version, owners)


async def rights(connection: AsyncConnection[Any], target: Target, facts: ServerFacts, tables: Tables) -> StepReport:
    """Whether the user may do what the program does."""
    step = DatabaseStep.RIGHTS
    if facts.replica or facts.read_only:
        return _read_only(target, replica=facts.replica)
    user, where = identifier(target.user), identifier(facts.schema or "public")
    if not tables.names:
        row = await (await connection.execute("SELECT has_schema_privilege(current_schema(), 'CREATE')")).fetchone()
        if row is not None and row[0]:
            return ok(step, "O usuário pode criar as tabelas.")
        return _without_right(
            f"O usuário “{target.user}” não pode criar tabelas no banco “{target.name}”.",
            f"GRANT USAGE, CREATE ON SCHEMA {where} TO {user};",
        )
    if tables.version is not None and tables.version != schema_versions()[-1] and tables.other_owners:
        return _without_right(
            f"O usuário “{target.user}” não pode atualizar as tabelas, que são de {listed(tables.other_owners)}.",
            " ".join(f"GRANT {identifier(owner)} TO {user};" for owner in tables.other_owners),
        )
    wanted = [name for name in tables.names if name in _used()]
    rows = await (await connection.execute(_MISSING_RIGHTS, (wanted,))).fetchall()
    if rows:
        return _without_right(
            f"O usuário “{target.user}” não pode ler e gravar {_shown([name for (name,) in rows])}.",
            f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {where} TO {user};\n"
            f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {where} TO {user};",
        )
    if tables.other_owners:
        found = (
            f"O usuário lê e grava em {counted(len(wanted), 'tabela', 'tabelas')}, que são de "
            f"{listed(tables.other_owners)}: a próxima versão do programa não poderá atualizá-las."
        )
        grants = "\n".join(f"GRANT {identifier(owner)} TO {user};" for owner in tables.other_owners)
        return StepReport(step, Outcome.WARNING, found, remedies=(ToCopy("GRANT", grants),))
    return ok(step, f"O usuário lê, grava e é dono das {len(wanted)} tabelas.")


async def latency(connection: AsyncConnection[Any]) -> StepReport:
    """The median of a few of the shortest questions."""
    took = []
    for _ in range(_LATENCIES):
        started = time.perf_counter()
        await connection.execute("SELECT 1")
        took.append((time.perf_counter() - started) * 1000)
    middle = median(took)
    found = f"{middle:.1f} ms por pergunta (mediana de {_LATENCIES}).".replace(".", ",", 1)
    if middle > _SLOW_MS:
        found += " A rede até o servidor é lenta, e cada tela faz várias perguntas."
    outcome = Outcome.WARNING if middle > _SLOW_MS else Outcome.OK
    return StepReport(DatabaseStep.LATENCY, outcome, found, facts=(("Mediana em ms", f"{middle:.3f}"),))


def clocks(facts: ServerFacts) -> StepReport:
    """The server's time and zone beside this computer's."""
    zone = f"Fuso do servidor: {facts.zone}; a tela usa o da filial."
    seconds = round(abs(facts.ahead_s))
    if seconds <= _CLOCK_TOLERANCE_S:
        return ok(DatabaseStep.CLOCK, f"Confere, com {counted(seconds, 'segundo', 'segundos')} de diferença. {zone}")
    where = "atrasado" if facts.ahead_s > 0 else "adiantado"
    much = (
        counted(seconds, "segundo", "segundos")
        if seconds < 2 * 60
        else counted(round(seconds / 60), "minuto", "minutos")
    )
    found = (
        f"O relógio deste computador está {much} {where} em relação ao do servidor: acerte a hora de um deles. {zone}"
    )
    return StepReport(DatabaseStep.CLOCK, Outcome.WARNING, found)


def _used() -> set[str]:
    from app.data.models import Base

    return {*Base.metadata.tables, _VERSION_TABLE}


async def _may(connection: AsyncConnection[Any], table: str, right: str) -> bool:
    row = await (await connection.execute("SELECT has_table_privilege(%s, %s)", (table, right))).fetchone()
    return row is not None and bool(row[0])


def _no_schema(target: Target) -> StepReport:
    return _without_right(
        f"O usuário “{target.user}” entra no banco “{target.name}”, mas não pode usar nenhum esquema dele.",
        f"GRANT USAGE, CREATE ON SCHEMA public TO {identifier(target.user)};",
        DatabaseStep.SCHEMA,
    )


def _not_ours(target: Target, names: Sequence[str]) -> StepReport:
    failure = Failure(
        FailureKind.CONFIGURATION,
        f"Conectou, mas “{target.name}” não é um banco do Retaguarda.",
        f"Há nele tabelas de outro programa: {_shown(names)}.",
        "Confira o nome do banco e a porta; para começar um banco novo, peça ao administrador um que esteja vazio.",
    )
    return failed(DatabaseStep.SCHEMA, failure)


def _newer(version: str, own: str) -> StepReport:
    failure = Failure(
        FailureKind.CONFIGURATION,
        f"O banco é de uma versão mais nova do programa (esquema {version}; o deste programa é {own}).",
        "Outro computador já foi atualizado.",
        "Atualize o programa neste computador.",
    )
    return failed(DatabaseStep.SCHEMA, failure)


def _incomplete(missing: Sequence[str]) -> StepReport:
    failure = Failure(
        FailureKind.CONFIGURATION,
        f"Faltam tabelas do programa no banco: {_shown(missing)}.",
        "Elas foram apagadas, ou a cópia de segurança foi restaurada pela metade.",
        "Restaure a última cópia de segurança do banco.",
    )
    return failed(DatabaseStep.SCHEMA, failure)


def _read_only(target: Target, *, replica: bool) -> StepReport:
    cause = (
        "O servidor é uma réplica, que só acompanha o principal."
        if replica
        else "O administrador deixou o usuário ou o banco só para leitura (default_transaction_read_only)."
    )
    failure = Failure(
        FailureKind.CONFIGURATION,
        f"Conectou, mas no banco “{target.name}” só se pode ler.",
        cause,
        "Informe o endereço do servidor principal." if replica else "Fale com o administrador do servidor.",
    )
    return failed(DatabaseStep.RIGHTS, failure)


def _without_right(what: str, command: str, step: DatabaseStep = DatabaseStep.RIGHTS) -> StepReport:
    failure = Failure(
        FailureKind.CONFIGURATION,
        what,
        "Falta a ele um direito que o dono das tabelas, ou o administrador, dá com GRANT.",
        "Peça ao administrador do servidor que execute, neste banco, o comando que se copia com o botão.",
        command,
    )
    return failed(step, failure, remedies=(ToCopy("GRANT", command),))


def _shown(names: Sequence[str]) -> str:
    more = f" e mais {len(names) - _SHOWN_TABLES}" if len(names) > _SHOWN_TABLES else ""
    return ", ".join(names[:_SHOWN_TABLES]) + more
