"""Asks a gerenciadora that only a mapping of the administrator describes: login where it wants one, question, answer.

Importing this module imports httpx, so only what asks does it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from app.data.credit_managers import Manager
from app.domain import Document, DocumentKind, Failure, FailureKind
from app.folders import Folders
from services.asked_wait import asked_wait, granted_wait
from services.credit.credentials import Credentials
from services.credit.exchange import CONNECT_TIMEOUT_S, READ_TIMEOUT_S, Exchange, Message, basic, called_by
from services.credit.json_values import NotAReport, parse_object
from services.credit.mapped_answer import Declined, check_declined, read_report, text_at
from services.credit.mapped_question import credential_fields, fields_of, message_of
from services.credit.mapping import AccessForm, AnswerMapping, InvalidMapping, Login, Mapping, load_mapping
from services.credit.provider import AnalysisFailed, Contract, ProviderAnswer
from services.credit.refusal import details, failed, invalid, refused, request_id
from services.http_channel import HttpAnswer
from services.network_failure import Called

_MAX_TOKEN = 8192


@dataclass(frozen=True)
class _Token:
    """What a login gave: to whom and at which address, and until when (time.monotonic) it is used."""

    address: str
    credentials: Credentials
    text: str
    until: float


class GenericProvider:
    """See `services.credit.provider.CreditProvider`. Times are in seconds."""

    def __init__(
        self, folders: Folders, *, connect_timeout: float = CONNECT_TIMEOUT_S, read_timeout: float = READ_TIMEOUT_S
    ) -> None:
        self._folders = folders
        self._exchange = Exchange(folders, connect_timeout=connect_timeout, read_timeout=read_timeout)
        self._tokens: dict[str, _Token] = {}

    def ask(
        self, document: Document, contract: Contract, *, given_up: Callable[[], bool] = lambda: False
    ) -> ProviderAnswer:
        """What it says of a CNPJ or CPF. Raises AnalysisFailed for anything that is not a report about it."""
        mapping = self._mapping(contract.manager)
        question = mapping.person if document.kind is DocumentKind.CPF else mapping.company
        if question is None:
            raise AnalysisFailed(_not_asked(document, contract))

        def message(headers: dict[str, str]) -> Message:
            fields = fields_of(document, contract)
            return message_of(question, contract.address, fields, charged=True, headers=headers)

        with self._exchange.asking(given_up):
            sent, answer = self._send(message, mapping, contract)
        called = called_by(contract)
        told = _told(answer, sent, mapping.answer, called)
        try:
            read = read_report(told, mapping.answer, document, contract.environment)
        except NotAReport as error:
            raise _unreadable(error, answer, sent, called) from error
        return ProviderAnswer(read.report, answer.body, answer.status, read.request_id or request_id(answer))

    def try_access(self, contract: Contract, *, given_up: Callable[[], bool] = lambda: False) -> str:
        """Present the credentials without asking about anybody, and say in a sentence what that proves. Raises
        AnalysisFailed."""
        mapping = self._mapping(contract.manager)
        trial = mapping.access.trial
        self._tokens.pop(contract.address, None)
        if trial is None and mapping.access.login is None:
            return (
                "O mapeamento está em ordem, mas não tem um endereço de teste ([acesso.teste]): as credenciais só são "
                "conferidas na primeira consulta."
            )
        with self._exchange.asking(given_up):
            if trial is None:
                self._credentials_shown(mapping, contract)
                return f"A {called_by(contract).name} aceitou as credenciais no login."
            fields = credential_fields(contract.credentials)
            sent, answer = self._send(
                lambda headers: message_of(trial, contract.address, fields, charged=False, headers=headers),
                mapping,
                contract,
            )
        called = called_by(contract)
        if not _is_success(answer):
            raise _refusal(answer, sent, mapping.answer, called)
        if answer.body.strip():
            _told(answer, sent, mapping.answer, called)
        return f"A {called_by(contract).name} aceitou as credenciais no endereço de teste."

    def cancel(self) -> bool:
        """Interrupt the query in progress; False when there is none."""
        return self._exchange.cancel()

    def close(self) -> None:
        """Forget the tokens: there is no connection between two queries."""
        self._tokens.clear()

    def _mapping(self, manager: Manager) -> Mapping:
        try:
            return load_mapping(self._folders.credit_mappings_folder, manager.mapping_file)
        except InvalidMapping as error:
            todo = "Corrija o arquivo de mapeamento, ou escolha outro em Gerenciadoras, e depois use “Retomar”."
            raise AnalysisFailed(Failure(FailureKind.CONFIGURATION, str(error), "", todo)) from error

    def _send(
        self, message: Callable[[dict[str, str]], Message], mapping: Mapping, contract: Contract
    ) -> tuple[Message, HttpAnswer]:
        """What was sent, credentials included, and its answer; once more with a new token when one kept from before
        was not taken."""
        kept = mapping.access.login is not None and self._kept(contract) is not None
        sent = message(self._credentials_shown(mapping, contract))
        answer = self._exchange.send(sent, called_by(contract))
        if answer.status == 401 and kept:
            del self._tokens[contract.address]
            sent = message(self._credentials_shown(mapping, contract))
            answer = self._exchange.send(sent, called_by(contract))
        return sent, answer

    def _credentials_shown(self, mapping: Mapping, contract: Contract) -> dict[str, str]:
        """The headers that present the credentials, after a login where one is wanted."""
        password = contract.credentials.password
        match mapping.access.form:
            case AccessForm.BASIC:
                return {"Authorization": basic(contract.credentials)}
            case AccessForm.TOKEN:
                return {"Authorization": f"Bearer {_sendable(password, contract)}"}
            case AccessForm.HEADER:
                return {mapping.access.header: _sendable(password, contract)}
            case AccessForm.LOGIN:
                assert mapping.access.login is not None
                token = self._kept(contract) or self._login(mapping.access.login, mapping.answer, contract)
                return {"Authorization": f"Bearer {token.text}"}
            case AccessForm.FIELDS:
                return {}

    def _kept(self, contract: Contract) -> _Token | None:
        token = self._tokens.get(contract.address)
        fits = token is not None and token.credentials == contract.credentials and time.monotonic() < token.until
        return token if fits else None

    def _login(self, login: Login, mapping: AnswerMapping, contract: Contract) -> _Token:
        called = called_by(contract)
        headers = {"Authorization": basic(contract.credentials)} if login.basic else {}
        fields = credential_fields(contract.credentials)
        sent = message_of(login.question, contract.address, fields, charged=False, headers=headers)
        began = time.monotonic()
        answer = self._exchange.send(sent, called)
        if not _is_success(answer):
            raise _of_login(_refusal(answer, sent, mapping, called))
        try:
            told = _told(answer, sent, mapping, called)
            text = text_at(told, login.token)
            if not _is_sendable(text):
                raise NotAReport(f"o login não trouxe o token em “{'.'.join(login.token)}”")
        except NotAReport as error:
            raise _login_unread(error, answer, sent, called) from error
        except AnalysisFailed as error:
            raise _of_login(error) from error
        token = _Token(contract.address, contract.credentials, text, began + login.minutes * 60)
        self._tokens[contract.address] = token
        return token


def _is_success(answer: HttpAnswer) -> bool:
    return 200 <= answer.status < 300


def _told(answer: HttpAnswer, sent: Message, mapping: AnswerMapping, called: Called) -> object:
    """The JSON of an answer that was not declined. Raises AnalysisFailed."""
    if not _is_success(answer):
        raise _refusal(answer, sent, mapping, called)
    try:
        if not answer.whole:
            raise NotAReport("ela é grande demais ou veio incompleta")
        told = parse_object(answer.body)
        check_declined(told, mapping)
    except NotAReport as error:
        raise _unreadable(error, answer, sent, called) from error
    except Declined as declined:
        raise _declined(declined, answer, sent, called) from declined
    return told


def _refusal(answer: HttpAnswer, sent: Message, mapping: AnswerMapping, called: Called) -> AnalysisFailed:
    """The failure behind a status that is no success: what the answer says, else what the mapping says of the status,
    else the usual."""
    try:
        own = answer.status in (401, 429) or answer.status >= 500
        check_declined(parse_object(answer.body), mapping, only_by_words=own)
    except NotAReport:
        pass  # often a page, which is the server's and not the service's: the status says what it can
    except Declined as declined:
        return _declined(declined, answer, sent, called)
    kind = mapping.statuses.get(answer.status)
    if kind is None:
        return refused(answer, called, sent.method, sent.shown, datetime.now(UTC))
    return _declined(Declined(kind, ""), answer, sent, called)


def _declined(declined: Declined, answer: HttpAnswer, sent: Message, called: Called) -> AnalysisFailed:
    name = called.name
    what, cause, todo = {
        FailureKind.REQUESTER: (
            f"A {name} não aceitou quem consulta.",
            "As credenciais não são deste ambiente, ou o contrato está suspenso.",
            f"Confira as credenciais em Gerenciadoras, e o contrato com a {name}.",
        ),
        FailureKind.REJECTION: (
            f"A {name} não respondeu sobre este documento.",
            "",
            "Confira o documento do cliente e o que foi contratado.",
        ),
        FailureKind.THROTTLED: (
            f"A {name} não quer ser consultada agora.",
            "Foram consultas demais em pouco tempo, ou passou do volume contratado.",
            "O programa aguarda e continua sozinho.",
        ),
        FailureKind.UNAVAILABLE: (
            f"O serviço da {name} está parado.",
            "",
            f"O programa tenta de novo sozinho; se continuar, avise a {name}.",
        ),
    }[declined.kind]
    if declined.message:
        cause = f"{cause} A resposta diz: “{declined.message}”.".lstrip()
    wait = granted_wait(asked_wait(answer, datetime.now(UTC))) if declined.kind is FailureKind.THROTTLED else None
    return failed(
        Failure(declined.kind, what, cause, todo, details(answer, sent.method, sent.shown)), answer, retry_after_s=wait
    )


def _of_login(error: AnalysisFailed) -> AnalysisFailed:
    """Of a login nobody was asked about: what it does not take are the credentials, and never a document."""
    if error.failure.kind is FailureKind.REJECTION:
        todo = "Confira as credenciais deste ambiente em Gerenciadoras, e o login no arquivo de mapeamento."
        error.failure = replace(error.failure, kind=FailureKind.REQUESTER, what="O login não foi aceito.", todo=todo)
    error.raw = b""  # a login may tell what it was given
    return error


def _login_unread(why: NotAReport, answer: HttpAnswer, sent: Message, called: Called) -> AnalysisFailed:
    """Nothing was asked about anybody, and nothing is until the file or the address is right."""
    failure = Failure(
        FailureKind.CONFIGURATION,
        f"A resposta da {called.name} ao login não traz o que o mapeamento diz.",
        f"{str(why)[:1].upper()}{str(why)[1:]}.",
        "Confira [acesso.login] no arquivo de mapeamento, e o endereço no cadastro da gerenciadora.",
        details(answer, sent.method, sent.shown),
    )
    return AnalysisFailed(failure, http_status=answer.status)


def _unreadable(why: NotAReport, answer: HttpAnswer, sent: Message, called: Called) -> AnalysisFailed:
    cause = f"{str(why)[:1].upper()}{str(why)[1:]}."
    return invalid(called, cause, answer, sent.method, sent.shown)


def _not_asked(document: Document, contract: Contract) -> Failure:
    kind = document.kind.value
    return Failure(
        FailureKind.REJECTION,
        f"A {called_by(contract).name} não é consultada por {kind}.",
        f"O mapeamento {contract.manager.mapping_file} não tem [consulta.{kind.lower()}].",
        "Se o contrato inclui essas consultas, acrescente-as ao arquivo.",
    )


def _is_sendable(text: str) -> bool:
    return 0 < len(text) <= _MAX_TOKEN and text.isascii() and text.isprintable() and " " not in text


def _sendable(password: str, contract: Contract) -> str:
    """The password as a header may carry it: what none may would come back in the error of some library."""
    if not _is_sendable(password):
        what = f"A senha ou o token da {called_by(contract).name} tem espaços ou caracteres que não pode ter."
        raise AnalysisFailed(
            Failure(FailureKind.CONFIGURATION, what, "", "Copie de novo do portal da gerenciadora e informe outra vez.")
        )
    return password
