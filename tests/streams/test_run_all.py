"""The whole way, as a person runs it: events in, figures out, whatever happens on the way."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.figures.reference import Happening, Said
from tests.streams.played import (
    BROKEN,
    events_file,
    expected,
    finish,
    happenings,
    kill_after_rows,
    play,
    read_figures,
)

AS_OF = datetime(2026, 6, 30, 12, tzinfo=UTC)
BOUNDS = {"low": 1e-8, "high": 1e-8}
"""The reference's Wilson interval takes z to all its digits, PRODUCT to seven."""
TIMES = (AS_OF, AS_OF - timedelta(days=9, hours=5), AS_OF - timedelta(days=33))


class Run:
    """One events file played to its end."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.file = folder / "events.jsonl"
        self.data_dir = folder / "data"
        self.lines = events_file(self.file, seed=seed, calls=500, days=70)
        self.events: list[Happening] = happenings(self.lines)
        self.summary: dict[str, Any] = {}


@pytest.fixture(scope="module")
def straight(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Played once, undisturbed."""
    run = Run(tmp_path_factory.mktemp("straight"), seed=11)
    run.summary = finish(play(run.file, run.data_dir), run.data_dir)
    return run


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Killed with SIGKILL several times, and started again with the same command."""
    run = Run(tmp_path_factory.mktemp("killed"), seed=12)
    rng = random.Random(12)
    for _ in range(3):
        kill_after_rows(play(run.file, run.data_dir), run.data_dir, rng.uniform(0.5, 9.0))
    run.summary = finish(play(run.file, run.data_dir), run.data_dir)
    return run


def check(run: Run, window: str, as_of: datetime, by: str | None) -> None:
    """Every figure equals the one recomputed apart."""
    shown = read_figures(run.data_dir, window, as_of, by)
    assert shown, "there are agencies"
    assert shown == sorted(shown, key=lambda row: (row["agency_id"], row["segment"]))
    for row in shown:
        recomputed = expected(run.events, row["agency_id"], row["segment"], window, as_of)
        for name, value in recomputed.items():
            assert row[name] == near(value), (row["agency_id"], row["segment"], name)
    if by is None:
        agencies = {e.agency for e in run.events if isinstance(e, Said) and e.ended_at <= as_of}
        assert {row["agency_id"] for row in shown} == agencies


def near(value: Any, tolerance: float = 1e-9) -> Any:
    """What a figure must be equal to."""
    if isinstance(value, dict):
        return {key: near(inner, BOUNDS.get(key, tolerance)) for key, inner in value.items()}
    if isinstance(value, float):
        return pytest.approx(value, rel=tolerance, abs=tolerance)
    return value


@pytest.mark.parametrize("which", ["straight", "killed"])
def test_every_figure_equals_an_independent_recomputation(
    which: str, request: pytest.FixtureRequest
) -> None:
    run = request.getfixturevalue(which)
    for as_of in TIMES:
        for window in ("24h", "7d", "30d", "90d"):
            check(run, window, as_of, None)
    check(run, "90d", AS_OF, "channel")
    check(run, "30d", AS_OF, "touchpoint")


@pytest.mark.parametrize("which", ["straight", "killed"])
def test_broken_lines_end_as_dead_letters_and_change_nothing_else(
    which: str, request: pytest.FixtureRequest
) -> None:
    run = request.getfixturevalue(which)
    said = [event for event in run.events if isinstance(event, Said)]
    assert run.summary["dead_letters"] == len(BROKEN)
    assert run.summary["calls"] == len(said)


def test_the_same_file_again_changes_nothing(straight: Run) -> None:
    again = finish(play(straight.file, straight.data_dir), straight.data_dir)
    assert {**again, "seconds": 0} == {**straight.summary, "seconds": 0}
    check(straight, "90d", AS_OF, None)
