"""Settings as a JSON file: what is written, what is read, and what an import would change."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.settings import exchange
from app.settings.catalog import (
    ALL,
    ANP_SERVICE_HOURS,
    CREDIT_DAYS,
    SEFAZ_AUTOMATIC,
    SEFAZ_BATCH,
    SEFAZ_ENTITY,
    SEFAZ_USER,
    SERVER,
)
from app.settings.snapshot import Kept, SettingKey, Snapshot
from app.working_hours import WorkingHours

VALUES: dict[SettingKey, Any] = {
    (SEFAZ_BATCH, 0): 15,
    (SEFAZ_AUTOMATIC, 0): True,
    (SEFAZ_USER, 0): None,
    (ANP_SERVICE_HOURS, 0): WorkingHours(22 * 60, 6 * 60, frozenset({0, 4})),
    (CREDIT_DAYS, 0): 60,
    (CREDIT_DAYS, 12): 60,
    (CREDIT_DAYS, 2): 30,
    (SEFAZ_ENTITY, 2): 7,
    (SERVER, 0): "192.168.0.10",
}
SNAPSHOT = Snapshot({key: Kept(value) for key, value in VALUES.items()})


def file(**parts: Any) -> str:
    return json.dumps({"formato": 1, **parts})


def test_what_is_written_is_read_back() -> None:
    assert exchange.read(exchange.export(SNAPSHOT, machine=True)) == VALUES


def test_only_what_was_set_and_nothing_of_this_computer() -> None:
    document = json.loads(exchange.export(SNAPSHOT))
    assert list(document) == ["formato", "geral", "empresas"]
    assert list(document["empresas"]) == ["2", "12"]
    assert document["geral"]["sefaz.automatica"] is True
    assert document["geral"]["sefaz.usuario"] is None
    assert json.loads(exchange.export(Snapshot())) == {"formato": 1, "geral": {}, "empresas": {}}


def test_every_default_survives_the_journey() -> None:
    for setting in ALL:
        company = 0 if setting.is_general or setting.is_machine else 1
        text = exchange.export(Snapshot({(setting, company): Kept(setting.default)}), machine=True)
        assert exchange.read(text) == {(setting, company): setting.default}


def test_changes_say_from_where_to_where() -> None:
    draft: dict[SettingKey, Any] = {(SEFAZ_BATCH, 0): 15, (CREDIT_DAYS, 3): 60, (SEFAZ_AUTOMATIC, 0): False}
    found = exchange.changes(draft, SNAPSHOT)
    # The batch is already so; company 3 gets a value of its own, though equal to the general one.
    assert [change.sentence for change in found] == [
        "sefaz.automatica: sim [vem do geral] → não",
        "credito.prazo (empresa 3): 60 dias [vem do geral] → 60 dias",
    ]


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("{", "", "não é um JSON válido"),
        ("[]", "", "não é uma exportação"),
        ('{"geral": {}}', "", "não é uma exportação"),
        ('{"formato": 2}', "", "não é uma exportação"),
        ('{"formato": 1, "geral": {"sefaz.lote": 1, "sefaz.lote": 2}}', "", "“sefaz.lote” aparece duas vezes"),
        (file(senhas={}), "senhas", "não é conhecida"),
        (file(geral=[]), "geral", "chaves e valores"),
        (file(empresas=[]), "empresas", "uma parte por empresa"),
        (file(empresas={"0": {}}), "empresas/0", "não é o código"),
        (file(empresas={"x": {}}), "empresas/x", "não é o código"),
        (file(geral={"sefaz.loteX": 1}), "geral/sefaz.loteX", "não existe"),
        (file(geral={"sefaz.lote": 0}), "geral/sefaz.lote", "fora do limite"),
        (file(geral={"sefaz.lote": True}), "geral/sefaz.lote", "não é um número"),
        (file(geral={"sefaz.lote": 1.5}), "geral/sefaz.lote", "não é um valor"),
        (file(geral={"sefaz.automatica": "talvez"}), "geral/sefaz.automatica", "não é sim nem não"),
        (file(geral={"balcao.servidor": "x"}), "geral/balcao.servidor", "não pertence"),
        (file(maquina={"sefaz.lote": 1}), "maquina/sefaz.lote", "não pertence"),
    ],
)
def test_a_wrong_file_is_refused_with_the_place(text: str, place: str, words: str) -> None:
    with pytest.raises(exchange.InvalidFile) as refused:
        exchange.read(text)
    assert list(refused.value.errors) == [place]
    assert words in str(refused.value)
