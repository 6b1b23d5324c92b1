"""Folders of somebody who trusts the servers of the demonstration."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.folders import Folders
from services.demo.ca import DemoAuthority


@pytest.fixture
def folders(data_folder: Path, authority: DemoAuthority) -> Folders:
    made = Folders(data_folder, data_folder)
    made.additional_ca_file.write_bytes(authority.ca_pem)
    return made
