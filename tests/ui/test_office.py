"""What the office tells the pages while consultations end by the hundred."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from app.domain import Authority, Phase, ServiceState
from app.folders import find_folders
from app.settings.machine import MachineStore
from app.settings.repository import SettingsRepository
from app.settings.snapshot import Snapshot
from ui.office import Office


def test_of_many_states_and_results_at_once_the_first_and_the_last_are_told(qtbot: QtBot) -> None:
    folders = find_folders()
    office = Office(folders, SettingsRepository(MachineStore(folders.machine_file), None), Snapshot(), "teste")
    states: list[str] = []
    changes: list[int] = []
    office.state_changed.connect(lambda state: states.append(state.sentence))
    office.customers_changed.connect(lambda: changes.append(1))
    for number in range(200):
        office._take_state(ServiceState(Phase.WORKING, f"Consulta {number}."))
        office._take_result(None)
    assert states == ["Consulta 0."]
    assert office.states[Authority.SEFAZ].sentence == "Consulta 199."
    qtbot.waitUntil(lambda: states == ["Consulta 0.", "Consulta 199."] and len(changes) == 1, timeout=2000)
    qtbot.wait(300)
    assert (len(states), len(changes)) == (2, 1)
    office._take_result(None)
    assert len(changes) == 2
    office.deleteLater()
