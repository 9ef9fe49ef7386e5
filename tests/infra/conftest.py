"""Stores that several modules start from, made once: tests change copies of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.infra.stored import played


@pytest.fixture(scope="session")
def once_played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with `events.jsonl`, and `data` in which it was played. Copy before changing."""
    return played(tmp_path_factory.mktemp("played"), seed=61, calls=120, days=60).parent
