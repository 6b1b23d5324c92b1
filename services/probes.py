"""Tests of a connection with values that are not saved yet."""

from __future__ import annotations

import re
from pathlib import Path

from app.data.database import Database, DatabaseUnavailable, database_url
from app.domain import Failure, FailureKind
from app.settings.catalog import DATABASE_NAME, DATABASE_PORT, DATABASE_USER, SERVER
from app.settings.snapshot import Snapshot


def probe_database(snapshot: Snapshot, file: Path, password: str | None) -> str:
    """Enter the database of these settings and say, in a sentence, what answered.

    Nothing is created or migrated. Takes up to the 10 seconds of the connection's time-out.
    Raises DatabaseUnavailable.
    """
    from sqlalchemy import text
    from sqlalchemy.exc import DBAPIError

    database = Database(database_url(snapshot, file, password))
    try:
        with database.reading() as connection:
            version = str(connection.execute(text("SHOW server_version")).scalar_one())
            encrypted = connection.execute(
                text("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
            ).scalar_one_or_none()
    except DBAPIError as error:
        raise DatabaseUnavailable(_explained(snapshot, str(error.orig).strip())) from error
    finally:
        database.close()
    how = "com criptografia" if encrypted else "sem criptografia"
    return f"Conectado a “{snapshot[DATABASE_NAME]}” em {snapshot[SERVER]}: PostgreSQL {version}, {how}."


# psycopg gives no SQLSTATE when the connection itself fails, and the server may answer in Portuguese, so the texts of
# libpq and PostgreSQL are matched in both languages. Letters with accents may arrive damaged: they match anything.
_CAUSES: tuple[tuple[str, str, str, str], ...] = (
    (
        r"password authentication failed|autentica..o do tipo senha falhou",
        "O servidor {server} não aceitou o usuário “{user}” com esta senha.",
        "A senha não confere, ou o usuário não existe: o servidor responde o mesmo nos dois casos.",
        "Digite a senha de novo em “Senha do banco” e confira o usuário.",
    ),
    (
        r"no password supplied|nenhuma senha fornecida",
        "O servidor {server} pede senha e nenhuma foi informada.",
        "Não há senha guardada neste computador para o usuário “{user}”.",
        "Digite a senha em “Senha do banco”.",
    ),
    (
        r"no pg_hba\.conf entry|pg_hba\.conf rejects|nenhuma entrada no pg_hba\.conf|pg_hba\.conf rejeit",
        "O servidor {server} não autoriza este computador a usar o banco “{name}” com o usuário “{user}”.",
        "Falta uma linha para este computador no arquivo pg_hba.conf do servidor, ou ele exige criptografia.",
        "Peça ao administrador do servidor que acrescente a linha, ou escolha “Sempre” em criptografia da conexão.",
    ),
    (
        r"database .* does not exist|banco de dados .* n.o existe",
        "O banco “{name}” não existe no servidor {server}.",
        "O nome está diferente, ou o banco ainda não foi criado.",
        "Confira o nome do banco, ou peça ao administrador que o crie.",
    ),
    (
        r"does not support SSL|n.o suporta SSL",
        "O servidor {server} não oferece conexão criptografada.",
        "A criptografia não está ligada no PostgreSQL.",
        "Escolha “Quando o servidor oferecer”, ou ligue a criptografia no servidor.",
    ),
    (
        r"certificate verify failed|root certificate file|server certificate for|certificado do servidor",
        "O certificado do servidor {server} não pôde ser conferido.",
        "Ele não é de uma autoridade conhecida por este computador, ou é de outro nome.",
        "Confira o nome do servidor e o certificado raiz, ou escolha “Sempre” em criptografia da conexão.",
    ),
    (
        r"too many c|reserved for|muitos clientes|muitas conex",
        "O servidor {server} está sem conexões livres.",
        "Muitos programas estão conectados ao mesmo tempo.",
        "Tente de novo em instantes; se repetir, fale com o administrador do servidor.",
    ),
    (
        r"starting up|shutting down|iniciando|desligando",
        "O banco em {server} está iniciando ou sendo desligado.",
        "O servidor acabou de ser ligado ou está em manutenção.",
        "Aguarde alguns segundos e teste de novo.",
    ),
    (
        r"failed to resolve|could not translate host|n.o p.de traduzir nome",
        "O nome “{server}” não foi encontrado na rede.",
        "Pode haver um erro de digitação, ou a rede não conhece este nome.",
        "Confira o nome, ou informe o endereço IP do servidor.",
    ),
    (
        r"SSL negotiation|expected authentication request|server closed the connection|servidor fechou a conex",
        "A porta {port} de {server} responde, mas não como um PostgreSQL.",
        "Há outro programa nesta porta.",
        "Confira a porta: a de fábrica do PostgreSQL é 5432.",
    ),
    (
        r"refused|recusada",
        "{server} recusou a conexão: nenhum programa atende na porta {port}.",
        "O PostgreSQL está parado, atende em outra porta, ou só aceita conexões do próprio servidor.",
        "Confira se o PostgreSQL está iniciado, a porta e o “listen_addresses” do servidor.",
    ),
    (
        r"timeout|timed out|tempo de espera",
        "{server} não respondeu em 10 segundos na porta {port}.",
        "O computador está desligado, o endereço está errado, ou um firewall não deixa passar.",
        "Confira o endereço, a rede e a porta {port} no firewall do servidor.",
    ),
    (
        r"unreachable|No route|sem rota|inacess",
        "Não há caminho de rede até {server}.",
        "O cabo ou o Wi-Fi está desligado, ou o endereço é de outra rede.",
        "Confira a rede deste computador e o endereço do servidor.",
    ),
)


def _explained(snapshot: Snapshot, message: str) -> Failure:
    words = {
        "server": snapshot[SERVER],
        "port": snapshot[DATABASE_PORT],
        "name": snapshot[DATABASE_NAME],
        "user": snapshot[DATABASE_USER],
    }
    details = re.sub(r"password=\S+", "password=…", message)
    for pattern, what, cause, todo in _CAUSES:
        if re.search(pattern, message, re.IGNORECASE):
            return Failure(
                FailureKind.NETWORK, what.format(**words), cause.format(**words), todo.format(**words), details
            )
    return Failure(
        FailureKind.NETWORK,
        f"Não foi possível entrar no banco “{words['name']}” em {words['server']}:{words['port']}.",
        "O servidor respondeu de um modo que o programa não conhece.",
        "Mostre os detalhes ao administrador do servidor.",
        details,
    )
