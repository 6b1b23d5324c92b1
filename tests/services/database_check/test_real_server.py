"""The test of the connection against a real PostgreSQL: each refusal as the server gives it, and what is inside."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack

import psycopg
import pytest

from app.data.database import Database, DatabaseUnavailable, schema_versions
from app.policies import SslMode
from app.settings.catalog import DATABASE_SSL
from services.check_list import CheckReport, Outcome, StepReport, ToCopy, ToRetry, ToSet
from services.database_check.check import check_database
from services.database_check.steps import DatabaseStep
from tests.postgresql import Server, running_server
from tests.self_signed import self_signed
from tests.services.database_check.settings import PASSWORD, checked, failed, step_of, url_of

# The owner of the server always enters, whatever a test makes of the rest.
_OWNER = "host all app 127.0.0.1/32 trust\n"
_EVERYBODY = "host all all 127.0.0.1/32 scram-sha-256\n"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server of these tests alone: they change who may enter."""
    with running_server("max_connections=8", "superuser_reserved_connections=2") as running:
        running.create("retaguarda")
        owner(running, f"CREATE ROLE operador LOGIN PASSWORD '{PASSWORD}'")
        owner(running, "ALTER DATABASE retaguarda OWNER TO operador")
        let_in(running, _EVERYBODY)
        yield running


@pytest.fixture
def hba(server: Server) -> Iterator[Server]:
    """The server, with its pg_hba.conf as it was afterwards."""
    yield server
    let_in(server, _EVERYBODY)


@pytest.fixture
def ssl_server(hba: Server) -> Iterator[Server]:
    """The server with TLS, by a certificate that nobody else knows."""
    for name, pem in zip(("server.crt", "server.key"), self_signed(), strict=True):
        (hba.data / name).write_bytes(pem)
        hba.own(hba.data / name)
    owner(hba, "ALTER SYSTEM SET ssl = on")
    hba.reload()
    yield hba
    owner(hba, "ALTER SYSTEM RESET ssl")
    hba.reload()


def owner(server: Server, command: str, database: str = "postgres") -> None:
    """Let the server's owner do something."""
    with psycopg.connect(
        host="127.0.0.1", port=server.port, user="app", dbname=database, autocommit=True
    ) as connection:
        connection.execute(command.encode())


def let_in(server: Server, lines: str) -> None:
    """Make these, after the owner's, the lines of pg_hba.conf."""
    (server.data / "pg_hba.conf").write_text(_OWNER + lines)
    server.reload()


def copied(step: StepReport) -> str:
    """The text of the one remedy that is to copy."""
    (text,) = (remedy.text for remedy in step.remedies if isinstance(remedy, ToCopy))
    return text


# --- being let in --------------------------------------------------------------------------------------------


def test_an_empty_database_is_entered_and_nothing_is_created(server: Server) -> None:
    report = checked(url_of(server.port))
    assert report.outcome is Outcome.OK
    assert report.failed is None
    assert "Conectado em" in report.summary
    assert "PostgreSQL 15" in report.summary
    assert "banco retaguarda (UTF8) · usuário operador · sem criptografia" in report.summary
    assert "scram-sha-256" in step_of(report, DatabaseStep.ADMISSION).found
    assert f"na porta {server.port}" in step_of(report, DatabaseStep.SERVER).found
    assert "vazio" in step_of(report, DatabaseStep.SCHEMA).found
    assert "pode criar" in step_of(report, DatabaseStep.RIGHTS).found
    assert "mediana de 5" in step_of(report, DatabaseStep.LATENCY).found
    assert "Fuso do servidor" in step_of(report, DatabaseStep.CLOCK).found
    with psycopg.connect(
        host="127.0.0.1", port=server.port, user="operador", password=PASSWORD, dbname="retaguarda"
    ) as connection:
        assert connection.execute(
            "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace"
        ).fetchone() == (0,)


def test_a_wrong_password_and_an_unknown_user_look_the_same(server: Server) -> None:
    for url in (url_of(server.port, password="outra"), url_of(server.port, user="ninguem")):
        step = failed(url, DatabaseStep.PASSWORD)
        assert "não aceitou o usuário" in step.found


def test_no_password_at_all(server: Server) -> None:
    assert "nenhuma foi informada" in failed(url_of(server.port, password=None), DatabaseStep.PASSWORD).found


def test_a_database_that_is_not_there_or_is_closed(server: Server) -> None:
    step = failed(url_of(server.port, name="Retaguarda"), DatabaseStep.DATABASE)
    assert step.found == "O banco “Retaguarda” não existe no servidor 127.0.0.1."
    assert copied(step).startswith('CREATE DATABASE "Retaguarda" OWNER "operador"')
    owner(server, "CREATE DATABASE fechado ALLOW_CONNECTIONS false")
    assert "fechado para conexões" in failed(url_of(server.port, name="fechado"), DatabaseStep.DATABASE).found
    owner(server, "DROP DATABASE fechado")


def test_limits(server: Server) -> None:
    owner(server, f"CREATE ROLE limitado LOGIN PASSWORD '{PASSWORD}' CONNECTION LIMIT 0")
    step = failed(url_of(server.port, user="limitado"), DatabaseStep.DATABASE)
    assert "sem conexões livres para o usuário “limitado”" in step.found
    assert step.remedies == (ToRetry(),)
    with ExitStack() as stack:
        places: list[psycopg.Connection] = []
        while True:
            try:
                places.append(psycopg.connect(host="127.0.0.1", port=server.port, user="app", dbname="postgres"))
            except psycopg.OperationalError:
                break
            stack.callback(places[-1].close)
        full = failed(url_of(server.port), DatabaseStep.ADMISSION)
        assert full.found == "O servidor 127.0.0.1 atingiu o limite de conexões."
        assert full.failure is not None
        assert "SQLSTATE 53300" in full.failure.details
        places[-1].close()
        eventually_reserved(server)
        for place in places[1:]:
            place.close()
        eventually_alone(places[0])
        places[0].execute("DROP ROLE limitado")
        places[0].commit()


def eventually_reserved(server: Server) -> None:
    """The last places are the administrator's; the one given back is free a moment later."""
    for _ in range(1000):
        report = checked(url_of(server.port))
        assert report.failed is not None
        if report.failed.step is DatabaseStep.DATABASE:
            assert "sem conexões livres" in report.sentence
            return
    pytest.fail("o lugar devolvido não ficou livre")


def eventually_alone(connection: psycopg.Connection) -> None:
    """The places given back are free a moment later; the next test needs them."""
    others = "SELECT 1 FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
    while connection.execute(others).fetchone() is not None:
        connection.rollback()  # what is seen stays the same within a transaction


def test_a_user_without_login_and_one_without_the_right_to_connect(hba: Server) -> None:
    owner(hba, "CREATE ROLE parado NOLOGIN")
    owner(hba, f"CREATE ROLE estranho LOGIN PASSWORD '{PASSWORD}'")
    owner(hba, "REVOKE CONNECT ON DATABASE retaguarda FROM PUBLIC")
    let_in(hba, "host all parado 127.0.0.1/32 trust\n" + _EVERYBODY)
    assert copied(failed(url_of(hba.port, user="parado"), DatabaseStep.PASSWORD)) == 'ALTER ROLE "parado" LOGIN;'
    step = failed(url_of(hba.port, user="estranho"), DatabaseStep.DATABASE)
    assert copied(step) == 'GRANT CONNECT ON DATABASE "retaguarda" TO "estranho";'
    owner(hba, copied(step))
    assert checked(url_of(hba.port, user="estranho")).failed is not None  # it may create nothing
    owner(hba, "DROP OWNED BY estranho", "retaguarda")
    owner(hba, "GRANT CONNECT ON DATABASE retaguarda TO PUBLIC")
    owner(hba, "DROP ROLE estranho")
    owner(hba, "DROP ROLE parado")


# --- pg_hba.conf and encryption ------------------------------------------------------------------------------


def test_without_a_line_the_exact_line_is_offered_and_works(hba: Server) -> None:
    let_in(hba, "")
    url = url_of(hba.port)
    step = failed(url, DatabaseStep.ADMISSION)
    assert step.found == (
        "O servidor 127.0.0.1 não autoriza este computador a usar o banco “retaguarda” com o usuário “operador”."
    )
    assert step.failure is not None and "SQLSTATE 28000" in step.failure.details
    assert copied(step) == "host  retaguarda  operador  127.0.0.1/32  scram-sha-256"
    let_in(hba, copied(step) + "\n")
    assert checked(url).failed is None


def test_a_line_that_rejects(hba: Server) -> None:
    let_in(hba, "host retaguarda operador 127.0.0.1/32 reject\n" + _EVERYBODY)
    assert "há no pg_hba.conf uma linha que o rejeita" in failed(url_of(hba.port), DatabaseStep.ADMISSION).found


def test_trust_and_clear_text_passwords(hba: Server) -> None:
    let_in(hba, "host all operador 127.0.0.1/32 trust\n")
    report = checked(url_of(hba.port, password=None))
    assert report.outcome is Outcome.WARNING
    assert "sem pedir senha" in step_of(report, DatabaseStep.ADMISSION).found
    let_in(hba, "host all operador 127.0.0.1/32 password\n")
    assert checked(url_of(hba.port)).outcome is Outcome.OK


@pytest.mark.parametrize("mode", [SslMode.REQUIRE, SslMode.VERIFY_FULL])
def test_encryption_that_the_server_does_not_have(server: Server, mode: SslMode) -> None:
    step = failed(url_of(server.port, ssl=mode), DatabaseStep.ENCRYPTION)
    assert "não oferece conexão criptografada" in step.found
    assert step.remedies == (ToSet("Tentar sem exigir SSL", DATABASE_SSL, SslMode.PREFER),)


def test_encryption_is_used_where_it_is_offered(ssl_server: Server) -> None:
    for mode in (SslMode.PREFER, SslMode.REQUIRE):
        report = checked(url_of(ssl_server.port, ssl=mode))
        assert report.outcome is Outcome.OK
        assert "criptografia TLSv1.3" in report.summary
        assert "TLSv1.3" in step_of(report, DatabaseStep.ENCRYPTION).found
    plain = checked(url_of(ssl_server.port, ssl=SslMode.DISABLE))
    assert "sem criptografia" in plain.summary
    assert "O servidor a oferece" in step_of(plain, DatabaseStep.ENCRYPTION).found


def test_where_encryption_is_demanded_it_is_offered_as_the_way_out(ssl_server: Server) -> None:
    let_in(ssl_server, "hostssl all all 127.0.0.1/32 scram-sha-256\n")
    step = failed(url_of(ssl_server.port, ssl=SslMode.DISABLE), DatabaseStep.ADMISSION)
    way_out, line = step.remedies
    assert way_out == ToSet("Tentar com SSL", DATABASE_SSL, SslMode.REQUIRE)
    assert isinstance(line, ToCopy)
    for mode in (SslMode.REQUIRE, SslMode.PREFER):
        assert checked(url_of(ssl_server.port, ssl=mode)).failed is None


def test_without_a_line_for_encrypted_connections(ssl_server: Server) -> None:
    let_in(ssl_server, "hostnossl all all 127.0.0.1/32 scram-sha-256\n")
    step = failed(url_of(ssl_server.port, ssl=SslMode.REQUIRE), DatabaseStep.ADMISSION)
    assert copied(step) == "hostssl  retaguarda  operador  127.0.0.1/32  scram-sha-256"
    assert checked(url_of(ssl_server.port)).failed is None  # without demanding it, the other line lets in


def test_a_certificate_of_nobody_known(ssl_server: Server) -> None:
    step = failed(url_of(ssl_server.port, ssl=SslMode.VERIFY_FULL), DatabaseStep.ENCRYPTION)
    assert "não pôde ser conferido" in step.found


# --- a server that is not ready ------------------------------------------------------------------------------


def test_a_server_being_shut_down_is_waited_for() -> None:
    with running_server() as server, psycopg.connect(host="127.0.0.1", port=server.port, user="app", dbname="postgres"):
        stop = [*server.control, "-m", "smart", "-W", "stop"]
        subprocess.run(stop, check=True, stdout=subprocess.DEVNULL, cwd="/")
        url = url_of(server.port, user="app", name="postgres")
        while checked(url).failed is None:  # until the server has taken the signal
            pass
        step = failed(url, DatabaseStep.ADMISSION)
        assert step.found == "O banco em 127.0.0.1 está iniciando ou sendo desligado."
        assert step.failure is not None and "SQLSTATE 57P03" in step.failure.details
        assert step.remedies == (ToRetry(),)


# --- what is inside ------------------------------------------------------------------------------------------


@pytest.fixture
def migrated(server: Server) -> Iterator[str]:
    """The name of a database of the operator's with the program's tables."""
    owner(server, "CREATE DATABASE pronto OWNER operador")
    database = Database(url_of(server.port, name="pronto"))
    database.migrate()
    database.close()
    yield "pronto"
    owner(server, "DROP DATABASE pronto WITH (FORCE)")


def test_the_programs_own_tables(server: Server, migrated: str) -> None:
    report = checked(url_of(server.port, name=migrated))
    assert report.outcome is Outcome.OK
    assert f"versão {schema_versions()[-1]}" in step_of(report, DatabaseStep.SCHEMA).found
    assert "dono" in step_of(report, DatabaseStep.RIGHTS).found


def test_a_schema_of_before_is_brought_up_to_date_at_the_opening(server: Server, migrated: str) -> None:
    owner(server, "UPDATE alembic_version SET version_num = '0003'", migrated)
    found = step_of(checked(url_of(server.port, name=migrated)), DatabaseStep.SCHEMA).found
    assert f"0003 do esquema; serão atualizadas para a {schema_versions()[-1]}" in found


def test_a_newer_schema(server: Server, migrated: str) -> None:
    owner(server, "UPDATE alembic_version SET version_num = '9999'", migrated)
    step = failed(url_of(server.port, name=migrated), DatabaseStep.SCHEMA)
    assert "versão mais nova" in step.found and "9999" in step.found


def test_tables_that_are_missing(server: Server, migrated: str) -> None:
    owner(server, "DROP TABLE audit_entry", migrated)
    assert "audit_entry" in failed(url_of(server.port, name=migrated), DatabaseStep.SCHEMA).found


@pytest.mark.parametrize("with_alembic", [False, True])
def test_tables_of_another_program(server: Server, with_alembic: bool) -> None:
    owner(server, "CREATE DATABASE alheio OWNER operador")
    owner(server, "CREATE TABLE produtos (id int)", "alheio")
    if with_alembic:
        owner(server, "CREATE TABLE alembic_version AS SELECT 'abc'::text AS version_num", "alheio")
        owner(server, "GRANT SELECT ON alembic_version TO operador", "alheio")
    step = failed(url_of(server.port, name="alheio"), DatabaseStep.SCHEMA)
    assert "não é um banco do Retaguarda" in step.found
    assert step.failure is not None and "produtos" in step.failure.cause
    owner(server, "DROP DATABASE alheio WITH (FORCE)")


def test_rights_that_are_missing_are_given_by_the_command_offered(server: Server, migrated: str) -> None:
    owner(server, f"CREATE ROLE leitor LOGIN PASSWORD '{PASSWORD}'")
    url = url_of(server.port, name=migrated, user="leitor")
    owner(server, "GRANT SELECT ON alembic_version TO leitor", migrated)
    step = failed(url, DatabaseStep.RIGHTS)
    assert "não pode ler e gravar" in step.found
    assert copied(step).startswith('GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA "public" TO "leitor";')
    owner(server, copied(step), migrated)
    report = checked(url)
    assert report.outcome is Outcome.WARNING
    rights = step_of(report, DatabaseStep.RIGHTS)
    assert "a próxima versão do programa não poderá atualizá-las" in rights.found
    owner(server, copied(rights), migrated)
    assert checked(url).outcome is Outcome.OK
    owner(server, "DROP OWNED BY leitor", migrated)
    owner(server, "DROP ROLE leitor")


def test_without_the_version_to_read_the_rights_are_what_is_missing(server: Server, migrated: str) -> None:
    owner(server, f"CREATE ROLE cego LOGIN PASSWORD '{PASSWORD}'")
    assert copied(failed(url_of(server.port, name=migrated, user="cego"), DatabaseStep.RIGHTS))
    owner(server, "DROP ROLE cego")


def test_an_empty_database_in_which_the_user_may_not_create(server: Server) -> None:
    owner(server, "CREATE DATABASE vazio")
    url = url_of(server.port, name="vazio")
    step = failed(url, DatabaseStep.RIGHTS)
    assert copied(step) == 'GRANT USAGE, CREATE ON SCHEMA "public" TO "operador";'
    owner(server, copied(step), "vazio")
    assert checked(url).failed is None
    owner(server, "REVOKE ALL ON SCHEMA public FROM PUBLIC, operador", "vazio")
    assert "não pode usar nenhum esquema" in failed(url, DatabaseStep.SCHEMA).found
    owner(server, "DROP DATABASE vazio WITH (FORCE)")


def test_a_server_that_only_reads(server: Server) -> None:
    owner(server, "ALTER ROLE operador SET default_transaction_read_only = on")
    assert "só se pode ler" in failed(url_of(server.port), DatabaseStep.RIGHTS).found
    owner(server, "ALTER ROLE operador RESET default_transaction_read_only")


def test_encoding_and_zone(server: Server) -> None:
    owner(server, "CREATE DATABASE latino OWNER operador ENCODING 'LATIN1' TEMPLATE template0")
    owner(server, "ALTER DATABASE latino SET timezone = 'America/Manaus'")
    report = checked(url_of(server.port, name="latino"))
    assert report.outcome is Outcome.WARNING
    assert "LATIN1" in step_of(report, DatabaseStep.ENCODING).found
    assert report.summary.endswith("fuso America/Manaus")
    owner(server, "DROP DATABASE latino WITH (FORCE)")


@pytest.mark.parametrize(("behind_s", "words"), [(90, "segundos atrasado"), (-3600, "60 minutos adiantado")])
def test_clocks_that_differ(server: Server, monkeypatch: pytest.MonkeyPatch, behind_s: int, words: str) -> None:
    now = time.time
    monkeypatch.setattr(time, "time", lambda: now() - behind_s)
    report = checked(url_of(server.port))
    assert report.outcome is Outcome.WARNING
    assert words in step_of(report, DatabaseStep.CLOCK).found


def test_the_tables_of_an_extension_are_nobodys(server: Server) -> None:
    owner(server, "CREATE DATABASE estendido OWNER operador")
    owner(server, "CREATE TABLE de_extensao (id int)", "estendido")
    owner(server, "ALTER EXTENSION plpgsql ADD TABLE de_extensao", "estendido")
    assert "vazio" in step_of(checked(url_of(server.port, name="estendido")), DatabaseStep.SCHEMA).found
    owner(server, "DROP DATABASE estendido WITH (FORCE)")


# --- giving up, and the program's own opening ----------------------------------------------------------------


@pytest.mark.parametrize("after", range(len(DatabaseStep) + 1))
def test_it_is_given_up_at_any_step(server: Server, after: int) -> None:
    reports: list[CheckReport] = []
    reports.extend(check_database(url_of(server.port), lambda: len(reports) > after))
    *_, last = reports
    assert last.finished
    # What comes after the last of the waits, the latency, is known by then.
    waits = after <= list(DatabaseStep).index(DatabaseStep.LATENCY)
    assert last.cancelled is waits
    assert (last.summary == "O teste foi cancelado.") is waits
    assert last.outcome is (Outcome.NOT_DONE if waits else Outcome.OK)


def test_the_ports_of_the_two_servers_are_compared(server: Server) -> None:
    *_, report = check_database(url_of(server.port), lambda: False, integration_port=server.port)
    assert step_of(report, DatabaseStep.ADDRESS).outcome is Outcome.WARNING


def test_the_opening_explains_itself_alike(server: Server) -> None:
    database = Database(url_of(server.port, password="outra"))
    with pytest.raises(DatabaseUnavailable) as caught:
        database.migrate()
    database.close()
    assert "com esta senha" in caught.value.failure.cause
    assert "outra" not in caught.value.failure.details
