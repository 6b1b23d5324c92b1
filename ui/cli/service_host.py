"""`servico --como-servico`: this process as the service of Windows that its service manager started.

Windows calls a service by threads of its own, and Qt and Python want the main one: the manager is served by a thread
beside it. There is no console and nobody to answer to: what is said goes to the log, without anybody's data, and what
keeps the program from opening its data is tried again, because a server may come up after this computer did.
"""

from __future__ import annotations

import logging
import sys
from datetime import timedelta
from threading import Event
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QObject, Signal

from services.error_place import error_place
from ui.cli.output import Status
from ui.cli.portuguese import UsageError
from ui.cli.service_log import ServiceLog

if TYPE_CHECKING:
    import argparse

    from services.backoffice import Backoffice

LOG_FILE = "servico.log"

_AGAIN = timedelta(seconds=30)
_log = logging.getLogger("retaguarda.servico")


class ServiceHost(QObject):
    """What the service manager and the work say to each other, each in its own thread."""

    came = Signal()
    """The manager wants the service to end."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.ended = Event(), Event()
        self.failed = False
        self._stopping = Event()

    @property
    def happened(self) -> bool:
        """Whether it was told to end."""
        return self._stopping.is_set()

    def stop(self) -> None:
        """From the manager's thread: have the work end."""
        self._stopping.set()
        self.came.emit()

    def rest(self, pause: timedelta) -> None:
        """Wait that long, or until it is told to end."""
        self._stopping.wait(pause.total_seconds())


def recorded_log(office: Backoffice, options: argparse.Namespace) -> ServiceLog:
    """What becomes of the services, in the log: how they are, never whom they consulted."""
    from ui.cli.service import threads_of

    return ServiceLog(threads_of(office, options), as_json=False, once=False, record=_log.info)


def work(options: argparse.Namespace, host: ServiceHost) -> None:
    """Open the data and serve until told to end, again and again. What nobody expected is raised."""
    from app.folders import find_folders
    from services.backoffice import open_backoffice
    from ui.cli.problems import problem_of
    from ui.cli.service import serve

    application = QCoreApplication.instance() or QCoreApplication([])
    host.came.connect(application.quit)
    said = ""
    while not host.happened:
        try:
            office = open_backoffice(find_folders(), as_service=True)
        except Exception as error:  # what can be mended from outside is waited for; the rest is a defect
            problem = problem_of(error)
            if problem.status is Status.DEFECT:
                raise
            if problem.sentence != said:
                said = problem.sentence
                _log.warning("%s", said)
            host.rest(_AGAIN)
            continue
        said = ""
        try:
            serve(office, recorded_log(office, options), options, host)
        finally:
            office.close()


def run_hosted(options: argparse.Namespace) -> Status:
    """Be the service until Windows ends it. Raises UsageError when it was not Windows that started this."""
    if sys.platform == "win32":
        import os
        import threading

        from app.folders import find_folders
        from ui.unexpected import start_log, stop_log

        host = ServiceHost()
        refusals: list[Exception] = []
        manager = threading.Thread(target=_serve_manager, args=(host, refusals), name="servico", daemon=True)
        manager.start()
        host.begun.wait()
        if refusals:
            raise UsageError(
                "“--como-servico” é para o gerenciador de serviços do Windows. Para instalar o serviço, use “servico "
                "instalar”; para trabalhar nesta sessão, só “servico”."
            ) from refusals[0]
        os.environ.setdefault("USERNAME", "Retaguarda")  # the name of who uses the program, for what is audited
        handler = start_log(find_folders().data, LOG_FILE)
        threading.excepthook = lambda args: _log.error(
            "%s: %s", args.thread and args.thread.name, error_place(args.exc_value) if args.exc_value else ""
        )
        _log.info("O serviço começou (processo %d).", os.getpid())
        try:
            work(options, host)
        except BaseException as error:  # noqa: BLE001  whatever it is, Windows is told by the status
            host.failed = True
            _log.error("O serviço terminou por um erro: %s", error_place(error))
            return Status.DEFECT
        else:
            _log.info("O serviço terminou.")
            return Status.DONE
        finally:
            stop_log(handler)
            host.ended.set()
            manager.join(_FAREWELL_S)
    raise UsageError("Só o Windows inicia o programa assim; use “servico”.")


if sys.platform == "win32":
    import servicemanager
    import win32service
    import win32serviceutil

    from services.windows_service import DISPLAY_NAME, NAME

    _FAREWELL_S = 10.0
    _BEAT_S, _BEAT_MS = 1.0, 5_000
    """While it ends the manager is told each second that it is at it, and believes it for five."""

    def _serve_manager(host: ServiceHost, refusals: list[Exception]) -> None:
        class Hosted(_Hosted):
            _host = host

        try:
            servicemanager.Initialize(None, None)
            servicemanager.PrepareToHostSingle(Hosted)
            servicemanager.StartServiceCtrlDispatcher()  # type: ignore[no-untyped-call]
        except Exception as error:  # noqa: BLE001  whatever it is, it is the main thread that answers for it
            refusals.append(error)
        finally:
            host.begun.set()

    class _Hosted(win32serviceutil.ServiceFramework):
        """Made and called by the service manager's threads."""

        _svc_name_ = NAME
        _svc_display_name_ = DISPLAY_NAME
        _host: ServiceHost

        def GetAcceptedControls(self) -> int:
            usual = int(super().GetAcceptedControls())  # type: ignore[no-untyped-call]
            return usual | win32service.SERVICE_ACCEPT_PRESHUTDOWN

        def SvcRun(self) -> None:
            self.ReportServiceStatus(win32service.SERVICE_RUNNING)
            self._host.begun.set()
            while not self._host.ended.wait(_BEAT_S):
                if self._host.happened:
                    self.ReportServiceStatus(win32service.SERVICE_STOP_PENDING, _BEAT_MS)
            if self._host.failed:  # Windows starts it again, as after a crash
                raise RuntimeError(f"veja registros\\{LOG_FILE}, na pasta dos dados do Retaguarda")

        def SvcInterrogate(self) -> None:
            ending = self._host.happened  # the framework's own would say that it runs
            self.ReportServiceStatus(win32service.SERVICE_STOP_PENDING if ending else win32service.SERVICE_RUNNING)

        def SvcStop(self) -> None:
            self.ReportServiceStatus(win32service.SERVICE_STOP_PENDING, _BEAT_MS)
            self._host.stop()

        def SvcOther(self, control: int) -> None:
            if control == win32service.SERVICE_CONTROL_PRESHUTDOWN:
                self.SvcStop()
