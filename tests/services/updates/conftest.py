"""A publisher of updates, and folders of somebody who trusts its server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.folders import Folders
from services.demo.ca import DemoAuthority
from tests.updates import Publisher, running_publisher


@pytest.fixture
def publisher(authority: DemoAuthority, few_authorities: None) -> Iterator[Publisher]:
    with running_publisher(authority) as publisher:
        yield publisher


@pytest.fixture
def folders(data_folder: Path, authority: DemoAuthority) -> Folders:
    folders = Folders(data_folder, data_folder)
    folders.additional_ca_file.write_bytes(authority.ca_pem)
    return folders
