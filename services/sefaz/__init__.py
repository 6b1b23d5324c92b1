"""Consulta Cadastro at the SEFAZs (CadConsultaCadastro4, layout 2.00), with the branch's certificate."""

from pathlib import Path

RESOURCES = Path(__file__).resolve().parents[2] / "resources"
"""The folder of the files shipped with the program."""
