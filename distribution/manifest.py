"""Makes and signs the manifest by which installed programs learn of a new version (`python -m distribution.manifest`).

    chave CHAVE.pem                      makes the private key, and says the public one, which administrators are given
    assinar ARQUIVO --chave CHAVE.pem    writes atualizacao.json and atualizacao.json.sig beside the file

The three are published side by side over https. The private key stays with whoever distributes the program.
"""

from __future__ import annotations

import argparse
import base64
import getpass
import hashlib
import json
import os
import re
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app.version import VERSION

MANIFEST = "atualizacao.json"
SIGNATURE = f"{MANIFEST}.sig"

_FILE = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._+-]{0,118}[A-Za-z0-9])?")
_VERSION = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,6}){0,3}")
_MOST_NEWS = 8_000
_LARGEST = 1 << 30


class NotMade(Exception):
    """No manifest was written; the message is a sentence in Portuguese."""


def make_key(file: Path) -> str:
    """Write a new private key that only its owner reads, and give the public one, in Base64. Raises NotMade."""
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    try:
        # Never over another: without the old key nobody believes what comes next.
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
            opened.write(pem)
    except OSError as error:
        raise NotMade(f"A chave não pôde ser gravada em {file}: {error.strerror}.") from error
    return public_key(key)


def public_key(key: Ed25519PrivateKey) -> str:
    """What administrators put in the setting “Chave pública de quem distribui”."""
    return base64.b64encode(key.public_key().public_bytes_raw()).decode("ascii")


def read_key(file: Path, password: bytes | None = None) -> Ed25519PrivateKey:
    """The private key in that PEM file. Raises TypeError when it has a password and none was given, and NotMade."""
    try:
        key = serialization.load_pem_private_key(file.read_bytes(), password)
    except OSError as error:
        raise NotMade(f"A chave {file} não pôde ser lida: {error.strerror}.") from error
    except (ValueError, TypeError) as error:
        if isinstance(error, TypeError) and password is None:
            raise
        raise NotMade(f"A chave {file} não abre: ela não é um arquivo PEM, ou a senha é outra.") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise NotMade(f"A chave {file} não é Ed25519.")
    return key


def make_manifest(set_up: Path, version: str, news: str, published_at: datetime) -> bytes:
    """The manifest of a set-up file: the same bytes for the same arguments. Raises NotMade."""
    if not _FILE.fullmatch(set_up.name) or ".." in set_up.name:
        raise NotMade(
            f"O nome “{set_up.name}” não serve: use só letras sem acento, números, ponto, hífen e sublinhado."
        )
    if not _VERSION.fullmatch(version):
        raise NotMade(f"“{version}” não é uma versão: escreva só números e pontos, como 1.2.0.")
    if published_at.tzinfo is None:
        raise NotMade("A data da publicação precisa do fuso, como em 2026-11-22T12:00:00+00:00.")
    news = "\n".join(line.rstrip() for line in news.strip().splitlines()).expandtabs(4)
    if len(news) > _MOST_NEWS or not all(line.isprintable() for line in news.split("\n")):
        raise NotMade(f"As novidades passam de {_MOST_NEWS} caracteres ou têm caracteres de controle.")
    try:
        size = set_up.stat().st_size
        with set_up.open("rb") as opened:
            digest = hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        raise NotMade(f"O arquivo {set_up} não pôde ser lido: {error.strerror}.") from error
    if not 0 < size <= _LARGEST:
        raise NotMade(f"O arquivo {set_up.name} está vazio ou passa de 1 GB, e seria recusado.")
    content = {
        "versao": version,
        "arquivo": set_up.name,
        "sha256": digest,
        "tamanho": size,
        "publicada_em": published_at.astimezone(UTC).isoformat(),
        "novidades": news,
    }
    return (json.dumps(content, ensure_ascii=False, indent=2) + "\n").encode("utf-8")


def sign(manifest: bytes, key: Ed25519PrivateKey) -> bytes:
    """The detached signature of those exact bytes, as a line of Base64."""
    return base64.b64encode(key.sign(manifest)) + b"\n"


def main(arguments: Sequence[str]) -> int:
    """Run one command and return its exit status: 0 done, 1 not made, 2 not understood."""
    options = _parser().parse_args(arguments)
    try:
        if options.comando == "chave":
            _say(f"Chave privada: {options.chave} (guarde-a fora da rede)\nChave pública: {make_key(options.chave)}")
            return 0
        _sign_set_up(options)
    except NotMade as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    return 0


def _sign_set_up(options: argparse.Namespace) -> None:
    try:
        key = read_key(options.chave)
    except TypeError:  # it has a password
        key = read_key(options.chave, getpass.getpass(f"Senha de {options.chave.name}: ").encode("utf-8"))
    try:
        news = options.novidades.read_text("utf-8") if options.novidades is not None else ""
    except (OSError, ValueError) as error:
        raise NotMade(f"As novidades em {options.novidades} não puderam ser lidas como texto UTF-8.") from error
    manifest = make_manifest(options.arquivo, options.versao, news, options.publicada_em or _now())
    folder = options.saida or options.arquivo.absolute().parent
    try:
        (folder / MANIFEST).write_bytes(manifest)
        (folder / SIGNATURE).write_bytes(sign(manifest, key))
    except OSError as error:
        raise NotMade(f"O manifesto não pôde ser gravado em {folder}: {error.strerror}.") from error
    _say(f"{folder / MANIFEST}\n{folder / SIGNATURE}\nChave pública: {public_key(key)}")


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m distribution.manifest", description="Manifesto das atualizações.")
    commands = parser.add_subparsers(dest="comando", required=True)
    making = commands.add_parser("chave", help="cria a chave privada de quem distribui e mostra a pública")
    making.add_argument("chave", type=Path, metavar="CHAVE.pem")
    signing = commands.add_parser("assinar", help="escreve o manifesto de um instalador e a assinatura dele")
    signing.add_argument("arquivo", type=Path, metavar="ARQUIVO")
    signing.add_argument("--chave", type=Path, required=True, metavar="CHAVE.pem")
    signing.add_argument("--novidades", type=Path, metavar="TEXTO.txt", help="o que mudou, em texto simples")
    signing.add_argument("--versao", default=VERSION, help=f"sem ela, a deste código: {VERSION}")
    signing.add_argument("--publicada-em", type=datetime.fromisoformat, metavar="DATA", help="sem ela, agora")
    signing.add_argument("--saida", type=Path, metavar="PASTA", help="sem ela, a pasta do arquivo")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
