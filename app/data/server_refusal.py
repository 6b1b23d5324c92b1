"""Why a PostgreSQL server does not let this program in, from what it or its library said.

psycopg gives no SQLSTATE when the connection itself fails, so the texts are matched, in English and in Portuguese
(PostgreSQL's `pt_BR.po`; psycopg and libpq speak English here). A server on Windows may write them in code page 1252.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto

from sqlalchemy import URL

from app.domain import Failure, FailureKind
from app.out_of_reach import NO_ROUTE, UNKNOWN_NAME

DAMAGED = "\N{REPLACEMENT CHARACTER}"


class Refusal(Enum):
    """What stood in the way."""

    NAME = auto()
    NO_ROUTE = auto()
    CLOSED_PORT = auto()
    SILENCE = auto()
    HUNG_UP = auto()
    OTHER_PROGRAM = auto()
    NO_ENCRYPTION = auto()
    CERTIFICATE = auto()
    NOT_READY = auto()
    FULL = auto()
    NOT_LISTED = auto()
    REJECTED = auto()
    NO_PASSWORD = auto()
    PASSWORD = auto()
    NO_USER = auto()
    NO_LOGIN = auto()
    NO_DATABASE = auto()
    CLOSED_DATABASE = auto()
    LIMIT = auto()
    NO_RIGHT = auto()
    UNKNOWN = auto()


@dataclass(frozen=True)
class _Case:
    """`texts` is a pattern of what is said; the other three are sentences with {server} {port} {name} {user}."""

    texts: str
    what: str
    cause: str
    todo: str


# In the order in which they are looked for: the more particular text first. A letter with an accent may have come
# damaged, so that a dot stands for it.
_CASES = {
    Refusal.REJECTED: _Case(
        r"pg_hba\.conf rejects|pg_hba\.conf rejeit",
        "O servidor {server} recusa este computador: há no pg_hba.conf uma linha que o rejeita.",
        "Uma linha “reject” do pg_hba.conf vale para este computador, o banco “{name}” e o usuário “{user}”.",
        "No servidor, acrescente antes dela a linha que o teste da conexão oferece e recarregue: "
        "SELECT pg_reload_conf();",
    ),
    Refusal.NOT_LISTED: _Case(
        r"no pg_hba\.conf entry|nenhuma entrada no pg_hba\.conf",
        "O servidor {server} não autoriza este computador a usar o banco “{name}” com o usuário “{user}”.",
        "Falta uma linha para este computador no arquivo pg_hba.conf do servidor, ou ele exige criptografia.",
        "No servidor, acrescente ao pg_hba.conf a linha que o teste da conexão oferece e recarregue: "
        "SELECT pg_reload_conf();",
    ),
    Refusal.NO_PASSWORD: _Case(
        r"no password supplied|nenhuma senha fornecida|empty password|senha vazia",
        "O servidor {server} pede senha e nenhuma foi informada.",
        "Não há senha guardada neste computador para o usuário “{user}”.",
        "Digite a senha em “Senha do banco”.",
    ),
    Refusal.PASSWORD: _Case(
        r"authentication failed for|autentica..?o .*falhou",
        "O servidor {server} não aceitou o usuário “{user}” com esta senha.",
        "A senha não confere, ou o usuário não existe: o servidor responde o mesmo nos dois casos.",
        "Digite a senha de novo em “Senha do banco”, com atenção a maiúsculas e a espaços no fim, e confira o usuário.",
    ),
    Refusal.NO_LOGIN: _Case(
        r"is not permitted to log in|n.o tem permiss.o para (entrar|efetuar login)",
        "O usuário “{user}” existe em {server}, mas não pode entrar.",
        "Ele foi criado sem o atributo LOGIN.",
        "Escolha outro usuário, ou peça ao administrador do servidor que execute o comando que o teste da conexão "
        "oferece.",
    ),
    Refusal.NO_USER: _Case(
        r"role .* does not exist|(role|usu.rio) .* n.o existe",
        "O usuário “{user}” não existe no servidor {server}.",
        "O nome está diferente, maiúsculas contam, ou o servidor não é este.",
        "Confira o usuário, e a porta se houver mais de um PostgreSQL nessa máquina.",
    ),
    Refusal.LIMIT: _Case(
        r"too many connections for|muitas conex.es para|slots are reserved|conex.o remanescentes",
        "O servidor {server} está sem conexões livres para o usuário “{user}” ou o banco “{name}”.",
        "O limite de conexões do usuário ou do banco foi alcançado, ou as últimas são reservadas ao administrador.",
        "Feche programas que usam o banco e tente de novo; se repetir, peça ao administrador um limite maior.",
    ),
    Refusal.FULL: _Case(
        r"too many clients|muitos clientes",
        "O servidor {server} atingiu o limite de conexões.",
        "Muitos programas estão conectados ao mesmo tempo (max_connections).",
        "Feche programas que usam o banco e tente de novo em instantes.",
    ),
    Refusal.NOT_READY: _Case(
        r"the database system is|sistema de banco de dados (ainda |n.o |est)",
        "O banco em {server} está iniciando ou sendo desligado.",
        "O servidor acabou de ser ligado, está se recuperando ou está em manutenção.",
        "Aguarde alguns segundos e tente de novo.",
    ),
    Refusal.CLOSED_DATABASE: _Case(
        r"not currently accepting connections|n.o est. aceitando conex",
        "O banco “{name}” está fechado para conexões.",
        "O administrador o fechou (ALLOW_CONNECTIONS false), em geral durante uma manutenção.",
        "Aguarde o fim da manutenção, ou fale com o administrador do servidor.",
    ),
    Refusal.NO_DATABASE: _Case(
        r"database .* does not exist|banco de dados .* n.o existe",
        "O banco “{name}” não existe no servidor {server}.",
        "O nome está diferente, maiúsculas contam, ou o banco ainda não foi criado. Se há mais de um PostgreSQL nessa "
        "máquina, pode ser outra porta.",
        "Confira o nome e a porta, ou peça ao administrador que crie o banco com o comando que o teste da conexão "
        "oferece.",
    ),
    Refusal.NO_RIGHT: _Case(
        r"permission denied for|permiss.o negada",
        "O usuário “{user}” não tem permissão no banco “{name}”.",
        "Falta a ele um direito que o dono do banco dá com GRANT.",
        "Peça ao administrador do servidor que execute o comando que o teste da conexão oferece.",
    ),
    Refusal.NO_ENCRYPTION: _Case(
        r"does not support SSL|n.o suporta SSL",
        "O servidor {server} não oferece conexão criptografada.",
        "A criptografia não está ligada no PostgreSQL.",
        "Escolha “Quando o servidor oferecer”, ou ligue a criptografia no servidor.",
    ),
    Refusal.CERTIFICATE: _Case(
        r"certificate verify failed|root certificate file|server certificate for|certificado do servidor|"
        r"certificate authority file|does not match host name",
        "O certificado do servidor {server} não pôde ser conferido.",
        "Ele não é de uma autoridade conhecida por este usuário do computador, ou é de outro nome.",
        # Of libpq's "SSL Support": where it looks for the authorities, which no setting here says.
        "Confira o nome do servidor e o certificado raiz, que é o arquivo da variável de ambiente PGSSLROOTCERT ou, "
        "sem ela, o de cada usuário (no Windows, %APPDATA%\\postgresql\\root.crt; no Linux, ~/.postgresql/root.crt). "
        "Ou escolha “Sempre” em criptografia da conexão.",
    ),
    Refusal.NAME: _Case(
        r"failed to resolve|could not translate host|n.o p.de traduzir nome",
        UNKNOWN_NAME.what,
        UNKNOWN_NAME.cause,
        UNKNOWN_NAME.todo,
    ),
    Refusal.OTHER_PROGRAM: _Case(
        r"SSL negotiation|expected authentication request",
        "A porta {port} de {server} responde, mas não como um PostgreSQL.",
        "Há outro programa nesta porta.",
        "Confira a porta: a de fábrica do PostgreSQL é 5432.",
    ),
    Refusal.CLOSED_PORT: _Case(
        r"refused|recusada",
        "{server} recusou a conexão: nenhum programa atende na porta {port}.",
        "O PostgreSQL está parado, atende em outra porta, ou só aceita conexões do próprio servidor "
        "(listen_addresses). Não é problema de senha.",
        "Confira se o PostgreSQL está iniciado, a porta (a de fábrica é 5432) e o listen_addresses do servidor.",
    ),
    Refusal.SILENCE: _Case(
        r"timeout|timed out|tempo de espera",
        "{server} não respondeu em {timeout} segundos na porta {port}.",
        "O computador está desligado, o endereço está errado, ou um firewall não deixa passar.",
        "Confira o endereço, a rede ou VPN, e se o firewall do servidor libera a porta {port}.",
    ),
    Refusal.NO_ROUTE: _Case(
        r"unreachable|No route|sem rota|inacess",
        NO_ROUTE.what,
        NO_ROUTE.cause,
        NO_ROUTE.todo,
    ),
    Refusal.HUNG_UP: _Case(
        r"closed the connection|fechou a conex|reset by peer|EOF detected",
        "{server} encerrou a conexão na porta {port} sem responder.",
        "O PostgreSQL está reiniciando, ou um antivírus ou proxy da rede corta a conexão; pode também ser outro "
        "programa nesta porta.",
        "Tente de novo; se repetir, veja o log do PostgreSQL e as regras do antivírus.",
    ),
    Refusal.UNKNOWN: _Case(
        "",  # anything
        "Não foi possível entrar no banco “{name}” em {server}:{port}.",
        "O servidor respondeu de um modo que o programa não conhece.",
        "Mostre os detalhes ao administrador do servidor.",
    ),
}

# PostgreSQL, Appendix A. A code has several texts where it stands for several refusals: then these decide.
_STATES = {
    "28P01": (Refusal.PASSWORD,),
    "28000": (Refusal.NOT_LISTED, Refusal.REJECTED, Refusal.NO_USER, Refusal.NO_LOGIN, Refusal.PASSWORD),
    "3D000": (Refusal.NO_DATABASE,),
    "42501": (Refusal.NO_RIGHT,),
    "53300": (Refusal.FULL, Refusal.LIMIT),
    "55000": (Refusal.CLOSED_DATABASE,),
    "57P03": (Refusal.NOT_READY,),
}


def refusal_of(message: str, sqlstate: str = "") -> Refusal:
    """What is behind a message. `sqlstate` decides where it is known, whatever the language of the message."""
    possible = _STATES.get(sqlstate, tuple(_CASES))
    return next((one for one in possible if re.search(_CASES[one].texts, message, re.IGNORECASE)), possible[0])


def explain(refusal: Refusal, url: URL, details: str) -> Failure:
    """The refusal of the server at `url` as a person reads it. `details` may not hold a secret, nor does the result."""
    case = _CASES[refusal]
    words = {
        "server": url.host,
        "port": url.port,
        "name": url.database,
        "user": url.username,
        "timeout": url.query.get("connect_timeout", ""),
    }
    kind = FailureKind.TIMEOUT if refusal is Refusal.SILENCE else FailureKind.NETWORK
    what, cause, todo = (sentence.format(**words) for sentence in (case.what, case.cause, case.todo))
    return Failure(kind, what, cause, todo, re.sub(r"password=\S+", "password=…", details))


def decoded(said: bytes) -> str:
    """A server's text, which before the login is in the encoding of its own machine."""
    try:
        return said.decode()
    except UnicodeDecodeError:
        return said.decode("cp1252", "replace")


def message_of(error: BaseException) -> str:
    """What psycopg tells, with the accents that it damaged mended where the bytes are still there."""
    text = str(error).strip()
    connection = getattr(error, "pgconn", None)
    if DAMAGED in text and connection is not None:
        return decoded(connection.error_message).strip()
    return text
