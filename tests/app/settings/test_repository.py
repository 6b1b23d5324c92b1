"""The door to settings: where a value comes from, and a draft saved whole with its audit, or not at all."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from app.data import audit, certificates, records, setting_values
from app.data.database import Database
from app.data.models import AuditEntry
from app.domain import Certificate
from app.kinds import InvalidValue
from app.policies import CompanyConsultation, Environment
from app.settings.catalog import (
    ANP_COMPANY_ORDER,
    ANP_URL,
    CREDIT_DAYS,
    CREDIT_ENVIRONMENT,
    CREDIT_FORM,
    CREDIT_MANAGER,
    DATABASE_PORT,
    DEFAULT_REGION,
    SEFAZ_BATCH,
    SEFAZ_BRANCH,
    SEFAZ_ENTITY,
    SEFAZ_INTERVAL,
    SEFAZ_PERIOD,
    SEFAZ_USER,
    SERVER,
)
from app.settings.draft import RESTORE, InvalidDraft, SaveConflict
from app.settings.machine import MachineFileError, MachineStore
from app.settings.repository import SettingsRepository
from app.settings.setting import Setting
from app.settings.snapshot import Kept, Snapshot, Source
from app.tables import TABLES, USERS
from tests.app.sentences import is_sentence

NOW = datetime.now(UTC)
CNPJS = ("11222333000181", "12ABC34501DE35")


@pytest.fixture
def file(data_folder: Path) -> Path:
    return data_folder / "maquina.json"


@pytest.fixture
def repository(file: Path, database: Database) -> SettingsRepository:
    return SettingsRepository(MachineStore(file), database)


@pytest.fixture
def other(tmp_path: Path, database: Database) -> Iterator[SettingsRepository]:
    """The same database seen by another computer."""
    second = Database(database.engine.url)
    yield SettingsRepository(MachineStore(tmp_path / "outro" / "maquina.json"), second)
    second.close()


def row(database: Database, table: str, **texts: str) -> int:
    with database.writing() as connection:
        found = TABLES[table]
        return records.add(connection, found, records.parse(found, texts), Snapshot(), "maria")


@pytest.fixture
def companies(database: Database) -> tuple[int, ...]:
    return tuple(row(database, "empresas", cnpj=cnpj, nome=f"Empresa {cnpj[:2]}", uf="SP") for cnpj in CNPJS)


@pytest.fixture
def branch(database: Database, companies: tuple[int, ...]) -> int:
    return row(database, "filiais", empresa=str(companies[0]), cnpj=CNPJS[0], nome="Matriz", uf="SP")


def install(database: Database, branch_id: int, cnpj: str, not_before: datetime, not_after: datetime) -> None:
    certificate = Certificate(
        branch_id=branch_id,
        holder="Posto Modelo Ltda",
        cnpj=cnpj,
        issuer="AC Modelo",
        root="",
        serial="0a",
        fingerprint=sha256(f"{cnpj} {not_after}".encode()).hexdigest(),
        not_before=not_before,
        not_after=not_after,
        chain_pem=b"cadeia",
        key_pem=b"chave cifrada",
        secret_name="certificado/abababab/1",
        installed_at=NOW,
    )
    with database.writing() as connection:
        certificates.replace(connection, certificate)


def audited(database: Database) -> list[tuple[str, int, str, str, str]]:
    """Every change to a setting, oldest first."""
    with database.reading() as connection:
        found = [entry for entry in audit.latest(connection, "/") if entry.subject != ""]
    return [(e.subject, e.company_id, e.actor, e.old, e.new) for e in reversed(found)]


def stored(database: Database) -> dict[tuple[str, int], str]:
    with database.reading() as connection:
        return {(kept.key, kept.company_id): kept.value for kept in setting_values.load(connection)}


# --- Where a value comes from ----------------------------------------------------------------------------


def test_company_over_general_over_default(repository: SettingsRepository, companies: tuple[int, ...]) -> None:
    one, two = companies
    base = repository.load()
    assert base.effective(CREDIT_DAYS).source is Source.DEFAULT
    assert base[CREDIT_DAYS] == 90
    snapshot = repository.save({(CREDIT_DAYS, 0): 60, (CREDIT_DAYS, one): 30, (SERVER, 0): "10.0.0.1"}, base, "maria")
    assert snapshot == repository.load()
    seen = [(s[CREDIT_DAYS], s.effective(CREDIT_DAYS).source) for s in map(snapshot.for_company, (0, one, two))]
    assert seen == [(60, Source.GENERAL), (30, Source.COMPANY), (60, Source.GENERAL)]
    kept = snapshot.for_company(one).effective(CREDIT_DAYS).kept
    assert kept is not None
    assert kept.by == "maria"
    assert kept.at is not None
    assert abs(kept.at - datetime.now(UTC)) < timedelta(minutes=1)
    assert snapshot.effective(SERVER).source is Source.MACHINE
    assert snapshot.for_company(one)[SERVER] == "10.0.0.1"
    assert sorted(snapshot.everywhere(CREDIT_DAYS)) == [30, 60]


def test_presence_overrides_even_with_an_equal_value(
    repository: SettingsRepository, companies: tuple[int, ...]
) -> None:
    company = companies[0]
    snapshot = repository.save({(CREDIT_DAYS, company): 90}, repository.load(), "maria")
    assert snapshot.for_company(company).effective(CREDIT_DAYS).source is Source.COMPANY
    snapshot = repository.save({(CREDIT_DAYS, 0): 45}, snapshot, "maria")
    assert snapshot.for_company(company)[CREDIT_DAYS] == 90
    snapshot = repository.save({(CREDIT_DAYS, company): RESTORE}, snapshot, "maria")
    assert snapshot.for_company(company).effective(CREDIT_DAYS).source is Source.GENERAL
    assert snapshot.for_company(company)[CREDIT_DAYS] == 45
    snapshot = repository.save({(CREDIT_DAYS, 0): RESTORE}, snapshot, "maria")
    assert snapshot.for_company(company).effective(CREDIT_DAYS).source is Source.DEFAULT


def test_restoring_this_computers_value_empties_its_file(repository: SettingsRepository, file: Path) -> None:
    snapshot = repository.save({(DATABASE_PORT, 0): 5433, (SERVER, 0): "10.0.0.1"}, repository.load(), "maria")
    assert json.loads(file.read_text("utf-8")) == {"balcao.porta_banco": "5433", "balcao.servidor": "10.0.0.1"}
    snapshot = repository.save({(DATABASE_PORT, 0): RESTORE}, snapshot, "maria")
    assert snapshot.effective(DATABASE_PORT).source is Source.DEFAULT
    assert json.loads(file.read_text("utf-8")) == {"balcao.servidor": "10.0.0.1"}


def test_every_kind_of_value_comes_back_as_it_was_saved(
    repository: SettingsRepository, companies: tuple[int, ...]
) -> None:
    draft: dict[tuple[Setting[Any], int], Any] = {
        (SEFAZ_PERIOD, 0): 15,
        (CREDIT_ENVIRONMENT, companies[0]): Environment.PRODUCTION,
        (ANP_COMPANY_ORDER, companies[1]): CompanyConsultation.NEVER,
        (ANP_URL, 0): "https://exemplo.gov.br/anp",
        (DEFAULT_REGION, 0): None,
        (SERVER, 0): "servidor",
    }
    repository.save(draft, repository.load(), "maria")
    assert {key: kept.value for key, kept in repository.load().values.items()} == draft


def test_unknown_keys_in_the_database_are_left_alone(repository: SettingsRepository, database: Database) -> None:
    with database.writing() as connection:
        setting_values.store(connection, "futuro.ajuste", 0, "42", "joao", NOW)
    snapshot = repository.save({(SEFAZ_PERIOD, 0): 15}, repository.load(), "maria")
    assert list(snapshot.values) == [(SEFAZ_PERIOD, 0)]
    assert stored(database)["futuro.ajuste", 0] == "42"


def test_a_broken_value_in_the_database_is_named_and_nothing_is_invented(
    repository: SettingsRepository, database: Database
) -> None:
    with database.writing() as connection:
        setting_values.store(connection, CREDIT_DAYS.key, 0, "0", "joao", NOW)
    with pytest.raises(InvalidValue) as broken:
        repository.load()
    assert CREDIT_DAYS.label in str(broken.value)
    assert is_sentence(str(broken.value))


# --- All or nothing --------------------------------------------------------------------------------------


def refused(repository: SettingsRepository, draft: dict[tuple[Setting[Any], int], Any]) -> dict[Any, str]:
    before = repository.load()
    with pytest.raises(InvalidDraft) as refusal:
        repository.save(draft, before, "maria")
    assert repository.load() == before
    assert all(is_sentence(sentence) for sentence in refusal.value.errors.values()), refusal.value.errors
    assert all(setting.label in str(refusal.value) for setting, _ in refusal.value.errors)
    return refusal.value.errors


def test_every_bad_field_is_told_at_once_and_nothing_is_saved(
    repository: SettingsRepository, database: Database, companies: tuple[int, ...], branch: int, file: Path
) -> None:
    errors = refused(
        repository,
        {
            (SEFAZ_PERIOD, 0): 0,
            (SEFAZ_BATCH, 0): 0,
            (DATABASE_PORT, 0): 70000,
            (SEFAZ_USER, 0): 99,
            (SEFAZ_BRANCH, 0): branch,
            (CREDIT_FORM, companies[0]): CREDIT_FORM.default,
            (SEFAZ_ENTITY, 0): 1,
            (CREDIT_DAYS, 77): 5,
            (SEFAZ_INTERVAL, 0): 9,
            (SERVER, 0): "10.0.0.9",
        },
    )
    assert set(errors) == {
        (SEFAZ_PERIOD, 0),
        (SEFAZ_BATCH, 0),
        (DATABASE_PORT, 0),
        (SEFAZ_USER, 0),
        (SEFAZ_BRANCH, 0),
        (CREDIT_FORM, companies[0]),
        (SEFAZ_ENTITY, 0),
        (CREDIT_DAYS, 77),
    }
    assert stored(database) == {}
    assert audited(database) == []
    assert not file.exists()


def test_scopes_are_kept(repository: SettingsRepository, companies: tuple[int, ...]) -> None:
    errors = refused(
        repository, {(SEFAZ_PERIOD, companies[0]): 5, (SERVER, companies[0]): "a", (ANP_COMPANY_ORDER, 0): RESTORE}
    )
    assert "um só para todas" in errors[SEFAZ_PERIOD, companies[0]]
    assert "um só para todas" in errors[SERVER, companies[0]]
    assert "por empresa" in errors[ANP_COMPANY_ORDER, 0]


def test_references_must_exist_and_be_active(
    repository: SettingsRepository, database: Database, companies: tuple[int, ...]
) -> None:
    user = row(database, "usuarios", login="servico", nome="Serviço SEFAZ")
    manager = row(database, "gerenciadoras", nome="Crédito Fácil", provedor="generico")
    with database.writing() as connection:
        records.set_active(connection, USERS, user, False, "maria")
    errors = refused(repository, {(SEFAZ_USER, 0): user, (CREDIT_MANAGER, companies[0]): manager + 1})
    assert "inativo" in errors[SEFAZ_USER, 0]
    assert "Serviço SEFAZ" in errors[SEFAZ_USER, 0]
    assert str(manager + 1) in errors[CREDIT_MANAGER, companies[0]]
    repository.save({(CREDIT_MANAGER, companies[0]): manager, (SEFAZ_USER, 0): None}, repository.load(), "maria")


@pytest.mark.parametrize(
    ("cnpj", "begins", "ends", "says"),
    [
        (CNPJS[0], -100, -1, "venceu em"),
        (CNPJS[0], 1, 100, "só vale a partir de"),
        (CNPJS[1], -1, 100, "outro CNPJ raiz"),
    ],
)
def test_the_branch_needs_a_certificate_that_serves(
    repository: SettingsRepository, database: Database, branch: int, cnpj: str, begins: int, ends: int, says: str
) -> None:
    assert "não tem certificado" in refused(repository, {(SEFAZ_BRANCH, 0): branch})[SEFAZ_BRANCH, 0]
    install(database, branch, cnpj, NOW + timedelta(days=begins), NOW + timedelta(days=ends))
    assert says in refused(repository, {(SEFAZ_BRANCH, 0): branch})[SEFAZ_BRANCH, 0]
    # Another branch of the same company serves: only the root of the CNPJ counts.
    install(database, branch, CNPJS[0][:8] + "000262", NOW - timedelta(days=1), NOW + timedelta(days=1))
    assert repository.save({(SEFAZ_BRANCH, 0): branch}, repository.load(), "maria")[SEFAZ_BRANCH] == branch


# --- The audit -------------------------------------------------------------------------------------------


def test_each_change_is_audited_from_old_to_new_in_words(
    repository: SettingsRepository, database: Database, companies: tuple[int, ...]
) -> None:
    company = companies[0]
    snapshot = repository.save(
        {(CREDIT_ENVIRONMENT, company): Environment.PRODUCTION, (DATABASE_PORT, 0): 5433}, repository.load(), "maria"
    )
    snapshot = repository.save({(SEFAZ_PERIOD, 0): 1500}, snapshot, "joao")
    repository.save({(SEFAZ_PERIOD, 0): RESTORE}, snapshot, "joao")
    assert audited(database) == [
        ("credito.ambiente", company, "maria", "Homologação", "Produção"),
        ("balcao.porta_banco", 0, "maria", "5432", "5433"),
        ("sefaz.periodicidade", 0, "joao", "30 dias", "1.500 dias"),
        ("sefaz.periodicidade", 0, "joao", "1.500 dias", "volta ao padrão"),
    ]


# --- Conflicts -------------------------------------------------------------------------------------------


def test_a_value_changed_meanwhile_is_a_conflict_that_says_who_when_and_what(
    repository: SettingsRepository, other: SettingsRepository, database: Database, file: Path
) -> None:
    base = repository.load()
    other.save({(SEFAZ_PERIOD, 0): 7}, base, "joana")
    before = audited(database)
    with pytest.raises(SaveConflict) as conflicted:
        repository.save({(SEFAZ_PERIOD, 0): 15, (SEFAZ_INTERVAL, 0): 8, (SERVER, 0): "10.0.0.1"}, base, "maria")
    (conflict,) = conflicted.value.conflicts
    assert (conflict.setting, conflict.company, conflict.theirs, conflict.by) == (SEFAZ_PERIOD, 0, 7, "joana")
    assert conflict.at is not None
    assert abs(conflict.at - datetime.now(UTC)) < timedelta(minutes=1)
    assert "joana gravou “7 dias” em" in conflict.sentence
    assert stored(database) == {("sefaz.periodicidade", 0): "7"}
    assert audited(database) == before
    assert not file.exists()
    assert repository.save({(SEFAZ_PERIOD, 0): 15}, repository.load(), "maria")[SEFAZ_PERIOD] == 15


def test_both_wrote_the_same_and_other_fields_are_no_conflict(
    repository: SettingsRepository, other: SettingsRepository, companies: tuple[int, ...]
) -> None:
    base = repository.load()
    other.save({(SEFAZ_PERIOD, 0): 7, (SEFAZ_BATCH, 0): 20, (CREDIT_DAYS, companies[0]): 5}, base, "joana")
    snapshot = repository.save({(SEFAZ_PERIOD, 0): 7, (CREDIT_DAYS, companies[1]): 6}, base, "maria")
    assert (snapshot[SEFAZ_PERIOD], snapshot[SEFAZ_BATCH]) == (7, 20)


def test_restored_meanwhile(repository: SettingsRepository, other: SettingsRepository) -> None:
    base = repository.save({(SEFAZ_PERIOD, 0): 7}, repository.load(), "maria")
    other.save({(SEFAZ_PERIOD, 0): RESTORE}, base, "joana")
    with pytest.raises(SaveConflict) as conflicted:
        repository.save({(SEFAZ_PERIOD, 0): 15}, base, "maria")
    (conflict,) = conflicted.value.conflicts
    assert conflict.theirs is None
    assert "o valor padrão" in conflict.sentence
    assert repository.save({(SEFAZ_PERIOD, 0): RESTORE}, base, "maria")[SEFAZ_PERIOD] == 30


def test_a_reference_emptied_meanwhile_is_not_called_the_default(
    repository: SettingsRepository, other: SettingsRepository
) -> None:
    base = repository.load()
    other.save({(DEFAULT_REGION, 0): None}, base, "joana")
    with pytest.raises(SaveConflict) as conflicted:
        repository.save({(DEFAULT_REGION, 0): 1}, base, "maria")
    assert "joana gravou “nenhum”" in conflicted.value.conflicts[0].sentence


# --- The file and the database go together ---------------------------------------------------------------


@pytest.mark.parametrize("before", [None, {"balcao.porta_banco": "5433"}])
def test_the_file_goes_back_when_the_database_refuses_the_commit(
    file: Path, tmp_path: Path, postgresql_url: str, before: dict[str, str] | None
) -> None:
    database = Database(postgresql_url)
    try:
        with database.writing() as connection:
            # Deferred, so that it fails at the commit, after the file was written.
            connection.execute(
                text(
                    "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
                    "$$ BEGIN RAISE EXCEPTION 'disco cheio'; END $$"
                )
            )
            connection.execute(
                text(
                    "CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON setting_value DEFERRABLE INITIALLY DEFERRED "
                    "FOR EACH ROW EXECUTE FUNCTION refuse()"
                )
            )
        if before:
            file.write_text(json.dumps(before), "utf-8")
        _file_goes_back(file, database)
    finally:
        database.close()


def test_the_file_goes_back_when_sqlite_refuses_the_commit(file: Path, sqlite_url: str) -> None:
    database = Database(sqlite_url)
    try:
        with database.writing() as connection:
            # A deferred reference to nothing is noticed at the commit, after the file was written.
            connection.execute(text("CREATE TABLE parent (id INTEGER PRIMARY KEY)"))
            connection.execute(
                text("CREATE TABLE child (p INTEGER REFERENCES parent(id) DEFERRABLE INITIALLY DEFERRED)")
            )
            connection.execute(
                text("CREATE TRIGGER t AFTER INSERT ON setting_value BEGIN INSERT INTO child VALUES (1); END")
            )
        _file_goes_back(file, database)
    finally:
        database.close()


def _file_goes_back(file: Path, database: Database) -> None:
    repository = SettingsRepository(MachineStore(file), database)
    before = repository.load()
    with pytest.raises(DBAPIError):
        repository.save({(SERVER, 0): "10.0.0.1", (SEFAZ_PERIOD, 0): 5}, before, "maria")
    assert repository.load() == before
    assert audited(database) == []


def test_the_database_goes_back_when_the_file_cannot_be_written(
    repository: SettingsRepository, database: Database, file: Path
) -> None:
    file.mkdir()  # a folder in the place of the file cannot be replaced by one
    with pytest.raises((OSError, MachineFileError)):
        repository.save({(SERVER, 0): "10.0.0.1", (SEFAZ_PERIOD, 0): 5}, Snapshot(), "maria")
    assert stored(database) == {}
    assert audited(database) == []


# --- Without a database ----------------------------------------------------------------------------------


def test_without_a_database_only_this_computers_settings(file: Path) -> None:
    repository = SettingsRepository(MachineStore(file), None)
    errors = refused(repository, {(SEFAZ_PERIOD, 0): 5, (SERVER, 0): "10.0.0.1"})
    assert list(errors) == [(SEFAZ_PERIOD, 0)]
    assert "banco de dados não está aberto" in errors[SEFAZ_PERIOD, 0]
    assert not file.exists()
    snapshot = repository.save({(SERVER, 0): "10.0.0.1"}, repository.load(), "maria")
    assert snapshot.effective(SERVER).kept == Kept("10.0.0.1")
    assert repository.save({(SERVER, 0): RESTORE}, snapshot, "maria")[SERVER] == "127.0.0.1"


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        '"texto"',
        '{"balcao.porta_banco": 70000}',
        '{"balcao.porta_banco": "cinco"}',
        '{"balcao.porta_banco": 5432.5}',
        '{"balcao.servidor": null}',
        '{"balcao.servidor": "http://x"}',
        '{"balcao.servidor": ["a"]}',
        '{"balcao.banco_tipo": "nuvem"}',
    ],
)
def test_a_broken_file_is_explained_and_left_as_it_is(file: Path, content: str) -> None:
    file.write_text(content, "utf-8")
    repository = SettingsRepository(MachineStore(file), None)
    for attempt in (repository.load, lambda: repository.save({(SERVER, 0): "10.0.0.1"}, Snapshot(), "maria")):
        with pytest.raises(MachineFileError) as broken:
            attempt()
        assert str(file) in str(broken.value)
        assert is_sentence(str(broken.value)), str(broken.value)
    assert file.read_text("utf-8") == content


def test_a_file_corrected_in_an_editor_of_windows_is_read(file: Path) -> None:
    file.write_text('{"balcao.servidor": "10.0.0.1"}', "utf-8-sig")
    assert MachineStore(file).load() == {SERVER: "10.0.0.1"}


def test_a_file_in_another_encoding_is_explained(file: Path) -> None:
    file.write_bytes('{"balcao.servidor": "São"}'.encode("utf-16"))
    with pytest.raises(MachineFileError):
        MachineStore(file).load()


def test_numbers_and_unknown_keys_in_the_file_are_welcome(file: Path) -> None:
    file.write_text('{"balcao.porta_banco": 5433, "futuro": {"a": 1}}', "utf-8")
    assert MachineStore(file).load() == {DATABASE_PORT: 5433}


_SAVES_FOR_EVER = """
import sys
from pathlib import Path
from app.settings.catalog import DATABASE_NAME, SERVER
from app.settings.machine import MachineStore
store = MachineStore(Path(sys.argv[1]))
print("pronto", flush=True)
while True:
    for letter in "ab":
        store.save({SERVER: letter * 60, DATABASE_NAME: letter * 60})
"""


def test_a_program_killed_while_saving_leaves_a_whole_file(file: Path) -> None:
    for _ in range(3):
        process = subprocess.Popen(
            [sys.executable, "-c", _SAVES_FOR_EVER, str(file)], stdout=subprocess.PIPE, cwd=Path(__file__).parents[3]
        )
        assert process.stdout is not None
        assert process.stdout.readline() == b"pronto\n"
        seen: set[str] = set()
        while len(seen) < 2:
            if file.exists():
                seen.add(_whole(file))
        process.kill()
        process.wait()
        process.stdout.close()
        assert _whole(file) in seen


def _whole(file: Path) -> str:
    values = {str(value) for value in MachineStore(file).load().values()}
    assert len(values) == 1
    return values.pop()


def test_no_temporary_file_is_left(repository: SettingsRepository, file: Path) -> None:
    repository.save({(SERVER, 0): "10.0.0.1"}, repository.load(), "maria")
    assert [path.name for path in file.parent.iterdir()] == [file.name]


# --- Together with others --------------------------------------------------------------------------------


def test_a_reader_sees_the_old_or_the_new_never_a_mix(
    repository: SettingsRepository, other: SettingsRepository, database: Database
) -> None:
    family = (SEFAZ_PERIOD, SEFAZ_INTERVAL, SEFAZ_BATCH)
    stop = threading.Event()
    seen: list[tuple[int, ...]] = []

    def read() -> None:
        while not stop.is_set():
            snapshot = other.load()
            seen.append(tuple(snapshot[setting] for setting in family))

    snapshot = repository.save({(setting, 0): 2 for setting in family}, repository.load(), "maria")
    reader = threading.Thread(target=read)
    reader.start()
    try:
        for number in range(3, 28):
            snapshot = repository.save({(setting, 0): number for setting in family}, snapshot, "maria")
    finally:
        stop.set()
        reader.join()
    assert len(set(seen)) > 1
    assert all(len(set(values)) == 1 for values in seen)
    assert [values[0] for values in seen] == sorted(values[0] for values in seen)


def test_two_who_save_at_once_never_both_win(
    repository: SettingsRepository, other: SettingsRepository, database: Database
) -> None:
    base = repository.save({(SEFAZ_PERIOD, 0): 10}, repository.load(), "maria")
    start = threading.Barrier(2)
    outcomes: list[str] = []

    def save(mine: SettingsRepository, value: int) -> None:
        start.wait()
        try:
            mine.save({(SEFAZ_PERIOD, 0): value}, base, str(value))
        except SaveConflict as conflict:
            outcomes.append(conflict.conflicts[0].by)
        else:
            outcomes.append("gravado")

    threads = [threading.Thread(target=save, args=args) for args in ((repository, 11), (other, 12))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    winner = str(repository.load()[SEFAZ_PERIOD])
    assert sorted(outcomes) == sorted(["gravado", winner])
    with database.reading() as connection:
        assert connection.execute(select(func.count()).select_from(AuditEntry)).scalar_one() == 2


def test_a_reference_is_audited_by_the_name_of_its_row(repository: SettingsRepository, database: Database) -> None:
    number = row(database, "usuarios", login="servico", nome="Serviço de consulta")
    repository.save({(SEFAZ_USER, 0): number}, repository.load(), "maria")
    assert audited(database)[-1] == ("sefaz.usuario", 0, "maria", "nenhum", f"{number} · Serviço de consulta")


def test_what_is_current_is_read_anew_and_understood_only_when_it_changed(
    repository: SettingsRepository, other: SettingsRepository, companies: tuple[int, ...]
) -> None:
    first = repository.current()
    assert repository.current() is first
    assert first == repository.load()
    other.save({(CREDIT_DAYS, 0): 30, (CREDIT_DAYS, companies[0]): 15}, other.load(), "joao")
    now = repository.current()
    assert now == repository.load()
    assert (now[CREDIT_DAYS], now.for_company(companies[0])[CREDIT_DAYS]) == (30, 15)
    repository.save({(DATABASE_PORT, 0): 5433}, repository.load(), "maria")
    assert repository.current()[DATABASE_PORT] == 5433
    repository.save({(DATABASE_PORT, 0): RESTORE, (CREDIT_DAYS, 0): RESTORE}, repository.load(), "maria")
    assert (repository.current()[DATABASE_PORT], repository.current()[CREDIT_DAYS]) == (5432, 90)
    assert repository.current() is repository.current()


def test_what_is_current_without_a_file_or_a_database(file: Path) -> None:
    repository = SettingsRepository(MachineStore(file), None)
    assert repository.current()[DATABASE_PORT] == 5432
    file.write_text('{"balcao.porta_banco": 5434}', "utf-8")
    assert repository.current()[DATABASE_PORT] == 5434
    file.write_text("{", "utf-8")
    with pytest.raises(MachineFileError):
        repository.current()
