"""Stores that several modules start from, made once: tests change copies of them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.infra.stored import played
from tests.waiting import completed


@pytest.fixture(scope="session")
def once_played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with `events.jsonl`, and `data` in which it was played. Copy before changing."""
    return played(tmp_path_factory.mktemp("played"), seed=61, calls=120, days=60).parent


@pytest.fixture(scope="session")
def filled_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with the history of `tests.infra.outcome_child`. Copy before changing."""
    directory = tmp_path_factory.mktemp("filled") / "data"
    command = [sys.executable, "-m", "tests.infra.outcome_child", "fill", str(directory)]
    completed(command, check=True)
    return directory
