"""The gateway in this process."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.gateway.served import Served, serve


@pytest.fixture
def served(tmp_path: Path) -> Served:
    return serve(tmp_path)
