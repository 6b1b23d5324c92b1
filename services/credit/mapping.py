"""How a gerenciadora without a file of its own here is asked and read: a TOML file of the administrator.

What each key does is told, in Portuguese, in `resources/gerenciadora_modelo.toml`, which is such a file itself.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from app.domain import FailureKind
from services import RESOURCES

MODEL = RESOURCES / "gerenciadora_modelo.toml"
"""The commented model, which may be copied as it is."""

CREDENTIALS = ("usuario", "senha")
DOCUMENT = ("documento", "documento_formatado")
FIELDS = (*DOCUMENT, "pessoa", "relatorio", "opcionais", "centro_custo", "cnpj_consultante")
"""What may stand between braces in a question, beside the credentials where they are allowed."""

PLACEHOLDER = re.compile(r"\{([^{}]*)\}")

_MAX_BYTES = 256 * 1024
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_OWN_HEADERS = ("host", "content-length", "transfer-encoding", "connection", "content-type", "accept-encoding")
_E = TypeVar("_E", bound=Enum)


class InvalidMapping(ValueError):
    """The file cannot be used; the message is a sentence that names it, the line or the key, and what is wrong."""


class AccessForm(Enum):
    """How the credentials are presented."""

    BASIC = "basica"
    TOKEN = "token"
    HEADER = "cabecalho"
    LOGIN = "login"
    FIELDS = "campos"


class AmountForm(Enum):
    """How an amount is written."""

    POINT = "ponto"
    COMMA = "virgula"
    CENTS = "centavos"


class DateForm(Enum):
    """How a day is written; the value is the one of the file."""

    ISO = "aaaa-mm-dd"
    BRAZILIAN = "dd/mm/aaaa"
    ISO_DIGITS = "aaaammdd"
    BRAZILIAN_DIGITS = "ddmmaaaa"

    @property
    def strptime(self) -> str:
        """The same, as Python reads it."""
        return {
            DateForm.ISO: "%Y-%m-%d",
            DateForm.BRAZILIAN: "%d/%m/%Y",
            DateForm.ISO_DIGITS: "%Y%m%d",
            DateForm.BRAZILIAN_DIGITS: "%d%m%Y",
        }[self]


DECLINED = {
    "solicitante": FailureKind.REQUESTER,
    "rejeicao": FailureKind.REJECTION,
    "espera": FailureKind.THROTTLED,
    "indisponivel": FailureKind.UNAVAILABLE,
}
"""What an answer that is no report may mean."""

Where = tuple[str, ...]
"""The way to a value in the answer: names of objects, and numbers (from 0) of items of lists."""


@dataclass(frozen=True)
class Question:
    """One message; texts may hold fields between braces. `body` is sent as JSON, or as a form; None for none."""

    method: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)
    body: Any = None
    is_form: bool = False


@dataclass(frozen=True)
class Login:
    """What gives a token, where it comes, and for how many minutes it is used; `basic` presents the credentials so."""

    question: Question
    basic: bool
    token: Where
    minutes: int


@dataclass(frozen=True)
class Access:
    """How the credentials are presented. `trial` asks about nobody, to see whether they are taken; None for none."""

    form: AccessForm
    header: str = ""
    login: Login | None = None
    trial: Question | None = None


@dataclass(frozen=True)
class GroupWhere:
    """Where the negative records of one kind are. `absent_is_none`: an answer without them says that there are none."""

    kind: str
    count: Where | None
    items: Where | None
    total: Where | None
    first: Where | None
    last: Where | None
    on: Where | None
    creditor: Where | None
    nature: Where | None
    contract: Where | None
    amount: Where | None
    absent_is_none: bool


@dataclass(frozen=True)
class Sign:
    """That the value at `where` is one of `values`; with no values, that there is one, other than false and zero."""

    where: Where
    values: tuple[str, ...]


@dataclass(frozen=True)
class Refusal:
    """An answer that is no report: by what it is known, what it means, and where it says why."""

    sign: Sign
    kind: FailureKind
    message: Where | None


@dataclass(frozen=True)
class AnswerMapping:
    """Where everything is in an answer; None and empty where it does not tell."""

    document: Where | None
    name: Where | None
    situation: Where | None
    score: Where | None
    score_model: Where | None
    score_range: Where | None
    default_rate: Where | None
    request_id: Where | None
    notices: tuple[Where, ...]
    facts: tuple[tuple[str, Where], ...]
    dates: DateForm
    amounts: AmountForm
    suppressed: Sign | None
    negatives: tuple[GroupWhere, ...]
    refusals: tuple[Refusal, ...]
    statuses: dict[int, FailureKind]


@dataclass(frozen=True)
class Mapping:
    """One gerenciadora. A kind of document that it does not answer about has no question."""

    access: Access
    company: Question | None
    person: Question | None
    answer: AnswerMapping


def load_mapping(folder: Path, name: str) -> Mapping:
    """What the file of that name says, in the folder of the administrator. Raises InvalidMapping."""
    if not name:
        raise InvalidMapping("Falta o arquivo de mapeamento no cadastro da gerenciadora.")
    if Path(name).name != name or name.startswith(".") or "\\" in name or ":" in name:
        raise InvalidMapping(f"“{name}” não é um nome de arquivo: escreva só o nome, sem a pasta.")
    path = folder / name
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise InvalidMapping(f"O arquivo {name} não está na pasta {folder}.") from error
    except OSError as error:
        raise InvalidMapping(f"Não foi possível ler {path}: {error.strerror}.") from error
    if len(data) > _MAX_BYTES:
        raise InvalidMapping(f"O arquivo {name} é grande demais para um mapeamento.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidMapping(f"O arquivo {name} não está em UTF-8. Grave-o de novo nessa codificação.") from error
    return parse_mapping(text, name)


def parse_mapping(text: str, file: str) -> Mapping:
    """What the text of a file called `file` says. Raises InvalidMapping."""
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidMapping(_broken(error, text, file)) from error
    except RecursionError as error:
        raise InvalidMapping(f"O arquivo {file} tem listas dentro de listas demais.") from error
    top = _Table(values, file, "")
    access = _access(top.table("acesso"))
    asked = top.table("consulta")
    company, person = (_asked(asked.optional_table(key), access.form) for key in ("cnpj", "cpf"))
    if company is None and person is None:
        asked.refuse("cnpj", "não existe, nem a “cpf”: diga como se pergunta ao menos por um dos dois")
    asked.done()
    answer = _answer(top.table("resposta"))
    top.done()
    return Mapping(access, company, person, answer)


def _broken(error: tomllib.TOMLDecodeError, text: str, file: str) -> str:
    place = re.search(r"\(at line ([0-9]+), column ([0-9]+)\)", str(error))
    line, column = (int(place[1]), int(place[2])) if place else (text.count("\n") + 1, 0)
    where = f"na linha {line}" + (f", coluna {column}" if column else "")
    return (
        f"O arquivo {file} não é um TOML válido: ele deixa de ser entendido {where}. Confira se os textos estão entre "
        "aspas e se nenhuma chave ou tabela se repete."
    )


def _access(table: _Table) -> Access:
    form = table.choice("forma", AccessForm)
    header, login = "", None
    if form is AccessForm.HEADER:
        header = table.text("cabecalho")
        table.check("cabecalho", _is_header(header), "deve ser o nome de um cabeçalho HTTP, como X-Api-Key")
    if form is AccessForm.LOGIN:
        at = table.table("login")
        question = _question(at, CREDENTIALS, "POST")
        login = Login(question, at.flag("basica", default=False), at.where("token"), at.integer("minutos", 1, 1440))
        at.done()
    own = CREDENTIALS if form is AccessForm.FIELDS else ()
    trial_table = table.optional_table("teste")
    trial = None
    if trial_table is not None:
        trial = _question(trial_table, own, "GET")
        trial_table.done()
    table.done()
    return Access(form, header, login, trial)


def _asked(table: _Table | None, form: AccessForm) -> Question | None:
    if table is None:
        return None
    in_address = table.flag("documento_no_endereco", default=False)
    question = _question(table, (*FIELDS, *(CREDENTIALS if form is AccessForm.FIELDS else ())), "POST")
    for key, texts in (("caminho", [question.path]), ("parametros", list(question.parameters.values()))):
        shown = any(name in DOCUMENT for text in texts for name in PLACEHOLDER.findall(text))
        why = "tem o documento, e endereços ficam em registros: se a gerenciadora só aceita assim, grave "
        table.check(key, in_address or not shown, f"{why}documento_no_endereco = true")
    everything = [question.path, *question.parameters.values(), *question.headers.values(), *_texts(question.body)]
    asks = any(name in DOCUMENT for text in everything for name in PLACEHOLDER.findall(text))
    table.check("json", asks, "não diz por quem se pergunta: {documento} não está em nenhum campo da consulta")
    table.done()
    return question


def _question(table: _Table, allowed: Collection[str], usual_method: str) -> Question:
    method = table.text("metodo", usual_method)
    table.check("metodo", method in ("GET", "POST"), "deve ser GET ou POST")
    path = table.text("caminho")
    usable = path.startswith("/") and not path.startswith("//") and path.isascii() and path.isprintable()
    table.check("caminho", usable and not set(path) & set(" ?#\\"), "deve começar com “/”, sem espaços nem “?”")
    headers, parameters = table.texts("cabecalhos"), table.texts("parametros")
    for name in headers:
        fine = _is_header(name) and name.lower() not in _OWN_HEADERS
        table.check("cabecalhos", fine, f"tem “{name}”, que não é um cabeçalho que se possa escolher")
    json_body, form = table.anything("json"), table.texts("formulario")
    table.check("formulario", not form or json_body is None, "não se usa junto de “json”: a consulta tem um só corpo")
    table.check("json", method == "POST" or (json_body is None and not form), "só se usa com metodo = “POST”")
    body = form or json_body
    in_address = [name for name in allowed if name not in CREDENTIALS]
    table.fields("caminho", [path], in_address)
    table.fields("parametros", list(parameters.values()), in_address)
    table.fields("cabecalhos", list(headers.values()), allowed)
    table.fields("formulario" if form else "json", _texts(body), allowed)
    return Question(method, path, headers, parameters, body, bool(form))


def _answer(table: _Table) -> AnswerMapping:
    groups = tuple(_group(each) for each in table.tables("negativos"))
    score = table.optional_where("score")
    table.check("score", score is not None or bool(groups), "não existe, nem “negativos”: nada diria se aprova")
    suppressed = table.optional_table("suprimido")
    answer = AnswerMapping(
        document=table.optional_where("documento"),
        name=table.optional_where("nome"),
        situation=table.optional_where("situacao"),
        score=score,
        score_model=table.optional_where("score_modelo"),
        score_range=table.optional_where("score_faixa"),
        default_rate=table.optional_where("inadimplencia"),
        request_id=table.optional_where("numero"),
        notices=table.wheres("avisos"),
        facts=table.named_wheres("fatos"),
        dates=table.choice("datas", DateForm, DateForm.ISO),
        amounts=table.choice("valores", AmountForm, AmountForm.POINT),
        suppressed=None if suppressed is None else _sign(suppressed),
        negatives=groups,
        refusals=tuple(_refusal(each) for each in table.tables("recusas")),
        statuses=table.statuses("http"),
    )
    if suppressed is not None:
        suppressed.done()
    table.done()
    return answer


def _group(table: _Table) -> GroupWhere:
    kind = table.text("tipo")
    count, items = table.optional_where("quantidade"), table.optional_where("lista")
    table.check("quantidade", count is not None or items is not None, "não existe, nem “lista”: informe uma das duas")
    for key in ("data", "credor", "natureza", "contrato", "valor"):
        table.check(key, items is not None or not table.has(key), "só se usa com “lista”: é dos itens dela")
    group = GroupWhere(
        kind=kind,
        count=count,
        items=items,
        total=table.optional_where("total"),
        first=table.optional_where("primeira"),
        last=table.optional_where("ultima"),
        on=table.optional_where("data"),
        creditor=table.optional_where("credor"),
        nature=table.optional_where("natureza"),
        contract=table.optional_where("contrato"),
        amount=table.optional_where("valor"),
        absent_is_none=table.flag("ausente_e_nenhum", default=False),
    )
    table.done()
    return group


def _sign(table: _Table) -> Sign:
    return Sign(table.where("campo"), table.list_of_texts("valores"))


def _refusal(table: _Table) -> Refusal:
    sign = _sign(table)
    refusal = Refusal(sign, table.declined("motivo"), table.optional_where("mensagem"))
    table.done()
    return refusal


def _is_header(name: str) -> bool:
    return _HEADER_NAME.fullmatch(name) is not None


def _texts(body: Any) -> list[str]:
    """Every text of a body, names of fields excepted."""
    match body:
        case str():
            return [body]
        case dict():
            return [text for each in body.values() for text in _texts(each)]
        case list():
            return [text for each in body for text in _texts(each)]
    return []


class _Table:
    """One table of the file. Each key is taken out as it is read, so that what is left at the end is a mistake."""

    def __init__(self, values: dict[str, Any], file: str, place: str) -> None:
        self._values = dict(values)
        self._file = file
        self._place = place

    def refuse(self, key: str, why: str) -> NoReturn:
        """Say what is wrong with that key."""
        where = f", tabela [{self._place}]" if self._place else ""
        raise InvalidMapping(f"No arquivo {self._file}{where}, a chave “{key}” {why}.")

    def check(self, key: str, fine: bool, why: str) -> None:
        """Say what is wrong with that key, when something is."""
        if not fine:
            self.refuse(key, why)

    def done(self) -> None:
        """Nothing may be left: a name misspelt would be a value that nobody uses."""
        for key in self._values:
            self.refuse(key, "não existe: confira como ela se escreve no arquivo modelo")

    def has(self, key: str) -> bool:
        """Whether it is there and was not read."""
        return key in self._values

    def text(self, key: str, usual: str | None = None) -> str:
        """A text that is not blank."""
        value = self._values.pop(key, usual)
        self.check(key, value is not None, "não existe, e é preciso informá-la")
        self.check(key, isinstance(value, str) and bool(value.strip()), "deve ser um texto entre aspas")
        return str(value).strip()

    def flag(self, key: str, *, default: bool) -> bool:
        """True or false."""
        value = self._values.pop(key, default)
        self.check(key, isinstance(value, bool), "deve ser true ou false, sem aspas")
        return bool(value)

    def integer(self, key: str, least: int, most: int) -> int:
        """A whole number."""
        value = self._values.pop(key, None)
        fine = isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
        self.check(key, fine, f"deve ser um número inteiro de {least} a {most}, sem aspas")
        return int(value)

    def choice(self, key: str, kind: type[_E], usual: _E | None = None) -> _E:
        """One of a few words."""
        value = self._values.pop(key, None if usual is None else usual.value)
        words = {each.value: each for each in kind}
        fine = isinstance(value, str) and value in words
        self.check(key, fine, f"deve ser uma destas: {', '.join(map(str, words))}")
        return words[value]

    def declined(self, key: str) -> FailureKind:
        """What an answer that is no report means."""
        return self._kind(key, self._values.pop(key, None))

    def statuses(self, key: str) -> dict[int, FailureKind]:
        """The same, by HTTP status."""
        given = self._values.pop(key, {})
        self.check(key, isinstance(given, dict), "deve ser uma tabela")
        for status in given:
            self.check(key, bool(re.fullmatch("[2-5][0-9]{2}", status)), f"tem “{status}”, que não é um código HTTP")
        return {int(status): self._kind(key, word) for status, word in given.items()}

    def where(self, key: str) -> Where:
        """The way to a value in the answer."""
        found = self.optional_where(key)
        return self.refuse(key, "não existe, e é preciso informá-la") if found is None else found

    def optional_where(self, key: str) -> Where | None:
        """The same, None when the file has none."""
        value = self._values.pop(key, None)
        return None if value is None else self._way(key, value)

    def wheres(self, key: str) -> tuple[Where, ...]:
        """Several ways."""
        value = self._values.pop(key, [])
        self.check(key, isinstance(value, list), "deve ser uma lista de caminhos na resposta")
        return tuple(self._way(key, each) for each in value)

    def named_wheres(self, key: str) -> tuple[tuple[str, Where], ...]:
        """Several ways, each with the words shown before the value."""
        value = self._values.pop(key, {})
        self.check(key, isinstance(value, dict), "deve ser uma tabela de palavras e caminhos na resposta")
        return tuple((label, self._way(key, each)) for label, each in value.items())

    def texts(self, key: str) -> dict[str, str]:
        """A table of texts, empty when there is none."""
        value = self._values.pop(key, {})
        fine = isinstance(value, dict) and all(isinstance(each, str) for each in value.values())
        self.check(key, fine, "deve ser uma tabela de textos entre aspas")
        for name, each in value.items():
            fine = each.isprintable() and name.isprintable() and bool(name)
            self.check(key, fine, f"tem em “{name}” um caractere que não se escreve")
        return dict(value)

    def list_of_texts(self, key: str) -> tuple[str, ...]:
        """Texts, none when there is no list."""
        value = self._values.pop(key, [])
        fine = isinstance(value, list) and all(isinstance(each, str) for each in value)
        self.check(key, fine, "deve ser uma lista de textos entre aspas")
        return tuple(value)

    def anything(self, key: str) -> Any:
        """A table or list whose values JSON has too, None when there is none."""
        value = self._values.pop(key, None)
        fine = value is None or (isinstance(value, dict | list) and _is_json(value))
        self.check(key, fine, "deve ser uma tabela de textos, números, true ou false, listas e outras tabelas")
        return value

    def table(self, key: str) -> _Table:
        """The table inside this one."""
        found = self.optional_table(key)
        return self.refuse(key, "não existe, e é uma tabela que precisa existir") if found is None else found

    def optional_table(self, key: str) -> _Table | None:
        """The same, None when the file has none."""
        value = self._values.pop(key, None)
        if value is None:
            return None
        self.check(key, isinstance(value, dict), "deve ser uma tabela")
        return _Table(value, self._file, f"{self._place}.{key}" if self._place else key)

    def tables(self, key: str) -> list[_Table]:
        """The tables of a list, by their place in it."""
        value = self._values.pop(key, [])
        fine = isinstance(value, list) and all(isinstance(each, dict) for each in value)
        self.check(key, fine, f"deve ser uma lista de tabelas, cada uma começada por [[{self._place}.{key}]]")
        return [
            _Table(each, self._file, f"{self._place}.{key}, a {number}ª") for number, each in enumerate(value, start=1)
        ]

    def fields(self, key: str, texts: list[str], allowed: Collection[str]) -> None:
        """No text has between braces anything but those fields."""
        for text in texts:
            for name in PLACEHOLDER.findall(text):
                known = ", ".join(f"{{{each}}}" for each in allowed) or "nenhum"
                self.check(key, name in allowed, f"tem {{{name}}}, que não é um campo daqui; os campos são: {known}")
            self.check(key, not set(PLACEHOLDER.sub("", text)) & set("{}"), f"tem uma chave “{{” sem par em “{text}”")

    def _way(self, key: str, value: Any) -> Where:
        names = value.split(".") if isinstance(value, str) else value
        fine = isinstance(names, list) and bool(names) and all(isinstance(each, str) and each for each in names)
        why = "deve ser um caminho na resposta, como “score.pontos”, ou uma lista de nomes"
        self.check(key, fine, why)
        return tuple(names)

    def _kind(self, key: str, word: Any) -> FailureKind:
        fine = isinstance(word, str) and word in DECLINED
        self.check(key, fine, f"deve ser uma destas: {', '.join(DECLINED)}")
        return DECLINED[word]


def _is_json(value: Any) -> bool:
    match value:
        case dict():
            return all(map(_is_json, value.values()))
        case list():
            return all(map(_is_json, value))
    # TOML has dates and infinities besides
    return isinstance(value, bool | str | int) or (isinstance(value, float) and value - value == 0)
