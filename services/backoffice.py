"""Everything that an open program holds, built in order and taken down in reverse."""

from __future__ import annotations

import getpass
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app import secrets
from app.data.database import Database, DatabaseUnavailable, database_secret, database_url
from app.domain import Authority, Failure, FailureKind
from app.folders import VARIABLE, Folders
from app.network_folder import is_on_network
from app.policies import DatabaseKind
from app.settings.catalog import DATABASE_KIND
from app.settings.former_place import PLACE
from app.settings.machine import MachineStore
from app.settings.repository import SettingsRepository
from services.anp.automatic import AutomaticAnp
from services.anp.consultation import READ_TIMEOUT_S, AnpConsultation
from services.automatic import Automatic, owner_name
from services.consulting import Consulting
from services.credit.automatic import AutomaticCredit
from services.credit.consultation import CreditConsultation
from services.sefaz.automatic import AutomaticSefaz
from services.sefaz.consultation import SefazConsultation

if TYPE_CHECKING:
    from app.settings.snapshot import Snapshot
    from services.sefaz.diagnosis import Diagnosis


@dataclass(frozen=True)
class Backoffice:
    """The open database, the settings and the paths of consultations, for the window, the services and the commands.

    `actor` is who is using the program: the name of the system's user. `is_demo` tells that the data is made up.
    `as_service` tells that this is the service of Windows, which nobody sees.
    """

    folders: Folders
    database: Database
    settings: SettingsRepository
    sefaz: SefazConsultation
    anp: AnpConsultation
    credit: CreditConsultation
    actor: str
    is_demo: bool = False
    read_timeout: float = 45.0
    as_service: bool = False

    def diagnosis(self, snapshot: Snapshot, *, consult: bool = True, retry_unserved: bool = False) -> Diagnosis:
        """A diagnosis of SEFAZ with these settings, for one run."""
        from services.sefaz.diagnosis import Diagnosis

        return Diagnosis(
            self.database,
            self.folders,
            snapshot,
            self.actor,
            consult=consult,
            retry_unserved=retry_unserved,
            read_timeout=self.read_timeout,
        )

    def consultation_of(self, authority: Authority) -> Consulting:
        """The path of one authority's consultations."""
        paths: dict[Authority, Consulting] = {
            Authority.SEFAZ: self.sefaz,
            Authority.ANP: self.anp,
            Authority.CREDIT: self.credit,
        }
        return paths[authority]

    def automatic_of(self, authority: Authority) -> Automatic:
        """What decides the next step of one authority's service, for the thread that runs it."""
        owner = owner_name(as_service=self.as_service)
        match authority:
            case Authority.SEFAZ:
                return AutomaticSefaz(self.database, self.sefaz, owner=owner)
            case Authority.ANP:
                return AutomaticAnp(self.database, self.anp, owner=owner)
            case Authority.CREDIT:
                return AutomaticCredit(self.database, self.credit, owner=owner)

    def close(self) -> None:
        """Close what was opened, in reverse."""
        self.credit.close()
        self.anp.close()
        self.sefaz.close()
        self.database.close()


def open_backoffice(folders: Folders, *, read_timeout: float = 45.0, as_service: bool = False) -> Backoffice:
    """Open the database that this computer's settings name and bring its schema up to date. Slow: not for the window's
    own thread. `read_timeout` is how long, in seconds, an authority may take.

    Raises MachineFileError, SecretsUnavailable or DatabaseUnavailable.
    """
    machine = MachineStore(folders.machine_file)
    database = _open_database(machine, folders)
    return Backoffice(
        folders,
        database,
        SettingsRepository(machine, database),
        SefazConsultation(database, folders, read_timeout=read_timeout),
        AnpConsultation(database, folders, read_timeout=min(read_timeout, READ_TIMEOUT_S)),
        CreditConsultation(database, folders),
        getpass.getuser(),
        folders.demonstration_file.exists(),
        read_timeout,
        as_service,
    )


def _open_database(machine: MachineStore, folders: Folders) -> Database:
    """The database that the settings name once it is open: who waits for a file may wait until its data was moved."""
    while True:
        local = SettingsRepository(machine, None).load()
        on_server = local[DATABASE_KIND] is DatabaseKind.SERVER
        if not on_server and is_on_network(folders.data):
            raise DatabaseUnavailable(_on_network(folders))
        password = secrets.read(database_secret(local)) if on_server else None
        database = Database(database_url(local, folders.database_file, password))
        try:
            database.migrate()
            now = SettingsRepository(machine, None).load()
        except BaseException:
            database.close()
            raise
        if all(now[setting] == local[setting] for setting in PLACE):
            return database
        database.close()


def _on_network(folders: Folders) -> Failure:
    # "WAL does not work over a network filesystem" (sqlite.org/wal.html): its index is memory of one computer.
    return Failure(
        FailureKind.CONFIGURATION,
        f"O arquivo de dados está numa pasta da rede ({folders.data}), e ali dois computadores o danificariam.",
        f"A variável {VARIABLE} leva a uma pasta de outro computador.",
        "Copie a pasta para um disco deste computador, com o programa fechado em todos, e mude a variável. Para vários "
        "computadores, use um servidor PostgreSQL: “retaguarda-comando banco migrar” leva os dados até ele.",
    )
