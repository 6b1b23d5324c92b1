"""From this computer to the server's first answer: the name, the connection, the protocol, and whether the server would
take the login at all. Before the login a refusal has a SQLSTATE, so it is understood in any language."""

from __future__ import annotations

import errno
import time
from collections.abc import Iterator

from app.data.server_refusal import Refusal, explain, refusal_of
from app.domain import Failure
from app.kinds import is_this_computer
from app.policies import SslMode
from services import waited_socket
from services.check_list import Outcome, StepReport, elapsed_ms, failed, ok
from services.database_check.protocol import Admission, NotPostgreSQL, ask_admission, offers_encryption
from services.database_check.steps import DatabaseStep, Target
from services.waited_socket import GiveUp

_TRUST, _CLEAR_TEXT = 0, 3
_METHODS = {_TRUST: "trust", _CLEAR_TEXT: "password", 5: "md5", 7: "GSSAPI", 9: "SSPI", 10: "scram-sha-256"}
"""AuthenticationXXX (PostgreSQL, §55.7)."""
_WHATEVER_THE_ENCRYPTION = {Refusal.NOT_READY, Refusal.FULL}
"""What a server answers in clear and would answer to an encrypted connection too."""


def reach(target: Target, given_up: GiveUp) -> Iterator[StepReport]:
    """The steps before the login, ending after one that failed. What is learnt goes into `target`. Raises GivenUp.

    How it is encrypted, and whether this computer is let in, are told here only where the login will be in clear.
    """
    step, started = DatabaseStep.NAME, time.perf_counter()
    try:
        addresses = waited_socket.resolve(target.host, target.port)
        yield _named(target, addresses, started)
        step, started = DatabaseStep.CONNECTION, time.perf_counter()
        with waited_socket.connect(addresses, target.timeout, given_up) as connection:
            target.local = connection.getsockname()[0]
            yield ok(step, f"{connection.getpeername()[0]} aceitou a conexão na porta {target.port}.", started)
            step, started = DatabaseStep.PROTOCOL, time.perf_counter()
            target.encryption_offered = offers_encryption(connection, target.timeout, given_up)
            yield ok(step, "Respondeu no protocolo do PostgreSQL.", started)
            if (encryption := _encryption(target)) is not None:
                yield encryption
            step, started = DatabaseStep.ADMISSION, time.perf_counter()
            if not target.encryption_offered:
                said = ask_admission(connection, target.user, target.name, target.timeout, given_up)
                yield _admission(target, said, started)
        if target.encryption_offered and target.mode in (SslMode.DISABLE, SslMode.PREFER):
            # The server has begun to wait for TLS on the other connection.
            with waited_socket.connect(addresses, target.timeout, given_up) as connection:
                said = ask_admission(connection, target.user, target.name, target.timeout, given_up)
            if target.mode is SslMode.DISABLE or _refused(said) in _WHATEVER_THE_ENCRYPTION:
                yield _admission(target, said, started)
    except NotPostgreSQL as error:
        yield _other_program(target, str(error), started)
    except (OSError, UnicodeError) as error:
        yield target.refused(step, _refusal(step, error), str(error), started)


def _named(target: Target, addresses: list[waited_socket.Address], started: float) -> StepReport:
    found = ", ".join(dict.fromkeys(ip for ip, _ in addresses))
    if found == target.host:
        return ok(DatabaseStep.NAME, "É um endereço IP: não há nome a procurar.")
    return ok(DatabaseStep.NAME, f"{target.host} é {found}.", started)


def _encryption(target: Target) -> StepReport | None:
    """What is known of it before the login; None when the login will tell."""
    step = DatabaseStep.ENCRYPTION
    if target.mode is SslMode.DISABLE:
        more = " O servidor a oferece." if target.encryption_offered else ""
        return ok(step, f"A conexão vai sem criptografia, como está configurado.{more}")
    if target.encryption_offered:
        return None
    if target.mode is not SslMode.PREFER:
        return target.refused(step, Refusal.NO_ENCRYPTION, "SSLRequest: N")
    near = is_this_computer(target.host)
    found = "O servidor não oferece criptografia: a conexão vai sem ela."
    return StepReport(step, Outcome.OK if near else Outcome.WARNING, found)


def _refused(said: Admission) -> Refusal | None:
    return None if said.method is not None else refusal_of(said.message, said.sqlstate)


def _admission(target: Target, said: Admission, started: float) -> StepReport:
    refusal = _refused(said)
    if refusal is None:
        return _admitted(target, said, started)
    return target.refused(DatabaseStep.ADMISSION, refusal, f"SQLSTATE {said.sqlstate}\n{said.message}", started)


def _admitted(target: Target, said: Admission, started: float) -> StepReport:
    step, near = DatabaseStep.ADMISSION, is_this_computer(target.host)
    warned = ""
    if said.method == _TRUST:
        warned = "sem pedir senha (trust): qualquer programa que chegue a ele entra no banco."
    elif said.method == _CLEAR_TEXT and not near:
        warned = "mas pede a senha em texto claro, e a conexão vai sem criptografia: ela passa aberta pela rede."
    if warned:
        return StepReport(step, Outcome.WARNING, f"O servidor aceita {target.local}, {warned}", elapsed_ms(started))
    method = _METHODS.get(said.method or 0, "outro método")
    return ok(step, f"O servidor aceita {target.local} e confere a senha por {method}.", started)


def _other_program(target: Target, said: str, started: float) -> StepReport:
    failure = explain(Refusal.OTHER_PROGRAM, target.url, f"{target.host}:{target.port}\nResposta ao SSLRequest: {said}")
    if said.startswith("H"):
        page = "É um servidor de páginas (HTTP); pode ser a porta do serviço de integração."
        failure = Failure(failure.kind, failure.what, page, failure.todo, failure.details)
    return failed(DatabaseStep.PROTOCOL, failure, started)


def _refusal(step: DatabaseStep, error: OSError | UnicodeError) -> Refusal:
    if step is DatabaseStep.NAME:
        return Refusal.NAME
    if isinstance(error, TimeoutError):
        return Refusal.SILENCE
    if isinstance(error, OSError) and error.errno in waited_socket.NO_ROUTE:
        return Refusal.NO_ROUTE
    if step is DatabaseStep.CONNECTION and isinstance(error, OSError) and error.errno == errno.ECONNREFUSED:
        return Refusal.CLOSED_PORT
    return Refusal.HUNG_UP
