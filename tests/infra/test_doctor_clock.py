"""The doctor compares the server's clock with this machine's."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

import pytest

from infra.cli.doctor.store import clock


@pytest.mark.parametrize(
    ("ahead", "well"), [(0.0, True), (3.0, True), (60.0, False), (-9.0, False)]
)
def test_a_clock_that_is_apart_is_named(ahead: float, well: bool) -> None:
    def query(_: str) -> Any:
        return SimpleNamespace(result_rows=[[time.time() + ahead]])

    found = clock(SimpleNamespace(query=query))
    assert found.well is well
    assert f"{abs(ahead):.1f} s" in found.seen
    assert "NTP" in found.todo or well
