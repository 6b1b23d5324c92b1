"""Rows of the auxiliary tables: checked whole, unique in any case, with defaults from settings and an audit."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Event
from typing import Any

import pytest

from app.data import audit, customers, records
from app.data.database import Database
from app.data.records import InvalidRecord, Record, RecordNotFound
from app.documents import parse_cnpj
from app.domain import SefazAction, Verdict
from app.kinds import folded
from app.policies import EntityKind, UserProfile
from app.settings.catalog import DEFAULT_REGION, SEFAZ_DEFAULT_ACTION, SEFAZ_USER
from app.settings.draft import RESTORE
from app.settings.machine import MachineStore
from app.settings.repository import SettingsRepository
from app.settings.snapshot import Kept, Snapshot
from app.tables import BRANCHES, BRANDS, COMPANIES, CUSTOMERS, ENTITIES, REGIONS, TABLES, USERS, Table
from tests.app.sentences import is_sentence
from tests.consultations import note

NOW = datetime(2026, 11, 21, 18, 40, tzinfo=UTC)
COMPANY = {"cnpj": "12.ABC.345/01DE-35", "nome": "Rede Modelo", "uf": "go"}
CUSTOMER = {"documento": "11.222.333/0001-81", "nome": "Posto Água Limpa", "uf": "SP", "ie": "110.042.490.114"}
COMPLETE: dict[str, dict[str, str]] = {
    "empresas": COMPANY,
    "filiais": {"empresa": "1", "cnpj": "11222333000181", "nome": "Matriz", "uf": "AM", "fuso": "America/Eirunepe"},
    "entidades": {"nome": "Filial 2", "documento": "IE 1234567", "tipo": "congenere"},
    "usuarios": {"login": "servico", "nome": "Serviço SEFAZ", "perfil": "Supervisor", "liberar": "não"},
    "clientes": {
        **CUSTOMER,
        "fantasia": "Água Limpa",
        "cidade": "São Paulo",
        "logradouro": "Rua Um, 10",
        "complemento": "Fundos",
        "bairro": "Centro",
        "cep": "01310-100",
        "telefone": "(11) 3333-0000",
        "celular": "11 9999-0000",
        "aceita_whatsapp": "sim",
        "aceite": "12/11/2026, no balcão",
        "cadastro_anp": "glp",
        "autorizacao_anp": "PR/SP0000001",
        "bandeira": "1",
        "regiao": "",
        "consulta_automatica": "não",
        "acao_sefaz": "bloqueia_desbloqueia",
    },
    "bandeiras": {"nome": "Vibra", "tipo": "própria", "nomes_anp": "VIBRA; PETROBRAS DISTRIBUIDORA"},
    "regioes": {"nome": "Centro-Oeste"},
    "gerenciadoras": {
        "nome": "Crédito Fácil",
        "provedor": "SPC Brasil",
        "ambiente": "Homologação",
        "url_producao": "https://credito.exemplo.com.br",
        "url_homologacao": "",
        "relatorio": "695",
        "relatorio_pf": "",
        "opcionais": "QSA; PARTICIPACOES",
        "centro_custo": "120",
        "cnpj_consultante": "11.222.333/0001-81",
        "mapeamento": "",
    },
}


def add(database: Database, table: Table, snapshot: Snapshot | None = None, /, **texts: str) -> int:
    with database.writing() as connection:
        return records.add(connection, table, records.parse(table, texts), snapshot or Snapshot(), "maria")


def change(database: Database, table: Table, row_id: int, **texts: str) -> None:
    with database.writing() as connection:
        records.change(connection, table, row_id, records.parse(table, texts), "joao")


def get(database: Database, table: Table, row_id: int) -> Record:
    with database.reading() as connection:
        return records.get(connection, table, row_id)


def log(database: Database, table: Table, row_id: int) -> list[tuple[str, str, str, str]]:
    """Actor, what, old and new of each entry, oldest first."""
    with database.reading() as connection:
        entries = audit.latest(connection, f"{table.key}/{row_id}")
    return [(entry.actor, entry.what, entry.old, entry.new) for entry in reversed(entries)]


def errors(refused: pytest.ExceptionInfo[InvalidRecord]) -> dict[str, str]:
    assert all(sentence.endswith(".") for sentence in refused.value.errors.values())
    return refused.value.errors


@pytest.mark.parametrize("key", TABLES)
def test_every_field_of_every_table_comes_back(database: Database, key: str) -> None:
    table, texts = TABLES[key], COMPLETE[key]
    assert set(texts) == {field.name for field in table.fields}
    add(database, COMPANIES, **{**COMPANY, "cnpj": "ABCDEFGHIJKL80"})
    add(database, BRANDS, nome="Branca", tipo="branca")
    row_id = add(database, table, **texts)
    record = get(database, table, row_id)
    assert record.values == records.parse(table, texts)
    assert record.active
    assert record.title == f"{row_id} · {record.values[table.title_field]}"
    ((actor, what, old, new),) = log(database, table, row_id)
    assert (actor, what, old) == ("maria", f"{table.singular} {row_id}: incluído", "")
    assert str(record.values[table.title_field]) in new
    with database.reading() as connection:
        assert records.every(connection, table)[-1] == record
        assert records.titles(connection, table)[row_id] == record.title
        assert records.counts(connection, table)[1] == 0


def test_fields_left_out_get_their_defaults(database: Database) -> None:
    company = add(database, COMPANIES, **COMPANY)
    branch = add(database, BRANCHES, empresa=str(company), cnpj="11222333000181", nome="Matriz", uf="MT")
    assert get(database, BRANCHES, branch).values["fuso"] == "America/Cuiaba"
    user = add(database, USERS, login="ana", nome="Ana")
    values = get(database, USERS, user).values
    assert (values["perfil"], values["liberar"]) == (UserProfile.OPERATOR, False)
    boss = add(database, USERS, login="rui", nome="Rui", perfil="Supervisor")
    assert get(database, USERS, boss).values["liberar"] is True
    entity = add(database, ENTITIES, nome="Filial 1", documento="11222333000181")
    assert get(database, ENTITIES, entity).values["tipo"] is EntityKind.BRANCH
    customer = add(database, CUSTOMERS, documento="52998224725", nome="Ana", uf="sp")
    values = get(database, CUSTOMERS, customer).values
    assert (values["ie"], values["regiao"], values["bandeira"]) == ("", 1, None)
    assert (values["consulta_automatica"], values["acao_sefaz"]) == (True, SefazAction.NOTHING)
    assert (values["celular"], values["aceita_whatsapp"], values["aceite"]) == ("", False, "")


def test_every_bad_field_is_told_and_nothing_is_kept(database: Database) -> None:
    with pytest.raises(InvalidRecord) as refused:
        add(database, CUSTOMERS, documento="123", nome="", uf="XX", bandeira="x", cidade="a" * 81, acao_sefaz="talvez")
    found = errors(refused)
    assert set(found) == {"documento", "nome", "uf", "bandeira", "cidade", "acao_sefaz"}
    assert all(is_sentence(sentence) for sentence in found.values())
    assert "UF:" in str(refused.value)
    with pytest.raises(InvalidRecord) as refused:
        add(database, CUSTOMERS, uf="SP", bandeira="9", regiao="8")
    assert set(errors(refused)) == {"documento", "nome", "bandeira", "regiao"}
    assert "código 9" in refused.value.errors["bandeira"]
    with pytest.raises(InvalidRecord, match="apelido") as refused:
        add(database, CUSTOMERS, apelido="x")
    assert "documento, ie, nome" in errors(refused)[""]
    with database.reading() as connection:
        assert records.every(connection, CUSTOMERS) == []
        assert audit.latest(connection) == []


@pytest.mark.parametrize(
    ("table", "one", "twin", "field"),
    [
        (COMPANIES, COMPANY, {**COMPANY, "cnpj": "12abc34501de35", "nome": "Outra"}, "cnpj"),
        (USERS, {"login": "João", "nome": "a"}, {"login": "JOÃO", "nome": "b"}, "login"),
        (REGIONS, {"nome": "Área  Norte"}, {"nome": "ÁREA norte"}, "nome"),
        (BRANDS, {"nome": "Ipê", "tipo": "branca"}, {"nome": "IPÊ", "tipo": "propria"}, "nome"),
        (
            ENTITIES,
            {"nome": "a", "documento": "52998224725"},
            {"nome": "b", "documento": "529.982.247-25"},
            "documento",
        ),
        (CUSTOMERS, CUSTOMER, {**CUSTOMER, "nome": "Outro", "uf": "sp"}, "documento"),
    ],
)
def test_twins_are_refused_in_any_case_and_name_the_other(
    database: Database, table: Table, one: dict[str, str], twin: dict[str, str], field: str
) -> None:
    first = add(database, table, **one)
    with pytest.raises(InvalidRecord) as refused:
        add(database, table, **twin)
    assert list(errors(refused)) == [field]
    assert f"código {first}" in refused.value.errors[field]
    # A row is no twin of itself.
    change(database, table, first, **one)
    assert len(log(database, table, first)) == 1


def test_the_region_of_the_factory_has_no_twin_either(database: Database) -> None:
    with pytest.raises(InvalidRecord, match="código 1"):
        add(database, REGIONS, nome="geral")


def test_the_same_document_may_be_a_customer_in_each_uf_and_inscription(database: Database) -> None:
    first = add(database, CUSTOMERS, **CUSTOMER)
    second = add(database, CUSTOMERS, **{**CUSTOMER, "ie": "110042490115"})
    third = add(database, CUSTOMERS, **{**CUSTOMER, "uf": "GO"})
    with pytest.raises(InvalidRecord):
        change(database, CUSTOMERS, third, uf="SP")
    with database.reading() as connection:
        same = customers.by_document(connection, parse_cnpj(CUSTOMER["documento"]), "SP")
    assert [subject.id for subject in same] == [first, second]


def test_a_change_is_audited_field_by_field_in_words(database: Database) -> None:
    row_id = add(database, CUSTOMERS, **CUSTOMER)
    change(
        database,
        CUSTOMERS,
        row_id,
        nome="Posto Novo",
        acao_sefaz="bloqueia_desbloqueia",
        cidade="",
        consulta_automatica="n",
    )
    assert log(database, CUSTOMERS, row_id)[1:] == [
        ("joao", f"cliente {row_id}: Nome", "Posto Água Limpa", "Posto Novo"),
        ("joao", f"cliente {row_id}: Consulta automática na SEFAZ", "sim", "não"),
        (
            "joao",
            f"cliente {row_id}: Ação quando não habilitado na SEFAZ",
            "Não faz nada",
            "Bloqueia/Desbloqueia o cliente",
        ),
    ]
    with database.reading() as connection:
        found = customers.page(connection, customers.Query("posto novo"), 0, 5)
        assert [row.id for row in found] == [row_id]
        assert customers.count(connection, customers.Query("agua limpa")) == 0


def test_a_bad_change_changes_nothing(database: Database) -> None:
    row_id = add(database, CUSTOMERS, **CUSTOMER)
    before = get(database, CUSTOMERS, row_id)
    with pytest.raises(InvalidRecord):
        change(database, CUSTOMERS, row_id, nome="Outro", regiao="77")
    assert get(database, CUSTOMERS, row_id) == before
    assert len(log(database, CUSTOMERS, row_id)) == 1


def test_a_row_that_does_not_exist(database: Database) -> None:
    with database.reading() as connection:
        assert records.find(connection, REGIONS, 99) is None
        with pytest.raises(RecordNotFound, match=r"99 em Regiões de venda\."):
            records.get(connection, REGIONS, 99)
    with pytest.raises(RecordNotFound):
        change(database, REGIONS, 99, nome="x")
    with pytest.raises(RecordNotFound), database.writing() as connection:
        records.set_active(connection, REGIONS, 99, False, "maria")


def test_deactivating_and_bringing_back(database: Database) -> None:
    row_id = add(database, REGIONS, nome="Sul")
    for active in (False, False, True):
        with database.writing() as connection:
            records.set_active(connection, REGIONS, row_id, active, "joao")
        assert get(database, REGIONS, row_id).active is active
        with database.reading() as connection:
            assert (row_id in [r.id for r in records.every(connection, REGIONS, only_active=True)]) is active
    what = f"região {row_id}: situação"
    assert log(database, REGIONS, row_id)[1:] == [
        ("joao", what, "ativo", "inativo"),
        ("joao", what, "inativo", "ativo"),
    ]


def deactivate(database: Database, table: Table, row_id: int) -> None:
    with database.writing() as connection:
        records.set_active(connection, table, row_id, False, "joao")


def test_a_name_at_anp_belongs_to_one_active_brand(database: Database) -> None:
    ipe = add(database, BRANDS, nome="Ipê", tipo="branca", nomes_anp="IPÊ; IPE DO SUL")
    cedro = add(database, BRANDS, nome="Cedro", tipo="concorrente", nomes_anp="CEDRO")
    refusals = (
        lambda: add(database, BRANDS, nome="Ipê do Sul", tipo="concorrente", nomes_anp="Ipê  do sul"),
        lambda: change(database, BRANDS, cedro, nomes_anp="CEDRO; ipe do sul"),
    )
    for refused_act in refusals:
        with pytest.raises(InvalidRecord) as refused:
            refused_act()
        sentence = errors(refused)["nomes_anp"]
        assert is_sentence(sentence)
        assert f"{ipe} · Ipê" in sentence
        assert "ipe do sul" in folded(sentence)
    assert get(database, BRANDS, cedro).values["nomes_anp"] == ("CEDRO",)
    change(database, BRANDS, ipe, nomes_anp="ipe; IPE DO SUL; IPE NORTE")


def test_a_brand_comes_back_only_while_its_names_at_anp_are_free(database: Database) -> None:
    old = add(database, BRANDS, nome="Ipê antiga", tipo="branca", nomes_anp="IPE")
    deactivate(database, BRANDS, old)
    new = add(database, BRANDS, nome="Ipê", tipo="branca", nomes_anp="IPÊ")
    change(database, BRANDS, old, nomes_anp="IPE; IPE DO SUL")
    with pytest.raises(InvalidRecord, match=f"{new} · Ipê"), database.writing() as connection:
        records.set_active(connection, BRANDS, old, True, "joao")
    assert not get(database, BRANDS, old).active
    change(database, BRANDS, old, nomes_anp="IPE DO SUL")
    with database.writing() as connection:
        records.set_active(connection, BRANDS, old, True, "joao")
    assert get(database, BRANDS, old).active


def test_a_row_that_a_setting_uses_stays_active(database: Database, data_folder: Any) -> None:
    repository = SettingsRepository(MachineStore(data_folder / "maquina.json"), database)
    user = add(database, USERS, login="servico", nome="Serviço")
    region = add(database, REGIONS, nome="Sul")
    with pytest.raises(InvalidRecord, match=DEFAULT_REGION.label):
        deactivate(database, REGIONS, 1)  # by the setting's own default
    snapshot = repository.save({(SEFAZ_USER, 0): user, (DEFAULT_REGION, 0): region}, repository.load(), "maria")
    for table, row_id, setting in ((USERS, user, SEFAZ_USER), (REGIONS, region, DEFAULT_REGION)):
        with pytest.raises(InvalidRecord) as refused:
            deactivate(database, table, row_id)
        assert setting.label in errors(refused)[""]
        assert get(database, table, row_id).active
    deactivate(database, REGIONS, 1)
    repository.save({(SEFAZ_USER, 0): RESTORE}, snapshot, "maria")
    deactivate(database, USERS, user)


def test_a_new_customer_copies_the_default_action_and_later_changes_touch_nobody(
    database: Database, data_folder: Any
) -> None:
    repository = SettingsRepository(MachineStore(data_folder / "maquina.json"), database)
    base = repository.load()
    old = add(database, CUSTOMERS, base, **CUSTOMER)
    snapshot = repository.save({(SEFAZ_DEFAULT_ACTION, 0): SefazAction.BLOCK_UNBLOCK}, base, "maria")
    new = add(database, CUSTOMERS, snapshot, **{**CUSTOMER, "ie": "07"})
    chosen = add(database, CUSTOMERS, snapshot, **{**CUSTOMER, "ie": "08", "acao_sefaz": "nao_faz_nada"})
    repository.save({(SEFAZ_DEFAULT_ACTION, 0): RESTORE}, snapshot, "maria")
    with database.reading() as connection:
        actions = [s.action if (s := customers.subject(connection, i)) else None for i in (old, new, chosen)]
    assert actions == [SefazAction.NOTHING, SefazAction.BLOCK_UNBLOCK, SefazAction.NOTHING]


def test_a_new_customer_gets_the_default_region(database: Database) -> None:
    region = add(database, REGIONS, nome="Sul")
    row_id = add(database, CUSTOMERS, Snapshot({(DEFAULT_REGION, 0): Kept(region)}), **CUSTOMER)
    assert get(database, CUSTOMERS, row_id).values["regiao"] == region


@pytest.mark.parametrize(
    ("field", "value", "is_due"),
    [
        ("documento", "52998224725", True),
        ("uf", "GO", True),
        ("ie", "", True),
        ("nome", "Outro", False),
        ("uf", "SP", False),
    ],
)
def test_editing_what_was_asked_makes_the_customer_due_again(
    database: Database, field: str, value: str, is_due: bool
) -> None:
    row_id = add(database, CUSTOMERS, **CUSTOMER)
    with database.writing() as connection:
        note(connection, row_id, Verdict.DATA_ERROR, NOW, None)

    def due() -> bool:
        with database.reading() as connection:
            found = customers.next_due(connection, answered_before=NOW, now=NOW, ufs={"SP", "GO"})
        return [subject.id for subject in found] == [row_id]

    assert not due()
    change(database, CUSTOMERS, row_id, **{field: value})
    assert due() is is_due
    with database.reading() as connection:
        row = customers.row(connection, row_id)
    assert row is not None
    assert (row.verdict, row.outcome) == ((None, None) if is_due else (Verdict.DATA_ERROR, Verdict.DATA_ERROR))


@pytest.mark.parametrize("second", ["Vibra", "VIBRA"])
def test_two_machines_adding_the_same_row_at_once_keep_one_and_the_other_is_told(
    database: Database, second: str
) -> None:
    own = {"nome": "Vibra", "tipo": "branca"}
    started = Event()

    def add_the_twin() -> int:
        with database.writing() as connection:
            started.set()
            values = records.parse(BRANDS, {**own, "nome": second})
            return records.add(connection, BRANDS, values, Snapshot(), "joão")

    with ThreadPoolExecutor(1) as machine:
        with database.writing() as connection:
            records.add(connection, BRANDS, records.parse(BRANDS, own), Snapshot(), "maria")
            twin = machine.submit(add_the_twin)
            if not database.is_sqlite:  # where the second writer does not even begin before the first one ends
                assert started.wait(5)
            assert not twin.done()
        with pytest.raises(InvalidRecord, match="Já existe: código 1"):
            twin.result(10)
    with database.reading() as connection:
        assert [row.values["nome"] for row in records.every(connection, BRANDS)] == ["Vibra"]
