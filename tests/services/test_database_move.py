"""Moving the data of a computer to a real PostgreSQL: everything or nothing, whatever happens meanwhile."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, make_url, select, text

from app import secrets
from app.credit_analysis import AnalysisState
from app.data import credit_analyses, transfer
from app.data.credit_analyses import AnalysisQuery
from app.data.database import Database, DatabaseUnavailable, database_secret
from app.data.models import AuditEntry, Base, CreditAnalysis, Customer, DatabaseIdentity, Lease, Region
from app.data.table_names import TABLE_NAMES
from app.domain import Failure, FailureKind
from app.folders import Folders
from app.policies import DatabaseKind, SslMode
from app.settings.catalog import (
    DATABASE_KIND,
    DATABASE_NAME,
    DATABASE_PORT,
    DATABASE_SSL,
    DATABASE_USER,
    INTEGRATION_PORT,
)
from app.settings.former_place import FormerPlace
from app.settings.machine import MachineStore
from app.settings.snapshot import Snapshot
from services import database_move
from services.backoffice import open_backoffice
from services.database_move import Moved, NotMoved, Progress, Step, look, move_back, move_to_server, server_place
from tests.full_database import fill
from tests.postgresql import Server

NOW = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def _full_file(tmp_path_factory: pytest.TempPathFactory, _sqlite_model: Path) -> Path:
    """A file with rows in every table, from which those of the tests are copied."""
    file = tmp_path_factory.mktemp("cheio") / "cheio.sqlite"
    shutil.copy(_sqlite_model, file)
    with closing(Database(f"sqlite:///{file}")) as database, database.writing() as connection:
        fill(connection)
    return file


@pytest.fixture
def folders(data_folder: Path, _full_file: Path) -> Folders:
    """A computer with rows in every table of its file."""
    folders = Folders(data_folder, data_folder)
    shutil.copy(_full_file, folders.database_file)
    MachineStore(folders.machine_file).save({INTEGRATION_PORT: 9000})
    return folders


@contextmanager
def _open(folders: Folders) -> Iterator[Connection]:
    with closing(Database(f"sqlite:///{folders.database_file}")) as database, database.writing() as connection:
        yield connection


@contextmanager
def _server(url: str) -> Iterator[Connection]:
    with closing(Database(url)) as database, database.writing() as connection:
        yield connection


def _place(url: str, **changed: Any) -> Snapshot:
    there = make_url(url)
    return server_place(
        {
            DATABASE_PORT: there.port,
            DATABASE_NAME: changed.get("name", there.database),
            DATABASE_USER: changed.get("user", there.username),
            DATABASE_SSL: SslMode.DISABLE,
        }
    )


def _move(
    folders: Folders,
    place: Snapshot,
    told: Callable[[Progress], None] = lambda progress: None,
    given_up: Callable[[], bool] = lambda: False,
    password: str | None = "segredo",
) -> Moved:
    return move_to_server(folders, place, password, actor="Ana", now=NOW, told=told, given_up=given_up)


def _refused(folders: Folders, place: Snapshot, **how: Any) -> Failure:
    """Why the move was not made, after a look at what then must be as it was."""
    before = folders.machine_file.read_text()
    contents = _sums(folders)
    with pytest.raises(NotMoved) as caught:
        _move(folders, place, **how)
    assert folders.machine_file.read_text() == before
    assert _sums(folders) == contents
    assert secrets.read(database_secret(place)) is None
    return caught.value.failure


def _sums(folders: Folders) -> dict[str, transfer.Sum]:
    with _open(folders) as connection:
        return transfer.read_back(connection, lambda table, rows: None)


def test_everything_arrives_and_this_computer_uses_it(folders: Folders, empty_postgresql_url: str) -> None:
    before = _sums(folders)
    moved = _move(folders, _place(empty_postgresql_url))
    assert set(moved.rows) == {TABLE_NAMES[table.name] for table in transfer.CARRIED}
    assert set(moved.rows.values()) == {7}
    with _server(empty_postgresql_url) as there:
        assert _different(before, transfer.read_back(there, lambda table, rows: None)) == {"audit_entry"}
        told = there.execute(select(AuditEntry.actor, AuditEntry.new).order_by(AuditEntry.id.desc())).first()
        assert told is not None
        assert told.actor == "Ana"
        assert told.new.startswith(moved.place)
        assert there.execute(select(Customer.revision).distinct()).scalars().one() > 0
    assert _sums(folders) == before
    machine = MachineStore(folders.machine_file).load()
    assert machine[DATABASE_KIND] is DatabaseKind.SERVER
    assert machine[INTEGRATION_PORT] == 9000
    assert secrets.read(database_secret(_place(empty_postgresql_url))) == "segredo"


def _different(one: dict[str, transfer.Sum], other: dict[str, transfer.Sum]) -> set[str]:
    return {name for name in one if one[name] != other[name]}


def test_each_value_of_each_row_is_the_same_there(folders: Folders, postgresql_url: str) -> None:
    # Row by row, by another way than the sums of the program itself.
    def rows(connection: Connection) -> dict[str, list[tuple[Any, ...]]]:
        return {
            table.name: sorted(
                (tuple(row) for row in connection.execute(select(*(c for c in table.columns if c.name != "revision")))),
                key=repr,
            )
            for table in transfer.CARRIED
            if table.name != AuditEntry.__tablename__
        }

    with _open(folders) as here:
        before = rows(here)
    _move(folders, _place(postgresql_url))
    with _server(postgresql_url) as there:
        assert rows(there) == before


def test_rows_made_there_afterwards_get_numbers_of_their_own(folders: Folders, empty_postgresql_url: str) -> None:
    _move(folders, _place(empty_postgresql_url))
    with _server(empty_postgresql_url) as there:
        numbered = [table.name for table in transfer.CARRIED if _sequence(there, table.name) is not None]
        assert {"customer", "audit_entry", "order_check", "region"} <= set(numbered)
        for name in numbered:
            following = there.execute(text(f"SELECT nextval('{_sequence(there, name)}')")).scalar_one()
            assert following == there.execute(text(f"SELECT max(id) + 1 FROM {name}")).scalar_one()  # noqa: S608


def _sequence(connection: Connection, table: str) -> str | None:
    if "id" not in Base.metadata.tables[table].columns:
        return None
    found: str | None = connection.execute(text(f"SELECT pg_get_serial_sequence('{table}', 'id')")).scalar_one()
    return found


def test_who_consults_and_which_database_it_is_stay_behind(folders: Folders, postgresql_url: str) -> None:
    with _open(folders) as here:
        here.execute(Lease.__table__.insert().values(name="sefaz", owner="PC", until=NOW))  # type: ignore[attr-defined]
        own = here.execute(select(DatabaseIdentity.value)).scalar_one()
    with _server(postgresql_url) as there:
        theirs = there.execute(select(DatabaseIdentity.value)).scalar_one()
    _move(folders, _place(postgresql_url))
    with _server(postgresql_url) as there:
        assert there.execute(select(Lease.name)).all() == []
        assert there.execute(select(DatabaseIdentity.value)).scalars().all() == [theirs]
    assert own != theirs


def test_every_table_has_a_name_for_people() -> None:
    assert set(TABLE_NAMES) == set(Base.metadata.tables)
    assert len(set(TABLE_NAMES.values())) == len(TABLE_NAMES)


def test_a_look_changes_nothing(folders: Folders, empty_postgresql_url: str) -> None:
    ready = look(folders, _place(empty_postgresql_url), "segredo", lambda: False)
    assert ready.total == 7 * len(transfer.CARRIED)
    with _server(empty_postgresql_url) as there:
        assert there.execute(text("SELECT to_regclass('customer')")).scalar_one() is None
    assert secrets.read(database_secret(_place(empty_postgresql_url))) is None


def test_a_look_is_taken_while_the_program_is_open(folders: Folders, postgresql_url: str) -> None:
    with closing(Database(f"sqlite:///{folders.database_file}")) as program:
        with program.reading() as connection:
            connection.execute(select(Region)).all()
        assert look(folders, _place(postgresql_url), None, lambda: False).total > 0


def test_a_database_with_data_is_refused(folders: Folders, postgresql_url: str) -> None:
    with _server(postgresql_url) as there:
        there.execute(text("INSERT INTO region (name, active) VALUES ('Litoral', true)"))
    for refused in (_look_refused(folders, postgresql_url), _refused(folders, _place(postgresql_url))):
        assert "já tem dados do Retaguarda: Regiões de venda (2)" in refused.what
    with _server(postgresql_url) as there:
        assert there.execute(select(Region.name).order_by(Region.id)).scalars().all() == ["Geral", "Litoral"]


def _look_refused(folders: Folders, url: str) -> Failure:
    with pytest.raises(NotMoved) as caught:
        look(folders, _place(url), None, lambda: False)
    return caught.value.failure


def test_a_database_of_another_program_is_refused(folders: Folders, empty_postgresql_url: str) -> None:
    with _server(empty_postgresql_url) as there:
        there.execute(text("CREATE TABLE customer (x int)"))
    refused = _refused(folders, _place(empty_postgresql_url))
    assert "tabelas de outro programa: customer" in refused.cause


def test_what_the_server_does_not_take_is_named_before_anything_is_copied(
    folders: Folders, empty_postgresql_url: str
) -> None:
    with _open(folders) as here:
        here.execute(text("UPDATE customer SET name = 'POSTO' || char(0) || 'X' WHERE id = 8"))
        here.execute(text("UPDATE customer SET city = :city WHERE id = 13"), {"city": "x" * 81})
    with pytest.raises(NotMoved) as caught:
        _move(folders, _place(empty_postgresql_url))
    failure = caught.value.failure
    lines = failure.details.splitlines()
    assert lines[0].startswith("Clientes, registro 8, campo Nome: o texto tem um caractere nulo")
    assert lines[1] == "Clientes, registro 13, campo Cidade: o texto passa de 80 caracteres."
    assert lines[0] in failure.what
    assert not MachineStore(folders.machine_file).load().get(DATABASE_KIND)
    with _server(empty_postgresql_url) as there:
        assert there.execute(text("SELECT to_regclass('customer')")).scalar_one() is None


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        ("UPDATE region SET active = 7 WHERE id = 3", "Regiões de venda, registro 3, campo active: não é sim nem não."),
        ("UPDATE anp_list SET rows = 'x' WHERE id = 3", "não é um número inteiro"),
        ("UPDATE anp_list SET rows = 3000000000 WHERE id = 3", "o número é grande demais"),
        ("UPDATE anp_list SET rejected = '{x' WHERE id = 3", "o conteúdo está danificado (JSON)"),
        ("UPDATE anp_list SET taken_at = 'ontem' WHERE id = 3", "não é uma data"),
        ("UPDATE region SET name = x'41' WHERE id = 3", "não é um texto"),
        ("UPDATE consultation SET request = 'x' WHERE id = 3", "não são bytes"),
    ],
)
def test_a_value_of_another_type_is_named(folders: Folders, statement: str, sentence: str, postgresql_url: str) -> None:
    with _open(folders) as here:
        here.execute(text(statement))
    with pytest.raises(NotMoved) as caught:
        _move(folders, _place(postgresql_url))
    assert sentence in caught.value.failure.details


def test_a_row_that_points_to_nothing_is_named(folders: Folders, postgresql_url: str) -> None:
    with _open(folders) as here:
        here.execute(text("COMMIT"))  # the pragma is of no effect inside a transaction
        here.execute(text("PRAGMA foreign_keys = OFF"))
        here.execute(text("BEGIN"))
        here.execute(text("UPDATE branch SET company_id = 999 WHERE id = 3"))
    failure = _refused(folders, _place(postgresql_url))
    assert "Filiais, linha 3: aponta para um registro de Empresas que não existe." in failure.details


def test_a_damaged_file_is_said_to_be_so(folders: Folders, postgresql_url: str) -> None:
    whole = folders.database_file.read_bytes()
    middle = len(whole) // 3
    folders.database_file.write_bytes(whole[:middle] + bytes(len(whole) // 3) + whole[2 * len(whole) // 3 :])
    with pytest.raises((NotMoved, DatabaseUnavailable)) as caught:
        _move(folders, _place(postgresql_url))
    assert isinstance(caught.value, NotMoved | DatabaseUnavailable)
    assert "danificado" in caught.value.failure.cause
    assert DATABASE_KIND not in MachineStore(folders.machine_file).load()


def test_a_file_that_another_program_has_open_is_not_moved(folders: Folders, postgresql_url: str) -> None:
    with closing(Database(f"sqlite:///{folders.database_file}")) as program:
        with program.reading() as connection:
            connection.execute(select(Region)).all()
        with pytest.raises(NotMoved) as caught:
            _move(folders, _place(postgresql_url))
    assert "aberto em outro programa" in caught.value.failure.what
    assert DATABASE_KIND not in MachineStore(folders.machine_file).load()


def test_nobody_opens_the_file_meanwhile(folders: Folders, postgresql_url: str) -> None:
    code = "import sqlite3, sys; sqlite3.connect(sys.argv[1], timeout=0).execute('SELECT name FROM region')"
    answers = []

    def intrude(progress: Progress) -> None:
        if progress.step is Step.SWITCHING:
            ran = subprocess.run([sys.executable, "-c", code, folders.database_file], capture_output=True, check=False)
            answers.append(ran.stderr.decode())

    _move(folders, _place(postgresql_url), told=intrude)
    assert "database is locked" in answers[0]


@pytest.mark.parametrize("step", [Step.COPYING, Step.VERIFYING])
def test_a_cancelled_move_leaves_nothing(folders: Folders, empty_postgresql_url: str, step: Step) -> None:
    seen: list[Step] = []
    failure = _refused(
        folders,
        _place(empty_postgresql_url),
        told=lambda progress: seen.append(progress.step),
        given_up=lambda: step in seen,
    )
    assert failure.kind is FailureKind.CANCELLED
    assert Step.KEEPING not in seen
    with _server(empty_postgresql_url) as there:
        assert transfer.occupants(there) == {}
    _move(folders, _place(empty_postgresql_url))


def test_progress_tells_every_row_twice_and_never_goes_back(folders: Folders, postgresql_url: str) -> None:
    told: list[Progress] = []
    _move(folders, _place(postgresql_url), told=told.append)
    assert [step for step in Step if any(p.step is step for p in told)] == list(Step)
    counted = [progress for progress in told if progress.total]
    assert [p.done for p in counted] == sorted(p.done for p in counted)
    assert counted[-1].done == counted[-1].total == 2 * 7 * len(transfer.CARRIED)
    assert counted[0].sentence == "Copiando: Listas da ANP"


def test_a_server_that_changes_what_it_keeps_is_found_out(folders: Folders, postgresql_url: str) -> None:
    with _server(postgresql_url) as there:
        there.execute(
            text(
                "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS "
                "$$ BEGIN NEW.name := upper(NEW.name) || '!'; RETURN NEW; END $$"
            )
        )
        there.execute(text("CREATE TRIGGER t BEFORE INSERT ON entity FOR EACH ROW EXECUTE FUNCTION f()"))
    failure = _refused(folders, _place(postgresql_url))
    assert failure.details == "Entidades: o conteúdo lido do servidor não é igual ao do arquivo."
    with _server(postgresql_url) as there:
        assert transfer.occupants(there) == {}


def test_a_server_that_drops_rows_is_found_out(folders: Folders, postgresql_url: str) -> None:
    with _server(postgresql_url) as there:
        there.execute(text("CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$"))
        there.execute(text("CREATE TRIGGER t BEFORE INSERT ON audit_entry FOR EACH ROW EXECUTE FUNCTION f()"))
    assert "Auditoria: 7 registros no arquivo, 0 no servidor." in _refused(folders, _place(postgresql_url)).what


def test_a_connection_that_falls_leaves_this_computer_on_its_file(folders: Folders, postgresql_url: str) -> None:
    def cut(progress: Progress) -> None:
        if progress.step is Step.VERIFYING and progress.table == "Clientes":
            with _server(postgresql_url) as other:
                other.execute(
                    text(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                    )
                )

    failure = _refused(folders, _place(postgresql_url), told=cut)
    assert "caiu durante a mudança" in failure.what
    with _server(postgresql_url) as there:
        assert transfer.occupants(there) == {}


def test_a_server_without_space_for_the_row_says_which_table(folders: Folders, postgresql_url: str) -> None:
    # Any refusal of the server itself that no look at the file can foresee.
    with _server(postgresql_url) as there:
        there.execute(text("ALTER TABLE brand ADD CONSTRAINT c CHECK (id < 10)"))
    failure = _refused(folders, _place(postgresql_url))
    assert (
        failure.what == "Na tabela Bandeiras, no registro que vem em 3º lugar, há algo que o servidor não aceita. "
        "Nada foi mudado."
    )
    assert "23514" in failure.details


def test_a_user_that_may_not_create_tables_is_told_what_to_ask_for(
    folders: Folders, postgresql_server: Server, empty_postgresql_url: str
) -> None:
    with _role(postgresql_server, "so_leitor"):
        failure = _refused(folders, _place(empty_postgresql_url, user="so_leitor"))
    assert failure.what.startswith("O usuário “so_leitor” não pode criar tabelas")
    assert failure.details == 'GRANT USAGE, CREATE ON SCHEMA "public" TO "so_leitor";'


def test_a_user_that_may_only_read_our_tables_is_told_what_to_ask_for(
    folders: Folders, postgresql_server: Server, postgresql_url: str
) -> None:
    with _role(postgresql_server, "so_leitor"):
        with _server(postgresql_url) as there:
            there.execute(text("GRANT SELECT ON ALL TABLES IN SCHEMA public TO so_leitor"))
        failure = _refused(folders, _place(postgresql_url, user="so_leitor"))
        with _server(postgresql_url) as there:
            there.execute(text("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM so_leitor"))
    assert "O usuário “so_leitor” não pode ler e gravar" in failure.what


@contextmanager
def _role(server: Server, name: str) -> Iterator[None]:
    with psycopg.connect(host="127.0.0.1", port=server.port, user="app", dbname="postgres", autocommit=True) as admin:
        admin.execute(f"CREATE ROLE {name} LOGIN")
        try:
            yield
        finally:
            admin.execute(f"DROP ROLE {name}")


def test_a_database_that_keeps_other_letters_is_refused(folders: Folders, postgresql_server: Server) -> None:
    with psycopg.connect(
        host="127.0.0.1", port=postgresql_server.port, user="app", dbname="postgres", autocommit=True
    ) as admin:
        admin.execute("CREATE DATABASE latim ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
        try:
            failure = _refused(folders, _place(postgresql_server.url("latim")))
        finally:
            admin.execute("DROP DATABASE latim")
    assert "guarda textos em LATIN1" in failure.what


def test_a_server_in_use_is_waited_for_and_then_named(
    folders: Folders, postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transfer, "_LOCK_PATIENCE_S", 1)
    with _server(postgresql_url) as other:
        # A move that would wait without end fails the test instead of holding it.
        other.execute(text("SET idle_in_transaction_session_timeout = '60s'"))
        other.execute(text("LOCK TABLE region IN ROW EXCLUSIVE MODE"))
        failure = _refused(folders, _place(postgresql_url))
    assert failure.what == "O banco do servidor está em uso por outro programa."


def test_a_wrong_server_is_explained_by_the_test_of_the_connection(folders: Folders, postgresql_url: str) -> None:
    assert "não existe" in _refused(folders, _place(postgresql_url, name="nenhum")).what


def test_the_demonstration_and_a_computer_on_a_server_have_nothing_to_move(
    folders: Folders, postgresql_url: str
) -> None:
    folders.demonstration_file.touch()
    assert "demonstração" in _refused(folders, _place(postgresql_url)).what
    folders.demonstration_file.unlink()
    _move(folders, _place(postgresql_url))
    with pytest.raises(NotMoved, match="já usa um servidor"):
        _move(folders, _place(postgresql_url))


def test_without_a_keyring_nothing_begins(
    folders: Folders, postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def closed(name: str, value: str) -> None:
        raise secrets.SecretsUnavailable("o cofre está fechado")

    monkeypatch.setattr(secrets, "write", closed)
    with pytest.raises(secrets.SecretsUnavailable):
        _move(folders, _place(postgresql_url))
    assert DATABASE_KIND not in MachineStore(folders.machine_file).load()
    with _server(postgresql_url) as there:
        assert transfer.occupants(there) == {}


def test_a_former_password_comes_back_when_the_move_is_not_made(folders: Folders, postgresql_url: str) -> None:
    name = database_secret(_place(postgresql_url))
    secrets.write(name, "a de antes")
    with pytest.raises(NotMoved):
        _move(folders, _place(postgresql_url), given_up=lambda: True)
    assert secrets.read(name) == "a de antes"


def test_settings_that_cannot_be_replaced_leave_a_copy_that_the_next_move_takes_over(
    folders: Folders, postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(MachineStore, "save", _full_disk)
        with pytest.raises(OSError, match="disco"):
            _move(folders, _place(postgresql_url))
    with _open(folders) as here:
        here.execute(text("INSERT INTO region (name, active) VALUES ('Depois', 1)"))
    _move(folders, _place(postgresql_url))
    with _server(postgresql_url) as there:
        assert "Depois" in there.execute(select(Region.name)).scalars().all()


def test_a_copy_left_behind_that_somebody_used_is_not_overwritten(
    folders: Folders, postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(MachineStore, "save", _full_disk)
        with pytest.raises(OSError, match="disco"):
            _move(folders, _place(postgresql_url))
    with _server(postgresql_url) as there:
        there.execute(text("UPDATE region SET name = 'de outro computador' WHERE id = 3"))
    with pytest.raises(NotMoved, match="já tem dados"):
        _move(folders, _place(postgresql_url), password=None)


def _full_disk(store: MachineStore, values: object) -> None:
    raise OSError("disco cheio")


def test_going_back_takes_the_file_as_it_was(folders: Folders, postgresql_url: str) -> None:
    before = _sums(folders)
    _move(folders, _place(postgresql_url))
    with _server(postgresql_url) as there:
        there.execute(text("INSERT INTO region (name, active) VALUES ('Só no servidor', true)"))
    assert database_move.undoable(folders) is not None
    move_back(folders, actor="Ana", now=NOW)
    assert MachineStore(folders.machine_file).load() == {INTEGRATION_PORT: 9000}
    assert _different(before, _sums(folders)) == {"audit_entry"}
    assert database_move.undoable(folders) is None
    with pytest.raises(NotMoved, match="Não há mudança a desfazer"):
        move_back(folders, actor="Ana", now=NOW)
    with _server(postgresql_url) as there:
        assert "Só no servidor" in there.execute(select(Region.name)).scalars().all()
    with pytest.raises(NotMoved, match="já tem dados"):
        _move(folders, _place(postgresql_url))


def test_going_back_asks_again_for_no_credit_analysis_that_the_server_may_have_made(
    folders: Folders, postgresql_url: str
) -> None:
    with _open(folders) as here:
        here.execute(text("UPDATE credit_analysis SET state = 'na_fila'"))
    _move(folders, _place(postgresql_url))
    with _server(postgresql_url) as there:
        assert credit_analyses.count(there, AnalysisQuery(state=AnalysisState.QUEUED))
    move_back(folders, actor="Ana", now=NOW)
    with _open(folders) as here:
        assert set(here.execute(select(CreditAnalysis.state)).scalars()) == {AnalysisState.CANCELLED.value}


def test_a_move_undone_at_once_can_be_made_again(folders: Folders, postgresql_url: str) -> None:
    _move(folders, _place(postgresql_url))
    move_back(folders, actor="Ana", now=NOW)
    _move(folders, _place(postgresql_url))
    assert MachineStore(folders.machine_file).load()[DATABASE_KIND] is DatabaseKind.SERVER


def test_without_the_file_there_is_no_way_back(folders: Folders, postgresql_url: str) -> None:
    _move(folders, _place(postgresql_url))
    folders.database_file.unlink()
    with pytest.raises(NotMoved, match="não existe mais"):
        move_back(folders, actor="Ana", now=NOW)
    assert not folders.database_file.exists()
    assert MachineStore(folders.machine_file).load()[DATABASE_KIND] is DatabaseKind.SERVER


def test_a_server_chosen_by_hand_since_is_not_left(folders: Folders, postgresql_url: str) -> None:
    _move(folders, _place(postgresql_url))
    store = MachineStore(folders.machine_file)
    store.save(store.load() | {DATABASE_NAME: "outro"})
    assert database_move.undoable(folders) is None


def test_the_password_is_in_none_of_the_files(folders: Folders, postgresql_url: str) -> None:
    _move(folders, _place(postgresql_url), password="S3nh4-muito-própria")
    move = FormerPlace(folders.move_file).load()
    assert move is not None
    for file in (folders.machine_file, folders.move_file):
        assert "S3nh4" not in file.read_text()


@pytest.mark.parametrize("step", list(Step))
def test_killed_at_any_step_it_is_on_the_file_or_on_the_server(
    folders: Folders, empty_postgresql_url: str, step: Step
) -> None:
    before = _sums(folders)
    place = _place(empty_postgresql_url)
    _killed_at(place, step.name)
    assert DATABASE_KIND not in MachineStore(folders.machine_file).load()
    assert _sums(folders) == before
    _move(folders, place)
    _all_is_there(before, empty_postgresql_url)


def test_killed_at_its_end_it_is_on_the_server(folders: Folders, empty_postgresql_url: str) -> None:
    before = _sums(folders)
    _killed_at(_place(empty_postgresql_url), "its end")
    assert MachineStore(folders.machine_file).load()[DATABASE_KIND] is DatabaseKind.SERVER
    _all_is_there(before, empty_postgresql_url)
    assert _sums(folders) == before


def _killed_at(place: Snapshot, step: str) -> None:
    child = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "tests.services.moving_child",
            str(place[DATABASE_PORT]),
            place[DATABASE_NAME],
            step,
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ,
    )
    assert child.stdout is not None and child.stdin is not None
    with child.stdout, child.stdin:
        assert child.stdout.readline() == b"parado\n"
        child.kill()
        child.wait()


def _all_is_there(before: dict[str, transfer.Sum], url: str) -> None:
    with _server(url) as there:
        assert _different(before, transfer.read_back(there, lambda table, rows: None)) == {"audit_entry"}


def test_a_program_that_waited_for_the_file_opens_the_server(
    folders: Folders, postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    opening = Database.migrate

    def moved_meanwhile(database: Database) -> None:
        monkeypatch.setattr(Database, "migrate", opening)
        _move(folders, _place(postgresql_url))
        opening(database)

    monkeypatch.setattr(Database, "migrate", moved_meanwhile)
    with closing(open_backoffice(folders)) as backoffice:
        assert not backoffice.database.is_sqlite


def test_of_two_moves_at_once_the_second_finds_nothing_to_move(
    folders: Folders, postgresql_url: str, empty_postgresql_url: str
) -> None:
    def move_first(progress: Progress) -> None:
        if progress.step is Step.ENTERING and not first:
            first.append(_move(folders, _place(postgresql_url)))

    first: list[Moved] = []
    with pytest.raises(NotMoved, match="já usa um servidor"):
        _move(folders, _place(empty_postgresql_url), told=move_first)
    assert MachineStore(folders.machine_file).load()[DATABASE_NAME] == make_url(postgresql_url).database


def test_settings_of_this_computer_saved_meanwhile_are_kept(folders: Folders, postgresql_url: str) -> None:
    store = MachineStore(folders.machine_file)

    def save(progress: Progress) -> None:
        if progress.step is Step.KEEPING:
            store.save(store.load() | {INTEGRATION_PORT: 9001})

    _move(folders, _place(postgresql_url), told=save)
    assert store.load()[INTEGRATION_PORT] == 9001
