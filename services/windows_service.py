"""This program as a service of Windows: how it is installed, removed and seen. `ui.cli.service_host` hosts it."""

from __future__ import annotations

import sys
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path, PurePath

from app.installation import InstallationUnreadable, find_installation
from services.windows_refusal import WindowsRefused

NAME = "Retaguarda"
DISPLAY_NAME = "Retaguarda – consultas e balcões"
DESCRIPTION = (
    "Consulta os clientes na SEFAZ e na ANP, atende os balcões e envia as mensagens das ordens de serviço, pelas "
    "configurações do Retaguarda, sem ninguém conectado ao Windows."
)
ACCOUNT = f"NT SERVICE\\{NAME}"
"""A virtual account: Windows makes it with the service, nobody signs in with it and it has no password."""


def command_line(program: PurePath) -> str:
    """What the service manager runs. Quoted, so that no other program on the way to it is taken for it."""
    return f'"{program}" servico --como-servico'


class WindowsServicePhase(Enum):
    """What the service manager says of the service."""

    ABSENT = "nao_instalado"
    STOPPED = "parado"
    STARTING = "iniciando"
    RUNNING = "em_execucao"
    STOPPING = "parando"

    @property
    def label(self) -> str:
        """The words shown to the operator."""
        return {
            WindowsServicePhase.ABSENT: "Não instalado",
            WindowsServicePhase.STOPPED: "Parado",
            WindowsServicePhase.STARTING: "Iniciando",
            WindowsServicePhase.RUNNING: "Em execução",
            WindowsServicePhase.STOPPING: "Parando",
        }[self]


@dataclass(frozen=True)
class WindowsServiceState:
    """The service at one moment. `pid` is 0 while it does not run; `exit_code` is how it ended last."""

    phase: WindowsServicePhase
    pid: int = 0
    exit_code: int = 0
    account: str = ""
    command: str = ""
    starts_alone: bool = False


ABSENT = WindowsServiceState(WindowsServicePhase.ABSENT)


def at_work_on(data: Path) -> bool:
    """Whether the service of Windows runs here, over this folder of data. Always False where there is none."""
    if sys.platform == "win32":
        with suppress(WindowsRefused, InstallationUnreadable):  # then nobody runs it
            return find_installation().data == data and state().phase is WindowsServicePhase.RUNNING
    return False


if sys.platform == "win32":
    import time
    from collections.abc import Iterator
    from contextlib import contextmanager
    from typing import Any

    import pywintypes
    import win32con
    import win32service

    from services.windows_refusal import refusing

    _NOT_ACTIVE, _MARKED_FOR_DELETE, _EXISTS, _ABSENT, _NOT_NOW = 1062, 1072, 1073, 1060, 1061
    """ERROR_SERVICE_… of winerror.h."""

    _PHASES = {
        win32service.SERVICE_STOPPED: WindowsServicePhase.STOPPED,
        win32service.SERVICE_START_PENDING: WindowsServicePhase.STARTING,
        win32service.SERVICE_STOP_PENDING: WindowsServicePhase.STOPPING,
    }
    _START_S, _STOP_S, _GLANCE_S = 30.0, 60.0, 0.2
    _RESTART_AFTER_MS, _FORGIVEN_AFTER_S, _SHUTDOWN_MS = 60_000, 24 * 3600, 30_000
    _SERVICE_SID_UNRESTRICTED = 1
    """SERVICE_SID_TYPE_UNRESTRICTED of winnt.h: the files may be opened to the service's own account alone."""

    _MORE: tuple[tuple[str, int, Any], ...] = (
        ("a descrição", win32service.SERVICE_CONFIG_DESCRIPTION, DESCRIPTION),
        (
            "o reinício depois de uma falha",
            win32service.SERVICE_CONFIG_FAILURE_ACTIONS,
            {
                "ResetPeriod": _FORGIVEN_AFTER_S,
                "RebootMsg": "",
                "Command": "",
                "Actions": [(win32service.SC_ACTION_RESTART, _RESTART_AFTER_MS)] * 3,
            },
        ),
        ("o reinício depois de um erro", win32service.SERVICE_CONFIG_FAILURE_ACTIONS_FLAG, True),
        ("o início adiado", win32service.SERVICE_CONFIG_DELAYED_AUTO_START_INFO, True),
        ("a identidade própria", win32service.SERVICE_CONFIG_SERVICE_SID_INFO, _SERVICE_SID_UNRESTRICTED),
        ("o tempo para parar no desligamento", win32service.SERVICE_CONFIG_PRESHUTDOWN_INFO, _SHUTDOWN_MS),
    )

    def install(program: Path) -> list[str]:
        """Have Windows run it, with the computer; an installed one is put right. Does not start it.

        What this Windows does not take, and the service works without, is returned in words. Raises WindowsRefused.
        """
        with refusing("O serviço não pôde ser instalado"), _manager(win32service.SC_MANAGER_CREATE_SERVICE) as manager:
            try:
                service = win32service.CreateService(
                    manager,
                    NAME,
                    DISPLAY_NAME,
                    win32service.SERVICE_ALL_ACCESS,
                    win32service.SERVICE_WIN32_OWN_PROCESS,
                    win32service.SERVICE_AUTO_START,
                    win32service.SERVICE_ERROR_NORMAL,
                    command_line(program),
                    None,
                    False,
                    None,
                    ACCOUNT,
                    None,
                )
            except pywintypes.error as error:
                if error.winerror == _MARKED_FOR_DELETE:
                    raise WindowsRefused(
                        "O serviço anterior ainda está sendo removido. Feche o console de Serviços e o Gerenciador de "
                        "Tarefas, ou reinicie o computador, e instale de novo."
                    ) from error
                if error.winerror != _EXISTS:
                    raise
                service = win32service.OpenService(manager, NAME, win32service.SERVICE_ALL_ACCESS)
                win32service.ChangeServiceConfig(
                    service,
                    win32service.SERVICE_WIN32_OWN_PROCESS,
                    win32service.SERVICE_AUTO_START,
                    win32service.SERVICE_ERROR_NORMAL,
                    command_line(program),
                    None,
                    False,
                    None,
                    ACCOUNT,
                    None,
                    DISPLAY_NAME,
                )
            try:
                return [said for what, level, value in _MORE if (said := _change(service, what, level, value))]
            finally:
                win32service.CloseServiceHandle(service)

    def _change(service: Any, what: str, level: int, value: Any) -> str:
        try:
            win32service.ChangeServiceConfig2(service, level, value)
        except pywintypes.error as error:
            return f"Este Windows não aceitou definir {what} do serviço: {error.strerror}"
        return ""

    def start() -> WindowsServiceState:
        """Start it, and wait until it runs or is known not to; one that runs already stays. Raises WindowsRefused."""
        with refusing("O serviço não pôde ser iniciado"), _opened(win32service.SERVICE_START) as service:
            if _phase(service) is WindowsServicePhase.STOPPED:
                win32service.StartService(service, None)
            _await(service, WindowsServicePhase.RUNNING, _START_S, only_while=WindowsServicePhase.STARTING)
        return state()

    def remove() -> bool:
        """Stop it and have Windows forget it; False when it was not there. Raises WindowsRefused."""
        if state() == ABSENT:
            return False
        wanted = win32service.SERVICE_STOP | win32con.DELETE
        with refusing("O serviço não pôde ser removido"), _opened(wanted) as service:
            _stop(service)
            with _unless(_MARKED_FOR_DELETE):
                win32service.DeleteService(service)
        return True

    def _stop(service: Any) -> None:
        _await(service, WindowsServicePhase.RUNNING, _START_S, only_while=WindowsServicePhase.STARTING)
        with _unless(_NOT_ACTIVE, _NOT_NOW):  # one that is ending already takes no order
            win32service.ControlService(service, win32service.SERVICE_CONTROL_STOP)
        if not _await(service, WindowsServicePhase.STOPPED, _STOP_S):
            raise WindowsRefused(
                f"O serviço não terminou em {_STOP_S:.0f} segundos e continua instalado. Termine o processo "
                "Retaguarda.exe do serviço no Gerenciador de Tarefas e tente de novo."
            )

    def state() -> WindowsServiceState:
        """How it is now; any user may ask. Raises WindowsRefused."""
        wanted = win32service.SERVICE_QUERY_CONFIG
        try:
            with refusing("O gerenciador de serviços não respondeu"), _opened(wanted) as service:
                found: Any = win32service.QueryServiceStatusEx(service)
                _, starts, _, command, _, _, _, account, _ = win32service.QueryServiceConfig(service)
        except WindowsRefused as error:
            if isinstance(error.__cause__, pywintypes.error) and error.__cause__.winerror == _ABSENT:
                return ABSENT
            raise
        return WindowsServiceState(
            _PHASES.get(found["CurrentState"], WindowsServicePhase.RUNNING),
            found["ProcessId"],
            found["Win32ExitCode"],
            account,
            command,
            starts == win32service.SERVICE_AUTO_START,
        )

    def _phase(service: Any) -> WindowsServicePhase:
        return _PHASES.get(win32service.QueryServiceStatus(service)[1], WindowsServicePhase.RUNNING)

    def _await(
        service: Any, wanted: WindowsServicePhase, patience_s: float, *, only_while: WindowsServicePhase | None = None
    ) -> bool:
        """Whether it came to that phase; with `only_while`, only as long as it is in that one."""
        deadline = time.monotonic() + patience_s
        while (phase := _phase(service)) is not wanted:
            if time.monotonic() > deadline or (only_while is not None and phase is not only_while):
                return False
            time.sleep(_GLANCE_S)  # pywin32 has nothing of the service manager's to wait on
        return True

    @contextmanager
    def _manager(access: int) -> Iterator[Any]:
        manager = win32service.OpenSCManager(None, None, win32service.SC_MANAGER_CONNECT | access)
        try:
            yield manager
        finally:
            win32service.CloseServiceHandle(manager)

    @contextmanager
    def _opened(access: int) -> Iterator[Any]:
        with _manager(0) as manager:
            service = win32service.OpenService(manager, NAME, access | win32service.SERVICE_QUERY_STATUS)
            try:
                yield service
            finally:
                win32service.CloseServiceHandle(service)

    @contextmanager
    def _unless(*numbers: int) -> Iterator[None]:
        """These errors of Windows say that what was asked is so already, or soon will be."""
        try:
            yield
        except pywintypes.error as error:
            if error.winerror not in numbers:
                raise
