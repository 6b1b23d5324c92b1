"""What ANP's words for a situation mean, and what the administrator's file may change."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.domain import AnpOutcome
from app.folders import Folders
from services.anp.wording import InvalidWordings, load_wordings


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return Folders(tmp_path, tmp_path).anp_wordings_file


@pytest.mark.parametrize(
    ("wording", "outcome"),
    [
        ("EM OPERAÇÃO", AnpOutcome.UPDATED),
        ("  em   operacao ", AnpOutcome.UPDATED),
        ("Posto com autorização revogada", AnpOutcome.REVOKED),
        ("REVOGADA", AnpOutcome.REVOKED),
        ("CANCELADA", AnpOutcome.REVOKED),
        ("Processo de Revogação", AnpOutcome.REVOCATION),
        ("CANDIDATO A POSTO REVENDEDOR", AnpOutcome.CANDIDATE),
        ("INTERDITADO", AnpOutcome.UNRECOGNISED),
        ("", AnpOutcome.UNRECOGNISED),
        ("nao_localizado", AnpOutcome.UNRECOGNISED),
        ("não em operação", AnpOutcome.UNRECOGNISED),
    ],
)
def test_shipped_meanings(file: Path, wording: str, outcome: AnpOutcome) -> None:
    assert load_wordings(file).read(wording) is outcome


def test_the_administrator_adds_changes_and_takes_away_meanings(file: Path) -> None:
    file.write_text(
        '"Interditado" = "autorizacao_revogada"  # decidido na diretoria\n'
        '"em OPERACAO" = "nao_reconhecida"\nCancelada = "candidato"\n',
        encoding="utf-8-sig",
    )
    wordings = load_wordings(file)
    assert wordings.read("INTERDITADO") is AnpOutcome.REVOKED
    assert wordings.read("Em operação") is AnpOutcome.UNRECOGNISED
    assert wordings.read("cancelada") is AnpOutcome.CANDIDATE
    assert wordings.read("Revogada") is AnpOutcome.REVOKED


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b'"Interditado" = "bloqueia"', "Interditado"),
        (b'"Sumiu" = "nao_localizado"', "Sumiu"),
        (b'"Sumiu" = "falha"', "Sumiu"),
        (b"[tabela]\nx = 1", "tabela"),
        (b'" " = "candidato"', "sem o texto"),
        ('"Diligência" = "candidato"\n"DILIGENCIA" = "candidato"'.encode(), "duas vezes"),
        (b"Interditado = ", "TOML"),
        ('"Diligência" = "candidato"'.encode("cp1252"), "UTF-8"),
    ],
)
def test_a_broken_file_is_refused_whole(file: Path, content: bytes, says: str) -> None:
    file.write_bytes(content)
    with pytest.raises(InvalidWordings, match=says) as refused:
        load_wordings(file)
    assert file.name in str(refused.value)


def test_a_file_that_cannot_be_read(file: Path) -> None:
    file.mkdir()
    with pytest.raises(InvalidWordings, match="ler"):
        load_wordings(file)
