"""Writes docs/configuracoes.md from the catalog: `python -m app.settings.handbook`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from app.kinds import Choice, Kind
from app.settings.catalog import PAGES
from app.settings.setting import Setting

PATH = Path(__file__).resolve().parents[2] / "docs" / "configuracoes.md"

_HEAD = """\
# Configurações

Este arquivo é gerado do catálogo (`python -m app.settings.handbook`): não o edite.

Cada valor pode ser **deste computador** (vale antes de o banco abrir e só nele), **geral** (um para todas as empresas)
ou **por empresa**. Quando a empresa tem um valor, ele vence o geral, mesmo sendo igual; sem nenhum dos dois, vale o
padrão. Na linha de comando: `config listar`, `config ler CHAVE`, `config gravar CHAVE=VALOR [--empresa N]`.
"""


def render() -> str:
    """The whole handbook, as Markdown."""
    lines = [_HEAD]
    for page in PAGES:
        lines.append(f"## {page.title}\n\n{' › '.join(page.path)}\n")
        for tab in page.tabs:
            lines.append(f"### {tab.title}\n")
            for group in tab.groups:
                lines.append(f"**{group.title}**\n")
                if group.note:
                    lines.append(f"*{group.note}*\n")
                lines.extend(_described(setting) for setting in group.settings)
    return "\n".join(lines)


def _described(setting: Setting[Any]) -> str:
    shown = setting.kind.show(setting.default)
    scopes = ", ".join(scope.label.lower() for scope in setting.scopes)
    parts = [
        f"#### {setting.label}\n",
        f"`{setting.key}` · {scopes} · padrão: {shown or 'vazio'}\n",
        f"{setting.help}\n",
        f"- Valores: {_values(setting.kind)}.",
        f"- Ao mudar: {setting.effect}",
        f"- Exemplo: {setting.example}\n",
    ]
    return "\n".join(parts)


def _values(kind: Kind[Any]) -> str:
    if not isinstance(kind, Choice):
        return kind.hint
    options = (f"`{kind.dump(o.value)}` ({o.label}): {o.sentence[:1].lower()}{o.sentence[1:-1]}" for o in kind.options)
    return "; ".join(options)


def main() -> None:
    """Write the file."""
    PATH.write_text(render(), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
