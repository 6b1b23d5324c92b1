"""The service that counters call, running: it binds, answers in a thread of its own, and stops."""

from __future__ import annotations

import logging
import socket
import ssl
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING

from app.domain import Failure, FailureKind
from app.kinds import InvalidValue
from app.settings.catalog import INTEGRATION_ADDRESS, INTEGRATION_CERTIFICATE, INTEGRATION_KEY, INTEGRATION_PORT
from app.settings.machine import MachineFileError
from services.error_place import error_place
from services.integration.listening import CannotServe, listen, tls_context, url

if TYPE_CHECKING:
    import uvicorn

    from services.backoffice import Backoffice
    from services.integration.callers import Callers
    from services.order_gate import OrderGate

_log = logging.getLogger(__name__)

THREAD_NAME = "integracao"
_WORKERS = 8
_KEEP_ALIVE_S = 75
_GRACE_S = 4
_GLANCE_S = 0.05
_SIGHTINGS_S = 15.0


class ServerPhase(Enum):
    """What the service of the counters is doing."""

    STOPPED = "parado"
    STARTING = "iniciando"
    RUNNING = "atendendo"
    FAILED = "falha"

    @property
    def label(self) -> str:
        """The word shown to the operator."""
        return {
            ServerPhase.STOPPED: "Parado",
            ServerPhase.STARTING: "Iniciando",
            ServerPhase.RUNNING: "Atendendo",
            ServerPhase.FAILED: "Falha",
        }[self]


@dataclass(frozen=True)
class ServerState:
    """The service at one moment. `address` is where it is called, "" while it is not; `failure` is why it is not.

    `since` is when it began to answer, and `served` how many requests it has answered since.
    """

    phase: ServerPhase
    sentence: str
    address: str = ""
    failure: Failure | None = None
    since: datetime | None = None
    served: int = 0


class IntegrationServer:
    """The service of one open program. `on_change` is called from any thread, at each change of phase; `on_message`
    from any thread too, when a counter told of something that may mean a message to a customer."""

    def __init__(
        self,
        office: Backoffice,
        on_change: Callable[[ServerState], None] = lambda state: None,
        on_message: Callable[[], None] = lambda: None,
    ) -> None:
        self._office = office
        self._on_change = on_change
        self._on_message = on_message
        self._state = ServerState(ServerPhase.STOPPED, "O serviço ainda não começou.")
        self._settled = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._server: uvicorn.Server | None = None
        self._callers: Callers | None = None
        self._gate: OrderGate | None = None
        self._served = 0
        self._settled.set()

    @property
    def state(self) -> ServerState:
        """How it is now; may be read from any thread."""
        return replace(self._state, served=self._served)

    def start(self) -> None:
        """Begin, by the settings kept now, and return at once: `state` says what became of it. Nothing happens while
        it runs."""
        if self._thread is not None and self._thread.is_alive():
            if self._state.phase not in (ServerPhase.STOPPED, ServerPhase.FAILED):
                return
            self._thread.join()  # it has said how it ended, and is about to
        self._stopping.clear()
        self._settled.clear()
        self._served = 0
        self._change(ServerState(ServerPhase.STARTING, "O serviço está começando."))
        self._thread = threading.Thread(target=self._run, name=THREAD_NAME)
        self._thread.start()

    def wait(self, timeout: float | None = None) -> ServerState:
        """Wait until it answers or is known not to."""
        self._settled.wait(timeout)
        return self.state

    def stop(self) -> None:
        """End it and wait: what is being answered has four seconds. Does nothing when it does not run."""
        self._stopping.set()
        if self._thread is None:
            return
        if self._server is not None:
            self._server.should_exit = True
        self._thread.join(_GRACE_S)
        while self._thread.is_alive():  # it waits for ANP, which may take long
            if self._gate is not None:
                self._gate.cancel()
            self._thread.join(_GLANCE_S)
        self._thread = None

    def forget_counters(self) -> None:
        """A counter was let in or revoked: the next request already knows. May be called from any thread."""
        if self._callers is not None:
            self._callers.forget()

    def _change(self, state: ServerState) -> None:
        self._state = state
        self._on_change(self.state)

    def _run(self) -> None:
        try:
            settings = self._office.settings.load()
            address = settings[INTEGRATION_ADDRESS]
            tls = tls_context(settings[INTEGRATION_CERTIFICATE], settings[INTEGRATION_KEY])
            with listen(address, settings[INTEGRATION_PORT]) as listener:
                shown = url(address, listener.getsockname()[1], encrypted=tls is not None)
                self._serve(listener, tls, partial(self._begin, shown))
        except Exception as error:  # noqa: BLE001  the thread must say how it ended, whatever happened
            failure = _failure_of(error)
            self._change(ServerState(ServerPhase.FAILED, failure.sentence, failure=failure))
        else:
            self._change(ServerState(ServerPhase.STOPPED, "O serviço foi parado."))
        finally:
            self._settled.set()

    def _serve(self, listener: socket.socket, tls: ssl.SSLContext | None, began: Callable[[], None]) -> None:
        # FastAPI takes half a second to import, and only this thread needs it.
        import uvicorn

        from services.anp.consultation import READ_TIMEOUT_S, AnpConsultation
        from services.integration.app import create_app
        from services.integration.callers import Callers
        from services.integration.desk import Desk
        from services.integration.loop import CounterServer
        from services.integration.protocol import CounterProtocol
        from services.order_gate import OrderGate

        office = self._office
        with (
            closing(
                AnpConsultation(office.database, office.folders, read_timeout=min(office.read_timeout, READ_TIMEOUT_S))
            ) as anp,
            ThreadPoolExecutor(_WORKERS, thread_name_prefix=THREAD_NAME) as workers,
        ):
            self._gate = OrderGate(office.database, anp)
            callers = self._callers = Callers(office.database, office.settings, workers)
            desk = Desk(office, self._gate, callers, workers, self._stopping, self._on_message)
            config = uvicorn.Config(
                create_app(desk, self._count),
                http=CounterProtocol,
                ws="none",
                lifespan="off",
                loop="services.integration.selecting:counters_loop",
                interface="asgi3",
                log_config=None,
                log_level="critical",
                access_log=False,
                proxy_headers=False,
                server_header=False,
                timeout_keep_alive=_KEEP_ALIVE_S,
                timeout_graceful_shutdown=_GRACE_S,
                ssl_context_factory=None if tls is None else lambda config, default: tls,
            )
            self._server = CounterServer(
                config,
                began=began,
                chore=callers.keep_sightings,
                pause_s=_SIGHTINGS_S,
            )
            if self._stopping.is_set():  # before there was a server to be told
                self._server.should_exit = True
            self._server.run([listener])

    def _begin(self, address: str) -> None:
        self._change(ServerState(ServerPhase.RUNNING, f"Atendendo em {address}.", address, since=datetime.now(UTC)))
        self._settled.set()

    def _count(self) -> None:
        self._served += 1


def _failure_of(error: Exception) -> Failure:
    """Why the service does not start, or why it ended."""
    # The window is made before it, and knows this module.
    from sqlalchemy.exc import DBAPIError
    from sqlalchemy.exc import TimeoutError as NoConnectionFree

    match error:
        case CannotServe():
            return error.failure
        case MachineFileError() | InvalidValue():
            return Failure(FailureKind.CONFIGURATION, str(error), "", "")
        case DBAPIError() | NoConnectionFree():
            return Failure(
                FailureKind.NETWORK,
                "O banco de dados não respondeu, e sem ele o serviço não começa.",
                "O servidor pode estar desligado, ou a rede fora.",
                "Teste o banco em Balcão › Integração e inicie o serviço de novo.",
                type(getattr(error, "orig", error)).__qualname__,
            )
    _log.error("o serviço de integração terminou: %s", error_place(error))
    return Failure(
        FailureKind.INTERNAL,
        "O serviço de integração terminou por um erro.",
        "É um defeito do programa.",
        "Inicie-o de novo; se repetir, envie o registro ao suporte.",
        type(error).__qualname__,
    )
