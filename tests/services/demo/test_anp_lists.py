"""The made-up lists: ANP's own headers and encodings, valid CNPJs, and the differences asked for between two days."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.br import cnpj

from services.demo import anp_lists

ROWS = 2_000


@given(st.text(string.digits + string.ascii_uppercase, min_size=12, max_size=12))
def test_check_digits_are_those_of_stdnum(base: str) -> None:
    assert anp_lists.with_check_digits(base) == base + str(cnpj.calc_check_digits(base))


def test_the_automotive_list() -> None:
    rows = anp_lists.resellers(ROWS)
    assert rows == anp_lists.resellers(ROWS)
    assert len({row.cnpj for row in rows}) == ROWS
    assert all(cnpj.is_valid(row.cnpj) for row in rows)
    data = anp_lists.automotive_csv(rows)
    assert data.startswith(b"\xef\xbb\xbfCODIGOISIMP;AUTORIZACAO;DATAPUBLICACAO;RAZAOSOCIAL;CNPJ;ENDERECO;COMPLEMENTO;")
    assert data.endswith(b"\r\n")
    lines = data.decode("utf-8-sig").split("\r\n")[1:-1]
    cells = [line.split(";") for line in lines]
    assert {len(line) for line in cells} == {13}
    assert any(not line[4].isdigit() for line in cells)
    assert any("  " in line[5] for line in cells)
    assert any(not line[7] for line in cells)
    assert any("¿" in line[3] for line in cells)
    brands = [line[11] for line in cells]
    assert brands.count("BANDEIRA BRANCA") > ROWS / 3
    assert {"VIBRA", "IPIRANGA", "RAIZEN", "RAIZEN MIME"} < set(brands)
    assert anp_lists.automotive_csv(rows, encoding="cp1252").decode("cp1252").split("\r\n")[1:-1] == lines


def test_the_list_of_glp() -> None:
    rows = anp_lists.gas_resellers(50)
    header, *lines = anp_lists.gas_csv(rows).decode("utf-8-sig").splitlines()
    assert header.count(";") == 13
    assert {"DISTRIBUIDORA", "CLASSE"} < set(header.split(";"))
    assert {line.count(";") for line in lines} == {13}
    assert not {row.cnpj for row in rows} & {row.cnpj for row in anp_lists.resellers(ROWS)}


def test_the_list_of_distributors() -> None:
    known = anp_lists.distributors()[:1]
    distributors = anp_lists.distributors(known)
    lines = anp_lists.distributors_csv(distributors).decode("cp1252").split("\r\n")
    assert lines[3] == ""
    assert lines[4].startswith("Código Agente;Código Agente i-SIMP;CNPJ;Nome Reduzido;Razão Social;")
    cells = [line.split(";") for line in lines[5:-1]]
    assert {len(line) for line in cells} == {16}
    assert {line[10] for line in cells} == {"AUTORIZADA", "REVOGADA", "CANCELADA"}
    assert all(cnpj.is_valid(line[2]) and "/" in line[2] for line in cells)


def test_those_known_come_first() -> None:
    known = anp_lists.gas_resellers(2)
    assert anp_lists.resellers(5, known=known)[:2] == known


def test_the_list_of_the_next_day() -> None:
    before = anp_lists.resellers(ROWS)
    kept = {row.cnpj for row in before[:50]}
    after = anp_lists.mutated(before, new=7, vanished=5, brands=4, names=3, addresses=2, kept=kept)
    was, is_ = {row.cnpj: row for row in before}, {row.cnpj: row for row in after}
    assert (len(is_.keys() - was.keys()), len(was.keys() - is_.keys())) == (7, 5)
    both = [(was[key], is_[key]) for key in was.keys() & is_.keys()]
    assert sum(old.brand != new.brand and old.brand_since != new.brand_since for old, new in both) == 4
    assert sum(old.name != new.name for old, new in both) == 3
    assert sum(old.street != new.street for old, new in both) == 2
    assert sum(old != new for old, new in both) == 9
    assert kept < is_.keys()
    assert after[:50] == before[:50]
    third = anp_lists.mutated(after, new=7)
    assert len({row.cnpj for row in third} - is_.keys()) == 7
    assert anp_lists.mutated(before) == before
    with pytest.raises(ValueError, match="3 changes for 2 resellers"):
        anp_lists.mutated(before[:2], vanished=3)
